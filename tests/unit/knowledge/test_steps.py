"""What is held ready for a step at which people hesitate, and examples asked for in the middle of a report."""

from __future__ import annotations

from typing import Any

import pytest

from knowledge import CurrentKnowledge, Knowledge
from knowledge.current import Folder
from knowledge.entries import Entry, Found
from knowledge.library import Library, read_library

from .conftest import CASE, CONTENT, GUIDE, OTHER, TODAY, Write

MATTER = "insult_defamation"


def held(write: Write, *entries: dict[str, Any]) -> Knowledge:
    return Knowledge.load(write(*entries), TODAY)


def at(knowledge: Knowledge, step: str = "evidence", role: str | None = None) -> str | None:
    found = knowledge.at_step(MATTER, step, role=role)
    return found and found.id


def test_what_is_for_the_matter_comes_before_what_is_for_all_and_a_case_first(write: Write) -> None:
    general = OTHER | {"steps": ["evidence"]}
    own = GUIDE | {"steps": ["evidence", "proof"], "matters": [MATTER]}
    case = CASE | {"steps": ["evidence"], "matters": ["cyber_violence", MATTER]}
    assert at(held(write, general)) == OTHER["id"]
    assert at(held(write, general, own)) == GUIDE["id"]
    knowledge = held(write, general, own, case)
    assert at(knowledge) == CASE["id"]
    assert at(knowledge, "proof") == GUIDE["id"]
    assert at(knowledge, "contact") is None


def test_of_other_matters_and_for_other_people_nothing_is_said(write: Write) -> None:
    other = CASE | {"steps": ["evidence"], "matters": ["cyber_violence"]}
    enterprises = GUIDE | {"steps": ["evidence"], "matters": [MATTER], "roles": ["enterprise"]}
    knowledge = held(write, other, enterprises)
    assert (at(knowledge, role="citizen"), at(knowledge, role="enterprise")) == (None, GUIDE["id"])


def test_what_is_withdrawn_meanwhile_is_not_said(write: Write) -> None:
    class Office(Folder):
        withdrawn = False

        def edition(self) -> int:
            return int(self.withdrawn)

        def library(self, day: object, instead: tuple[str, int] | None = None) -> Library:
            library = super().library(TODAY)
            kept = tuple(found for found in library.entries if found.entry.id != CASE["id"] or not self.withdrawn)
            return library._replace(entries=kept)

    office = Office(write(CASE | {"steps": ["evidence"], "matters": [MATTER]}, OTHER))
    knowledge = CurrentKnowledge(office, lambda: TODAY)
    found = knowledge.at_step(MATTER, "evidence")
    assert found
    assert found.case
    office.withdrawn = True
    knowledge.refresh()
    assert knowledge.at_step(MATTER, "evidence") is None


@pytest.mark.parametrize("question", ["有例子吗", "有没有类似的例子？", "请问有先例吗", "类似的案子后来怎么样了"])
@pytest.mark.parametrize("matter", ["insult_defamation", "enterprise_false_info", "minor_protection"])
def test_an_example_asked_for_in_a_report_is_of_its_matter(knowledge: Knowledge, question: str, matter: str) -> None:
    """Nobody who was slandered is told of a child's photograph."""
    found = knowledge.ask(question, matter=matter)
    entry = knowledge.entry(found.entry or "")
    assert entry
    assert entry.case
    assert (found.answered, matter in entry.matters) == (True, True)


def test_an_example_of_something_named_is_searched(knowledge: Knowledge) -> None:
    """Also within a report of another matter, and without one the matter of nothing is taken."""
    found = knowledge.ask("孩子照片被拿去做广告的例子有吗", matter="insult_defamation")
    assert found.entry == "case.minor.photo_ad"
    assert knowledge.ask("有例子吗").score < 1.0


def test_every_matter_has_an_example_where_people_hesitate_most() -> None:
    """Evidence, and what happened: where a person does not know what to give or to write."""
    library = read_library(CONTENT)
    knowledge = Knowledge(library, TODAY)
    matters = {matter for _, entry in library.entries if entry.case for matter in entry.matters} - {"out_of_scope"}
    assert len(matters) == 13
    for matter in matters:
        for step in ("evidence", "description"):
            found = knowledge.at_step(matter, step)
            assert found, matter
            assert found.case, matter


def test_a_hint_fits_a_phone() -> None:
    """With what stands around it: one bubble of about a hundred characters."""
    library = read_library(CONTENT)
    for place, entry in library.entries:
        if entry.steps:
            told = (entry.case.facts, entry.case.evidence) if entry.case else (entry.answer,)
            assert max(map(len, told)) <= 85, place


def test_steps_are_part_of_what_is_published() -> None:
    entry = Entry.model_validate(GUIDE | {"steps": ["evidence"]})
    assert Entry.model_validate_json(entry.model_dump_json()).steps == ("evidence",)
    assert Found("x", entry).entry.steps == ("evidence",)

"""What comes with the product is merged; what staff wrote stays theirs."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sealing import Sealer
from connectors.gateway import Database
from knowledge.entries import Entry, Found
from knowledge.library import Library
from knowledge.publication import seed
from knowledge.publication.checks import Checks
from knowledge.publication.questions import Regressions
from knowledge.publication.seed import Merged
from knowledge.publication.store import Publication
from tests.unit.knowledge.conftest import GUIDE, LAW, OTHER, TODAY

from .conftest import Calendar, changed

ENTRY, NOTE = str(GUIDE["id"]), str(LAW["id"])


def library(base: Library, *items: dict[str, Any]) -> Library:
    return base._replace(entries=tuple(Found(str(item["id"]), Entry.model_validate(item)) for item in items))


async def publish(publication: Publication, sealer: Sealer, entry_id: str | None, body: dict[str, Any]) -> str:
    """As two staff do."""
    lock = (await publication.place(entry_id)).lock if entry_id else 0
    place = await publication.save(entry_id, body, "li", lock)
    await publication.submit(place.id, "li", place.lock)
    checks = Checks(publication, Regressions(publication.store, sealer), sealer)
    check = await checks.finished(await checks.begin(place.id, "wang", publish=True))
    assert check.state == "published", check.report
    return place.id


def test_the_first_start_publishes_everything_and_the_next_nothing(database: Database, base: Library) -> None:
    assert seed.merge(database, base) == Merged(published=3)
    publication = Publication(database, base, Calendar())
    assert publication.edition() == 1
    assert [found.entry for found in publication.library(TODAY).entries] == sorted(
        (found.entry.model_copy(update={"author": "reportguide"}) for found in base.entries), key=lambda one: one.id
    )
    assert seed.merge(database, base) == Merged()
    assert publication.edition() == 1


async def test_an_update_replaces_what_nobody_touched(
    publication: Publication, database: Database, base: Library
) -> None:
    newer = library(base, {**GUIDE, "answer": "新产品的答案。"}, LAW, OTHER)
    assert seed.merge(database, newer) == Merged(published=1)
    place = await publication.place(ENTRY)
    assert (place.live, place.revisions[2].author, place.offered) == (2, "reportguide", None)
    assert publication.edition() == 2


async def test_what_staff_published_stays_and_the_update_is_offered(
    publication: Publication, database: Database, base: Library, sealer: Sealer
) -> None:
    await publish(publication, sealer, ENTRY, changed(GUIDE, answer="我们的答案。"))
    newer = library(base, {**GUIDE, "answer": "新产品的答案。"}, LAW, OTHER)
    assert seed.merge(database, newer) == Merged(offered=1)
    place = await publication.place(ENTRY)
    assert (place.live, place.offered, place.revisions[3].body["answer"]) == (2, 3, "新产品的答案。")
    await publication.decline_offer(ENTRY, "li", place.lock)
    assert (await publication.place(ENTRY)).offered is None


async def test_what_staff_are_writing_or_have_withdrawn_stays(
    publication: Publication, database: Database, base: Library
) -> None:
    await publication.save(ENTRY, changed(GUIDE, answer="还在写"), "li", (await publication.place(ENTRY)).lock)
    await publication.withdraw(NOTE, "wang", "")
    newer = library(base, {**GUIDE, "answer": "新。"}, {**LAW, "answer": "新。"}, OTHER)
    assert seed.merge(database, newer) == Merged(offered=2)
    assert (await publication.place(ENTRY)).live == 1
    assert (await publication.place(NOTE)).live is None


async def test_a_new_entry_whose_question_staff_answer_already_is_only_offered(
    publication: Publication, database: Database, base: Library, sealer: Sealer
) -> None:
    mine = await publish(
        publication, sealer, None, changed(OTHER, question="录音行不行", paraphrases=["甲", "乙", "丙"])
    )
    new = {
        **GUIDE,
        "id": "guide.test.sound",
        "question": "录音能当证据吗",
        "paraphrases": ["录音，行不行？", "丁", "戊"],
    }
    assert seed.merge(database, library(base, GUIDE, LAW, OTHER, new)) == Merged(offered=1)
    place = await publication.place("guide.test.sound")
    assert (place.live, place.offered) == (None, 1)
    assert {found.entry.id for found in publication.library(TODAY).entries} >= {mine}


async def test_what_the_product_no_longer_has_goes_unless_staff_changed_it(
    publication: Publication, database: Database, base: Library, sealer: Sealer
) -> None:
    await publish(publication, sealer, ENTRY, changed(GUIDE, answer="我们的。"))
    assert seed.merge(database, library(base, OTHER)) == Merged(withdrawn=1)
    assert (await publication.place(NOTE)).live is None
    assert (await publication.place(ENTRY)).live == 2


def test_a_merge_that_fails_leaves_nothing(database: Database, base: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(seed, "_first", broken)
        with pytest.raises(RuntimeError):
            seed.merge(database, base)
    assert seed.merge(database, base) == Merged(published=3)

"""A report begun under one edition of the reporting standard is finished under it, though a newer one is in force."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.settings import ROOT
from tests.conversations.driving import begin, fill, submit
from tests.system import System, cases

pytestmark = pytest.mark.system

OLD, NEW = "什么时候发的，或者您什么时候看到的？", "是哪一天的事？"
#: What the new edition asks of an insult too; it is an element of other matters, so that no words are learnt anew.
MORE, MORE_LABEL = "earlier_report", "之前的举报"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project whose standard can be changed, with Rasa's environment of this one."""
    copy = tmp_path / "checkout"
    for room in ("bot", "dialogues", "actions", "knowledge", "connectors"):
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / file, copy)
    (copy / ".venv-brain").symlink_to(ROOT / ".venv-brain")
    return copy


def test_a_draft_is_finished_under_its_own_edition(tmp_path: Path, checkout: Path) -> None:
    with System(tmp_path / "home", checkout=checkout) as system:
        person = system.person("early")
        begin(person, "insult_defamation")
        fill(person, "account")
        system.stop()

        standard = checkout / "dialogues" / "standard"
        change(standard / "elements.yml", OLD, NEW)
        change(standard / "matters" / "insult_defamation.yml", "time, description,", f"time, {MORE}, description,")
        system.start()

        late = system.person("late")
        begin(late, "insult_defamation")
        fill(late, "time")
        assert NEW in late.text
        late.press("记不清")
        assert late.step == MORE

        fill(person, "time")
        assert OLD in person.text
        fill(person)
        assert MORE_LABEL not in person.text
        assert submit(person) in [case["case_no"] for case in cases(system)]


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")

"""What `reportguide validate` finds where the standard and the knowledge speak of each other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.cli.validate import problems
from bot.settings import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("dialogues", "knowledge/content", "actions"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("nlu", "__pycache__"))
    return tmp_path


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_what_stands_in_the_project_is_in_order(checkout: Path) -> None:
    assert problems(checkout) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (
            "knowledge/content/cases/persons.yml",
            "steps: [description, evidence, proof]",
            "steps: [description, demand]",
            "has no element demand",
        ),
        (
            "knowledge/content/cases/persons.yml",
            "steps: [description, evidence, proof]",
            "steps: [photograph]",
            "no matter has an element photograph",
        ),
        (
            "dialogues/standard/matters/insult_defamation.yml",
            "article: 第一千零二十四条",
            "article: 第九千条",
            "第九千条",
        ),
        ("knowledge/content/sayings.yml", "unknown:", "unkown:", "sayings.yml"),
    ],
)
def test_what_does_not_fit_together_is_told(checkout: Path, file: str, old: str, new: str, says: str) -> None:
    change(checkout / file, old, new)
    found = problems(checkout)
    assert [problem for problem in found if says in problem], found

"""How well questions are understood. The floors lie a little below what was measured when they were set."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge import Knowledge
from knowledge.entries import Found
from knowledge.library import Library, read_library

from .conftest import CONTENT, TODAY

FOLDS = 5
EVALUATION = Path(__file__).parents[2] / "evaluation" / "questions.jsonl"
STRANGERS = EVALUATION.with_name("strangers.jsonl")
HELD_BACK = EVALUATION.parent / "held_back" / "questions.jsonl"


@pytest.fixture(scope="module")
def library() -> Library:
    return read_library(CONTENT)


def answering(item: dict[str, Any]) -> set[str]:
    """The entries that answer a question of a set; empty for one that must be refused."""
    return {item["entry"], *item.get("also", ())} - {None}


def test_each_question_finds_its_entry(knowledge: Knowledge) -> None:
    """As it stands: always. With words around it, so that it is searched for: nearly always first."""
    exact = framed = count = 0
    for entry in knowledge.entries:
        for question in entry.questions:
            count += 1
            exact += knowledge.ask(question).entry == entry.id
            framed += knowledge.ask(f"您好，我想问一下，{question}，麻烦了").entry == entry.id
    assert exact == count
    assert framed / count >= 0.95, framed / count


def test_phrasings_that_were_left_out_are_understood(library: Library) -> None:
    """A fifth of the paraphrases is removed and then asked: what a new person's wording may expect."""
    rng = random.Random(7)
    paraphrases = [
        (f.entry.id, text) for f in library.entries if f.entry.kind == "guide" for text in f.entry.paraphrases
    ]
    rng.shuffle(paraphrases)
    answered = right = offered = 0
    for fold in range(FOLDS):
        out = set(paraphrases[fold::FOLDS])
        kept = tuple(
            Found(place, e.model_copy(update={"paraphrases": tuple(p for p in e.paraphrases if (e.id, p) not in out)}))
            for place, e in library.entries
        )
        knowledge = Knowledge(library._replace(entries=kept), TODAY)
        names = {entry.question: entry.id for entry in knowledge.entries}
        for entry_id, text in out:
            found = knowledge.ask(text)
            answered += found.answered
            right += found.answered and found.entry == entry_id
            offered += entry_id in {names.get(question) for question in found.suggestions}
    count = len(paraphrases)
    assert right / answered >= 0.64
    assert (right + offered) / count >= 0.59


def test_fields_that_were_left_out_are_not_answered(library: Library) -> None:
    """Questions of a field of law or life of which the content says nothing at all."""
    fields = yaml.safe_load((CONTENT / "elsewhere.yml").read_text("utf-8"))
    answered = count = 0
    for questions in fields.values():
        others = tuple(question for question in library.elsewhere if question not in questions)
        knowledge = Knowledge(library._replace(elsewhere=others), TODAY)
        answered += sum(knowledge.ask(question).answered for question in questions)
        count += len(questions)
    assert answered / count <= 0.11


def test_evaluation_set(knowledge: Knowledge) -> None:
    items = [json.loads(line) for line in EVALUATION.read_text("utf-8").splitlines()]
    known = [item for item in items if item["entry"]]
    first = sum(knowledge.ask(item["text"]).entry in answering(item) for item in known)
    false = [item["text"] for item in items if not item["entry"] and knowledge.ask(item["text"]).answered]
    assert first / len(known) >= 0.9, first
    assert len(false) <= 1, false


def test_questions_held_back(knowledge: Knowledge) -> None:
    """What nothing was fitted to: the right entry comes first or is offered, and what is not known is refused."""
    items = [json.loads(line) for line in HELD_BACK.read_text("utf-8").splitlines()]
    found = [(answering(item), knowledge.ask(item["text"])) for item in items]
    known = [(entries, told) for entries, told in found if entries]
    refused = [not told.answered for entries, told in found if not entries]
    first = sum(told.entry in entries for entries, told in known)
    offered = sum(
        told.entry in entries or any(knowledge.ask(text).entry in entries for text in told.suggestions)
        for entries, told in known
    )
    assert sum(refused) / len(refused) >= 0.95
    assert first / len(known) >= 0.7, first
    assert offered / len(known) >= 0.8, offered


@pytest.mark.parametrize(("file", "count"), [(EVALUATION, 365), (STRANGERS, 2423), (HELD_BACK, 385)])
def test_no_evaluation_question_was_copied_into_the_content(library: Library, file: Path, count: int) -> None:
    written = {question for found in library.entries for question in found.entry.questions} | set(library.elsewhere)
    texts = {json.loads(line)["text"] for line in file.read_text("utf-8").splitlines()}
    assert len(texts) == count
    assert not texts & written


def test_an_answer_takes_milliseconds(knowledge: Knowledge) -> None:
    times = sorted(knowledge.ask(question).ms for entry in knowledge.entries for question in entry.questions)
    assert times[len(times) // 2] < 10

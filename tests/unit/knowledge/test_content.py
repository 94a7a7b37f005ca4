"""The published content is whole, and broken content says what is wrong and where."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import cn2an
import pytest
import yaml

from knowledge import ContentError, Knowledge, hotlines
from knowledge.check import check
from knowledge.hotline import addresses

from .conftest import CASE, CONTENT, GUIDE, LAW, OTHER, TODAY, Write

ARTICLE = re.compile(r"第(.+?)条(之.+)?$")


def test_nothing_is_wrong_with_what_is_published() -> None:
    assert check(CONTENT) == []


def test_every_citation_exists() -> None:
    """Read without the code under test: plain YAML, and numbers by cn2an."""
    index = yaml.safe_load((CONTENT / "law_index.yml").read_text("utf-8"))
    laws = {law["name"]: law for law in (*index["laws"], *index["cited_by_name"])}
    count = 0
    for file in CONTENT.glob("*/*.yml"):
        for entry in yaml.safe_load(file.read_text("utf-8"))["entries"]:
            for citation in entry["citations"]:
                count += 1
                law = laws[citation["title"]]
                article = citation.get("article")
                if article is None or article in law.get("inserted", ()) or article in law.get("known", ()):
                    continue
                match = ARTICLE.match(article)
                assert match, (entry["id"], article)
                assert not match[2], (entry["id"], article)
                assert 1 <= cn2an.cn2an(match[1], "smart") <= law["last"], (entry["id"], article)
    assert count > 900


def test_there_is_enough_to_answer_from() -> None:
    """How much there is of each kind, that each matter has its guide and its case, and that no entry is bare."""
    entries = Knowledge.load(CONTENT, TODAY).entries
    of_kind = Counter(entry.kind for entry in entries)
    assert of_kind["guide"] >= 120
    assert of_kind["law"] >= 200
    assert of_kind["case"] >= 40
    matters = {file.stem for file in (CONTENT.parents[1] / "dialogues" / "standard" / "matters").glob("*.yml")}
    assert len(matters) == 13
    for kind in ("guide", "law", "case"):
        told = {matter for entry in entries if entry.kind == kind for matter in entry.matters}
        assert told - matters <= {"out_of_scope"}
        assert matters <= told, (kind, matters - told)
    for entry in entries:
        assert len(entry.paraphrases) >= 3, entry.id
        assert entry.longer, entry.id
        assert entry.tags, entry.id


def test_the_numbers_of_2025_are_used() -> None:
    """Three laws were renumbered; an old number would be a wrong citation that exists all the same."""
    entries = {entry.id: entry for entry in Knowledge.load(CONTENT, TODAY).entries}
    #: Where the article that says this stands today: report, complaints, theft of data, insult, rumours, confusion …
    numbers = {
        "law.cyber.15": ("网络安全法", "第十五条", "举报"),
        "law.cyber.51": ("网络安全法", "第五十一条", "投诉"),
        "law.cyber.46": ("网络安全法", "第四十六条", "偷取"),
        "law.security.50": ("治安管理处罚法", "第五十条", "侮辱"),
        "law.security.29": ("治安管理处罚法", "第二十九条", "谣言"),
        "law.competition.7": ("反不正当竞争法", "第七条", "误以为"),
        "law.competition.12": ("反不正当竞争法", "第十二条", "信誉"),
    }
    for entry_id, (law, article, says) in numbers.items():
        assert [(c.title, c.article) for c in entries[entry_id].citations] == [(law, article)]
        assert says in entries[entry_id].answer
    old = {
        ("网络安全法", "第十四条"),
        ("网络安全法", "第四十七条"),
        ("治安管理处罚法", "第四十二条"),
        ("治安管理处罚法", "第二十五条"),
        ("反不正当竞争法", "第六条"),
        ("反不正当竞争法", "第十一条"),
    }
    # A note on what bears an old number today is right; advice that rests on it is not.
    advice = {(c.title, c.article) for entry in entries.values() if entry.kind != "law" for c in entry.citations}
    assert not advice & old


def test_hotlines() -> None:
    lines = hotlines(CONTENT)
    needed = {"cac_12377", "legal_aid_12348", "mental_12356", "police_110", "government_12345"}
    assert needed <= set(lines)
    for name in needed:
        assert name.endswith(f"_{lines[name].number}")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question": ""}, "guide/test.yml · guide.test.screenshot: question: is empty — write it"),
        ({"answer": "长" * 111}, "answer: is too long for a phone"),
        ({"answer": "您的输入有误。"}, "is not how a good clerk talks"),
        ({"answer": "可以举报！"}, "is not how a good clerk talks"),
        ({"paraphrases": ["一句"]}, "needs at least 3 paraphrases"),
        ({"paraphrases": ["甲", "甲", "乙"]}, "the same question stands here twice"),
        ({"citations": []}, "citations"),
        ({"citations": [{"title": "民法典", "article": "1195"}]}, "citations.0.article"),
        (
            {"citations": [{"title": "民法典", "article": "第一千三百条"}]},
            "there is no such article; the last is 第一千二百六十条",
        ),
        ({"citations": [{"title": "没有这部法"}]}, "law_index.yml does not know it"),
        ({"valid_from": "昨天"}, "is not a date — write it as 2026-01-31"),
        ({"valid_to": TODAY.replace(year=2000)}, "valid_to is before valid_from"),
        ({"colour": "red"}, "colour: is not a known field"),
        ({"id": "law.test.screenshot"}, "the id must begin with the kind"),
        ({"id": OTHER["id"]}, "the id is also used in guide/test.yml"),
        ({"paraphrases": [OTHER["question"], "甲", "乙"]}, "also stands in guide/test.yml · guide.test.fees"),
        ({"author": None}, "author"),
    ],
)
def test_a_wrong_entry(write: Write, change: dict[str, Any], message: str) -> None:
    folder = write(OTHER, GUIDE | change)
    with pytest.raises(ContentError) as caught:
        Knowledge.load(folder, TODAY)
    [problem] = caught.value.problems
    assert message in problem
    assert check(folder) == [problem]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (CASE | {"answer": "住址被公开，举报后删除。"}, "begin its answer with 示例"),
        (CASE | {"case": None}, "only a case, has `case` with facts, reported, evidence and outcome"),
        (GUIDE | {"case": CASE["case"]}, "only a case, has `case`"),
        (CASE | {"case": CASE["case"] | {"outcome": "太好了！"}}, "is not how a good clerk talks"),
        (CASE | {"case": {k: v for k, v in CASE["case"].items() if k != "outcome"}}, "case.outcome: is missing"),
    ],
)
def test_a_wrong_case(write: Write, entry: dict[str, Any], message: str) -> None:
    [problem] = check(write(OTHER, entry))
    assert message in problem


def test_the_right_entries_load(write: Write) -> None:
    folder = write(GUIDE, LAW, OTHER, CASE)
    assert check(folder) == []
    entries = Knowledge.load(folder, TODAY).entries
    assert len(entries) == 4
    assert entries[-1].longer == "住址被写在帖子里。\n按泄露个人信息举报。\n链接和截图。\n平台删除。"


def test_people_may_ask_in_the_words_of_an_office(write: Write) -> None:
    """非法 is not said, but it is asked; 除非法律 is not that word."""
    asked = [*GUIDE["paraphrases"][:2], "非法经营罪是什么"]
    assert check(write(OTHER, GUIDE | {"paraphrases": asked, "answer": "可以，除非法律另有规定。"})) == []
    [problem] = check(write(OTHER, GUIDE | {"answer": "不能非法买卖。"}))
    assert "非法" in problem


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("guide/test.yml", "entries: [", "line 1: not valid YAML"),
        ("guide/test.yml", "- a\n", "a file has `entries`"),
        ("guide/test.yml", "entries: [a]", "entry 1: an entry is a list of fields"),
        ("guide/test.yml", "entries: []", "no entries"),
        ("law_index.yml", "laws: []", "must have `laws` and `cited_by_name`"),
        ("law_names.yml", "没有这部法: [某法]", "law_index.yml does not know this law"),
        ("law_names.yml", "刑法: [民法典]", "民法典 already means 民法典"),
        ("lexicon.yml", "人肉: 开盒", "lexicon.yml · 人肉: must be a word with a list of words"),
        ("elsewhere.yml", "traffic: 驾照", "elsewhere.yml · traffic: must be a list of questions"),
        ("elsewhere.yml", "", "must be fields with lists of questions"),
        ("sayings.yml", "unknown: 没有", "sayings.yml: did_you_mean: is missing"),
        ("hotlines.yml", "- {id: police_110, name: 报警}", "hotlines.yml · police_110: number: is missing"),
        ("hotlines.yml", "{}", "must be a list of hotlines"),
        ("addresses.yml", "[{name: 某网站}]", "addresses.yml · 某网站: address: is missing"),
        ("addresses.yml", "{}", "must be a list of sites"),
    ],
)
def test_a_broken_file(write: Write, file: str, text: str, message: str) -> None:
    folder = write(GUIDE, LAW, OTHER)
    (folder / file).write_text(text, "utf-8")
    assert any(message in problem for problem in check(folder)), check(folder)
    with pytest.raises(ContentError, match=r".+"):
        _load(folder, file)


@pytest.mark.parametrize(
    "file",
    ["law_index.yml", "law_names.yml", "lexicon.yml", "elsewhere.yml", "sayings.yml", "hotlines.yml", "addresses.yml"],
)
def test_a_missing_or_unreadable_file(write: Write, file: str) -> None:
    folder = write(GUIDE, LAW, OTHER)
    (folder / file).write_bytes(b"\xff\xfe\xd8")
    with pytest.raises(ContentError, match=f"{file}: not UTF-8"):
        _load(folder, file)
    (folder / file).unlink()
    with pytest.raises(ContentError, match=f"{file}: the file is missing"):
        _load(folder, file)


def _load(folder: Path, file: str) -> None:
    if file == "hotlines.yml":
        hotlines(folder)
    elif file == "addresses.yml":
        addresses(folder)
    else:
        Knowledge.load(folder, TODAY)


def test_all_problems_are_told_at_once(write: Write) -> None:
    folder = write(GUIDE | {"answer": ""}, LAW | {"version": 0}, OTHER)
    (folder / "lexicon.yml").unlink()
    with pytest.raises(ContentError) as caught:
        Knowledge.load(folder, TODAY)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("lexicon.yml", "大象: [恐龙]", "'恐龙' stands in no entry"),
        ("elsewhere.yml", "fees: [举报免费吗]", "is answered in guide/test.yml · guide.test.fees"),
        ("elsewhere.yml", "chat: [下雨吗, 下雨吗]", "stands here twice"),
        ("sayings.yml", "unknown: '{name}'", "is missing"),
    ],
)
def test_what_only_the_check_sees(write: Write, file: str, text: str, message: str) -> None:
    folder = write(GUIDE, LAW, OTHER)
    (folder / file).write_text(text, "utf-8")
    assert any(message in problem for problem in check(folder)), check(folder)


def test_the_check_compares_entries(write: Write) -> None:
    folder = write(
        GUIDE | {"answer": "请打12399，或上www.12399.cn。"},
        LAW | {"status": "repealed"},
        OTHER | {"citations": LAW["citations"], "question": "名誉權是怎么規定的"},
    )
    problems = "\n".join(check(folder))
    assert "12399 is not in hotlines.yml" in problems
    assert "www.12399.cn is not in addresses.yml" in problems
    assert "《民法典》第一千零二十四条 is repealed" in problems
    assert "is the same as one in" in problems


def test_a_place_holder_nobody_fills(write: Write) -> None:
    folder = write(GUIDE, LAW, OTHER)
    file = folder / "sayings.yml"
    file.write_text(file.read_text("utf-8").replace("{last}", "{lst}"), "utf-8")
    with pytest.raises(ContentError, match="no_such_article: only"):
        Knowledge.load(folder, TODAY)

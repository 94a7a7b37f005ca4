"""The published content is whole, and broken content says what is wrong and where."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cn2an
import pytest
import yaml

from knowledge import ContentError, Knowledge, hotlines
from knowledge.check import check

from .conftest import CONTENT, GUIDE, LAW, OTHER, TODAY, Write

ARTICLE = re.compile(r"第(.+?)条(之.+)?$")


def test_nothing_is_wrong_with_what_is_published() -> None:
    assert check(CONTENT) == []


def test_every_citation_exists() -> None:
    """Read without the code under test: plain YAML, and numbers by cn2an."""
    index = yaml.safe_load((CONTENT / "law_index.yml").read_text("utf-8"))
    laws = {law["name"]: law for law in (*index["laws"], *index["cited_by_name"])}
    count = 0
    for file in (*CONTENT.glob("guide/*.yml"), *CONTENT.glob("laws/*.yml")):
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
    assert count > 300


def test_the_numbers_of_2025_are_used() -> None:
    """Three laws were renumbered; an old number would be a wrong citation that exists all the same."""
    old = {
        ("网络安全法", "第十四条"),
        ("网络安全法", "第四十九条"),
        ("治安管理处罚法", "第四十二条"),
        ("反不正当竞争法", "第六条"),
        ("反不正当竞争法", "第十一条"),
    }
    cited = {(c.title, c.article) for entry in Knowledge.load(CONTENT, TODAY).entries for c in entry.citations}
    assert ("治安管理处罚法", "第五十条") in cited
    assert not cited & old


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


def test_the_right_entries_load(write: Write) -> None:
    folder = write(GUIDE, LAW, OTHER)
    assert check(folder) == []
    assert len(Knowledge.load(folder, TODAY).entries) == 3


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
    ],
)
def test_a_broken_file(write: Write, file: str, text: str, message: str) -> None:
    folder = write(GUIDE, LAW, OTHER)
    (folder / file).write_text(text, "utf-8")
    assert any(message in problem for problem in check(folder)), check(folder)
    with pytest.raises(ContentError, match=r".+"):
        _load(folder, file)


@pytest.mark.parametrize(
    "file", ["law_index.yml", "law_names.yml", "lexicon.yml", "elsewhere.yml", "sayings.yml", "hotlines.yml"]
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
        GUIDE | {"answer": "请打12399。"},
        LAW | {"status": "repealed"},
        OTHER | {"citations": LAW["citations"], "question": "名誉權是怎么規定的"},
    )
    problems = "\n".join(check(folder))
    assert "12399 is not in hotlines.yml" in problems
    assert "《民法典》第一千零二十四条 is repealed" in problems
    assert "is the same as one in" in problems


def test_a_place_holder_nobody_fills(write: Write) -> None:
    folder = write(GUIDE, LAW, OTHER)
    file = folder / "sayings.yml"
    file.write_text(file.read_text("utf-8").replace("{last}", "{lst}"), "utf-8")
    with pytest.raises(ContentError, match="no_such_article: only"):
        Knowledge.load(folder, TODAY)

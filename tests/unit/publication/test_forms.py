"""The editor's form: every published entry goes through it unchanged, and what people type is understood."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.datastructures import FormData

from knowledge.console.forms import body_from, citation, fields_of
from knowledge.laws import ArticleParser
from knowledge.library import Library, read_library
from knowledge.publication.bodies import Body, body_of, problems_of_body
from knowledge.publication.differences import Part, differences
from tests.unit.knowledge.conftest import CONTENT, GUIDE, TODAY

from .conftest import changed


@pytest.fixture(scope="module")
def library() -> Library:
    return read_library(CONTENT)


@pytest.fixture(scope="module")
def articles(library: Library) -> ArticleParser:
    return ArticleParser(library.laws, library.aliases)


def form_of(body: Body) -> FormData:
    """What a browser sends of the form that shows this body."""
    pairs: list[tuple[str, str]] = []
    for name, value in fields_of(body).items():
        pairs += [(name, one) for one in value] if isinstance(value, list) else [(name, value)]
    return FormData(pairs)


def test_every_published_entry_is_the_same_after_the_form(library: Library, articles: ArticleParser) -> None:
    for _, entry in library.entries:
        body = body_of(entry)
        assert body_from(form_of(body), body, articles, library.laws) == body, entry.id


def test_every_published_entry_could_be_submitted(library: Library) -> None:
    for _, entry in library.entries:
        assert problems_of_body(entry.id, body_of(entry), library.laws, TODAY) == [], entry.id


@pytest.mark.parametrize(
    ("line", "title", "article"),
    [
        ("《民法典》第一千一百九十五条", "民法典", "第一千一百九十五条"),
        ("民法典1195条", "民法典", "第一千一百九十五条"),
        (" 中华人民共和国民法典第1195条 ", "民法典", "第一千一百九十五条"),
        ("刑法253条之一", "刑法", "第二百五十三条之一"),
        ("《民法典》", "民法典", None),
        ("没有这部法第三条", "没有这部法", "第三条"),
        ("随便写点什么", "随便写点什么", None),
    ],
)
def test_citations_as_people_write_them(
    library: Library, articles: ArticleParser, line: str, title: str, article: str | None
) -> None:
    found = citation(line, articles, library.laws)
    assert (found["title"], found.get("article")) == (title, article)


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"answer": ""}, [("answer", "missing")]),
        ({"answer": "好的！"}, [("answer", "tone")]),
        ({"answer": "点<a href=x>这里</a>"}, [("answer", "markup")]),
        ({"answer": "点＜b＞这里"}, [("answer", "markup")]),
        ({"answer": "javascript:alert(1)"}, [("answer", "markup")]),
        ({"answer": "倒\u202e过来"}, [("answer", "unseen")]),
        ({"answer": "长" * 111}, [("answer", "long")]),
        ({"paraphrases": ["一", "二"]}, [("paraphrases", "paraphrases_few")]),
        ({"paraphrases": ["截图能当证据吗", "二", "三"]}, [("paraphrases", "twice")]),
        ({"paraphrases": ["？！", "二", "三"]}, [("paraphrases", "no_words")]),
        ({"citations": []}, [("citations", "missing")]),
        ({"citations": [{"title": "没有这部法"}]}, [("citations", "no_such_law")]),
        ({"citations": [{"title": "民法典", "article": "第九千条"}]}, [("citations", "no_such_article")]),
        ({"valid_from": "昨天"}, [("valid_from", "not_a_day")]),
        ({"valid_to": "2023-01-01"}, [("valid_to", "days_turned")]),
        ({"valid_to": "2026-11-23"}, [("valid_to", "over")]),
        ({"kind": "law", "citations": [{"title": "民法典"}]}, [("status", "missing"), ("citations", "law_one")]),
        ({"kind": "case"}, [("answer", "not_an_example")] + [(f"case.{part}", "missing") for part in
         ("facts", "reported", "evidence", "outcome")]),
    ],
)  # fmt: skip
def test_what_must_be_put_right(library: Library, fields: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    found = problems_of_body("guide.test.screenshot", changed(GUIDE, **fields), library.laws, TODAY)
    assert [(one.field, one.code) for one in found] == problems


def test_differences_are_shown_sign_by_sign_and_line_by_line() -> None:
    old = {"answer": "截图可以。", "paraphrases": ["甲", "乙"], "case": {"facts": "旧"}}
    new = {"answer": "截图也可以。", "paraphrases": ["甲", "丙"], "case": {"facts": "新"}}
    found = {one.field: one.parts for one in differences(old, new)}
    assert found == {
        "answer": (Part("same", "截图"), Part("new", "也"), Part("same", "可以。")),
        "paraphrases": (Part("same", "甲"), Part("gone", "乙"), Part("new", "丙")),
        "case.facts": (Part("gone", "旧"), Part("new", "新")),
    }
    assert differences(old, old) == []

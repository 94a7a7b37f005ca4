"""What a revision holds: the fields of an entry as JSON, which may be incomplete while somebody writes."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from pydantic import ValidationError

from knowledge.entries import ILLUSTRATION, TONE, Case, Entry
from knowledge.laws import LawIndex, article_name
from knowledge.text import bare, normalise

#: Fields of an entry: what a revision holds.
Body = dict[str, Any]
#: Told by where the revision stands, and not part of it.
_OUTSIDE = {"id", "version", "author"}
#: No answer needs an angle bracket: on a web page it begins a tag, and in a WeChat text a link.
_MARKUP = re.compile(r"[<>＜＞]|javascript:|&#?\w{2,8};", re.IGNORECASE)
#: How few ways of asking a guide entry may have.
PARAPHRASES = 3
#: What the example of a case entry consists of.
PARTS = tuple(Case.model_fields)


class Problem(NamedTuple):
    """Why a body cannot be published. `code` names a sentence for staff, `values` fill it."""

    field: str
    code: str
    values: Mapping[str, Any] = {}


def body_of(entry: Entry) -> Body:
    return entry.model_dump(mode="json", exclude=_OUTSIDE, exclude_none=True, exclude_defaults=True)


def entry_of(entry_id: str, number: int, author: str, body: Body) -> Entry:
    """Raises ValidationError if the body is no whole entry."""
    return Entry.model_validate_json(json.dumps({**body, "id": entry_id, "version": number, "author": author}))


def questions_of(body: Body) -> tuple[str, ...]:
    return tuple(text for text in (body.get("question"), *(body.get("paraphrases") or ())) if text)


def key(question: str) -> str:
    """Two questions of one key are the same question."""
    return bare(normalise(question))


def problems_of_body(entry_id: str, body: Body, laws: LawIndex, today: date) -> list[Problem]:
    """Everything that must be put right before this can be published, in the order of the form; empty if nothing."""
    found = [*_missing(body), *_harm(body), *_tone(body), *_asked(body), *_rests_on(body, laws), *_days(body, today)]
    if not found:
        try:
            entry_of(entry_id, 1, "check", body)
        except ValidationError as error:
            found = [_rule(fault) for fault in error.errors(include_url=False)]
    return found


def texts(body: Body) -> Iterator[tuple[str, str]]:
    """Every text of a body with its field; those of an example are ``case.facts`` and so on."""
    for field, value in body.items():
        for item in value if isinstance(value, list) else [value]:
            for part, text in item.items() if isinstance(item, dict) else [("", item)]:
                if isinstance(text, str):
                    yield f"{field}.{part}" if field == "case" else field, text


def _missing(body: Body) -> Iterator[Problem]:
    for field in ("question", "answer", "citations", "valid_from"):
        if not body.get(field):
            yield Problem(field, "missing")
    if body.get("kind") == "guide" and len(body.get("paraphrases") or ()) < PARAPHRASES:
        yield Problem("paraphrases", "paraphrases_few", {"least": PARAPHRASES})
    if body.get("kind") == "law" and not body.get("status"):
        yield Problem("status", "missing")
    if body.get("kind") == "case":
        if body.get("answer") and not body["answer"].startswith(ILLUSTRATION):
            yield Problem("answer", "not_an_example", {"word": ILLUSTRATION})
        for part in PARTS:
            if not (body.get("case") or {}).get(part):
                yield Problem(f"case.{part}", "missing")


def _harm(body: Body) -> Iterator[Problem]:
    for field, text in texts(body):
        if match := _MARKUP.search(text):
            yield Problem(field, "markup", {"word": match[0]})
        elif any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co") and sign != "\n" for sign in text):
            yield Problem(field, "unseen")


def _tone(body: Body) -> Iterator[Problem]:
    """Only in what people are told: paraphrases are how they ask."""
    for field, text in texts(body):
        said = field in ("question", "answer", "more") or field.startswith("case.")
        if said and (match := TONE.search(text)):
            yield Problem(field, "tone", {"word": match[0]})


def _asked(body: Body) -> Iterator[Problem]:
    seen: set[str] = set()
    for text in questions_of(body):
        if not (same := key(text)):
            yield Problem("paraphrases", "no_words", {"word": text})
        elif same in seen:
            yield Problem("paraphrases", "twice", {"word": text})
        seen.add(same)


def _rests_on(body: Body, laws: LawIndex) -> Iterator[Problem]:
    citations = body.get("citations") or []
    if body.get("kind") == "law" and citations and (len(citations) != 1 or not citations[0].get("article")):
        yield Problem("citations", "law_one")
    for citation in citations:
        title, article = citation.get("title", ""), citation.get("article")
        if laws.why_not(title, article) is None:
            continue
        known = laws.laws.get(title) or laws.documents.get(title)
        words = {"title": title, "article": article or ""}
        if known is None:
            yield Problem("citations", "no_such_law", words)
        elif known.last is None:
            yield Problem("citations", "not_proved", words)
        else:
            yield Problem("citations", "no_such_article", {**words, "last": article_name(known.last)})


def _days(body: Body, today: date) -> Iterator[Problem]:
    days = {}
    for field in ("valid_from", "valid_to"):
        try:
            days[field] = date.fromisoformat(body[field]) if body.get(field) else None
        except ValueError:
            yield Problem(field, "not_a_day")
            return
    if (last := days["valid_to"]) is None:
        return
    if days["valid_from"] and last < days["valid_from"]:
        yield Problem("valid_to", "days_turned")
    elif last < today:
        yield Problem("valid_to", "over")


def _rule(fault: Any) -> Problem:
    place = [str(part) for part in fault["loc"]] or ["entry"]
    field = ".".join(place[:2]) if place[0] == "case" else place[0]
    code = {"string_too_long": "long", "missing": "missing", "string_too_short": "missing"}.get(fault["type"], "rule")
    return Problem(field, code, {"limit": fault.get("ctx", {}).get("max_length", ""), "why": fault["msg"]})

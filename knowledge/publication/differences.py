"""What changed between two revisions, field by field, for people to read."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

from knowledge.publication.bodies import PARTS, Body

#: In the order of the form; other fields follow.
FIELDS = (
    "kind",
    "question",
    "paraphrases",
    "answer",
    "more",
    *(f"case.{part}" for part in PARTS),
    "citations",
    "tags",
    "matters",
    "steps",
    "roles",
    "status",
    "valid_from",
    "valid_to",
)


class Part(NamedTuple):
    """A piece of text that is the `same` in both, `gone` from the old, or `new`."""

    op: str
    text: str


class Difference(NamedTuple):
    """One field. `listed`: whether each part is an item of its own, not a piece of one text."""

    field: str
    parts: tuple[Part, ...]
    listed: bool


def differences(old: Body, new: Body) -> list[Difference]:
    """The fields that are not the same."""
    old, new = _flat(old), _flat(new)
    found = []
    for field in (*FIELDS, *sorted({*old, *new} - set(FIELDS))):
        before, after = old.get(field), new.get(field)
        if (before or None) == (after or None):
            continue
        if isinstance(before or after, list):
            parts = _compare([_shown(item) for item in before or []], [_shown(item) for item in after or []])
            found.append(Difference(field, tuple(Part(op, item) for op, items in parts for item in items), listed=True))
        else:
            signs = _compare(list(_shown(before)), list(_shown(after)))
            found.append(Difference(field, tuple(Part(op, "".join(items)) for op, items in signs), listed=False))
    return found


def _compare(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    parts: list[tuple[str, Sequence[str]]] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append(("same", old[a:b]))
            continue
        if b > a:
            parts.append(("gone", old[a:b]))
        if d > c:
            parts.append(("new", new[c:d]))
    return parts


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return f"《{value.get('title', '')}》{value.get('article') or ''}"
    return "" if value is None else str(value)


def _flat(body: Body) -> Body:
    """The parts of an example as fields of their own."""
    others = {name: value for name, value in body.items() if name != "case"}
    return others | {f"case.{part}": text for part, text in (body.get("case") or {}).items()}

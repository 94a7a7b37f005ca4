"""Annotated messages told again with other names, marked in other ways.

People put an account's name in quotes of many kinds, between blanks, or mark it not at all. Each annotated message
teaches the tagger more when the same sentence is met with another name and another mark.
"""

import hashlib
from typing import Any, Dict, List, Optional, Tuple

#: Ways to mark a name.
_MARKED = ("“{}”", "「{}」", "‘{}’", "【{}】", " {} ", " {} ", "{}", " {}，", "：{}")
_QUOTES = '“”「」『』【】《》‘’" '

Spans = List[Tuple[int, int, str]]


def number_of(text: str) -> int:
    """A number that is the text's own: picks the same in every training."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def retold(examples: List[Dict[str, Any]]) -> List[Tuple[Dict[str, Any], Dict[str, Any]]]:
    """The examples in which an account is told in passing, each with itself told again with other names."""
    names = sorted({text for example in examples for text in _names(example)})
    told = [example for example in examples if not example.get("step")]
    found = [(example, _again(example, names)) for example in told]
    return [(example, again) for example, again in found if again]


def _names(example: Dict[str, Any]) -> List[str]:
    return [example["text"][start:end] for start, end, what in example["spans"] if what == "account"]


def _again(example: Dict[str, Any], names: List[str]) -> Optional[Dict[str, Any]]:
    if not _names(example):
        return None
    text, told, at = example["text"], _Told(), 0
    for start, end, what in sorted(example["spans"]):
        if start < at:
            continue
        before = text[at:start]
        at = end
        if what != "account":
            told.add(before)
            told.mark(text[start:end], what)
            continue
        chance = number_of(f"{text} {start}")
        way = "{} " if before.endswith("@") else _MARKED[(chance >> 8) % len(_MARKED)]
        opening, closing = way.split("{}")
        told.add(before.rstrip(_QUOTES) + opening)
        told.mark(names[chance % len(names)], what)
        told.add(closing)
        while at < len(text) and text[at] in _QUOTES:
            at += 1
    told.add(text[at:])
    return {**example, "text": told.text, "spans": told.spans}


class _Told:
    """A text as it grows, with its marks."""

    def __init__(self) -> None:
        self.text = ""
        self.spans: Spans = []

    def add(self, text: str) -> None:
        self.text += text

    def mark(self, text: str, what: str) -> None:
        self.spans.append((len(self.text), len(self.text) + len(text), what))
        self.text += text


def curled(text: str) -> str:
    """The text with straight quotes as opening and closing ones in turn; as long as before."""
    sides = {True: "“", False: "”"}
    opening = False
    chars = []
    for char in text:
        if char == '"':
            opening = not opening
            char = sides[opening]
        chars.append(char)
    return "".join(chars)

"""Finds names in running text: accounts, days, telephone numbers, people, companies, titles.

Patterns find what is marked by quotes or a word such as 昵称; most people mark nothing. A conditional random field over
characters, trained on our own annotated messages, sees what the patterns saw as one hint among others, knows which step
is being asked, and how familiar each piece of the text is.
"""

import re
import unicodedata
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import sklearn_crfsuite

from bot.brain.familiar import Familiar
from bot.brain.retold import curled, retold

#: What is looked at of a long message: facts stand near its beginning.
MAX_CHARS = 600
#: Hints of tables and patterns: ``marks(text)`` → ``[(start, end, what)]``.
Marks = Callable[[str], List[Tuple[int, int, str]]]
#: What is learned. Platforms are found by the table, and are marked in the examples as a hint to whoever reads them.
LEARNED = ("account", "date", "phone", "name", "company", "title")
_LATIN = re.compile(r"[A-Za-z0-9_]{2}")
#: What may stand around a name and is no part of it.
_AROUND = ' @＠“”"「」『』【】《》‘’，,。：:'
#: Words that stand beside a name more often than in it.
_BESIDE = frozenset("叫是号名称为的了在和跟又还就那这个有被把说发骂写改@:：")


class Span(NamedTuple):
    """A piece of a text. `what`: one of LEARNED."""

    what: str
    text: str
    start: int
    end: int
    chance: float


class Tagger:
    """Trained on ``[{"text", "step"?, "spans": [(start, end, what)]}]``."""

    def __init__(self, model: Any, familiar: Familiar) -> None:
        self._model, self._familiar = model, familiar

    @classmethod
    def train(cls, examples: List[Dict[str, Any]], marks: Marks, messages: List[Dict[str, Any]]) -> Optional["Tagger"]:
        """Learn from `examples`, whose names are all marked, and from what else people write (`messages`).

        None if nothing is annotated: then tables and patterns are all there is.
        """
        if not any(example["spans"] for example in examples):
            return None
        familiar = Familiar(messages)
        rows, labels = [], []
        for itself, example in (*((example, example) for example in examples), *retold(examples)):
            text = curled(example["text"])
            rows.append(_features(text, example.get("step"), marks, familiar.signs(text[:MAX_CHARS], itself)))
            labels.append(_labels(text, example["spans"]))
        model = sklearn_crfsuite.CRF(algorithm="lbfgs", c1=0.05, c2=0.05, max_iterations=80, min_freq=2)
        model.fit(rows, labels)
        return cls(model, familiar.forget_strange())

    def __call__(self, text: str, step: Optional[str], marks: Marks) -> List[Span]:
        """The spans of `text` in order."""
        text = text[:MAX_CHARS]
        if not text.strip():
            return []
        told = curled(text)
        rows = _features(told, step, marks, self._familiar.signs(told))
        labels = self._model.predict_single(rows)
        if not any(label != "O" for label in labels):
            return []
        chances = self._model.predict_marginals_single(rows)
        spans: List[Span] = []
        start = 0
        for i in range(1, len(labels) + 1):
            if i < len(labels) and labels[i] == "I-" + labels[start][2:] and labels[start] != "O":
                continue
            if labels[start] != "O":
                sure = min(chances[j][labels[j]] for j in range(start, i))
                end = i
                while end < len(text) and _LATIN.fullmatch(text[end - 1 : end + 1]):
                    # Letters and digits that belong together are not taken apart.
                    end += 1
                if name := text[start:end].strip(_AROUND):
                    spans.append(Span(labels[start][2:], name, start, end, sure))
            start = i
        return spans


def _labels(text: str, spans: List[Tuple[int, int, str]]) -> List[str]:
    labels = ["O"] * min(len(text), MAX_CHARS)
    for start, end, what in spans:
        if what not in LEARNED:
            continue
        for i in range(start, min(end, len(labels))):
            labels[i] = ("B-" if i == start else "I-") + what
    return labels


def _features(text: str, step: Optional[str], marks: Marks, signs: List[List[str]]) -> List[List[str]]:
    """One row of names for each character; `signs`: what is known of each beside the text itself."""
    text = text[:MAX_CHARS]
    chars = ["<", *map(_fold, text), ">"]
    seen = _seen(text, marks)
    asked = step or "-"
    rows: List[List[str]] = []
    last = len(chars) - 1
    for i in range(1, last):
        here = chars[i]
        row = [
            "c=" + here,
            "t=" + _type(here),
            "s=" + asked,
            "st=" + asked + _type(here),
            "m=" + seen[i - 1],
            "ms=" + seen[i - 1] + asked,
            *signs[i - 1],
        ]
        for d in (-4, -3, -2, -1, 1, 2, 3, 4):
            j = i + d
            if 0 <= j <= last:
                row.append(f"{d}={chars[j]}")
                if abs(d) <= 2:
                    row.append(f"{d}t={_type(chars[j])}")
        for a, b in ((-3, -2), (-2, -1), (-1, 0), (0, 1), (1, 2), (2, 3)):
            if i + a >= 0 and i + b <= last:
                row.append(f"{a}{b}={chars[i + a]}{chars[i + b]}")
        for a in (-3, -2, -1, 0):
            if i + a >= 0 and i + a + 2 <= last:
                row.append(f"{a}3={chars[i + a]}{chars[i + a + 1]}{chars[i + a + 2]}")
        row.append("b=" + next((chars[j] for j in range(i, max(i - 8, -1), -1) if chars[j] in _BESIDE), "-"))
        if i == 1:
            row.append("first=" + asked)
        if i == last - 1:
            row.append("last=" + asked)
        row.append(f"len={min(len(text) // 6, 6)}{asked}")
        rows.append(row)
    return rows


def _seen(text: str, marks: Marks) -> List[str]:
    """For each character what tables and patterns see there, the beginning told apart from the rest."""
    seen = ["-"] * len(text)
    for start, end, what in marks(text):
        for i in range(start, min(end, len(seen))):
            seen[i] = what + ("<" if i == start else "") + ("" if seen[i] == "-" else "+")
    for opening, closing in ("“”", "「」", "『』", "【】", "《》", "‘’", '""', "''"):
        start = text.find(opening)
        while start >= 0:
            end = text.find(closing, start + 1)
            if end < 0:
                break
            for i in range(start + 1, end):
                seen[i] += "q" + ("<" if i == start + 1 else "")
            start = text.find(opening, end + 1)
    return seen


def _fold(char: str) -> str:
    folded = unicodedata.normalize("NFKC", char)
    return folded.casefold() if len(folded) == 1 else char


def _type(char: str) -> str:
    if char.isdigit():
        return "0"
    if char.isascii():
        return "a" if char.isalpha() else "."
    if "\u3400" <= char <= "\u9fff":
        return "月" if char in "年月日号点周星期礼拜昨今前上下晚早半零一二两三四五六七八九十" else "汉"
    return "," if unicodedata.category(char)[0] in "PZ" else "*"

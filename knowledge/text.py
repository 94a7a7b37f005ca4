"""One way of writing for everything that is compared: simplified, half width, lower case, no control characters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

import opencc

#: Characters of a question that are read; what comes after is not looked at.
LONGEST = 500

_TO_SIMPLIFIED = opencc.OpenCC("t2s")
#: Also turns Taiwan's words into the mainland's (軟體 → 软件); used only on text that is not simplified already.
_TO_MAINLAND = opencc.OpenCC("tw2sp")
_SPACES = re.compile(r"\s+")
_MARKS = re.compile(r"[\W_]+")
#: First and last of the Chinese characters, block by block.
CHINESE = (("\u3400", "\u9fff"), ("\uf900", "\ufaff"), ("\U00020000", "\U0003134f"))
_RUN = re.compile(f"[{''.join(f'{first}-{last}' for first, last in CHINESE)}]+|[a-z0-9]+")
#: Characters that say nothing alone.
EMPTY = frozenset("的了吗呢啊吧呀嘛么着过得地我你您他她它们是在有这那个一不会要想就也都还把被给和与或之其")


def normalise(text: str) -> str:
    """At most 500 characters, whatever comes in: control characters and lone surrogates become spaces."""
    return _one_way(unicodedata.normalize("NFKC", text[:LONGEST])[:LONGEST])


def whole(text: str) -> str:
    """As `normalise`, of any length: for texts of our own, such as an article."""
    return _one_way(unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=20_000)
def each(*texts: str) -> tuple[str, ...]:
    """`normalise` of texts of our own, remembered: every edition asks for those of nearly all entries again."""
    return tuple(map(normalise, texts))


def _one_way(text: str) -> str:
    if not text.isprintable():
        text = "".join(character if character.isprintable() or not _unseen(character) else " " for character in text)
    simplified: str = _TO_SIMPLIFIED.convert(text)
    if simplified != text:
        simplified = _TO_MAINLAND.convert(text)
    return _SPACES.sub(" ", simplified).strip().lower()


def bare(text: str) -> str:
    """A normalised text without spaces and punctuation: two that are equal ask the same."""
    return _MARKS.sub("", text)


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn")


def tokens(text: str) -> list[str]:
    """Single characters and pairs of neighbours of Chinese runs, whole words of Latin letters and digits.

    `text` must have been normalised. Characters and pairs that say nothing are left out.
    """
    found: list[str] = []
    for run in _RUN.findall(text):
        if run[0].isascii():
            found.append(run)
            continue
        found += [character for character in run if character not in EMPTY]
        found += [a + b for a, b in pairwise(run) if a not in EMPTY or b not in EMPTY]
    return found


def pieces(text: str) -> list[str]:
    """As `tokens`, with nothing left out: in the text of a law the small words tell articles apart too."""
    found: list[str] = []
    for run in _RUN.findall(text):
        if run[0].isascii():
            found.append(run)
        else:
            found += run
            found += map("".join, pairwise(run))
    return found

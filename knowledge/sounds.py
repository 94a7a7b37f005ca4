"""Characters typed for others of the same sound, 举抱 for 举报: input methods write by sound, and err by it."""

from __future__ import annotations

import os
import unicodedata
from functools import lru_cache
from itertools import pairwise

from knowledge.bags import Vocabulary

#: Longer texts are not looked at: whoever writes so much is understood from the rest.
LONGEST = 60


class Sounds:
    """Immutable."""

    def __init__(self, known: Vocabulary) -> None:
        """`known`: whose pairs stand next to each other somewhere in the knowledge."""
        self._known = known
        self._by_sound: dict[str, list[str]] | None = None

    def meant(self, text: str) -> list[str]:
        """Known pairs that sound like unknown pairs of a normalised text and share a character with them."""
        if len(text) > LONGEST:
            return []
        pairs = [a + b for a, b in pairwise(text) if _chinese(a) and _chinese(b)]
        unknown = [pair for pair, number in zip(pairs, self._known.numbers(pairs), strict=True) if number < 0]
        if not unknown:
            return []
        sounds = self._sounds()
        return [
            other
            for pair in unknown
            for other in sounds.get(_sound(pair), ())
            if other[0] == pair[0] or other[1] == pair[1]
        ]

    def _sounds(self) -> dict[str, list[str]]:
        if self._by_sound is None:  # made at the first strange pair; two threads may both make it, and make the same
            made: dict[str, list[str]] = {}
            for pair in self._known.pairs():
                made.setdefault(_sound(pair), []).append(pair)
            self._by_sound = made
        return self._by_sound


def _chinese(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def _sound(pair: str) -> str:
    return f"{_of(pair[0])} {_of(pair[1])}"


@lru_cache(maxsize=20_000)
def _of(character: str) -> str:
    """The first of a character's sounds, without its tone: zhong for 重."""
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # we ask for single characters; phrases take 0.2 s to read
    from pypinyin.pinyin_dict import pinyin_dict

    first = pinyin_dict.get(ord(character), character).split(",", 1)[0]
    return "".join(letter for letter in unicodedata.normalize("NFD", first) if not unicodedata.combining(letter))

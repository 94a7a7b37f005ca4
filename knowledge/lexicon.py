"""Everyday words → the words the knowledge is written in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from knowledge.files import ContentError, read_yaml
from knowledge.text import normalise


class Lexicon:
    def __init__(self, words: Mapping[str, list[str]]) -> None:
        self._words = {normalise(word): [normalise(other) for other in others] for word, others in words.items()}
        longest_first = sorted(self._words, key=len, reverse=True)
        self._find = re.compile("|".join(re.escape(word) for word in longest_first)) if longest_first else None

    def __len__(self) -> int:
        return len(self._words)

    def expand(self, text: str) -> list[str]:
        """What a normalised text may also mean, each word once, those already in it left out."""
        if self._find is None:
            return []
        found = {other: None for word in self._find.findall(text) for other in self._words[word] if other not in text}
        return list(found)

    @property
    def words(self) -> Mapping[str, list[str]]:
        return self._words


def read_lexicon(content: Path) -> Lexicon:
    """`lexicon.yml`. Raises ContentError."""
    file = content / "lexicon.yml"
    data = read_yaml(file)
    if not isinstance(data, dict):
        raise ContentError([f"{file.name}: must be words with lists of words — write it as `人肉: [开盒]`"])
    problems = [
        f"{file.name} · {word}: must be a word with a list of words — write it as `人肉: [开盒]`"
        for word, others in data.items()
        if not (
            isinstance(word, str)
            and isinstance(others, list)
            and others
            and all(isinstance(o, str) and o for o in others)
        )
    ]
    if problems:
        raise ContentError(problems)
    return Lexicon(data)

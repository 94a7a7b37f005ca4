"""Spots names that the tagger overlooks: nicknames made of ordinary words, days said in unheard of ways.

The sentence model, adapted to our annotated messages (`bot.adapting`), says for every character of a text whether a
name begins there or goes on. It knows the language better than a model over characters, and our names less well: it is
heard where it is sure and the tagger is not.
"""

import re
from typing import Any, List, Sequence, Tuple

import numpy as np

from bot.brain.names import AROUND, LEARNED, Span
from bot.encoder import Reading

#: What is looked at of a long message.
MAX_CHARS = 350
#: How sure the tagger must be to be believed alone, and the spotter to be believed at all.
TAGGED, SPOTTED = 0.75, 0.85
#: What a character may be: nothing, the first of a name, or a further one.
LABELS = ("O", *(f"{part}-{what}" for what in LEARNED for part in "BI"))
#: A piece of several characters says something of each of the first ones; the last of these stands for all further.
PLACES = 4
_LATIN = re.compile(r"[A-Za-z0-9_]{2}")


class Spotter:
    """The part of the adapter that reads names out of the states of pieces."""

    def __init__(self, adapter: Any) -> None:
        """`adapter`: by name, `names.w` (384, PLACES * labels) and `names.b`."""
        self._weights = adapter["names.w"].astype(np.float32)
        self._bias = adapter["names.b"].astype(np.float32)

    def __call__(self, text: str, reading: Reading, before: int = 0) -> List[Span]:
        """The spans of `text` in order. It stands in what was read behind `before` other characters."""
        chances = self._chances(text, reading, before)
        labels = chances.argmax(axis=1)
        spans: List[Span] = []
        start = 0
        while start < len(text):
            if labels[start] == 0:
                start += 1
                continue
            what = _what(labels[start])
            end = start + 1
            while end < len(text) and LABELS[labels[end]] == f"I-{what}":
                end += 1
            sure = float(chances[np.arange(start, end), labels[start:end]].min())
            while end < len(text) and _LATIN.fullmatch(text[end - 1 : end + 1]):
                # Letters and digits that belong together are not taken apart.
                end += 1
            if name := text[start:end].strip(AROUND):
                spans.append(Span(what, name, start, end, sure))
            start = end
        return spans

    def _chances(self, text: str, reading: Reading, before: int) -> np.ndarray:
        """For each character of `text` the chances of LABELS (n, labels); what was not read is nothing."""
        scores = (reading.states @ self._weights + self._bias).reshape(-1, PLACES, len(LABELS))
        chances = np.zeros((len(text), len(LABELS)), np.float32)
        chances[:, 0] = 1
        for piece, of_piece in zip(reading.pieces, scores):
            for place in range(max(piece.start, before), min(piece.end, before + len(text))):
                chances[place - before] = _shares(of_piece[min(place - piece.start, PLACES - 1)])
        return chances


def _what(label: int) -> str:
    return LABELS[label][2:]


def _shares(scores: np.ndarray) -> np.ndarray:
    shares = np.exp(scores - scores.max())
    return shares / shares.sum()


def labels_of(text: str, spans: List[Tuple[int, int, str]]) -> List[int]:
    """What each character of an annotated text is, as its place in LABELS."""
    labels = [0] * len(text)
    for start, end, what in spans:
        if what in LEARNED:
            for place in range(start, min(end, len(text))):
                labels[place] = LABELS.index(("B-" if place == start else "I-") + what)
    return labels


def joined(tagged: Sequence[Span], spotted: Sequence[Span]) -> List[Span]:
    """The spans of the tagger, and where it sees nothing or is in doubt those of the spotter."""
    sure = [span for span in spotted if span.chance >= SPOTTED]
    sure = [span for span in sure if not any(_meet(span, other) for other in tagged if other.chance >= TAGGED)]
    kept = [span for span in tagged if not any(_meet(span, other) for other in sure)]
    return sorted((*kept, *sure), key=lambda span: span.start)


def _meet(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end

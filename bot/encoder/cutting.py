"""Cuts a text into the pieces that the sentence model knows, by the likeliest sequence (SentencePiece, unigram)."""

from typing import List, NamedTuple

from bot.encoder.packed import Pieces

#: What stands for a blank inside pieces.
_BLANK = "\u2581"
#: How much less likely an unknown character is than the rarest piece, as a logarithm.
_STRANGE = 10.0


class Piece(NamedTuple):
    """`number`: the model's. It stands for the characters from `start` to `end` of the text."""

    number: int
    start: int
    end: int


class Cutter:
    """May be asked by many threads at once."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._strange = min(pieces.scores) - _STRANGE
        self._longest = max(map(len, pieces.numbers))

    def __call__(self, text: str) -> List[Piece]:
        """The pieces in order."""
        chars, places = self._normal(text)
        encoded = [char.encode() for char in chars]
        joined = b"".join(encoded)
        ends = [0]
        for char in encoded:
            ends.append(ends[-1] + len(char))
        count = len(chars)
        best = [float("-inf")] * (count + 1)
        best[0] = 0.0
        came: List[int] = [0] * (count + 1)
        number: List[int] = [0] * (count + 1)
        known, scores, unknown = self._pieces.numbers, self._pieces.scores, self._pieces.unknown
        for start in range(count):
            here, first = best[start], ends[start]
            for end in range(start + 1, count + 1):
                if ends[end] - first > self._longest:
                    break
                found = known.get(joined[first : ends[end]])
                if found is not None and found != unknown and here + scores[found] > best[end]:
                    best[end], came[end], number[end] = here + scores[found], start, found
            if here + self._strange > best[start + 1]:
                best[start + 1], came[start + 1], number[start + 1] = here + self._strange, start, unknown
        cut: List[Piece] = []
        end = count
        while end > 0:
            start = came[end]
            cut.append(Piece(number[end], places[start], places[end - 1] + 1))
            end = start
        return cut[::-1]

    def _normal(self, text: str) -> "tuple[List[str], List[int]]":
        """The characters as pieces spell them, and where each stands in the text."""
        chars: List[str] = []
        places: List[int] = []
        for place, char in enumerate(text):
            for simple in self._pieces.simpler.get(char, char):
                if simple == " " and chars and chars[-1] == _BLANK:
                    continue
                chars.append(_BLANK if simple == " " else simple)
                places.append(place)
        if not chars or chars[0] != _BLANK:
            chars.insert(0, _BLANK)
            places.insert(0, 0)
        return chars, places

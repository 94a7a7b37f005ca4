"""What a mention is, heard from the words around it.

Whose a telephone number is (打我 13…, 他用的是 13…, 派出所的 0571…): only the reporter's own is a way to reach them.
And whether a platform is where it happened (在抖音发的) or merely named (抖音客服说…, 我平时只刷抖音). Learnt from
annotated messages, in which own numbers and the places of content are marked.
"""

import re
from typing import Any, Dict, List, NamedTuple, Tuple

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from bot.brain.reader import Number, Place, Reader

#: How many characters are heard before a mention, in the clause before that, and after it.
BEFORE, EARLIER, AFTER = 16, 14, 10
#: How likely a number must be the reporter's own, and how likely a platform the place, to be taken for it.
OWN, THERE = 0.5, 0.12
_PAUSE = re.compile(r"[，。；！？,;!?\n]")


class Mention(NamedTuple):
    """A piece of a text. `sign`: what tables and patterns say of it."""

    text: str
    start: int
    end: int
    sign: str


class Mentions:
    """Tells mentions that are meant from others; `enough`: how likely that must be."""

    def __init__(self, enough: float) -> None:
        self._enough = enough
        self._model = make_pipeline(
            TfidfVectorizer(tokenizer=str.split, token_pattern=None, lowercase=False, min_df=2, sublinear_tf=True),
            LogisticRegression(C=10, max_iter=200),
        )

    def fit(self, told: List[Tuple[Mention, bool]]) -> "Mentions":
        """`told`: mentions and whether each is meant."""
        self._model.fit([_around(mention) for mention, _ in told], [meant for _, meant in told])
        return self

    def __call__(self, mention: Mention) -> bool:
        """Whether this one is meant."""
        return bool(self._model.predict_proba([_around(mention)])[0, 1] >= self._enough)


def of_number(text: str, number: Number) -> Mention:
    return Mention(text, number.start, number.end, f"own:{number.own}")


def of_place(place: Place) -> Mention:
    return Mention(place.text, place.start, place.end, f"among:{min(place.among, 3)}")


def numbers(examples: List[Dict[str, Any]], reader: Reader) -> List[Tuple[Mention, bool]]:
    """The telephone numbers of annotated messages, and whether they are the reporter's own."""
    return [
        (of_number(example["text"], number), _marked(example, "phone", number.start, number.end))
        for example in examples
        for number in reader.numbers(example["text"])
    ]


def places(examples: List[Dict[str, Any]], reader: Reader) -> List[Tuple[Mention, bool]]:
    """The platforms of messages in which some are marked, or other names are, and whether the content is there."""
    return [
        (of_place(place), _marked(example, "platform", place.start, place.end))
        for example in examples
        for place in reader.places(example["text"])
        if len(place.text) == len(example["text"]) and not reader.is_any_site(place)
    ]


def _marked(example: Dict[str, Any], what: str, first: int, last: int) -> bool:
    return any(kind == what and start < last and end > first for start, end, kind in example["spans"])


def _around(mention: Mention) -> str:
    """Pieces of what stands around a mention, as words of a made-up text."""
    clauses = _PAUSE.split(mention.text[: mention.start])
    before, earlier = clauses[-1][-BEFORE:], clauses[-2][-EARLIER:] if len(clauses) > 1 else ""
    after = _PAUSE.split(mention.text[mention.end :])[0][:AFTER]
    pieces = [f"b:{piece}" for piece in _pieces(before, 1)]
    pieces += [f"e:{piece}" for piece in _pieces(earlier, 2)]
    pieces += [f"a:{piece}" for piece in _pieces(after, 1)]
    return " ".join([*pieces, f"last:{_bare(before)[-2:]}", f"next:{_bare(after)[:2]}", mention.sign])


def _pieces(text: str, shortest: int) -> List[str]:
    text = _bare(text)
    return [text[i : i + size] for size in range(shortest, 4) for i in range(len(text) - size + 1)]


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)

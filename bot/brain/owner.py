"""Whose a telephone number is, heard from the words around it: 打我 13…, 他用的是 13…, 派出所的 0571….

Only the reporter's own is a way to reach them. Learnt from annotated messages, in which own numbers are marked.
"""

import re
from typing import Any, Callable, Dict, List

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from bot.brain.reader import Number

#: How many characters are heard before a number, in the clause before that, and after it.
BEFORE, EARLIER, AFTER = 16, 14, 10
#: How likely a number must be the reporter's own.
OWN = 0.5
_PAUSE = re.compile(r"[，。；！？,;!?\n]")


class Owner:
    """Tells the reporter's own numbers from others'."""

    def __init__(self) -> None:
        self._model = make_pipeline(
            TfidfVectorizer(tokenizer=str.split, token_pattern=None, lowercase=False, min_df=2, sublinear_tf=True),
            LogisticRegression(C=10, max_iter=200),
        )

    def fit(self, examples: List[Dict[str, Any]], numbers: Callable[[str], List[Number]]) -> "Owner":
        """`examples`: annotated messages, ``{"text", "spans": [(start, end, "phone" | …)]}``; `numbers` finds them."""
        around, own = [], []
        for example in examples:
            marked = [(start, end) for start, end, what in example["spans"] if what == "phone"]
            for number in numbers(example["text"]):
                around.append(_around(example["text"], number))
                own.append(any(start < number.end and end > number.start for start, end in marked))
        self._model.fit(around, own)
        return self

    def __call__(self, text: str, number: Number) -> bool:
        """Whether a number that stands in a text is the reporter's own."""
        return bool(self._model.predict_proba([_around(text, number)])[0, 1] >= OWN)


def _around(text: str, number: Number) -> str:
    """Pieces of what stands around a number, as words of a made-up text."""
    clauses = _PAUSE.split(text[: number.start])
    before, earlier = clauses[-1][-BEFORE:], clauses[-2][-EARLIER:] if len(clauses) > 1 else ""
    after = _PAUSE.split(text[number.end :])[0][:AFTER]
    pieces = [f"b:{piece}" for piece in _pieces(before, 1)]
    pieces += [f"e:{piece}" for piece in _pieces(earlier, 2)]
    pieces += [f"a:{piece}" for piece in _pieces(after, 1)]
    return " ".join([*pieces, f"last:{_bare(before)[-2:]}", f"own:{number.own}"])


def _pieces(text: str, shortest: int) -> List[str]:
    text = _bare(text)
    return [text[i : i + size] for size in range(shortest, 4) for i in range(len(text) - size + 1)]


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)

"""How familiar pieces of a text are: how often they stand in what people write beside names.

A nickname that nothing marks is still made of pieces that are rare in ordinary talk. The counts leave names out, and
the message that is being learnt from as well: to its own words no text is strange.
"""

from collections import Counter
from typing import Any, Dict, Iterator, List, Optional

#: How many characters the pieces have.
SIZES = (2, 3)
#: Upper limits of the classes of frequency; what is seen less often than the first is strange.
CLASSES = (3, 9, 31, 121)
#: What is a name, and no ordinary talk.
NAMES = ("account", "name", "company", "title")


class Familiar:
    """Counts pieces of annotated examples, ``{"text", "spans": [(start, end, what)]}``."""

    def __init__(self, examples: List[Dict[str, Any]]) -> None:
        self._counts: Counter[str] = Counter()
        for text, spans in {example["text"]: example["spans"] for example in examples}.items():
            self._counts.update(_pieces(text, spans))

    def forget_strange(self) -> "Familiar":
        """Once learning is over, pieces that are strange anyway need not be known."""
        self._counts = Counter({piece: count for piece, count in self._counts.items() if count >= CLASSES[0]})
        return self

    def signs(self, text: str, itself: Optional[Dict[str, Any]] = None) -> List[List[str]]:
        """For each character, names of features; `itself`: the example the text is (a retelling of), not counted."""
        own = Counter(_pieces(itself["text"], itself["spans"])) if itself else Counter()
        text = text.casefold()
        pairs = [self._class(text[i : i + 2], own) for i in range(-1, len(text))]
        triples = [self._class(text[i : i + 3], own) for i in range(-2, len(text))]
        rows = []
        for i in range(len(text)):
            earlier, before, after = pairs[max(i - 1, 0)], pairs[i], pairs[i + 1]
            later = pairs[min(i + 2, len(text))]
            rows.append(
                [
                    f"p-={before}",
                    f"p+={after}",
                    f"p={before}{after}",
                    f"p--={earlier}{before}",
                    f"p++={after}{later}",
                    f"pp={earlier}{before}{after}{later}",
                    *(f"{where}={triples[i + where]}" for where in (0, 1, 2)),
                ]
            )
        return rows

    def _class(self, piece: str, own: "Counter[str]") -> str:
        count = self._counts[piece] - own[piece]
        return str(sum(count >= limit for limit in CLASSES)) if len(piece) in SIZES else "-"


def _pieces(text: str, spans: List[Any]) -> Iterator[str]:
    at = 0
    for start, end, what in (*sorted(spans), (len(text), len(text), NAMES[0])):
        if what in NAMES and start >= at:
            beside = text[at:start].casefold()
            yield from (beside[i : i + size] for size in SIZES for i in range(len(beside) - size + 1))
            at = end

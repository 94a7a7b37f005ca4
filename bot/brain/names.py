"""Names in running text: what kinds there are, and where one stands."""

from typing import NamedTuple

#: What is learned. Platforms are found by the table, and are marked in the examples as a hint to whoever reads them.
LEARNED = ("account", "date", "phone", "name", "company", "title")
#: What a step asks for, of what has a name.
NAMED_AT = {"account": "account", "time": "date", "name": "name", "company": "company", "title": "title"}
#: What may stand around a name and is no part of it.
AROUND = ' @＠“”"「」『』【】《》‘’，,。：:'


class Span(NamedTuple):
    """A piece of a text. `what`: one of LEARNED."""

    what: str
    text: str
    start: int
    end: int
    chance: float

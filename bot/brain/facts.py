"""What a message states: links and numbers as patterns read them, names, days and places as the models see them."""

from typing import Any, Optional, Protocol, Sequence

from bot.brain.reader import Fields, Number, Place, Reader
from bot.brain.turn import Step
from bot.brain.values import OPEN_KINDS, PLAIN_CHARS, Said, Values

#: How sure the tagger must be of an account that is told in passing; what stands in quotes is a name of something.
NAMED, QUOTED = 0.75, 0.5


class Knows(Protocol):
    """The part of the senses that facts need; see `bot.brain.sense.Sense`."""

    def own(self, text: str, number: Number) -> bool: ...
    def there(self, place: Place) -> bool: ...
    def names(self, text: str, step: Optional[str]) -> Sequence[Any]: ...


class Facts:
    """Facts by a `Reader` and what is known of the steps."""

    def __init__(self, reader: Reader, values: Values) -> None:
        self._reader, self._values = reader, values

    def __call__(self, said: Said, step: Optional[Step], senses: Knows) -> Fields:
        """What patterns and tables read; accounts, days, whose numbers and where it happened as the models see them."""
        read = said.fields
        kind = self._values.element(step.id)["kind"] if step else "text"
        if len(said.text) < PLAIN_CHARS and kind not in (*OPEN_KINDS, "time"):
            return read
        spans = senses.names(said.written, step.id if step else None)
        # In a tale a name that is none does more harm than one that is asked for; at its own step it is expected.
        asked = step is not None and step.id == "account"
        links = self._reader.links(said.written)
        named = [
            span.text
            for span in spans
            if span.what == "account"
            and (asked or span.chance >= self._enough(said.written, span))
            and not any(span.start < end and span.end > start for start, end in links)
            and (asked or not self._reader.is_title(said.written, span.start))
        ]
        days = self._reader.days(said.written, [(span.start, span.end) for span in spans if span.what == "date"])
        phones, platforms = read.phone, read.platform
        if step is None or step.id == "matter":
            platforms = self._reader.platforms(said.text, there=senses.there)
        if step is None:
            phones = [item.value for item in self._reader.numbers(said.text) if senses.own(said.text, item)]
        else:
            days = days or read.date
        accounts = self._reader.accounts_only(named) or read.account
        return read._replace(platform=platforms, account=accounts, date=days, phone=phones)

    def _enough(self, text: str, span: Any) -> float:
        return QUOTED if self._reader.in_quotes(text, span.start, span.end) else NAMED

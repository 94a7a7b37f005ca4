"""From entries to messages: texts cut where a reader would pause, bubbles joined where messages count.

An entry is first split into parts, always the same ones for the same channel, so that "two parts of entry 17 are out"
keeps its meaning after a restart. Parts are then joined, up to the limit, where the channel's messages are counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.channels.contract import Capabilities, Choice, Outgoing, token_of
from connectors.gateway.messages import Entry

#: Where a text is best cut, best first; each match ends at a place to cut.
_PAUSES = (re.compile(r"\n+"), re.compile(r"[。！？!?…]+[”’」』）)]*|[.](?=\s)"), re.compile(r"[；;，,、：:]|\s"))
#: What must stay with the character before it: combining marks, variation selectors, joiners, skin tones.
_CLINGS = re.compile("[\u0300-\u036f\u200d\ufe00-\ufe0f\u20d0-\u20ff\U0001f3fb-\U0001f3ff]")
#: Between two bubbles in one message.
JOINT = "\n\n"

Cost = Callable[[str, Sequence[Choice]], int]


@dataclass(frozen=True)
class _Part:
    entry: int
    number: int
    last: bool
    text: str
    choices: tuple[Choice, ...]


def size(text: str, unit: str) -> int:
    """The length of a text as the provider counts it."""
    if unit == "bytes":
        return len(text.encode())
    return len(text.encode("utf-16-le")) // 2 if unit == "utf16" else len(text)


def cut(text: str, limit: int, unit: str) -> list[str]:
    """`text` in pieces of at most `limit`, cut at the last line, sentence or pause that fits. Nothing but the space at
    a cut is left out."""
    pieces: list[str] = []
    rest = text.strip()
    while size(rest, unit) > limit:
        at = _place(rest, _fitting(rest, limit, unit))
        pieces.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    if rest or not pieces:
        pieces.append(rest)
    return pieces


def _fitting(text: str, limit: int, unit: str) -> int:
    """How many characters of `text` fit; at least one, so that cutting comes to an end."""
    low, high = 1, min(len(text), limit)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(text[:middle], unit) <= limit else (low, middle - 1)
    return low


def _place(text: str, fits: int) -> int:
    head = text[:fits]
    for pause in _PAUSES:
        ends = [match.end() for match in pause.finditer(head)]
        # A cut that leaves most of the room empty is worse than one at a lesser pause.
        if ends and ends[-1] >= fits // 3:
            return ends[-1]
    at = fits
    while at > 1 and at < len(text) and (_CLINGS.match(text[at]) or text[at - 1] == "\u200d"):
        at -= 1
    return at if at > 1 else fits


def rendered(
    entries: Sequence[Entry],
    done: Mapping[int, int],
    able: Capabilities,
    cost: Cost,
    more: str,
    harmless: Callable[[str], str] = str,
) -> list[Outgoing]:
    """Entries → messages within the channel's limits. `cost(text, choices)`: how long the message would be on the wire;
    `more`: what stands over choices that did not fit beside their text; `harmless`: takes from a text what the channel
    would read as markup."""
    safe = [_harmless(entry, harmless) for entry in entries]
    parts = [part for entry in safe for part in _parts(entry, able, cost, more) if part.number > done.get(entry.seq, 0)]
    return list(_joined(parts, able, cost))


def _harmless(entry: Entry, harmless: Callable[[str], str]) -> Entry:
    buttons = [button.model_copy(update={"title": harmless(button.title)}) for button in entry.buttons]
    return entry.model_copy(update={"text": harmless(entry.text), "buttons": buttons})


def _parts(entry: Entry, able: Capabilities, cost: Cost, more: str) -> Iterator[_Part]:
    texts = cut(entry.text, able.text_limit - cost("", ()), able.text_unit)
    groups = _groups(entry, able, cost, more)
    first = groups[0] if groups else ()
    if first and cost(texts[-1], first) > able.text_limit:
        room = able.text_limit - cost("", first)
        # At least a third of the room for words, or the choices get a message of their own.
        if room >= able.text_limit // 3:
            texts[-1:] = cut(texts[-1], room, able.text_unit)
        else:
            texts.append(more)
    whole = [(text, ()) for text in texts[:-1]] + [(texts[-1], first)] + [(more, group) for group in groups[1:]]
    for number, (text, choices) in enumerate(whole, 1):
        yield _Part(entry.seq, number, number == len(whole), text, tuple(choices))


def _groups(entry: Entry, able: Capabilities, cost: Cost, more: str) -> list[tuple[Choice, ...]]:
    """The entry's choices, as many together as one message takes."""
    groups: list[list[Choice]] = []
    for index, button in enumerate(entry.buttons):
        choice = Choice(button.title, token_of(entry.seq, index))
        full = not groups or len(groups[-1]) >= able.max_choices
        if full or cost(more, [*groups[-1], choice]) > able.text_limit:
            groups.append([])
        groups[-1].append(choice)
    return [tuple(group) for group in groups]


def _joined(parts: Sequence[_Part], able: Capabilities, cost: Cost) -> Iterator[Outgoing]:
    group: list[_Part] = []
    number = 1
    for part in parts:
        if group and not (able.merge and _fits([*group, part], able, cost)):
            yield _message(group, number)
            number += sum(len(item.choices) for item in group)
            group = []
        group.append(part)
    if group:
        yield _message(group, number)


def _fits(parts: Sequence[_Part], able: Capabilities, cost: Cost) -> bool:
    choices = [choice for part in parts for choice in part.choices]
    return (
        len(choices) <= able.max_choices and cost(JOINT.join(part.text for part in parts), choices) <= able.text_limit
    )


def _message(parts: Sequence[_Part], first_number: int) -> Outgoing:
    covers = {part.entry: (part.entry, part.number, part.last) for part in parts}
    return Outgoing(
        text=JOINT.join(part.text for part in parts if part.text),
        choices=tuple(choice for part in parts for choice in part.choices),
        covers=tuple(covers.values()),
        first_number=first_number,
    )

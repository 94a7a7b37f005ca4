"""What a channel is: the one contract between a provider's wire and the gateway.

A channel checks that a call is its provider's (`verify`), reads it into events (`decode`), answers it (`acknowledge`),
turns what the assistant said into messages of its kind (`render`), sends them (`send`), and fetches what people sent
(`fetch`). Everything else (order, duplicates, budgets, retries, what to do when a window is closed) is decided outside
by `capabilities`, never by a channel's name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from connectors.gateway.messages import Entry, Media, MediaAway, MediaGone, Press

__all__ = [
    "Ack",
    "AnswerLost",
    "Bounce",
    "Budget",
    "Busy",
    "Call",
    "Capabilities",
    "Channel",
    "Choice",
    "Closed",
    "Event",
    "Fetched",
    "Forged",
    "Media",
    "MediaAway",
    "MediaGone",
    "NotSent",
    "Outgoing",
    "Refused",
    "Take",
    "Unreachable",
    "Unreadable",
    "press_of",
    "token_of",
]

# -- what goes wrong -------------------------------------------------------------------------------------------------


class Forged(Exception):
    """A call that is not the provider's: wrong signature, stale, replayed, for another account. Nothing is kept."""


class Unreadable(Exception):
    """A call that is the provider's, or may be, and cannot be read: cut off, nested, not of the documented shape."""


class NotSent(Exception):
    """A message that was not taken by the provider, by its own answer. `problem` is a short name for staff."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Busy(NotSent):
    """Try again later: the provider is down, slow or asks for patience, for `after` seconds if it said so."""

    def __init__(self, problem: str, after: float | None = None) -> None:
        super().__init__(problem)
        self.after = after


class Closed(NotSent):
    """The window is closed or its budget used up, whatever was counted here: keep it for the next contact."""


class Unreachable(NotSent):
    """The person has left or blocked the account: keep it until they come back."""


class Refused(NotSent):
    """The provider will never take this message. It is shown to staff as failed."""


class AnswerLost(Exception):
    """Nobody knows whether the message arrived: the one case in which it may be sent twice."""


# -- in --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """One HTTP call of a provider. Header names in lower case; `at` is when it came, in seconds since 1970."""

    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float


@dataclass(frozen=True)
class Ack:
    """What the provider is answered."""

    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain"


@dataclass(frozen=True)
class Bounce:
    """Entries `first` to `last` did not arrive. `keep`: they may at the next contact; else staff are shown them."""

    first: int
    last: int
    problem: str
    keep: bool


@dataclass(frozen=True)
class Event:
    """One thing a person did.

    `key` is the same for the same event however often it is delivered, and differs for different ones of one person
    (``[A-Za-z0-9_.:-]``, at most 80 characters). `address` is what `send` needs to reach the person. `contact` names
    the budget in `Capabilities.budgets` that this event opens, None if it opens none.

    What the event says is one of: `text`, `press` (a button of an entry), `media`, `meaning` (a payload such as
    ``"report?guess=cyber_violence"`` for a menu item or a scanned code, with `text` as what the person's bubble shows),
    `answer` (the name of a text that answers it without a turn, for what the assistant cannot read).
    """

    person: str
    key: str
    at: float
    address: Mapping[str, str]
    contact: str | None = None
    text: str | None = None
    press: Press | None = None
    media: tuple[Media, ...] = ()
    meaning: str | None = None
    answer: str | None = None
    #: Shown to the provider with the one message it allows, e.g. a welcome code. Belongs to `contact`.
    ticket: str | None = None
    #: The person has left: nothing can be sent until the next event.
    left: bool = False
    #: The conversation is the assistant's again, without any new allowance: what was kept may go out.
    resumed: bool = False
    #: A message that had been taken did not arrive after all.
    bounced: Bounce | None = None
    #: More or fewer messages than before of a budget that people give by consent, e.g. ``{"notice": 1}``.
    consents: Mapping[str, int] = field(default_factory=dict)
    #: What the channel itself needs in `taken`, e.g. the id of a callback to be answered.
    token: str | None = None


@dataclass(frozen=True)
class Fetched:
    """A file as it came."""

    name: str
    content: bytes


# -- out -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choice:
    """A button of a message. `token` is what comes back when it is pressed: ``"<entry>-<index>"``."""

    title: str
    token: str


@dataclass(frozen=True)
class Outgoing:
    """One message as the provider will show it: text within the limit, choices within their number.

    `covers`: for each entry in it, how many of its parts are out once this is sent, and whether those were all.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    covers: tuple[tuple[int, int, bool], ...] = ()
    #: Where numbering of the choices begins, so that it runs on over the messages of one turn.
    first_number: int = 1


@dataclass(frozen=True)
class Budget:
    """So many messages within so many seconds after a contact."""

    messages: int
    seconds: float


@dataclass(frozen=True)
class Capabilities:
    """What the channel can do. Decisions are made by these.

    `delivery`: ``push`` must be sent to; ``pull`` fetches its entries itself (the web page). `buttons`: ``native``
    (pressed in place), ``menu`` (a list of choices in the message), ``links`` (choices as links in its text),
    ``numbers`` (the person types a number), ``page`` (drawn by our own page). `numbers`: a typed number chooses too.
    """

    delivery: Literal["push", "pull"]
    buttons: Literal["native", "menu", "links", "numbers", "page"]
    text_limit: int
    text_unit: Literal["bytes", "chars", "utf16"]
    max_choices: int = 20
    numbers: bool = False
    #: Messages allowed after a contact, by the kind of contact. Empty: no limit.
    budgets: Mapping[str, Budget] = field(default_factory=dict)
    #: Seconds within which the acknowledgement of a message may itself be the reply. None: it never is.
    reply_within: float | None = None
    #: Seconds between two messages to the same person, and messages a second to all together.
    pace: float = 0.0
    rate: float = 20.0
    #: Join bubbles into as few messages as they fit in: where each message counts.
    merge: bool = False
    media_in: frozenset[str] = frozenset()
    media_out: frozenset[str] = frozenset()
    #: The largest file that the channel carries to us, in bytes; 0 where files need another way.
    file_bytes: int = 0
    #: ``free``: may write at any time; ``notice``: a notice people have consented to; ``none``: at the next contact.
    proactive: Literal["free", "notice", "none"] = "none"
    #: Whether identity numbers and evidence may pass through it; else only by the upload link.
    personal_data: bool = True

    @property
    def can_write(self) -> bool:
        """Whether messages may be sent outside a reply at all."""
        return not self.budgets or any(budget.messages for budget in self.budgets.values())


#: Stores an event and sees to its answer; given to a channel that listens by itself.
Take = Callable[[Event], Awaitable[None]]


class Channel(ABC):
    """One channel of one account. What has a default here is what not every provider has."""

    #: Short and lasting: it stands in the database and in the webhook's path.
    name: str
    capabilities: Capabilities

    # -- in

    def challenge(self, call: Call) -> Ack:
        """Answer a GET by which the provider checks that the address is ours. Raises Forged."""
        raise Forged("no_challenge")

    @abstractmethod
    def verify(self, call: Call) -> None:
        """Raises Forged unless the call is the provider's own, meant for this account, fresh and not replayed."""

    @abstractmethod
    def decode(self, call: Call) -> Sequence[Event]:
        """The events of a verified call, none to many, in order. Raises Unreadable (or Forged, where only the content
        tells whom it is for)."""

    async def before(self, call: Call) -> None:
        """Called with a verified call before it is acknowledged: to store what `decode` alone does not tell."""
        return None

    async def after(self, call: Call) -> None:
        """Called once it is acknowledged: to go and get what it announced."""
        return None

    def acknowledge(self, call: Call, reply: Outgoing | None) -> Ack:
        """The answer to a call whose events are stored; with `reply` where `reply_within` allows one."""
        return Ack()

    async def taken(self, event: Event) -> None:
        """Called after an event was stored, outside the provider's time limit: e.g. to answer a callback."""
        return None

    async def start(self, take: Take) -> None:
        """Begin what runs in the background: polling, pulling. `take` stores one event before it returns."""
        return None

    async def stop(self) -> None:
        """End it, and close connections."""
        return None

    # -- out

    @abstractmethod
    def render(self, entries: Sequence[Entry], done: Mapping[int, int]) -> list[Outgoing]:
        """Assistant entries → messages, in order. `done`: parts of an entry that are out already, by its `seq`."""

    @abstractmethod
    async def send(self, address: Mapping[str, str], message: Outgoing, ticket: str | None) -> None:
        """Send one message. Raises a NotSent if the provider did not take it, AnswerLost if that is not known."""

    async def notify(self, address: Mapping[str, str]) -> None:
        """Tell a person, by a notice they consented to, that something waits for them here. Raises as `send`."""
        raise Refused("no_notices")

    async def send_file(self, address: Mapping[str, str], kind: str, name: str, content: bytes) -> None:
        """Send a file whose kind is in `media_out`. Raises as `send`."""
        raise Refused("no_files")

    async def fetch(self, media: Media) -> Fetched:
        """Fetch a file whole. Raises MediaAway or MediaGone."""
        raise MediaGone("media_unknown")

    # -- and

    @abstractmethod
    def redact(self, text: str) -> str:
        """`text` without what identifies a person or opens the account: for whatever may reach a log."""


def token_of(entry: int, index: int) -> str:
    """What a button sends when it is pressed. It means something only in the conversation that was offered it."""
    return f"{entry}-{index}"


def press_of(token: str) -> Press | None:
    """The press that a token stands for; None if it is none of ours."""
    entry, _, index = token.partition("-")
    if not (entry.isascii() and entry.isdigit() and index.isascii() and index.isdigit()):
        return None
    if len(entry) > 18 or int(index) > 99:
        return None
    return Press(message=int(entry), index=int(index))

"""The shapes of a message on its way in and of an entry on its way out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field

#: The longest text one message may carry. A longer one is refused with a kind answer, before anything is stored.
MAX_TEXT = 5000


class Rejected(Exception):
    """A message or file that cannot be taken. `reason` names a text of `dialogues/`, which `values` fill."""

    def __init__(self, reason: str, status: int = 422, **values: Any) -> None:
        super().__init__(reason)
        self.reason, self.status, self.values = reason, status, values


class Press(BaseModel):
    """A pressed button: the `index`-th of the assistant entry `message`, or, where no entry is known, its `label`."""

    model_config = ConfigDict(extra="forbid")
    message: int | None = None
    index: int | None = Field(default=None, ge=0, le=99)
    label: str | None = Field(default=None, max_length=80, description="its title, or its number counted from 1")


class Inbound(BaseModel):
    """One message of one person. `id` is the channel's own: the same when the same message is sent again."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_.:-]+$")
    text: str | None = None
    button: Press | None = None
    files: list[str] = Field(default=[], max_length=9, description="ids that the file upload returned")
    whole: bool = Field(default=False, description="the sender waits for the answer: nothing more belongs to it")


class Media(BaseModel):
    """A file that a channel has yet to fetch. `ref` is what it needs to find it; `until`: when the provider deletes it,
    in seconds since 1970."""

    model_config = ConfigDict(frozen=True)
    kind: Literal["image", "voice", "video", "file"]
    ref: dict[str, str]
    until: float
    name: str = ""


class Arrival(Inbound):
    """A message as a channel hands it in; never read from the public API.

    `meaning` is a payload that the server itself attached (a menu item, a scanned code); with `numbers` a typed number
    is taken for a button of that number, if one was offered.
    """

    meaning: str | None = None
    numbers: bool = False
    media: list[Media] = Field(default=[], max_length=9)

    @property
    def alone(self) -> bool:
        """Whether it means something by itself, and is no part of what was typed around it."""
        return self.button is not None or self.meaning is not None


class MediaAway(Exception):
    """The file could not be fetched now; it is worth another try, unless it comes `damaged` again and again."""

    def __init__(self, why: str = "", *, damaged: bool = False) -> None:
        super().__init__(why)
        self.damaged = damaged


class MediaGone(Exception):
    """The file will never come. `reason` names the text of `dialogues/phrases.yml` that says what to do instead."""

    def __init__(self, reason: str, **values: Any) -> None:
        super().__init__(reason)
        self.reason, self.values = reason, values


class Button(BaseModel):
    """A quick reply. `payload` says what it means to the brain; it never leaves the service."""

    title: str
    payload: str


class FileShown(BaseModel):
    """A file as its owner sees it: the first eight hex digits of its SHA-256 are enough to compare."""

    name: str
    size: int
    short: str


class Entry(BaseModel):
    """One bubble of the conversation."""

    seq: int
    side: Literal["person", "assistant"]
    text: str
    at: datetime
    buttons: list[Button] = []
    files: list[FileShown] = []
    message_id: str | None = None

    def public(self) -> dict[str, Any]:
        """As it is told to a channel: buttons by title only."""
        data = self.model_dump(mode="json", exclude={"buttons"})
        return {**data, "buttons": [{"title": button.title} for button in self.buttons]}


def read_payload(payload: str) -> dict[str, Any]:
    """``"ctl_edit?element=url"`` → ``{"intent": "ctl_edit", "entities": {"element": "url"}}``."""
    intent, _, query = payload.partition("?")
    entities: dict[str, Any] = {}
    for name, value in parse_qsl(query):
        known = entities.get(name)
        entities[name] = value if known is None else [*(known if isinstance(known, list) else [known]), value]
    return {"intent": intent, "entities": entities}

"""What Tencent's channels do alike with a call, an entry and a file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from connectors.channels.bubbles import Cost, rendered
from connectors.channels.contract import Ack, Call, Channel, Choice, Fetched, Media, Outgoing
from connectors.gateway.messages import Entry


class Codec(Protocol):
    """Reads the calls of one account."""

    def challenge(self, call: Call) -> Ack: ...
    def verify(self, call: Call) -> None: ...


class Api(Protocol):
    """Calls the provider."""

    async def fetch(self, media: Media) -> Fetched: ...
    async def close(self) -> None: ...


class Form(Protocol):
    """How texts are shown: a channel's module `render`."""

    def cost(self, text: str, choices: Sequence[Choice], /) -> int: ...
    def harmless(self, text: str, /) -> str: ...


class TencentChannel(Channel):
    """`secrets` finds what must reach no log; what may stay of a find is in its groups ``name`` and ``sign``."""

    secrets: re.Pattern[str]

    def __init__(self, words: Callable[..., str], codec: Codec, api: Api, form: Form) -> None:
        self._words, self._codec, self.api, self._form = words, codec, api, form

    async def stop(self) -> None:
        await self.api.close()

    def challenge(self, call: Call) -> Ack:
        return self._codec.challenge(call)

    def verify(self, call: Call) -> None:
        self._codec.verify(call)

    async def fetch(self, media: Media) -> Fetched:
        return await self.api.fetch(media)

    def render(self, entries: Sequence[Entry], done: Mapping[int, int]) -> list[Outgoing]:
        cost: Cost = self._form.cost
        more = self._words("more_choices")
        return rendered(entries, done, self.capabilities, cost, more, self._form.harmless)

    def redact(self, text: str) -> str:
        return self.secrets.sub(lambda found: f"{found['name'] or ''}{found['sign'] or ''}…", text)

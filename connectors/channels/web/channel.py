"""The web chat under the contract. Its page fetches entries itself, so nothing is sent and there is no webhook."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from connectors.channels.contract import Call, Capabilities, Channel, Choice, Event, Forged, Outgoing, Refused, token_of
from connectors.gateway.messages import MAX_TEXT, Entry
from connectors.gateway.vault import MAX_FILE_BYTES

_TOKEN = re.compile(r"\b[A-Za-z0-9_-]{43}\b")


class Web(Channel):
    """What the page and the terminal can do."""

    name = "web"
    capabilities = Capabilities(
        delivery="pull",
        buttons="page",
        text_limit=MAX_TEXT * 4,
        text_unit="chars",
        max_choices=99,
        media_in=frozenset({"image", "voice", "video", "file"}),
        media_out=frozenset({"image", "voice", "video", "file"}),
        file_bytes=MAX_FILE_BYTES,
    )

    def verify(self, call: Call) -> None:
        raise Forged("no_webhook")

    def decode(self, call: Call) -> Sequence[Event]:
        return []

    def render(self, entries: Sequence[Entry], done: Mapping[int, int]) -> list[Outgoing]:
        """Each entry is one bubble; the page breaks lines, the API has no limit of its own."""
        return [
            Outgoing(
                entry.text,
                tuple(Choice(button.title, token_of(entry.seq, index)) for index, button in enumerate(entry.buttons)),
                ((entry.seq, 1, True),),
            )
            for entry in entries
            if not done.get(entry.seq)
        ]

    async def send(self, address: Mapping[str, str], message: Outgoing, ticket: str | None) -> None:
        raise Refused("pulled")

    def redact(self, text: str) -> str:
        return _TOKEN.sub("…", text)

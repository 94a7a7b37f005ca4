"""微信客服 as a channel: the way to people and enterprises outside the agency, with files of up to 20 MB."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectors.channels.contract import (
    Ack,
    Budget,
    Call,
    Capabilities,
    Event,
    Outgoing,
    Refused,
    Take,
)
from connectors.channels.kefu import render
from connectors.channels.kefu.account import Account
from connectors.channels.kefu.client import MAX_FILE, Api
from connectors.channels.kefu.codec import Codec
from connectors.channels.kefu.pull import Puller
from connectors.channels.tencent.channel import TencentChannel
from connectors.gateway.database import Database

_SECRETS = re.compile(
    r"\b(?:wm|wo|wk)[\w-]{20,}\b"
    r"|(?P<name>access_token|corpsecret|touser|external_userid|code)(?P<sign>[\"']?\s*[=:]\s*[\"']?)[\w-]+",
    re.IGNORECASE,
)

CAPABILITIES = Capabilities(
    delivery="push",
    buttons="menu",
    text_limit=render.TEXT_BYTES,
    text_unit="bytes",
    max_choices=render.MAX_ITEMS,
    numbers=True,
    # Less than the documented 48 hours and twenty seconds, for the way there and two clocks.
    budgets={"message": Budget(5, 48 * 3600 - 60.0), "welcome": Budget(1, 18.0)},
    pace=0.3,
    rate=50.0,
    merge=True,
    media_in=frozenset({"image", "voice", "video", "file"}),
    media_out=frozenset({"image", "voice", "video", "file"}),
    file_bytes=MAX_FILE,
    proactive="none",
)


class Kefu(TencentChannel):
    """All customer-service accounts of one corporation."""

    name = "kefu"
    capabilities = CAPABILITIES
    secrets = _SECRETS
    api: Api
    _codec: Codec

    def __init__(
        self, account: Account, words: Callable[..., str], scenes: Callable[[str], Any], database: Database
    ) -> None:
        super().__init__(words, Codec(account, words, scenes), Api(account), render)
        self._puller = Puller(database, self.api.sync)

    async def start(self, take: Take) -> None:
        async def item(pulled: dict[str, Any]) -> None:
            if event := self._codec.event(pulled):
                await take(event)

        await self._puller.start(item)

    async def stop(self) -> None:
        await self._puller.stop()
        await super().stop()

    # -- in

    def decode(self, call: Call) -> Sequence[Event]:
        """No events: the callback only says that some are to be pulled."""
        self._codec.news(call)
        return []

    async def before(self, call: Call) -> None:
        if news := self._codec.news(call):
            await self._puller.remember(news.open_kfid)

    async def after(self, call: Call) -> None:
        if news := self._codec.news(call):
            self._puller.tell(news.open_kfid, news.token)

    def acknowledge(self, call: Call, reply: Outgoing | None) -> Ack:
        return Ack(body=b"success")

    # -- out

    async def send(self, address: Mapping[str, str], message: Outgoing, ticket: str | None) -> None:
        first, last = message.covers[0][0], message.covers[-1][0]
        content = {"msgid": f"e{first}_{last}_{secrets.token_hex(2)}", **render.body(message)}
        if ticket:
            await self.api.welcome(ticket, content)
        else:
            await self.api.send(address, content)

    async def send_file(self, address: Mapping[str, str], kind: str, name: str, content: bytes) -> None:
        if kind not in self.capabilities.media_out:
            raise Refused("file_kind")
        media_id = await self.api.upload(kind, name, content)
        await self.api.send(address, {"msgtype": kind, kind: {"media_id": media_id}})

"""A WeChat official account as a channel."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors.channels.contract import (
    Ack,
    Budget,
    Busy,
    Call,
    Capabilities,
    Event,
    Outgoing,
    Refused,
)
from connectors.channels.tencent.answers import ApiError
from connectors.channels.tencent.channel import TencentChannel
from connectors.channels.wechat import render
from connectors.channels.wechat.account import Account
from connectors.channels.wechat.client import CODES, NO_MENU, Api
from connectors.channels.wechat.codec import Codec, Scenes
from connectors.channels.wechat.render import harmless, linked

#: A reply must be there within five seconds of WeChat's clock; a quick one is kinder than a full use of them.
REPLY_WITHIN = 3.5
#: Without customer-service messages the reply is all there is, so it is worth waiting longer.
REPLY_WITHIN_ALONE = 4.5

_SECRETS = re.compile(
    r"\bo[\w-]{27}\b|(?P<name>access_token|secret|openid|touser)(?P<sign>[\"']?\s*[=:]\s*[\"']?)[\w-]+",
    re.IGNORECASE,
)


def capabilities(account: Account) -> Capabilities:
    """What the account can do: most of it depends on whether Tencent has verified it."""
    # Less than the documented 48 hours and one minute, for the way there and two clocks.
    budgets = {"message": Budget(5, 48 * 3600 - 60.0), "tap": Budget(3, 55.0)}
    nothing = {name: Budget(0, budget.seconds) for name, budget in budgets.items()}
    return Capabilities(
        delivery="push",
        buttons=account.buttons,
        text_limit=render.TEXT_BYTES,
        text_unit="bytes",
        max_choices=13,
        numbers=True,
        budgets=budgets if account.customer_service else nothing,
        reply_within=REPLY_WITHIN if account.customer_service else REPLY_WITHIN_ALONE,
        pace=0.3,
        rate=50.0,
        merge=True,
        media_in=frozenset({"image", "voice", "video"}),
        file_bytes=0,
        proactive="notice" if account.notice_template else "none",
    )


class WeChat(TencentChannel):
    """One official account."""

    name = "wechat"
    secrets = _SECRETS
    api: Api
    _codec: Codec

    def __init__(self, account: Account, words: Callable[..., str], scenes: Scenes) -> None:
        super().__init__(words, Codec(account, words, scenes), Api(account), render)
        self._account = account
        self.capabilities = capabilities(account)
        self._by_menu = account.buttons == "menu"

    # -- in

    def decode(self, call: Call) -> Sequence[Event]:
        return self._codec.decode(call)

    def acknowledge(self, call: Call, reply: Outgoing | None) -> Ack:
        return self._codec.acknowledge(call, reply)

    # -- out

    async def send(self, address: Mapping[str, str], message: Outgoing, ticket: str | None) -> None:
        openid = address["openid"]
        if message.choices and self._by_menu:
            try:
                await self.api.call(lambda client: client.message.send_msg_menu(openid, _menu(message)))
            except ApiError as problem:
                if problem.code not in NO_MENU:
                    raise CODES.not_sent(problem.code) from None
                # An account that has no menu messages will not get them by asking again; links say the same.
                self._by_menu = problem.code != NO_MENU[0]
            else:
                return
        by_links = self._account.links_in_replies
        text = linked(message.text, message.choices, message.first_number, by_links=by_links)
        await self.api.send(lambda client: client.message.send_text(openid, text))

    async def notify(self, address: Mapping[str, str]) -> None:
        account = self._account
        data = {account.notice_what: {"value": self._words("notice_topic")}}
        if account.notice_when:
            now = datetime.fromtimestamp(time.time(), ZoneInfo("Asia/Shanghai"))
            data[account.notice_when] = {"value": now.strftime("%Y-%m-%d %H:%M")}
        try:
            await self.api.call(
                lambda client: client.message.send_subscribe_message(address["openid"], account.notice_template, data)
            )
        except ApiError as problem:
            # 43101: the consent was taken back or used up; whatever else is wrong, one more try does not help.
            raise (Busy("busy") if problem.code in (-1, 45009, 45011) else Refused(f"errcode_{problem.code}")) from None


def _menu(message: Outgoing) -> dict[str, Any]:
    return {
        "head_content": harmless(message.text),
        "list": [{"id": choice.token, "content": harmless(choice.title)} for choice in message.choices],
        "tail_content": "",
    }

"""Telegram as a channel of the contract."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from hmac import compare_digest
from typing import Any

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import MessageLimit
from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from connectors.channels.bubbles import rendered
from connectors.channels.contract import (
    Call,
    Capabilities,
    Channel,
    Choice,
    Event,
    Fetched,
    Forged,
    Media,
    MediaGone,
    Outgoing,
    Refused,
    Take,
)
from connectors.channels.telegram.account import Account
from connectors.channels.telegram.codec import UPDATES, Codec, Scenes, updates_of
from connectors.channels.telegram.errors import heard, sending
from connectors.channels.telegram.files import Files
from connectors.channels.telegram.polling import Poller
from connectors.gateway.messages import Entry
from connectors.gateway.vault import MAX_FILE_BYTES

log = structlog.get_logger("telegram")

#: Titles up to so many characters stand two in a row.
_SHORT = 7
#: Seconds between two attempts to tell Telegram where to call.
_AGAIN = (1.0, 5.0, 30.0, 300.0)
_SECRETS = re.compile(r"\d{6,}:[A-Za-z0-9_-]{30,}|(?<![\w-])-?\d{6,}(?![\w-])")


def capabilities(account: Account) -> Capabilities:
    """What this bot can do, and may."""
    return Capabilities(
        delivery="push",
        buttons="native",
        text_limit=MessageLimit.MAX_TEXT_LENGTH,
        text_unit="utf16",
        # One message a second to a person, thirty to all, both with some room.
        pace=1.05,
        rate=25.0,
        media_in=frozenset({"image", "voice", "video", "file"}),
        media_out=frozenset({"image", "video", "file"}),
        file_bytes=MAX_FILE_BYTES,
        proactive="free",
        personal_data=account.personal_data,
    )


class Telegram(Channel):
    """One bot."""

    name = "telegram"

    def __init__(self, account: Account, words: Callable[..., str], scenes: Scenes) -> None:
        self._account, self._words = account, words
        self._codec = Codec(scenes)
        self.capabilities = capabilities(account)
        self._requests = [HTTPXRequest(connection_pool_size=16, read_timeout=8.0), HTTPXRequest(read_timeout=8.0)]
        self._bot = Bot(
            account.token,
            base_url=f"{account.api}/bot",
            base_file_url=f"{account.api}/file/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )
        self._files = Files(self._bot)
        self._poller = Poller(self._bot)
        self._setting_up: asyncio.Task[None] | None = None

    # -- in

    def verify(self, call: Call) -> None:
        shown = call.headers.get("x-telegram-bot-api-secret-token", "")
        if not self._account.webhook or not compare_digest(shown.encode(), self._account.secret.encode()):
            raise Forged("secret_token")

    def decode(self, call: Call) -> Sequence[Event]:
        event = self._codec.event(updates_of(call.body), call.at)
        return [event] if event else []

    async def taken(self, event: Event) -> None:
        """Stop the pressed button's clock, and take the choices away: they have been chosen from."""
        if event.token is None:
            return
        query, _, message = event.token.partition("/")
        with contextlib.suppress(TelegramError):
            await self._bot.answer_callback_query(query)
        # Pressed twice, or too long ago to be changed: the gateway tells a stale choice from a current one anyway.
        with contextlib.suppress(TelegramError):
            await self._bot.edit_message_reply_markup(chat_id=int(event.address["chat"]), message_id=int(message))

    async def start(self, take: Take) -> None:
        async def one(raw: dict[str, Any]) -> None:
            if event := self._codec.event(raw, time.time()):
                await take(event)
                await self.taken(event)

        if self._account.webhook:
            self._setting_up = asyncio.create_task(self._set_webhook())
        else:
            self._poller.start(one)

    async def _set_webhook(self) -> None:
        """Tell Telegram where to call, until it has heard it."""
        tries = 0
        while True:
            try:
                await self._bot.set_webhook(
                    self._account.webhook, secret_token=self._account.secret, allowed_updates=UPDATES
                )
            except TelegramError as problem:
                log.warning("webhook_not_set", problem=heard(problem))
                await asyncio.sleep(_AGAIN[min(tries, len(_AGAIN) - 1)])
                tries += 1
            else:
                return

    async def stop(self) -> None:
        await self._poller.stop()
        if self._setting_up:
            self._setting_up.cancel()
            await asyncio.gather(self._setting_up, return_exceptions=True)
        await self._files.close()
        for request in self._requests:
            await request.shutdown()

    async def fetch(self, media: Media) -> Fetched:
        if not self.capabilities.personal_data:
            raise MediaGone("media_unknown")
        return await self._files.fetch(media)

    # -- out

    def render(self, entries: Sequence[Entry], done: Mapping[int, int]) -> list[Outgoing]:
        return rendered(entries, done, self.capabilities, _cost, self._words("more_choices"))

    async def send(self, address: Mapping[str, str], message: Outgoing, ticket: str | None) -> None:
        with sending():
            await self._bot.send_message(
                int(address["chat"]),
                message.text,
                reply_markup=keyboard(message.choices),
                # A preview would be fetched by Telegram, and a link meant for one person opened by a machine.
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )

    async def send_file(self, address: Mapping[str, str], kind: str, name: str, content: bytes) -> None:
        chat = int(address["chat"])
        with sending():
            if kind == "image":
                await self._bot.send_photo(chat, content, filename=name)
            elif kind == "video":
                await self._bot.send_video(chat, content, filename=name)
            elif kind == "file":
                await self._bot.send_document(chat, content, filename=name)
            else:
                raise Refused("file_kind")

    # -- and

    def redact(self, text: str) -> str:
        return _SECRETS.sub("…", text)


def _cost(text: str, _choices: Sequence[Choice]) -> int:
    """Buttons stand beside the text and take nothing of its room."""
    return len(text.encode("utf-16-le")) // 2


def keyboard(choices: Sequence[Choice]) -> InlineKeyboardMarkup | None:
    """Choices as buttons under the message, short ones in pairs."""
    rows: list[list[InlineKeyboardButton]] = []
    for choice in choices:
        button = InlineKeyboardButton(choice.title, callback_data=choice.token)
        narrow = len(choice.title) <= _SHORT
        if narrow and rows and len(rows[-1]) == 1 and len(rows[-1][0].text) <= _SHORT:
            rows[-1].append(button)
        else:
            rows.append([button])
    return InlineKeyboardMarkup(rows) if rows else None

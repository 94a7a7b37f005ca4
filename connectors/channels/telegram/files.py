"""Fetching what people sent to the bot. A file's address holds the bot's token: it is used once and kept nowhere."""

from __future__ import annotations

import httpx
from telegram import Bot
from telegram.error import BadRequest, Forbidden, TelegramError

from connectors.channels.contract import Fetched, Media, MediaAway, MediaGone
from connectors.channels.download import download
from connectors.channels.telegram.errors import heard
from connectors.gateway.vault import MAX_FILE_BYTES


class Files:
    """Downloads within Telegram's limit for bots, 20 MB."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(10.0))

    async def fetch(self, media: Media) -> Fetched:
        """Raises MediaAway or MediaGone."""
        if int(media.ref.get("size") or 0) > MAX_FILE_BYTES:
            raise MediaGone("media_large", limit=MAX_FILE_BYTES // 1024 // 1024)
        try:
            found = await self._bot.get_file(media.ref["file_id"])
        except BadRequest as problem:
            if "too big" in problem.message.lower():
                raise MediaGone("media_large", limit=MAX_FILE_BYTES // 1024 // 1024) from None
            raise MediaGone("media_expired") from None
        except Forbidden:
            raise MediaGone("media_expired") from None
        except TelegramError as problem:
            raise MediaAway(heard(problem)) from None
        address = found.file_path
        if not address:
            raise MediaAway("no_path")
        try:
            got = await download(self._http, address, {}, MAX_FILE_BYTES)
        except MediaAway as problem:
            # Without its cause, whose text has the address.
            raise MediaAway(*problem.args) from None
        ending = address.rpartition("/")[2].rpartition(".")[2].lower()
        name = media.name or (f"{media.kind}.{ending}" if ending.isalnum() and len(ending) < 6 else media.kind)
        return Fetched(name, got.content)

    async def close(self) -> None:
        await self._http.aclose()

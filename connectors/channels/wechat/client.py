"""The official account's API: wechatpy's client with a stable token, one bounded retry, and every answer understood."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import requests
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException

from connectors.channels.contract import (
    AnswerLost,
    Busy,
    Fetched,
    Media,
    MediaAway,
)
from connectors.channels.download import DOWNLOAD_SECONDS, Download, download, download_public
from connectors.channels.tencent.answers import ApiError, Codes, told_by
from connectors.channels.tencent.media import fetched
from connectors.channels.tencent.tokens import AccessToken
from connectors.channels.wechat.account import Account
from connectors.gateway.fetching import Fetcher

#: Seconds to connect and to wait for an answer; together under what delivery allows.
TIMEOUT = (3.05, 6.0)
#: Most calls at the same time.
SENDERS = 16
#: The largest file that comes through, in bytes: a video of ten megabytes, and room for what the limit becomes.
MAX_FILE = 20 * 1024 * 1024

CODES = Codes(
    closed={45015: "window_closed", 45047: "budget_used_up"},
    unreachable={43004: "not_following", 43019: "blocked", 48002: "messages_off", 40003: "unknown_person"},
    refused={
        45002: "text_too_long",
        87014: "risky_content",
        40007: "media_unknown",
        40008: "message_type",
        44002: "message_empty",
        44004: "message_empty",
        47001: "message_shape",
    },
    # Over quota, or the account lacks something that its agency must see to.
    pauses={45009: 600.0, 45011: 60.0, **dict.fromkeys((40013, 40125, 40164, 48001, 48004, 48006, 50002), 300.0)},
)
#: Menu messages are not for every account, and not for any number of items.
NO_MENU = (40200, 45098)


class _Client(WeChatClient):  # type: ignore[misc]
    """wechatpy's client at any base URL; its own way to get tokens is never used."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.appid, account.secret, timeout=TIMEOUT, auto_retry=False)
        self.API_BASE_URL = f"{account.api.rstrip('/')}/cgi-bin/"

    def fetch_access_token(self) -> None:
        raise Busy("no_token")


class Api:
    """One per account. All methods raise NotSent or AnswerLost, `fetch` MediaAway or MediaGone.

    `public` fetches what an answer links to.
    """

    def __init__(self, account: Account, public: Fetcher | None = None) -> None:
        self._account = account
        self._public = public or Fetcher(max_bytes=MAX_FILE, seconds=DOWNLOAD_SECONDS)
        self._client = _Client(account)
        # Threads of its own: a provider that is slow must not hold up those that the database is read in.
        self._threads = ThreadPoolExecutor(SENDERS, thread_name_prefix="wechat")
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(8.0, connect=3.0))
        self._base = f"{account.api.rstrip('/')}/cgi-bin"
        self.token = AccessToken(self._issue)

    async def close(self) -> None:
        await self._http.aclose()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client._http.close()

    async def _issue(self, force: bool) -> tuple[str, float]:
        body = {
            "grant_type": "client_credential",
            "appid": self._account.appid,
            "secret": self._account.secret,
            "force_refresh": force,
        }
        try:
            answer = await self._http.post(f"{self._base}/stable_token", json=body)
            told = answer.json()
            if "access_token" in told:
                return str(told["access_token"]), float(told.get("expires_in", 7200))
            code = told.get("errcode", answer.status_code)
            raise Busy(f"token_{code}", CODES.pauses.get(code, 5.0))
        except (httpx.HTTPError, ValueError, AttributeError, TypeError):
            raise Busy("no_token") from None

    async def call(self, work: Callable[[WeChatClient], Any]) -> Any:
        """Run one call of wechatpy's client, once more if its token was refused. Raises ApiError besides."""
        return await self.token.used(lambda token: self._once(token, work))

    async def _once(self, token: str, work: Callable[[WeChatClient], Any]) -> Any:
        self._client.session.set(self._client.access_token_key, token)
        try:
            told = await asyncio.get_running_loop().run_in_executor(self._threads, work, self._client)
        except WeChatClientException as problem:
            if problem.errcode is None:
                raise Busy(f"http_{getattr(problem.response, 'status_code', 0)}") from None
            raise ApiError(int(problem.errcode)) from None
        except requests.ConnectTimeout:
            raise Busy("no_connection") from None
        except requests.ConnectionError as problem:
            # No connection was made, so nothing was sent; any other break leaves that open.
            reason = getattr(problem.args[0] if problem.args else None, "reason", None)
            if type(reason).__name__ in ("NewConnectionError", "NameResolutionError"):
                raise Busy("no_connection") from None
            raise AnswerLost from None
        except requests.RequestException:
            raise AnswerLost from None
        if not isinstance(told, dict):
            # Not JSON: some proxy's page. What happened behind it nobody knows.
            raise AnswerLost
        return told

    async def send(self, work: Callable[[WeChatClient], Any]) -> None:
        """One message. Raises NotSent by what the error code means."""
        try:
            await self.call(work)
        except ApiError as problem:
            raise CODES.not_sent(problem.code) from None

    # -- files

    async def fetch(self, media: Media) -> Fetched:
        """A file that somebody sent; a video by the link that stands in its place."""
        found = await fetched(self._http, self._base, self.token, media.ref["media_id"], MAX_FILE)
        if url := told_by(found).get("video_url"):
            found = await self._linked(str(url))
        if not found.content:
            raise MediaAway("empty", damaged=True)
        return Fetched(media.name or found.name, found.content)

    async def _linked(self, url: str) -> Download:
        """What a link in an answer leads to: the API itself, or somewhere on the public internet."""
        parts, own = urlsplit(url), urlsplit(self._account.api)
        if (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
            return await download(self._http, url, {}, MAX_FILE)
        return await download_public(self._public, url)

"""The official account's API: wechatpy's client with a stable token, one bounded retry, and every answer understood."""

from __future__ import annotations

import asyncio
import json
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
    Closed,
    Fetched,
    Media,
    MediaAway,
    MediaGone,
    NotSent,
    Refused,
    Unreachable,
)
from connectors.channels.download import Download, download
from connectors.channels.tencent.tokens import AccessToken
from connectors.channels.wechat.account import Account

#: Seconds to connect and to wait for an answer; together under what delivery allows.
TIMEOUT = (3.05, 6.0)
#: Most calls at the same time.
SENDERS = 16
#: The largest file that comes through, in bytes: a video of ten megabytes, and room for what the limit becomes.
MAX_FILE = 20 * 1024 * 1024
#: Where a video may lie, besides the API itself.
MEDIA_HOSTS = (".qq.com", ".qpic.cn", ".weixin.qq.com", ".wechat.com")

_TOKEN = (40001, 40014, 42001)
_CLOSED = {45015: "window_closed", 45047: "budget_used_up"}
_UNREACHABLE = {43004: "not_following", 43019: "blocked", 40003: "unknown_person"}
_REFUSED = {45002: "text_too_long", 87014: "risky_content", 40007: "media_unknown", 40008: "message_type"}
#: Errors that have their own pause, in seconds.
_PAUSES = {45009: 600.0, 45011: 60.0, 48001: 300.0, 48004: 300.0, 40164: 300.0, 40013: 300.0, 40125: 300.0}
#: Menu messages are not for every account, and not for any number of items.
NO_MENU = (40200, 45098)


class ApiError(Exception):
    """An answer with an error code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"errcode {code}")
        self.code = code


def not_sent(code: int) -> NotSent:
    """What an error code means for a message. What is not known is tried again, and seen by staff."""
    if code in _CLOSED:
        return Closed(_CLOSED[code])
    if code in _UNREACHABLE:
        return Unreachable(_UNREACHABLE[code])
    if code in _REFUSED:
        return Refused(_REFUSED[code])
    return Busy(f"errcode_{code}", _PAUSES.get(code))


class _Client(WeChatClient):  # type: ignore[misc]
    """wechatpy's client at any base URL; its own way to get tokens is never used."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.appid, account.secret, timeout=TIMEOUT, auto_retry=False)
        self.API_BASE_URL = f"{account.api.rstrip('/')}/cgi-bin/"

    def fetch_access_token(self) -> None:
        raise Busy("no_token")


class Api:
    """One per account. All methods raise NotSent or AnswerLost, `fetch` MediaAway or MediaGone."""

    def __init__(self, account: Account) -> None:
        self._account = account
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
            raise Busy(f"token_{told.get('errcode', answer.status_code)}", _PAUSES.get(told.get("errcode", 0), 5.0))
        except (httpx.HTTPError, ValueError, AttributeError, TypeError):
            raise Busy("no_token") from None

    async def call(self, work: Callable[[WeChatClient], Any]) -> Any:
        """Run one call of wechatpy's client, once more if its token was refused. Raises ApiError besides."""
        token = await self.token.get()
        try:
            return await self._once(token, work)
        except ApiError as problem:
            if problem.code not in _TOKEN:
                raise
        token = await self.token.other_than(token)
        try:
            return await self._once(token, work)
        except ApiError as problem:
            if problem.code in _TOKEN:
                raise Busy("token_refused", 30.0) from None
            raise

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
            raise not_sent(problem.code) from None

    # -- files

    async def fetch(self, media: Media) -> Fetched:
        """A file that somebody sent; a video by the link that stands in its place."""
        try:
            token = await self.token.get()
            found = await self._media(token, media)
            if _code(found) in _TOKEN:
                found = await self._media(await self.token.other_than(token), media)
        except NotSent as problem:
            raise MediaAway(problem.problem) from None
        code = _code(found)
        if code == 40007 or code == 40006:
            raise MediaGone("media_expired")
        if code:
            raise MediaAway(f"errcode_{code}")
        if url := _video_url(found):
            if not self._allowed(url):
                raise MediaGone("media_unknown")
            found = await download(self._http, url, {}, MAX_FILE)
        if not found.content:
            raise MediaAway("empty", damaged=True)
        return Fetched(media.name or found.name, found.content)

    async def _media(self, token: str, media: Media) -> Download:
        params = {"access_token": token, "media_id": media.ref["media_id"]}
        return await download(self._http, f"{self._base}/media/get", params, MAX_FILE)

    def _allowed(self, url: str) -> bool:
        """A link in an answer leads to Tencent or nowhere: never into the agency's own network."""
        parts = urlsplit(url)
        own = urlsplit(self._account.api)
        if (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
            return True
        host = parts.hostname or ""
        return parts.scheme in ("https", "http") and parts.port in (None, 80, 443) and host.endswith(MEDIA_HOSTS)


def _json(found: Download) -> dict[str, Any]:
    if len(found.content) > 4096 or not found.content.lstrip().startswith(b"{"):
        return {}
    try:
        told = json.loads(found.content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _code(found: Download) -> int:
    code = _json(found).get("errcode", 0)
    return code if isinstance(code, int) else 0


def _video_url(found: Download) -> str:
    url = _json(found).get("video_url", "")
    return url if isinstance(url, str) else ""

"""The API of 微信客服 over httpx: tokens, pulling, sending, files both ways, session state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from connectors.channels.contract import (
    AnswerLost,
    Busy,
    Closed,
    Fetched,
    Media,
    MediaAway,
    Refused,
    Unreachable,
)
from connectors.channels.kefu.account import Account
from connectors.channels.tencent.answers import ApiError, Codes, error_of
from connectors.channels.tencent.media import fetched
from connectors.channels.tencent.tokens import AccessToken

#: The largest file that it carries, in bytes.
MAX_FILE = 20 * 1024 * 1024
CODES = Codes(
    closed={95001: "budget_used_up", 95002: "window_closed"},
    unreachable={40003: "unknown_person", 40096: "unknown_person"},
    refused={
        45002: "text_too_long",
        40007: "media_unknown",
        40008: "message_type",
        40058: "message_shape",
        44004: "message_empty",
        47001: "message_shape",
    },
    # Over quota, or the account lacks something that its agency must see to.
    pauses={45009: 60.0, 45033: 10.0, **dict.fromkeys((40013, 48002, 60011, 60020, 95000, 95004, 95017), 300.0)},
)
#: The session is not the assistant's: ended, or with a member of staff.
NOT_OURS = 95018


class Api:
    """One per corporation."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(8.0, connect=3.0))
        self._base = f"{account.api.rstrip('/')}/cgi-bin"
        self.token = AccessToken(self._issue)

    async def close(self) -> None:
        await self._http.aclose()

    async def _issue(self, _force: bool) -> tuple[str, float]:
        params = {"corpid": self._account.corp_id, "corpsecret": self._account.secret}
        try:
            told = (await self._http.get(f"{self._base}/gettoken", params=params)).json()
            if told.get("errcode", 0) == 0 and "access_token" in told:
                return str(told["access_token"]), float(told.get("expires_in", 7200))
            raise Busy(f"token_{told.get('errcode')}", CODES.pauses.get(told.get("errcode"), 5.0))
        except (httpx.HTTPError, ValueError, AttributeError, TypeError):
            raise Busy("no_token") from None

    async def call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One POST, once more if its token was refused. Raises ApiError, NotSent, AnswerLost."""
        return await self.token.used(lambda token: self._post(path, token, json=dict(body)))

    async def _post(self, path: str, token: str, **content: Any) -> dict[str, Any]:
        query = {"access_token": token, **content.pop("params", {})}
        try:
            answer = await self._http.post(f"{self._base}/{path}", params=query, **content)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise Busy("no_connection") from None
        except httpx.HTTPError:
            raise AnswerLost from None
        if answer.status_code != 200:
            raise Busy(f"http_{answer.status_code}")
        try:
            told = answer.json()
        except ValueError:
            raise AnswerLost from None
        if not isinstance(told, dict) or not isinstance(told.get("errcode", 0), int):
            raise AnswerLost
        if code := error_of(told):
            raise ApiError(code)
        return told

    # -- messages

    async def sync(self, open_kfid: str, cursor: str, token: str) -> dict[str, Any]:
        """One page of news: ``{"msg_list", "next_cursor", "has_more"}``."""
        body: dict[str, Any] = {"open_kfid": open_kfid, "limit": 1000, "voice_format": 0}
        body |= {"cursor": cursor} if cursor else {}
        body |= {"token": token} if token else {}
        return await self.call("kf/sync_msg", body)

    async def send(self, address: Mapping[str, str], body: Mapping[str, Any]) -> None:
        """One message. If the session has ended it is begun anew, once. Raises NotSent or AnswerLost."""
        whole = {**address, **body}
        try:
            await self.call("kf/send_msg", whole)
            return
        except ApiError as problem:
            if problem.code != NOT_OURS:
                raise CODES.not_sent(problem.code) from None
        if not await self.take_session(address):
            raise Unreachable("with_staff")
        try:
            await self.call("kf/send_msg", whole)
        except ApiError as problem:
            raise (Closed("session_ended") if problem.code == NOT_OURS else CODES.not_sent(problem.code)) from None

    async def welcome(self, code: str, body: Mapping[str, Any]) -> None:
        """The one message that a welcome code allows, within twenty seconds."""
        try:
            await self.call("kf/send_msg_on_event", {"code": code, **body})
        except ApiError as problem:
            # A code that is not taken now never will be; what it was for goes out at the next contact.
            raise (CODES.not_sent(45009) if problem.code == 45009 else Closed("welcome_code")) from None

    async def state(self, address: Mapping[str, str]) -> int:
        """0 new, 1 with the assistant, 2 in the queue, 3 with a member of staff, 4 ended."""
        who = {"open_kfid": address["open_kfid"], "external_userid": address["touser"]}
        return int((await self.call("kf/service_state/get", who)).get("service_state", 0))

    async def take_session(self, address: Mapping[str, str]) -> bool:
        """Make the session the assistant's, unless staff have it or wait for it."""
        try:
            if await self.state(address) in (2, 3):
                return False
            who = {"open_kfid": address["open_kfid"], "external_userid": address["touser"]}
            await self.call("kf/service_state/trans", {**who, "service_state": 1})
        except ApiError:
            return False
        return True

    # -- files

    async def upload(self, kind: str, name: str, content: bytes) -> str:
        """The media id under which a file can be sent. Raises NotSent or AnswerLost."""
        if len(content) > MAX_FILE:
            raise Refused("file_too_large")
        try:
            told = await self.token.used(
                lambda token: self._post("media/upload", token, params={"type": kind}, files={"media": (name, content)})
            )
        except ApiError as problem:
            raise CODES.not_sent(problem.code) from None
        if "media_id" not in told:
            raise Busy("no_media_id")
        return str(told["media_id"])

    async def fetch(self, media: Media) -> Fetched:
        """A file that somebody sent, under the name they gave it. Raises MediaAway or MediaGone."""
        found = await fetched(self._http, self._base, self.token, media.ref["media_id"], MAX_FILE)
        if not found.content:
            raise MediaAway("empty", damaged=True)
        return Fetched(media.name or found.name or media.kind, found.content)

"""A stand-in for WeChat's official-account platform: the API, and the phones and the push on the other side.

Wire formats as documented by Tencent: `stable_token`, `message/custom/send`, `media/get` (a video's link in JSON),
`menu/*`, `message/subscribe/bizsend`, `wxaapi/newtmpl/*`; pushes as XML in plain or safe mode, answered within five
seconds or made again, three times in all.
"""

from __future__ import annotations

import asyncio
import atexit
import itertools
import json
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from wechatpy.crypto import WeChatCrypto

from connectors.channels.tencent.calls import signature
from tests.channels.stand_ins.files import hand_out

#: Rules of 2023-05-30: messages and seconds after each kind of contact.
RULES = {"message": (5, 48 * 3600), "tap": (3, 60)}
TEXT_BYTES = 2048
#: Seconds that WeChat waits for the answer to a push, and how often it makes one in all.
PUSH_SECONDS, PUSHES = 5.0, 3
#: Seconds that a slow answer takes.
SLOW = 3.0


#: One client for all phones: making one costs more than a call.
HTTP = httpx.Client(limits=httpx.Limits(max_connections=64))
atexit.register(HTTP.close)


@dataclass
class Seen:
    """One message on a phone."""

    via: str  # reply | text | msgmenu
    text: str
    choices: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class File:
    content: bytes
    media_type: str
    how: str = "well"


def no_token(trouble: str) -> Response:
    """How a platform in trouble answers whoever asks for a token."""
    if trouble == "500":
        return Response("Internal Server Error", status_code=500)
    if trouble == "nonsense":
        return JSONResponse([])
    return JSONResponse({"errcode": 40164, "errmsg": "invalid ip, not in whitelist"})


class Platform:
    """`app` is the API. `phones` by openid."""

    appid, secret, token = "wx0123456789abcdef", "s" * 32, "standintoken"

    def __init__(self, aes_key: str | None = None) -> None:
        self.aes_key = aes_key
        self.crypto = WeChatCrypto(self.token, aes_key, self.appid) if aes_key else None
        self.account = "gh_0123456789ab"
        self.phones: dict[str, Phone] = {}
        self.files: dict[str, File] = {}
        self.tokens: list[str] = []
        self.calls: Counter[str] = Counter()
        #: Answers to give next to `message/custom/send`: an error code, an HTTP status from 400, "lost" or "slow".
        self.next: list[int | str] = []
        self.verified = True
        self.menu: Any = None
        self.notices: list[dict[str, Any]] = []
        self.refuse_tokens = False
        self.token_trouble = ""
        self.numbers = itertools.count(6054768590064713728)
        self.url = ""
        self.app = Starlette(
            routes=[
                Route("/cgi-bin/stable_token", self._stable_token, methods=["POST"]),
                Route("/cgi-bin/message/custom/send", self._send, methods=["POST"]),
                Route("/cgi-bin/media/get", self._media),
                Route("/video/{media_id}", self._video),
                Route("/cgi-bin/menu/create", self._menu_create, methods=["POST"]),
                Route("/cgi-bin/menu/get", self._menu_get),
                Route("/cgi-bin/menu/delete", self._menu_delete),
                Route("/cgi-bin/message/subscribe/bizsend", self._bizsend, methods=["POST"]),
                Route("/wxaapi/newtmpl/gettemplate", self._templates),
                Route("/wxaapi/newtmpl/addtemplate", self._add_template, methods=["POST"]),
            ]
        )

    # -- the API

    async def _stable_token(self, request: Request) -> Response:
        self.calls["stable_token"] += 1
        if self.token_trouble:
            return no_token(self.token_trouble)
        asked = await request.json()
        if (asked.get("appid"), asked.get("secret")) != (self.appid, self.secret):
            return JSONResponse({"errcode": 40125, "errmsg": "invalid appsecret"})
        if not self.tokens or asked.get("force_refresh"):
            self.tokens.append(secrets.token_hex(60))
        return JSONResponse({"access_token": self.tokens[-1], "expires_in": 7200})

    def expire(self) -> None:
        """The platform gives out another token from now on, and takes no older one."""
        self.tokens.append(secrets.token_hex(60))

    def _wrong_token(self, request: Request) -> JSONResponse | None:
        given = request.query_params.get("access_token")
        if self.refuse_tokens or not self.tokens or given != self.tokens[-1]:
            return JSONResponse({"errcode": 40001, "errmsg": "invalid credential, access_token is invalid"})
        return None

    async def _send(self, request: Request) -> Response:
        self.calls["send"] += 1
        asked = await request.json()
        if wrong := self._wrong_token(request):
            return wrong
        what = self.next.pop(0) if self.next else 0
        if isinstance(what, int) and what >= 400 and what < 600:
            return Response("<html>Bad Gateway</html>", status_code=what)
        if isinstance(what, int) and what:
            return JSONResponse({"errcode": what, "errmsg": "as asked"})
        if what == "slow":
            await asyncio.sleep(SLOW)
        told = self._deliver(asked)
        if what == "lost" and told["errcode"] == 0:
            # It is on the phone, and the answer never comes.
            await asyncio.sleep(3600)
        return JSONResponse(told)

    def _deliver(self, asked: dict[str, Any]) -> dict[str, Any]:
        phone = self.phones.get(asked["touser"])
        if phone is None:
            return {"errcode": 40003, "errmsg": "invalid openid"}
        if not phone.follows:
            return {"errcode": 43004, "errmsg": "require subscribe"}
        kind = asked["msgtype"]
        if kind == "msgmenu" and not self.verified:
            return {"errcode": 40200, "errmsg": "invalid account type"}
        if kind == "text" and len(asked["text"]["content"].encode()) > TEXT_BYTES:
            return {"errcode": 45002, "errmsg": "content size out of limit"}
        refused = phone.allow()
        if refused:
            return {"errcode": refused, "errmsg": "response out of limit"}
        if kind == "text":
            phone.seen.append(Seen("text", asked["text"]["content"]))
        elif kind == "msgmenu":
            menu = asked["msgmenu"]
            choices = [(item["id"], item["content"]) for item in menu["list"]]
            phone.seen.append(Seen("msgmenu", menu["head_content"], choices))
        return {"errcode": 0, "errmsg": "ok"}

    async def _media(self, request: Request) -> Response:
        self.calls["media"] += 1
        if wrong := self._wrong_token(request):
            return wrong
        media_id = request.query_params["media_id"]
        file = self.files.get(media_id)
        if file is None:
            return JSONResponse({"errcode": 40007, "errmsg": "invalid media_id"})
        if file.media_type.startswith("video/") and file.how != "expired":
            return JSONResponse({"video_url": f"{self.url}/video/{media_id}"})
        return hand_out(file.content, file.media_type, media_id, file.how)

    async def _video(self, request: Request) -> Response:
        file = self.files[request.path_params["media_id"]]
        return hand_out(file.content, file.media_type, "video.mp4", file.how)

    async def _menu_create(self, request: Request) -> JSONResponse:
        if wrong := self._wrong_token(request):
            return wrong
        menu = json.loads(await request.body())
        if len(menu["button"]) > 3 or any(len(column.get("sub_button", [])) > 5 for column in menu["button"]):
            return JSONResponse({"errcode": 40016, "errmsg": "invalid button size"})
        self.menu = menu
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _menu_get(self, request: Request) -> JSONResponse:
        if wrong := self._wrong_token(request):
            return wrong
        if self.menu is None:
            return JSONResponse({"errcode": 46003, "errmsg": "menu no exist"})
        return JSONResponse({"menu": self.menu})

    async def _menu_delete(self, request: Request) -> JSONResponse:
        if wrong := self._wrong_token(request):
            return wrong
        self.menu = None
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _bizsend(self, request: Request) -> JSONResponse:
        if wrong := self._wrong_token(request):
            return wrong
        asked = json.loads(await request.body())
        phone = self.phones.get(asked["touser"])
        if phone is None or phone.consents <= 0:
            return JSONResponse({"errcode": 43101, "errmsg": "user refuse to accept the msg"})
        phone.consents -= 1
        self.notices.append(asked)
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _templates(self, request: Request) -> JSONResponse:
        if wrong := self._wrong_token(request):
            return wrong
        data = [{"priTmplId": "tmpl-1", "title": "办理进度提醒", "content": "事项:{{thing1.DATA}}", "type": 3}]
        return JSONResponse({"errcode": 0, "errmsg": "ok", "data": data})

    async def _add_template(self, request: Request) -> JSONResponse:
        if wrong := self._wrong_token(request):
            return wrong
        return JSONResponse({"errcode": 0, "errmsg": "ok", "priTmplId": "tmpl-2"})

    # -- phones

    def phone(self, webhook: str) -> Phone:
        """Somebody who follows the account at this webhook."""
        phone = Phone(self, "o" + secrets.token_hex(13) + "x", webhook)
        self.phones[phone.openid] = phone
        return phone

    def keep(self, content: bytes, media_type: str, how: str = "well") -> str:
        media_id = secrets.token_urlsafe(48)
        self.files[media_id] = File(content, media_type, how)
        return media_id


class Phone:
    """One person with WeChat. What the platform would show them is in `seen`."""

    def __init__(self, platform: Platform, openid: str, webhook: str) -> None:
        self._platform, self.openid, self._webhook = platform, openid, webhook
        self.seen: list[Seen] = []
        self.follows = True
        self.consents = 0
        self.trouble = 0
        self.pushes: list[tuple[int, float]] = []
        self.done = 0
        self._left: dict[str, tuple[int, float]] = {}
        #: Most customer-service messages that were shown after one contact, by its kind.
        self.most: Counter[str] = Counter()
        self._sent: Counter[str] = Counter()

    def contact(self, kind: str, at: float | None = None) -> None:
        number, seconds = RULES[kind]
        self._left[kind] = (number, (at or time.time()) + seconds)
        self._sent[kind] = 0

    def close_window(self) -> None:
        """As if more than two days had gone by."""
        self._left = {kind: (left, 0.0) for kind, (left, _) in self._left.items()}

    def allow(self) -> int:
        """Use one message of what is allowed; the error code if nothing is."""
        now = time.time()
        open_ones = {kind: left for kind, (left, until) in self._left.items() if until > now}
        if not open_ones:
            return 45015
        usable = [kind for kind in ("tap", "message") if open_ones.get(kind, 0) > 0]
        if not usable:
            return 45047
        kind = usable[0]
        left, until = self._left[kind]
        self._left[kind] = (left - 1, until)
        self._sent[kind] += 1
        self.most[kind] = max(self.most[kind], self._sent[kind])
        return 0

    # -- what the person does

    def says(self, text: str, **more: Any) -> None:
        self.push({"MsgType": "text", "Content": text}, "message", **more)

    def chooses(self, title: str, token: str, *, with_id: bool = True) -> None:
        """Tap a choice of a menu message or a link: its words are sent, with its id mostly."""
        extra = {"bizmsgmenuid": token} if with_id else {}
        self.push({"MsgType": "text", "Content": title, **extra}, "tap", with_number=with_id)

    def sends(self, kind: str, content: bytes, media_type: str, how: str = "well", **more: Any) -> None:
        media_id = self._platform.keep(content, media_type, how)
        fields = {"MsgType": kind, "MediaId": media_id}
        fields |= {"image": {"PicUrl": "http://127.0.0.1/none"}, "voice": {"Format": "amr", "Recognition": ""}}.get(
            kind, {}
        )
        self.push(fields, "message", **more)

    def does(self, event: str, key: str = "", contact: str | None = "tap") -> None:
        self.push({"MsgType": "event", "Event": event, "EventKey": key}, contact, with_number=False)

    def push(
        self,
        fields: dict[str, str],
        contact: str | None,
        *,
        with_number: bool = True,
        lose: int = 0,
        repeat: int = 0,
        pushes: int = 0,
    ) -> None:
        """What WeChat does with it. `lose`: so many answers are lost on the way; `repeat`: so many extra deliveries;
        `pushes`: other than the usual three."""
        self.done += 1
        if contact:
            self.contact(contact)
        whole = {
            "ToUserName": self._platform.account,
            "FromUserName": self.openid,
            "CreateTime": str(int(time.time())),
            **fields,
        }
        if with_number:
            whole["MsgId"] = str(next(self._platform.numbers))
        body = _xml(whole)
        for attempt in range(pushes or PUSHES):
            answer = self._post(body)
            if answer is None and pushes:
                time.sleep(0.1)
            if attempt < lose:
                continue
            if answer is not None:
                self._show(answer)
                break
        else:
            self.trouble += 1
        for _ in range(repeat):
            self._post(body)

    def _post(self, body: str) -> httpx.Response | None:
        stamp, nonce = str(int(time.time())), secrets.token_hex(5)
        query = {"timestamp": stamp, "nonce": nonce, "signature": signature(self._platform.token, stamp, nonce)}
        query["openid"] = self.openid
        content = body
        if self._platform.crypto:
            sealed = self._platform.crypto.encrypt_message(body, nonce, stamp)
            encrypted = ElementTree.fromstring(sealed).findtext("Encrypt") or ""
            content = _xml({"ToUserName": self._platform.account, "Encrypt": encrypted})
            query |= {"encrypt_type": "aes", "msg_signature": signature(self._platform.token, stamp, nonce, encrypted)}
        began = time.monotonic()
        try:
            answer = HTTP.post(self._webhook, params=query, content=content.encode(), timeout=PUSH_SECONDS)
        except httpx.HTTPError:
            self.pushes.append((0, time.monotonic() - began))
            return None
        self.pushes.append((answer.status_code, time.monotonic() - began))
        return answer if answer.status_code == 200 else None

    def _show(self, answer: httpx.Response) -> None:
        if answer.content in (b"", b"success"):
            return
        root = ElementTree.fromstring(answer.content)
        if self._platform.crypto:
            fields = {child.tag: child.text or "" for child in root}
            opened = self._platform.crypto.decrypt_message(
                answer.text, fields["MsgSignature"], fields["TimeStamp"], fields["Nonce"]
            )
            root = ElementTree.fromstring(opened)
        assert root.findtext("ToUserName") == self.openid
        assert root.findtext("MsgType") == "text"
        text = root.findtext("Content") or ""
        assert len(text.encode()) <= TEXT_BYTES, len(text.encode())
        self.seen.append(Seen("reply", text))

    def told(self) -> str:
        return "\n".join(item.text for item in self.seen)


def _xml(fields: dict[str, str]) -> str:
    root = ElementTree.Element("xml")
    for name, value in fields.items():
        ElementTree.SubElement(root, name).text = value
    return ElementTree.tostring(root, encoding="unicode")

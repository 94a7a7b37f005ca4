"""A stand-in for 微信客服: the API, and the phones and callbacks on the other side.

Wire formats as documented by Tencent: `gettoken`, `kf/sync_msg` (pages, cursor, token), `kf/send_msg`,
`kf/send_msg_on_event`, `kf/service_state/*`, `media/get|upload`; callbacks in safe mode that only say there is news.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections import Counter
from typing import Any
from xml.etree import ElementTree

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from wechatpy.enterprise.crypto import WeChatCrypto

from connectors.channels.tencent.calls import signature
from tests.channels.stand_ins.files import hand_out
from tests.channels.stand_ins.wechat import HTTP, SLOW, File, Seen, no_token

MOST, WINDOW = 5, 48 * 3600
TEXT_BYTES, HEAD_BYTES, ITEMS, MAX_FILE = 2048, 1024, 10, 20 * 1024 * 1024


class Platform:
    corp_id, secret, token, aes_key = (
        "ww0123456789abcdef",
        "k" * 43,
        "kefutoken",
        "kefu" + "0123456789abcdefghijKLMNOPQRSTUVWXYZmno",
    )
    open_kfid = "wk0123456789ABCDEFGHIJabcdefghij"

    def __init__(self, page: int = 100) -> None:
        self.crypto = WeChatCrypto(self.token, self.aes_key, self.corp_id)
        self.page = page
        self.log: list[dict[str, Any]] = []
        self.phones: dict[str, Phone] = {}
        self.files: dict[str, File] = {}
        self.codes: dict[str, tuple[str, float]] = {}
        self.tokens: list[str] = []
        self.calls: Counter[str] = Counter()
        self.cursors: list[str] = []
        self.next: list[int | str] = []
        self.token_trouble = ""
        self.numbers = itertools.count(1)
        self.callback_status: list[int] = []
        self.url = ""
        self.app = Starlette(
            routes=[
                Route("/cgi-bin/gettoken", self._gettoken),
                Route("/cgi-bin/kf/sync_msg", self._sync, methods=["POST"]),
                Route("/cgi-bin/kf/send_msg", self._send, methods=["POST"]),
                Route("/cgi-bin/kf/send_msg_on_event", self._welcome, methods=["POST"]),
                Route("/cgi-bin/kf/service_state/get", self._state, methods=["POST"]),
                Route("/cgi-bin/kf/service_state/trans", self._trans, methods=["POST"]),
                Route("/cgi-bin/media/get", self._media),
                Route("/cgi-bin/media/upload", self._upload, methods=["POST"]),
                Route("/cgi-bin/kf/account/list", self._accounts, methods=["POST"]),
                Route("/cgi-bin/kf/add_contact_way", self._link, methods=["POST"]),
            ]
        )

    # -- the API

    async def _gettoken(self, request: Request) -> Response:
        self.calls["gettoken"] += 1
        if self.token_trouble:
            return no_token(self.token_trouble)
        if (request.query_params.get("corpid"), request.query_params.get("corpsecret")) != (self.corp_id, self.secret):
            return JSONResponse({"errcode": 40001, "errmsg": "invalid credential"})
        if not self.tokens:
            self.expire()
        return JSONResponse({"errcode": 0, "errmsg": "ok", "access_token": self.tokens[-1], "expires_in": 7200})

    def expire(self) -> None:
        self.tokens.append(secrets.token_hex(60))

    def _wrong_token(self, request: Request) -> JSONResponse | None:
        if not self.tokens or request.query_params.get("access_token") != self.tokens[-1]:
            return JSONResponse({"errcode": 42001, "errmsg": "access_token expired"})
        return None

    async def _sync(self, request: Request) -> Response:
        self.calls["sync"] += 1
        if wrong := self._wrong_token(request):
            return wrong
        asked = await request.json()
        if asked["open_kfid"] != self.open_kfid:
            return JSONResponse({"errcode": 95000, "errmsg": "invalid open_kfid"})
        start = int(asked.get("cursor", "c0").removeprefix("c"))
        self.cursors.append(asked.get("cursor", ""))
        items = self.log[start : start + min(self.page, asked.get("limit", 1000))]
        after = start + len(items)
        return JSONResponse(
            {
                "errcode": 0,
                "errmsg": "ok",
                "next_cursor": f"c{after}",
                "has_more": int(after < len(self.log)),
                "msg_list": items,
            }
        )

    async def _send(self, request: Request) -> Response:
        self.calls["send"] += 1
        if wrong := self._wrong_token(request):
            return wrong
        asked = await request.json()
        what = self.next.pop(0) if self.next else 0
        if isinstance(what, int) and 400 <= what < 600:
            return Response("Bad Gateway", status_code=what)
        if isinstance(what, int) and what:
            return JSONResponse({"errcode": what, "errmsg": "as asked"})
        if what == "slow":
            await asyncio.sleep(SLOW)
        phone = self.phones.get(asked["touser"])
        if phone is None:
            return JSONResponse({"errcode": 40003, "errmsg": "invalid userid"})
        if phone.state in (2, 3, 4):
            return JSONResponse({"errcode": 95018, "errmsg": "send msg session status invalid"})
        if len(str(asked.get("msgid", ""))) > 32:
            return JSONResponse({"errcode": 40058, "errmsg": "invalid request parameter"})
        if refused := phone.allow():
            return JSONResponse({"errcode": refused, "errmsg": "limit"})
        if refused := self._show(phone, asked):
            return JSONResponse({"errcode": refused, "errmsg": "bad content"})
        phone.msgids.append(asked.get("msgid", ""))
        if what == "lost":
            await asyncio.sleep(3600)
        return JSONResponse({"errcode": 0, "errmsg": "ok", "msgid": asked.get("msgid", secrets.token_hex(8))})

    def _show(self, phone: Phone, asked: dict[str, Any]) -> int:
        kind = asked["msgtype"]
        if kind == "text":
            if len(asked["text"]["content"].encode()) > TEXT_BYTES:
                return 45002
            phone.seen.append(Seen("text", asked["text"]["content"]))
        elif kind == "msgmenu":
            menu = asked["msgmenu"]
            if len(menu["head_content"].encode()) > HEAD_BYTES or not 0 < len(menu["list"]) <= ITEMS:
                return 40058
            choices = [(item["click"]["id"], item["click"]["content"]) for item in menu["list"]]
            if any(len(token.encode()) > 64 or len(title.encode()) > 128 for token, title in choices):
                return 40058
            phone.seen.append(Seen("msgmenu", menu["head_content"], choices))
        else:
            if asked[kind]["media_id"] not in self.files:
                return 40007
            phone.seen.append(Seen(kind, asked[kind]["media_id"]))
        return 0

    async def _welcome(self, request: Request) -> JSONResponse:
        self.calls["welcome"] += 1
        if wrong := self._wrong_token(request):
            return wrong
        asked = await request.json()
        userid, until = self.codes.pop(asked["code"], ("", 0.0))
        if time.time() > until:
            return JSONResponse({"errcode": 40029, "errmsg": "invalid code"})
        self._show(self.phones[userid], asked)
        self.phones[userid].seen[-1].via = "welcome"
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _state(self, request: Request) -> JSONResponse:
        if wrong := self._wrong_token(request):
            return wrong
        asked = await request.json()
        return JSONResponse({"errcode": 0, "service_state": self.phones[asked["external_userid"]].state})

    async def _trans(self, request: Request) -> JSONResponse:
        if wrong := self._wrong_token(request):
            return wrong
        asked = await request.json()
        phone = self.phones[asked["external_userid"]]
        if phone.state in (2, 3):
            return JSONResponse({"errcode": 95014, "errmsg": "wrong state"})
        phone.state = asked["service_state"]
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _media(self, request: Request) -> Response:
        if wrong := self._wrong_token(request):
            return wrong
        file = self.files.get(request.query_params["media_id"])
        if file is None:
            return JSONResponse({"errcode": 40007, "errmsg": "invalid media_id"})
        return hand_out(file.content, file.media_type.partition("|")[0], file.media_type.partition("|")[2], file.how)

    async def _upload(self, request: Request) -> JSONResponse:
        if wrong := self._wrong_token(request):
            return wrong
        form = await request.form()
        upload = form["media"]
        assert not isinstance(upload, str)
        content = await upload.read()
        await form.close()
        media_id = self.keep(content, "application/octet-stream", upload.filename or "")
        return JSONResponse({"errcode": 0, "errmsg": "ok", "type": "file", "media_id": media_id, "created_at": "1"})

    async def _accounts(self, request: Request) -> JSONResponse:
        if wrong := self._wrong_token(request):
            return wrong
        listed = [{"open_kfid": self.open_kfid, "name": "举报助手", "avatar": ""}]
        return JSONResponse({"errcode": 0, "errmsg": "ok", "account_list": listed})

    async def _link(self, request: Request) -> JSONResponse:
        if wrong := self._wrong_token(request):
            return wrong
        asked = await request.json()
        scene = asked.get("scene", "")
        return JSONResponse(
            {"errcode": 0, "errmsg": "ok", "url": f"https://work.weixin.qq.com/kf/kfc1?enc_scene={scene}"}
        )

    # -- phones

    def phone(self, webhook: str) -> Phone:
        phone = Phone(self, "wm" + secrets.token_hex(15), webhook)
        self.phones[phone.userid] = phone
        return phone

    def keep(self, content: bytes, media_type: str, name: str = "", how: str = "well") -> str:
        media_id = secrets.token_urlsafe(48)
        self.files[media_id] = File(content, f"{media_type}|{name}", how)
        return media_id

    def callback(self, webhook: str, times: int = 1) -> None:
        """Tell the service that there is news; it must answer within five seconds."""
        fields = {
            "ToUserName": self.corp_id,
            "CreateTime": str(int(time.time())),
            "MsgType": "event",
            "Event": "kf_msg_or_event",
            "Token": "ENC" + secrets.token_hex(20),
            "OpenKfId": self.open_kfid,
        }
        root = ElementTree.Element("xml")
        for name, value in fields.items():
            ElementTree.SubElement(root, name).text = value
        stamp, nonce = str(int(time.time())), secrets.token_hex(5)
        sealed = self.crypto.encrypt_message(ElementTree.tostring(root, encoding="unicode"), nonce, stamp)
        encrypted = ElementTree.fromstring(sealed).findtext("Encrypt") or ""
        body = (
            f"<xml><ToUserName><![CDATA[{self.corp_id}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt>"
            "<AgentID><![CDATA[]]></AgentID></xml>"
        )
        query = {"timestamp": stamp, "nonce": nonce, "msg_signature": signature(self.token, stamp, nonce, encrypted)}
        for _ in range(times):
            try:
                self.callback_status.append(
                    HTTP.post(webhook, params=query, content=body.encode(), timeout=5).status_code
                )
            except httpx.HTTPError:
                self.callback_status.append(0)


class Phone:
    """One person with WeChat in a conversation with the account."""

    def __init__(self, platform: Platform, userid: str, webhook: str) -> None:
        self._platform, self.userid, self._webhook = platform, userid, webhook
        self.seen: list[Seen] = []
        self.msgids: list[str] = []
        self.state = 0
        self.most = 0
        self._left, self._until = 0, 0.0

    def allow(self) -> int:
        if time.time() > self._until:
            return 95002
        if self._left <= 0:
            return 95001
        self._left -= 1
        self.most = max(self.most, MOST - self._left)
        return 0

    def close_window(self) -> None:
        self._until = 0.0

    # -- what the person does

    def says(self, text: str, **more: Any) -> None:
        self._add("text", {"content": text}, **more)

    def chooses(self, title: str, token: str) -> None:
        self._add("text", {"content": title, "menu_id": token})

    def sends(self, kind: str, content: bytes, media_type: str, name: str = "", how: str = "well", **more: Any) -> None:
        self._add(kind, {"media_id": self._platform.keep(content, media_type, name, how)}, **more)

    def enters(self, scene: str = "") -> None:
        code = secrets.token_hex(12)
        self._platform.codes[code] = (self.userid, time.time() + 20)
        told = {"event_type": "enter_session", "scene": scene, "welcome_code": code}
        self.happens(told)

    def happens(self, told: dict[str, Any]) -> None:
        whole = {**told, "open_kfid": self._platform.open_kfid, "external_userid": self.userid}
        self._append({"msgtype": "event", "event": whole, "origin": 4})
        self._platform.callback(self._webhook)

    def _add(self, kind: str, told: dict[str, Any], times: int = 1, quiet: bool = False) -> None:
        self._left, self._until = MOST, time.time() + WINDOW
        who = {"open_kfid": self._platform.open_kfid, "external_userid": self.userid}
        self._append({**who, "msgtype": kind, kind: told, "origin": 3})
        if not quiet:
            self._platform.callback(self._webhook, times)

    def _append(self, item: dict[str, Any]) -> None:
        number = next(self._platform.numbers)
        self._platform.log.append({"msgid": f"msg{number:08d}", "send_time": int(time.time()), **item})

    def told(self) -> str:
        return "\n".join(item.text for item in self.seen)

"""The wire of a WeChat official account, inward: calls checked and opened, messages and events read with wechatpy."""

from __future__ import annotations

import hashlib
import hmac
import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.parsers import expat

from wechatpy import parse_message
from wechatpy.crypto import PrpCrypto, WeChatCrypto

from connectors.channels.contract import Ack, Call, Event, Forged, Media, Outgoing, Unreadable, press_of
from connectors.channels.tencent import xml
from connectors.channels.tencent.calls import Calls, Envelope
from connectors.channels.wechat.account import Account
from connectors.channels.wechat.menu import MEANINGS
from connectors.channels.wechat.render import linked, reply_xml

#: Seconds for which WeChat keeps what people send: three days, less an hour for two clocks.
KEPT = 3 * 86400 - 3600.0
#: What is documented as an event and asks for nothing.
_SILENT = (
    "view",
    "view_miniprogram",
    "location",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
)
_ENDINGS = {"image": "jpg", "voice": "amr", "video": "mp4"}

#: The scene of a scanned code → what it means to the assistant, and what the person's bubble shows.
Scenes = Callable[[str], tuple[str, str] | None]


class Codec:
    """Reads and answers the calls of one account."""

    def __init__(self, account: Account, words: Callable[..., str], scenes: Scenes) -> None:
        self._account, self._words, self._scenes = account, words, scenes
        self._calls = Calls(account.token)
        self._envelope: Envelope | None = None
        if account.aes_key:
            self._envelope = Envelope(WeChatCrypto(account.token, account.aes_key, account.appid), PrpCrypto)

    # -- calls

    def challenge(self, call: Call) -> Ack:
        self._calls.check(call, "signature")
        return Ack(body=call.query.get("echostr", "")[:256].encode())

    def verify(self, call: Call) -> None:
        if self._envelope is None:
            self._calls.check(call, "signature")
            self._calls.once(call, "signature")
            return
        # With a key set, a plain body is somebody's who has seen a plain signature: it is not ours to believe.
        try:
            encrypted = xml.fields(call.body).get("Encrypt", "")
        except Unreadable:
            raise Forged("not_encrypted") from None
        if not encrypted:
            raise Forged("not_encrypted")
        self._calls.check(call, "msg_signature", encrypted)
        self._calls.once(call, "msg_signature")

    def decode(self, call: Call) -> Sequence[Event]:
        message = self._message(call)
        raw: Mapping[str, Any] = message._data
        person = str(raw.get("FromUserName") or "")
        if not person or len(person) > 64 or not str(raw.get("CreateTime") or "").isdigit():
            raise Unreadable("sender")
        made: dict[str, Any] = {
            "person": person,
            "key": _key(raw, self._account.token),
            "at": float(raw["CreateTime"]),
            "address": {"openid": person},
        }
        if raw.get("MsgType") == "event":
            return self._event(message, raw, made)
        return [self._said(message, raw, made)]

    def acknowledge(self, call: Call, reply: Outgoing | None) -> Ack:
        """Both an empty answer and ``success`` stop WeChat's retries; anything else is shown as trouble."""
        if reply is None:
            return Ack(body=b"success")
        fields = xml.fields(self._opened(call).encode())
        text = linked(reply.text, reply.choices, reply.first_number, by_links=self._account.links_in_replies)
        answer = reply_xml(fields["ToUserName"], fields["FromUserName"], text, call.at)
        if self._envelope is not None:
            answer = self._envelope.close(answer, call.query.get("nonce", "")[:64], str(int(call.at)))
        return Ack(body=answer.encode(), media_type="application/xml")

    def _opened(self, call: Call) -> str:
        if self._envelope is None:
            try:
                return call.body.decode("utf-8")
            except UnicodeDecodeError:
                raise Unreadable("encoding") from None
        return self._envelope.open(xml.fields(call.body)["Encrypt"])

    def _message(self, call: Call) -> Any:
        content = self._opened(call)
        flat = xml.fields(content.encode())
        if "MsgType" not in flat or "ToUserName" not in flat:
            raise Unreadable(("Encrypt" in flat and "no_key_for_encrypted") or "not_a_message")
        try:
            message = parse_message(content)
        except (expat.ExpatError, KeyError, TypeError, AttributeError, ValueError):
            raise Unreadable("not_a_message") from None
        if message is None or not isinstance(message._data, Mapping):
            raise Unreadable("not_a_message")
        return message

    # -- what people send

    def _said(self, message: Any, raw: Mapping[str, Any], made: dict[str, Any]) -> Event:
        made["contact"] = "message"
        kind = str(raw["MsgType"]).lower()
        if kind == "text":
            return self._text(raw, made)
        if kind in ("image", "voice", "video", "shortvideo"):
            return _file("video" if kind == "shortvideo" else kind, raw, made)
        if kind == "link":
            # Some of WeChat's own links arrive with "&amp;" inside CDATA.
            parts = (_string(raw, "Title"), html.unescape(_string(raw, "Url")))
            return Event(**made, text="\n".join(part for part in parts if part) or None)
        if kind == "location":
            label = _string(raw, "Label")
            return Event(**made, text=label) if label else Event(**made, answer="kind_location")
        return Event(**made, answer="kind_file" if kind == "file" else "kind_unknown")

    def _text(self, raw: Mapping[str, Any], made: dict[str, Any]) -> Event:
        text = _string(raw, "Content")
        press = press_of(_string(raw, "bizmsgmenuid"))
        if not press:
            return Event(**made, text=text or None, answer=None if text.strip() else "text_empty")
        # A choice in a message counts as a tap on the menu, with the menu's small budget, not as a message.
        made["contact"] = "tap"
        return Event(**made, press=press.model_copy(update={"label": text[:80] or None}))

    def _event(self, message: Any, raw: Mapping[str, Any], made: dict[str, Any]) -> list[Event]:
        name, key = str(raw.get("Event") or "").lower(), _string(raw, "EventKey")
        if name in _SILENT:
            return []
        made["contact"] = "tap"
        if name in ("subscribe", "subscribe_scan", "subscribe_scan_product", "scan"):
            # Without a scene, scanning a code while following changes nothing the person would want answered.
            begun = self._scenes(key) if name in ("subscribe_scan", "scan") else None
            if begun:
                return [Event(**made, meaning=begun[0], text=begun[1])]
            return [Event(**made, meaning="greet", text=self._words("scan_hello"))]
        if name == "click":
            meaning, title = MEANINGS.get(key, ("greet", "scan_hello"))
            return [Event(**made, meaning=meaning, text=self._words(title))]
        made["contact"] = None
        if name == "unsubscribe":
            return [Event(**made, left=True)]
        if name in ("subscribe_msg_popup_event", "subscribe_msg_change_event"):
            change = self._consents(raw)
            return [Event(**made, consents={"notice": change})] if change else []
        return []

    def _consents(self, raw: Mapping[str, Any]) -> int:
        """How many more notices of our template the person allows: one for each yes, none after a no."""
        inner = raw.get("SubscribeMsgPopupEvent") or raw.get("SubscribeMsgChangeEvent") or {}
        items = inner.get("List", []) if isinstance(inner, Mapping) else []
        change = 0
        for item in items if isinstance(items, list) else [items]:
            if isinstance(item, Mapping) and item.get("TemplateId") == self._account.notice_template:
                change += 1 if item.get("SubscribeStatusString") == "accept" else -1000
        return change


def _file(kind: str, raw: Mapping[str, Any], made: dict[str, Any]) -> Event:
    media_id = _string(raw, "MediaId")
    if not media_id:
        return Event(**made, answer="media_unknown")
    name = f"{kind}-{int(made['at'])}.{_ENDINGS[kind]}"
    media = Media(kind=kind, ref={"media_id": media_id}, until=made["at"] + KEPT, name=name)  # type: ignore[arg-type]
    return Event(**made, media=(media,))


def _key(raw: Mapping[str, Any], secret: str) -> str:
    """By MsgId, or where there is none by time and content: two things done in one second are two events.

    It stands in the database in clear, so what it says of the content is hashed with a secret.
    """
    number = _string(raw, "MsgId")
    if number.isascii() and number.isdigit() and int(number) > 0 and raw.get("MsgType") != "event":
        return f"m{number[:40]}"
    what = "\x00".join(_string(raw, name) for name in ("MsgType", "Event", "EventKey", "Content", "MediaId"))
    stamp = _string(raw, "CreateTime")[:12]
    return f"t{stamp}.{hmac.new(secret.encode(), what.encode(), hashlib.sha256).hexdigest()[:24]}"


def _string(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    return value if isinstance(value, str) else ""

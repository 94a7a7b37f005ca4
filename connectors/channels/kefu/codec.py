"""The wire of 微信客服, inward: a callback says that there is news, `sync_msg` tells what."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wechatpy.enterprise.crypto import PrpCrypto, WeChatCrypto

from connectors.channels.contract import Ack, Bounce, Call, Event, Forged, Media, Unreadable, press_of
from connectors.channels.kefu.account import Account
from connectors.channels.tencent import xml
from connectors.channels.tencent.calls import Calls, Envelope

#: Seconds for which files are kept: three days, less an hour for two clocks.
KEPT = 3 * 86400 - 3600.0
_ENDINGS = {"image": "jpg", "voice": "amr", "video": "mp4", "file": ""}
_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,78}")
#: Ids that we give to messages say which entries are in them.
_MSGID = re.compile(r"e(\d{1,12})_(\d{1,12})_[0-9a-f]{4}")
#: Why a message did not arrive that may at the next contact: account or app closed (1, 2), window over (4), session
#: ended (5), budget used up (6), not verified (8), refused by the person (10), nobody of staff logged in (11).
_LATER = (1, 2, 4, 5, 6, 8, 10, 11)
#: Who sent it: 3 the person (4 the system, 5 a member of staff in WeCom).
_PERSON = 3


@dataclass(frozen=True)
class News:
    """What a callback says: in which account of ours there is something to pull, with a token good for ten minutes."""

    open_kfid: str
    token: str


class Codec:
    """Reads the callbacks and the pulled messages of one corporation."""

    def __init__(self, account: Account, words: Callable[..., str], scenes: Callable[[str], Any]) -> None:
        self._words, self._scenes = words, scenes
        self._calls = Calls(account.token)
        self._envelope = Envelope(WeChatCrypto(account.token, account.aes_key, account.corp_id), PrpCrypto)

    def challenge(self, call: Call) -> Ack:
        echo = call.query.get("echostr", "")
        self._calls.check(call, "msg_signature", echo)
        try:
            return Ack(body=self._envelope.open(echo).encode())
        except Unreadable:
            raise Forged("envelope") from None

    def verify(self, call: Call) -> None:
        try:
            encrypted = xml.fields(call.body).get("Encrypt", "")
        except Unreadable:
            raise Forged("not_encrypted") from None
        self._calls.check(call, "msg_signature", encrypted)
        self._calls.once(call, "msg_signature")

    def news(self, call: Call) -> News | None:
        """None for callbacks about anything else. Raises Unreadable, or Forged for another corporation's."""
        fields = xml.fields(self._envelope.open(xml.fields(call.body)["Encrypt"]).encode())
        if fields.get("Event") != "kf_msg_or_event":
            return None
        open_kfid = fields.get("OpenKfId", "")
        if not re.fullmatch(r"[\w-]{1,64}", open_kfid):
            raise Unreadable("account")
        return News(open_kfid, fields.get("Token", "")[:256])

    def event(self, item: Mapping[str, Any]) -> Event | None:
        """One pulled message as an event; None for what asks for nothing. Never raises for what a provider may send."""
        inner = item.get("event")
        told = inner if isinstance(inner, dict) else {}
        person = item.get("external_userid") or told.get("external_userid")
        open_kfid = item.get("open_kfid") or told.get("open_kfid")
        key, at = item.get("msgid"), item.get("send_time")
        if not (isinstance(person, str) and isinstance(open_kfid, str) and person and open_kfid):
            return None
        if not (isinstance(key, str) and _KEY.fullmatch(key) and isinstance(at, int)):
            return None
        made: dict[str, Any] = {
            "person": f"{open_kfid}/{person}",
            "key": f"k{key}",
            "at": float(at),
            "address": {"touser": person, "open_kfid": open_kfid},
        }
        if item.get("msgtype") == "event":
            return self._happened(told, made)
        if item.get("origin") != _PERSON:
            return None
        return self._said(str(item.get("msgtype")), item, made)

    def _said(self, kind: str, item: Mapping[str, Any], made: dict[str, Any]) -> Event:
        made["contact"] = "message"
        inner = item.get(kind)
        told: Mapping[str, Any] = inner if isinstance(inner, dict) else {}
        if kind == "text":
            text = _string(told, "content")
            if press := press_of(_string(told, "menu_id")):
                return Event(**made, press=press.model_copy(update={"label": text[:80] or None}))
            return Event(**made, text=text) if text.strip() else Event(**made, answer="text_empty")
        if kind in _ENDINGS:
            return _file(kind, told, made)
        if kind == "link":
            parts = (_string(told, "title"), _string(told, "url"))
            return Event(**made, text="\n".join(part for part in parts if part) or None)
        if kind == "location":
            label = " ".join(part for part in (_string(told, "name"), _string(told, "address")) if part)
            return Event(**made, text=label) if label else Event(**made, answer="kind_location")
        return Event(**made, answer="kind_unknown")

    def _happened(self, told: Mapping[str, Any], made: dict[str, Any]) -> Event | None:
        match told.get("event_type"):
            case "enter_session":
                begun = self._scenes(_string(told, "scene_param") or _string(told, "scene"))
                code = _string(told, "welcome_code")
                made |= {"contact": "welcome" if code else None, "ticket": code or None}
                if begun:
                    return Event(**made, meaning=begun[0], text=begun[1])
                # Without a code nothing may be said now, and whoever comes back was greeted before.
                return Event(**made, meaning="greet", text=self._words("scan_hello")) if code else None
            case "user_recall_msg":
                return Event(**made, answer="kind_recalled")
            case "msg_send_fail":
                bounce = _bounce(_string(told, "fail_msgid"), told.get("fail_type"))
                return Event(**made, bounced=bounce) if bounce else None
            case "session_status_change":
                # 3: a member of staff has ended the conversation, and it is the assistant's again.
                return Event(**made, resumed=True) if told.get("change_type") == 3 else None
        return None


def _file(kind: str, told: Mapping[str, Any], made: dict[str, Any]) -> Event:
    media_id = _string(told, "media_id")
    if not media_id:
        return Event(**made, answer="media_unknown")
    name = f"{kind}-{int(made['at'])}.{_ENDINGS[kind]}" if _ENDINGS[kind] else ""
    media = Media(kind=kind, ref={"media_id": media_id}, until=made["at"] + KEPT, name=name)  # type: ignore[arg-type]
    return Event(**made, media=(media,))


def _bounce(msgid: str, kind: object) -> Bounce | None:
    found = _MSGID.fullmatch(msgid)
    if found is None:
        return None
    return Bounce(int(found[1]), int(found[2]), f"fail_type_{kind}"[:40], kind in _LATER)


def _string(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    return value if isinstance(value, str) else ""

"""The one runner of all channels: raw payloads of `tables/*.yml` are dressed as the provider's calls and decoded.

A table is a list of ``{name, raw, events | refused}``: `raw` as the provider sends it, `events` what it must yield
(each with the fields that matter), `refused` the reason for which it is turned away. A new channel adds a table and a
dresser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from bot.channels import begun_by
from connectors.channels import kefu, wechat
from connectors.channels.contract import Call, Channel, Event
from connectors.channels.tencent.calls import signature
from connectors.gateway import Database
from tests.channels.house import PHRASES, standard

TABLES = Path(__file__).with_name("tables")
#: When all tables take place.
AT = 1700000000.0
TOKEN, AES_KEY, APPID = "replaytoken", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "wx0123456789abcdef"


@dataclass(frozen=True)
class Case:
    channel: str
    name: str
    raw: Any
    events: Sequence[dict[str, Any]] | None
    refused: str | None


def cases() -> list[Case]:
    found = []
    for table in sorted(TABLES.glob("*.yml")):
        for row in yaml.safe_load(table.read_text("utf-8")):
            found.append(Case(table.stem, row["name"], row["raw"], row.get("events"), row.get("refused")))
    return found


def scenes(scene: str) -> tuple[str, str] | None:
    return begun_by(standard(), PHRASES, scene)


def official_account(aes_key: str | None = None) -> wechat.WeChat:
    account = wechat.Account(APPID, "secret", TOKEN, aes_key, notice_template="tmpl-1")
    return wechat.WeChat(account, PHRASES, scenes)


def customer_service() -> kefu.Kefu:
    account = kefu.Account("ww0123456789abcdef", "secret", TOKEN, AES_KEY)
    return kefu.Kefu(account, PHRASES, scenes, Database("sqlite://"))


def signed(body: bytes, at: float = AT, **more: str) -> Call:
    """A POST that is signed as Tencent signs a plain one."""
    stamp, nonce = str(int(at)), "nonce"
    query = {"timestamp": stamp, "nonce": nonce, "signature": signature(TOKEN, stamp, nonce), **more}
    return Call("POST", query, {"content-type": "text/xml"}, body, at)


def sealed(crypto: Any, content: str, to: str, at: float = AT) -> Call:
    """A POST in safe mode."""
    stamp, nonce = str(int(at)), "nonce"
    encrypted = ElementTree.fromstring(crypto.encrypt_message(content, nonce, stamp)).findtext("Encrypt") or ""
    body = f"<xml><ToUserName><![CDATA[{to}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
    query = {"timestamp": stamp, "nonce": nonce, "msg_signature": signature(TOKEN, stamp, nonce, encrypted)}
    return Call("POST", {**query, "encrypt_type": "aes"}, {}, body.encode(), at)


def _wechat(raw: Any) -> Sequence[Event]:
    channel: Channel = official_account()
    call = signed(raw.encode())
    channel.verify(call)
    return channel.decode(call)


def _kefu(raw: Any) -> Sequence[Event]:
    event = customer_service()._codec.event(raw)
    return [event] if event else []


#: How each channel's raw payloads become events.
DRESSERS: dict[str, Callable[[Any], Sequence[Event]]] = {"wechat": _wechat, "kefu": _kefu}

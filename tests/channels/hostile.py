"""``python -m tests.channels.hostile --count 10000``: webhooks as an attacker, or a provider gone mad, would send them.

The service runs in a process of its own, so that its memory is its own. Every call must be turned away (4xx) or be
acknowledged without effect; nothing may be stored, nothing may crash, memory must not grow with the number of calls.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from wechatpy.enterprise.crypto import WeChatCrypto as CorpCrypto

from bot.listening import configure_logs
from bot.sealing import Sealer
from bot.settings import ROOT
from connectors.channels.tencent.calls import signature
from tests.channels.house import House
from tests.channels.replay import AES_KEY, APPID, TOKEN

CORP = "ww0123456789abcdef"
KEY = base64.b64encode(bytes(32)).decode()
#: What Telegram shows with its calls.
SECRET = Sealer(bytes(32)).derive("telegram").hex()
#: Bytes that a process may grow over thousands of calls: allocators are not exact.
GROWTH = 24 * 1024 * 1024

# -- what is sent ----------------------------------------------------------------------------------------------------

_WORDS = st.sampled_from(
    ["xml", "MsgType", "FromUserName", "ToUserName", "Content", "Encrypt", "CreateTime", "MsgId", "Event", "a"]
)
_TEXT = st.text(max_size=60)
_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY a{n} "&a{n - 1 if n else ""};&a{n - 1 if n else ""};">' for n in range(12))
    + "]><xml><Content>&a11;</Content></xml>"
)


@st.composite
def _xml(draw: st.DrawFn) -> bytes:
    depth = draw(st.sampled_from([1, 3, 60, 3000]))
    name = draw(_WORDS)
    inner = "".join(f"<{w}>{draw(_TEXT)}</{w}>" for w in draw(st.lists(_WORDS, max_size=6)))
    return (f"<{name}>" * depth + inner + f"</{name}>" * depth).encode("utf-8", "replace")


GENUINE = (
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oABC]]></FromUserName>"
    "<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[a]]></Content>"
    "<MsgId>1</MsgId></xml>"
)

_BODIES = st.one_of(
    st.binary(max_size=2000),
    _xml(),
    st.sampled_from(
        [
            _BOMB.encode(),
            b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml>&x;</xml>',
            GENUINE.encode(),
            GENUINE.encode()[:-9],
            GENUINE.encode("utf-16"),
            GENUINE.replace("oABC", "张三").encode("gbk"),
            b"\x00" * 5000,
            b"<xml>" + b"A" * 300_000 + b"</xml>",
            b"{}",
            b"",
        ]
    ),
)


def _update_in(kind: str) -> bytes:
    chat = {"id": 1, "type": kind}
    return json.dumps({"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": chat, "text": "a"}}).encode()


#: Updates as Telegram itself could send them if it went mad: none of them is a message of a person.
_UPDATES = st.one_of(
    st.sampled_from(
        [
            b"[" * 100_000,
            b'{"a":' * 20_000,
            b"[]",
            b'{"update_id": 1}',
            b'{"update_id": 1e400, "message": {}}',
            _update_in("group"),
            '{"update_id": 1, "message": "张三"}'.encode("gbk"),
        ]
    ),
    st.recursive(
        st.none() | st.booleans() | st.integers() | _TEXT,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=4),
        max_leaves=12,
    ).map(lambda inner: json.dumps({"update_id": 1, "message": inner, "callback_query": inner}).encode()),
)
_QUERY = st.dictionaries(
    st.sampled_from(["signature", "msg_signature", "timestamp", "nonce", "encrypt_type", "openid", "echostr", "x"]),
    st.one_of(_TEXT, st.integers(-(10**20), 10**20).map(str), st.just("0" * 40)),
    max_size=8,
)


PLANS = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(["wechat", "kefu", "telegram"]),
        "method": st.sampled_from(["POST"] * 12 + ["GET", "GET", "PUT", "DELETE", "HEAD"]),
        "kind": st.sampled_from(
            ["unsigned", "signed_envelope", "old", "altered", "another", "plain_signature", "long"]
        ),
        "nonce": st.sampled_from(["n", "m", "0"]),
        "body": _BODIES,
        "update": _UPDATES,
        "query": _QUERY,
        "text": _TEXT,
        "place": st.floats(0, 0.999),
        "other": st.sampled_from(["other", "", "0" * 500]),
        "length": st.sampled_from([str(10 * 1024 * 1024), "99999999999", "1048577"]),
    }
)


def dressed(plan: dict[str, Any]) -> dict[str, Any]:
    """One call: unsigned, or signed over something that is no message, or genuine but old, altered or for another."""
    if plan["channel"] == "telegram":
        return _update(plan)
    now = int(time.time())
    stamp, nonce = str(now), plan["nonce"]
    body, query, headers = plan["body"], dict(plan["query"]), {}
    crypto = WeChatCrypto(TOKEN, AES_KEY, APPID) if plan["channel"] == "wechat" else CorpCrypto(TOKEN, AES_KEY, CORP)
    genuine = GENUINE.format(now=now)
    match plan["kind"]:
        case "signed_envelope":
            # As the provider could send it: the envelope is right, what is in it is no message.
            encrypted = _encrypted(crypto, plan["text"] or "x", nonce, stamp)
            body, query = _envelope(encrypted), _signed(stamp, nonce, encrypted)
        case "old":
            old = str(now - 4000)
            encrypted = _encrypted(crypto, genuine, nonce, old)
            body, query = _envelope(encrypted), _signed(old, nonce, encrypted)
        case "altered":
            encrypted = _encrypted(crypto, genuine, nonce, stamp)
            query = _signed(stamp, nonce, encrypted)
            at = int(plan["place"] * len(encrypted))
            body = _envelope(encrypted[:at] + ("A" if encrypted[at] != "A" else "B") + encrypted[at + 1 :])
        case "another":
            encrypted = _encrypted(type(crypto)(TOKEN, AES_KEY, "wx" + plan["other"]), genuine, nonce, stamp)
            body, query = _envelope(encrypted), _signed(stamp, nonce, encrypted)
        case "plain_signature":
            # Seen on the wire, and good for a plain body: but this account has a key.
            query = {"timestamp": stamp, "nonce": nonce, "signature": signature(TOKEN, stamp, nonce)}
            body = genuine.encode()
        case "long":
            headers["content-length"] = plan["length"]
    return {**plan, "query": query, "body": body, "headers": headers}


def _update(plan: dict[str, Any]) -> dict[str, Any]:
    """One call to Telegram's webhook: with its secret over nonsense, or with another secret."""
    name = "x-telegram-bot-api-secret-token"
    genuine = _update_in("private")
    match plan["kind"]:
        case "signed_envelope":
            return {**plan, "body": plan["update"], "headers": {name: SECRET}}
        case "long":
            return {**plan, "headers": {name: SECRET, "content-length": plan["length"]}}
        case "unsigned":
            return {**plan, "headers": {}, "body": genuine}
        case "old":
            return {**plan, "headers": {name: SECRET[:-1]}, "body": genuine}
        case "altered":
            at = int(plan["place"] * len(SECRET))
            other = SECRET[:at] + ("0" if SECRET[at] != "0" else "1") + SECRET[at + 1 :]
            return {**plan, "headers": {name: other}, "body": genuine}
        case _:
            return {**plan, "headers": {name: plan["other"]}, "body": genuine}


def _encrypted(crypto: Any, content: str, nonce: str, stamp: str) -> str:
    sealed: str = crypto.encrypt_message(content, nonce, stamp)
    return sealed.split("<Encrypt><![CDATA[")[1].split("]]>")[0]


def _envelope(encrypted: str) -> bytes:
    return f"<xml><ToUserName>gh_1</ToUserName><Encrypt>{encrypted}</Encrypt></xml>".encode()


def _signed(stamp: str, nonce: str, encrypted: str) -> dict[str, str]:
    return {"timestamp": stamp, "nonce": nonce, "msg_signature": signature(TOKEN, stamp, nonce, encrypted)}


# -- the service in a process of its own -----------------------------------------------------------------------------


def _resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096


async def _serve(home: Path) -> None:
    configure_logs("warning")
    closed = "http://127.0.0.1:9"
    account = {"wechat_appid": APPID, "wechat_secret": "s", "wechat_token": TOKEN, "wechat_aes_key": AES_KEY}
    corporation = {"kefu_corp_id": CORP, "kefu_secret": "s", "kefu_token": TOKEN, "kefu_aes_key": AES_KEY}
    bot = {"telegram_token": "123456789:" + "A" * 35, "telegram_webhook": True, "address": closed, "key": KEY}
    apis = {"wechat_api": closed, "kefu_api": closed, "telegram_api": closed}
    async with House(home, **apis, **account, **corporation, **bot) as house:
        print(json.dumps({"url": house.url}), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            state = hashlib.sha256(repr(house.everything()).encode()).hexdigest()
            print(json.dumps({"state": state, "rss": _resident()}), flush=True)


class Target:
    """A context manager around that process."""

    def __enter__(self) -> Self:
        self._home = tempfile.TemporaryDirectory()
        command = [sys.executable, "-m", "tests.channels.hostile", "--serve", self._home.name]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.url = self._line()["url"]
        self._http = httpx.Client(timeout=30)
        return self

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        told: dict[str, Any] = json.loads(self._process.stdout.readline())
        return told

    def look(self) -> dict[str, Any]:
        """``{"state": digest of all tables, "rss": bytes}``."""
        assert self._process.stdin is not None
        self._process.stdin.write("look\n")
        self._process.stdin.flush()
        return self._line()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        self._process.terminate()
        self._process.wait(10)
        self._home.cleanup()

    def send(self, call: dict[str, Any]) -> int:
        """The status that it is answered with."""
        if "content-length" in call["headers"]:
            return self._lie(call)
        url = f"{self.url}/channels/{call['channel']}/"
        told = {"params": call["query"], "content": call["body"], "headers": call["headers"]}
        return self._http.request(call["method"], url, **told).status_code

    def _lie(self, call: dict[str, Any]) -> int:
        """Promise a long body, send a short one, and wait: no client library would do that."""
        host, port = self.url.removeprefix("http://").split(":")
        head = (
            f"{call['method']} /channels/{call['channel']}/ HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
            + "".join(f"{name}: {value}\r\n" for name, value in call["headers"].items())
            + "\r\n"
        )
        with socket.create_connection((host, int(port)), timeout=30) as line:
            line.sendall(head.encode() + call["body"][:1000])
            return int(line.recv(64).split(b" ")[1])


def run(count: int) -> dict[str, Any]:
    """Send `count` calls; what came of them. Raises AssertionError if anything had an effect."""
    statuses: Counter[str] = Counter()
    with Target() as target:
        began = target.look()
        warm: list[int] = []

        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(PLANS)
        def one(plan: dict[str, Any]) -> None:
            call = dressed(plan)
            status = target.send(call)
            statuses[f"{call['channel']} {call['kind']} {status}"] += 1
            assert status < 500, (status, call)
            # A GET only asks for its own echo; an envelope that is rightly signed may hold nothing for us.
            assert status != 200 or call["kind"] == "signed_envelope" or call["method"] == "GET", call
            if sum(statuses.values()) == max(50, count // 5):
                warm.append(target.look()["rss"])

        one()
        ended = target.look()
    assert ended["state"] == began["state"], "something was stored"
    grown = ended["rss"] - (warm[0] if warm else began["rss"])
    assert grown < GROWTH, f"memory grew by {grown} bytes"
    return {"calls": sum(statuses.values()), "statuses": dict(sorted(statuses.items())), "grown_bytes": grown}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(_serve(asked.serve))
        return 0
    print(json.dumps(run(asked.count), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Whose call it is, and what is in it: Tencent's own samples, and what an attacker would make of them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from wechatpy.crypto import WeChatCrypto

from bot.settings import ROOT
from connectors.channels import kefu, wechat
from connectors.channels.contract import Call, Channel, Forged, Outgoing, Unreadable
from connectors.channels.tencent.calls import FRESH_SECONDS, MOST_REMEMBERED, Calls, signature
from connectors.gateway import Database
from tests.channels import replay
from tests.channels.house import PHRASES
from tests.conftest import need

SAMPLES = json.loads((Path(__file__).with_name("fixtures") / "tencent_samples.json").read_text("utf-8"))
VECTORS = ROOT.parent / "shared" / "vectors" / "wechat"


def sample_account(sample: Any, key: bool = True) -> wechat.WeChat:
    account = wechat.Account(sample["appid"], "s", sample["token"], sample["encoding_aes_key"] if key else None)
    return wechat.WeChat(account, PHRASES, lambda _scene: None)


def sample_call(sample: Any, body: str, **query: str) -> Call:
    query = {"timestamp": sample["timestamp"], "nonce": sample["nonce"], **query}
    return Call("POST", query, {}, body.encode(), float(sample["timestamp"]) + 1)


@pytest.mark.parametrize("body", ["body_safe_mode", "body_compat_mode"])
def test_tencents_sample_of_an_official_account(body: str) -> None:
    sample = SAMPLES["official_account"]
    channel = sample_account(sample)
    call = sample_call(sample, sample[body], encrypt_type="aes", msg_signature=sample["msg_signature"])
    channel.verify(call)
    [event] = channel.decode(call)
    assert (event.person, event.text, event.key) == (
        "oyORnuP8q7ou2gfYjqLzSIWZf0rs",
        "abcdteT",
        "m6054768590064713728",
    )


def test_tencents_sample_in_plain_mode() -> None:
    sample = SAMPLES["official_account"]
    channel = sample_account(sample, key=False)
    call = sample_call(sample, sample["body_compat_mode"], signature=sample["signature_plain_mode"])
    channel.verify(call)
    assert channel.decode(call)[0].text == "abcdteT"


def test_tencents_sample_of_a_corporation() -> None:
    sample = SAMPLES["corporation"]
    account = kefu.Account(sample["corpid"], "s", sample["token"], sample["encoding_aes_key"])
    channel = kefu.Kefu(account, PHRASES, lambda _scene: None, Database("sqlite://"))
    asked = sample["verify_url"]
    query = {name: asked[name] for name in ("msg_signature", "timestamp", "nonce", "echostr")}
    ack = channel.challenge(Call("GET", query, {}, b"", float(asked["timestamp"])))
    assert ack.body.decode() == asked["expected_echo"]
    pushed = sample["decrypt"]
    query = {name: pushed[name] for name in ("msg_signature", "timestamp", "nonce")}
    call = Call("POST", query, {}, pushed["body"].encode(), float(pushed["timestamp"]))
    channel.verify(call)
    # A member's message, not news of 微信客服: there is nothing to pull.
    assert channel.decode(call) == []
    assert channel._codec.news(call) is None


def test_all_vectors_beside_the_checkout() -> None:
    need(VECTORS.is_dir(), "the folder ../shared/vectors/wechat")
    crypto = {item["name"]: item for item in json.loads((VECTORS / "crypto_vectors.json").read_text("utf-8"))}
    for name, kept in (("tencent_mp_sample_decrypt", "official_account"), ("tencent_wecom_sample", "corporation")):
        assert SAMPLES[kept].items() <= crypto[name].items()
    sha = crypto["silenceper_signature"]
    assert signature(*sha["args"]) == sha["expected"]
    weibo = crypto["weibo_fans_service_signature"]
    assert signature(weibo["appsecret"], weibo["timestamp"], weibo["nonce"]) == weibo["expected_sha1"]
    channel: Channel = replay.official_account()
    read = 0
    for number, item in enumerate(json.loads((VECTORS / "message_xml.json").read_text("utf-8"))):
        body = item["xml"].strip().encode()
        call = replay.signed(body)
        query = {**call.query, "nonce": f"n{number}"}
        query["signature"] = signature(replay.TOKEN, query["timestamp"], query["nonce"])
        call = Call("POST", query, {}, body, replay.AT)
        channel.verify(call)
        events = channel.decode(call)
        attributes = dict(item["expected_attrs"] or [])
        for event in events:
            assert event.person
            if attributes.get("event") == "subscribe_scan" or attributes.get("event") == "scan":
                assert event.meaning == "greet"
        if attributes.get("type") in ("text", "image", "voice", "video", "location", "link"):
            assert len(events) == 1
            assert events[0].text or events[0].media or events[0].answer
        read += 1
    assert read == 74


# -- what an attacker would do ---------------------------------------------------------------------------------------

TEXT = (
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>oABC</FromUserName><CreateTime>1700000000</CreateTime>"
    "<MsgType>text</MsgType><Content>a</Content><MsgId>1</MsgId></xml>"
)


def crypto(appid: str = replay.APPID, key: str = replay.AES_KEY) -> WeChatCrypto:
    return WeChatCrypto(replay.TOKEN, key, appid)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"signature": "0" * 40}, "wrong_signature"),
        ({"signature": ""}, "wrong_signature"),
        ({"nonce": "other"}, "wrong_signature"),
        ({"timestamp": "1700000001"}, "wrong_signature"),
        ({"timestamp": "soon"}, "malformed"),
        ({"timestamp": "１７０００００００"}, "malformed"),
        ({"timestamp": "1" * 5000}, "malformed"),
        ({"nonce": "n" * 5000}, "malformed"),
    ],
)
def test_a_forged_call_is_refused(change: dict[str, str], why: str) -> None:
    call = replay.signed(TEXT.encode(), **change)
    with pytest.raises(Forged, match=why):
        replay.official_account().verify(call)


@pytest.mark.parametrize("off", [-FRESH_SECONDS - 1, FRESH_SECONDS + 1])
def test_a_stale_call_is_refused(off: int) -> None:
    call = replay.signed(TEXT.encode())
    with pytest.raises(Forged, match="stale"):
        replay.official_account().verify(Call("POST", call.query, {}, call.body, replay.AT + off))


def test_a_plain_signature_is_good_for_one_body() -> None:
    channel = replay.official_account()
    call = replay.signed(TEXT.encode())
    channel.verify(call)
    channel.verify(call)
    with pytest.raises(Forged, match="replayed"):
        channel.verify(replay.signed(TEXT.replace(">a<", ">b<").encode()))


def test_remembered_signatures_are_bounded_and_end() -> None:
    calls = Calls("t")
    for number in range(MOST_REMEMBERED + 50):
        call = Call("POST", {"timestamp": "1", "nonce": str(number), "signature": "s"}, {}, b"", 1.0)
        calls.once(call, "signature")
    assert len(calls._seen) <= MOST_REMEMBERED
    calls.once(Call("POST", {"timestamp": "2", "nonce": "x", "signature": "s"}, {}, b"", 5000.0), "signature")
    assert len(calls._seen) == 1


def test_with_a_key_a_plain_body_is_not_believed() -> None:
    channel = replay.official_account(replay.AES_KEY)
    with pytest.raises(Forged, match="not_encrypted"):
        channel.verify(replay.signed(TEXT.encode()))
    # Nor are the plain fields beside a genuine envelope.
    call = replay.sealed(crypto(), TEXT, "gh_1")
    mixed = call.body.replace(b"<Encrypt>", b"<Content>evil</Content><MsgType>text</MsgType><Encrypt>")
    both = Call("POST", call.query, {}, mixed, call.at)
    channel.verify(both)
    assert channel.decode(both)[0].text == "a"


def test_an_envelope_for_another_account_is_refused() -> None:
    channel = replay.official_account(replay.AES_KEY)
    call = replay.sealed(crypto("wxsomebodyelse0000"), TEXT, "gh_1")
    channel.verify(call)
    with pytest.raises(Forged, match="other_account"):
        channel.decode(call)


@pytest.mark.parametrize("damage", ["", "AAAA", "not base64!", base64.b64encode(bytes(64)).decode(), "A" * 4000])
def test_a_damaged_envelope_is_unreadable(damage: str) -> None:
    channel = replay.official_account(replay.AES_KEY)
    stamp, nonce = str(int(replay.AT)), "n"
    query = {"timestamp": stamp, "nonce": nonce, "msg_signature": signature(replay.TOKEN, stamp, nonce, damage)}
    call = Call("POST", query, {}, f"<xml><Encrypt>{damage}</Encrypt></xml>".encode(), replay.AT)

    def read() -> None:
        channel.verify(call)
        channel.decode(call)

    with pytest.raises((Forged, Unreadable)):
        read()


def test_an_envelope_with_a_changed_byte_is_refused() -> None:
    channel = replay.official_account(replay.AES_KEY)
    call = replay.sealed(crypto(), TEXT, "gh_1")
    with pytest.raises(Forged, match="wrong_signature"):
        channel.verify(Call("POST", call.query, {}, call.body.replace(b"]]></Encrypt>", b"A]]></Encrypt>"), call.at))


def test_a_reply_is_encrypted_and_signed() -> None:
    channel = replay.official_account(replay.AES_KEY)
    call = replay.sealed(crypto(), TEXT, "gh_1")
    channel.verify(call)
    ack = channel.acknowledge(call, Outgoing("收到]]></Content><Evil>"))
    fields = {child.tag: child.text or "" for child in ElementTree.fromstring(ack.body)}
    opened = crypto().decrypt_message(ack.body.decode(), fields["MsgSignature"], fields["TimeStamp"], fields["Nonce"])
    reply = ElementTree.fromstring(opened)
    assert sorted(child.tag for child in reply) == ["Content", "CreateTime", "FromUserName", "MsgType", "ToUserName"]
    assert (reply.findtext("ToUserName"), reply.findtext("FromUserName")) == ("oABC", "gh_1")
    assert "Evil" in (reply.findtext("Content") or "")


def test_the_address_is_checked_by_a_get() -> None:
    call = replay.signed(b"", echostr="hello")
    assert replay.official_account().challenge(call).body == b"hello"
    with pytest.raises(Forged):
        replay.official_account().challenge(replay.signed(b"", echostr="hello", signature="0" * 40))

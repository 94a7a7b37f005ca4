"""What holds for every channel, and for the settings that switch one on."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.channels import Channels, shown_as
from bot.cli.chat import Talk, _spent
from bot.settings import ChannelSettingsError, Settings
from connectors.channels.contract import Call, Forged, Refused, Unreadable
from connectors.channels.kefu.client import CODES as KEFU_CODES
from connectors.channels.wechat.client import CODES as WECHAT_CODES
from connectors.gateway import Database
from connectors.gateway.messages import Button, Entry
from tests.channels.house import PHRASES, standard

ALL = ("web", "wechat", "kefu")


@pytest.mark.parametrize("name", ALL)
def test_an_unsigned_call_is_nobodys(name: str) -> None:
    channel = shown_as(name, PHRASES)
    for body in (b"", b"<xml/>", b"\xff\xfe", b"<xml><Encrypt></Encrypt></xml>"):
        with pytest.raises((Forged, Unreadable)):
            channel.verify(Call("POST", {}, {}, body, 0.0))
    with pytest.raises(Forged):
        channel.challenge(Call("GET", {"echostr": "x"}, {}, b"", 0.0))


@pytest.mark.parametrize("name", ALL)
def test_capabilities_are_whole(name: str) -> None:
    able = shown_as(name, PHRASES).capabilities
    assert able.text_limit > 0
    assert able.max_choices > 0
    assert (able.delivery == "pull") == (able.buttons == "page")
    if able.budgets:
        assert able.merge, "where messages count, bubbles are joined"
        assert "message" in able.budgets


@pytest.mark.parametrize("name", ALL)
def test_entries_become_messages_and_cover_them(name: str) -> None:
    channel = shown_as(name, PHRASES)
    entries = [
        Entry(seq=1, side="assistant", text="一", at=datetime.now(UTC)),
        Entry(seq=2, side="assistant", text="二", at=datetime.now(UTC), buttons=[Button(title="好", payload="x")]),
    ]
    messages = channel.render(entries, {})
    assert [seq for message in messages for seq, _, last in message.covers if last] == [1, 2]
    assert [choice.token for message in messages for choice in message.choices] == ["2-0"]
    assert channel.render([], {}) == []


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("web", "A" * 43),
        ("wechat", "oABCDEFGHIJKLMNOPQRSTUVWXYZ1"),
        ("wechat", "access_token=abc-DEF_123"),
        ("kefu", "wmABCDEFGHIJKLMNOPQRSTUVWXYZ12"),
        ("kefu", "corpsecret=abcDEF123"),
    ],
)
def test_secrets_and_people_are_redacted(name: str, secret: str) -> None:
    told = shown_as(name, PHRASES).redact(f"call failed for {secret} at once")
    assert secret not in told
    assert "call failed for" in told


async def test_the_web_chat_is_fetched_not_sent() -> None:
    web = shown_as("web", PHRASES)
    with pytest.raises(Refused):
        await web.send({}, web.render([Entry(seq=1, side="assistant", text="一", at=datetime.now(UTC))], {})[0], None)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (-1, "Busy"),
        (45009, "Busy"),
        (45011, "Busy"),
        (45015, "Closed"),
        (45047, "Closed"),
        (43004, "Unreachable"),
        (43019, "Unreachable"),
        (45002, "Refused"),
        (87014, "Refused"),
        (44004, "Refused"),
        (47001, "Refused"),
        (48002, "Unreachable"),
        (48001, "Busy"),
        (50002, "Busy"),
        (99999, "Busy"),
    ],
)
def test_what_an_official_accounts_error_code_means(code: int, kind: str) -> None:
    assert type(WECHAT_CODES.not_sent(code)).__name__ == kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (-1, "Busy"),
        (45009, "Busy"),
        (95017, "Busy"),
        (95001, "Closed"),
        (95002, "Closed"),
        (40096, "Unreachable"),
        (45002, "Refused"),
        (47001, "Refused"),
    ],
)
def test_what_customer_services_error_code_means(code: int, kind: str) -> None:
    assert type(KEFU_CODES.not_sent(code)).__name__ == kind


# -- settings --------------------------------------------------------------------------------------------------------


def on(**settings: object) -> set[str]:
    return set(Channels(Settings(**settings), PHRASES, standard(), Database("sqlite://")).all)  # type: ignore[arg-type]


WECHAT = {"wechat_appid": "wx1", "wechat_secret": "s", "wechat_token": "t"}
KEFU = {"kefu_corp_id": "ww1", "kefu_secret": "s", "kefu_token": "t", "kefu_aes_key": "A" * 43}


async def test_a_channel_is_on_when_it_is_set_up() -> None:
    assert on() == set()
    assert on(**WECHAT) == {"wechat"}
    assert on(**WECHAT, **KEFU) == {"wechat", "kefu"}


@pytest.mark.parametrize("missing", [*WECHAT, *KEFU])
async def test_a_channel_that_is_half_set_up_says_what_is_missing(missing: str) -> None:
    whole = WECHAT if missing in WECHAT else KEFU
    with pytest.raises(ChannelSettingsError, match=f"REPORTGUIDE_{missing}".upper()):
        on(**{name: value for name, value in whole.items() if name != missing})


@pytest.mark.parametrize("key", ["short", "A" * 44, "é" * 43])
async def test_a_key_that_does_not_fit_is_named(key: str) -> None:
    with pytest.raises(ChannelSettingsError, match="AES_KEY"):
        on(**WECHAT, wechat_aes_key=key)


# -- as chat shows it ------------------------------------------------------------------------------------------------


def test_chat_tells_what_a_turn_costs() -> None:
    assert _spent(shown_as("web", PHRASES).capabilities, 3) == ""
    assert "1 of the 5 messages" in _spent(shown_as("wechat", PHRASES).capabilities, 2)
    assert "2 of the 5 messages allowed within 48 h" in _spent(shown_as("kefu", PHRASES).capabilities, 2)


@pytest.mark.parametrize(("name", "messages"), [("terminal", 2), ("web", 2), ("wechat", 1), ("kefu", 1)])
def test_chat_shows_a_turn_as_the_channel_would(
    name: str, messages: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTGUIDE_KEY", base64.b64encode(bytes(32)).decode())
    talk = Talk(Settings(home=tmp_path), "me", name, debug=False)
    said = [
        {"seq": 1, "text": "记下了。", "at": "2026-11-23T08:00:00Z", "buttons": []},
        {"seq": 2, "text": "下一样？", "at": "2026-11-23T08:00:00Z", "buttons": [{"title": "没有"}]},
    ]
    shown = talk._shown(said)
    talk._http.close()
    assert len(shown) == messages
    assert shown[-1]["buttons"] == [{"title": "没有"}]
    assert "\n\n".join(message["text"] for message in shown) == "记下了。\n\n下一样？"

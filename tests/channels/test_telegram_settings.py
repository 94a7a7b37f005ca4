"""Telegram's token and secret, which reach no log, and the settings that name them."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
import structlog

from bot.channels import ChannelSettingsError, telegram_account
from bot.settings import Settings
from connectors.channels.contract import Call, Forged
from connectors.channels.telegram import Account, Telegram
from tests import files
from tests.channels.house import PHRASES, Make, at_work, until
from tests.channels.stand_ins.telegram import TOKEN, Phone, Platform
from tests.channels.telegram_house import called, ready


async def test_no_log_and_no_file_has_the_token(
    tg: Platform, house: Make, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """At the level that an operator may choose, and in everything that goes wrong."""
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
    caplog.set_level(logging.WARNING)
    try:
        async with called(tg, house, telegram_personal_data=True) as home:
            await ready(tg)
            phone = Phone(tg, 1001)
            tg.next = [502, 429, 400]
            await at_work(lambda: phone.sends_photo(files.png(), how="cut"))
            await at_work(lambda: phone.says("你好"))
            await until(lambda: home.brain.turns and not tg.next, "everything to go wrong once", 60)
        stored = b"".join(path.read_bytes() for path in home.home.rglob("*") if path.is_file())
    finally:
        structlog.reset_defaults()
    logged = caplog.text + "".join(capsys.readouterr())
    assert "not_sent" in logged
    for secret in (TOKEN, TOKEN.partition(":")[2], "1001", "file_0"):
        assert secret not in logged
        assert secret.encode() not in stored or secret == "1001"


def test_redaction() -> None:
    channel = Telegram(Account(TOKEN, "s"), PHRASES, lambda _scene: None)
    text = f"https://api.telegram.org/file/bot{TOKEN}/photos/1.jpg chat 123456789 -1001234567890"
    redacted = channel.redact(text)
    assert TOKEN not in redacted
    assert not re.search(r"\d{6}", redacted)


@pytest.mark.parametrize(
    "settings",
    [
        {"telegram_token": "nonsense"},
        {"telegram_webhook": True},
        {"telegram_personal_data": True},
        {"telegram_token": TOKEN, "telegram_webhook": True},
    ],
)
def test_half_a_setting_is_named(settings: dict[str, Any]) -> None:
    with pytest.raises(ChannelSettingsError, match="REPORTGUIDE_"):
        telegram_account(Settings(**settings))
    assert telegram_account(Settings()) is None


def test_a_secret_of_another_bot_is_none() -> None:
    channel = Telegram(Account(TOKEN, "right", webhook="https://x"), PHRASES, lambda _scene: None)
    channel.verify(Call("POST", {}, {"x-telegram-bot-api-secret-token": "right"}, b"", 0.0))
    with pytest.raises(Forged):
        channel.verify(Call("POST", {}, {"x-telegram-bot-api-secret-token": "righ"}, b"", 0.0))

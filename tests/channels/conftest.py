"""One house per test, with the channels that it asks for switched on."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.channels.house import House, Make
from tests.channels.stand_ins import kefu, telegram, wechat
from tests.channels.stand_ins.server import Server

AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@pytest.fixture
def mp() -> Iterator[wechat.Platform]:
    """WeChat's official-account platform, for an account in safe mode."""
    platform = wechat.Platform(AES_KEY)
    with Server(platform.app) as server:
        platform.url = server.url
        yield platform


@pytest.fixture
def work() -> Iterator[kefu.Platform]:
    """The platform of 微信客服."""
    platform = kefu.Platform(page=2)
    with Server(platform.app) as server:
        platform.url = server.url
        yield platform


@pytest.fixture
def tg() -> Iterator[telegram.Platform]:
    """Telegram."""
    platform = telegram.Platform()
    with Server(platform.app) as server:
        platform.url = server.url
        yield platform


@pytest.fixture
def house(tmp_path: Path) -> Make:
    """Makes the service's side; give it the platforms it is to be connected with, and settings."""

    def make(*platforms: Any, burst: float = 0.05, **settings: Any) -> House:
        for platform in platforms:
            settings = {**connected(platform), **settings}
        return House(tmp_path, burst, **settings)

    return make


def connected(platform: Any) -> dict[str, Any]:
    """The settings that an agency would make for this platform."""
    if isinstance(platform, wechat.Platform):
        return {
            "wechat_appid": platform.appid,
            "wechat_secret": platform.secret,
            "wechat_token": platform.token,
            "wechat_aes_key": platform.aes_key,
            "wechat_api": platform.url,
        }
    if isinstance(platform, telegram.Platform):
        return {
            "telegram_token": telegram.TOKEN,
            "telegram_api": platform.url,
            "key": base64.b64encode(bytes(32)).decode(),
        }
    return {
        "kefu_corp_id": platform.corp_id,
        "kefu_secret": platform.secret,
        "kefu_token": platform.token,
        "kefu_aes_key": platform.aes_key,
        "kefu_api": platform.url,
    }

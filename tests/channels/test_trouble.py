"""Providers in trouble, on every channel that is sent to: away, slow, without tokens. Nothing is lost or doubled."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.gateway import schema
from tests.channels.conftest import AES_KEY
from tests.channels.house import House, Make, at_work, until
from tests.channels.stand_ins import kefu, telegram, wechat
from tests.channels.stand_ins.server import Server
from tests.system import free_ports

CHANNELS = ("wechat", "kefu", "telegram")
NEWS = "案件有新进展。"


def platform_of(channel: str) -> Any:
    return {"wechat": lambda: wechat.Platform(AES_KEY), "kefu": kefu.Platform, "telegram": telegram.Platform}[channel]()


async def greeted(channel: str, platform: Any, home: House) -> Any:
    """A phone that has written and was answered."""
    if channel == "telegram":
        phone: Any = telegram.Phone(platform, 1001)
    else:
        phone = platform.phone(f"{home.url}/channels/{channel}/")
    await at_work(lambda: phone.says("你好"))
    await until(lambda: home.deliveries() == ["sent"], "the answer")
    return phone


async def news(home: House) -> None:
    await home.gateway.say(home.rows(schema.conversations)[0].id, NEWS)


def seen(phone: Any) -> int:
    return sum(item.text == NEWS for item in phone.seen)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_provider_that_is_away_gets_it_when_it_is_back(channel: str, house: Make) -> None:
    platform = platform_of(channel)
    [port] = free_ports(1)
    platform.url = f"http://127.0.0.1:{port}"
    async with house(platform) as home:
        with Server(platform.app, port):
            phone = await greeted(channel, platform, home)
        await news(home)
        await until(lambda: home.delivery.counts.get((channel, "busy"), 0) >= 1, "an attempt in vain", 40)
        assert home.deliveries() == ["sent", "waiting"]
        with Server(platform.app, port):
            await until(lambda: home.deliveries() == ["sent", "sent"], "the entry to be sent", 40)
        assert seen(phone) == 1
        assert (channel, "lost") not in home.delivery.counts, "who was not reached cannot have taken it"


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_slow_provider_is_waited_for_and_gets_it_once(channel: str, house: Make) -> None:
    platform = platform_of(channel)
    with Server(platform.app) as server:
        platform.url = server.url
        async with house(platform) as home:
            phone = await greeted(channel, platform, home)
            platform.next = ["slow"]
            await news(home)
            await until(lambda: home.deliveries() == ["sent", "sent"], "the entry to be sent", 40)
            assert seen(phone) == 1
            assert home.delivery.counts.get((channel, "busy"), 0) == 0


@pytest.mark.parametrize("channel", ["wechat", "kefu"])
@pytest.mark.parametrize("trouble", ["500", "nonsense", "refused"])
async def test_while_there_is_no_token_nothing_is_lost(channel: str, trouble: str, house: Make) -> None:
    platform = platform_of(channel)
    with Server(platform.app) as server:
        platform.url = server.url
        async with house(platform) as home:
            phone = await greeted(channel, platform, home)
            platform.token_trouble = trouble
            platform.expire()
            home.channels.all[channel].api.token._until = 0.0
            await news(home)
            await until(lambda: home.delivery.counts.get((channel, "busy"), 0) >= 1, "an attempt in vain", 40)
            assert home.deliveries() == ["sent", "waiting"]
            platform.token_trouble = ""
            # Whatever pause it took: the next thing the person does is reason enough to try again.
            await at_work(lambda: phone.says("有消息吗"))
            await until(lambda: home.deliveries() == ["sent"] * 3, "all to be sent", 40)
            assert "\n".join(item.text for item in phone.seen).count(NEWS) == 1

"""What the tests of Telegram share."""

from __future__ import annotations

from typing import Any

from tests.channels.house import House, Make, until
from tests.channels.stand_ins.telegram import Platform
from tests.system import free_ports


def called(tg: Platform, house: Make, **settings: Any) -> House:
    """A house that Telegram calls, instead of being asked."""
    [port] = free_ports(1)
    address = f"http://127.0.0.1:{port}"
    return house(tg, port=port, address=address, telegram_webhook=True, **settings)


async def ready(tg: Platform) -> None:
    await until(lambda: tg.webhook, "the webhook to be set")

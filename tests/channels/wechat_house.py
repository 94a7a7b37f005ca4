"""What the tests of the WeChat official account share."""

from __future__ import annotations

from connectors.gateway import schema
from tests.channels.house import House
from tests.channels.stand_ins.wechat import Phone, Platform


def phone_of(mp: Platform, house: House) -> Phone:
    return mp.phone(f"{house.url}/channels/wechat/")


async def late(home: House, phone: Phone, text: str = "案件有新进展。") -> None:
    """Say something that must go out as a message."""
    await home.gateway.say(home.rows(schema.conversations)[0].id, text)

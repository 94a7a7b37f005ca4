"""``python -m tests.channels.pace``: how fast the whole system takes messages in and answers, many people at a time.

Two figures, over real HTTP with the brain and everything behind it running. *Stored*: from Telegram's call to its
acknowledgement, which is given once the message is on disk. *Reply*: from WeChat's call to the reply inside it, the
wait for more of the same breath included. People pause between messages as people do; each has a conversation of
their own. The goals: stored in 50 ms (median), a reply in 2 s (95 of 100), both with 20 people.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from tests.channels.conftest import AES_KEY, connected
from tests.channels.stand_ins import telegram, wechat
from tests.channels.stand_ins.server import Server
from tests.system import System, wait_for

#: What people say, in this order and from the beginning again.
SAID = (
    "有人在抖音发视频造谣，说我偷东西",
    "对",
    "https://v.douyin.com/iRNBho5x/",
    "为什么要填链接",
    "老城一霸",
    "昨天晚上八点",
    "先不填了",
    "举报要多久有结果",
)


def run(people: int, messages: int, think: float, seed: int = 1) -> dict[str, Any]:
    """Raises AssertionError if a message was not taken or not answered."""
    mp, tg = wechat.Platform(AES_KEY), telegram.Platform()
    with tempfile.TemporaryDirectory() as home, Server(mp.app) as first, Server(tg.app) as second:
        mp.url, tg.url = first.url, second.url
        told = {**connected(mp), "telegram_token": telegram.TOKEN, "telegram_api": tg.url}
        system = System(Path(home), **{f"REPORTGUIDE_{name}".upper(): str(value) for name, value in told.items()})
        system.environment |= {"REPORTGUIDE_TELEGRAM_WEBHOOK": "true", "REPORTGUIDE_ADDRESS": system.url}
        with system, httpx.Client(limits=httpx.Limits(max_connections=people)) as http:
            wait_for(lambda: tg.webhook, "the webhook to be set")
            phones = [telegram.Phone(tg, 700_000 + number) for number in range(people)]
            stored = _together([_texter(tg, phone, http) for phone in phones], messages, think, seed)
            wait_for(lambda: all(phone.seen for phone in phones), "everybody's answers", 120)
            followers = [mp.phone(f"{system.url}/channels/wechat/") for _ in range(people)]
            _together([follower.says for follower in followers], messages, think, seed)
    pushes = [push for follower in followers for push in follower.pushes]
    assert not any(follower.trouble for follower in followers)
    assert all(follower.seen for follower in followers)
    return {
        "people": people,
        "stored_ms": _table(stored),
        "reply_ms": _table([seconds for _, seconds in pushes]),
        "replies": sum(item.via == "reply" for follower in followers for item in follower.seen),
        "sent_later": sum(item.via != "reply" for follower in followers for item in follower.seen),
    }


def _texter(platform: telegram.Platform, phone: telegram.Phone, http: httpx.Client) -> Callable[[str], None]:
    headers = {"X-Telegram-Bot-Api-Secret-Token": platform.webhook["secret"]}

    def say(text: str) -> None:
        update = phone.update(message=phone.message(text=text))
        assert http.post(platform.webhook["url"], json=update, headers=headers, timeout=30).status_code == 200

    return say


def _together(talkers: Sequence[Callable[[str], None]], messages: int, think: float, seed: int) -> list[float]:
    """Let all talk at the same time; seconds that each message took."""

    def talk(number: int) -> list[float]:
        chance, took = random.Random(seed * 1000 + number), []
        for message in range(messages):
            # Thinking is what is played here; nothing is waited for.
            time.sleep(chance.uniform(0.2, 1.8) * think)
            began = time.monotonic()
            talkers[number](SAID[message % len(SAID)])
            took.append(time.monotonic() - began)
        return took

    with ThreadPoolExecutor(len(talkers)) as pool:
        return [seconds for took in pool.map(talk, range(len(talkers))) for seconds in took]


def _table(seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(value * 1000 for value in seconds)
    p95 = ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]
    return {
        "count": len(ordered),
        "p50": round(statistics.median(ordered), 1),
        "p95": round(p95, 1),
        "max": round(ordered[-1], 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--messages", type=int, default=8)
    parser.add_argument("--think", type=float, default=2.0, help="mean seconds between two messages of one person")
    asked = parser.parse_args()
    print(json.dumps(run(asked.people, asked.messages, asked.think), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

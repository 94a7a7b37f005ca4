"""``python -m tests.channels.kills --kills 200``: the service is ended by SIGKILL while people write to it by WeChat.

The brain is a scripted one in the same process; platform and phones live on. Afterwards every message had its effect
once, every answer is on its phone, and answers that are there twice are counted: no more of them than kills.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from bot.listening import configure_logs
from bot.migrations import migrate
from bot.sealing import Sealer
from bot.settings import ROOT
from connectors.gateway import Database, schema
from tests.channels.conftest import AES_KEY, connected
from tests.channels.house import House
from tests.channels.stand_ins.server import Server
from tests.channels.stand_ins.wechat import Phone, Platform
from tests.system import free_ports, wait_for

#: Phones that write at the same time.
PHONES = 4


async def _serve(home: Path, port: int, settings: dict[str, Any]) -> None:
    configure_logs("error")
    async with House(home, port=port, **settings):
        print("ready", flush=True)
        await asyncio.Event().wait()


class Service:
    """The process that is killed and started again."""

    def __init__(self, home: Path, port: int, platform: Platform) -> None:
        told = json.dumps({"home": str(home), "port": port, "settings": connected(platform)})
        self._command = [sys.executable, "-m", "tests.channels.kills", "--serve", told]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


def run(kills: int, seed: int = 1) -> dict[str, Any]:
    """Raises AssertionError if a message was lost or had two effects."""
    chance = random.Random(seed)
    platform = Platform(AES_KEY)
    [port] = free_ports(1)
    with tempfile.TemporaryDirectory() as folder, Server(platform.app) as server:
        platform.url = server.url
        service = Service(Path(folder), port, platform)
        phones = [platform.phone(f"http://127.0.0.1:{port}/channels/wechat/") for _ in range(PHONES)]
        said: Counter[str] = Counter()
        over = threading.Event()
        writers = [threading.Thread(target=_write, args=(phone, said, over), daemon=True) for phone in phones]
        for writer in writers:
            writer.start()
        for _ in range(kills):
            # A random moment is the point here; nothing is waited for.
            time.sleep(chance.uniform(0.02, 0.8))
            service.kill()
            service.start()
        over.set()
        for writer in writers:
            writer.join(300)
        database = Database(f"sqlite:///{Path(folder) / 'service.db'}")
        migrate(database.engine)
        wait_for(lambda: not _owed(database), "everything to be delivered", 120)
        service.kill()
        effects = _effects(database)
        database.close()
    assert not any(phone.trouble for phone in phones)
    shown = Counter(line for phone in phones for item in phone.seen for line in item.text.split("\n\n"))
    answers = {f"收到：{text}" for text in said}
    assert answers <= set(shown), f"lost: {sorted(answers - set(shown))}"
    assert effects == Counter(answers), "a message had more or fewer effects than one"
    # One message carries several answers. A kill may lose the provider's answer to the one under way to each person.
    doubled = sum(_repeating(phone) for phone in phones)
    assert doubled <= kills * len(phones), f"{doubled} messages came twice over {kills} kills"
    return {"kills": kills, "messages": len(said), "doubled": doubled, "most": dict(_most(phones))}


def _write(phone: Phone, said: Counter[str], over: threading.Event) -> None:
    number = 0
    while not over.is_set():
        number += 1
        text = f"{phone.openid[1:9]} 第{number}句"
        # The provider of this proof never gives a message up: how long the service is away is the machine's affair.
        phone.push({"MsgType": "text", "Content": text}, "message", pushes=1_000_000)
        said[text] += 1


def _owed(database: Database) -> list[Any]:
    query = schema.entries.select().where(schema.entries.c.delivery.in_(("waiting", "sending")))
    return database.read_now(lambda connection: list(connection.execute(query).all()))


def _repeating(phone: Any) -> int:
    """How many messages brought an answer that had been brought before."""
    seen: set[str] = set()
    repeating = 0
    for item in phone.seen:
        answers = {line for line in item.text.split("\n\n") if line.startswith("收到：")}
        repeating += bool(answers & seen)
        seen |= answers
    return repeating


def _effects(database: Database) -> Counter[str]:
    sealer = Sealer(bytes(32))
    rows = database.read_now(lambda connection: list(connection.execute(schema.entries.select()).all()))
    texts = [
        sealer.open_json(row.body, f"entry:{row.conversation_id}")["text"] for row in rows if row.side == "assistant"
    ]
    return Counter(texts)


def _most(phones: list[Phone]) -> Counter[str]:
    most: Counter[str] = Counter()
    for phone in phones:
        most |= phone.most
    return most


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        told = json.loads(asked.serve)
        asyncio.run(_serve(Path(told["home"]), told["port"], told["settings"]))
        return 0
    print(json.dumps(run(asked.kills, asked.seed)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

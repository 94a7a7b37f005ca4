"""The gateway with channels in this process, behind a real HTTP server: a scripted brain, everything else is real."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI

from actions.standard import Standard, read_standard
from bot.channels import Channels
from bot.linking import Linking
from bot.migrations import migrate
from bot.sealing import Sealer
from bot.settings import ROOT, Settings
from bot.words import Phrases
from connectors.gateway import Database, Gateway, Pace, Vault, schema
from connectors.gateway.links import Links

#: The phones' threads, so that they do not take those of the service.
_OUTSIDE = ThreadPoolExecutor(32)
PHRASES = Phrases(ROOT / "dialogues" / "phrases.yml")


class ScriptedBrain:
    """Says what `answer` makes of a turn; keeps the turns it was given, and answers a repeated one alike."""

    def __init__(self) -> None:
        self.turns: list[Mapping[str, Any]] = []
        self.delay = 0.0
        self.answer: Callable[[Mapping[str, Any]], list[dict[str, Any]]] = echo

    async def turn(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.delay:
            await asyncio.sleep(self.delay)
        self.turns.append(body)
        return {"replies": self.answer(body), "state": {"step": "idle"}}


def echo(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    said = body["button"]["intent"] if body["button"] else body["text"]
    return [{"text": f"收到：{said}", "buttons": []}]


def bubble(text: str, *titles: str) -> dict[str, Any]:
    return {"text": text, "buttons": [{"title": title, "payload": f"chosen?it={title}"} for title in titles]}


class House:
    """An async context manager. `url` is the public address; `environment` are settings without their prefix."""

    def __init__(self, home: Path, burst: float = 0.05, *, port: int = 0, **settings: Any) -> None:
        self.home, self._port = home, port
        self.sealer = Sealer(bytes(32))
        self.database = Database(f"sqlite:///{home / 'service.db'}")
        migrate(self.database.engine)
        self.brain = ScriptedBrain()
        self.vault = Vault(home / "evidence", self.database, self.sealer, Sealer)
        self.channels = Channels(Settings(home=home, **settings), PHRASES, standard(), self.database)
        pace = Pace(burst, 500)
        self.gateway = Gateway(self.database, self.sealer, self.vault, self.brain, PHRASES, pace, self.channels.fetch)
        self.links = Links(self.database, self.sealer)
        self.linking = Linking(self.links, "http://house", self.channels.all)
        self.channels.connect(self.gateway, self.sealer, partial(self.linking.upload, asks=None))
        self.delivery = self.channels.delivery
        self.app = FastAPI()
        self.channels.mount(self.app)

    async def __aenter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        config = uvicorn.Config(self.app, log_config=None, access_log=False, lifespan="off", ws="none")
        config.timeout_graceful_shutdown = 1
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve([self._listener]))
        await self.gateway.start()
        await self.channels.start()
        await until(lambda: self._server.started, "the server")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        await self._serving
        await self.channels.stop()
        await self.gateway.stop()
        self.database.close()
        self._listener.close()

    def rows(self, table: sa.Table) -> list[Any]:
        return self.database.read_now(lambda connection: list(connection.execute(sa.select(table)).all()))

    def deliveries(self) -> list[str]:
        """The delivery of each entry of the assistant, in order."""
        return [row.delivery for row in self.rows(schema.entries) if row.side == "assistant"]

    def everything(self) -> dict[str, list[Any]]:
        """All that the gateway has stored: to see whether anything changed."""
        tables = (schema.conversations, schema.inbox, schema.entries, schema.evidence, schema.outlets)
        return {table.name: self.rows(table) for table in (*tables, schema.allowances, schema.cursors)}


#: What the fixture `house` gives: it makes one, for the platforms and the settings that it is called with.
Make = Callable[..., House]


@cache
def standard() -> Standard:
    return read_standard(ROOT / "dialogues" / "standard")


async def until(condition: Callable[[], Any], what: str, seconds: float = 20) -> Any:
    """The first true value of `condition`. Fails, saying what was waited for."""
    end = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        await asyncio.sleep(0.02)


def at_work(work: Callable[[], Any]) -> Awaitable[Any]:
    """Let a phone do something, as the outside world does: not in this event loop."""
    return asyncio.get_running_loop().run_in_executor(_OUTSIDE, work)

"""Serving: several ports in one process, and how the process logs and ends."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Mapping, Sequence
from typing import Protocol

import structlog
import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send


class Living(Protocol):
    """What begins and ends with the process."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class ByPort:
    """Serves each listener its own application, told apart by the port that was connected to."""

    def __init__(self, living: Living, apps: Mapping[int, ASGIApp]) -> None:
        self._living, self._apps = living, apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._apps[scope["server"][1]](scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._living.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._living.stop()
        await send({"type": "lifespan.shutdown.complete"})


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError if the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio switches Nagle's delay off (40 ms a turn) only where it is.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(512)
    return listener


def run(living: Living, apps: Mapping[int, ASGIApp], listeners: Sequence[socket.socket]) -> None:
    """Serve `apps` by port on these listeners until told to stop (SIGINT, SIGTERM)."""
    # Open event streams must not hold up the end of the process.
    config = uvicorn.Config(
        ByPort(living, apps),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
        server_header=False,
        lifespan="on",
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve(sockets=list(listeners)))


def configure_logs(level: str) -> None:
    """Structured logs on standard error. Values that people gave are never logged, at any level."""
    number = getattr(logging, level.upper())
    # httpx logs whole addresses, and those of uploads have evidence hashes in them.
    logging.basicConfig(level=max(number, logging.WARNING), format="%(levelname)s %(name)s %(message)s")
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
    )

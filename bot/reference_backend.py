"""Runs the embedded reference backend as a process of its own, with its own database file."""

from __future__ import annotations

import asyncio
import sys

import uvicorn

from bot.listening import configure_logs, listen
from bot.parent import end_with_parent
from bot.sealing import SealingError
from bot.settings import Settings
from connectors.backend.reference import CallbackTarget, create_app


def main() -> int:
    settings = Settings()
    configure_logs(settings.log_level)
    end_with_parent()
    try:
        sealer = settings.sealer()
    except SealingError as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - the one line an operator needs
        return 1
    app = create_app(
        settings.home / "backend" / "backend.db",
        sealer,
        settings.token_for_backend(sealer),
        CallbackTarget(
            f"http://127.0.0.1:{settings.port}/callbacks/case-status", settings.secret_for_callbacks(sealer)
        ),
    )
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=2)
    asyncio.run(uvicorn.Server(config).serve(sockets=[listen("127.0.0.1", settings.backend_port)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())

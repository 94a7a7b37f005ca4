"""`reportguide understand`: asks the running brain, or a brain of its own if none runs."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from types import TracebackType
from typing import Any, Self

import httpx
from rich.console import Console

from bot.cli.faults import Fault
from bot.settings import Settings, internal_token
from bot.supervisor import brain_environment, brain_python, prepare


class Understander:
    """A context manager around a brain. `understand` answers exactly as the assistant understands in a turn."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._own: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        url = self._settings.brain_url
        if not _answers(url):
            prepare(self._settings, Console(stderr=True))
            url = self._start()
        headers = {"Authorization": f"Bearer {internal_token(self._settings.sealer())}"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=30)
        return self

    def understand(self, text: str, step: str | None) -> dict[str, Any]:
        """What a message means: intent, matters, reporter, urgent, referral, fields, kind, control, value."""
        answer = self._http.post("/understand", json={"text": text, "step": step})
        if answer.status_code == 422:
            raise Fault(f"there is no step {step!r}", "name an element of the reporting standard, matter or confirm")
        if not answer.is_success:
            raise Fault(f"the brain answered {answer.status_code}", "try again")
        told: dict[str, Any] = answer.json()
        return told

    def _start(self) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {
            **brain_environment(self._settings),
            "REPORTGUIDE_BRAIN_PORT": str(port),
            "REPORTGUIDE_END_WITH_PARENT": "1",
            # It understands and remembers nothing: no conversation is touched.
            "REPORTGUIDE_BRAIN_DATABASE": "sqlite://",
        }
        self._own = subprocess.Popen(
            [str(brain_python()), "-m", "bot.brain.server"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 120
        while not _answers(url):
            if self._own.poll() is not None or time.monotonic() > until:
                raise Fault("the brain did not start", "run `reportguide train --force` and try again")
            time.sleep(0.1)
        return url

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(AttributeError):
            self._http.close()
        if self._own:
            self._own.kill()
            self._own.wait()
            if self._own.stdin:
                self._own.stdin.close()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=1.0).is_success
    except httpx.HTTPError:
        return False

"""Runs the whole system for tests, as a person would: `reportguide up` in a home of its own, on free ports."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from rich.console import Console

from bot.sealing import Sealer
from bot.settings import ROOT, Settings, internal_token
from bot.supervisor import prepare

#: Seconds within which the system must be ready; generous, because CI machines are slow and shared.
READY = 180


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for probe in held:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in held]
    finally:
        for probe in held:
            probe.close()


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """The first true value of `condition`. Fails, saying what was waited for, after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        if time.monotonic() > until:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


class System:
    """A context manager. `home` is an empty folder, `environment` the settings the system runs under.

    `checkout`: whose code and data run, where it is not this project's own tree.
    """

    def __init__(self, home: Path, *, checkout: Path = ROOT, **environment: str) -> None:
        self.home, self.checkout = home, checkout
        ports = dict(
            zip(("PORT", "CONSOLE_PORT", "ACTIONS_PORT", "BRAIN_PORT", "BACKEND_PORT"), free_ports(5), strict=True)
        )
        self.key = secrets.token_bytes(32)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("REPORTGUIDE_")},
            **{f"REPORTGUIDE_{name}": str(port) for name, port in ports.items()},
            "REPORTGUIDE_HOME": str(home),
            "REPORTGUIDE_KEY": base64.b64encode(self.key).decode(),
            # Thousands of texts would be learnt anew in each empty home; search by meaning has tests of its own.
            "REPORTGUIDE_MEANING": "false",
            **environment,
        }
        self.ports = ports
        self.url = f"http://127.0.0.1:{ports['PORT']}"
        self.console_url = f"http://127.0.0.1:{ports['CONSOLE_PORT']}"
        self.sealer = Sealer(self.key)
        self._process: subprocess.Popen[bytes] | None = None
        self._people: list[Person] = []

    def __enter__(self) -> Self:
        self.home.mkdir(exist_ok=True)
        self._share_model()
        self.start()
        return self

    def _share_model(self) -> None:
        """Train once for all tests, in the checkout's own home, and lend the result to this one."""
        settings = Settings()
        prepare(settings, Console(stderr=True))
        shutil.copytree(settings.brain_folder, self.home / "brain", dirs_exist_ok=True)

    def start(self) -> None:
        self._log = (self.home / "up.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "up"],
            cwd=self.checkout,
            env=self.environment,
            stdout=self._log,
            stderr=self._log,
        )
        wait_for(self._ready, f"the system; its log is {self.home / 'up.log'}", READY)

    def _ready(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError("the system ended: " + (self.home / "up.log").read_text("utf-8")[-2000:])
        try:
            return httpx.get(f"{self.console_url}/health", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self, with_signal: int = signal.SIGINT) -> int:
        """Stop it as Ctrl-C does; the exit code."""
        assert self._process is not None
        self._process.send_signal(with_signal)
        code = self._process.wait(30)
        self._log.close()
        return code

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for person in self._people:
            person.http.close()
        if self._process and self._process.poll() is None:
            self.stop()

    # -- what tests do with it ---------------------------------------------------------------------------------------

    def pids(self) -> dict[str, int]:
        """Process ids by name: supervisor, service, brain, backend."""
        assert self._process is not None
        found = {"supervisor": self._process.pid}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    stat = (entry / "stat").read_text("utf-8").rsplit(")", 1)[1].split()
                    command = (entry / "cmdline").read_bytes().decode().split("\0")
                except (OSError, IndexError):
                    continue
                if int(stat[1]) == self._process.pid and stat[0] != "Z":
                    for name, module in (
                        ("service", "bot.service"),
                        ("brain", "bot.brain.server"),
                        ("backend", "bot.reference_backend"),
                    ):
                        if module in command:
                            found[name] = int(entry.name)
        return found

    def run(self, *arguments: str, text: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A `reportguide` command against this system."""
        return subprocess.run(
            [sys.executable, "-m", "bot.cli", *arguments],
            cwd=self.checkout,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            check=check,
            timeout=300,
        )

    def person(self, name: str | None = None) -> Person:
        person = Person(self, name or str(uuid.uuid4()))
        self._people.append(person)
        return person


class Person:
    """Somebody who talks with the system over its HTTP API, as `reportguide chat` does."""

    def __init__(self, system: System, name: str) -> None:
        self.name = name
        token = base64.urlsafe_b64encode(system.sealer.derive(f"terminal:{name}")).decode().rstrip("=")
        headers = {"Authorization": f"Bearer {token}", "X-Reportguide-Operator": internal_token(system.sealer)}
        self.http = httpx.Client(base_url=system.url, headers=headers, timeout=90)
        self.state: dict[str, Any] = {}
        self.said: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any], message_id: str | None = None) -> list[dict[str, Any]]:
        """Send one message and wait for what is said to it."""
        body = {"id": message_id or str(uuid.uuid4()), **message}
        answer = self.http.post("/api/chat/messages", params={"wait": 60, "debug": True}, json=body)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["done"], "no answer within a minute"
        self.state = told["state"]
        self.said = told["entries"]
        return self.said

    def say(self, text: str) -> list[dict[str, Any]]:
        return self.send({"text": text})

    def press(self, label: str) -> list[dict[str, Any]]:
        return self.send({"button": {"label": label}})

    def give(self, files: Sequence[tuple[str, bytes]]) -> list[dict[str, Any]]:
        """Upload files and send them as one message."""
        return self.send({"files": [self.upload(name, content)["id"] for name, content in files]})

    def upload(self, name: str, content: bytes) -> dict[str, Any]:
        answer = self.http.post("/api/chat/files", files={"file": (name, content)})
        assert answer.status_code == 201, answer.text
        kept: dict[str, Any] = answer.json()
        return kept

    @property
    def text(self) -> str:
        """What was said last, bubbles joined."""
        return "\n".join(entry["text"] for entry in self.said)

    @property
    def buttons(self) -> list[str]:
        return [button["title"] for entry in self.said for button in entry["buttons"]]

    @property
    def step(self) -> str:
        return str(self.state["step"])

    def entries(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/api/chat/entries").json()["entries"]
        return found


def cases(system: System) -> list[dict[str, Any]]:
    """All cases that `reportguide cases list` knows."""
    listed: list[dict[str, Any]] = json.loads(system.run("cases", "list", "--json").stdout)
    return listed

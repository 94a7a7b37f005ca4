"""The two sides that `reportguide bench` measures, each in processes of its own with a home of its own."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from rich.progress import Progress

from bot.cli.faults import Fault
from bot.settings import ROOT, Settings
from bot.supervisor import Child, brain_environment, brain_python, last_line

#: The dialogue, and the stock project that is measured against.
BENCH = ROOT / "tests" / "bench"
STOCK = BENCH / "stock"
#: Seconds until what answers over HTTP must answer.
READY = 120


class Steps:
    """Things done one after the other, each shown while it is done."""

    def __init__(self, progress: Progress) -> None:
        self._bars = progress

    @contextlib.contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """One thing being done; yields what to call when some of `total` is done."""
        task = self._bars.add_task(what, total=total)
        yield lambda count: self._bars.advance(task, count)
        self._bars.update(task, total=1, completed=1)


class Agent:
    """One side, loaded in a process of its own (`bot.brain.measure`) that measures what it is asked to."""

    def __init__(
        self, side: str, environment: dict[str, str], home: Path, held: contextlib.ExitStack, *more: str
    ) -> None:
        self._side, self._log = side, home / f"{side}.log"
        command = [
            str(brain_python()),
            "-m",
            "bot.brain.measure",
            side,
            "--follow",
            "--dialogue",
            str(BENCH / "dialogue.yml"),
            *more,
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        held.callback(_end, self._process)
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the pipes that were asked for are missing")
        self._into, self._out = self._process.stdin, self._process.stdout
        self._answer()

    def ask(self, wanted: dict[str, int]) -> dict[str, Any]:
        """``{"conversations": n}`` or ``{"long": n}`` → ``{"turns": [[ms]], "long": [ms], "rss_mb"}``."""
        with contextlib.suppress(BrokenPipeError):
            self._into.write(json.dumps(wanted) + "\n")
            self._into.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._out.readline()
        if not line:
            raise Fault(f"{self._side}: the agent ended: {last_line(self._log)}")
        told: dict[str, Any] = json.loads(line)
        if "error" in told:
            raise Fault(
                f"the dialogue was not followed: {told['error']}",
                "tests/bench/dialogue.yml says what each side must ask",
            )
        return told


def ours(settings: Settings, home: Path, progress: Steps, held: contextlib.ExitStack) -> Agent:
    """Our brain with the service that answers its actions, in a home of its own with a key of its own."""
    names = ("port", "console_port", "actions_port", "brain_port", "backend_port")
    values = {
        "home": str(home),
        "key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "host": "127.0.0.1",
        "database_url": "",
        "backend_url": "",
        # What is learnt once, behind a first start, is no part of a turn.
        "meaning": "false",
        **{name: str(port) for name, port in zip(names, _free_ports(5), strict=True)},
    }
    own = Settings(**dict[str, Any](values))
    shutil.copytree(settings.brain_folder, own.brain_folder)
    told = {f"REPORTGUIDE_{name.upper()}": value for name, value in values.items()}
    environment = {**_plain_environment(), **told}
    service = Child("service", [sys.executable, "-m", "bot.service"], environment, f"{own.public_url}/health")
    with progress.step("starting our service"):
        _start(service, home, held)
    with progress.step("loading our brain"):
        return Agent("ours", {**brain_environment(own), **told}, home, held)


def stock(model: Path, home: Path, progress: Steps, held: contextlib.ExitStack) -> Agent:
    """Stock Rasa with rasa-sdk's own action server."""
    [port] = _free_ports(1)
    url = f"http://127.0.0.1:{port}"
    server = [sys.executable, "-m", "rasa_sdk", "--actions", "tests.bench.stock.actions", "--port", str(port)]
    # The shell ends it when this process is gone, however it went: the end of its standard input is here.
    command = ["sh", "-c", '"$@" & cat > /dev/null; kill $!', "sh", *server]
    actions = Child("actions", command, {**_plain_environment(), "SANIC_HOST": "127.0.0.1"}, f"{url}/health")
    with progress.step("starting stock Rasa's action server"):
        _start(actions, home, held)
    with progress.step("loading stock Rasa"):
        return Agent(
            "stock",
            _plain_environment(),
            home,
            held,
            "--model",
            str(model),
            "--actions",
            f"{url}/webhook",
            "--database",
            str(home / "stock.db"),
        )


def stock_model(settings: Settings, progress: Steps, short: bool) -> Path:
    """The stock project's model, trained the first time and whenever the project changes."""
    files = [STOCK / "domain.yml", *sorted((STOCK / "data").glob("*.yml"))]
    config = _stock_config(short)
    digest = hashlib.sha256(b"\0".join([config.encode(), *(file.read_bytes() for file in files)])).hexdigest()[:16]
    folder = settings.home / "bench"
    kind = "short" if short else "stock"
    model = folder / f"{kind}-{digest}.tar.gz"
    if model.exists():
        return model
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as work, progress.step("training stock Rasa (some minutes, once)"):
        (Path(work) / "config.yml").write_text(config, "utf-8")
        command = [
            str(brain_python()),
            "-m",
            "rasa",
            "train",
            "--config",
            str(Path(work) / "config.yml"),
            "--domain",
            str(STOCK / "domain.yml"),
            "--data",
            str(STOCK / "data"),
            "--out",
            work,
            "--fixed-model-name",
            "stock",
        ]
        log = folder / "training.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                cwd=work,
                env=_plain_environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            code = process.wait()
        finally:
            _end(process)
        trained = Path(work) / "stock.tar.gz"
        if code or not trained.exists():
            raise Fault(f"stock Rasa could not be trained: {last_line(log)}", f"the whole log is in {log}")
        for old in folder.glob(f"{kind}-*.tar.gz"):
            old.unlink()
        trained.replace(model)
    return model


def _stock_config(short: bool) -> str:
    text = (STOCK / "config.yml").read_text("utf-8")
    if not short:
        return text
    config = yaml.safe_load(text)
    for part in (*config["pipeline"], *config["policies"]):
        if "epochs" in part:
            # What understands must learn enough to follow the dialogue; the rest predicts as fast, whatever it learnt.
            part["epochs"] = 15 if part["name"] == "DIETClassifier" else 1
    written: str = yaml.safe_dump(config)
    return written


# -- processes -------------------------------------------------------------------------------------------------------


def _plain_environment() -> dict[str, str]:
    """The caller's, without anything that would point a process at the caller's own data."""
    mine = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("REPORTGUIDE_") and name != "VIRTUAL_ENV"
    }
    return {
        **mine,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def _start(child: Child, logs: Path, held: contextlib.ExitStack) -> None:
    child.start(logs)
    if child.process is None:
        raise RuntimeError("a child that was started has no process")
    held.callback(_end, child.process)
    until = time.monotonic() + READY
    while not child.ready():
        if child.process.poll() is not None or time.monotonic() > until:
            raise Fault(f"the {child.name} did not start: {last_line(logs / (child.name + '.log'))}")
        time.sleep(0.1)


def _end(process: subprocess.Popen[Any]) -> None:
    """End a process and all that it started; each of ours leads a group of its own."""
    for number, patience in ((signal.SIGTERM, 8), (signal.SIGKILL, 8)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()

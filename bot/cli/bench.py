"""`reportguide bench`: our brain and stock Rasa at the same dialogue, in turn, on the same machine."""

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
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.cli.faults import Fault
from bot.settings import ROOT, Settings
from bot.supervisor import Child, brain_environment, brain_python, prepare

#: The dialogue, and the stock project that is measured against.
BENCH = ROOT / "tests" / "bench"
STOCK = BENCH / "stock"
SIDES = ("ours", "stock")
#: Conversations of each side that count, and how many one side takes before it is the other's turn.
CONVERSATIONS, BLOCK = 40, 5
#: Stock Rasa's turns grow with the conversation: a longer one is not waited for.
STOCK_LONG = 300
#: Turns of the long conversation that are shown, besides the last.
SHOWN = (5, 50, 100, 200)
#: The shortest long conversation whose growth means anything.
SHORTEST = 20
#: Seconds until what answers over HTTP must answer.
READY = 120


def run(settings: Settings, turns: int, as_json: bool, conversations: int = CONVERSATIONS) -> None:
    """Measure both sides and print tables, or one JSON object. `turns`: length of the long conversation."""
    if turns < SHORTEST:
        raise Fault(f"{turns} turns are no long conversation", f"give --turns {SHORTEST} or more")
    console = Console(stderr=True)
    with _terminable(), contextlib.ExitStack() as held:
        prepare(settings, console)
        progress = held.enter_context(_Progress(console))
        model = _stock_model(settings, progress)
        home = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="reportguide-bench-")))
        agents = {
            "ours": _ours(settings, home, progress, held),
            "stock": _stock(model, home, progress, held),
        }
        result = _summary(_measure(agents, turns, conversations, progress))
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _print(result)


# -- measuring -------------------------------------------------------------------------------------------------------


@dataclass
class _Figures:
    """Of one side: milliseconds by conversation and turn, and of the long conversation; peak memory."""

    turns: list[list[float]] = field(default_factory=list)
    long: list[float] = field(default_factory=list)
    rss_mb: float = 0.0


def _measure(agents: dict[str, _Agent], turns: int, conversations: int, progress: _Progress) -> dict[str, _Figures]:
    """A block of one side, then of the other, and so on: what slows the machine down for a while meets both."""
    figures = {side: _Figures() for side in SIDES}
    with progress.step("both sides take the dialogue", 2 * conversations) as advance:
        for start in range(0, conversations, BLOCK):
            count = min(BLOCK, conversations - start)
            for side in SIDES:
                told = agents[side].ask({"conversations": count})
                figures[side].turns += told["turns"]
                # Before the long conversation, which is a case of its own.
                figures[side].rss_mb = told["rss_mb"]
                advance(count)
    for side, length in (("ours", turns), ("stock", min(turns, STOCK_LONG))):
        with progress.step(f"one conversation of {length} turns: {side}"):
            figures[side].long = agents[side].ask({"long": length})["long"]
    return figures


def _summary(figures: dict[str, _Figures]) -> dict[str, Any]:
    every = {side: [ms for conversation in found.turns for ms in conversation] for side, found in figures.items()}
    turn_ms = {
        side: {
            "p50": _ms(statistics.median(all_ms)),
            "p95": _ms(sorted(all_ms)[int(0.95 * (len(all_ms) - 1))]),
            "mean": _ms(statistics.fmean(all_ms)),
        }
        for side, all_ms in every.items()
    }
    per_second = {side: round(1000 / statistics.fmean(all_ms), 2) for side, all_ms in every.items()}
    growth = {side: _growth(found.long) for side, found in figures.items()}
    return {
        "turn_ms": turn_ms,
        "turn_ratio_p50": round(turn_ms["ours"]["p50"] / turn_ms["stock"]["p50"], 4),
        "turns_per_second": per_second,
        "turns_per_second_ratio": round(per_second["ours"] / per_second["stock"], 2),
        "turn_by_turn_ms": {
            side: [_ms(statistics.median(column)) for column in zip(*found.turns, strict=True)]
            for side, found in figures.items()
        },
        "long_conversation_ms": {side: _milestones(found.long) for side, found in figures.items()},
        "long_conversation_ratio": growth["ours"],
        "long_conversation_ratio_stock": growth["stock"],
        "rss_mb": {side: found.rss_mb for side, found in figures.items()},
        "conversations": len(figures["ours"].turns),
        "cpus": os.cpu_count(),
    }


def _growth(long: list[float]) -> float:
    """The last ten turns of a conversation against its third to twelfth."""
    return round(statistics.median(long[-10:]) / statistics.median(long[2:12]), 3)


def _milestones(long: list[float]) -> dict[str, float]:
    """Turn → median of the ten turns around it, because one turn alone says little."""
    shown = {str(turn): _ms(statistics.median(long[max(0, turn - 6) : turn + 4])) for turn in SHOWN if turn < len(long)}
    return {**shown, str(len(long)): _ms(statistics.median(long[-10:]))}


def _ms(value: float) -> float:
    return round(value, 2)


def _print(result: dict[str, Any]) -> None:
    ours, stock = result["turn_ms"]["ours"], result["turn_ms"]["stock"]
    table = Table("", "ours", "stock Rasa", "ours / stock", title=f"{result['conversations']} conversations each")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, key in (("turn, median", "p50"), ("turn, 95th percentile", "p95"), ("turn, mean", "mean")):
        table.add_row(name, f"{ours[key]:.1f} ms", f"{stock[key]:.1f} ms", f"{ours[key] / stock[key]:.3f}")
    for name, key, unit in (("turns per second", "turns_per_second", ""), ("peak memory", "rss_mb", " MB")):
        mine, theirs = result[key]["ours"], result[key]["stock"]
        table.add_row(name, f"{mine:.0f}{unit}", f"{theirs:.0f}{unit}", f"{mine / theirs:.3f}")
    table.add_section()
    long = result["long_conversation_ms"]
    for turn in dict.fromkeys([*long["stock"], *long["ours"]]):
        mine, theirs = long["ours"].get(turn), long["stock"].get(turn)
        shown = [f"{ms:.1f} ms" if ms else "—" for ms in (mine, theirs)]
        table.add_row(f"turn {turn} of a long one", *shown, f"{mine / theirs:.3f}" if mine and theirs else "—")
    table.add_row(
        "its last turns / its first",
        f"{result['long_conversation_ratio']:.2f}",
        f"{result['long_conversation_ratio_stock']:.2f}",
        "",
    )
    Console().print(table)


# -- the two sides ---------------------------------------------------------------------------------------------------


class _Agent:
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
            raise Fault(f"{self._side}: the agent ended: {_last_line(self._log)}")
        told: dict[str, Any] = json.loads(line)
        if "error" in told:
            raise Fault(
                f"the dialogue was not followed: {told['error']}",
                "tests/bench/dialogue.yml says what each side must ask",
            )
        return told


def _ours(settings: Settings, home: Path, progress: _Progress, held: contextlib.ExitStack) -> _Agent:
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
        return _Agent("ours", {**brain_environment(own), **told}, home, held)


def _stock(model: Path, home: Path, progress: _Progress, held: contextlib.ExitStack) -> _Agent:
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
        return _Agent(
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


def _stock_model(settings: Settings, progress: _Progress) -> Path:
    """The stock project's model, trained the first time and whenever the project changes."""
    files = [STOCK / "config.yml", STOCK / "domain.yml", *sorted((STOCK / "data").glob("*.yml"))]
    digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]
    folder = settings.home / "bench"
    model = folder / f"stock-{digest}.tar.gz"
    if model.exists():
        return model
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as work, progress.step("training stock Rasa (some minutes, once)"):
        command = [
            str(brain_python()),
            "-m",
            "rasa",
            "train",
            "--config",
            str(STOCK / "config.yml"),
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
            raise Fault(f"stock Rasa could not be trained: {_last_line(log)}", f"the whole log is in {log}")
        for old in folder.glob("stock-*.tar.gz"):
            old.unlink()
        trained.replace(model)
    return model


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
            raise Fault(f"the {child.name} did not start: {_last_line(logs / (child.name + '.log'))}")
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


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "it said nothing"


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does, so that what was started is stopped either way."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Progress:
    """What is being done, on standard error: a bar in a terminal, else one plain line each."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> _Progress:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    @contextlib.contextmanager
    def step(self, what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """One thing being done; yields what to call when some of `total` is done."""
        if not self._console.is_terminal:
            self._console.print(what, highlight=False)
        task = self._bars.add_task(what, total=total)
        yield lambda count: self._bars.advance(task, count)
        self._bars.update(task, total=1, completed=1)

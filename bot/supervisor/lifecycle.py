"""Starts the processes, keeps them running, stops them all."""

from __future__ import annotations

import contextlib
import errno
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from bot.cli.faults import Fault
from bot.listening import listen
from bot.settings import Settings
from bot.supervisor.preparation import prepare
from bot.supervisor.processes import Child, children, last_line
from bot.supervisor.progress import shown

#: Seconds until a child that ended is started again, by how often it ended within the last minute.
RESTART_AFTER = (0.2, 1.0, 3.0, 10.0)


def up(settings: Settings, console: Console) -> int:
    """Prepare, start, supervise until a signal; exit code 0 after Ctrl-C."""
    _ports_free(settings)
    began = time.monotonic()
    prepare(settings, console)
    logs = settings.home / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    running = children(settings)
    stopping = _on_signals()
    try:
        for child in running:
            child.start(logs)
        if not _wait_ready(running, console, logs, stopping):
            return 0
        console.print(
            f"ready after {time.monotonic() - began:.0f} s\n"
            f"  web chat       {settings.public_url}\n"
            f"  API            {settings.public_url}/api/docs\n"
            f"  staff console  {settings.console_url}/health\n"
            f"  backend        {settings.backend_base}{'' if settings.backend_url else '  (embedded reference)'}\n"
            f"Ctrl-C stops everything.",
            highlight=False,
        )
        _supervise(running, console, logs, stopping)
        return 0
    finally:
        _stop(running)
        console.print("stopped", highlight=False)


def _ports_free(settings: Settings) -> None:
    ports = {
        "port": settings.port,
        "console_port": settings.console_port,
        "actions_port": settings.actions_port,
        "brain_port": settings.brain_port,
    }
    if not settings.backend_url:
        ports["backend_port"] = settings.backend_port
    for name, port in ports.items():
        try:
            listen(settings.host if name in ("port", "console_port") else "127.0.0.1", port).close()
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                raise Fault(
                    f"port {port} is in use", f"stop what uses it, or set REPORTGUIDE_{name.upper()} to a free one"
                ) from None
            raise Fault(
                f"cannot listen on {settings.host}:{port}: {problem.strerror}",
                f"check REPORTGUIDE_HOST and REPORTGUIDE_{name.upper()}",
            ) from None


def _on_signals() -> Callable[[], bool]:
    asked: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: asked.append(number))
    return lambda: bool(asked)


def _wait_ready(running: list[Child], console: Console, logs: Path, stopping: Callable[[], bool]) -> bool:
    """Wait until every child answers. Raises Fault if one ends before that; False if asked to stop meanwhile."""
    with shown(console) as progress:
        tasks = {child.name: progress.add_task(f"starting the {child.name}", total=1) for child in running}
        waiting = list(running)
        while waiting:
            if stopping():
                return False
            for child in list(waiting):
                if child.process and child.process.poll() is not None:
                    raise Fault(
                        f"the {child.name} did not start: {last_line(logs / (child.name + '.log'))}",
                        f"its log is {logs / (child.name + '.log')}",
                    )
                if child.ready():
                    progress.update(tasks[child.name], completed=1)
                    waiting.remove(child)
            time.sleep(0.1)
    return True


def _supervise(running: list[Child], console: Console, logs: Path, stopping: Callable[[], bool]) -> None:
    while not stopping():
        now = time.monotonic()
        for child in running:
            if child.process and child.process.poll() is not None:
                child.ends = [end for end in child.ends if now - end < 60] + [now]
                pause = RESTART_AFTER[min(len(child.ends), len(RESTART_AFTER)) - 1]
                console.print(
                    f"the {child.name} ended (code {child.process.returncode}); starting it again", highlight=False
                )
                child.process, child.start_at = None, now + pause
            if child.process is None and now >= child.start_at:
                child.start(logs)
        time.sleep(0.1)


def _stop(running: list[Child]) -> None:
    for child in running:
        if child.process and child.process.poll() is None:
            child.process.terminate()
    until = time.monotonic() + 8
    for child in running:
        if child.process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, until - time.monotonic()))
            if child.process.poll() is None:
                child.process.kill()
                child.process.wait()

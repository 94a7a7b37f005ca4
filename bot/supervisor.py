"""`reportguide up`: prepares what is missing, starts the processes, keeps them running, stops them all.

Children end with this process however it ends: each holds the read end of a pipe whose other end is here.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from actions.drafts import editions_in_use
from actions.standard import Standard, read_standard
from bot.cli.faults import Fault
from bot.compile import compiled, fingerprint
from bot.listening import listen
from bot.parent import WITH_PARENT
from bot.sealing import make_key_file
from bot.settings import ROOT, Settings

#: How long the embedding's threads look for work before they sleep (GNU's OpenMP: times; LLVM's: milliseconds). By
#: default they take the processor from others on a busy machine; not at all, and waking them costs as much as the work.
QUIET = {"GOMP_SPINCOUNT": "20000", "KMP_BLOCKTIME": "1"}
BRAIN_PYTHON = "3.10"
#: Seconds until a child that ended is started again, by how often it ended within the last minute.
RESTART_AFTER = (0.2, 1.0, 3.0, 10.0)


# -- preparing -------------------------------------------------------------------------------------------------------


def brain_python() -> Path:
    return ROOT / ".venv-brain" / "bin" / "python"


def prepare(settings: Settings, console: Console, force: bool = False) -> None:
    """Make the brain's environment, the sealing key and a trained model, each only if it is missing or out of date."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if settings.key is None:
        if settings.key_file.is_relative_to(settings.home):
            raise Fault(
                "the sealing key must not lie beside what it seals",
                "set REPORTGUIDE_KEY_FILE to a file outside " + str(settings.home),
            )
        _no_key_for_old_data(settings)
        make_key_file(settings.key_file)
    settings.sealer()
    with _alone(settings.home / "preparing.lock", console), _progress(console) as progress:
        _environment(progress, console)
        _train(settings, progress, force)


@contextlib.contextmanager
def _alone(lock: Path, console: Console) -> Iterator[None]:
    """One process at a time; another says that it waits."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            console.print("another process is preparing the same; waiting for it", highlight=False)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _no_key_for_old_data(settings: Settings) -> None:
    """A new key would make everything stored under the old one unreadable: refuse, and say where it should be."""
    if not settings.key_file.exists() and (settings.home / "service.db").exists():
        raise Fault(
            f"{settings.home} holds data, but its sealing key is gone from {settings.key_file}",
            "put the key back, or set REPORTGUIDE_KEY; without it the data cannot be read",
        )


def _environment(progress: Progress, console: Console) -> None:
    """The brain's own Python environment: uv makes it from the same project file (docs/decisions/0001)."""
    if _environment_is_there():
        return
    # It belongs to the checkout, which may serve several homes.
    with _alone(ROOT / ".venv-brain.lock", console):
        if not _environment_is_there():
            _make_environment(progress)


def _environment_is_there() -> bool:
    stamp = ROOT / ".venv-brain" / ".reportguide"
    return brain_python().exists() and stamp.exists() and stamp.read_text("utf-8") == _group("brain")


def _make_environment(progress: Progress) -> None:
    task = progress.add_task("making Rasa's environment (2.5 GB, some minutes the first time)", total=None)
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        raise Fault("uv is not found", "start with `uv run reportguide up`, or install uv: pip install uv")
    environment = {**os.environ, "UV_PROJECT_ENVIRONMENT": str(ROOT / ".venv-brain")}
    environment.pop("VIRTUAL_ENV", None)
    if "UV" in os.environ:
        # Where pyenv manages Python, this lets python3.10 be found; uv itself, called by its own path, does not mind.
        environment["PYENV_VERSION"] = BRAIN_PYTHON
    # Compiled once: Rasa and what it brings take ten seconds to read without, wherever Python may not keep that itself.
    command = [uv, "sync", "--compile-bytecode", "--only-group", "brain", "-p", BRAIN_PYTHON, "--project", str(ROOT)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        last = [line for line in done.stderr.splitlines() if line.strip()][-1:] or ["no message"]
        raise Fault(
            f"Rasa's environment could not be made: {last[0].strip()}",
            f"Python {BRAIN_PYTHON} must be there or downloadable, and 3 GB of disk free; then start again",
        )
    (ROOT / ".venv-brain" / ".reportguide").write_text(_group("brain"), "utf-8")
    progress.update(task, total=1, completed=1)


def _group(name: str) -> str:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return json.dumps(project["dependency-groups"][name])


def _train(settings: Settings, progress: Progress, force: bool) -> None:
    data = compiled(read_standard(ROOT / "dialogues" / "standard"), ROOT / "dialogues", _editions_in_use(settings))
    wanted = fingerprint(data, ROOT)
    stamp = settings.brain_folder / "trained"
    if not force and settings.model.exists() and stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    task = progress.add_task("training the brain", total=None)
    settings.brain_folder.mkdir(parents=True, exist_ok=True)
    settings.brain_data.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    command = [
        str(brain_python()),
        "-m",
        "bot.brain.train",
        "--dialogues",
        str(ROOT / "dialogues"),
        "--output",
        str(settings.brain_folder),
        "--name",
        "new",
    ]
    log = settings.brain_folder / "training.log"
    with (
        log.open("w", encoding="utf-8") as err,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**brain_environment(settings), **WITH_PARENT},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        ) as child,
    ):
        for line in child.stdout or ():
            _show_training(progress, task, line)
    if child.returncode:
        faults = [line for line in log.read_text("utf-8").splitlines() if line.strip()]
        raise Fault(
            f"training failed: {faults[-1][:300] if faults else 'no message'}",
            f"run `reportguide validate`; the whole log is in {log}",
        )
    (settings.brain_folder / "new.tar.gz").replace(settings.model)
    stamp.write_text(wanted, "utf-8")
    progress.update(task, total=1, completed=1)


def _editions_in_use(settings: Settings) -> list[Standard]:
    """Older editions of the standard that drafts will be finished under."""
    engine = sa.create_engine(settings.service_database)
    try:
        with engine.connect() as connection:
            return editions_in_use(connection)
    except sa.exc.OperationalError:
        # No folder for a database yet: the first start.
        return []
    finally:
        engine.dispose()


def _show_training(progress: Progress, task: TaskID, line: str) -> None:
    match line.split():
        case ["progress", "embedding", count] if "/" in count:
            done, total = count.split("/")
            progress.update(
                task, description="training the brain: reading examples", completed=int(done), total=int(total)
            )
        case ["progress", *what]:
            progress.update(task, description="training the brain: " + " ".join(what))


def brain_environment(settings: Settings) -> dict[str, str]:
    """What the brain's processes are told; the key itself only if it came by the environment."""
    environment = {
        **QUIET,
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "MPLCONFIGDIR": str(settings.brain_folder),
        "REPORTGUIDE_KEY_FILE": str(settings.key_file),
        "REPORTGUIDE_BRAIN_DATA": str(settings.brain_data),
        "REPORTGUIDE_BRAIN_DATABASE": settings.brain_database,
        "REPORTGUIDE_BRAIN_PORT": str(settings.brain_port),
        "REPORTGUIDE_ACTIONS_URL": settings.actions_url,
        "REPORTGUIDE_MODEL": str(settings.model),
        "RASA_CACHE_DIRECTORY": str(settings.brain_folder / "cache"),
    }
    environment.pop("VIRTUAL_ENV", None)
    return environment


@contextlib.contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        if not console.is_terminal:
            # Without a terminal there is no bar to draw: say in plain lines what is being done.
            plain = progress.add_task

            def add_task(description: str, **rest: object) -> TaskID:
                console.print(description, highlight=False)
                return plain(description, **rest)  # type: ignore[arg-type]

            progress.add_task = add_task  # type: ignore[method-assign, assignment]
        yield progress


# -- running ---------------------------------------------------------------------------------------------------------


@dataclass
class Child:
    """One process: how it is started, how one sees that it is ready, and its recent ends."""

    name: str
    command: list[str]
    environment: dict[str, str]
    ready_url: str
    process: subprocess.Popen[bytes] | None = None
    ends: list[float] = field(default_factory=list)
    start_at: float = 0.0

    def start(self, logs: Path) -> None:
        with (logs / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env={**self.environment, **WITH_PARENT},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.ready_url, timeout=1) as answer:  # noqa: S310 - our own loopback address
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError, ValueError):
            return False


def children(settings: Settings) -> list[Child]:
    environment = {**QUIET, **os.environ, "PYTHONPATH": str(ROOT), **_as_environment(settings)}
    found = [
        Child(
            "service",
            [sys.executable, "-m", "bot.service"],
            environment,
            f"http://{settings.host}:{settings.port}/health",
        ),
        Child(
            "brain",
            [str(brain_python()), "-m", "bot.brain.server"],
            brain_environment(settings),
            f"{settings.brain_url}/health",
        ),
    ]
    if not settings.backend_url:
        found.insert(
            0,
            Child(
                "backend",
                [sys.executable, "-m", "bot.reference_backend"],
                environment,
                f"{settings.backend_base}/health",
            ),
        )
    return found


def _as_environment(settings: Settings) -> dict[str, str]:
    """Settings that may have come by an option, for the children."""
    return {
        "REPORTGUIDE_BACKEND_URL": settings.backend_url,
        "REPORTGUIDE_HOME": str(settings.home),
        "REPORTGUIDE_KEY_FILE": str(settings.key_file),
    }


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
    with _progress(console) as progress:
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


def last_line(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "it said nothing"

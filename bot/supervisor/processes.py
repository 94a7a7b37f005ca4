"""The processes: how each is started, what it is told, and how one sees that it is ready."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from bot.parent import WITH_PARENT
from bot.settings import ROOT, Settings
from bot.supervisor.venv import brain_python

#: How long the embedding's threads look for work before they sleep (GNU's OpenMP: times; LLVM's: milliseconds). By
#: default they take the processor from others on a busy machine; not at all, and waking them costs as much as the work.
#: Linear algebra is small here: its threads would do nothing but wait, and keep a training twice as long.
QUIET = {"GOMP_SPINCOUNT": "20000", "KMP_BLOCKTIME": "1", "OPENBLAS_NUM_THREADS": "1"}


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


def last_line(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else "it said nothing"

"""The brain's own Python environment: uv makes it from the same project file (docs/decisions/0001)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from bot.cli.faults import Fault
from bot.settings import ROOT
from bot.supervisor.lock import alone

BRAIN_PYTHON = "3.10"


def brain_python() -> Path:
    return ROOT / ".venv-brain" / "bin" / "python"


def make_environment(progress: Progress, console: Console) -> None:
    """Make it, if it is missing or the project file asks for another."""
    if _is_there():
        return
    # It belongs to the checkout, which may serve several homes.
    with alone(ROOT / ".venv-brain.lock", console):
        if not _is_there():
            _sync(progress)


def _is_there() -> bool:
    stamp = ROOT / ".venv-brain" / ".reportguide"
    return brain_python().exists() and stamp.exists() and stamp.read_text("utf-8") == _group("brain")


def _sync(progress: Progress) -> None:
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

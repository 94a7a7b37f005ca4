"""Trains the brain, if what its model depends on has changed."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import sqlalchemy as sa
from rich.progress import Progress, TaskID

from actions.drafts import editions_in_use
from actions.standard import Standard, read_standard
from bot.cli.faults import Fault
from bot.compile import compiled, fingerprint
from bot.parent import WITH_PARENT
from bot.settings import ROOT, Settings
from bot.supervisor.processes import brain_environment
from bot.supervisor.venv import brain_python


def to_learn(settings: Settings) -> dict[str, Any]:
    """What the brain is told of the standard and the word lists. Raises what says which file is wrong, and where."""
    return compiled(read_standard(ROOT / "dialogues" / "standard"), ROOT / "dialogues", _editions_in_use(settings))


def train(settings: Settings, data: dict[str, Any], progress: Progress, force: bool) -> None:
    """Train on `data`, unless nothing has changed since the last time. Raises Fault with the last line of the log."""
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

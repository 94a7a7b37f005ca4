"""What must be there before anything starts: the sealing key, the brain's environment, a trained model."""

from __future__ import annotations

from rich.console import Console

from bot.cli.faults import Fault
from bot.sealing import make_key_file
from bot.settings import Settings
from bot.supervisor.lock import alone
from bot.supervisor.progress import shown
from bot.supervisor.training import to_learn, train
from bot.supervisor.venv import make_environment


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
    with alone(settings.home / "preparing.lock", console), shown(console) as progress:
        # First, because a mistake in it should not be told after minutes.
        data = to_learn(settings)
        make_environment(progress, console)
        train(settings, data, progress, force)


def _no_key_for_old_data(settings: Settings) -> None:
    """A new key would make everything stored under the old one unreadable: refuse, and say where it should be."""
    if not settings.key_file.exists() and (settings.home / "service.db").exists():
        raise Fault(
            f"{settings.home} holds data, but its sealing key is gone from {settings.key_file}",
            "put the key back, or set REPORTGUIDE_KEY; without it the data cannot be read",
        )

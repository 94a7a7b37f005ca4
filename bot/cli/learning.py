"""Letting the model of meaning learn texts, with a bar for who waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from knowledge.meaning import Meaning, Side


def learn(meaning: Meaning, texts: Mapping[Side, Sequence[str]], console: Console) -> int:
    """Returns how many were learnt. May be interrupted: what was done is kept."""
    wanted = {side: meaning.missing(side, some) for side, some in texts.items()}
    total = sum(wanted.values())
    if not total:
        return 0
    columns = (TextColumn("learning texts, once"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=total)
        for side, some in texts.items():
            meaning.learn(side, some, lambda done: progress.advance(task, done))
    return total

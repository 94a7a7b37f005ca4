"""How far preparing and starting are, on a terminal or in plain lines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


@contextlib.contextmanager
def shown(console: Console) -> Iterator[Progress]:
    """Where tasks are added that are to be shown."""
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

"""A lock between processes: on one home, and on the environment of one checkout."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console


@contextlib.contextmanager
def alone(lock: Path, console: Console) -> Iterator[None]:
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

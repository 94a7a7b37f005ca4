"""Looks through all that a home holds, logs and databases included, for what nobody must find there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path


def assert_nothing_in_clear(home: Path, told: Mapping[str, str], contents: Iterable[bytes] = ()) -> None:
    """`told`: what it is → the words; `contents`: of files that were sent. The trained model is left out: it was
    written before anybody said anything, and has the project's own examples in it."""
    looked_at = 0
    for file in home.rglob("*"):
        if not file.is_file() or "brain" in file.relative_to(home).parts:
            continue
        looked_at += 1
        stored = file.read_bytes()
        for what, words in told.items():
            for form in {words.encode(), words.encode("unicode_escape"), words.encode("utf-16-le")}:
                assert form not in stored, f"{what} stands in clear in {file.name}"
        for content in contents:
            # Also part of a file is too much.
            middle = len(content) // 2
            for part in (content, content[:64], content[middle : middle + 64]):
                assert part not in stored, f"a file lies in clear in {file.name}"
    assert looked_at > 3

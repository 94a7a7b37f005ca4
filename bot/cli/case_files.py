"""`reportguide cases file` and `record`: files of a case for staff, and who touched them."""

from __future__ import annotations

import json
import os
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from actions.submission import Submitted
from bot.cli.cases import Book, moment, plain
from bot.cli.faults import Fault
from bot.sealing import SealingError
from bot.settings import Settings
from connectors.gateway.vault import FORMATS, Infected, NotScanned, StoreAway

#: Fewest digits of a SHA-256 that name a file.
SHORTEST = 8


async def file(settings: Settings, case_no: str, sha256: str, target: Path, by: str, *, original: bool) -> None:
    """Write one file of a case to `target`, and note in the file's record that `by` has read it.

    A picture comes as its working copy, without metadata, unless the `original` is asked for.
    """
    book = Book(settings)
    report = await _report(book, case_no)
    found = [item for item in await book.files(report) if item.sha256.startswith(sha256.lower())]
    if len(sha256) < SHORTEST or len(found) != 1:
        raise Fault(
            f"{len(found)} files of {case_no} have a SHA-256 that begins with {sha256!r}",
            f"give {SHORTEST} digits or more of one that `reportguide cases show {case_no}` shows",
        )
    [facts] = found
    try:
        if original or facts.media_type not in FORMATS:
            content = await book.vault.read(report.conversation_id, facts.id, who=f"staff:{by}")
        else:
            content, _ = await book.vault.read_copy(report.conversation_id, facts.id, who=f"staff:{by}")
    except Exception as problem:
        raise _fault(problem) from None
    _write(target, content)
    Console().print(f"{plain(facts.name)}: {len(content)} bytes in {target}", highlight=False)


def _write(target: Path, content: bytes) -> None:
    """A new file that only its owner can read."""
    try:
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
    except OSError as problem:
        raise Fault(f"{target} cannot be written: {problem.strerror}", "name a file that is not there yet") from None


def _fault(problem: Exception) -> Exception:
    match problem:
        case Infected():
            return Fault("the virus scanner found something in this file", "it is handed to nobody")
        case NotScanned():
            return Fault("the virus scanner has still to see this file", "see to it that the scanner runs")
        case KeyError():
            return Fault("this picture has no working copy: damaged, or too large", "--original gives it as it came")
        case SealingError() | StoreAway() | OSError():
            return Fault(f"the file cannot be read: {type(problem).__name__}", "look at the evidence store")
    return problem


async def record(settings: Settings, case_no: str, as_json: bool) -> None:
    """Print who stored, read, sent or erased the files of a case, oldest first."""
    book = Book(settings)
    report = await _report(book, case_no)
    touches = [(touch, item) for item in await book.files(report) for touch in await book.vault.touches(item.id)]
    touches.sort(key=lambda pair: pair[0].at)
    if as_json:
        rows = [
            {"at": moment(touch.at), "action": touch.action, "who": touch.who, "file": item.name, "sha256": item.sha256}
            for touch, item in touches
        ]
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("at", "action", "who", Column("file", overflow="fold"), "SHA-256")
    for touch, item in touches:
        table.add_row(moment(touch.at), touch.action, plain(touch.who), plain(item.name), item.sha256[:SHORTEST])
    Console().print(table)


async def _report(book: Book, case_no: str) -> Submitted:
    report = await book.submission.by_case(case_no.upper())
    if report is None:
        raise Fault(f"there is no case {case_no}", "`reportguide cases list` shows all")
    return report

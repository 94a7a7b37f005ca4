"""`reportguide cases`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import AsJson
from bot.settings import Settings

app = typer.Typer(
    no_args_is_help=True, help="Look at submitted reports and their cases, and move a case in the reference backend."
)


@app.command("call-backs")
def call_backs(as_json: AsJson = False) -> None:
    """List who waits for a call by the agency, the oldest request first."""
    from bot.cli import cases

    asyncio.run(cases.call_backs(Settings(), as_json))


@app.command("list")
def listed(as_json: AsJson = False) -> None:
    """List submitted reports, newest first."""
    from bot.cli import cases

    cases.listed(Settings(), as_json)


@app.command("show")
def show(case_no: str, as_json: AsJson = False) -> None:
    """Show one case with every element, every evidence hash, and its history at the backend."""
    from bot.cli import cases

    asyncio.run(cases.show(Settings(), case_no, as_json))


@app.command("file")
def file(
    case_no: str,
    sha256: Annotated[str, typer.Argument(help="Its SHA-256, or eight digits of it, as `cases show` tells it.")],
    target: Annotated[Path, typer.Argument(help="Where to write it; a file that is not there yet.")],
    by: Annotated[str, typer.Option(help="Who reads it: kept in the file's record.")],
    original: Annotated[
        bool, typer.Option("--original", help="Bit for bit as it came; else a picture without its metadata.")
    ] = False,
) -> None:
    """Write one file of a case to disk. Who read it is recorded."""
    from bot.cli import case_files

    asyncio.run(case_files.file(Settings(), case_no, sha256, target, by, original=original))


@app.command("record")
def record(case_no: str, as_json: AsJson = False) -> None:
    """Show who stored, read, sent or erased the files of a case, and when."""
    from bot.cli import case_files

    asyncio.run(case_files.record(Settings(), case_no, as_json))


@app.command("advance")
def advance(
    case_no: str,
    state: Annotated[str | None, typer.Argument(help="The next state; without it the usual one.")] = None,
    note: Annotated[str | None, typer.Option(help="A note that the reporter is told.")] = None,
) -> None:
    """Move a case on, in the reference backend; the reporter is told in their conversation."""
    from bot.cli import cases

    asyncio.run(cases.advance(Settings(), case_no, state, note))

"""`reportguide retention`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bot.cli.options import AsJson
from bot.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Erase what need not be kept any longer.")


@app.command("run")
def run(as_json: AsJson = False) -> None:
    """Erase what need not be kept: unused files, old questions, conversations that have long been quiet.

    The running system does this once a day. How long is set by REPORTGUIDE_KEEP_UNUSED_DAYS, _KEEP_UNREPORTED_DAYS
    and _KEEP_REPORTED_DAYS.
    """
    from bot.cli import retention

    asyncio.run(retention.run(Settings(), as_json))


@app.command("erase")
def erase(
    case_no: str,
    by: Annotated[str, typer.Option(help="Who decides: kept in the record of the files.")],
) -> None:
    """Erase the whole conversation that a case was reported in, with all its files. The agency keeps the case."""
    from bot.cli import retention

    asyncio.run(retention.erase(Settings(), case_no, by))

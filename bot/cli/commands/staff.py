"""`reportguide staff`."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bot.cli.options import AsJson
from bot.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Accounts for the staff console.")


@app.command("list")
def listed(as_json: AsJson = False) -> None:
    """List the accounts."""
    from bot.cli import staff

    asyncio.run(staff.listed(Settings(), as_json))


@app.command("add")
def add(name: str, role: Annotated[str, typer.Option(help="editor, reviewer or admin")] = "editor") -> None:
    """Add an account. Asks for the password, or reads it from standard input."""
    from bot.cli import staff

    asyncio.run(staff.add(Settings(), name, role))


@app.command("change")
def change(
    name: str,
    role: Annotated[str | None, typer.Option(help="editor, reviewer or admin")] = None,
    active: Annotated[bool | None, typer.Option("--active/--closed", help="Open or close the account.")] = None,
) -> None:
    """Change what an account may do. Whoever is signed in with it has to sign in again."""
    from bot.cli import staff

    asyncio.run(staff.change(Settings(), name, role, active))


@app.command("password")
def password(name: str) -> None:
    """Set a new password. Asks for it, or reads it from standard input."""
    from bot.cli import staff

    asyncio.run(staff.password(Settings(), name))

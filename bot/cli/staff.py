"""`reportguide staff`: accounts for the console."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.faults import Fault
from bot.cli.knowledge import office_of, time_of
from bot.settings import Settings
from knowledge.publication.accounts import LONGEST, ROLES, SHORTEST, AccountError, Role
from knowledge.publication.records import TERMINAL

#: Why something was refused, for somebody at a terminal.
_REFUSED = {
    "name": ("a name has 2 to 20 letters, digits or Chinese characters", ""),
    "taken": ("there is such an account already", "`reportguide staff list` shows all"),
    "short": (f"a password has at least {SHORTEST} characters and is not the name", ""),
    "long": (f"a password has at most {LONGEST} characters", ""),
    "unknown": ("there is no such account", "`reportguide staff list` shows all"),
    "last_admin": ("at least one admin must be left", "add another one first"),
}


async def listed(settings: Settings, as_json: bool) -> None:
    """Print all accounts."""
    people = await office_of(settings).accounts.listed()
    if as_json:
        rows = [{"name": one.name, "role": one.role, "active": one.active} for one in people]
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("name", "role", "active", "since")
    for one in people:
        table.add_row(Text(one.name), one.role, "yes" if one.active else "no", time_of(one.created_at))
    Console().print(table)


async def add(settings: Settings, name: str, role: str) -> None:
    """The password is asked for twice, or is the first line of standard input where nobody is at the terminal."""
    wanted = _role(role)
    accounts = office_of(settings).accounts
    with _explained():
        await accounts.add(name, wanted, _password(), TERMINAL)
    print(f"{name} ({wanted}) can sign in at {settings.console_url}")


async def change(settings: Settings, name: str, role: str | None, active: bool | None) -> None:
    """What is None stays as it is."""
    with _explained():
        wanted = _role(role) if role else None
        await office_of(settings).accounts.change(name, TERMINAL, role=wanted, active=active)
    print(f"{name} was changed")


async def password(settings: Settings, name: str) -> None:
    """As for `add`; whoever is signed in with the account has to sign in again."""
    accounts = office_of(settings).accounts
    with _explained():
        await accounts.set_password(name, _password(), TERMINAL)
    print(f"{name} has a new password")


@contextmanager
def _explained() -> Iterator[None]:
    """Turns what was refused into a fault with its remedy."""
    try:
        yield
    except AccountError as problem:
        raise Fault(*_REFUSED.get(problem.reason, (problem.reason, ""))) from None


def _role(text: str) -> Role:
    found = next((role for role in ROLES if role == text), None)
    if found is None:
        raise Fault(f"there is no role {text!r}", "choose one of: " + ", ".join(ROLES))
    return found


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise Fault("the two are not the same", "run the command again")
    return password

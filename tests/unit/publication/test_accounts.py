"""Accounts: passwords, sessions, and guessing that is slow."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sealing import Sealer
from connectors.gateway import Database
from knowledge.publication import accounts as module
from knowledge.publication.accounts import PER_NAME, AccountError, Accounts

from .conftest import on_disk

PASSWORD, ADDRESS = "correct horse battery", "127.0.0.1"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost of scrypt is not what is tested here."""
    monkeypatch.setattr(module, "_COST", {"n": 2, "r": 1, "p": 1})


@pytest.fixture
def accounts(database: Database, sealer: Sealer) -> Accounts:
    return Accounts(database, sealer)


async def test_sign_in_and_out(accounts: Accounts) -> None:
    await accounts.add("李编辑", "editor", PASSWORD, "terminal")
    token = await accounts.sign_in(" 李编辑 ", PASSWORD, ADDRESS)
    me = await accounts.signed_in(token)
    assert me is not None
    assert (me.name, me.role, me.reviews) == ("李编辑", "editor", False)
    assert await accounts.signed_in(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    await accounts.sign_out(token)
    assert await accounts.signed_in(token) is None


@pytest.mark.parametrize(("name", "password"), [("li", "wrong password"), ("nobody", PASSWORD), ("", "")])
async def test_a_wrong_name_and_a_wrong_password_are_not_told_apart(
    accounts: Accounts, name: str, password: str
) -> None:
    await accounts.add("li", "editor", PASSWORD, "terminal")
    with pytest.raises(AccountError, match="wrong"):
        await accounts.sign_in(name, password, ADDRESS)


async def test_guessing_is_slowed_also_with_the_right_password_and_in_another_process(
    accounts: Accounts, database: Database, sealer: Sealer
) -> None:
    await accounts.add("li", "editor", PASSWORD, "terminal")
    for _ in range(PER_NAME):
        with pytest.raises(AccountError, match="wrong"):
            await accounts.sign_in("li", "a wrong guess", ADDRESS)
    for other in (accounts, Accounts(database, sealer)):
        with pytest.raises(AccountError, match="slow"):
            await other.sign_in("li", PASSWORD, "10.0.0.9")


async def test_a_closed_account_is_out_at_once(accounts: Accounts) -> None:
    await accounts.add("li", "editor", PASSWORD, "terminal")
    token = await accounts.sign_in("li", PASSWORD, ADDRESS)
    await accounts.change("li", "admin", active=False)
    assert await accounts.signed_in(token) is None
    with pytest.raises(AccountError, match="wrong"):
        await accounts.sign_in("li", PASSWORD, ADDRESS)


async def test_sessions_end(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    await accounts.add("li", "editor", PASSWORD, "terminal")
    token = await accounts.sign_in("li", PASSWORD, ADDRESS)
    monkeypatch.setattr(module, "IDLE", 0.0)
    assert await accounts.signed_in(token) is None


async def test_a_new_password_ends_other_sessions(accounts: Accounts) -> None:
    await accounts.add("li", "editor", PASSWORD, "terminal")
    here, there = [await accounts.sign_in("li", PASSWORD, ADDRESS) for _ in range(2)]
    await accounts.set_password("li", "another long password", "li", keep=here)
    assert await accounts.signed_in(here)
    assert await accounts.signed_in(there) is None
    assert await accounts.right("li", "another long password")
    assert not await accounts.right("li", PASSWORD)


@pytest.mark.parametrize(
    ("name", "password", "reason"),
    [
        ("x", PASSWORD, "name"),
        ("a<b>", PASSWORD, "name"),
        ("reportguide", PASSWORD, "name"),
        ("li", PASSWORD, "taken"),
        ("zhao", "short", "short"),
        ("zhao", "x" * 201, "long"),
    ],
)
async def test_accounts_that_cannot_be(accounts: Accounts, name: str, password: str, reason: str) -> None:
    await accounts.add("li", "editor", PASSWORD, "terminal")
    with pytest.raises(AccountError, match=reason):
        await accounts.add(name, "editor", password, "terminal")


async def test_an_admin_is_always_left(accounts: Accounts) -> None:
    await accounts.add("boss", "admin", PASSWORD, "terminal")
    for change in ({"active": False}, {"role": "editor"}):
        with pytest.raises(AccountError, match="last_admin"):
            await accounts.change("boss", "boss", **change)  # type: ignore[arg-type]
    [boss] = await accounts.listed()
    assert (boss.role, boss.active) == ("admin", True)


async def test_neither_passwords_nor_tokens_lie_on_disk(accounts: Accounts, database: Database, tmp_path: Path) -> None:
    await accounts.add("li", "editor", PASSWORD, "terminal")
    token = await accounts.sign_in("li", PASSWORD, ADDRESS)
    database.close()
    written = on_disk(tmp_path)
    for secret in (PASSWORD, token, accounts.form_token(token)):
        assert secret.encode() not in written

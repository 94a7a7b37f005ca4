"""Accounts of staff: who may do what, passwords, signing in and staying signed in."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal, get_args

import sqlalchemy as sa

from knowledge.publication.ports import Sealing, Store
from knowledge.publication.records import NOBODY
from knowledge.publication.tables import attempts, events, sessions, staff

Role = Literal["editor", "reviewer", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
#: Letters, digits and Chinese characters: what can be told on the telephone.
_NAME = re.compile(r"[\w一-鿿][\w一-鿿.-]{1,19}")
#: Shortest and longest password, in characters.
SHORTEST, LONGEST = 10, 200
#: scrypt: 32 MB and about a tenth of a second for each guess.
_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}
#: Seconds: a session ends so long after the last request, and after it began.
IDLE, WHOLE = 4 * 3600.0, 12 * 3600.0
#: Failed sign-ins taken within so many seconds, for one name and for one address.
WINDOW, PER_NAME, PER_ADDRESS = 900.0, 8, 40


class AccountError(Exception):
    """`reason` names a sentence: name, taken, short, long, unknown, last_admin, wrong, slow."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Staff:
    """Somebody who works here. `role`: editors write, reviewers also approve, admins also keep the accounts."""

    name: str
    role: Role
    active: bool = True
    created_at: float = 0.0

    @property
    def reviews(self) -> bool:
        return self.role in ("reviewer", "admin")

    @property
    def administers(self) -> bool:
        return self.role == "admin"


class Accounts:
    """Password hashes are sealed: without the key a stolen database gives nothing to guess at."""

    def __init__(self, store: Store, sealer: Sealing) -> None:
        self._store, self._sealer = store, sealer
        # Guessing in parallel must not take all memory and all processors.
        self._one_at_a_time = asyncio.Semaphore(2)

    async def listed(self) -> list[Staff]:
        rows = await self._store.read(lambda c: c.execute(staff.select().order_by(staff.c.name)).all())
        return [_staff(row) for row in rows]

    async def add(self, name: str, role: Role, password: str, who: str) -> Staff:
        """Raises AccountError: `name`, `taken`, `short` or `long`."""
        if not _NAME.fullmatch(name) or name in NOBODY:
            raise AccountError("name")
        sealed = await self._hashed(name, password)

        def write(connection: sa.Connection) -> None:
            if connection.execute(staff.select().where(staff.c.name == name)).first():
                raise AccountError("taken")
            values = {"name": name, "role": role, "password": sealed, "active": True, "created_at": time.time()}
            connection.execute(staff.insert().values(**values))
            _log(connection, who, "staff_add", f"{name} {role}")

        await self._store.write(write)
        return Staff(name, role)

    async def change(self, name: str, who: str, *, role: Role | None = None, active: bool | None = None) -> None:
        """Change what somebody may do. Raises AccountError: `unknown`, or `last_admin` where nobody would be left."""

        def write(connection: sa.Connection) -> None:
            now = _staff_named(connection, name)
            values: dict[str, Any] = {"role": role or now.role, "active": now.active if active is None else active}
            connection.execute(staff.update().where(staff.c.name == name).values(**values))
            if now.role == "admin":
                left = (staff.c.role == "admin") & staff.c.active
                if not connection.execute(sa.select(staff.c.name).where(left)).first():
                    raise AccountError("last_admin")
            # Whoever is signed in starts anew with what they may do now.
            connection.execute(sessions.delete().where(sessions.c.name == name))
            _log(connection, who, "staff_change", f"{name} {values['role']} {'on' if values['active'] else 'off'}")

        await self._store.write(write)

    async def set_password(self, name: str, password: str, who: str, keep: str | None = None) -> None:
        """Also ends the account's sessions, but the one with token `keep`. Raises AccountError."""
        sealed = await self._hashed(name, password)

        def write(connection: sa.Connection) -> None:
            _staff_named(connection, name)
            connection.execute(staff.update().where(staff.c.name == name).values(password=sealed))
            ended = sessions.c.name == name
            if keep:
                ended &= sessions.c.token != self._token(keep)
            connection.execute(sessions.delete().where(ended))
            _log(connection, who, "staff_password", name)

        await self._store.write(write)

    async def right(self, name: str, password: str) -> bool:
        """Whether this is the active account's password. Takes as long for a name that does not exist."""

        def read(connection: sa.Connection) -> Any:
            return connection.execute(staff.select().where(staff.c.name == name, staff.c.active)).first()

        row = await self._store.read(read)
        kept = self._sealer.open_json(row.password, password_context(name)) if row else {"salt": "00" * 16, "hash": ""}
        async with self._one_at_a_time:
            found = await asyncio.to_thread(_scrypt, password[:LONGEST], kept["salt"])
        return hmac.compare_digest(found, kept["hash"])

    # -- signing in --------------------------------------------------------------------------------------------------

    async def sign_in(self, name: str, password: str, address: str) -> str:
        """A token for the browser. Raises AccountError: `wrong`, or `slow` after too many attempts."""
        name = name.strip()[:40]
        marks = {
            self._sealer.name(name.encode(), "attempt-name"): PER_NAME,
            self._sealer.name(address.encode(), "attempt-address"): PER_ADDRESS,
        }
        since = time.time() - WINDOW

        def failed(connection: sa.Connection) -> bool:
            connection.execute(attempts.delete().where(attempts.c.at < since))
            for mark, most in marks.items():
                query = sa.select(sa.func.count()).where(attempts.c.who == mark)
                if (connection.execute(query).scalar() or 0) >= most:
                    return True
            # Counted before the password is looked at: attempts at the same moment count, too.
            connection.execute(attempts.insert(), [{"who": mark, "at": time.time()} for mark in marks])
            return False

        if await self._store.write(failed):
            raise AccountError("slow")
        if not await self.right(name, password):
            raise AccountError("wrong")
        token = secrets.token_urlsafe(32)

        def begin(connection: sa.Connection) -> None:
            now = time.time()
            connection.execute(attempts.delete().where(attempts.c.who == next(iter(marks))))
            connection.execute(sessions.delete().where(sessions.c.seen_at < now - WHOLE))
            connection.execute(
                sessions.insert().values(token=self._token(token), name=name, created_at=now, seen_at=now)
            )
            _log(connection, name, "sign_in", "")

        await self._store.write(begin)
        return token

    async def signed_in(self, token: str) -> Staff | None:
        """Whose session this is; None if there is none, it has ended, or the account was closed."""
        now = time.time()
        query = (
            sa.select(staff, sessions.c.seen_at)
            .join(sessions, sessions.c.name == staff.c.name)
            .where(sessions.c.token == self._token(token), staff.c.active)
            .where(sessions.c.seen_at > now - IDLE, sessions.c.created_at > now - WHOLE)
        )
        row = await self._store.read(lambda connection: connection.execute(query).first())
        if row is None:
            return None
        if now - row.seen_at > 60:
            seen = sessions.update().where(sessions.c.token == self._token(token)).values(seen_at=now)
            await self._store.write(lambda connection: connection.execute(seen))
        return _staff(row)

    async def sign_out(self, token: str) -> None:
        gone = sessions.delete().where(sessions.c.token == self._token(token))
        await self._store.write(lambda connection: connection.execute(gone))

    def form_token(self, token: str) -> str:
        """What every form of this session carries, so that no other site can send one."""
        return self._sealer.name(token.encode(), "staff-form")

    def _token(self, token: str) -> str:
        return self._sealer.name(token.encode(), "staff-session")

    async def _hashed(self, name: str, password: str) -> bytes:
        if len(password) < SHORTEST or password.strip() in ("", name):
            raise AccountError("short")
        if len(password) > LONGEST:
            raise AccountError("long")
        salt = secrets.token_hex(16)
        async with self._one_at_a_time:
            found = await asyncio.to_thread(_scrypt, password, salt)
        return self._sealer.seal_json({"salt": salt, "hash": found}, password_context(name))


def password_context(name: str) -> str:
    """What an account's password is sealed with."""
    return f"staff:{name}"


def _scrypt(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode("utf-8", "replace"), salt=bytes.fromhex(salt), **_COST).hex()


def _staff(row: Any) -> Staff:
    return Staff(row.name, row.role, row.active, row.created_at)


def _staff_named(connection: sa.Connection, name: str) -> Staff:
    row = connection.execute(staff.select().where(staff.c.name == name)).first()
    if row is None:
        raise AccountError("unknown")
    return _staff(row)


def _log(connection: sa.Connection, who: str, action: str, note: str) -> None:
    connection.execute(events.insert().values(at=time.time(), who=who, action=action, note=note))

"""Copies of linked pages: fetched behind the turns through the guard, kept and erased with their report."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.sealing import Sealer
from connectors.gateway import Database, Vault, pages, schema
from connectors.gateway.fetching import Fetcher
from connectors.gateway.messages import Rejected
from connectors.gateway.pages import MAX_BYTES, PageCopies, PageCopy, copies_of
from tests import files
from tests.unit.gateway.conftest import everything_in
from tests.unit.gateway.test_fetching import Respond, answer, server

POST = "<!DOCTYPE html><html><body>看清她真面目：她住在鹦鹉螺巷七十三号</body></html>".encode()
DRAFT = "11111111-1111-4111-8111-111111111111"


class Copying:
    """Copies that may reach one port of loopback. `address`: of the server, with this path."""

    def __init__(self, database: Database, vault: Vault, port: int, seen: list[bytes]) -> None:
        self._database, self._sealer, self.seen, self._port = database, Sealer(bytes(32)), seen, port
        guard = Fetcher(max_bytes=MAX_BYTES, seconds=1.0, also={("127.0.0.1", port)})
        self.pages = PageCopies(database, self._sealer, vault, guard)

    def address(self, path: str) -> str:
        return f"http://127.0.0.1:{self._port}{path}"

    async def copies(self) -> list[PageCopy]:
        return await copies_of(self._database, self._sealer, DRAFT)


@pytest.fixture
def copying(database: Database, vault: Vault) -> Callable[[Respond | bytes], Any]:
    @asynccontextmanager
    async def begin(respond: Respond | bytes) -> AsyncIterator[Copying]:
        async with server(respond) as (port, seen):
            yield Copying(database, vault, port, seen)

    return begin


async def test_a_page_is_kept_with_its_hash_time_address_and_status(
    copying: Any, vault: Vault, database: Database
) -> None:
    moved = answer(b"", "Location: /post/1?from=short", status="302 Found")

    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(moved if request.startswith(b"GET /s ") else answer(POST))

    async with copying(respond) as at:
        rung: list[bool] = []
        at.pages.waiting = lambda: rung.append(True)
        await at.pages.note("a", DRAFT, [at.address("/s")])
        assert rung == [True]
        assert at.seen == [], "nothing is fetched in the turn"
        assert [copy.state for copy in await at.copies()] == ["waiting"]
        await at.pages.round()
        [copy] = await at.copies()
        assert (copy.link, copy.state, copy.status) == (at.address("/s"), "kept", 200)
        assert copy.address == at.address("/post/1?from=short")
        [facts] = await vault.facts("a", [copy.evidence_id])
        assert facts.sha256 == hashlib.sha256(POST).hexdigest()
        assert (facts.name, facts.media_type, facts.received_at) == ("127.0.0.1.html", "text/html", copy.at)
        assert await vault.read("a", facts.id, who="staff:me") == POST
        assert [(touch.action, touch.who) for touch in await vault.touches(facts.id)] == [
            ("stored", "service"),
            ("read", "staff:me"),
        ]


async def test_a_link_is_copied_once_for_each_report(copying: Any) -> None:
    async with copying(answer(POST)) as at:
        for _ in range(3):
            await at.pages.note("a", DRAFT, [at.address("/1"), at.address("/2")])
            await at.pages.round()
        await at.pages.note("a", "another", [at.address("/1")])
        await at.pages.round()
        # Those of one round are fetched at the same time, in whatever order they come.
        assert sorted(request.split()[1] for request in at.seen) == [b"/1", b"/1", b"/2"]
        assert [copy.link for copy in await at.copies()] == [at.address("/1"), at.address("/2")]


async def test_a_picture_or_a_document_at_the_link_is_kept_as_what_it_is(copying: Any, vault: Vault) -> None:
    async with copying(answer(files.png(7))) as at:
        await at.pages.note("a", DRAFT, [at.address("/photo")])
        await at.pages.round()
        [copy] = await at.copies()
        [facts] = await vault.facts("a", [copy.evidence_id])
        assert facts.media_type == "image/png"


@pytest.mark.parametrize(
    ("respond", "why", "status"),
    [
        (answer(b"gone", status="404 Not Found"), "status_404", 404),
        (answer(b"sign in", status="403 Forbidden"), "status_403", 403),
        (answer(b'{"code":1}'), "file_kind", None),
        (answer(b""), "file_empty", None),
        (answer(b"x", f"Content-Length: {MAX_BYTES + 1}"), "large", None),
        (answer(b"", "Location: http://169.254.169.254/latest", status="302 Found"), "private", None),
    ],
    ids=["404", "403", "json", "empty", "large", "into our network"],
)
async def test_what_cannot_be_had_is_noted(
    copying: Any, database: Database, respond: bytes, why: str, status: Any
) -> None:
    async with copying(respond) as at:
        await at.pages.note("a", DRAFT, [at.address("/post")])
        await at.pages.round()
        [copy] = await at.copies()
        assert (copy.state, copy.why, copy.status, copy.evidence_id) == ("failed", why, status, None)
        await at.pages.round()
        assert len(at.seen) == 1, "it is not asked for again"
    entries = database.read_now(lambda connection: connection.execute(sa.select(schema.entries)).all())
    assert entries == [], "nobody is told of it"


@pytest.mark.parametrize("link", ["http://127.0.0.1:9/", "http://192.168.1.1/", "http://[::1]/", "https://10.0.0.8/x"])
async def test_our_own_network_is_never_asked(database: Database, vault: Vault, link: str) -> None:
    copies = PageCopies(database, Sealer(bytes(32)), vault)
    await copies.note("a", DRAFT, [link])
    await copies.round()
    [copy] = await copies_of(database, Sealer(bytes(32)), DRAFT)
    assert (copy.state, copy.why) == ("failed", "port" if ":9/" in link else "private")


async def test_a_server_that_is_away_is_asked_again_and_then_given_up(
    copying: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "AGAIN", (0.0, 0.0))
    async with copying(answer(b"", status="503 Service Unavailable")) as at:
        await at.pages.note("a", DRAFT, [at.address("/post")])
        for _ in range(5):
            await at.pages.round()
        assert len(at.seen) == 3
        [copy] = await at.copies()
        assert (copy.state, copy.why, copy.status) == ("failed", "status_503", 503)


async def test_a_stalling_page_is_left_after_its_time(copying: Any) -> None:
    async def respond(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", "Content-Length: 100"))
        await writer.drain()
        await asyncio.sleep(3600)

    async with copying(respond) as at:
        await at.pages.note("a", DRAFT, [at.address("/post")])
        assert await at.pages.round() > 0
        assert [copy.state for copy in await at.copies()] == ["waiting"]


async def test_what_was_begun_before_a_crash_is_begun_again(
    copying: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with copying(answer(POST)) as at:
        await at.pages.note("a", DRAFT, [at.address("/post")])
        [row] = await database.write(at.pages._claim)
        assert await database.write(at.pages._claim) == [], "two processes do not fetch the same"
        past = schema.linked_pages.update().values(next_try_at=row.next_try_at)
        await database.write(lambda connection: connection.execute(past))
        await at.pages.round()
        assert [copy.state for copy in await at.copies()] == ["kept"]


@pytest.mark.parametrize("whole", [True, False], ids=["conversation", "report"])
async def test_the_copy_goes_with_its_report(copying: Any, database: Database, vault: Vault, whole: bool) -> None:
    async with copying(answer(POST)) as at:
        await at.pages.note("a", DRAFT, [at.address("/post"), at.address("/other")])
        await at.pages.round()
        assert await (vault.erase_conversation("a") if whole else vault.erase(DRAFT)) == 2
        assert await at.copies() == []
        assert await vault.facts("a") == []


async def test_what_is_erased_while_it_is_fetched_stays_erased(
    copying: Any, database: Database, vault: Vault, tmp_path: Path
) -> None:
    fetching, erased = asyncio.Event(), asyncio.Event()

    async def respond(_request: bytes, writer: asyncio.StreamWriter) -> None:
        fetching.set()
        await erased.wait()
        writer.write(answer(POST))

    async with copying(respond) as at:
        await at.pages.note("a", DRAFT, [at.address("/post")])
        round_ = asyncio.create_task(at.pages.round())
        await fetching.wait()
        await vault.erase(DRAFT)
        erased.set()
        await round_
        assert await vault.facts("a") == []
        assert [file for file in (tmp_path / "evidence").rglob("*") if file.is_file()] == []
        folders = database.read_now(lambda connection: connection.execute(sa.select(schema.evidence_folders)).all())
        assert folders == []


async def test_copies_do_not_count_as_what_a_person_sends(
    copying: Any, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.gateway.vault.vault.MAX_PER_DAY", 1)
    async with copying(answer(POST)) as at:
        await at.pages.note("a", DRAFT, [at.address("/1"), at.address("/2")])
        await at.pages.round()
        assert [copy.state for copy in await at.copies()] == ["kept", "kept"]
    await vault.keep("a", "a.png", files.png(1))
    with pytest.raises(Rejected):
        await vault.keep("a", "b.png", files.png(2))


async def test_one_person_does_not_make_it_fetch_without_end(copying: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MOST_PER_DAY", 3)
    async with copying(answer(POST)) as at:
        for number in range(5):
            await at.pages.note("a", DRAFT, [at.address(f"/{number}")])
        await at.pages.round()
        assert len(at.seen) == 3


async def test_nothing_of_it_lies_in_clear(copying: Any, tmp_path: Path) -> None:
    async with copying(answer(POST)) as at:
        await at.pages.note("a", DRAFT, [at.address("/灯芯绒骑士"), at.address("/gone")])
        await at.pages.round()
        assert {copy.state for copy in await at.copies()} == {"kept"}
    stored = everything_in(tmp_path)
    for told in ("灯芯绒骑士", "/gone", "鹦鹉螺巷"):
        assert told.encode() not in stored

"""Links: who holds one may, nobody else, and not for long."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.sealing import Sealer
from connectors.gateway import Database, schema
from connectors.gateway import links as module
from connectors.gateway.links import LinkGone, Links
from tests.unit.gateway.conftest import everything_in


@pytest.fixture
def links(database: Database) -> Links:
    return Links(database, Sealer(bytes(32)))


async def test_a_link_opens_what_it_was_made_for(links: Links) -> None:
    token = await links.make("receipt", "a", {"draft_id": "d"})
    link = await links.open("receipt", token)
    assert (link.conversation_id, link.body, link.used) == ("a", {"draft_id": "d"}, False)
    assert len({await links.make("receipt", "a", {}) for _ in range(10)}) == 10


async def test_a_link_of_one_kind_is_none_of_another(links: Links) -> None:
    token = await links.make("receipt", "a", {})
    with pytest.raises(LinkGone):
        await links.open("upload", token)


@pytest.mark.parametrize("token", ["", "x" * 43, "x" * 42, "../../etc", "\n" * 43, "ж" * 43])
async def test_what_was_never_made_opens_nothing(links: Links, token: str) -> None:
    with pytest.raises(LinkGone):
        await links.open("upload", token)


async def test_a_link_expires(links: Links, database: Database) -> None:
    token = await links.make("upload", "a", {})
    database.write_now(lambda c: c.execute(schema.links.update().values(expires_at=1.0)))
    with pytest.raises(LinkGone):
        await links.open("upload", token)
    await links.make("upload", "b", {})
    assert database.read_now(lambda c: c.execute(sa.select(sa.func.count()).select_from(schema.links)).scalar()) == 1


async def test_a_used_link_says_so(links: Links) -> None:
    token = await links.make("upload", "a", {})
    await links.use(await links.open("upload", token))
    assert (await links.open("upload", token)).used


async def test_a_conversation_has_only_so_many(links: Links, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    tokens = [await links.make("upload", "a", {}) for _ in range(5)]
    other = await links.make("upload", "b", {})
    for token in tokens[:2]:
        with pytest.raises(LinkGone):
            await links.open("upload", token)
    for token in (*tokens[2:], other):
        await links.open("upload", token)


async def test_the_database_holds_no_link(links: Links, database: Database, tmp_path: Path) -> None:
    tokens = [await links.make("upload", "a", {"asks": "证件号码"}) for _ in range(3)]
    database.close()
    stored = everything_in(tmp_path)
    assert not [secret for secret in (*tokens, "证件号码") if secret.encode() in stored]

"""What staff keep, on disk: sealed, kept no longer than needed, and taken over to a new key when it is rotated."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.sealing import Sealer, SealingError
from connectors.gateway import Database
from knowledge.library import Library
from knowledge.publication import seed
from knowledge.publication.accounts import AccountError, Accounts
from knowledge.publication.checks import Checks
from knowledge.publication.gate import Regression
from knowledge.publication.questions import Questions, Regressions
from knowledge.publication.records import NoSuchEntry
from knowledge.publication.rekeying import Resealed, reseal
from knowledge.publication.store import Publication
from knowledge.publication.tables import attempts, checks, metadata, questions
from tests.unit.knowledge.conftest import GUIDE, TODAY

from .conftest import changed, on_disk

ENTRY, PASSWORD = str(GUIDE["id"]), "a long password"


@pytest.fixture
def other() -> Sealer:
    return Sealer(secrets.token_bytes(32))


class Kept:
    """Everything that is sealed in these tables, under one key."""

    def __init__(self, database: Database, base: Library, sealer: Sealer) -> None:
        self.accounts = Accounts(database, sealer)
        self.questions = Questions(database, sealer)
        self.regressions = Regressions(database, sealer)
        self.publication = Publication(database, base, lambda: TODAY)
        self.checks = Checks(self.publication, self.regressions, sealer)


async def filled(database: Database, base: Library, sealer: Sealer) -> tuple[Kept, str, str]:
    """With one of each; also a session's token, and the id of a check that names the kept question."""
    seed.merge(database, base)
    kept = Kept(database, base, sealer)
    await kept.accounts.add("li", "editor", PASSWORD, "test")
    token = await kept.accounts.sign_in("li", PASSWORD, "127.0.0.1")
    with pytest.raises(AccountError):
        await kept.accounts.sign_in("li", "a wrong password", "127.0.0.1")
    for verdict in ("unanswered", "not_helpful"):
        await kept.questions.record("鹦鹉骂人怎么办", None, verdict)  # type: ignore[arg-type]
    await kept.regressions.keep("鹦鹉骂人找谁", ENTRY, "li")
    place = await kept.publication.save(ENTRY, changed(GUIDE), "li", 1)
    check = await kept.checks.finished(await kept.checks.begin(place.id, "li"))
    assert check.report
    assert [one.question for one in check.report.blocks] == ["鹦鹉骂人找谁"]
    return kept, token, check.id


async def test_what_was_sealed_opens_with_the_new_key_alone(
    database: Database, base: Library, sealer: Sealer, other: Sealer
) -> None:
    before, token, check_id = await filled(database, base, sealer)
    assert await database.write(lambda connection: reseal(connection, sealer, other)) == Resealed(1, 3, 1, 1)
    after = Kept(database, base, other)
    assert await after.accounts.right("li", PASSWORD)
    assert await after.accounts.signed_in(token) is None
    assert await database.read(lambda connection: connection.execute(attempts.select()).all()) == []
    assert (await after.questions.groups("unanswered"))[0].head.text == "鹦鹉骂人怎么办"
    assert await after.regressions.all() == [Regression("鹦鹉骂人找谁", ENTRY)]
    report = (await after.checks.get(check_id)).report
    assert report
    assert report.blocks[0].question == "鹦鹉骂人找谁"
    for opened in (before.accounts.right("li", PASSWORD), before.questions.groups("unanswered")):
        with pytest.raises(SealingError):
            await opened


async def test_repetitions_are_counted_on(database: Database, base: Library, sealer: Sealer, other: Sealer) -> None:
    await filled(database, base, sealer)
    await database.write(lambda connection: reseal(connection, sealer, other))
    after = Kept(database, base, other)
    await after.questions.record("鹦鹉骂人，怎么办？", None, "unanswered")
    await after.regressions.keep("鹦鹉骂人找谁？", None, "li")
    assert [group.count for group in await after.questions.groups("unanswered")] == [2]
    assert [one.entry_id for one in await after.regressions.listed()] == [None]


async def test_a_row_that_does_not_open_leaves_everything_as_it_was(
    database: Database, base: Library, sealer: Sealer, other: Sealer
) -> None:
    before, token, _ = await filled(database, base, sealer)
    broken = questions.update().where(questions.c.verdict == "not_helpful").values(text=b"broken")
    await database.write(lambda connection: connection.execute(broken))
    with pytest.raises(SealingError):
        await database.write(lambda connection: reseal(connection, sealer, other))
    assert await before.accounts.signed_in(token)
    assert (await before.questions.groups("unanswered"))[0].head.text == "鹦鹉骂人怎么办"


async def test_a_rotation_may_be_taken_up_again(
    database: Database, base: Library, sealer: Sealer, other: Sealer
) -> None:
    class Both(Sealer):
        """Opens what either key sealed, as whoever rotates has both."""

        def open(self, blob: bytes, context: str) -> bytes:
            try:
                return other.open(blob, context)
            except SealingError:
                return sealer.open(blob, context)

    await filled(database, base, sealer)
    both = Both(secrets.token_bytes(32))
    for ended in (1, 0):
        done = await database.write(lambda connection: reseal(connection, both, other))
        assert done == Resealed(1, 3, 1, ended)
    assert (await Kept(database, base, other).questions.groups("unanswered"))[0].head.count == 1


async def test_every_sealed_column_is_taken_over(
    database: Database, base: Library, sealer: Sealer, other: Sealer
) -> None:
    """Also those of tables that come later: no value of any column may be the old key's any more."""
    await filled(database, base, sealer)
    await database.write(lambda connection: reseal(connection, sealer, other))
    mark = sealer.seal(b"", "")[:5]  # version and key

    def left(connection: sa.Connection) -> list[str]:
        return [
            f"{table.name}.{column.name}"
            for table in metadata.sorted_tables
            for column in table.columns
            for (value,) in connection.execute(sa.select(column))
            if isinstance(value, bytes) and value.startswith(mark)
        ]

    assert await database.read(left) == []


async def test_a_report_is_kept_no_longer_than_the_questions_it_names(
    database: Database, base: Library, sealer: Sealer
) -> None:
    kept, _, check_id = await filled(database, base, sealer)
    old = checks.update().values(started_at=checks.c.started_at - 181 * 86400)
    await database.write(lambda connection: connection.execute(old))
    await kept.checks.finished(await kept.checks.begin(ENTRY, "li"))
    with pytest.raises(NoSuchEntry):
        await kept.checks.get(check_id)


async def test_no_report_of_a_check_lies_in_clear(
    database: Database, base: Library, sealer: Sealer, tmp_path: Path
) -> None:
    await filled(database, base, sealer)
    database.close()
    written = on_disk(tmp_path)
    assert "鹦鹉".encode() not in written
    assert json_escaped("鹦鹉") not in written


def json_escaped(text: str) -> bytes:
    return text.encode("unicode_escape")

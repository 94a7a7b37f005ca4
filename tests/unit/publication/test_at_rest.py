"""What staff keep, on disk: sealed, and kept no longer than needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sealing import Sealer
from connectors.gateway import Database
from knowledge.library import Library
from knowledge.publication import seed
from knowledge.publication.accounts import Accounts
from knowledge.publication.checks import Checks
from knowledge.publication.questions import Questions, Regressions
from knowledge.publication.records import NoSuchEntry
from knowledge.publication.store import Publication
from knowledge.publication.tables import checks
from tests.unit.knowledge.conftest import GUIDE, TODAY

from .conftest import changed, on_disk

ENTRY, PASSWORD = str(GUIDE["id"]), "a long password"


class Kept:
    """Everything that is sealed in these tables, under one key."""

    def __init__(self, database: Database, base: Library, sealer: Sealer) -> None:
        self.accounts = Accounts(database, sealer)
        self.questions = Questions(database, sealer)
        self.regressions = Regressions(database, sealer)
        self.publication = Publication(database, base, lambda: TODAY)
        self.checks = Checks(self.publication, self.regressions, sealer)


async def filled(database: Database, base: Library, sealer: Sealer) -> tuple[Kept, str]:
    """With one of each; also the id of a check that names the kept question."""
    seed.merge(database, base)
    kept = Kept(database, base, sealer)
    await kept.accounts.add("li", "editor", PASSWORD, "test")
    for verdict in ("unanswered", "not_helpful"):
        await kept.questions.record("鹦鹉骂人怎么办", None, verdict)  # type: ignore[arg-type]
    await kept.regressions.keep("鹦鹉骂人找谁", ENTRY, "li")
    place = await kept.publication.save(ENTRY, changed(GUIDE), "li", 1)
    check = await kept.checks.finished(await kept.checks.begin(place.id, "li"))
    assert check.report
    assert [one.question for one in check.report.blocks] == ["鹦鹉骂人找谁"]
    return kept, check.id


async def test_a_report_is_kept_no_longer_than_the_questions_it_names(
    database: Database, base: Library, sealer: Sealer
) -> None:
    kept, check_id = await filled(database, base, sealer)
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

"""Retention: what goes, what stays, and that nothing of it is left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from actions import records
from bot.migrations import ALL, migrate
from bot.retention import DAY, Gone, Retention, StillNeeded
from bot.sealing import Sealer
from bot.settings import Settings
from connectors.gateway import Database, Vault, schema
from connectors.gateway.links import Links
from connectors.gateway.pages import PageCopies
from connectors.gateway.turns import BrainAway
from knowledge.publication.questions import Questions
from tests import files

LONG_AGO = time.time() - 400 * DAY


@dataclass
class Remembering:
    """In place of the brain's process: what was forgotten, in order."""

    forgotten: list[str] = field(default_factory=list)
    away: bool = False

    async def forget(self, conversation_id: str) -> None:
        if self.away:
            raise BrainAway("ConnectError")
        self.forgotten.append(conversation_id)


class Home:
    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder, self.sealer = folder, Sealer(bytes(32))
        self.database = Database(f"sqlite:///{folder / 'service.db'}")
        migrate(self.database.engine)
        self.vault = Vault(folder / "evidence", self.database, self.sealer, Sealer)
        self.memory = Remembering()
        questions = Questions(self.database, self.sealer)
        self.retention = Retention(Settings(home=folder, **settings), self.database, self.vault, questions, self.memory)

    def add(self, table: sa.Table, **values: Any) -> None:
        self.database.write_now(lambda connection: connection.execute(table.insert().values(**values)))

    def ids(self, table: sa.Table) -> set[str]:
        query = sa.select(table.c.conversation_id if "conversation_id" in table.c else table.c.id)
        return set(self.database.read_now(lambda connection: list(connection.execute(query).scalars())))

    async def conversation(self, name: str, at: float, state: str | None = None) -> list[str]:
        """One with a bit of everything: two files (one of them in a report) and their ids."""
        self.add(schema.conversations, id=name, channel="wechat", person=name, address=b"x", created_at=at)
        number = len(self.ids(schema.conversations))
        message = {"id": number, "conversation_id": name, "message_id": "1", "body": b"x", "state": "done"}
        self.add(schema.inbox, received_at=at, **message)
        said = {"conversation_id": name, "inbox_id": number, "side": "person", "body": b"x", "delivery": "shown"}
        self.add(schema.entries, at=at, **said)
        self.add(schema.outlets, conversation_id=name)
        self.add(schema.allowances, conversation_id=name, kind="message", remaining=5, until=at)
        await Links(self.database, self.sealer).make("upload", name, {})
        kept = [(await self.vault.keep(name, f"{number}.png", files.png(number))).id for number in (1, 2)]
        draft = f"draft of {name}"
        await self.vault.file_under(name, draft, kept[:1])
        await PageCopies(self.database, self.sealer, self.vault).note(name, draft, ["https://weibo.com/1/2"])
        self.add(records.drafts, id=draft, conversation_id=name, edition="1", body=b"x", state="open", updated_at=at)
        if state:
            report = {"body": b"x", "evidence_ids": b"x", "state": state, "next_try_at": at, "created_at": at}
            self.add(records.reports, draft_id=draft, conversation_id=name, case_no=f"W-{name}", **report)
        return kept


@pytest.fixture
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Home]:
    home = Home(tmp_path, **getattr(request, "param", {}))
    yield home
    home.database.close()


async def test_a_quiet_conversation_without_a_report_goes_whole(home: Home) -> None:
    kept = await home.conversation("old", LONG_AGO)
    await home.conversation("new", time.time() - DAY)
    assert await home.retention.run() == Gone(files=0, questions=0, conversations=1, left=0)
    assert home.memory.forgotten == ["old"]
    told = [table for metadata in ALL for table in metadata.tables.values() if "conversation_id" in table.c]
    assert len(told) > 10
    for table in told:
        # Who touched a file outlives it, sealed, by an id that points nowhere.
        assert ("old" in home.ids(table)) == (table is schema.evidence_log), table.name
        assert "new" in home.ids(table) or table in (records.reports, records.requests, records.reminders), table.name
    assert home.ids(schema.conversations) == {"new"}
    for item in kept:
        assert (await home.vault.touches(item))[-1].who == "retention"
    assert len([file for file in (home.folder / "evidence").rglob("*") if file.is_file()]) == 4


@pytest.mark.parametrize(
    ("home", "gone"),
    [({}, False), ({"keep_reported_days": 365}, True), ({"keep_reported_days": 500}, False)],
    indirect=["home"],
    ids=["the agency has not said", "long enough", "not yet"],
)
async def test_a_conversation_with_a_report_stays_as_long_as_the_agency_says(home: Home, gone: bool) -> None:
    await home.conversation("reported", LONG_AGO, "sent")
    assert (await home.retention.run()).conversations == int(gone)
    assert home.ids(schema.conversations) == (set() if gone else {"reported"})
    assert home.ids(records.reports) == (set() if gone else {"reported"})


async def test_news_of_a_case_keeps_its_conversation(tmp_path: Path) -> None:
    home = Home(tmp_path, keep_reported_days=365)
    await home.conversation("reported", LONG_AGO, "sent")
    said = {"side": "assistant", "body": b"x", "delivery": "shown"}
    home.add(schema.entries, conversation_id="reported", at=time.time() - 30 * DAY, **said)
    assert (await home.retention.run()).conversations == 0
    home.database.close()


@pytest.mark.parametrize("home", [{"keep_reported_days": 1}], indirect=True)
async def test_what_is_on_its_way_to_the_agency_is_not_erased(home: Home) -> None:
    await home.conversation("waiting", LONG_AGO, "waiting")
    gone = await home.retention.run()
    assert (gone.conversations, gone.left) == (0, 1)
    with pytest.raises(StillNeeded):
        await home.retention.erase("waiting", "staff:me")
    assert home.memory.forgotten == []
    assert len(await home.vault.facts("waiting")) == 2


async def test_a_run_that_breaks_off_is_finished_by_the_next(home: Home) -> None:
    await home.conversation("old", LONG_AGO)
    home.memory.away = True
    assert (await home.retention.run()).left == 1
    assert await home.retention.round() < DAY
    assert home.ids(schema.conversations) == {"old"}
    home.memory.away = False
    # As after a crash between the files and the rest.
    await home.vault.erase_conversation("old", "retention")
    assert (await home.retention.run()).conversations == 1
    assert home.ids(schema.conversations) == set()
    assert await home.retention.round() == DAY


async def test_files_that_no_report_took_go_by_age(home: Home) -> None:
    in_report, unused = await home.conversation("recent", time.time() - 60 * DAY)
    old = schema.evidence.update().values(created_at=time.time() - 31 * DAY)
    home.database.write_now(lambda connection: connection.execute(old))
    gone = await home.retention.run()
    assert (gone.files, gone.conversations) == (1, 0)
    assert [item.id for item in await home.vault.facts("recent")] == [in_report]
    assert (await home.vault.touches(unused))[-1].action == "erased"


async def test_old_questions_go(home: Home) -> None:
    await Questions(home.database, home.sealer).record("怎么举报网络水军", None, "unanswered")
    assert (await home.retention.run()).questions == 0
    from knowledge.publication.tables import questions

    home.database.write_now(lambda connection: connection.execute(questions.update().values(last_at=LONG_AGO)))
    assert (await home.retention.run()).questions == 1


async def test_nothing_of_it_is_on_the_disk(home: Home) -> None:
    home.add(schema.conversations, id="old", channel="web", person="old", created_at=LONG_AGO)
    canary = b"SEALED-BODY-OF-THE-CANARY" * 40
    home.add(schema.entries, conversation_id="old", side="person", body=canary, delivery="shown", at=LONG_AGO)
    stored = b"".join(file.read_bytes() for file in home.folder.rglob("*") if file.is_file())
    assert canary in stored
    await home.retention.run()
    stored = b"".join(file.read_bytes() for file in home.folder.rglob("*") if file.is_file())
    assert b"OF-THE-CANARY" not in stored, "neither in the database nor in its log"

"""A publication while the process is killed: it has happened, or nothing of it has."""

from __future__ import annotations

import pickle
import random
import signal
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

from bot.migrations import migrate
from connectors.gateway import Database
from knowledge.library import Library
from knowledge.publication import seed
from knowledge.publication.records import read_edition, read_events, read_places
from knowledge.publication.store import Publication
from knowledge.publication.tables import state
from tests.unit.knowledge.conftest import GUIDE, OTHER, TODAY

from .conftest import Calendar

#: How many publishers are killed. Each publishes as fast as it can.
KILLS = 6

PUBLISHER = """
import asyncio, pickle, sys, time, uuid
from connectors.gateway import Database
from knowledge.publication.store import Publication
from knowledge.publication.tables import checks

url, base, day = pickle.load(sys.stdin.buffer)
publication = Publication(Database(url), base, lambda: day)

async def approved(entry):
    place = await publication.place(entry)
    place = await publication.save(entry, place.newest.body, "li", place.lock)
    await publication.submit(entry, "li", place.lock)
    row = {"id": str(uuid.uuid4()), "entry_id": entry, "revision": place.work, "edition": publication.edition()}
    row |= {"who": "wang", "publish": True, "state": "passed", "done": 0, "total": 0}
    row |= {"started_at": time.time(), "seen_at": time.time()}
    await publication.store.write(lambda connection: connection.execute(checks.insert().values(**row)))
    await publication.publish(row["id"], "wang")

async def publish():
    print("ready", flush=True)
    while True:
        for entry in ("guide.test.screenshot", "guide.test.fees"):
            await approved(entry)
            await publication.withdraw(entry, "wang", "")
            await publication.rollback(entry, "wang", to=1)

asyncio.run(publish())
"""


def test_killed_at_any_moment_nothing_is_half_published(tmp_path: Path, base: Library) -> None:
    url = f"sqlite:///{tmp_path / 'service.db'}"
    database = Database(url)
    migrate(database.engine)
    seed.merge(database, base)
    chance = random.Random(5)
    editions = [1]
    for _ in range(KILLS):
        publisher = subprocess.Popen(
            [sys.executable, "-c", PUBLISHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False
        )
        assert publisher.stdin is not None
        assert publisher.stdout is not None
        publisher.stdin.write(pickle.dumps((url, base, TODAY)))
        publisher.stdin.close()
        assert publisher.stdout.readline() == b"ready\n"
        try:
            publisher.wait(chance.uniform(0.0, 0.4))
        except subprocess.TimeoutExpired:
            publisher.kill()
        assert publisher.wait() == -signal.SIGKILL
        publisher.stdout.close()
        editions.append(database.read_now(_whole))
    assert editions == sorted(editions)
    assert editions[-1] > KILLS, "the publishers hardly published anything"
    # And it goes on from there.
    publication = Publication(database, base, Calendar())
    assert publication.edition() == editions[-1]
    assert publication.library(TODAY).entries
    database.close()


def _whole(connection: sa.Connection) -> int:
    """Every edition has exactly its one event, and every entry stands as its last event says; the edition."""
    assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    edition = read_edition(connection)
    events = [one for one in reversed(read_events(connection, limit=1_000_000)) if one.edition]
    assert [one.edition for one in events] == list(range(2, edition + 1))
    live = {str(GUIDE["id"]): 1, str(OTHER["id"]): 1}
    for event in events:
        assert event.entry_id is not None
        live[event.entry_id] = event.revision or 0
    for place in read_places(connection):
        assert (place.live or 0) == live.get(place.id, 1), place.id
    assert connection.execute(sa.select(sa.func.count()).select_from(state)).scalar() == 1
    return edition

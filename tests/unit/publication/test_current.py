"""Publications are seen within a second, in every process, without a restart."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.sealing import Sealer
from connectors.gateway import Database
from knowledge import CurrentKnowledge, current
from knowledge.library import Library
from knowledge.publication.checks import Checks
from knowledge.publication.questions import Regressions
from knowledge.publication.store import Publication
from tests.system import wait_for
from tests.unit.knowledge.conftest import GUIDE, TODAY

from .conftest import Calendar, changed

ENTRY, QUESTION = str(GUIDE["id"]), str(GUIDE["question"])

OTHER_PROCESS = """
import pickle, sys, time
from connectors.gateway import Database
from knowledge import CurrentKnowledge
from knowledge.publication.store import Publication

url, base, day, question = pickle.load(sys.stdin.buffer)
knowledge = CurrentKnowledge(Publication(Database(url), base, lambda: day), lambda: day)
knowledge.start()
print("answered" if knowledge.ask(question).answered else "not", flush=True)
while knowledge.ask(question).answered:
    time.sleep(0.005)
print(time.time(), flush=True)
"""


@pytest.fixture
def knowledge(publication: Publication) -> Iterator[CurrentKnowledge]:
    knowledge = CurrentKnowledge(publication, publication.today)
    knowledge.start()
    yield knowledge
    knowledge.stop()


def started(work: object) -> subprocess.Popen[bytes]:
    """Another process that answers, too."""
    other = subprocess.Popen([sys.executable, "-c", OTHER_PROCESS], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert other.stdin is not None
    other.stdin.write(pickle.dumps(work))
    other.stdin.close()
    return other


async def test_withdrawn_in_one_process_and_unknown_in_all_a_second_later(
    publication: Publication, knowledge: CurrentKnowledge, database: Database, base: Library, tmp_path: Path
) -> None:
    other = started((f"sqlite:///{tmp_path / 'service.db'}", base, TODAY, QUESTION))
    assert other.stdout is not None
    assert other.stdout.readline() == b"answered\n"
    assert knowledge.ask(QUESTION).answered
    await publication.withdraw(ENTRY, "wang", "")
    published = time.time()
    wait_for(lambda: not knowledge.ask(QUESTION).answered, "the publication in this process", 1.0)
    assert float(other.stdout.readline()) - published < 1.0
    assert other.wait(10) == 0
    other.stdout.close()


async def test_the_old_edition_is_answered_while_the_database_is_away(
    publication: Publication, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    knowledge = CurrentKnowledge(publication, publication.today)

    def away() -> int:
        raise OSError("the database is away")

    monkeypatch.setattr(publication, "edition", away)
    knowledge.start()
    assert knowledge.ask(QUESTION).answered
    monkeypatch.undo()
    await publication.withdraw(ENTRY, "wang", "")
    wait_for(lambda: not knowledge.ask(QUESTION).answered, "the publication", 5)
    knowledge.stop()


async def test_what_nobody_can_read_any_more_is_left_out(
    publication: Publication, database: Database, base: Library
) -> None:
    """Published under other rules, as an older program would have: one entry less, not none at all."""
    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            'UPDATE knowledge_revisions SET body = \'{"kind": "guide"}\' WHERE entry_id = ?', (ENTRY,)
        )
    library = Publication(database, base, Calendar()).library(TODAY)
    assert len(library.entries) == 2


class Slow:
    """Publication as it is, with an index that takes its time: what a large knowledge base is like."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made = threading.Event()
        self.made.set()
        real = current.Knowledge

        def build(*arguments: Any, **more: Any) -> Any:
            assert self.made.wait(30)
            return real(*arguments, **more)

        monkeypatch.setattr(current, "Knowledge", build)


async def test_what_is_taken_back_is_not_cited_while_the_index_is_still_made(
    publication: Publication, knowledge: CurrentKnowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch)
    slow.made.clear()
    await publication.withdraw(ENTRY, "wang", "")
    wait_for(lambda: not knowledge.ask(QUESTION).answered, "the withdrawal", 1.0)
    assert knowledge.ask(QUESTION).citations == []
    assert knowledge.edition == 1
    slow.made.set()
    wait_for(lambda: knowledge.edition == 2, "the index", 5)
    assert not knowledge.ask(QUESTION).answered


async def test_what_is_being_approved_is_prepared_and_answered_at_once(
    publication: Publication, knowledge: CurrentKnowledge, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch)
    place = await publication.place(ENTRY)
    asked = [*GUIDE["paraphrases"], "手机拍的照片可以吗"]
    place = await publication.save(ENTRY, changed(GUIDE, paraphrases=asked), "li", place.lock)
    await publication.submit(ENTRY, "li", place.lock)
    checks = Checks(publication, Regressions(publication.store, sealer), sealer)
    check_id = await checks.begin(ENTRY, "wang", publish=True)
    await asyncio.to_thread(wait_for, lambda: knowledge._prepared, "the preparation", 10)
    slow.made.clear()  # from here on nothing new can be made
    assert (await checks.finished(check_id)).state == "published"
    wait_for(lambda: knowledge.ask("手机拍的照片可以吗").entry == ENTRY, "the publication", 1.0)
    slow.made.set()

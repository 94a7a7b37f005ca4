"""A conversation that is erased is gone from every part of the system; the agency keeps its case."""

from __future__ import annotations

import sqlite3

import pytest

from tests import files
from tests.faults.kills import ANSWERS, STORY
from tests.system import System, cases, wait_for

pytestmark = pytest.mark.system

OPEN = "他说的都是假的，我那天根本不在店里"


def test_a_conversation_is_erased_whole(system: System) -> None:
    person, other = system.person(), system.person()
    other.say("有人冒充我开了个微博号")
    person.say(STORY)
    while person.step != "idle":
        if person.step == "evidence":
            person.give([("截图.png", files.png(91))])
        else:
            person.send(ANSWERS.get(person.step) or {"text": OPEN})
    number = person.text.split("编号 ")[1][:14]
    wait_for(lambda: any(case["case_no"] == number for case in cases(system)), "the case")
    [conversation] = rows(system, "service.db", f"SELECT conversation_id FROM reports WHERE case_no = '{number}'")
    people = rows(system, "service.db", "SELECT count(*) FROM conversations")
    stored = sum(1 for file in (system.home / "evidence").rglob("*") if file.is_file())
    assert rows(system, "brain.db", "SELECT count(*) FROM brain_conversations WHERE sender_id = ?", conversation) == [1]

    done = system.run("retention", "erase", number, "--by", "李工", check=False)
    assert done.returncode == 0, done.stderr
    assert number in done.stdout
    assert sum(1 for file in (system.home / "evidence").rglob("*") if file.is_file()) == stored - 2
    assert rows(system, "brain.db", "SELECT count(*) FROM brain_conversations WHERE sender_id = ?", conversation) == [0]
    for table in ("conversations WHERE id", "entries WHERE conversation_id", "reports WHERE conversation_id"):
        assert rows(system, "service.db", f"SELECT count(*) FROM {table} = ?", conversation) == [0]
    assert system.run("cases", "show", number, check=False).returncode == 1

    # Whoever comes back begins anew, and nobody else lost anything.
    assert not any(entry["files"] for entry in person.say("你好"))
    assert person.step == "idle"
    assert rows(system, "service.db", "SELECT count(*) FROM conversations") == people
    told = system.run("retention", "run", "--json").stdout
    assert '"left": 0' in told
    other.say("对")
    assert other.step != "idle"


def rows(system: System, database: str, query: str, *values: str) -> list[str | int]:
    connection = sqlite3.connect(f"file:{system.home / database}?mode=ro", uri=True, timeout=30)
    try:
        return [row[0] for row in connection.execute(query, values).fetchall()]
    finally:
        connection.close()

"""One key for each report: what it opens, what goes with it, and what the record of a file says afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.sealing import Sealer
from connectors.gateway import Database, Vault, schema
from connectors.gateway.vault import EvidenceFacts
from tests import files
from tests.unit.gateway.conftest import everything_in, folder_keys


async def test_files_go_with_their_report_and_no_others(vault: Vault) -> None:
    one, two, loose = [await vault.keep("a", f"{n}.png", files.png(n)) for n in range(3)]
    await vault.file_under("a", "report-1", [one.id])
    await vault.file_under("a", "report-2", [two.id])
    assert await vault.erase("report-1") == 1
    assert [item.id for item in await vault.facts("a")] == [two.id, loose.id]
    assert await vault.read("a", two.id) == files.png(1)
    with pytest.raises(KeyError):
        await vault.read("a", one.id)


async def test_what_no_report_took_goes_when_its_person_wants_it_gone(vault: Vault) -> None:
    handed_over, drafted, _, both = [await vault.keep("a", f"{n}.png", files.png(n)) for n in range(4)]
    others = await vault.keep("b", "x.png", files.png(9))
    await vault.file_under("a", "report-1", [handed_over.id, both.id])
    await vault.file_under("a", "draft-2", [drafted.id, both.id])
    assert await vault.erase_unreported("a", ["report-1"]) == 2
    assert [item.id for item in await vault.facts("a")] == [handed_over.id, both.id]
    assert await vault.read("b", others.id) == files.png(9)
    assert await vault.erase_unreported("a", []) == 2
    assert await vault.facts("a") == []


async def test_a_file_in_two_reports_goes_with_the_second(vault: Vault) -> None:
    kept = await vault.keep("a", "x.png", files.png())
    await vault.file_under("a", "report-1", [kept.id])
    await vault.file_under("a", "report-2", [kept.id])
    assert await vault.erase("report-1") == 0
    assert await vault.read("a", kept.id) == files.png()
    assert await vault.erase("report-2") == 1
    assert await vault.facts("a") == []


async def test_filing_twice_changes_nothing(vault: Vault) -> None:
    kept = await vault.keep("a", "x.png", files.png())
    for _ in range(2):
        await vault.file_under("a", "report-1", [kept.id])
    assert await vault.read("a", kept.id) == files.png()


async def test_what_is_somebody_elses_is_not_filed(vault: Vault) -> None:
    kept = await vault.keep("a", "x.png", files.png())
    await vault.file_under("b", "report-1", [kept.id])
    assert await vault.erase("report-1") == 0
    assert await vault.read("a", kept.id) == files.png()


async def test_the_same_picture_for_another_report_is_the_same_item(vault: Vault) -> None:
    first = await vault.keep("a", "x.png", files.png())
    await vault.file_under("a", "report-1", [first.id])
    assert (await vault.keep("a", "x.png", files.png())).id == first.id


async def test_with_the_key_gone_the_sealing_key_opens_nothing(
    vault: Vault, database: Database, tmp_path: Path
) -> None:
    """An old copy of the files and of their rows is worth nothing once the report's key is deleted."""
    kept = await vault.keep("a", "x.pdf", files.pdf("秘密"))
    await vault.file_under("a", "report-1", [kept.id])
    [row] = database.read_now(lambda c: c.execute(sa.select(schema.evidence)).all())
    [wrap] = database.read_now(lambda c: c.execute(sa.select(schema.evidence_keys)).all())
    [blob] = [path.read_bytes() for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    [key] = folder_keys(database, "report-1")
    await vault.erase("report-1")
    database.close()
    assert not [path for path in (tmp_path / "evidence").rglob("*") if path.is_file()]
    assert key not in everything_in(tmp_path)
    master = Sealer(bytes(32))
    for sealed, contexts in (
        (blob, (kept.id, f"evidence:{kept.id}")),
        (row.facts, (f"evidence:{kept.id}",)),
        (wrap.key, (kept.id, f"evidence-key:{kept.id}")),
    ):
        for context in contexts:
            with pytest.raises(Exception, match="sealed with another key"):
                master.open(sealed, context)


async def test_everything_of_a_person_can_go(vault: Vault) -> None:
    mine = [await vault.keep("a", f"{n}.png", files.png(n)) for n in range(3)]
    await vault.file_under("a", "report-1", [mine[0].id])
    others = await vault.keep("b", "x.png", files.png(9))
    assert await vault.erase_conversation("a") == 3
    assert await vault.facts("a") == []
    assert [item.id for item in await vault.facts("b")] == [others.id]
    # And the person may begin anew.
    assert await vault.read("a", (await vault.keep("a", "x.png", files.png())).id) == files.png()


async def test_what_went_into_no_report_goes_after_its_time(vault: Vault, database: Database) -> None:
    old, filed, new = [await vault.keep("a", f"{n}.png", files.png(n)) for n in range(3)]
    await vault.file_under("a", "report-1", [filed.id])
    age = schema.evidence.update().where(schema.evidence.c.id.in_([old.id, filed.id])).values(created_at=1.0)
    database.write_now(lambda connection: connection.execute(age))
    assert await vault.erase_unused(time.time() - 60) == 1
    assert {item.id for item in await vault.facts("a")} == {filed.id, new.id}


async def test_the_tray_is_no_report(vault: Vault) -> None:
    with pytest.raises(ValueError, match="tray"):
        await vault.erase("")


async def test_who_touched_a_file_is_written_down(vault: Vault, database: Database) -> None:
    before = time.time()
    kept = await vault.keep("a", "身份证.png", files.png())
    await vault.file_under("a", "report-1", [kept.id])
    await vault.read("a", kept.id, who="staff:chen")
    await vault.read_copy("a", kept.id, who="staff:chen")
    await vault.read("a", kept.id, who="submission", action="sent")
    await vault.erase("report-1", who="retention")
    touches = await vault.touches(kept.id)
    assert [(touch.action, touch.who) for touch in touches] == [
        ("stored", "person"),
        ("read", "staff:chen"),
        ("copied", "staff:chen"),
        ("sent", "submission"),
        ("erased", "retention"),
    ]
    assert before <= touches[0].at <= touches[-1].at <= time.time()
    details = database.read_now(lambda c: c.execute(sa.select(schema.evidence_log.c.details)).scalars().all())
    assert all(b"chen" not in sealed for sealed in details)


async def test_a_file_of_the_first_schema_is_taken_over(
    tmp_path: Path, database: Database, make_vault: Callable[[], Vault]
) -> None:
    """Before reports had keys, the file's key and its facts lay under the sealing key."""
    master, content, key = Sealer(bytes(32)), files.png(3), bytes(range(32))
    facts = EvidenceFacts("old", "旧图.png", len(content), "image/png", "0" * 64, 1.0)
    name = master.name(b"old", "vault")
    path = tmp_path / "evidence" / name[:2] / name
    path.parent.mkdir(parents=True)
    path.write_bytes(Sealer(key).seal(content, "old"))
    row = {
        "id": "old",
        "conversation_id": "a",
        "vault_name": name,
        "key": master.seal(key, "evidence-key:old"),
        "facts": master.seal_json(asdict(facts), "evidence:old"),
        "created_at": 1.0,
    }
    database.write_now(lambda connection: connection.execute(schema.evidence.insert().values(**row)))
    for _ in range(2):
        vault = make_vault()
        assert await vault.facts("a") == [facts]
        assert await vault.read("a", "old") == content
    await vault.file_under("a", "report-1", ["old"])
    assert await vault.erase("report-1") == 1
    assert json.dumps(await vault.facts("a")) == "[]"

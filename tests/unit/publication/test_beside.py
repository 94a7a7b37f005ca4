"""A publication is checked with what answers: the imported texts and, where it is searched, the model of meaning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.cli.faults import Fault
from bot.cli.knowledge import office_of, publish
from bot.settings import Settings
from connectors.gateway import Database
from knowledge import StatuteStore
from knowledge.library import Library
from knowledge.publication import seed
from knowledge.publication.office import Office
from knowledge.publication.store import Publication
from knowledge.statutes import Incoming
from knowledge.statutes.parse import parse
from tests.unit.knowledge.conftest import GUIDE, OTHER, TODAY

from .conftest import changed

ENTRY, OTHER_ID = str(GUIDE["id"]), str(OTHER["id"])
TEXT = parse(["样例管理规定", "（2024年6月12日公布）", "第一条　为了样例。", "第二条　截图应当留存。"])
IN_TEXT, NOT_IN_TEXT = ({"title": "样例管理规定", "article": f"第{number}条"} for number in "二三")


async def under_review(office: Office, **fields: Any) -> None:
    place = await office.publication.place(ENTRY)
    place = await office.publication.save(ENTRY, changed(GUIDE, **fields), "li", place.lock)
    await office.publication.submit(ENTRY, "li", place.lock)


async def test_the_editor_knows_what_was_imported_meanwhile(database: Database, base: Library, tmp_path: Path) -> None:
    seed.merge(database, base)
    store = StatuteStore(tmp_path / "statutes")
    publication = Publication(database, base, lambda: TODAY, store)
    body = changed(GUIDE, citations=[IN_TEXT])
    assert [one.code for one in publication.problems(ENTRY, body)] == ["no_such_law"]
    store.add([Incoming(TEXT, "x")])
    assert publication.problems(ENTRY, body) == []
    assert publication.citable.articles.find("样例管理规定第2条") == tuple(IN_TEXT.values())
    missing = publication.problems(ENTRY, changed(GUIDE, citations=[NOT_IN_TEXT]))
    assert [(one.code, one.values["last"]) for one in missing] == [("no_such_article", "第二条")]


async def test_a_catalogue_that_cannot_be_read_leaves_the_laws_of_the_content(
    base: Library, database: Database, tmp_path: Path
) -> None:
    (tmp_path / "catalogue.json").write_text("broken")
    publication = Publication(database, base, lambda: TODAY, StatuteStore(tmp_path))
    assert publication.problems(ENTRY, changed(GUIDE)) == []


async def test_the_command_checks_with_the_imported_texts(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    store = StatuteStore(home.statutes_folder)
    store.add([Incoming(TEXT, "x")])
    office = office_of(home)
    await office.accounts.add("wang", "reviewer", "a long password", "test")
    await under_review(office, citations=[IN_TEXT])
    await publish(home, [], "wang")
    assert f"{ENTRY}: revision 2 is answered" in capsys.readouterr().out
    now = {found.entry.id: found.entry for found in office.publication.library(TODAY).entries}
    assert now[ENTRY].citations[0].title == "样例管理规定"

    await under_review(office, citations=[IN_TEXT], answer="截图可以。")
    # The version that is imported between writing and publishing has the article no more.
    store.add([Incoming(parse(["样例管理规定", "（2024年6月12日公布）", "第一条　样例。"]), "x")])
    with pytest.raises(Fault, match="not complete"):
        await publish(home, [], "wang")


async def test_the_command_checks_by_meaning_as_the_service_answers(
    home: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Found by meaning alone: by characters this kept question is lost, and blocks. With the real model."""
    office = office_of(home)
    await office.accounts.add("wang", "reviewer", "a long password", "test")
    await office.regressions.keep("费用是多少", OTHER_ID, "wang")
    place = await office.publication.place(OTHER_ID)
    body = changed(OTHER, answer="不收费，一分钱都不用花。")
    place = await office.publication.save(OTHER_ID, body, "li", place.lock)
    await office.publication.submit(OTHER_ID, "li", place.lock)
    with pytest.raises(Fault, match="not everything could be published"):
        await publish(home, [], "wang")
    assert "regression: 费用是多少" in capsys.readouterr().err

    with_meaning = home.model_copy(update={"meaning": True})
    served = office_of(with_meaning).current()
    await publish(with_meaning, [], "wang")
    assert f"{OTHER_ID}: revision 2 is answered" in capsys.readouterr().out
    served.refresh()
    assert served.ask("费用是多少").answer == "不收费，一分钱都不用花。"

"""The commands beside the console: files in and out, publishing and taking back, accounts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from typer.testing import CliRunner, Result

from bot.cli.app import app
from bot.cli.exchange import import_files
from bot.cli.faults import Fault
from bot.cli.knowledge import office_of
from bot.settings import Settings
from knowledge import StatuteStore
from knowledge.publication.records import Place
from tests.unit.knowledge.conftest import GUIDE, OTHER

ENTRY = str(GUIDE["id"])
LINES = ["样例管理规定", "（2024年6月12日公布）", "第一条　为了样例。", "第二条　截图应当留存。"]
HEAD = ["问题", "相似问", "答案", "依据"]

Run = Callable[..., Result]


@pytest.fixture
def run(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run("list", "--json")``: a knowledge command, or with ``of="staff"`` one for accounts. Raises what it does."""
    monkeypatch.setenv("REPORTGUIDE_HOME", str(home.home))
    monkeypatch.setenv("REPORTGUIDE_MEANING", "false")

    def command(*arguments: str, of: str = "knowledge", typed: str = "") -> Result:
        return CliRunner().invoke(app, [of, *arguments], input=typed, catch_exceptions=False)

    return command


def law(file: Path) -> Path:
    if file.suffix == ".docx":
        document = docx.Document()
        for line in LINES:
            document.add_paragraph(line)
        document.save(str(file))
    else:
        file.write_text("\n".join(LINES), "utf-8")
    return file


def table(file: Path, *rows: list[str]) -> Path:
    book = openpyxl.Workbook()
    for row in (HEAD, *rows):
        book.active.append(row)
    book.save(file)
    return file


def drafts(home: Settings) -> list[Place]:
    places = asyncio.run(office_of(home).publication.places())
    return [place for place in places if place.stage == "draft"]


def kept(home: Settings) -> list[str]:
    return [record.law for record in StatuteStore(home.statutes_folder).records()]


def test_a_docx_is_imported_and_shown(run: Run, home: Settings, tmp_path: Path) -> None:
    file = law(tmp_path / "样例管理规定.docx")
    assert "a preview" in run("import", str(file), "--preview").output
    assert kept(home) == []
    assert "1 texts imported, 2 articles" in run("import", str(file)).output
    assert [item["law"] for item in json.loads(run("laws", "--json").output)] == kept(home) == ["样例管理规定"]
    shown = json.loads(run("law", "样例管理规定第2条", "--json").output)
    assert [article["text"] for article in shown[0]["articles"]] == ["截图应当留存。"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("大.docx", b"0" * 50_000_000),
        ("坏.docx", b"PK\x03\x04broken"),
        ("半.txt", "样例法\n第一条　甲。\n第三条　丙。".encode()),
        ("乱.txt", bytes(range(256))),
    ],
)
def test_one_bad_file_and_nothing_is_imported(
    home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    files = [law(tmp_path / "好.txt"), tmp_path / name]
    with pytest.raises(Fault, match="nothing was imported"):
        import_files(home, files, None, preview=False, everything=False, vectors=False)
    assert name in capsys.readouterr().err
    assert kept(home) == []


def test_a_table_becomes_drafts_that_markup_does_not_leave(run: Run, home: Settings, tmp_path: Path) -> None:
    rows = [["盖章要吗？", "要不要盖章\n盖章吗\n公章", "不用盖章。", "民法典第1195条"]]
    rows.append(["代码行吗？", "代码\n网页\n脚本", "<script>alert(1)</script>", "民法典第9999条"])
    file = table(tmp_path / "问答.xlsx", *rows)
    assert "a preview" in run("import", str(file), "--preview").output
    assert drafts(home) == []
    assert "2 drafts" in run("import", str(file)).output
    first, second = drafts(home)
    publication = office_of(home).publication
    assert publication.problems(first.id, first.newest.body) == []
    codes = {problem.code for problem in publication.problems(second.id, second.newest.body)}
    assert {"markup", "no_such_article"} <= codes or {"markup", "missing"} <= codes


@pytest.mark.parametrize("data", [b"PK\x03\x04broken", b"0" * 50_000_000], ids=["broken", "50 MB"])
def test_a_table_that_cannot_be_read_leaves_no_draft(run: Run, home: Settings, tmp_path: Path, data: bytes) -> None:
    good, bad = table(tmp_path / "好.xlsx", ["盖章要吗？", "", "不用。", "民法典"]), tmp_path / "坏.xlsx"
    bad.write_bytes(data)
    with pytest.raises(Fault, match=r"坏\.xlsx"):
        run("import", str(good), str(bad))
    assert drafts(home) == []


def test_laws_and_tables_are_imported_apart(run: Run, tmp_path: Path) -> None:
    files = str(law(tmp_path / "a.txt")), str(table(tmp_path / "a.xlsx", ["甲？", "", "乙。", "民法典"]))
    with pytest.raises(Fault, match="imported apart"):
        run("import", *files)
    with pytest.raises(Fault, match="is no day"):
        run("import", files[0], "--effective", "2024-13-01")


def test_everything_is_exported_and_nothing_overwritten(run: Run, tmp_path: Path) -> None:
    run("import", str(law(tmp_path / "a.txt")))
    told = json.loads(run("export", str(tmp_path / "out")).output)
    assert told == {"entries": 3, "laws": 1, "articles": 2}
    with pytest.raises(Fault, match="is not empty"):
        run("export", str(tmp_path / "out"))


def test_published_listed_shown_and_taken_back(run: Run, home: Settings) -> None:
    for name, role in (("li", "editor"), ("wang", "reviewer")):
        run("add", name, "--role", role, of="staff", typed="a long password\n")
    publication = office_of(home).publication

    async def write() -> None:
        place = await publication.place(ENTRY)
        body = {**place.newest.body, "answer": "截图可以，带上链接。"}
        place = await publication.save(ENTRY, body, "li", place.lock)
        await publication.submit(ENTRY, "li", place.lock)

    asyncio.run(write())
    assert [item["id"] for item in json.loads(run("list", "--standing", "review", "--json").output)] == [ENTRY]
    for by, why in (("li", "is an editor"), ("zhao", "no active account")):
        with pytest.raises(Fault, match=why):
            run("publish", "--by", by)
    assert f"{ENTRY}: revision 2 is answered" in run("publish", "--by", "wang").output
    with pytest.raises(Fault, match="nothing is under review"):
        run("publish", "--by", "wang")
    shown: dict[str, Any] = json.loads(run("show", ENTRY, "--json").output)
    assert (shown["live"], shown["entry"]["answer"]) == (2, "截图可以，带上链接。")
    assert shown["events"][0]["action"] == "publish"
    assert f"{ENTRY}: revision 1 is answered" in run("rollback", ENTRY, "--by", "wang").output
    with pytest.raises(Fault, match="no such published revision"):
        run("rollback", ENTRY, "--by", "wang", "--to", "9")
    with pytest.raises(Fault, match="there is no entry"):
        run("show", "guide.not.there")
    assert {item["id"] for item in json.loads(run("list", "--json").output)} >= {ENTRY, str(OTHER["id"])}


def test_accounts(run: Run) -> None:
    assert "can sign in" in run("add", "chen", "--role", "admin", of="staff", typed="a long password\n").output
    for arguments, typed, why in (
        (("add", "chen"), "a long password\n", "such an account already"),
        (("add", "zhou"), "short\n", "at least 10 characters"),
        (("add", "zhou", "--role", "king"), "", "no role"),
        (("change", "chen", "--closed"), "", "at least one admin"),
        (("password", "nobody"), "a long password\n", "no such account"),
    ):
        with pytest.raises(Fault, match=why):
            run(*arguments, of="staff", typed=typed)
    run("add", "lin", "--role", "admin", of="staff", typed="a long password\n")
    assert "was changed" in run("change", "chen", "--closed", of="staff").output
    told = json.loads(run("list", "--json", of="staff").output)
    assert told == [
        {"name": "chen", "role": "admin", "active": False},
        {"name": "lin", "role": "admin", "active": True},
    ]

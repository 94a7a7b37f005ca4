"""`reportguide knowledge import|export`: files in and out of the knowledge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from actions.dates import LOCAL
from bot.cli.faults import Fault
from bot.cli.knowledge import office_of
from bot.cli.statutes import import_texts
from bot.settings import Settings
from knowledge import StatuteStore
from knowledge.exporting import write_all
from knowledge.faq import ENDINGS, Sheet, read_faq
from knowledge.publication.records import IMPORTER
from knowledge.statutes.reading import UnreadableError

_SHOWN = 20


def import_files(
    settings: Settings,
    files: Sequence[Path],
    effective: str | None,
    *,
    preview: bool,
    everything: bool,
    vectors: bool,
) -> None:
    """Texts of laws, or tables of questions and answers; not both at once. Raises Fault."""
    tables = [file for file in files if file.suffix.lower() in ENDINGS]
    if tables and len(tables) < len(files):
        raise Fault("texts of laws and tables of questions are imported apart", "run the command twice")
    try:
        day = date.fromisoformat(effective) if effective else None
    except ValueError:
        raise Fault(f"{effective!r} is no day", "write it as 2026-01-31") from None
    if not tables:
        import_texts(settings, files, day, preview=preview, everything=everything, vectors=vectors)
        return
    asyncio.run(_import_tables(settings, tables, preview=preview, most=10**6 if everything else _SHOWN))


async def _import_tables(settings: Settings, files: Sequence[Path], *, preview: bool, most: int) -> None:
    office = office_of(settings)
    parser, today = office.publication.citable.articles, datetime.now(LOCAL).date()
    try:
        sheets = [(file, read_faq(file, parser, today)) for file in files]
    except UnreadableError as problem:
        raise Fault(str(problem), "nothing was imported") from None
    console = Console(highlight=False)
    for file, sheet in sheets:
        _show_sheet(console, file, sheet, most)
    if preview:
        console.print("a preview: nothing was imported")
        return
    bodies = [draft.body for _, sheet in sheets for draft in sheet.drafts]
    await office.publication.save_all(bodies, IMPORTER, note="、".join(file.name for file in files))
    console.print(f"[green]✓[/] {len(bodies)} drafts: complete and publish them in the staff console")


def _show_sheet(console: Console, file: Path, sheet: Sheet, most: int) -> None:
    table = Table("row", Column("question", overflow="fold"), "other ways", "rests on", title=file.name)
    for draft in sheet.drafts[:most]:
        rests = "、".join(f"{item['title']}{item.get('article', '')}" for item in draft.body["citations"]) or "—"
        cells = (draft.row, draft.body["question"], len(draft.body["paraphrases"]), rests)
        table.add_row(*(Text(str(cell)) for cell in cells))
    console.print(table)
    if len(sheet.drafts) > most:
        console.print(f"… and {len(sheet.drafts) - most} more (--all)")
    for problem in sheet.problems:
        console.print(Text(f"! {problem}"))


def export(settings: Settings, folder: Path) -> None:
    """Write everything into a folder. Raises Fault."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Fault(f"{folder} is not empty", "name a folder that does not exist yet")
    office = office_of(settings)
    day = datetime.now(LOCAL).date()
    entries = [found.entry for found in office.publication.library(day).entries]
    store = StatuteStore(settings.statutes_folder)
    statutes = [store.read(record) for record in store.records()]
    told: dict[str, Any] = write_all(folder, entries, statutes)
    Console().print(json.dumps(told, ensure_ascii=False))

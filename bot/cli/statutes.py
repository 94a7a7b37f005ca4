"""`reportguide knowledge import|laws|law`: official texts, from files into the state folder."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from actions.dates import LOCAL
from bot.cli.faults import Fault
from bot.cli.learning import learn
from bot.settings import ROOT, Settings
from knowledge import Meaning, StatuteError, StatuteStore
from knowledge.laws import ArticleParser
from knowledge.library import read_library
from knowledge.meaning import Side
from knowledge.statutes import Statute
from knowledge.statutes.difference import Change, Kind
from knowledge.statutes.importing import Flag, Plan, Planned, plan
from knowledge.statutes.reading import READABLE
from knowledge.text import normalise

#: Changes of one law that are shown; `--all` shows the rest.
SHOWN = 12
_SIGNS = {
    Kind.CHANGED: "reworded",
    Kind.MOVED: "moved",
    Kind.MOVED_AND_CHANGED: "moved, reworded",
    Kind.NEW: "new",
    Kind.GONE: "gone",
}


def import_texts(
    settings: Settings, paths: Sequence[Path], effective: date | None, *, preview: bool, everything: bool, vectors: bool
) -> None:
    """Read all files, show what would change, and keep all of it or nothing. Raises Fault."""
    store = StatuteStore(settings.statutes_folder)
    library = read_library(ROOT / "knowledge" / "content")
    made = plan(texts_among(paths), store, [entry for _, entry in library.entries], effective)
    console = Console(highlight=False)
    if made.problems:
        for problem in made.problems:
            Console(stderr=True, highlight=False).print(Text(f"✗ {problem}", style="red"))
        raise Fault("nothing was imported", "correct or leave out what is named above")
    if not made.planned:
        raise Fault("there is no text of a law among these", "give " + ", ".join(sorted(READABLE)) + " files")
    _show_plan(console, made, SHOWN if not everything else sys.maxsize)
    if preview:
        console.print("a preview: nothing was imported")
        return
    made.carry_out(store)
    if made.flags:
        store.flag([flag._asdict() for flag in _flags(made.flags)])
    count = sum(len(item.statute.articles) for item in made.planned)
    console.print(f"[green]✓[/] {len(made.planned)} texts imported, {count} articles")
    if vectors and settings.meaning and (meaning := Meaning.load(settings.vectors_folder)):
        texts = [article.text for item in made.planned for article in item.statute.articles]
        try:
            learn(meaning, {Side.TEXT: texts}, Console(stderr=True))
        except KeyboardInterrupt:
            console.print("learning was stopped; the texts are imported, and the service learns the rest by itself")


def _flags(flags: Sequence[Flag]) -> Sequence[Flag]:
    return list(dict.fromkeys(flags))


def texts_among(paths: Sequence[Path]) -> list[Path]:
    """These files, and those in these folders that can be read; a README is none."""
    files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    folders = {path for path in paths if path.is_dir()}
    return [
        file
        for file in files
        if not file.stem.upper().startswith("README")
        and (file.parent not in folders or file.suffix.lower() in READABLE)
    ]


def _show_plan(console: Console, made: Plan, most: int) -> None:
    table = Table(Column("law", overflow="fold"), "version", "in force", "articles", "compared with", "changes")
    for item in made.planned:
        table.add_row(*(Text(cell) for cell in _row(item)))
    console.print(table)
    for item in made.planned:
        changes = [change for change in item.changes if change.kind is not Kind.SAME]
        if changes and item.before:
            console.print(
                Text(f"《{item.statute.law}》 against {item.before.version or 'the one before'}:", style="bold")
            )
            for change in changes[:most]:
                console.print(Text(f"  {_told(change)}"))
            if len(changes) > most:
                console.print(Text(f"  … and {len(changes) - most} more (--all)"))
    for flag in _flags(made.flags):
        now = f", now {flag.now}" if flag.now and flag.now != flag.article else ""
        console.print(Text(f"! {flag.entry} cites 《{flag.law}》{flag.article}: {_SIGNS[flag.kind]}{now} — look at it"))


def _row(item: Planned) -> tuple[str, ...]:
    statute = item.statute
    effective = f"{statute.effective or '—'}{' (assumed)' if statute.assumed else ''}"
    changed = [change for change in item.changes if change.kind is not Kind.SAME]
    against = str(item.before.version or item.before.effective or "—") if item.before else "new here"
    what = "—" if not item.before else "none" if not changed else str(len(changed))
    return statute.law, str(statute.version or "—"), effective, str(len(statute.articles)), against, what


def _told(change: Change) -> str:
    old, new = change.old.number if change.old else "", change.new.number if change.new else ""
    where = f"{old} → {new}" if old and new and old != new else new or old
    like = f" ({change.likeness:.0%} alike)" if change.old and change.new and change.likeness < 1 else ""
    return f"{where}: {_SIGNS[change.kind]}{like}"


def laws(settings: Settings, *, as_json: bool, flagged: bool) -> None:
    """Print all imported versions, or the entries that an import flagged."""
    store = StatuteStore(settings.statutes_folder)
    rows: list[dict[str, Any]] = store.flagged() if flagged else [r.model_dump(mode="json") for r in store.records()]
    if as_json:
        _json(rows)
        return
    columns = (
        ("entry", "law", "article", "kind", "now")
        if flagged
        else (
            "law",
            "version",
            "effective",
            "assumed",
            "articles",
            "source",
        )
    )
    table = Table(*(Column(name, overflow="fold") for name in columns))
    for row in rows:
        table.add_row(*(Text(str(row[name]) if row[name] is not None else "—") for name in columns))
    Console().print(table)


def law(settings: Settings, text: str, *, as_json: bool) -> None:
    """Print one article (民法典第1195条) in every imported version, or all of a law. Raises Fault."""
    store = StatuteStore(settings.statutes_folder)
    today = datetime.now(LOCAL).date()
    current = {statute.law: statute for statute in store.current(today)}
    library = read_library(ROOT / "knowledge" / "content")
    index = library.laws.with_texts(current.values())
    parser = ArticleParser(index, library.aliases)
    ref = parser.find(normalise(text))
    name = ref.law if ref else parser.law(normalise(text))
    if name is None or not (versions := store.versions(name)):
        raise Fault(f"no imported law is called {text!r}", "`reportguide knowledge laws` lists them")
    found = [_version(store.read(record), ref.article if ref else None, current.get(name)) for record in versions]
    if ref and not any(version["articles"] for version in found):
        raise Fault(f"《{name}》 has no {ref.article}", "`reportguide knowledge law " + name + "` prints all")
    if as_json:
        _json(found)
        return
    console = Console(highlight=False)
    for version in found if ref else found[:1]:
        console.print(Text(f"《{version['law']}》 {version['version'] or ''} {version['standing']}", style="bold"))
        for article in version["articles"]:
            console.print(Text(f"{article['article']}　{article['text']}"))


def _version(statute: Statute, article: str | None, current: Statute | None) -> dict[str, Any]:
    return {
        "law": statute.law,
        "version": statute.version.isoformat() if statute.version else None,
        "effective": statute.effective.isoformat() if statute.effective else None,
        "standing": "in force" if statute == current else "another version",
        "articles": [
            {"article": one.number, "chapter": one.chapter, "text": one.text}
            for one in statute.articles
            if article in (None, one.number)
        ],
    }


def _json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False))


__all__ = ["StatuteError", "import_texts", "law", "laws", "texts_among"]

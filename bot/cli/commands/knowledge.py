"""`reportguide knowledge`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import AsJson
from bot.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Look at the knowledge, publish what is under review, take back.")


@app.command("list")
def listed(
    standing: Annotated[
        str | None, typer.Option(help="Only those that stand so: draft, review, live, coming, over, withdrawn.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List all knowledge entries and how they stand."""
    from bot.cli import knowledge

    asyncio.run(knowledge.listed(Settings(), standing, as_json))


@app.command("show")
def show(entry: str, as_json: AsJson = False) -> None:
    """Show one entry with its revisions and who did what."""
    from bot.cli import knowledge

    asyncio.run(knowledge.show(Settings(), entry, as_json))


@app.command("import")
def import_files(
    files: Annotated[
        list[Path],
        typer.Argument(help="Official texts (.docx, .md, .txt, .pdf) or folders of them; a staff FAQ (.xlsx, .csv)."),
    ],
    effective: Annotated[
        str | None, typer.Option(help="Since when the texts are in force, 2026-01-01, where they do not say.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what would change.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show every change.")] = False,
    vectors: Annotated[
        bool, typer.Option(help="Let the model of meaning learn the texts now (0.1 s an article).")
    ] = True,
) -> None:
    """Import official texts, or a staff FAQ as drafts: all of it, or nothing and what is wrong."""
    from bot.cli import exchange

    exchange.import_files(Settings(), files, effective, preview=preview, everything=everything, vectors=vectors)


@app.command("laws")
def laws(
    flagged: Annotated[bool, typer.Option("--flagged", help="Entries whose cited articles an import changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the imported laws with their versions."""
    from bot.cli import statutes

    statutes.laws(Settings(), as_json=as_json, flagged=flagged)


@app.command("law")
def law(text: str, as_json: AsJson = False) -> None:
    """Show an imported article (民法典第1195条) or a whole law."""
    from bot.cli import statutes

    statutes.law(Settings(), text, as_json=as_json)


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet, or is empty.")],
) -> None:
    """Write everything: entries as JSON lines and as a spreadsheet, imported laws as Markdown and JSON lines."""
    from bot.cli import exchange

    exchange.export(Settings(), folder)


@app.command("publish")
def publish(
    by: Annotated[str, typer.Option(help="The reviewer who approves; not somebody who wrote at it.")],
    entries: Annotated[list[str] | None, typer.Argument(help="Entries; without, all that are under review.")] = None,
) -> None:
    """Check entries under review against all questions and, if nothing is lost, publish them."""
    from bot.cli import knowledge

    asyncio.run(knowledge.publish(Settings(), entries or [], by))


@app.command("rollback")
def rollback(
    entry: str,
    by: Annotated[str, typer.Option(help="The reviewer who decides.")],
    to: Annotated[int | None, typer.Option(help="The revision to answer again; without, the one before.")] = None,
) -> None:
    """Answer an earlier published revision of an entry again, at once."""
    from bot.cli import knowledge

    asyncio.run(knowledge.rollback(Settings(), entry, by, to))

"""The commands and their help. What a command does stands in the module of its name."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bot.cli.channels import app as channels_app
from bot.cli.faults import Fault, reporting_faults
from bot.settings import ROOT, Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="reportguide: guides people through reporting online rights infringements.",
)
cases_app = typer.Typer(
    no_args_is_help=True, help="Look at submitted reports and their cases, and move a case in the reference backend."
)
app.add_typer(cases_app, name="cases")
knowledge_app = typer.Typer(
    no_args_is_help=True, help="Look at the knowledge, publish what is under review, take back."
)
app.add_typer(knowledge_app, name="knowledge")
staff_app = typer.Typer(no_args_is_help=True, help="Accounts for the staff console.")
app.add_typer(staff_app, name="staff")
retention_app = typer.Typer(no_args_is_help=True, help="Erase what need not be kept any longer.")
app.add_typer(retention_app, name="retention")
app.add_typer(channels_app, name="channels")

#: What `chat` can show a conversation as.
CHANNELS = ("terminal", "web", "wechat", "kefu", "telegram")

Jsonl = Annotated[bool, typer.Option("--jsonl", help="Read and write JSON lines, for programs.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def main() -> None:
    """Entry of the console script. Exit code 0 only on success."""
    with reporting_faults():
        app()


@app.command()
def up(
    backend_url: Annotated[
        str, typer.Option(help="The agency's backend; without it the reference one is started.")
    ] = "",
) -> None:
    """Start everything: brain, service, staff console and, without --backend-url, the reference backend.

    Makes the brain's environment and trains it first if that is needed. Ctrl-C stops all of it.
    """
    from bot.supervisor import up as start

    settings = Settings(backend_url=backend_url) if backend_url else Settings()
    sys.exit(start(settings, Console(stderr=True)))


@app.command()
def train(force: Annotated[bool, typer.Option(help="Train even if nothing changed.")] = False) -> None:
    """Train the brain on dialogues/ and the reporting standard, if they changed."""
    from bot.supervisor import prepare

    prepare(Settings(), Console(stderr=True), force=force)


@app.command()
def validate(
    diagram: Annotated[Path | None, typer.Option(help="Also draw the standard into this Markdown file.")] = None,
) -> None:
    """Check the reporting standard, the dialogues and the knowledge. Prints each problem with its file."""
    from bot.cli.validate import problems

    console = Console()
    found = problems(ROOT)
    for problem in found:
        console.print(f"[red]✗[/] {problem}", highlight=False)
    if found:
        raise typer.Exit(1)
    console.print("[green]✓[/] standard, dialogues and knowledge are in order")
    if diagram:
        from actions.standard import read_standard
        from bot.cli.diagram import drawn

        diagram.write_text(drawn(read_standard(ROOT / "dialogues" / "standard")), "utf-8")


@app.command()
def chat(
    channel: Annotated[
        str, typer.Option(help="Show it as this channel would: terminal, web, wechat, kefu, telegram.")
    ] = "terminal",
    user: Annotated[str, typer.Option(help="Who you are; the same name continues the same conversation.")] = "me",
    jsonl: Jsonl = False,
    debug: Annotated[
        bool, typer.Option(help="Show matter, step, fields, evidence and case number after each turn.")
    ] = False,
) -> None:
    """Talk to the running system (start it with `reportguide up`).

    In the terminal: type, or a button's number, or /file PATH. With --jsonl, one object a line:
    {"text": …}, {"button": "label or number"}, {"file": "path"}; out comes one line a turn.
    """
    from bot.cli.chat import converse

    if channel not in CHANNELS:
        raise Fault(f"there is no channel {channel!r}", f"choose one of {', '.join(CHANNELS)}")
    sys.exit(converse(Settings(), user, channel, jsonl=jsonl, debug=debug))


@app.command()
def understand(
    jsonl: Jsonl = False,
    text: Annotated[str | None, typer.Argument(help="A message to understand.")] = None,
    step: Annotated[str | None, typer.Option(help="The element being asked, if any.")] = None,
) -> None:
    """Show what the assistant understands of a message: intent, matter, fields, kind, control, value.

    With --jsonl reads {"text": …, "step": element or null} lines. Works with and without a running system.
    """
    from bot.cli.understand import Understander

    with Understander(Settings()) as understander:
        for item in _items(jsonl, text, {"step": step}):
            _print(understander.understand(str(item.get("text") or ""), item.get("step")))


@app.command()
def ask(
    jsonl: Jsonl = False,
    text: Annotated[str | None, typer.Argument(help="A question.")] = None,
    ranked: Annotated[int, typer.Option(help="Also list the N best articles.")] = 0,
) -> None:
    """Ask the knowledge base. With --jsonl reads {"text": …} lines."""
    from bot.cli.ask import Asker

    asker = Asker(ROOT / "knowledge" / "content", Settings())
    for item in _items(jsonl, text, {}):
        _print(asker.ask(str(item.get("text") or ""), ranked))


@app.command()
def evaluate(
    as_json: AsJson = False,
    picture: Annotated[Path | None, typer.Option(help="Write an SVG: which matter was taken for which.")] = None,
    laws: Annotated[
        Path | None, typer.Option(help="Only this: how well articles are found for the questions in this file.")
    ] = None,
) -> None:
    """Measure understanding and knowledge on the evaluation sets in tests/evaluation; prints accuracy tables."""
    if laws:
        from bot.cli.laws_table import run as rank

        rank(Settings(), laws, as_json=as_json)
        return
    from bot.cli.evaluate import run

    run(Settings(), ROOT / "tests" / "evaluation", as_json=as_json, picture=picture)


@app.command()
def bench(
    as_json: AsJson = False,
    turns: Annotated[int, typer.Option(help="Length of the long conversation.")] = 300,
    knowledge: Annotated[bool, typer.Option("--knowledge", help="Only this: how fast questions are answered.")] = False,
    entries: Annotated[int, typer.Option(help="With --knowledge: grow the content to so many entries.")] = 5000,
) -> None:
    """Measure turn times and memory against stock Rasa on the same dialogue, both in one run (some minutes)."""
    if knowledge:
        from bot.cli.bench_knowledge import run as answer

        answer(Settings(), entries=entries, as_json=as_json)
        return
    from bot.cli.bench import run

    run(Settings(), turns=turns, as_json=as_json)


@cases_app.command("call-backs")
def cases_call_backs(as_json: AsJson = False) -> None:
    """List who waits for a call by the agency, the oldest request first."""
    from bot.cli.cases import call_backs

    asyncio.run(call_backs(Settings(), as_json))


@cases_app.command("list")
def cases_list(as_json: AsJson = False) -> None:
    """List submitted reports, newest first."""
    from bot.cli.cases import listed

    listed(Settings(), as_json)


@cases_app.command("show")
def cases_show(case_no: str, as_json: AsJson = False) -> None:
    """Show one case with every element, every evidence hash, and its history at the backend."""
    from bot.cli.cases import show

    asyncio.run(show(Settings(), case_no, as_json))


@cases_app.command("file")
def cases_file(
    case_no: str,
    sha256: Annotated[str, typer.Argument(help="Its SHA-256, or eight digits of it, as `cases show` tells it.")],
    target: Annotated[Path, typer.Argument(help="Where to write it; a file that is not there yet.")],
    by: Annotated[str, typer.Option(help="Who reads it: kept in the file's record.")],
    original: Annotated[
        bool, typer.Option("--original", help="Bit for bit as it came; else a picture without its metadata.")
    ] = False,
) -> None:
    """Write one file of a case to disk. Who read it is recorded."""
    from bot.cli.case_files import file

    asyncio.run(file(Settings(), case_no, sha256, target, by, original=original))


@cases_app.command("record")
def cases_record(case_no: str, as_json: AsJson = False) -> None:
    """Show who stored, read, sent or erased the files of a case, and when."""
    from bot.cli.case_files import record

    asyncio.run(record(Settings(), case_no, as_json))


@cases_app.command("advance")
def cases_advance(
    case_no: str,
    state: Annotated[str | None, typer.Argument(help="The next state; without it the usual one.")] = None,
    note: Annotated[str | None, typer.Option(help="A note that the reporter is told.")] = None,
) -> None:
    """Move a case on, in the reference backend; the reporter is told in their conversation."""
    from bot.cli.cases import advance

    asyncio.run(advance(Settings(), case_no, state, note))


@retention_app.command("run")
def retention_run(as_json: AsJson = False) -> None:
    """Erase what need not be kept: unused files, old questions, conversations that have long been quiet.

    The running system does this once a day. How long is set by REPORTGUIDE_KEEP_UNUSED_DAYS, _KEEP_UNREPORTED_DAYS
    and _KEEP_REPORTED_DAYS.
    """
    from bot.cli.retention import run

    asyncio.run(run(Settings(), as_json))


@retention_app.command("erase")
def retention_erase(
    case_no: str,
    by: Annotated[str, typer.Option(help="Who decides: kept in the record of the files.")],
) -> None:
    """Erase the whole conversation that a case was reported in, with all its files. The agency keeps the case."""
    from bot.cli.retention import erase

    asyncio.run(erase(Settings(), case_no, by))


@knowledge_app.command("list")
def knowledge_list(
    standing: Annotated[
        str | None, typer.Option(help="Only those that stand so: draft, review, live, coming, over, withdrawn.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List all knowledge entries and how they stand."""
    from bot.cli.knowledge import listed

    asyncio.run(listed(Settings(), standing, as_json))


@knowledge_app.command("show")
def knowledge_show(entry: str, as_json: AsJson = False) -> None:
    """Show one entry with its revisions and who did what."""
    from bot.cli.knowledge import show

    asyncio.run(show(Settings(), entry, as_json))


@knowledge_app.command("import")
def knowledge_import(
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
    from bot.cli.exchange import import_files

    import_files(Settings(), files, effective, preview=preview, everything=everything, vectors=vectors)


@knowledge_app.command("laws")
def knowledge_laws(
    flagged: Annotated[bool, typer.Option("--flagged", help="Entries whose cited articles an import changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the imported laws with their versions."""
    from bot.cli.statutes import laws

    laws(Settings(), as_json=as_json, flagged=flagged)


@knowledge_app.command("law")
def knowledge_law(text: str, as_json: AsJson = False) -> None:
    """Show an imported article (民法典第1195条) or a whole law."""
    from bot.cli.statutes import law

    law(Settings(), text, as_json=as_json)


@knowledge_app.command("export")
def knowledge_export(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet, or is empty.")],
) -> None:
    """Write everything: entries as JSON lines and as a spreadsheet, imported laws as Markdown and JSON lines."""
    from bot.cli.exchange import export

    export(Settings(), folder)


@knowledge_app.command("publish")
def knowledge_publish(
    by: Annotated[str, typer.Option(help="The reviewer who approves; not somebody who wrote at it.")],
    entries: Annotated[list[str] | None, typer.Argument(help="Entries; without, all that are under review.")] = None,
) -> None:
    """Check entries under review against all questions and, if nothing is lost, publish them."""
    from bot.cli.knowledge import publish

    asyncio.run(publish(Settings(), entries or [], by))


@knowledge_app.command("rollback")
def knowledge_rollback(
    entry: str,
    by: Annotated[str, typer.Option(help="The reviewer who decides.")],
    to: Annotated[int | None, typer.Option(help="The revision to answer again; without, the one before.")] = None,
) -> None:
    """Answer an earlier published revision of an entry again, at once."""
    from bot.cli.knowledge import rollback

    asyncio.run(rollback(Settings(), entry, by, to))


@staff_app.command("list")
def staff_list(as_json: AsJson = False) -> None:
    """List the accounts."""
    from bot.cli.staff import listed

    asyncio.run(listed(Settings(), as_json))


@staff_app.command("add")
def staff_add(name: str, role: Annotated[str, typer.Option(help="editor, reviewer or admin")] = "editor") -> None:
    """Add an account. Asks for the password, or reads it from standard input."""
    from bot.cli.staff import add

    asyncio.run(add(Settings(), name, role))


@staff_app.command("change")
def staff_change(
    name: str,
    role: Annotated[str | None, typer.Option(help="editor, reviewer or admin")] = None,
    active: Annotated[bool | None, typer.Option("--active/--closed", help="Open or close the account.")] = None,
) -> None:
    """Change what an account may do. Whoever is signed in with it has to sign in again."""
    from bot.cli.staff import change

    asyncio.run(change(Settings(), name, role, active))


@staff_app.command("password")
def staff_password(name: str) -> None:
    """Set a new password. Asks for it, or reads it from standard input."""
    from bot.cli.staff import password

    asyncio.run(password(Settings(), name))


def _items(jsonl: bool, text: str | None, rest: dict[str, Any]) -> Any:
    if not jsonl:
        if text is None:
            raise Fault("there is nothing to read", "give a text, or use --jsonl and standard input")
        yield {"text": text, **rest}
        return
    for number, line in enumerate(sys.stdin, 1):
        if line.strip():
            try:
                item = json.loads(line)
            except json.JSONDecodeError:
                raise Fault(f"line {number} is not JSON", 'each line is an object such as {"text": "…"}') from None
            if not isinstance(item, dict):
                raise Fault(f"line {number} is no object", 'each line is an object such as {"text": "…"}')
            yield item


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)

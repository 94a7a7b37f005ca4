"""The command line and the commands that stand alone. What a command does stands in the module of its name."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from bot.cli import channels
from bot.cli.commands import cases, knowledge, retention, staff
from bot.cli.faults import Fault, reporting_faults
from bot.cli.options import AsJson, Jsonl
from bot.settings import ROOT, Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="reportguide: guides people through reporting online rights infringements.",
)
app.add_typer(cases.app, name="cases")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(staff.app, name="staff")
app.add_typer(retention.app, name="retention")
app.add_typer(channels.app, name="channels")

#: What `chat` can show a conversation as.
CHANNELS = ("terminal", "web", "wechat", "kefu", "telegram")


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

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

    asker = Asker(ROOT / "knowledge" / "content")
    for item in _items(jsonl, text, {}):
        _print(asker.ask(str(item.get("text") or ""), ranked))


@app.command()
def evaluate(
    as_json: AsJson = False,
    picture: Annotated[Path | None, typer.Option(help="Write an SVG: which matter was taken for which.")] = None,
) -> None:
    """Measure understanding and knowledge on the evaluation sets in tests/evaluation; prints accuracy tables."""
    from bot.cli.evaluate import run

    run(Settings(), ROOT / "tests" / "evaluation", as_json=as_json, picture=picture)


@app.command()
def bench(
    as_json: AsJson = False, turns: Annotated[int, typer.Option(help="Length of the long conversation.")] = 300
) -> None:
    """Measure turn times and memory against stock Rasa on the same dialogue, both in one run (some minutes)."""
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


@cases_app.command("advance")
def cases_advance(
    case_no: str,
    state: Annotated[str | None, typer.Argument(help="The next state; without it the usual one.")] = None,
    note: Annotated[str | None, typer.Option(help="A note that the reporter is told.")] = None,
) -> None:
    """Move a case on, in the reference backend; the reporter is told in their conversation."""
    from bot.cli.cases import advance

    asyncio.run(advance(Settings(), case_no, state, note))


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

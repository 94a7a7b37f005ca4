"""`reportguide retention`: what need not be kept goes."""

from __future__ import annotations

import json
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from bot.brain_client import BrainClient
from bot.cli.cases import Book
from bot.cli.faults import Fault
from bot.retention import Retention, StillNeeded
from bot.settings import Settings, internal_token
from connectors.gateway.turns import BrainAway, BrainFailed
from knowledge.publication.questions import Questions


async def run(settings: Settings, as_json: bool) -> None:
    """Erase all whose time has come, and print how much that was."""
    retention, brain = _retention(settings, Book(settings))
    try:
        gone = asdict(await retention.run())
    finally:
        await brain.close()
    if as_json:
        print(json.dumps(gone))
    else:
        table = Table("erased", "")
        for name, count in gone.items():
            table.add_row(name, str(count))
        Console().print(table)
    if gone["left"]:
        raise Fault(f"{gone['left']} conversations could not be erased yet", "is the brain up, and the backend?")


async def erase(settings: Settings, case_no: str, by: str) -> None:
    """Erase the conversation that a case was reported in."""
    book = Book(settings)
    report = await book.submission.by_case(case_no.upper())
    if report is None:
        raise Fault(f"there is no case {case_no}", "`reportguide cases list` shows all")
    retention, brain = _retention(settings, book)
    try:
        await retention.erase(report.conversation_id, f"staff:{by}")
    except StillNeeded:
        raise Fault(
            "something of this conversation is still on its way to the agency", "try again when the agency has it"
        ) from None
    except (BrainAway, BrainFailed):
        raise Fault("the brain does not answer", "start the system with `reportguide up`") from None
    finally:
        await brain.close()
    Console().print(f"the conversation of {report.case_no} is erased; the case itself is the agency's", highlight=False)


def _retention(settings: Settings, book: Book) -> tuple[Retention, BrainClient]:
    sealer = settings.sealer()
    brain = BrainClient(settings.brain_url, internal_token(sealer))
    return Retention(settings, book.database, book.vault, Questions(book.database, sealer), brain), brain

"""`reportguide knowledge list|show|publish|rollback`: what the staff console does, without a browser."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from bot.cli.faults import Fault
from bot.cli.learning import learn
from bot.knowledge import open_office
from bot.migrations import migrate
from bot.settings import Settings
from connectors.gateway import Database
from knowledge.publication.accounts import Accounts, Staff
from knowledge.publication.checks import Check
from knowledge.publication.differences import FIELDS
from knowledge.publication.office import Office
from knowledge.publication.records import NoSuchEntry, Place, Standing
from knowledge.publication.store import Refused
from knowledge.retrieval import texts_of

#: Why something was refused, for somebody at a terminal.
_REFUSED = {
    "no_draft": ("nothing is being written at this entry", "write in the staff console"),
    "not_ready": ("the draft is not complete", "open it in the staff console, which names each problem"),
    "not_in_review": ("the entry is not under review", "submit it in the staff console"),
    "own_work": ("who wrote it may not approve it", "name another reviewer with --by"),
    "not_checked": ("something else was published meanwhile", "run the command again"),
    "nothing_before": ("there is no such published revision", "`reportguide knowledge show ENTRY` lists them"),
    "conflict": ("another entry answers one of that revision's questions now", "edit it in the staff console"),
}


def office_of(settings: Settings) -> Office:
    """The office over the service's database, whether or not the service runs."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealer = settings.sealer()
    database = Database(settings.service_database)
    migrate(database.engine)
    return open_office(settings, database, sealer)


# -- entries -----------------------------------------------------------------------------------------------------------


async def listed(settings: Settings, standing: str | None, as_json: bool) -> None:
    """Print all entries, or those that stand so."""
    if standing and standing not in list(Standing):
        raise Fault(f"there is no standing {standing!r}", "choose one of: " + ", ".join(Standing))
    office = office_of(settings)
    today = office.publication.today()
    rows = [
        {
            "id": place.id,
            "kind": place.newest.body.get("kind"),
            "standing": str(place.standing(today)),
            "question": place.newest.body.get("question"),
            "revision": place.newest.number,
            "live": place.effective(today),
            "author": place.newest.author,
            "changed_at": time_of(place.changed_at),
        }
        for place in await office.publication.places()
        if standing in (None, place.standing(today))
    ]
    if as_json:
        _json(rows)
        return
    table = Table("entry", "standing", "rev.", Column("question", overflow="fold"), "author", "changed at")
    for row in rows:
        cells = (row["id"], row["standing"], row["revision"], row["question"] or "—", row["author"], row["changed_at"])
        table.add_row(*(Text(str(cell)) for cell in cells))
    Console().print(table)


async def show(settings: Settings, entry_id: str, as_json: bool) -> None:
    """Print one entry: what is answered, what is being written, and its history."""
    office = office_of(settings)
    place = await _place(office, entry_id)
    today = office.publication.today()
    published = await office.publication.published_before(entry_id)
    now = place.effective(today)
    whole: dict[str, Any] = {
        "id": place.id,
        "standing": str(place.standing(today)),
        "live": now,
        "coming": place.coming,
        "work": place.work,
        "entry": place.revisions[now].body if now else None,
        "revisions": [
            {
                "number": one.number,
                "author": one.author,
                "at": time_of(one.at),
                "note": one.note,
                "published": one.number in published,
                "entry": one.body,
            }
            for one in place.revisions.values()
        ],
        "events": [
            {
                "at": time_of(event.at),
                "who": event.who,
                "action": event.action,
                "revision": event.revision,
                "note": event.note,
            }
            for event in await office.publication.events(entry_id)
        ],
    }
    if as_json:
        _json(whole)
        return
    console = Console(highlight=False)
    body = place.newest.body
    console.print(Text(f"{place.id}  {whole['standing']}", style="bold"))
    ordered = sorted(body, key=lambda name: FIELDS.index(name) if name in FIELDS else len(FIELDS))
    for field, value in ((name, body[name]) for name in ordered):
        shown = "\n".join(map(_citation, value)) if isinstance(value, list) else str(value)
        console.print(Text(f"{field}: {shown}"))
    table = Table("rev.", "author", "at", "published", Column("note", overflow="fold"))
    for one in whole["revisions"]:
        marks = "now" if one["number"] == now else "yes" if one["published"] else "—"
        table.add_row(*(Text(str(cell)) for cell in (one["number"], one["author"], one["at"], marks, one["note"])))
    console.print(table)


async def publish(settings: Settings, entries: Sequence[str], by: str) -> None:
    """Approve and publish, as `by`, these entries, or all that are under review and not their own."""
    office = office_of(settings)
    staff = await _reviewer(office.accounts, by)
    if entries:
        places = [await _place(office, entry_id) for entry_id in entries]
    else:
        places = [one for one in await office.publication.places() if office.publication.may_approve(one, staff.name)]
    if not places:
        raise Fault(f"nothing is under review that {by} may approve", "`reportguide knowledge list --standing review`")
    if meaning := office.meaning():
        # What the service has not learnt yet is learnt here, so that the check searches as the service will.
        today = office.publication.today()
        learn(meaning, texts_of(office.publication.library(today), today), Console(stderr=True))
    blocked = False
    for place in places:
        with _explained():
            check = await office.checks.finished(await office.checks.begin(place.id, staff.name, publish=True))
        blocked = not _told(check) or blocked
    if blocked:
        raise Fault("not everything could be published", "correct it in the staff console")


async def rollback(settings: Settings, entry_id: str, by: str, to: int | None) -> None:
    """Publish again the revision before, or revision `to`."""
    office = office_of(settings)
    staff = await _reviewer(office.accounts, by)
    place = await _place(office, entry_id)
    with _explained():
        edition = await office.publication.rollback(place.id, staff.name, to)
    now = (await _place(office, entry_id)).effective(office.publication.today())
    print(f"{entry_id}: revision {now} is answered (edition {edition})")


# -- what they share ---------------------------------------------------------------------------------------------------


@contextmanager
def _explained() -> Iterator[None]:
    """Turns what was refused into a fault with its remedy."""
    try:
        yield
    except Refused as problem:
        raise Fault(*_REFUSED.get(problem.reason, (problem.reason, ""))) from None


def _told(check: Check) -> bool:
    """Print how a publication went; whether it did."""
    if check.state == "published":
        print(f"{check.entry_id}: revision {check.revision} is answered (edition {check.edition + 1})")
        return True
    print(f"{check.entry_id}: {check.state}", file=sys.stderr)
    for finding in check.report.blocks if check.report else ():
        print(f"  {finding.kind}: {finding.question} ({finding.was} → {finding.now})", file=sys.stderr)
    return False


async def _place(office: Office, entry_id: str) -> Place:
    try:
        return await office.publication.place(entry_id)
    except NoSuchEntry:
        raise Fault(f"there is no entry {entry_id}", "`reportguide knowledge list` shows all") from None


async def _reviewer(accounts: Accounts, name: str) -> Staff:
    found = next((one for one in await accounts.listed() if one.name == name and one.active), None)
    if found is None:
        raise Fault(f"there is no active account {name!r}", "`reportguide staff list` shows all")
    if not found.reviews:
        raise Fault(f"{name} is an editor and approves nothing", "name a reviewer or an admin with --by")
    return found


def _citation(value: Any) -> str:
    return f"《{value['title']}》{value.get('article') or ''}" if isinstance(value, dict) else str(value)


def time_of(at: float) -> str:
    """Seconds since 1970 as a moment where this machine is."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


def _json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False))

"""`reportguide cases`: what was submitted, and how it stands."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from actions import records
from actions.submission import Submission, Submitted
from bot.backend import ContractBackend
from bot.cli.faults import Fault
from bot.evidence import open_vault
from bot.migrations import migrate
from bot.sealing import SealingError
from bot.settings import Settings
from connectors.backend import BackendClient, BackendRefused, BackendUnavailable, NotFound
from connectors.gateway import Database, EvidenceFacts
from connectors.gateway.pages import copies_of
from connectors.gateway.vault import Infected, NotScanned, StoreAway


class Book:
    """The service's database, read without the service."""

    def __init__(self, settings: Settings) -> None:
        if not settings.database_url and not (settings.home / "service.db").exists():
            raise Fault("nothing was submitted yet", "start the system with `reportguide up`")
        sealer = settings.sealer()
        self.database = Database(settings.service_database)
        migrate(self.database.engine)
        self.client = BackendClient(settings.backend_base, settings.token_for_backend(sealer))
        self.vault = open_vault(settings, self.database, sealer)

        async def nothing(_conversation: str, _evidence: str) -> tuple[dict[str, Any], bytes]:
            raise KeyError("evidence is not read here")

        self.submission = Submission(self.database, sealer, ContractBackend(self.client), nothing)
        self._sealer = sealer

    async def evidence(self, report: Submitted) -> list[dict[str, Any]]:
        """The report's evidence items, each with its hash and whether the stored file still has it."""

        def ids(connection: Any) -> Any:
            query = records.reports.select().where(records.reports.c.draft_id == report.draft_id)
            return connection.execute(query).first().evidence_ids

        sealed = await self.database.read(ids)
        return await self._items(
            report.conversation_id, self._sealer.open_json(sealed, f"report-evidence:{report.draft_id}")
        )

    async def supplements(self, report: Submitted) -> list[dict[str, Any]]:
        """What was added to the report's case, oldest first, and whether the agency has it.

        From the service's own records, as the report is: they hold what is still on its way, and the files.
        """

        def rows(connection: Any) -> Any:
            table = records.requests
            mine = (table.c.conversation_id == report.conversation_id) & (table.c.kind == "supplement")
            return connection.execute(table.select().where(mine).order_by(table.c.created_at)).all()

        found = []
        for row in await self.database.read(rows):
            body = self._sealer.open_json(row.body, f"request:{row.id}")
            if body["case_no"] != report.case_no:
                continue
            ids = self._sealer.open_json(row.evidence_ids, f"request-evidence:{row.id}")
            found.append(
                {
                    "supplement_id": row.id,
                    "note": body.get("note"),
                    "evidence": await self._items(report.conversation_id, ids),
                    "created_at": body["created_at"],
                    "state": row.state,
                }
            )
        return found

    async def pages(self, report: Submitted) -> list[dict[str, Any]]:
        """What became of the pages that the report links to; empty where they are not copied."""
        found = []
        for copy in await copies_of(self.database, self._sealer, report.draft_id):
            items = await self._items(report.conversation_id, [copy.evidence_id]) if copy.evidence_id else []
            found.append(
                {
                    "link": copy.link,
                    "state": copy.state,
                    "address": copy.address,
                    "status": copy.status,
                    "at": moment(copy.at) if copy.at else None,
                    "why": copy.why,
                    "copy": items[0] if items else None,
                }
            )
        return found

    async def files(self, report: Submitted) -> list[EvidenceFacts]:
        """All files that lie under the report's key: evidence, supplements and copies of pages."""
        ids = await self.vault.filed_under(report.draft_id)
        return await self.vault.facts(report.conversation_id, ids)

    async def _items(self, conversation_id: str, ids: list[str]) -> list[dict[str, Any]]:
        found = []
        for item in ids:
            known = await self.vault.facts(conversation_id, [item])
            if not known:
                found.append({"name": "(erased)", "size": 0, "type": "", "sha256": "", "intact": False})
                continue
            [facts] = known
            try:
                content = await self.vault.read(conversation_id, item, who="staff:cases")
                intact = hashlib.sha256(content).hexdigest() == facts.sha256
            except (SealingError, FileNotFoundError, StoreAway, NotScanned, Infected):
                # Changed or gone: that is what is asked here, and no reason to show nothing of the case.
                intact = False
            found.append(
                {
                    "name": facts.name,
                    "size": facts.size,
                    "type": facts.media_type,
                    "sha256": facts.sha256,
                    "intact": intact,
                }
            )
        return found


def listed(settings: Settings, as_json: bool) -> None:
    """Print all reports, newest first."""
    import asyncio

    book = Book(settings)
    reports = asyncio.run(book.submission.all())
    rows = [
        {
            "case_no": report.case_no,
            "matter": report.body["matter"],
            "state": report.state,
            "submitted": moment(report.created_at),
        }
        for report in reports
    ]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table("case", "matter", "submission", "submitted at")
    for row in rows:
        table.add_row(row["case_no"] or "—", row["matter"], row["state"], row["submitted"])
    Console().print(table)


async def show(settings: Settings, case_no: str, as_json: bool) -> None:
    """Print one case whole."""
    book = Book(settings)
    report = await book.submission.by_case(case_no.upper())
    if report is None:
        raise Fault(f"there is no case {case_no}", "`reportguide cases list` shows all")
    evidence = await book.evidence(report)
    supplements = await book.supplements(report)
    pages = await book.pages(report)
    try:
        status = await book.client.status(case_no.upper())
        history: list[dict[str, Any]] | None = status.model_dump(mode="json")["history"]
    except (BackendUnavailable, BackendRefused):
        history = None
    finally:
        await book.client.aclose()
    whole = {
        "case_no": report.case_no,
        "matter": report.body["matter"],
        "elements": report.body["elements"],
        "evidence": evidence,
        "proof_owed_by": report.body.get("proof_owed_by"),
        "relates_to": report.body.get("relates_to"),
        "supplements": supplements,
        "pages": pages,
        "report": {key: value for key, value in report.body.items() if key != "elements"},
        "history": history,
    }
    if as_json:
        print(json.dumps(whole, ensure_ascii=False))
        return
    console = Console()
    console.print(
        f"[bold]{report.case_no}[/]  {report.body['matter']}  ({report.body['priority']}, {report.body['route']})",
        highlight=False,
    )
    if whole["relates_to"]:
        console.print(f"follows on {whole['relates_to']}", highlight=False)
    if whole["proof_owed_by"]:
        console.print(f"provisional, proof is owed by {whole['proof_owed_by']}", highlight=False)
    table = Table("element", "label", Column("value", overflow="fold"))
    for element in report.body["elements"]:
        table.add_row(element["id"], element["label"], plain(element["shown"]))
    console.print(table)
    console.print(_files(evidence))
    for supplement in supplements:
        console.print(f"supplement  {supplement['created_at']}  ({supplement['state']})", highlight=False)
        if supplement["note"]:
            console.print(plain(supplement["note"]))
        if supplement["evidence"]:
            console.print(_files(supplement["evidence"]))
    for page in pages:
        console.print(plain(f"linked page  {page['link']}"))
        console.print(plain(f"  {page['at'] or ''}  {page['why'] or page['address'] or page['state']}"))
        if page["copy"]:
            console.print(_files([page["copy"]]))
    for entry in history or ():
        console.print(plain(f"{entry['at']}  {entry['state']}  {entry.get('note') or ''}"))
    if history is None:
        console.print("the backend does not answer; its history is not shown")


def moment(at: float) -> str:
    """Seconds since 1970 as people read them."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


def _files(evidence: list[dict[str, Any]]) -> Table:
    # A hash that is cut off proves nothing: it goes on in the next line.
    table = Table(Column("evidence", overflow="fold"), "bytes", Column("SHA-256", overflow="fold"), "intact")
    for item in evidence:
        table.add_row(plain(item["name"]), str(item["size"]), item["sha256"], "yes" if item["intact"] else "NO")
    return table


def plain(words: str) -> Text:
    """A person's words for the terminal: what looks like our markup or like a control code has no effect."""
    return Text("".join("\ufffd" if unicodedata.category(sign) == "Cc" and sign != "\n" else sign for sign in words))


async def call_backs(settings: Settings, as_json: bool) -> None:
    """Print who waits for a call by the agency, the oldest request first."""
    client = BackendClient(settings.backend_base, settings.token_for_backend(settings.sealer()))
    try:
        waiting = [request.model_dump(mode="json") for request in await client.call_backs()]
    except BackendUnavailable as problem:
        raise Fault(str(problem), "start the system with `reportguide up`") from None
    except BackendRefused as problem:
        raise Fault(str(problem), "the agency's backend keeps no list of call backs") from None
    finally:
        await client.aclose()
    if as_json:
        print(json.dumps(waiting, ensure_ascii=False))
        return
    # A telephone number that is cut off is of no use: it goes on in the next line.
    table = Table(*(Column(name, overflow="fold") for name in ("contact", "when", "wish", "matter", "asked at")))
    for request in waiting:
        asked = datetime.fromisoformat(request["created_at"]).astimezone().isoformat(timespec="minutes")
        words = (request["contact"], request["hours"], request["wish"], request["matter"] or "—", asked)
        table.add_row(*map(plain, words))
    Console().print(table)


async def advance(settings: Settings, case_no: str, state: str | None, note: str | None) -> None:
    """Move a case on in the reference backend."""
    from connectors.backend import CaseState

    try:
        wanted = CaseState(state) if state else None
    except ValueError:
        raise Fault(f"there is no state {state!r}", "choose one of: " + ", ".join(CaseState)) from None
    client = BackendClient(settings.backend_base, settings.token_for_backend(settings.sealer()))
    try:
        status = await client.advance(case_no.upper(), wanted, note)
    except NotFound:
        raise Fault(f"there is no case {case_no}", "`reportguide cases list` shows all") from None
    except BackendUnavailable as problem:
        raise Fault(str(problem), "start the system with `reportguide up`") from None
    except BackendRefused as problem:
        raise Fault(str(problem), "choose a state that may follow") from None
    finally:
        await client.aclose()
    print(f"{status.case_no}: {status.state}")

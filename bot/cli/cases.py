"""`reportguide cases`: what was submitted, and how it stands."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from actions import records
from actions.submission import Submission, Submitted
from bot.backend import ContractBackend
from bot.cli.faults import Fault
from bot.migrations import migrate
from bot.sealing import Sealer
from bot.settings import Settings
from connectors.backend import BackendClient, BackendRefused, BackendUnavailable, NotFound
from connectors.gateway import Database, Vault


class _Book:
    """The service's database, read without the service."""

    def __init__(self, settings: Settings) -> None:
        if not settings.database_url and not (settings.home / "service.db").exists():
            raise Fault("nothing was submitted yet", "start the system with `reportguide up`")
        sealer = settings.sealer()
        self.database = Database(settings.service_database)
        migrate(self.database.engine)
        self.client = BackendClient(settings.backend_base, settings.token_for_backend(sealer))
        self.vault = Vault(settings.home / "evidence", self.database, sealer, Sealer)

        async def nothing(_conversation: str, _evidence: str) -> tuple[dict[str, Any], bytes]:
            raise KeyError("evidence is not read here")

        self.submission = Submission(self.database, sealer, ContractBackend(self.client), nothing)
        self._sealer = sealer

    async def evidence(self, report: Submitted) -> list[dict[str, Any]]:
        """The report's evidence items, each with its hash and whether the stored file still has it."""
        import hashlib

        def ids(connection: Any) -> Any:
            query = records.reports.select().where(records.reports.c.draft_id == report.draft_id)
            return connection.execute(query).first().evidence_ids

        sealed = await self.database.read(ids)
        found = []
        for item in self._sealer.open_json(sealed, f"report-evidence:{report.draft_id}"):
            [facts] = await self.vault.facts(report.conversation_id, [item])
            content = await self.vault.read(report.conversation_id, item)
            intact = hashlib.sha256(content).hexdigest() == facts.sha256
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

    book = _Book(settings)
    reports = asyncio.run(book.submission.all())
    rows = [
        {
            "case_no": report.case_no,
            "matter": report.body["matter"],
            "state": report.state,
            "submitted": datetime.fromtimestamp(report.created_at).astimezone().isoformat(timespec="seconds"),
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
    book = _Book(settings)
    report = await book.submission.by_case(case_no.upper())
    if report is None:
        raise Fault(f"there is no case {case_no}", "`reportguide cases list` shows all")
    evidence = await book.evidence(report)
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
        "report": {key: value for key, value in report.body.items() if key != "elements"},
        "history": history,
    }
    if as_json:
        print(json.dumps(whole, ensure_ascii=False))
        return
    console = Console()
    console.print(f"[bold]{report.case_no}[/]  {report.body['matter']}  ({report.body['priority']})", highlight=False)
    table = Table("element", "label", Column("value", overflow="fold"))
    for element in report.body["elements"]:
        table.add_row(element["id"], element["label"], element["shown"])
    console.print(table)
    # A hash that is cut off proves nothing: it goes on in the next line.
    files = Table("evidence", "bytes", Column("SHA-256", overflow="fold"), "intact")
    for item in evidence:
        files.add_row(item["name"], str(item["size"]), item["sha256"], "yes" if item["intact"] else "NO")
    console.print(files)
    for entry in history or ():
        console.print(f"{entry['at']}  {entry['state']}  {entry.get('note') or ''}", highlight=False)
    if history is None:
        console.print("the backend does not answer; its history is not shown")


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

"""The composition root: puts the rooms together and serves them.

One process, three listeners: the public port (web chat, webhooks, the backend's callbacks), the staff console, and on
loopback the actions for the brain. Nothing but this module knows all of it.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import partial
from hmac import compare_digest
from pathlib import Path
from typing import Any

import structlog
import yaml
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from pydantic import ValidationError

from actions import cases
from actions.dates import LOCAL
from actions.drafts import Drafts
from actions.handover import Handover
from actions.registry import Actions
from actions.reminders import Reminders
from actions.rounds import Rounds
from actions.services import Services
from actions.standard import read_standard
from actions.submission import Away, Refused, Submission, Submitted
from bot.backend import ContractBackend
from bot.brain_client import BrainClient
from bot.channels import Channels
from bot.evidence import open_vault
from bot.knowledge import named_steps, open_office
from bot.linking import Linking, Receipts
from bot.listening import configure_logs, listen, run
from bot.migrations import migrate
from bot.parent import end_with_parent
from bot.retention import Retention
from bot.sealing import SealingError
from bot.settings import ROOT, ChannelSettingsError, Settings, internal_token
from bot.words import Phrases
from connectors.backend import BackendClient, SignatureError, StatusCallback, verify
from connectors.channels import web
from connectors.gateway import Database, Gateway, Pace
from connectors.gateway.links import Links
from connectors.gateway.pages import PageCopies
from connectors.gateway.vault import Infected, NotScanned, StoreAway
from knowledge import hotlines
from knowledge.console import ConsoleSettings
from knowledge.console import create_app as create_console

log = structlog.get_logger("service")


class Service:
    """Everything of the service that lives as long as the process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sealer = settings.sealer()
        self.phrases = Phrases(ROOT / "dialogues" / "phrases.yml")
        cases.STATES.update(self.phrases.states())
        self.database = Database(settings.service_database)
        migrate(self.database.engine)
        self.vault = open_vault(settings, self.database, self.sealer)
        self.brain = BrainClient(settings.brain_url, internal_token(self.sealer))
        pace = Pace(settings.burst_seconds, settings.messages_per_minute)
        standard = read_standard(ROOT / "dialogues" / "standard")
        self.channels = Channels(settings, self.phrases, standard, self.database)
        self.gateway = Gateway(
            self.database, self.sealer, self.vault, self.brain, self.phrases, pace, self.channels.fetch
        )
        self.links = Links(self.database, self.sealer)
        self.linking = Linking(self.links, settings.links_url, self.channels.all)
        self.channels.connect(self.gateway, self.sealer, partial(self.linking.upload, asks=None))
        self.backend = BackendClient(settings.backend_base, settings.token_for_backend(self.sealer))
        agency = ContractBackend(self.backend)
        self.submission = Submission(self.database, self.sealer, agency, self._evidence)
        self.submission.tell_receipt = self._tell_receipt
        self.handover = Handover(self.database, self.sealer, agency, self._evidence)
        self.scanning = Rounds("scanning", self._scan)
        self.pages: PageCopies | None = None
        if settings.page_copies:
            self.pages = PageCopies(self.database, self.sealer, self.vault)
            self.copying = Rounds("pages", self.pages.round)
            self.pages.waiting = self.copying.wake
        self.reminders = Reminders(self.database, self._remind, lambda: datetime.now(UTC))
        self.office = open_office(settings, self.database, self.sealer)
        self.knowledge = self.office.current()
        self.receipts = Receipts(self.submission, self.vault, self.phrases, standard)
        self.retention = Retention(settings, self.database, self.vault, self.office.questions, self.brain)
        self.retiring = Rounds("retention", self.retention.round)
        self.services = Services(
            drafts=Drafts(self.database, self.sealer, standard),
            evidence=self.vault,
            knowledge=self.knowledge,
            feedback=self.office.questions,
            hotlines=hotlines(ROOT / "knowledge" / "content"),
            submission=self.submission,
            handover=self.handover,
            reminders=self.reminders,
            links=self.linking,
            region=settings.region,
            reports_per_day=settings.reports_per_day,
            now=lambda: datetime.now(UTC),
            pages=self.pages,
        )
        self.actions = Actions(self.services)

    async def _evidence(self, conversation_id: str, evidence_id: str) -> tuple[dict[str, Any], bytes]:
        known = await self.vault.facts(conversation_id, [evidence_id])
        if not known:
            raise KeyError(evidence_id)
        facts = known[0]
        told = asdict(facts)
        told.pop("id")
        told["received_at"] = datetime.fromtimestamp(facts.received_at, UTC).isoformat()
        try:
            content = await self.vault.read(conversation_id, evidence_id, who="submission", action="sent")
        except (NotScanned, StoreAway) as problem:
            raise Away(f"evidence cannot be handed out yet: {type(problem).__name__}") from None
        except Infected:
            raise Refused("a file was found harmful after it came; its sender was told") from None
        return told, content

    async def _scan(self) -> float:
        """Scan what came while the scanner was away, and tell people whose file cannot be used."""
        for conversation_id, facts in await self.vault.scan_waiting():
            text = self.phrases("file_infected_late", file=facts.name)
            await self.gateway.say(conversation_id, text, once=f"infected:{facts.id}")
        return 30.0

    async def _tell_receipt(self, submitted: Submitted) -> None:
        receipt = submitted.receipt or {}
        text = self.phrases(
            "receipt_late",
            case_no=receipt["case_no"],
            query_code=receipt["query_code"],
            answer_by=cases.day(receipt["answer_by"]),
        )
        await self.gateway.say(submitted.conversation_id, text, once=f"receipt:{submitted.draft_id}")

    async def _remind(self, conversation_id: str, case_no: str, last_day: date, once: str) -> None:
        text = self.phrases("proof_reminder", case_no=case_no, last_day=cases.day(last_day.isoformat()))
        await self.gateway.say(conversation_id, text, once=once)

    async def debug_state(self, conversation_id: str) -> dict[str, Any]:
        """What `--debug` shows: ``{"matter", "step", "fields", "evidence", "case_no"}``."""
        state = await self.gateway.state(conversation_id)
        reports = await self.submission.of(conversation_id)
        fields = state.get("fields", {})
        evidence = fields.get("evidence")
        items = await self.vault.facts(conversation_id, evidence if isinstance(evidence, list) else [])
        return {
            "matter": state.get("matter"),
            "step": state.get("step", "idle"),
            "fields": fields,
            "evidence": [{"name": item.name, "sha256": item.sha256} for item in items],
            "case_no": reports[0].case_no if reports else None,
        }

    async def start(self) -> None:
        self.knowledge.start()
        await self.gateway.start()
        await self.channels.start()
        for part in (self.submission, self.handover, self.reminders):
            part.rounds.start()
        if self.settings.clamd:
            self.scanning.start()
        if self.pages:
            self.copying.start()
        self.retiring.start()

    async def stop(self) -> None:
        await self.channels.stop()
        await self.gateway.stop()
        for part in (self.submission, self.handover, self.reminders):
            await part.rounds.stop()
        await self.office.checks.stop()
        await asyncio.to_thread(self.knowledge.stop)
        await self.scanning.stop()
        await self.retiring.stop()
        if self.pages:
            await self.copying.stop()
        await self.brain.close()
        await self.backend.aclose()
        self.database.close()

    # -- the backend's callbacks -------------------------------------------------------------------------------------

    async def take_callback(self, callback: StatusCallback) -> None:
        """Tell a person that their case has moved; the same event again is told once."""
        if not await self.submission.take_callback(callback.event_id):
            return
        report = await self.submission.by_case(callback.case_no)
        if report:
            text = self.phrases(
                "status_news",
                case_no=callback.case_no,
                state=self.phrases(f"state_{callback.state}"),
                note=callback.note or "",
            )
            await self.gateway.say(report.conversation_id, text, once=f"event:{callback.event_id}")
            history = (await self.submission.status(callback.case_no))["history"]
            await self.submission.told(report.draft_id, len(history))
        await self.submission.callback_taken(callback.event_id)


def public_app(service: Service) -> FastAPI:
    """Web chat, the other channels' webhooks, health, and the backend's callbacks."""
    settings = web.WebSettings(
        strings=ROOT / "dialogues" / "web" / "strings.yml",
        operator_token=internal_token(service.sealer),
        secure=service.settings.secure_cookies,
        matters={matter.id: matter.title for matter in service.services.standard.matters},
    )
    app = web.create_app(
        service.gateway, service.phrases, settings, service.debug_state, service.links, service.receipts
    )
    service.channels.mount(app)
    secret = service.settings.secret_for_callbacks(service.sealer)

    @app.post("/callbacks/case-status", status_code=204, tags=["backend"], response_class=Response)
    async def case_status(request: Request) -> Response:
        """A signed status callback of the agency's backend."""
        body = await request.body()
        try:
            verify(secret, body, request.headers, datetime.now(UTC))
        except SignatureError as problem:
            return JSONResponse({"error": str(problem)}, status_code=401)
        try:
            callback = StatusCallback.model_validate_json(body)
        except ValidationError:
            return JSONResponse({"error": "the callback does not keep the contract"}, status_code=422)
        await service.take_callback(callback)
        return Response(status_code=204)

    app.get("/health", tags=["health"])(lambda: {"status": "up"})
    return app


def staff_app(service: Service) -> FastAPI:
    """The staff port: the console, health of all parts, and metrics without personal data."""
    answers = yaml.safe_load((ROOT / "dialogues" / "responses" / "answers.yml").read_text("utf-8"))
    settings = ConsoleSettings(
        words=ROOT / "dialogues" / "console",
        matters={matter.id: matter.title for matter in service.services.standard.matters},
        steps=named_steps(service.services.standard),
        answer=answers["responses"]["utter_answer"][0]["text"],
        zone=LOCAL,
        secure=service.settings.secure_cookies,
    )
    app = create_console(service.office, service.knowledge, settings)
    registry = CollectorRegistry()
    waiting = Gauge("reportguide_reports", "Reports by state of submission", ["state"], registry=registry)
    service.channels.register(registry)
    brain_up = Gauge("reportguide_brain_up", "Whether the brain answers", registry=registry)

    async def parts() -> dict[str, str]:
        brain = await service.brain.healthy()
        try:
            backend = (await service.backend.health()).status == "ok"
        except Exception:  # whatever is wrong with the backend, this page must say so instead of failing
            backend = False
        return {"service": "up", "brain": "up" if brain else "down", "backend": "up" if backend else "down"}

    @app.get("/health")
    async def health() -> JSONResponse:
        found = await parts()
        up = all(state == "up" for state in found.values())
        return JSONResponse({"status": "up" if up else "degraded", "parts": found}, status_code=200 if up else 503)

    @app.get("/metrics")
    async def metrics() -> PlainTextResponse:
        brain_up.set(float(await service.brain.healthy()))
        await service.channels.measure()
        for state in ("waiting", "sent", "refused"):
            waiting.labels(state).set(sum(1 for report in await service.submission.all() if report.state == state))
        return PlainTextResponse(generate_latest(registry).decode(), media_type="text/plain; version=0.0.4")

    return app


def actions_app(service: Service) -> FastAPI:
    """The brain's calls, on loopback and with the internal token only."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    expected = b"Bearer " + internal_token(service.sealer).encode()

    @app.post("/actions")
    async def run(request: Request) -> Any:
        if not compare_digest(request.headers.get("authorization", "").encode(), expected):
            return JSONResponse({"error": "the internal token is missing"}, status_code=401)
        try:
            return JSONResponse(await service.actions(await request.json()))
        except Exception as problem:
            # The brain gives the turn up and takes it again. The log is told where, not what: an exception's message
            # may carry what was typed.
            log.error("action_failed", kind=type(problem).__name__, at=places(problem))
            return JSONResponse({"error": "the action failed"}, status_code=500)

    return app


def places(problem: BaseException) -> list[str]:
    """Where an exception came from, innermost first: ``["form.py:108 _accept", …]``."""
    frames = traceback.extract_tb(problem.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames)][:6]


def serve(settings: Settings) -> None:
    """Serve until told to stop (SIGINT, SIGTERM)."""
    service = Service(settings)
    listeners = [
        listen(settings.host, settings.port),
        listen(settings.host, settings.console_port),
        listen("127.0.0.1", settings.actions_port),
    ]
    apps = {
        settings.port: public_app(service),
        settings.console_port: staff_app(service),
        settings.actions_port: actions_app(service),
    }
    run(service, apps, listeners)


def main() -> int:
    settings = Settings()
    configure_logs(settings.log_level)
    end_with_parent()
    try:
        serve(settings)
    except (SealingError, ChannelSettingsError) as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - the one line an operator needs
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

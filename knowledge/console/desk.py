"""What every page of the console has at hand: the office, who is visiting, words, templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from hmac import compare_digest
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import yaml
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, pass_context
from jinja2.runtime import Context
from starlette.datastructures import FormData

from knowledge.current import CurrentKnowledge
from knowledge.entries import Citation
from knowledge.publication.accounts import Staff
from knowledge.publication.office import Office
from knowledge.publication.records import Event

COOKIE = "rg_staff"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class ConsoleSettings:
    """`words`: folder with `strings.yml` and `pages/`. `matters`, `steps`: of the reporting standard, id → name.

    `answer`: how an answer is said in a conversation, with `{answer}` and `{rests_on}`. `zone`: where staff work.
    `secure`: cookies over HTTPS only.
    """

    words: Path
    matters: Mapping[str, str]
    steps: Mapping[str, str]
    answer: str
    zone: tzinfo
    secure: bool


@dataclass(frozen=True)
class Visit:
    """A signed-in member of staff. `form`: what every form they send must carry."""

    staff: Staff
    token: str
    form: str


class SignIn(Exception):
    """Nobody is signed in here."""


class Forbidden(Exception):
    """This account may not do that, or a form came from elsewhere. `reason` names a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Desk:
    """Handed to all pages."""

    def __init__(self, office: Office, knowledge: CurrentKnowledge, settings: ConsoleSettings) -> None:
        self.office, self.knowledge, self.settings = office, knowledge, settings
        self.publication = office.publication
        self.strings: dict[str, Any] = yaml.safe_load((settings.words / "strings.yml").read_text("utf-8"))
        self._pages = Environment(
            loader=FileSystemLoader(settings.words / "pages"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.filters |= {"moment": self.moment, "person": self.person, "said": self.said, "noted": self.noted}
        self._pages.globals["t"] = self.strings
        self._pages.globals["matters"] = settings.matters
        self._pages.globals["steps"] = settings.steps
        self._pages.globals["fill"] = self.fill
        self._pages.globals["with_query"] = _with_query

    # -- words -------------------------------------------------------------------------------------------------------

    def fill(self, name: str, **values: Any) -> str:
        """``fill("problems.missing", field="答案")``: a sentence of `strings.yml`."""
        text: Any = self.strings
        for part in name.split("."):
            text = text[part]
        return str(text).format(**values)

    def moment(self, at: float) -> str:
        then = datetime.fromtimestamp(at, self.settings.zone)
        now = datetime.now(self.settings.zone)
        name = "today" if then.date() == now.date() else "this_year" if then.year == now.year else "other_year"
        # Month and day without leading zeros, which strftime cannot everywhere.
        return self.fill(f"moments.{name}", y=then.year, m=then.month, d=then.day, clock=then.strftime("%H:%M"))

    def person(self, name: str) -> str:
        return str(self.strings["nobody"].get(name, name))

    def noted(self, event: Event) -> str:
        """The note on an event; on one of an account its name, with what it may do, in words."""
        if not event.action.startswith("staff_"):
            return event.note
        name, *rest = event.note.split(" ")
        return " ".join((name, *(self.strings["account_notes"].get(word, word) for word in rest)))

    def said(self, body: Mapping[str, Any]) -> str:
        """An entry's answer as a conversation says it; empty while there is none."""
        if not body.get("answer"):
            return ""
        citations = [Citation.model_construct(**{"article": None, **one}) for one in body.get("citations") or []]
        rests_on = "；".join(f"《{one.title}》{one.article or ''}" for one in citations[:2])
        return self.settings.answer.format(answer=body["answer"], rests_on=rests_on)

    # -- pages -------------------------------------------------------------------------------------------------------

    async def page(
        self, request: Request, name: str, visit: Visit | None = None, status: int = 200, /, **values: Any
    ) -> HTMLResponse:
        """A whole page, or a part of one. `?done=` names what was just done."""
        done = request.query_params.get("done", "")
        common: dict[str, Any] = {
            "visit": visit,
            "me": visit.staff if visit else None,
            "path": request.url.path,
            "query": dict(request.query_params),
            "done": self.strings["done"].get(done, ""),
        }
        if visit and "/" not in name:
            common["waiting"] = await self._waiting()
        html = self._pages.get_template(f"{name}.html").render(**common, **values)
        return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})

    async def _waiting(self) -> dict[str, int]:
        """What the menu counts: work under review, open questions."""
        places = await self.publication.places()
        open_ = await self.office.questions.counts()
        review = sum(1 for place in places if place.stage == "review")
        return {"review": review, "questions": open_.get("unanswered", 0) + open_.get("not_helpful", 0)}

    # -- visits ------------------------------------------------------------------------------------------------------

    async def visit(self, request: Request) -> Visit:
        """Raises SignIn."""
        token = request.cookies.get(COOKIE, "")
        staff = await self.office.accounts.signed_in(token) if _TOKEN.fullmatch(token) else None
        if staff is None:
            raise SignIn
        return Visit(staff, token, self.office.accounts.form_token(token))

    async def posted(self, request: Request) -> tuple[Visit, FormData]:
        """A form of this console, sent by who it was shown to. Raises SignIn or Forbidden."""
        visit = await self.visit(request)
        form = await request.form(max_files=0, max_fields=400)
        given = form.get("form") or request.headers.get("x-form") or ""
        if not isinstance(given, str) or not compare_digest(given.encode(), visit.form.encode()):
            raise Forbidden("foreign_form")
        return visit, form


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def _visit(request: Request) -> Visit:
    return await desk_of(request).visit(request)


async def _reviewer(request: Request) -> Visit:
    return reviewing(await desk_of(request).visit(request))


async def _posted(request: Request) -> tuple[Visit, FormData]:
    return await desk_of(request).posted(request)


def reviewing(visit: Visit) -> Visit:
    """Raises Forbidden for who may only write."""
    if not visit.staff.reviews:
        raise Forbidden("reviewers_only")
    return visit


def administering(visit: Visit) -> Visit:
    """Raises Forbidden for who does not keep the accounts."""
    if not visit.staff.administers:
        raise Forbidden("admins_only")
    return visit


TheDesk = Annotated[Desk, Depends(desk_of)]
Me = Annotated[Visit, Depends(_visit)]
Posted = Annotated[tuple[Visit, FormData], Depends(_posted)]


def go(path: str, **query: Any) -> RedirectResponse:
    """On to another page after a form was taken."""
    return RedirectResponse(f"{path}?{urlencode(query)}" if query else path, status_code=303)


def text_of(form: FormData, name: str, longest: int = 4000) -> str:
    """A field as one text with plain line ends; "" where it is missing."""
    value = form.get(name)
    return value.replace("\r\n", "\n").replace("\r", "\n").strip()[:longest] if isinstance(value, str) else ""


def number_of(form: FormData, name: str) -> int:
    """A field as a number; 0 where it is none."""
    text = text_of(form, name, 12)
    return int(text) if text.isascii() and text.isdigit() else 0


@pass_context
def _with_query(context: Context, **changes: Any) -> str:
    """This page's address with other query values; an empty value leaves its name out."""
    query = {**context["query"], **{name: str(value) for name, value in changes.items()}}
    query.pop("done", None)
    return "?" + urlencode({name: value for name, value in query.items() if value})

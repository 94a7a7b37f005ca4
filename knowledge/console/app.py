"""The console's application: pages, their addresses, and what happens where a page cannot be shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from knowledge.console import asking, changing, people, queue, reading, reviewing
from knowledge.console.desk import ConsoleSettings, Desk, Forbidden, SignIn, Visit, go
from knowledge.console.guard import Guard
from knowledge.current import CurrentKnowledge
from knowledge.publication.office import Office
from knowledge.publication.records import NoSuchEntry
from knowledge.publication.store import Refused


def create_app(office: Office, knowledge: CurrentKnowledge, settings: ConsoleSettings) -> FastAPI:
    """The staff port's application. `knowledge` is what this process answers from."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk = Desk(office, knowledge, settings)
    for module in (people, reading, changing, reviewing, queue, asking):
        app.include_router(module.router)
    app.mount("/static", _Static(directory=Path(__file__).with_name("static")), name="static")
    _failures(app, desk)
    app.add_middleware(Guard)
    return app


def _failures(app: FastAPI, desk: Desk) -> None:
    async def visitor(request: Request) -> Visit | None:
        try:
            return await desk.visit(request)
        except SignIn:
            return None

    async def sorry(request: Request, reason: str, status: int, **values: Any) -> HTMLResponse:
        told = desk.fill(f"sorry.{reason}", **values)
        return await desk.page(request, "sorry", await visitor(request), status, told=told, problems=[])

    @app.exception_handler(SignIn)
    async def sign_in(request: Request, _problem: SignIn) -> Response:
        if request.method == "GET" and request.headers.get("accept", "").startswith("text/html"):
            back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return go("/sign-in", next=back) if back != "/" else RedirectResponse("/sign-in", 303)
        return await sorry(request, "signed_out", 401)

    @app.exception_handler(Forbidden)
    async def forbidden(request: Request, problem: Forbidden) -> HTMLResponse:
        return await sorry(request, problem.reason, 403)

    @app.exception_handler(Refused)
    async def refused(request: Request, problem: Refused) -> HTMLResponse:
        told = desk.fill(f"refused.{problem.reason}")
        return await desk.page(request, "sorry", await visitor(request), 409, told=told, problems=problem.problems)

    @app.exception_handler(NoSuchEntry)
    @app.exception_handler(RequestValidationError)
    @app.exception_handler(HTTPException)
    async def missing(request: Request, problem: Exception) -> HTMLResponse:
        status = problem.status_code if isinstance(problem, HTTPException) else 404
        return await sorry(request, "no_such_page" if status == 404 else "unreadable", status)


class _Static(StaticFiles):
    """Asked for anew each time (a 304 mostly): an update never mixes old files with new pages."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        response = super().file_response(*args, **more)
        response.headers["Cache-Control"] = "no-cache"
        return response

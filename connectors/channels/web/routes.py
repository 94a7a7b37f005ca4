"""The web chat's HTTP API and page.

Who talks is told by a secret of 256 bits: in the browser a cookie that scripts cannot read, elsewhere a bearer token.
The server keeps only its keyed hash, so the database gives nobody a way into a conversation.
"""

import json
import re
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from pathlib import Path
from typing import Annotated, Any

import structlog
import yaml
from fastapi import Depends, FastAPI, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, select_autoescape
from pydantic import BaseModel, Field
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.channels.web.linked import FindReceipt, add_linked_pages
from connectors.gateway import Gateway, Inbound, Rejected
from connectors.gateway.links import Links
from connectors.gateway.messages import MAX_TEXT, Arrival
from connectors.gateway.turns import Words
from connectors.gateway.vault import ACCEPT, MAX_FILE_BYTES, MAX_FILES, EvidenceFacts

log = structlog.get_logger("web")

COOKIE = "rg_chat"
CHANNEL = "web"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_PAGE = Path(__file__).with_name("page")
#: Seconds between signs of life on an open event stream, so that a proxy keeps it and a lost one is noticed.
HEARTBEAT = 15.0
#: The largest request that is no file upload, in bytes.
MAX_BODY = 1024 * 1024
FILES_PER_MESSAGE = 9

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
}


@dataclass(frozen=True)
class WebSettings:
    """`operator_token`: whoever presents it may read a conversation's state; `secure`: cookies over HTTPS only.
    `matters`: what a link may begin with, id → title."""

    strings: Path
    operator_token: str
    secure: bool
    matters: Mapping[str, str] = field(default_factory=dict)


def kept_of(facts: EvidenceFacts) -> "Kept":
    return Kept(id=facts.id, name=facts.name, size=facts.size, type=facts.media_type, short=facts.short)


class Limits(BaseModel):
    """What may be sent, told before it is sent. Sizes in bytes."""

    text_chars: int = MAX_TEXT
    file_bytes: int = MAX_FILE_BYTES
    files_per_message: int = FILES_PER_MESSAGE
    files_per_report: int = MAX_FILES
    accept: str = ",".join(ACCEPT)


class Session(BaseModel):
    new: bool
    limits: Limits = Limits()


class EntryOut(BaseModel):
    """One bubble. Buttons are pressed by the entry's `seq` and their index."""

    seq: int
    side: str
    text: str
    at: str
    buttons: list[dict[str, str]]
    files: list[dict[str, Any]]
    message_id: str | None


class Entries(BaseModel):
    entries: list[EntryOut]
    waiting: bool = Field(description="whether a message is not answered yet")


class Accepted(BaseModel):
    """A stored message. With `wait`, `done` says whether it was answered in time and `entries` what was said."""

    accepted: bool = True
    done: bool = False
    entries: list[EntryOut] = []
    state: dict[str, Any] | None = Field(default=None, description="only for the operator, with `debug`")


class Kept(BaseModel):
    """A file that was taken in. `short`: the first eight hex digits of its SHA-256."""

    id: str
    name: str
    size: int
    type: str
    short: str


class Start(BaseModel):
    """Begin with a matter that a link or a code named; the person is asked whether it is the right one."""

    id: str = Field(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_.:-]+$")
    matter: str = Field(max_length=60)


class Sorry(BaseModel):
    """An error in words for a person."""

    message: str


def create_app(
    gateway: Gateway,
    words: Words,
    settings: WebSettings,
    state: Callable[[str], Any] | None = None,
    links: Links | None = None,
    receipt: FindReceipt | None = None,
) -> FastAPI:
    """The public application. `state(conversation_id)` → what `--debug` shows of a conversation (a coroutine).

    With `links` and `receipt` it also serves the pages that links open.
    """
    app = FastAPI(
        title="reportguide web chat",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        description="Talk to the assistant over HTTP, as its web page does.",
    )
    strings = yaml.safe_load(settings.strings.read_text("utf-8"))
    pages = Environment(
        loader=FileSystemLoader(_PAGE), autoescape=select_autoescape(default=True, default_for_string=True)
    )
    pages.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    rejects: dict[int | str, dict[str, Any]] = {code: {"model": Sorry} for code in (401, 404, 413, 415, 422, 429)}

    async def who(request: Request, authorization: Annotated[str | None, Header()] = None) -> str:
        token = (authorization or "").removeprefix("Bearer ").strip() or request.cookies.get(COOKIE, "")
        if not _TOKEN.fullmatch(token):
            raise Rejected("conversation_unknown", status=401)
        return (await gateway.conversation(CHANNEL, token))[0]

    Who = Annotated[str, Depends(who)]  # noqa: N806 - a type

    @app.post("/api/chat/session", tags=["chat"])
    async def session(request: Request, response: Response) -> Session:
        """Begin a conversation on this device, or find the one it has. Sets the cookie."""
        token = request.cookies.get(COOKIE, "")
        if not _TOKEN.fullmatch(token):
            token = secrets.token_urlsafe(32)
        _, new = await gateway.conversation(CHANNEL, token)
        response.set_cookie(
            COOKIE,
            token,
            max_age=30 * 86400,
            httponly=True,
            samesite="strict",
            secure=settings.secure,
            path="/api/chat",
        )
        return Session(new=new)

    @app.delete("/api/chat/session", status_code=204, tags=["chat"])
    async def forget(response: Response) -> None:
        """Forget the conversation on this device. It is not deleted: case number and query code still find its case."""
        response.delete_cookie(COOKIE, path="/api/chat", httponly=True, samesite="strict", secure=settings.secure)

    @app.post("/api/chat/messages", responses=rejects, tags=["chat"])
    async def send(
        message: Inbound,
        conversation: Who,
        wait: Annotated[float, Query(ge=0, le=60)] = 0,
        debug: bool = False,
        x_reportguide_operator: Annotated[str | None, Header()] = None,
    ) -> Accepted:
        """Send a message: a text, a pressed button, or uploaded files. The same `id` again changes nothing.

        It is stored when this answers. With `wait`, up to so many seconds are waited for what is said to it. Messages
        sent quickly after one another are one turn, unless the sender waits.
        """
        operator = compare_digest((x_reportguide_operator or "").encode(), settings.operator_token.encode())
        message = message.model_copy(update={"whole": message.whole or wait > 0})
        inbox_id = await gateway.receive(conversation, message, hurried=operator)
        if not wait:
            return Accepted()
        said = await gateway.answered(conversation, inbox_id, wait)
        accepted = Accepted(done=said is not None, entries=[EntryOut(**entry.public()) for entry in said or []])
        if state and debug and operator:
            accepted.state = await state(conversation)
        return accepted

    @app.post("/api/chat/files", status_code=201, responses=rejects, tags=["chat"])
    async def upload(request: Request, conversation: Who) -> Kept:
        """Upload one file (multipart, field `file`). Its id then goes into a message, several in one."""
        content, name = await _uploaded(request)
        facts = await gateway.vault.keep(conversation, name, content)
        return kept_of(facts)

    @app.post("/api/chat/start", responses=rejects, tags=["chat"])
    async def start(begun: Start, conversation: Who) -> Accepted:
        """Begin a report of the matter that a link or a QR code named. The same `id` again changes nothing."""
        title = settings.matters.get(begun.matter)
        if title is None:
            raise Rejected("message_unreadable")
        meaning = f"report?guess={begun.matter}"
        text = words("start_from_link", title=title)
        await gateway.receive(conversation, Arrival(id=begun.id, text=text, meaning=meaning))
        return Accepted()

    @app.get("/api/chat/entries", responses=rejects, tags=["chat"])
    async def entries(conversation: Who, after: Annotated[int, Query(ge=0)] = 0) -> Entries:
        """The conversation after entry `after`, both sides."""
        found = await gateway.entries(conversation, after)
        return Entries(
            entries=[EntryOut(**entry.public()) for entry in found], waiting=await gateway.waiting(conversation)
        )

    @app.get("/api/chat/events", responses=rejects, tags=["chat"])
    async def events(
        conversation: Who, after: Annotated[int, Query(ge=0)] = 0, last_event_id: Annotated[str | None, Header()] = None
    ) -> StreamingResponse:
        """The same as a stream of server-sent events: `entry` and, when waiting begins or ends, `state`."""
        since = int(last_event_id) if last_event_id and last_event_id.isdigit() else after

        async def stream() -> AsyncIterator[str]:
            yield "retry: 1500\n\n"
            async for news in gateway.follow(conversation, since, HEARTBEAT):
                if news is None:
                    yield ": alive\n\n"
                elif isinstance(news, bool):
                    yield f"event: state\ndata: {json.dumps({'waiting': news})}\n\n"
                else:
                    yield f"id: {news.seq}\nevent: entry\ndata: {json.dumps(news.public(), ensure_ascii=False)}\n\n"

        return StreamingResponse(
            stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )

    def render(name: str, **values: Any) -> str:
        return pages.get_template(name).render(strings=strings, limits=Limits().model_dump(), **values)

    def page(name: str, **values: Any) -> HTMLResponse:
        return HTMLResponse(render(name, **values), headers={"Cache-Control": "no-cache"})

    if links and receipt:
        add_linked_pages(app, gateway, links, render, receipt, _uploaded, kept_of)

    @app.get("/", include_in_schema=False)
    async def chat_page(m: str | None = None) -> HTMLResponse:
        """The chat; `m` names the matter that a link or a QR code begins with."""
        title = settings.matters.get(m or "")
        return page("index.html", start={"matter": m, "title": title} if title else None)

    @app.get("/api/docs", include_in_schema=False)
    async def docs_page() -> HTMLResponse:
        return page("docs.html")

    app.mount("/static", _Static(directory=_PAGE), name="static")

    @app.exception_handler(Rejected)
    async def rejected(_request: Request, problem: Rejected) -> JSONResponse:
        return JSONResponse({"message": words(problem.reason, **problem.values)}, status_code=problem.status)

    @app.exception_handler(RequestValidationError)
    async def unreadable(_request: Request, _problem: RequestValidationError) -> JSONResponse:
        return JSONResponse({"message": words("message_unreadable")}, status_code=422)

    @app.exception_handler(HTTPException)
    async def refused(_request: Request, problem: HTTPException) -> JSONResponse:
        reason = "file_large" if problem.status_code == 413 else "message_unreadable"
        text = words(reason, limit=MAX_FILE_BYTES // 1024 // 1024) if reason == "file_large" else words(reason)
        return JSONResponse({"message": text}, status_code=problem.status_code)

    app.add_middleware(_Guard, too_large=words("file_large", limit=MAX_FILE_BYTES // 1024 // 1024))
    return app


class _Static(StaticFiles):
    """Files of the page, asked for anew each time (a 304 mostly): an update never mixes old modules with new ones."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        response = super().file_response(*args, **more)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def _uploaded(request: Request) -> tuple[bytes, str]:
    """The file of a multipart request. Raises Rejected if there is none or it is too large."""
    form = await request.form(max_files=1, max_fields=4, max_part_size=64 * 1024)
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Rejected("file_empty")
        content = await file.read(MAX_FILE_BYTES + 1)
        return content, file.filename or "file"
    finally:
        await form.close()


class _Guard:
    """Security headers on every answer, and a limit on what is read of a request's body."""

    def __init__(self, app: ASGIApp, too_large: str) -> None:
        self._app = app
        self._too_large = json.dumps({"message": too_large}, ensure_ascii=False).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # A multipart wrapping adds some hundred bytes to a file of the largest size.
        files = scope["path"].startswith(("/api/chat/", "/api/upload/")) and scope["path"].endswith("/files")
        limit = MAX_FILE_BYTES + MAX_BODY if files else MAX_BODY
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        read = 0

        async def limited() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise HTTPException(413)
            return message

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []),
                    *((name.lower().encode(), value.encode()) for name, value in _HEADERS.items()),
                ]
            await send(message)

        if length.isdigit() and int(length) > limit:
            await with_headers(
                {"type": "http.response.start", "status": 413, "headers": [(b"content-type", b"application/json")]}
            )
            await send({"type": "http.response.body", "body": self._too_large})
            return
        await self._app(scope, limited, with_headers)

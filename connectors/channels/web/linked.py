"""Pages that a link opens without a conversation in this browser: uploading for another channel, and the receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from connectors.channels.web.receipt import Receipt, drawn
from connectors.gateway import Gateway, Inbound, Rejected
from connectors.gateway.links import Link, LinkGone, Links

#: ``(template, values)`` → HTML.
Render = Callable[..., str]
#: ``(conversation_id, draft_id)`` → the receipt, None if there is none.
FindReceipt = Callable[[str, str], Awaitable[Receipt | None]]
ReadUpload = Callable[[Request], Awaitable[tuple[bytes, str]]]
_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


class Handed(BaseModel):
    """What the upload page hands over: files it uploaded before, and, where it was asked for, a text."""

    model_config = ConfigDict(extra="forbid")
    files: list[str] = Field(default=[], max_length=9)
    text: str | None = Field(default=None, max_length=200)


class Done(BaseModel):
    files: int


def add_linked_pages(
    app: FastAPI, gateway: Gateway, links: Links, render: Render, receipt: FindReceipt, read: ReadUpload, kept: Any
) -> None:
    """Add the routes. `kept(facts)` → what an upload answers; the limits and their texts are those of the chat."""

    def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
        return HTMLResponse(render(template, **values), status_code=status, headers=_PRIVATE)

    async def upload_link(token: str) -> Link:
        try:
            link = await links.open("upload", token)
        except LinkGone:
            raise Rejected("link_gone", status=410) from None
        return link

    @app.get("/u/{token}", include_in_schema=False)
    async def upload_page(token: str) -> HTMLResponse:
        try:
            link = await links.open("upload", token)
        except LinkGone:
            return page("gone.html", 410)
        if link.used:
            return page("gone.html", 410)
        return page("upload.html", asks=link.body.get("asks"))

    @app.post("/api/upload/{token}/files", status_code=201, include_in_schema=False)
    async def upload(request: Request, token: str) -> Any:
        link = await upload_link(token)
        if link.used:
            raise Rejected("link_gone", status=410)
        content, name = await read(request)
        return kept(await gateway.vault.keep(link.conversation_id, name, content))

    @app.post("/api/upload/{token}/done", include_in_schema=False)
    async def done(token: str, handed: Handed) -> Done:
        """Send what was uploaded as one message of the conversation. Sent again, it changes nothing."""
        link = await upload_link(token)
        text = (handed.text or "").strip() or None
        if text and not link.body.get("asks"):
            raise Rejected("message_unreadable")
        if not link.used:
            message = Inbound(id=f"link:{link.name[:40]}", text=text, files=handed.files)
            await gateway.receive(link.conversation_id, message)
            await links.use(link)
        return Done(files=len(handed.files))

    async def found(token: str) -> Receipt | None:
        try:
            link = await links.open("receipt", token)
        except LinkGone:
            return None
        return await receipt(link.conversation_id, link.body["draft_id"])

    @app.get("/r/{token}", include_in_schema=False)
    async def receipt_page(token: str) -> HTMLResponse:
        shown = await found(token)
        return page("receipt.html", receipt=shown, token=token) if shown else page("gone.html", 410)

    @app.get("/r/{token}/receipt.png", include_in_schema=False)
    async def receipt_picture(token: str) -> Response:
        shown = await found(token)
        if shown is None:
            return page("gone.html", 410)
        headers = {**_PRIVATE, "Content-Disposition": f'inline; filename="{shown.case_no}.png"'}
        return Response(await asyncio.to_thread(drawn, shown), media_type="image/png", headers=headers)

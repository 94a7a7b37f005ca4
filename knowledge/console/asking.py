"""Asking what people ask, and seeing why it is answered so."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import Response

from knowledge.console.desk import Me, Posted, TheDesk, text_of
from knowledge.why import explain

router = APIRouter()


@router.get("/ask")
async def ask_page(request: Request, desk: TheDesk, me: Me) -> Response:
    return await desk.page(request, "ask", me, why=None, question="", mine=None, ready=True)


@router.post("/ask")
async def ask(request: Request, desk: TheDesk, posted: Posted) -> Response:
    """Sent as a form, not in the address: a question may be somebody's own words, and addresses end up in logs."""
    me, form = posted
    question = text_of(form, "question", 500)
    why = await asyncio.to_thread(explain, desk.knowledge.knowledge, question) if question else None
    return await desk.page(request, "ask", me, why=why, question=question, mine=None, ready=True)

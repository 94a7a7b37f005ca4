"""What nobody could answer, and the questions that are kept to check every publication with."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from knowledge.console.desk import Me, Posted, TheDesk, go, text_of
from knowledge.publication.gate import answering
from knowledge.publication.questions import Verdict

router = APIRouter()

#: Groups on one page: the most asked ones, which is where the work is.
SHOWN = 50


@router.get("/questions")
async def questions(request: Request, desk: TheDesk, me: Me, verdict: str = "unanswered") -> Response:
    kind: Verdict = "not_helpful" if verdict == "not_helpful" else "unanswered"
    groups = await desk.office.questions.groups(kind)
    names = {place.id: place.newest.body.get("question", place.id) for place in await desk.publication.places()}
    return await desk.page(
        request,
        "questions",
        me,
        groups=groups[:SHOWN],
        total=len(groups),
        verdict=kind,
        names=names,
        open=await desk.office.questions.counts(),
    )


@router.post("/questions/dismiss")
async def dismiss(desk: TheDesk, posted: Posted) -> Response:
    form = posted[1]
    ids = [int(part) for part in text_of(form, "asked", 2000).split(",") if part.isascii() and part.isdigit()]
    await desk.office.questions.settle(ids, "dismissed", None)
    return go("/questions", verdict=text_of(form, "verdict"), done="dismissed")


@router.get("/kept")
async def kept(request: Request, desk: TheDesk, me: Me) -> Response:
    """Kept questions, each with whether it is answered as it should be now."""
    found = await desk.office.regressions.listed()
    right = {one.id: answering(desk.knowledge.ask(one.question)) == one.entry_id for one in found}
    names = {place.id: place.newest.body.get("question", place.id) for place in await desk.publication.places()}
    return await desk.page(request, "kept", me, found=found, right=right, names=names)


@router.post("/kept")
async def keep(desk: TheDesk, posted: Posted) -> Response:
    me, form = posted
    entry_id = text_of(form, "entry", 120) or None
    if entry_id:
        await desk.publication.place(entry_id)
    await desk.office.regressions.keep(text_of(form, "question", 500), entry_id, me.staff.name)
    return go("/kept", done="kept")


@router.post("/kept/{number}/drop")
async def drop(desk: TheDesk, posted: Posted, number: int) -> Response:
    await desk.office.regressions.drop(number)
    return go("/kept", done="dropped")

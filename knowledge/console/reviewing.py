"""The second person: checking, approving, sending back; and taking back what is published."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from knowledge.console.changing import channels
from knowledge.console.desk import Desk, Me, Posted, TheDesk, go, number_of, text_of
from knowledge.console.desk import reviewing as needs_reviewer
from knowledge.console.reading import shown
from knowledge.publication.checks import Check
from knowledge.publication.differences import differences
from knowledge.publication.records import Place
from knowledge.publication.store import Refused, Stale

router = APIRouter()


@router.get("/review")
async def waiting(request: Request, desk: TheDesk, me: Me) -> Response:
    places = [place for place in await desk.publication.places() if place.stage == "review"]
    places.sort(key=lambda place: place.changed_at)
    return await desk.page(request, "reviews", me, found=places, today=desk.publication.today())


@router.get("/review/{entry_id}")
async def review(request: Request, desk: TheDesk, me: Me, entry_id: str) -> Response:
    place = await desk.publication.place(entry_id)
    if place.stage != "review" or place.work is None:
        raise Refused("not_in_review")
    work, now = place.revisions[place.work], place.coming or place.live
    old = place.revisions[now].body if now else {}
    more = await shown(desk, place, me.staff.name)
    found = differences(old, work.body)
    return await desk.page(
        request,
        "review",
        me,
        work=work,
        old=now,
        found=found,
        channels=channels(desk, work.body),
        questions=await _names(desk, more["check"]),
        **more,
    )


@router.post("/entries/{entry_id}/check")
async def check(desk: TheDesk, posted: Posted, entry_id: str) -> Response:
    """Run the gate over the entry's work, without publishing."""
    return go(f"/checks/{await desk.office.checks.begin(entry_id, posted[0].staff.name)}")


@router.post("/entries/{entry_id}/approve")
async def approve(desk: TheDesk, posted: Posted, entry_id: str) -> Response:
    """Run the gate and publish if it passes. The form names the revision that was read."""
    me, form = posted
    needs_reviewer(me)
    place = await desk.publication.place(entry_id)
    if place.work != number_of(form, "revision"):
        raise Refused("moved_on")
    return go(f"/checks/{await desk.office.checks.begin(entry_id, me.staff.name, publish=True)}")


@router.post("/entries/{entry_id}/send-back")
async def send_back(desk: TheDesk, posted: Posted, entry_id: str) -> Response:
    me, form = posted
    needs_reviewer(me)
    try:
        await desk.publication.send_back(entry_id, me.staff.name, number_of(form, "lock"), text_of(form, "note", 300))
    except Stale:
        raise Refused("moved_on") from None
    return go(f"/entries/{entry_id}", done="sent_back")


@router.post("/entries/{entry_id}/withdraw")
async def withdraw(desk: TheDesk, posted: Posted, entry_id: str) -> Response:
    me, form = posted
    needs_reviewer(me)
    await desk.publication.withdraw(entry_id, me.staff.name, text_of(form, "note", 300))
    await asyncio.to_thread(desk.knowledge.refresh)
    return go(f"/entries/{entry_id}", done="withdrawn")


@router.post("/entries/{entry_id}/rollback")
async def rollback(desk: TheDesk, posted: Posted, entry_id: str) -> Response:
    """One click: the revision named, or the one before."""
    me, form = posted
    needs_reviewer(me)
    await desk.publication.rollback(entry_id, me.staff.name, number_of(form, "to") or None)
    await asyncio.to_thread(desk.knowledge.refresh)
    return go(f"/entries/{entry_id}", done="rolled_back")


@router.get("/checks/{check_id}")
async def check_page(request: Request, desk: TheDesk, me: Me, check_id: str) -> Response:
    found = await desk.office.checks.get(check_id)
    place = await desk.publication.place(found.entry_id)
    if found.state == "published":
        await asyncio.to_thread(desk.knowledge.refresh)
    return await desk.page(request, "check", me, check=found, place=place, questions=await _names(desk, found))


@router.get("/checks/{check_id}/state")
async def check_state(desk: TheDesk, me: Me, check_id: str) -> JSONResponse:
    found = await desk.office.checks.get(check_id)
    told: dict[str, Any] = {"state": found.state, "done": found.done, "total": found.total}
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


async def _names(desk: Desk, check: Check | None) -> dict[str, str]:
    """Entry → its question, for those that a report speaks of."""
    if check is None or check.report is None:
        return {}
    findings = (*check.report.blocks, *check.report.notes)
    wanted = {name for one in findings for name in (one.entry_id, one.was, one.now) if name}
    places: list[Place] = await desk.publication.places() if wanted else []
    return {place.id: place.newest.body.get("question", place.id) for place in places if place.id in wanted}

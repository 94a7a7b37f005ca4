"""Writing: the editor with its preview, drafts, and what becomes of them."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from knowledge.console.desk import Desk, Me, Posted, TheDesk, Visit, go, number_of, text_of
from knowledge.console.forms import KINDS, ROLES, STATUSES, body_from, fields_of, grouped
from knowledge.publication.bodies import PARTS, Body, Problem
from knowledge.publication.differences import differences
from knowledge.publication.masking import without_masks
from knowledge.publication.records import Place, Revision
from knowledge.publication.store import Refused, Stale
from knowledge.why import Why, explain

router = APIRouter()


@router.get("/write")
async def write_page(request: Request, desk: TheDesk, me: Me, kind: str = "guide", asked: str = "") -> Response:
    """The empty editor, or one that begins with questions of the queue: ``?asked=3,5``."""
    body: Body = {"kind": kind if kind in KINDS else "guide", "valid_from": desk.publication.today().isoformat()}
    if questions := await _asked(desk, asked):
        body |= {"question": questions[0], "paraphrases": questions[1:]}
    return await _editor(request, desk, me, None, body, 0, asked)


@router.post("/write")
async def write(request: Request, desk: TheDesk, posted: Posted) -> Response:
    """Keep a new entry."""
    return await _save(request, desk, posted, None)


@router.get("/entries/{entry_id}/edit")
async def edit_page(
    request: Request, desk: TheDesk, me: Me, entry_id: str, asked: str = "", of: int | None = None
) -> Response:
    """The editor with the newest text; `of` begins from another revision, `asked` adds questions of the queue."""
    place = await desk.publication.place(entry_id)
    body = dict((place.revisions.get(of or 0) or place.newest).body)
    if questions := await _asked(desk, asked):
        body["paraphrases"] = [*body.get("paraphrases", ()), *questions]
    return await _editor(request, desk, me, place, body, place.lock, asked)


@router.post("/entries/{entry_id}/edit")
async def edit(request: Request, desk: TheDesk, posted: Posted, entry_id: str) -> Response:
    return await _save(request, desk, posted, await desk.publication.place(entry_id))


@router.post("/preview")
async def preview(request: Request, desk: TheDesk, posted: Posted) -> Response:
    """Part of a page: how each channel shows what is in the form, and what is still to be put right."""
    me, form = posted
    place = await _place_of(desk, form)
    body = _body(desk, form, place)
    problems = desk.publication.problems(_id(place, body), body)
    return await desk.page(request, "parts/preview", me, body=body, problems=problems, channels=channels(desk, body))


@router.post("/try")
async def try_it(request: Request, desk: TheDesk, posted: Posted) -> Response:
    """Part of a page: what a question would be answered if the form were published."""
    me, form = posted
    place = await _place_of(desk, form)
    body = _body(desk, form, place)
    revision = Revision(_id(place, body), 0, body, me.staff.name, "", None, 0.0)
    question = text_of(form, "try", 500)
    ready = not desk.publication.problems(revision.entry_id, body)
    why = await asyncio.to_thread(_tried, desk, revision if ready else None, question) if question else None
    mine = revision.entry_id if ready else None
    return await desk.page(request, "parts/why", me, why=why, question=question, mine=mine, ready=ready)


@router.post("/entries/{entry_id}/submit")
async def submit(request: Request, desk: TheDesk, posted: Posted, entry_id: str) -> Response:
    me, form = posted
    try:
        await desk.publication.submit(entry_id, me.staff.name, number_of(form, "lock"))
    except Stale:
        raise Refused("moved_on") from None
    return go(f"/entries/{entry_id}", done="submitted")


@router.post("/entries/{entry_id}/discard")
async def discard(desk: TheDesk, posted: Posted, entry_id: str) -> Response:
    me, form = posted
    try:
        await desk.publication.discard(entry_id, me.staff.name, number_of(form, "lock"))
    except Stale:
        raise Refused("moved_on") from None
    return go(f"/entries/{entry_id}", done="discarded")


@router.post("/entries/{entry_id}/keep-own")
async def keep_own(desk: TheDesk, posted: Posted, entry_id: str) -> Response:
    me, form = posted
    try:
        await desk.publication.decline_offer(entry_id, me.staff.name, number_of(form, "lock"))
    except Stale:
        raise Refused("moved_on") from None
    return go(f"/entries/{entry_id}", done="kept_own")


def channels(desk: Desk, body: Body) -> list[dict[str, Any]]:
    """Each channel with the text as it is sent there, and how much of its room that takes."""
    text = desk.said(body)
    found = []
    for channel in desk.strings["channels"]:
        size = len(text.encode()) if channel["unit"] == "bytes" else len(text)
        found.append({**channel, "text": text, "size": size, "fits": size <= channel["limit"]})
    return found


# -- the editor ------------------------------------------------------------------------------------------------------


async def _save(request: Request, desk: Desk, posted: tuple[Visit, FormData], place: Place | None) -> Response:
    me, form = posted
    body, lock, note = _body(desk, form, place), number_of(form, "lock"), text_of(form, "note", 200)
    asked, who = text_of(form, "asked", 2000), me.staff.name
    if text_of(form, "action") == "preview":
        return await _editor(request, desk, me, place, body, lock, asked, previewed=True)
    try:
        saved = await desk.publication.save(place.id if place else None, body, who, lock, note)
        if ids := _ids(asked):
            await desk.office.questions.settle(ids, "taken", saved.id)
        if text_of(form, "action") == "submit":
            await desk.publication.submit(saved.id, who, saved.lock)
            return go(f"/entries/{saved.id}", done="submitted")
    except Stale as problem:
        theirs = problem.place
        return await _editor(request, desk, me, theirs, body, theirs.lock, asked, status=409, theirs=theirs.newest)
    except Refused as problem:
        # The draft was kept; only handing it on has to wait.
        return await _editor(request, desk, me, saved, body, saved.lock, "", status=422, problems=problem.problems)
    return go(f"/entries/{saved.id}", done="saved")


async def _editor(
    request: Request,
    desk: Desk,
    me: Visit,
    place: Place | None,
    body: Body,
    lock: int,
    asked: str,
    status: int = 200,
    theirs: Revision | None = None,
    problems: tuple[Problem, ...] = (),
    previewed: bool = False,
) -> Response:
    found = desk.publication.problems(_id(place, body), body)
    return await desk.page(
        request,
        "editor",
        me,
        status,
        place=place,
        body=body,
        fields=fields_of(body),
        parts=PARTS,
        roles=ROLES,
        lock=lock,
        asked=asked,
        theirs=theirs,
        theirs_found=differences(theirs.body, body) if theirs else [],
        told=bool(problems),
        by_field=grouped(list(problems) or (found if previewed else [])),
        problems=found,
        channels=channels(desk, body),
        statuses=STATUSES,
        note=request.query_params.get("note", ""),
        laws=desk.publication.citable.laws.names,
        today=desk.publication.today(),
    )


def _body(desk: Desk, form: FormData, place: Place | None) -> Body:
    citable = desk.publication.citable
    return body_from(form, place.newest.body if place else {}, citable.articles, citable.laws)


def _id(place: Place | None, body: Body) -> str:
    return place.id if place else f"{body.get('kind', 'guide')}.staff.new"


async def _place_of(desk: Desk, form: FormData) -> Place | None:
    entry_id = text_of(form, "entry", 120)
    return await desk.publication.place(entry_id) if entry_id else None


async def _asked(desk: Desk, ids: str) -> list[str]:
    return [without_masks(asked.text)[:60] for asked in await desk.office.questions.pick(_ids(ids))]


def _ids(text: str) -> list[int]:
    return [int(part) for part in text.split(",")[:200] if part.isascii() and part.isdigit() and len(part) < 10]


def _tried(desk: Desk, revision: Revision | None, question: str) -> Why:
    if revision is None:
        return explain(desk.knowledge.knowledge, question)
    day: date = desk.publication.day_of(revision)
    return explain(desk.knowledge.tried(desk.publication.library_with(day, revision), day), question)

"""Looking: all entries, one entry with its history, two revisions side by side, who did what."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from knowledge.console.desk import Desk, Me, TheDesk
from knowledge.console.forms import KINDS
from knowledge.publication.bodies import PARTS, key
from knowledge.publication.differences import differences
from knowledge.publication.records import PRODUCT, NoSuchEntry, Place, Standing

router = APIRouter()

#: Entries, and log lines, on one page.
PER_PAGE, LOG_PAGE = 30, 100


@dataclass(frozen=True)
class Filter:
    """What the list shows. Empty values show all."""

    q: str
    kind: str
    standing: str
    tag: str

    def __call__(self, place: Place, today: date) -> bool:
        body = place.newest.body
        if self.kind and body.get("kind") != self.kind:
            return False
        if self.tag and self.tag not in (body.get("tags") or ()):
            return False
        if self.standing == "offered":
            return place.offered is not None
        if self.standing and place.standing(today) != self.standing:
            return False
        return not self.q or all(word in _searched(place) for word in key_words(self.q))


@router.get("/entries")
async def entries(
    request: Request,
    desk: TheDesk,
    me: Me,
    q: str = "",
    kind: str = "",
    standing: str = "",
    tag: str = "",
    page: int = 1,
) -> Response:
    today = desk.publication.today()
    places = await desk.publication.places()
    wanted = Filter(q.strip()[:100], kind, standing, tag)
    found = [place for place in places if wanted(place, today)]
    # What was changed last is what people come back for.
    found.sort(key=lambda place: -place.changed_at)
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(max(page, 1), pages)
    counts: dict[str, int] = {"offered": sum(1 for place in places if place.offered is not None)}
    for place in places:
        counts[place.standing(today)] = counts.get(place.standing(today), 0) + 1
    return await desk.page(
        request,
        "entries",
        me,
        found=found[(page - 1) * PER_PAGE : page * PER_PAGE],
        total=len(found),
        all=len(places),
        page=page,
        pages=pages,
        wanted=wanted,
        kinds=KINDS,
        standings=[*Standing, "offered"],
        counts=counts,
        tags=sorted({tag for place in places for tag in place.newest.body.get("tags") or ()}),
        today=today,
    )


@router.get("/entries/{entry_id}")
async def entry(request: Request, desk: TheDesk, me: Me, entry_id: str) -> Response:
    place = await desk.publication.place(entry_id)
    return await desk.page(request, "entry", me, **await shown(desk, place, me.staff.name))


@router.get("/entries/{entry_id}/compare")
async def compare(request: Request, desk: TheDesk, me: Me, entry_id: str, old: int, new: int) -> Response:
    place = await desk.publication.place(entry_id)
    if not {old, new} <= set(place.revisions):
        raise NoSuchEntry(entry_id)
    one, other = place.revisions[old], place.revisions[new]
    found = differences(one.body, other.body)
    return await desk.page(request, "compare", me, place=place, one=one, other=other, found=found)


@router.get("/log")
async def log(request: Request, desk: TheDesk, me: Me, entry: str = "", who: str = "", page: int = 1) -> Response:
    page = max(page, 1)
    found = await desk.publication.events(entry or None, who or None, LOG_PAGE + 1, (page - 1) * LOG_PAGE)
    return await desk.page(
        request,
        "log",
        me,
        found=found[:LOG_PAGE],
        more=len(found) > LOG_PAGE,
        page=page,
        entry=entry,
        who=who,
        product=PRODUCT,
        people=[one.name for one in await desk.office.accounts.listed()],
    )


async def shown(desk: Desk, place: Place, me: str) -> dict[str, Any]:
    """What the pages of one entry have in common."""
    today = desk.publication.today()
    events = await desk.publication.events(place.id, limit=60)
    reason = next((event.note for event in events if event.action == "send_back"), "")
    check = await desk.office.checks.latest(place.id, place.work) if place.work else None
    return {
        "place": place,
        "parts": PARTS,
        "today": today,
        "standing": place.standing(today),
        "now": place.effective(today),
        "published": await desk.publication.published_before(place.id),
        "events": events,
        "reason": reason if place.stage == "draft" else "",
        "check": check,
        "stale": check is not None and check.edition != await asyncio.to_thread(desk.publication.edition),
        "may_approve": desk.publication.may_approve(place, me),
        "problems": desk.publication.problems(place.id, place.newest.body) if place.work else [],
        "helped": await desk.office.questions.helped(place.id),
    }


def key_words(text: str) -> list[str]:
    """The words of a search, as texts are compared."""
    return [word for part in text.split() if (word := key(part))]


def _searched(place: Place) -> str:
    body = place.newest.body
    citations = (f"{one.get('title', '')}{one.get('article') or ''}" for one in body.get("citations") or ())
    texts = (
        place.id,
        body.get("question", ""),
        *(body.get("paraphrases") or ()),
        body.get("answer", ""),
        body.get("more", ""),
        *(body.get("tags") or ()),
        *citations,
    )
    # Each in pieces that `normalise` reads whole.
    return "\n".join(key(text[start : start + 400]) for text in texts for start in range(0, len(text) or 1, 400))

"""What is read from the tables: revisions, where an entry stands, who did what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from knowledge.publication.bodies import Body
from knowledge.publication.tables import entries, events, revisions, state

#: The authors of what comes with the product, of what a command did, and of what came from a file.
PRODUCT, TERMINAL, IMPORTER = "reportguide", "terminal", "import"
#: No account may have one of these names.
NOBODY = frozenset((PRODUCT, TERMINAL, IMPORTER))


class Standing(StrEnum):
    """Where an entry stands, in one word. `COMING`: published for a day to come; `OVER`: its last day has passed."""

    DRAFT = "draft"
    REVIEW = "review"
    LIVE = "live"
    COMING = "coming"
    OVER = "over"
    WITHDRAWN = "withdrawn"


class NoSuchEntry(Exception):
    """There is no entry of this id, or no such revision or check of it."""


@dataclass(frozen=True)
class Revision:
    """Immutable. `at`: seconds since 1970; `parent`: the revision it was written from."""

    entry_id: str
    number: int
    body: Body
    author: str
    note: str
    parent: int | None
    at: float

    @property
    def first_day(self) -> date | None:
        """The first valid day; None where none, or none that can be read, is written down."""
        return _day(self.body.get("valid_from"))

    @property
    def last_day(self) -> date | None:
        return _day(self.body.get("valid_to"))


@dataclass(frozen=True)
class Place:
    """One entry with all that there is of it."""

    id: str
    live: int | None
    coming: int | None
    work: int | None
    stage: str | None
    offered: int | None
    lock: int
    changed_at: float
    revisions: Mapping[int, Revision] = field(default_factory=dict)

    @property
    def newest(self) -> Revision:
        """What staff see first: the work, else what is to come, else what is live, else the last there was."""
        number = self.work or self.coming or self.live or max(self.revisions)
        return self.revisions[number]

    def effective(self, day: date) -> int | None:
        """The revision that is answered on `day`."""
        return effective(self.live, self.revisions[self.coming] if self.coming else None, day)

    def standing(self, day: date) -> Standing:
        if self.work is not None:
            return Standing.REVIEW if self.stage == "review" else Standing.DRAFT
        if (number := self.effective(day)) is None:
            return Standing.WITHDRAWN
        last, first = self.revisions[number].last_day, self.revisions[number].first_day
        if last and last < day:
            return Standing.OVER
        return Standing.COMING if self.coming or (first and day < first) else Standing.LIVE

    @property
    def authors(self) -> set[str]:
        """Who wrote at the present work, back to what was published last: none of them may approve it."""
        found: set[str] = set()
        number = self.work
        while number is not None and number not in (self.live, self.coming):
            found.add(self.revisions[number].author)
            number = self.revisions[number].parent
        return found - {PRODUCT}


@dataclass(frozen=True)
class Event:
    at: float
    who: str
    action: str
    entry_id: str | None
    revision: int | None
    before: int | None
    edition: int | None
    note: str


def effective(live: int | None, coming: Revision | None, day: date) -> int | None:
    """Which of the two published revisions is answered on `day`; where only one is to come, it is that one."""
    if coming and (live is None or (coming.first_day or day) <= day):
        return coming.number
    return live


def revision_of(row: Any) -> Revision:
    return Revision(row.entry_id, row.number, json.loads(row.body), row.author, row.note, row.parent, row.at)


def read_place(connection: sa.Connection, entry_id: str, *, lock: bool = False) -> Place:
    """Raises NoSuchEntry. `lock`: nobody else changes the entry in this transaction's time."""
    query = entries.select().where(entries.c.id == entry_id)
    row = connection.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NoSuchEntry(entry_id)
    query = revisions.select().where(revisions.c.entry_id == entry_id).order_by(revisions.c.number)
    return _place(row, [revision_of(one) for one in connection.execute(query)])


def read_places(connection: sa.Connection) -> list[Place]:
    """All entries, each with only those revisions that it points at; with all while it is under review."""
    points = (entries.c.live, entries.c.coming, entries.c.work)
    wanted = sa.or_(*(revisions.c.number == point for point in points), entries.c.stage == "review")
    newest = sa.select(revisions.c.entry_id, sa.func.max(revisions.c.number).label("n")).group_by(revisions.c.entry_id)
    last = newest.subquery()
    query = (
        revisions.select()
        .join(entries, entries.c.id == revisions.c.entry_id)
        .join(last, last.c.entry_id == revisions.c.entry_id)
        .where(sa.or_(wanted, revisions.c.number == last.c.n))
    )
    found: dict[str, list[Revision]] = {}
    for row in connection.execute(query):
        found.setdefault(row.entry_id, []).append(revision_of(row))
    rows = connection.execute(entries.select().order_by(entries.c.id))
    return [_place(row, found.get(row.id, [])) for row in rows]


def _place(row: Any, found: Sequence[Revision]) -> Place:
    return Place(
        row.id,
        row.live,
        row.coming,
        row.work,
        row.stage,
        row.offered,
        row.lock,
        row.changed_at,
        {revision.number: revision for revision in found},
    )


def read_edition(connection: sa.Connection) -> int:
    """0 before anything was published."""
    return connection.execute(sa.select(state.c.edition)).scalar() or 0


def read_events(
    connection: sa.Connection, entry_id: str | None = None, who: str | None = None, limit: int = 200, before: int = 0
) -> list[Event]:
    """Newest first; without what the product did itself, unless it or one entry is asked for."""
    query = events.select().order_by(events.c.id.desc()).limit(limit).offset(before)
    if entry_id:
        query = query.where(events.c.entry_id == entry_id)
    if who:
        query = query.where(events.c.who == who)
    elif not entry_id:
        query = query.where(events.c.who != PRODUCT)
    return [
        Event(row.at, row.who, row.action, row.entry_id, row.revision, row.before, row.edition, row.note)
        for row in connection.execute(query)
    ]


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        return None

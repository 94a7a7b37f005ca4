"""The entries that staff keep: written as drafts, approved by a second person, published in one transaction.

Revisions never change. What is answered is told by two numbers of each entry, and whoever answers learns by the
edition, one number that goes up with each publication, that these have changed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
import structlog
from pydantic import ValidationError

from knowledge.citable import Citable
from knowledge.entries import Entry, Found
from knowledge.library import Library
from knowledge.publication import gate
from knowledge.publication.bodies import Body, Problem, entry_of, problems_of_body
from knowledge.publication.ports import Store
from knowledge.publication.records import (
    Event,
    NoSuchEntry,
    Place,
    Revision,
    effective,
    read_edition,
    read_events,
    read_place,
    read_places,
    revision_of,
)
from knowledge.publication.tables import checks, entries, events, questions, revisions, state
from knowledge.statutes import StatuteStore

log = structlog.get_logger("knowledge")

#: Actions after which something else is answered than before.
PUBLISHING = ("publish", "rollback", "product")
#: Seconds without a sign of life after which a check counts as failed: its process is gone.
SILENT = 20.0


class Refused(Exception):
    """What was asked cannot be done. `reason` names a sentence for staff."""

    def __init__(self, reason: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(reason)
        self.reason, self.problems = reason, tuple(problems)


class Stale(Exception):
    """Somebody else has changed the entry meanwhile. `place`: how it stands now."""

    def __init__(self, place: Place) -> None:
        super().__init__(place.id)
        self.place = place


class Publication:
    """May be asked by many threads at once."""

    def __init__(
        self, store: Store, base: Library, today: Callable[[], date], statutes: StatuteStore | None = None
    ) -> None:
        """`base`: laws, lexicon and sayings, to which the published entries are joined. `statutes`: imported texts."""
        self.store, self.base, self.today = store, base, today
        self.citable = Citable(base, today, statutes)
        # Revisions never change, so what was read once stays true.
        self._read: dict[tuple[str, int], Entry | None] = {}

    # -- reading -----------------------------------------------------------------------------------------------------

    def edition(self) -> int:
        """Which edition is published: one look-up by key."""
        return self.store.read_now(read_edition)

    def library(self, day: date, instead: tuple[str, int] | None = None) -> Library:
        """What is published on `day`; `instead`: as if that revision of that entry were, too."""
        return self.store.read_now(lambda connection: self._library(connection, day, instead))

    def upcoming(self) -> tuple[str, int] | None:
        """The entry and revision whose approval is being checked against the present edition."""
        alive = (
            (checks.c.state.in_(("running", "passed"))) & checks.c.publish & (checks.c.seen_at > time.time() - SILENT)
        )
        query = sa.select(checks.c.entry_id, checks.c.revision).where(alive, checks.c.publish)
        query = query.where(checks.c.edition == sa.select(state.c.edition).scalar_subquery())
        row = self.store.read_now(lambda c: c.execute(query.order_by(checks.c.started_at).limit(1)).first())
        return (row.entry_id, row.revision) if row else None

    def library_with(self, day: date, tried: Revision) -> Library:
        """What is published on `day` and, in its entry's place, a whole revision that is not kept anywhere."""
        entry = entry_of(tried.entry_id, max(tried.number, 1), tried.author, tried.body)
        others = self.library(day).entries
        return self.base._replace(
            entries=(*(found for found in others if found.entry.id != entry.id), Found(entry.id, entry))
        )

    async def place(self, entry_id: str) -> Place:
        """Raises NoSuchEntry."""
        return await self.store.read(lambda connection: read_place(connection, entry_id))

    async def places(self) -> list[Place]:
        """All entries, in the order of their ids."""
        return await self.store.read(read_places)

    async def events(
        self, entry_id: str | None = None, who: str | None = None, limit: int = 200, skip: int = 0
    ) -> list[Event]:
        """Who did what, newest first."""
        return await self.store.read(lambda connection: read_events(connection, entry_id, who, limit, skip))

    async def published_before(self, entry_id: str) -> list[int]:
        """Numbers of all revisions that were ever answered, the newest first."""

        def read(connection: sa.Connection) -> list[int]:
            mine = (events.c.entry_id == entry_id) & events.c.action.in_(PUBLISHING)
            found = connection.execute(sa.select(events.c.revision).where(mine)).scalars()
            return sorted({number for number in found if number is not None}, reverse=True)

        return await self.store.read(read)

    def problems(self, entry_id: str, body: Body) -> list[Problem]:
        """What must be put right before this body can be submitted."""
        return problems_of_body(entry_id, body, self.citable.laws, self.today())

    def _library(self, connection: sa.Connection, day: date, instead: tuple[str, int] | None = None) -> Library:
        chosen = self._chosen(connection, day)
        if instead:
            chosen[instead[0]] = instead[1]
        self._learn(connection, {(name, number) for name, number in chosen.items()} - set(self._read))
        found = (self._read.get(key) for key in sorted(chosen.items()))
        return self.base._replace(entries=tuple(Found(entry.id, entry) for entry in found if entry))

    def _chosen(self, connection: sa.Connection, day: date) -> dict[str, int]:
        join = (revisions.c.entry_id == entries.c.id) & (revisions.c.number == entries.c.coming)
        query = sa.select(entries.c.id, entries.c.live, *revisions.c).select_from(entries.outerjoin(revisions, join))
        chosen = {}
        for row in connection.execute(query.where(sa.or_(entries.c.live.is_not(None), entries.c.coming.is_not(None)))):
            number = effective(row.live, revision_of(row) if row.number is not None else None, day)
            if number is not None:
                chosen[row.id] = number
        return chosen

    def _learn(self, connection: sa.Connection, wanted: set[tuple[str, int]]) -> None:
        if not wanted:
            return
        query = revisions.select()
        if len(wanted) < 100:
            query = query.where(sa.tuple_(revisions.c.entry_id, revisions.c.number).in_(sorted(wanted)))
        for row in connection.execute(query):
            if (row.entry_id, row.number) in wanted:
                try:
                    entry = entry_of(row.entry_id, row.number, row.author, json.loads(row.body))
                except ValidationError as problem:
                    # Published under other rules. One entry less is better than no answers.
                    log.error("entry_unreadable", entry=row.entry_id, revision=row.number, faults=problem.error_count())
                    entry = None
                self._read[(row.entry_id, row.number)] = entry

    # -- writing -----------------------------------------------------------------------------------------------------

    async def save(self, entry_id: str | None, body: Body, who: str, lock: int, note: str = "") -> Place:
        """Keep `body` as a new draft. `entry_id` None makes a new entry. Raises Stale, and then nothing was changed."""

        def write(connection: sa.Connection) -> Place:
            place = _new_place(connection, body, who) if entry_id is None else _locked(connection, entry_id, lock)
            number = max(place.revisions, default=0) + 1
            parent = place.work or place.coming or place.live
            _insert(connection, place.id, number, body, who, note, parent)
            _change(connection, place, work=number, stage="draft")
            if place.stage == "review":
                _log(connection, who, "reopen", place.id, place.work)
            _log(connection, who, "save", place.id, number, note=note)
            return read_place(connection, place.id)

        return await self.store.write(write)

    async def save_all(self, bodies: Sequence[Body], who: str, note: str = "") -> None:
        """Keep each body as the draft of a new entry: all of them, or none."""

        def write(connection: sa.Connection) -> None:
            for body in bodies:
                place = _new_place(connection, body, who)
                _insert(connection, place.id, 1, body, who, note, None)
                _change(connection, place, work=1, stage="draft")
                _log(connection, who, "save", place.id, 1, note=note)

        await self.store.write(write)

    async def submit(self, entry_id: str, who: str, lock: int) -> None:
        """Hand the draft to a second person. Raises Stale, or Refused if it is not ready."""

        def write(connection: sa.Connection) -> None:
            place = _locked(connection, entry_id, lock)
            if place.work is None or place.stage != "draft":
                raise Refused("no_draft")
            if problems := self.problems(entry_id, place.revisions[place.work].body):
                raise Refused("not_ready", problems)
            _change(connection, place, stage="review")
            _log(connection, who, "submit", entry_id, place.work)

        await self.store.write(write)

    async def send_back(self, entry_id: str, who: str, lock: int, note: str) -> None:
        """Give work under review back to its author, with the reason. Raises Stale or Refused."""

        def write(connection: sa.Connection) -> None:
            place = _locked(connection, entry_id, lock)
            if place.stage != "review":
                raise Refused("not_in_review")
            _change(connection, place, stage="draft")
            _log(connection, who, "send_back", entry_id, place.work, note=note)

        await self.store.write(write)

    async def discard(self, entry_id: str, who: str, lock: int) -> None:
        """Give the work up. Its revisions stay in the history. Raises Stale or Refused."""

        def write(connection: sa.Connection) -> None:
            place = _locked(connection, entry_id, lock)
            if place.work is None:
                raise Refused("no_draft")
            _change(connection, place, work=None, stage=None)
            _log(connection, who, "discard", entry_id, place.work)

        await self.store.write(write)

    async def decline_offer(self, entry_id: str, who: str, lock: int) -> None:
        """Keep the staff's own version where the product came with another. Raises Stale."""

        def write(connection: sa.Connection) -> None:
            place = _locked(connection, entry_id, lock)
            _change(connection, place, offered=None)
            _log(connection, who, "keep_own", entry_id, place.offered)

        await self.store.write(write)

    # -- publishing --------------------------------------------------------------------------------------------------

    def may_approve(self, place: Place, who: str) -> bool:
        return place.stage == "review" and who not in place.authors

    async def publish(self, check_id: str, who: str) -> int:
        """Approve and publish what this check has passed; the new edition.

        Raises Refused: `own_work` for those who wrote at it, `not_in_review`, `not_checked` if anything was published
        since the check, so that it has to be run again.
        """

        def write(connection: sa.Connection) -> int:
            edition = _next_edition(connection)
            check = connection.execute(checks.select().where(checks.c.id == check_id)).one()
            place = read_place(connection, check.entry_id, lock=True)
            if place.work is None or place.stage != "review" or place.work != check.revision:
                raise Refused("not_in_review")
            if who in place.authors:
                raise Refused("own_work")
            if check.state != "passed" or check.edition != edition - 1:
                raise Refused("not_checked")
            before = place.effective(self.today())
            self._go_live(connection, place, place.revisions[place.work], work=None, stage=None, offered=None)
            finished = connection.execute(checks.update().where(checks.c.id == check_id).values(state="published"))
            assert finished.rowcount == 1  # noqa: S101 - the row was read above, in this transaction
            answered = (questions.c.for_entry == place.id) & (questions.c.state == "taken")
            connection.execute(questions.update().where(answered).values(state="done"))
            _log(connection, who, "publish", place.id, place.work, before, edition)
            return edition

        return await self.store.write(write)

    async def rollback(self, entry_id: str, who: str, to: int | None = None) -> int:
        """Publish again what was published before, or revision `to` of those; the new edition.

        Two people have approved it once, so nobody has to be found for it in an emergency. Raises Refused:
        `nothing_before`, or `conflict` if it has come to contradict others.
        """
        published = await self.published_before(entry_id)
        place = await self.place(entry_id)
        now = place.coming or place.live
        earlier = [number for number in published if now is None or number < now]
        target = to if to is not None else next(iter(earlier), None)
        if target is None or target not in published or target == now:
            raise Refused("nothing_before")
        revision = place.revisions[target]
        edition = await self.store.read(read_edition)
        after = await self.store.read(lambda connection: self._library(connection, self.today(), (entry_id, target)))
        if gate.structure(after, {entry_id}, self.citable.laws):
            raise Refused("conflict")

        def write(connection: sa.Connection) -> int:
            new = _next_edition(connection)
            if new != edition + 1:
                raise Refused("not_checked")
            fresh = read_place(connection, entry_id, lock=True)
            self._go_live(connection, fresh, revision)
            _log(connection, who, "rollback", entry_id, target, now, new)
            return new

        return await self.store.write(write)

    async def withdraw(self, entry_id: str, who: str, note: str) -> int:
        """Answer it no longer, from now on; the new edition. Raises Refused if it is not published."""

        def write(connection: sa.Connection) -> int:
            edition = _next_edition(connection)
            place = read_place(connection, entry_id, lock=True)
            if place.live is None and place.coming is None:
                raise Refused("not_live")
            _change(connection, place, live=None, coming=None)
            _log(connection, who, "withdraw", entry_id, None, place.coming or place.live, edition, note)
            return edition

        return await self.store.write(write)

    def _go_live(self, connection: sa.Connection, place: Place, revision: Revision, **more: Any) -> None:
        """Answer `revision` from its first day on, and until then what is answered now."""
        today = self.today()
        now = place.effective(today)
        waits = now is not None and revision.first_day is not None and revision.first_day > today
        if waits:
            _change(connection, place, live=now, coming=revision.number, **more)
        else:
            _change(connection, place, live=revision.number, coming=None, **more)

    def day_of(self, revision: Revision) -> date:
        """The day on which a revision is to be judged: today, or its first day if that is to come."""
        return max(self.today(), revision.first_day or self.today())


# -- what all transactions share -------------------------------------------------------------------------------------


def _locked(connection: sa.Connection, entry_id: str, lock: int) -> Place:
    """The entry, if it stands as it was seen. Raises Stale."""
    place = read_place(connection, entry_id, lock=True)
    if lock != place.lock:
        raise Stale(place)
    return place


def _new_place(connection: sa.Connection, body: Body, who: str) -> Place:
    connection.execute(state.select().with_for_update())
    prefix = f"{body['kind']}.staff.n"
    taken = connection.execute(sa.select(entries.c.id).where(entries.c.id.startswith(prefix, autoescape=True)))
    numbers = [int(rest) for name in taken.scalars() if (rest := name.removeprefix(prefix)).isdigit()]
    entry_id = f"{prefix}{max(numbers, default=0) + 1}"
    connection.execute(entries.insert().values(id=entry_id, lock=0, changed_at=time.time()))
    _log(connection, who, "create", entry_id, None)
    return read_place(connection, entry_id)


def _insert(
    connection: sa.Connection, entry_id: str, number: int, body: Body, author: str, note: str, parent: int | None
) -> None:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True)
    values = {"entry_id": entry_id, "number": number, "body": text, "author": author, "note": note}
    connection.execute(revisions.insert().values(**values, parent=parent, at=time.time()))


def _change(connection: sa.Connection, place: Place, **values: Any) -> None:
    changed = entries.update().where(entries.c.id == place.id, entries.c.lock == place.lock)
    done = connection.execute(changed.values(**values, lock=place.lock + 1, changed_at=time.time()))
    if done.rowcount != 1:
        raise Stale(place)


def _next_edition(connection: sa.Connection) -> int:
    """Begin a publication: one at a time, over all processes."""
    now = connection.execute(sa.select(state.c.edition).with_for_update()).scalar()
    if now is None:
        raise NoSuchEntry("the content that comes with the product was not merged yet")
    connection.execute(state.update().values(edition=now + 1))
    return int(now) + 1


def _log(
    connection: sa.Connection,
    who: str,
    action: str,
    entry_id: str | None,
    revision: int | None = None,
    before: int | None = None,
    edition: int | None = None,
    note: str = "",
) -> None:
    row = {"at": time.time(), "who": who, "action": action, "entry_id": entry_id, "note": note[:300]}
    connection.execute(events.insert().values(**row, revision=revision, before=before, edition=edition))

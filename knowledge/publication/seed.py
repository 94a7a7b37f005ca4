"""Merges the content that comes with the product: all of it at first, later what staff have not changed themselves."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from knowledge.library import Library
from knowledge.publication.bodies import Body, body_of, key, questions_of
from knowledge.publication.ports import Store
from knowledge.publication.records import PRODUCT, Place, read_place
from knowledge.publication.tables import entries, events, revisions, state


class Merged(NamedTuple):
    """How many entries were published as they came, offered to staff instead, or taken out."""

    published: int = 0
    offered: int = 0
    withdrawn: int = 0


def merge(store: Store, base: Library) -> Merged:
    """Merge `base.entries`, in one transaction and one new edition; does nothing where they are merged already.

    An entry that staff have changed, or are changing, stays theirs: the product's is offered beside it. So is a new
    one whose question staff answer already.
    """
    bodies = {found.entry.id: body_of(found.entry) for found in base.entries}
    digest = hashlib.sha256(_text(bodies).encode()).hexdigest()

    def write(connection: sa.Connection) -> Merged:
        row = connection.execute(state.select().with_for_update()).first()
        if row is None:
            connection.execute(state.insert().values(id=1, edition=0, seed=""))
        if row is not None and row.seed == digest:
            return Merged()
        edition = (row.edition if row else 0) + 1
        merged = _merge(connection, bodies, edition)
        connection.execute(state.update().values(edition=edition, seed=digest))
        return merged

    if store.read_now(lambda connection: connection.execute(sa.select(state.c.seed)).scalar()) == digest:
        return Merged()
    return store.write_now(write)


def _merge(connection: sa.Connection, bodies: Mapping[str, Body], edition: int) -> Merged:
    known = {row.id: row for row in connection.execute(entries.select())}
    if not known:
        return _first(connection, bodies, edition)
    seeds = _seed_bodies(connection)
    published = offered = withdrawn = 0
    theirs = _answered_by_staff(connection)
    for entry_id, body in bodies.items():
        if entry_id in known and seeds.get(entry_id) == _text(body):
            continue
        if entry_id not in known:
            connection.execute(entries.insert().values(id=entry_id, lock=0, changed_at=time.time()))
        place = read_place(connection, entry_id, lock=True)
        number = max(place.revisions, default=0) + 1
        _insert(connection, entry_id, number, body)
        before = known[entry_id].seed if entry_id in known else None
        untouched = place.work is None and place.coming is None and place.live == before
        if untouched and {theirs.get(key(text), entry_id) for text in questions_of(body)} == {entry_id}:
            _update(connection, place, seed=number, live=number)
            _log(connection, "product", entry_id, number, place.live, edition)
            published += 1
        else:
            _update(connection, place, seed=number, offered=number)
            _log(connection, "offer", entry_id, number, None, edition)
            offered += 1
    for entry_id, row in known.items():
        if row.seed is not None and entry_id not in bodies and row.live == row.seed and row.work is None:
            place = read_place(connection, entry_id, lock=True)
            _update(connection, place, live=None, coming=None)
            _log(connection, "dropped", entry_id, None, row.live, edition)
            withdrawn += 1
    return Merged(published, offered, withdrawn)


def _first(connection: sa.Connection, bodies: Mapping[str, Body], edition: int) -> Merged:
    now = time.time()
    if bodies:
        rows = [
            {"id": name, "live": 1, "seed": 1, "lock": 1, "changed_at": now, "coming": None, "work": None}
            for name in bodies
        ]
        connection.execute(entries.insert(), rows)
        first = {"number": 1, "author": PRODUCT, "note": "", "parent": None, "at": now}
        connection.execute(
            revisions.insert(), [{"entry_id": name, "body": _text(body), **first} for name, body in bodies.items()]
        )
        log = {"at": now, "who": PRODUCT, "action": "product", "revision": 1, "edition": edition, "note": ""}
        connection.execute(events.insert(), [{"entry_id": name, **log} for name in bodies])
    return Merged(published=len(bodies))


def _seed_bodies(connection: sa.Connection) -> dict[str, str]:
    join = (revisions.c.entry_id == entries.c.id) & (revisions.c.number == entries.c.seed)
    query = sa.select(entries.c.id, revisions.c.body).select_from(entries.join(revisions, join))
    return {row.id: row.body for row in connection.execute(query)}


def _answered_by_staff(connection: sa.Connection) -> dict[str, str]:
    """Bare question → entry, of what staff have published themselves."""
    join = (revisions.c.entry_id == entries.c.id) & revisions.c.number.in_((entries.c.live, entries.c.coming))
    query = sa.select(entries.c.id, entries.c.seed, revisions.c.number, revisions.c.body)
    return {
        key(text): row.id
        for row in connection.execute(query.select_from(entries.join(revisions, join)))
        if row.number != row.seed
        for text in questions_of(json.loads(row.body))
    }


def _insert(connection: sa.Connection, entry_id: str, number: int, body: Body) -> None:
    values = {"entry_id": entry_id, "number": number, "body": _text(body), "author": PRODUCT, "note": ""}
    connection.execute(revisions.insert().values(**values, at=time.time()))


def _update(connection: sa.Connection, place: Place, **values: Any) -> None:
    query = entries.update().where(entries.c.id == place.id)
    connection.execute(query.values(**values, lock=place.lock + 1, changed_at=time.time()))


def _log(
    connection: sa.Connection, action: str, entry_id: str, revision: int | None, before: int | None, edition: int
) -> None:
    row = {"at": time.time(), "who": PRODUCT, "action": action, "entry_id": entry_id, "revision": revision, "note": ""}
    connection.execute(events.insert().values(**row, before=before, edition=edition))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)

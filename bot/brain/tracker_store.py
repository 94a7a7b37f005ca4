"""Conversations on disk: one sealed row each.

Rasa's own SQL store writes a row per event in clear and reads them all back on each turn. Here the current session,
bounded by rotation, is one sealed value; saving replaces it in one transaction, so an older event is not only left
behind but gone. A version number keeps two brains from overwriting each other.
"""

import json
from collections import OrderedDict
from typing import Any, Dict, Iterable, Optional, Text, Tuple

import sqlalchemy as sa
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker

from bot.sealing import Sealer

#: Conversations kept in memory, so that the next turn need not read its past again.
WARM = 256

_metadata = sa.MetaData()
_table = sa.Table(
    "brain_conversations",
    _metadata,
    sa.Column("sender_id", sa.String(80), primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("session", sa.LargeBinary, nullable=False),
)


class Overtaken(Exception):
    """Another brain has saved this conversation meanwhile; the turn must be taken again."""


class SealedTrackerStore(TrackerStore):
    """Keeps the current session of each conversation, sealed, in the database at `url`."""

    def __init__(self, url: Text, sealer: Sealer, domain: Optional[Domain] = None) -> None:
        options: Dict[Text, Any] = {}
        if url.startswith("sqlite") and not url.endswith("://"):
            # SQLAlchemy 1.4 opens a SQLite file anew for each transaction, and the last to close it copies the whole
            # write-ahead log back: a millisecond a turn.
            options = {"poolclass": sa.pool.QueuePool, "connect_args": {"check_same_thread": False}}
        self._engine = sa.create_engine(url, future=True, **options)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _durable)
        _metadata.create_all(self._engine)
        self._sealer = sealer
        self._warm: "OrderedDict[Text, Tuple[int, DialogueStateTracker]]" = OrderedDict()
        self._versions: Dict[Text, int] = {}
        super().__init__(domain)

    async def retrieve(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """The conversation, or None if it is new. Raises SealingError if it does not open."""
        # Taken out, so that a turn that fails half-way is read again from the database.
        known = self._warm.pop(sender_id, None)
        with self._engine.connect() as connection:
            if known:
                version = connection.execute(
                    sa.select(_table.c.version).where(_table.c.sender_id == sender_id)
                ).scalar()
                if version == known[0]:
                    self._versions[sender_id] = version
                    return known[1]
            row = connection.execute(
                sa.select(_table.c.version, _table.c.session).where(_table.c.sender_id == sender_id)
            ).first()
        if row is None:
            self._versions[sender_id] = 0
            return None
        self._versions[sender_id] = row.version
        events = self._sealer.open_json(row.session, _context(sender_id))
        return DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)

    def saved(self, sender_id: Text) -> Optional[DialogueStateTracker]:
        """The conversation as it was just saved, to look at only; None if it is not in memory."""
        known = self._warm.get(sender_id)
        return known[1] if known else None

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Replace the conversation. Raises Overtaken if it changed since it was retrieved."""
        sender_id = tracker.sender_id
        version = self._versions.pop(sender_id, 0)
        events = ",".join(map(_written, tracker.events))
        sealed = self._sealer.seal(f"[{events}]".encode(), _context(sender_id))
        with self._engine.begin() as connection:
            if version == 0:
                if connection.execute(sa.select(_table.c.version).where(_table.c.sender_id == sender_id)).first():
                    raise Overtaken(sender_id)
                connection.execute(_table.insert().values(sender_id=sender_id, version=1, session=sealed))
            else:
                done = connection.execute(
                    _table.update()
                    .where(_table.c.sender_id == sender_id, _table.c.version == version)
                    .values(version=version + 1, session=sealed)
                )
                if done.rowcount != 1:
                    raise Overtaken(sender_id)
        self._warm[sender_id] = (version + 1, tracker)
        if len(self._warm) > WARM:
            self._warm.popitem(last=False)

    async def create_tracker(self, sender_id: Text, append_action_listen: bool = True) -> DialogueStateTracker:
        # A new conversation is saved at the end of its first turn, not before: a turn that failed leaves no trace.
        return self.init_tracker(sender_id)

    async def keys(self) -> Iterable[Text]:
        with self._engine.connect() as connection:
            return [row.sender_id for row in connection.execute(sa.select(_table.c.sender_id))]

    async def delete(self, sender_id: Text) -> None:
        """Forget a conversation."""
        self._warm.pop(sender_id, None)
        self._versions.pop(sender_id, None)
        with self._engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                # Overwritten, not only taken out of the list.
                connection.exec_driver_sql("PRAGMA secure_delete=ON")
            connection.execute(_table.delete().where(_table.c.sender_id == sender_id))


def _written(event: Any) -> str:
    """The event as JSON. Events never change, so each is written out once while the conversation is in memory."""
    known = event.__dict__.get("_written")
    if known is None:
        known = event.__dict__["_written"] = json.dumps(event.as_dict(), ensure_ascii=False)
    return known


def _context(sender_id: Text) -> str:
    return f"brain:{sender_id}"


def _durable(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()

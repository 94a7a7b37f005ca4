"""Reminders of proof that is owed: told two days before the day by which a provisional report needs it (art. 21)."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from datetime import time as clock
from typing import Any

import sqlalchemy as sa

from actions import records
from actions.dates import LOCAL
from actions.drafts import Store
from actions.rounds import Rounds

#: How long before the last day, and at what hour, when nobody is asleep.
DAYS_BEFORE, HOUR = 2, clock(10, 0)
#: Seconds between two looks at what is due.
PAUSE = 60.0

#: Tells a person: ``(conversation_id, case_no, the last day, a name under which it is said once)``.
Remind = Callable[[str, str, date, str], Awaitable[None]]


class Reminders:
    """Kept on disk, so that a restart forgets none."""

    def __init__(self, store: Store, remind: Remind, now: Callable[[], datetime]) -> None:
        self._store, self._remind, self._now = store, remind, now
        self.rounds = Rounds("reminders", self._round)

    async def owe(self, draft_id: str, conversation_id: str, last_day: date) -> None:
        """Remember that this report's proof is owed by `last_day` (Beijing)."""
        due = datetime.combine(last_day - timedelta(days=DAYS_BEFORE), HOUR, LOCAL).timestamp()

        def write(connection: sa.Connection) -> None:
            table = records.reminders
            if not connection.execute(sa.select(table.c.draft_id).where(table.c.draft_id == draft_id)).first():
                connection.execute(
                    table.insert().values(
                        draft_id=draft_id,
                        conversation_id=conversation_id,
                        last_day=last_day.isoformat(),
                        due_at=due,
                        created_at=time.time(),
                    )
                )

        await self._store.write(write)

    async def settle(self, draft_id: str) -> None:
        """The proof has come: nothing to remind of."""

        def write(connection: sa.Connection) -> None:
            connection.execute(records.reminders.delete().where(records.reminders.c.draft_id == draft_id))

        await self._store.write(write)

    async def _round(self) -> float:
        def due(connection: sa.Connection) -> Any:
            table, reports = records.reminders, records.reports
            query = sa.select(table, reports.c.case_no).join(reports, reports.c.draft_id == table.c.draft_id)
            # Without a case number there is nothing to name yet; the next round finds it again.
            query = query.where(table.c.due_at <= self._now().timestamp(), reports.c.case_no.is_not(None))
            return connection.execute(query).all()

        for row in await self._store.read(due):
            name = f"proof:{row.draft_id}"
            await self._remind(row.conversation_id, row.case_no, date.fromisoformat(row.last_day), name)
            await self.settle(row.draft_id)
        return PAUSE

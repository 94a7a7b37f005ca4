"""Delivery: what was said in conversations that must be sent to goes out in order, within what the channel allows.

An entry is ``waiting`` until a message that covers it was taken by the provider. One message at a time is claimed per
conversation: its entries become ``sending`` under a lease, and the allowance is taken off before the call, so that a
budget is never exceeded. Only where the provider's answer was lost (or this process died waiting for it) is a message
sent again without knowing. What no allowance permits is kept and goes out, merged, at the next contact.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
import structlog

from connectors.channels.contract import (
    AnswerLost,
    Bounce,
    Busy,
    Channel,
    Closed,
    NotSent,
    Outgoing,
    Refused,
    Unreachable,
)
from connectors.gateway import allowances, schema
from connectors.gateway.claims import Claim, outgoing, owed
from connectors.gateway.database import Database
from connectors.gateway.messages import Entry
from connectors.gateway.vault import Sealing

log = structlog.get_logger("delivery")

#: Seconds a provider has to answer; the lease outlasts it, so that nobody sends the same meanwhile.
SEND_SECONDS = 10.0
LEASE_SECONDS = SEND_SECONDS + 5
#: Seconds until a message is tried again, by how often it was in vain; the last value repeats.
RETRY_AFTER = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
#: "Not before the next contact": contacts set the time of the next try back to now.
NEVER = 1e12
#: Seconds that a conversation is held back at most, and that stopping waits for messages on their way.
HOLD_SECONDS = 15.0
STOP_SECONDS = 4.0
#: Seconds between two looks for what is due.
SWEEP = 1.0
#: Most entries that are looked at together.
MOST = 40


class Delivery:
    """One per process; any number may share a database. `channels` by name, those that are switched on."""

    def __init__(self, database: Database, sealer: Sealing, channels: Mapping[str, Channel]) -> None:
        self._database, self._sealer, self._channels = database, sealer, channels
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._held: dict[str, tuple[int, float]] = {}
        self._not_before: dict[str, float] = {}
        self._rates: dict[str, float] = {}
        self._sweeper: asyncio.Task[None] | None = None
        #: What happened since the start, for the metrics: (channel, sent | busy | lost | closed | refused | …) → count.
        self.counts: Counter[tuple[str, str]] = Counter()

    async def start(self) -> None:
        self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """End; messages on their way get a moment to arrive, so that nobody need guess whether they did."""
        sweeper, self._sweeper = self._sweeper, None
        if sweeper:
            sweeper.cancel()
            await asyncio.gather(sweeper, return_exceptions=True)
        if under_way := list(self._tasks.values()):
            await asyncio.wait(under_way, timeout=STOP_SECONDS)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def wake(self, conversation_id: str) -> None:
        """Look at this conversation now."""
        if self._sweeper is None or self._is_held(conversation_id):
            return
        if conversation_id in self._tasks:
            self._again.add(conversation_id)
            return
        task = asyncio.create_task(self._work(conversation_id))
        self._tasks[conversation_id] = task
        task.add_done_callback(lambda _task: self._ended(conversation_id))

    def _ended(self, conversation_id: str) -> None:
        self._tasks.pop(conversation_id, None)
        if conversation_id in self._again:
            self._again.discard(conversation_id)
            self.wake(conversation_id)

    def hold(self, conversation_id: str) -> None:
        """Send nothing there until `release`: the answer may be given inside the provider's own call."""
        count, _ = self._held.get(conversation_id, (0, 0.0))
        self._held[conversation_id] = count + 1, time.monotonic() + HOLD_SECONDS

    def release(self, conversation_id: str) -> None:
        count, until = self._held.get(conversation_id, (0, 0.0))
        if count > 1:
            self._held[conversation_id] = count - 1, until
            return
        self._held.pop(conversation_id, None)
        self.wake(conversation_id)

    def _is_held(self, conversation_id: str) -> bool:
        # A call that broke off without letting go must not silence a conversation for good.
        return self._held.get(conversation_id, (0, 0.0))[1] > time.monotonic()

    # -- the loop ----------------------------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        while True:
            try:
                for conversation_id in await self._database.read(self._due):
                    self.wake(conversation_id)
            except Exception as problem:  # it must outlive a fault of one look, such as a locked database
                log.error("sweep_failed", kind=type(problem).__name__)
            await asyncio.sleep(SWEEP)

    def _due(self, connection: sa.Connection) -> list[str]:
        now = time.time()
        entries, outlets = schema.entries, schema.outlets
        query = (
            sa.select(entries.c.conversation_id)
            .outerjoin(outlets, outlets.c.conversation_id == entries.c.conversation_id)
            .where(
                entries.c.delivery.in_(("waiting", "sending")),
                sa.func.coalesce(outlets.c.next_try_at, 0) <= now,
                sa.func.coalesce(outlets.c.lease_until, 0) <= now,
            )
            .distinct()
            .limit(200)
        )
        return list(connection.execute(query).scalars())

    async def _work(self, conversation_id: str) -> None:
        owner = uuid.uuid4().hex
        try:
            while self._sweeper and not self._is_held(conversation_id):
                claim = await self._database.write(lambda c: self._claim(c, conversation_id, owner))
                if claim is None or not await self._send(claim):
                    return
                # Also after the last one: the answer to the next turn may be ready before the pace allows it.
                await asyncio.sleep(claim.channel.capabilities.pace)
        except Exception as problem:
            # The lease runs out by itself, and the sweep comes by again.
            log.error("delivery_failed", kind=type(problem).__name__)

    async def _send(self, claim: Claim) -> bool:
        """Send one claimed message and write down what became of it; whether the next may follow at once."""
        try:
            await self._turn_of(claim.channel)
            async with asyncio.timeout(SEND_SECONDS):
                if claim.notice:
                    await claim.channel.notify(claim.address)
                else:
                    await claim.channel.send(claim.address, claim.message, claim.ticket)
        except NotSent as problem:
            return await self._give_up(claim, problem, known=True)
        except (AnswerLost, TimeoutError):
            return await self._give_up(claim, Busy("answer_lost"), known=False)
        await self._database.write(lambda c: self._sent(c, claim))
        self.counts[claim.channel.name, "notice" if claim.notice else "sent"] += 1
        return not claim.notice

    async def _give_up(self, claim: Claim, problem: NotSent, *, known: bool) -> bool:
        await self._database.write(lambda c: self._not_sent(c, claim, problem, known=known))
        self.counts[claim.channel.name, _kind(problem) if known else "lost"] += 1
        if isinstance(problem, Busy) and problem.after:
            self._not_before[claim.channel.name] = time.monotonic() + problem.after
        log.warning("not_sent", channel=claim.channel.name, problem=problem.problem)
        return isinstance(problem, Refused)

    async def _turn_of(self, channel: Channel) -> None:
        """Wait for the channel's pace: its messages a second, and any pause that the provider asked for."""
        now = time.monotonic()
        at = max(now, self._rates.get(channel.name, 0.0), self._not_before.get(channel.name, 0.0))
        if at - now > LEASE_SECONDS - SEND_SECONDS - 1:
            # It would outlast the lease: better to let go and come back.
            raise Busy("paused")
        self._rates[channel.name] = at + 1 / channel.capabilities.rate
        if at > now:
            await asyncio.sleep(at - now)

    # -- inside a provider's call ------------------------------------------------------------------------------------

    async def reply(self, conversation_id: str, inbox_id: int) -> tuple[Outgoing, Claim | None] | None:
        """What to answer inside the call that brought message `inbox_id`: all that waits and fits in one message.

        The same call made again is answered the same. The claim, where there is one, must be closed by `replied`.
        """
        return await self._database.write(lambda connection: self._reply(connection, conversation_id, inbox_id))

    def _reply(
        self, connection: sa.Connection, conversation_id: str, inbox_id: int
    ) -> tuple[Outgoing, Claim | None] | None:
        context = f"reply:{conversation_id}"
        given = connection.execute(sa.select(schema.inbox.c.reply).where(schema.inbox.c.id == inbox_id)).scalar()
        if given is not None:
            return outgoing(self._sealer.open_json(given, context)), None
        claim = self._claim(connection, conversation_id, f"reply:{inbox_id}", inside=True)
        if claim is None:
            return None
        sealed = self._sealer.seal_json(asdict(claim.message), context)
        connection.execute(schema.inbox.update().where(schema.inbox.c.id == inbox_id).values(reply=sealed))
        return claim.message, claim

    async def replied(self, claim: Claim, given: bool) -> None:
        """Close a claim of `reply`: `given` unless the provider hung up before it could be answered."""
        if given:
            await self._database.write(lambda connection: self._sent(connection, claim))
            self.counts[claim.channel.name, "reply"] += 1
            # As after any message: what follows at once could overtake the reply on its way.
            await asyncio.sleep(claim.channel.capabilities.pace)
            return
        await self._database.write(lambda connection: self._not_sent(connection, claim, Busy("hung_up", 0.0)))
        self.counts[claim.channel.name, "hung_up"] += 1

    # -- claims ------------------------------------------------------------------------------------------------------

    def _claim(
        self, connection: sa.Connection, conversation_id: str, owner: str, *, inside: bool = False
    ) -> Claim | None:
        now = time.time()
        where = schema.conversations.c.id == conversation_id
        row = connection.execute(sa.select(schema.conversations).where(where).with_for_update()).first()
        channel = self._channels.get(row.channel) if row and row.address is not None else None
        if row is None or channel is None:
            return None
        entries = self._owed(connection, conversation_id)
        if not entries:
            return None
        outlet = self._outlet(connection, conversation_id)
        if outlet.lease_until > now or (outlet.next_try_at > now and not inside):
            return None
        done = {item.seq: item.parts for item in entries}
        messages = channel.render([self._open(item) for item in entries], done)
        allowance, ticket, notice = None, None, False
        if not inside and channel.capabilities.budgets:
            picked = allowances.take(connection, self._sealer, conversation_id, now)
            if picked is None:
                notice = channel.capabilities.proactive == "notice" and allowances.take_notice(
                    connection, conversation_id, now
                )
                if not notice:
                    self._set(connection, conversation_id, next_try_at=NEVER, problem=outlet.problem or "window_closed")
                    return None
                allowance = allowances.NOTICE
            else:
                allowance, ticket = picked
        if any(item.delivery == "sending" for item in entries):
            # Its answer was lost; a call made again must not be answered with what is now sent otherwise.
            mine = schema.inbox.c.conversation_id == conversation_id
            connection.execute(schema.inbox.update().where(mine, schema.inbox.c.reply.is_not(None)).values(reply=None))
        if not notice:
            self._mark(connection, messages[0], "sending")
        self._set(connection, conversation_id, lease_by=owner, lease_until=now + LEASE_SECONDS)
        address = self._sealer.open_json(row.address, f"address:{conversation_id}")
        return Claim(conversation_id, channel, address, messages[0], owner, allowance, ticket, notice)

    def _owed(self, connection: sa.Connection, conversation_id: str) -> list[Any]:
        query = sa.select(schema.entries).where(
            schema.entries.c.conversation_id == conversation_id, schema.entries.c.delivery.in_(("waiting", "sending"))
        )
        return list(connection.execute(query.order_by(schema.entries.c.seq).limit(MOST)).all())

    def _outlet(self, connection: sa.Connection, conversation_id: str) -> Any:
        query = sa.select(schema.outlets).where(schema.outlets.c.conversation_id == conversation_id)
        if (row := connection.execute(query).first()) is not None:
            return row
        connection.execute(schema.outlets.insert().values(conversation_id=conversation_id))
        return connection.execute(query).one()

    def _open(self, row: Any) -> Entry:
        body = self._sealer.open_json(row.body, f"entry:{row.conversation_id}")
        return Entry(seq=row.seq, side=row.side, at=row.at, **body)

    # -- what became of it -------------------------------------------------------------------------------------------

    def _sent(self, connection: sa.Connection, claim: Claim) -> None:
        if not self._mine(connection, claim):
            return
        if claim.notice:
            # One notice, and then silence until the person comes.
            self._set(connection, claim.conversation_id, lease_until=0.0, tries=0, next_try_at=NEVER, problem="noticed")
            return
        for seq, parts, last in claim.message.covers:
            values = {"parts": parts, "delivery": "sent" if last else "waiting"}
            connection.execute(schema.entries.update().where(schema.entries.c.seq == seq).values(values))
        self._set(connection, claim.conversation_id, lease_until=0.0, tries=0, next_try_at=0.0, problem=None)

    def _not_sent(self, connection: sa.Connection, claim: Claim, problem: NotSent, *, known: bool = True) -> None:
        outlet = self._mine(connection, claim)
        if not outlet:
            return
        failed = isinstance(problem, Refused) and not claim.notice
        if not claim.notice:
            self._mark(
                connection, claim.message, "failed" if failed else "waiting", problem.problem if failed else None
            )
        if claim.owner.startswith("reply:"):
            inbox_id = int(claim.owner.removeprefix("reply:"))
            connection.execute(schema.inbox.update().where(schema.inbox.c.id == inbox_id).values(reply=None))
        if isinstance(problem, Closed | Unreachable):
            allowances.close(connection, claim.conversation_id)
            # A closed window leaves a notice, which the next claim sees to.
            notice = isinstance(problem, Closed) and claim.channel.capabilities.proactive == "notice"
            tries, after = outlet.tries, 0.0 if notice and not claim.notice else NEVER
        elif isinstance(problem, Refused):
            tries, after = 0, NEVER if claim.notice else 0.0
        else:
            tries = outlet.tries + 1
            after = RETRY_AFTER[min(tries, len(RETRY_AFTER)) - 1]
            if isinstance(problem, Busy) and problem.after is not None:
                after = problem.after
        if known and claim.allowance and not isinstance(problem, Closed | Unreachable):
            allowances.give_back(connection, claim.conversation_id, claim.allowance)
        next_try_at = NEVER if after == NEVER else time.time() + after
        self._set(
            connection,
            claim.conversation_id,
            lease_until=0.0,
            tries=tries,
            next_try_at=next_try_at,
            problem=problem.problem,
        )

    def _mine(self, connection: sa.Connection, claim: Claim) -> Any:
        """The outlet, if its lease is still this claim's: else others have gone on without it."""
        outlet = self._outlet(connection, claim.conversation_id)
        return outlet if outlet.lease_by == claim.owner and outlet.lease_until > 0 else None

    def _mark(self, connection: sa.Connection, message: Outgoing, delivery: str, problem: str | None = None) -> None:
        seqs = [seq for seq, _, _ in message.covers]
        values = {"delivery": delivery, "problem": problem}
        connection.execute(schema.entries.update().where(schema.entries.c.seq.in_(seqs)).values(values))

    def _set(self, connection: sa.Connection, conversation_id: str, **values: Any) -> None:
        mine = schema.outlets.c.conversation_id == conversation_id
        connection.execute(schema.outlets.update().where(mine).values(values))

    # -- what people do ----------------------------------------------------------------------------------------------

    def contact(
        self, connection: sa.Connection, conversation_id: str, channel: Channel, kind: str | None, ticket: str | None
    ) -> None:
        """The person has written or tapped: a new allowance of that kind, and what was kept may go out."""
        self._outlet(connection, conversation_id)
        budget = channel.capabilities.budgets.get(kind or "")
        if kind and budget:
            allowances.grant(connection, self._sealer, conversation_id, kind, budget, ticket)
        self._set(connection, conversation_id, tries=0, next_try_at=0.0, problem=None)

    def leave(self, connection: sa.Connection, conversation_id: str) -> None:
        """The person has left: nothing more until they come back."""
        self._outlet(connection, conversation_id)
        allowances.close(connection, conversation_id)
        self._set(connection, conversation_id, next_try_at=NEVER, problem="left")

    def bounced(self, connection: sa.Connection, conversation_id: str, bounce: Bounce) -> None:
        """A provider took messages and says later that they did not arrive."""
        owed_again = {"delivery": "waiting" if bounce.keep else "failed", "parts": 0, "problem": bounce.problem}
        connection.execute(
            schema.entries.update()
            .where(
                schema.entries.c.conversation_id == conversation_id,
                schema.entries.c.delivery == "sent",
                schema.entries.c.seq.between(bounce.first, bounce.last),
            )
            .values(owed_again)
        )
        self._outlet(connection, conversation_id)
        if bounce.keep:
            allowances.close(connection, conversation_id)
            self._set(connection, conversation_id, next_try_at=NEVER, problem=bounce.problem)

    def consent(self, connection: sa.Connection, conversation_id: str, change: Mapping[str, int]) -> None:
        """The person has allowed, or taken back, messages of a kind outside any window."""
        for kind, number in change.items():
            allowances.change(connection, conversation_id, kind, number)

    # -- for staff ---------------------------------------------------------------------------------------------------

    async def owed(self) -> list[dict[str, Any]]:
        """Conversations with undelivered entries: ``{"conversation", "channel", "waiting", "failed", "since", …}``."""
        return await self._database.read(owed)


def _kind(problem: NotSent) -> str:
    return type(problem).__name__.lower()

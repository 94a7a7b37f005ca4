"""Questions that nobody could answer, and answers that were of no help: kept masked and sealed until staff use them."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from knowledge.publication.bodies import key
from knowledge.publication.gate import Regression
from knowledge.publication.masking import masked, without_masks
from knowledge.publication.ports import Sealing, Store
from knowledge.publication.tables import questions, regressions
from knowledge.text import LONGEST, normalise, tokens

Verdict = Literal["unanswered", "helpful", "not_helpful"]
#: Most open questions that are compared, the newest; and how alike (cosine) those of one group are.
COMPARED, ALIKE = 2000, 0.45
#: Days after which a question that nobody took up, or that is settled, is forgotten.
KEPT_DAYS = 180


@dataclass(frozen=True)
class Asked:
    """One question, masked; `count`: how often it was asked so."""

    id: int
    text: str
    verdict: str
    entry_id: str | None
    count: int
    last_at: float


@dataclass(frozen=True)
class Group:
    """Questions that are alike, the most frequent first."""

    questions: tuple[Asked, ...]

    @property
    def head(self) -> Asked:
        return self.questions[0]

    @property
    def count(self) -> int:
        return sum(asked.count for asked in self.questions)

    @property
    def last_at(self) -> float:
        return max(asked.last_at for asked in self.questions)

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(asked.id for asked in self.questions)


def asked_as(sealer: Sealing, text: str) -> tuple[str, bytes]:
    """The keyed hash that counts repetitions of a question without opening any, and the question sealed."""
    same = sealer.name(key(text).encode(), "question")
    return same, sealer.seal_json(text, asked_context(same))


def asked_context(same: str) -> str:
    """What a question is sealed with: its keyed hash is known before its row has a number."""
    return f"question:{same}"


def kept_as(sealer: Sealing, text: str) -> tuple[str, bytes]:
    """As `asked_as`, for a question that publications are checked with."""
    same = sealer.name(key(text).encode(), "regression")
    return same, sealer.seal_json(text, kept_context(same))


def kept_context(same: str) -> str:
    return f"regression:{same}"


class Questions:
    """Implements the actions' `Feedback`, and is the queue that staff work through."""

    def __init__(self, store: Store, sealer: Sealing, usual: Sequence[str] = ()) -> None:
        """`usual`: questions as they are asked here, which tell the words that make no difference."""
        self._store, self._sealer = store, sealer
        self._usual = Counter(token for text in usual for token in set(tokens(normalise(text))))
        self._size = len(usual)

    async def record(self, question: str, entry_id: str | None, verdict: Verdict) -> None:
        """Count a question. What names a person in it is masked first; one without words is not kept."""
        text = masked(question[:LONGEST]).strip()
        if not key(text):
            return
        same, sealed = asked_as(self._sealer, text)
        now = time.time()

        def write(connection: sa.Connection) -> None:
            mine = (
                (questions.c.same == same)
                & (questions.c.verdict == verdict)
                & (questions.c.entry_id == (entry_id or ""))
            )
            row = connection.execute(questions.select().where(mine)).first()
            if row is None:
                values = {"same": same, "verdict": verdict, "entry_id": entry_id or "", "count": 1, "state": "open"}
                connection.execute(questions.insert().values(**values, text=sealed, first_at=now, last_at=now))
                return
            # Asked again after it was settled: the new entry did not help either.
            state = "open" if row.state == "done" else row.state
            changed = questions.update().where(questions.c.id == row.id)
            connection.execute(changed.values(count=questions.c.count + 1, last_at=now, state=state))

        await self._store.write(write)

    async def groups(self, verdict: Verdict) -> list[Group]:
        """Open questions by likeness, the most asked group first."""
        return group(await self._open(questions.c.verdict == verdict), self._usual, self._size)

    async def pick(self, ids: Iterable[int]) -> list[Asked]:
        """These open questions, the most frequent first."""
        return await self._open(questions.c.id.in_(list(ids)))

    async def settle(self, ids: Sequence[int], state: Literal["taken", "dismissed"], for_entry: str | None) -> None:
        """`taken`: the entry that was made of them answers them once published. `dismissed`: nothing to answer."""
        query = questions.update().where(questions.c.id.in_(list(ids)), questions.c.state == "open")
        await self._store.write(lambda c: c.execute(query.values(state=state, for_entry=for_entry)))

    async def counts(self) -> dict[str, int]:
        """Verdict → how many different questions are open."""
        count = sa.func.count()
        query = sa.select(questions.c.verdict, count).where(questions.c.state == "open").group_by(questions.c.verdict)
        return {row[0]: row[1] for row in await self._store.read(lambda c: c.execute(query).all())}

    async def helped(self, entry_id: str) -> dict[str, int]:
        """Verdict → how often people gave it on an entry."""
        total = sa.func.sum(questions.c.count)
        mine = (questions.c.entry_id == entry_id) & questions.c.verdict.in_(("helpful", "not_helpful"))
        query = sa.select(questions.c.verdict, total).where(mine).group_by(questions.c.verdict)
        return {row[0]: int(row[1]) for row in await self._store.read(lambda c: c.execute(query).all())}

    async def forget(self, days: int = KEPT_DAYS) -> int:
        """Delete what was last asked more than `days` ago; how many."""
        query = questions.delete().where(questions.c.last_at < time.time() - days * 86400)
        return int(await self._store.write(lambda c: c.execute(query).rowcount))

    async def _open(self, which: sa.ColumnElement[bool]) -> list[Asked]:
        query = questions.select().where(which, questions.c.state == "open").order_by(questions.c.last_at.desc())
        rows = await self._store.read(lambda c: c.execute(query.limit(COMPARED)).all())
        found = [self._asked(row) for row in rows]
        return sorted(found, key=lambda asked: (-asked.count, -asked.last_at))

    def _asked(self, row: Any) -> Asked:
        text = self._sealer.open_json(row.text, asked_context(row.same))
        return Asked(row.id, text, row.verdict, row.entry_id or None, row.count, row.last_at)


def group(asked: Sequence[Asked], usual: Mapping[str, int], size: int) -> list[Group]:
    """Put each question to the first group whose head it is like. `asked` has the most frequent first.

    `usual`: token → how many of `size` usual questions have it.
    """
    bags = [Counter(tokens(normalise(without_masks(one.text)))) for one in asked]
    idf = {token: math.log(1 + (size + 1) / (usual.get(token, 0) + 1)) for bag in bags for token in bag}
    length = [math.sqrt(sum((times * idf[token]) ** 2 for token, times in bag.items())) or 1.0 for bag in bags]
    heads: list[int] = []
    members: dict[int, list[Asked]] = {}
    having: dict[str, list[int]] = {}
    for place, bag in enumerate(bags):
        near: Counter[int] = Counter()
        for token, times in bag.items():
            for head in having.get(token, ()):
                near[head] += times * bags[head][token] * idf[token] ** 2  # type: ignore[assignment]
        best = max(near, key=lambda head: near[head] / length[head], default=None)
        if best is not None and near[best] / length[best] / length[place] >= ALIKE:
            members[best].append(asked[place])
            continue
        heads.append(place)
        members[place] = [asked[place]]
        for token in bag:
            having.setdefault(token, []).append(place)
    found = [Group(tuple(members[head])) for head in heads]
    return sorted(found, key=lambda one: (-one.count, -one.last_at))


@dataclass(frozen=True)
class KeptQuestion:
    """A regression question as staff see it. `entry_id` None: nothing may answer it."""

    id: int
    question: str
    entry_id: str | None
    who: str
    at: float


class Regressions:
    """Questions that every publication is checked with."""

    def __init__(self, store: Store, sealer: Sealing) -> None:
        self._store, self._sealer = store, sealer

    async def keep(self, question: str, entry_id: str | None, who: str) -> None:
        """Keep a question, or change what must answer one that is kept. One without words is not kept."""
        text = masked(question[:LONGEST]).strip()
        if not key(text):
            return
        same, sealed = kept_as(self._sealer, text)

        def write(connection: sa.Connection) -> None:
            connection.execute(regressions.delete().where(regressions.c.same == same))
            values = {"same": same, "question": sealed, "entry_id": entry_id, "who": who, "at": time.time()}
            connection.execute(regressions.insert().values(**values))

        await self._store.write(write)

    async def drop(self, number: int) -> None:
        await self._store.write(lambda c: c.execute(regressions.delete().where(regressions.c.id == number)))

    async def listed(self) -> list[KeptQuestion]:
        """All, the newest first."""
        rows = await self._store.read(lambda c: c.execute(regressions.select().order_by(regressions.c.id.desc())).all())
        return [
            KeptQuestion(
                row.id,
                self._sealer.open_json(row.question, kept_context(row.same)),
                row.entry_id,
                row.who,
                row.at,
            )
            for row in rows
        ]

    async def all(self) -> list[Regression]:
        return [Regression(kept.question, kept.entry_id) for kept in await self.listed()]

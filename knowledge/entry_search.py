"""Which published entries fit a question, and what there is to tell whether the best of them answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.bags import Ints, Vocabulary
from knowledge.bm25 import Floats
from knowledge.decision import Decision, Lean, Signals, decide
from knowledge.entries import Entry
from knowledge.index import Document, Index, Query
from knowledge.meaning import SIZE, Meaning, Side, standard
from knowledge.text import each
from knowledge.wanted import a_case, the_law

#: What nearness of meaning counts beside characters, which count 1: to the nearest question, to the middle of an
#: entry's questions, and to the answer.
ASKED, MIDDLE, ANSWERED = 1.0, 1.0, 0.8
#: How much of the spread of questions within an entry is taken to be the same in all directions.
_EVEN = 0.3
#: Where several fit, a guide entry comes before the note on an article, unless the law is asked for.
LAW_LESS = 3.0
#: An example of a case answers only who asks for one; then it comes before the others, else it is offered behind them.
CASE_MORE, CASE_LESS = 0.5, 1.0
#: What an entry about the matter in hand gains.
OF_MATTER = 0.35
#: How firmly the line between questions answered here and others is held to be simple.
_RIDGE = 30.0
#: Questions of our own that this line is drawn from: more tell it nothing new and take longer.
_DRAWN_FROM = 2000


@dataclass(frozen=True)
class Fit:
    """How well each entry fits, in standard deviations; places of the best, best first; what that means and why.

    `alike`: cosine (0–1) of each of the best with the nearest of its questions, by characters.
    """

    scores: Floats
    order: Sequence[int]
    decision: Decision
    signals: Signals | None = None
    alike: Sequence[float] = ()


class EntrySearch:
    """Immutable; may be asked by many threads at once."""

    def __init__(self, entries: Sequence[Entry], elsewhere: Sequence[str], meaning: Meaning | None = None) -> None:
        """`elsewhere`: normalised questions of other fields. `meaning` must have learnt `texts_of` these."""
        self._entries = entries
        asked = [each(*entry.questions) for entry in entries]
        bodies = [_body(entry) for entry in entries]
        documents = [Document(questions, body) for questions, body in zip(asked, bodies, strict=True)]
        # Questions of other fields stand behind the entries in the index.
        self._index = Index([*documents, *(Document((question,)) for question in elsewhere)])
        count, askers, others = len(entries), sum(map(len, asked)), len(elsewhere)
        self._lean = Lean(
            self._index.vocabulary,
            (self._index.askers(0, count), askers),
            (self._index.askers(count, count + others), others),
        )
        self._is_law = np.asarray([entry.kind == "law" for entry in entries], np.float32)
        self._is_case = np.asarray([entry.kind == "case" for entry in entries], np.float32)
        self._of_matter = {
            matter: np.asarray([matter in entry.matters for entry in entries], np.float32)
            for matter in {matter for entry in entries for matter in entry.matters}
        }
        self._meaning = _Meaning(asked, bodies, elsewhere, meaning) if meaning and entries else None

    @staticmethod
    def texts_of(entries: Sequence[Entry], elsewhere: Sequence[str]) -> dict[Side, list[str]]:
        """What the model of meaning must have learnt for these."""
        questions = [question for entry in entries for question in each(*entry.questions)]
        return {Side.QUESTION: [*questions, *elsewhere], Side.TEXT: [_body(entry) for entry in entries]}

    @property
    def vocabulary(self) -> Vocabulary:
        """What stands in a question or an answer."""
        return self._index.vocabulary

    def find(
        self, query: Query, vector: Floats | None = None, *, matter: str | None = None, among: Floats | None = None
    ) -> Fit:
        """`vector`: the question's meaning. `among`: 1 for every entry that may be given, 0 for the others."""
        count = len(self._entries)
        words, near = self._index.scores(query)
        own = words[:count]
        fit = standard(own)
        meant = self._meaning.near(vector) if self._meaning and vector is not None else None
        if meant:
            fit = fit + ASKED * standard(meant.asked) + MIDDLE * standard(meant.middle)
            fit = fit + ANSWERED * standard(meant.answered)
        if matter in self._of_matter:
            fit = fit + OF_MATTER * self._of_matter[matter]
        if among is not None:
            fit = np.where(among > 0, fit, -np.inf).astype(np.float32)
        with_cases = a_case(query.text)
        liked = fit + (CASE_MORE if with_cases else -CASE_LESS) * self._is_case
        if not the_law(query.text):
            liked = liked - LAW_LESS * self._is_law
        order = [int(at) for at in np.argsort(-liked, kind="stable")[:10] if np.isfinite(fit[at])]
        if not meant:
            order = [at for at in order if own[at] > 0]
        able = [at for at in order if with_cases or not self._is_case[at]]
        if not able:
            return Fit(fit, order, decide(None))
        best, second = able[0], able[1] if len(able) > 1 else None
        order = [best, *(at for at in order if at != best)]
        signals = Signals(
            score=float(own[best]),
            second=float(own[second]) if second is not None else 0.0,
            coverage=self._index.coverage(query, best),
            elsewhere=float(near[count:].max(initial=0.0)),
            lean=self._lean.of(query.said),
            asked=float(meant.asked[best]) if meant else None,
            asked_elsewhere=meant.elsewhere if meant else 0.0,
            side=meant.side if meant else 0.0,
            ahead=float(liked[best] - liked[second]) if second is not None else 1.0,
        )
        return Fit(fit, order, decide(signals), signals, [float(near[at]) for at in order])


@dataclass(frozen=True)
class _Near:
    """Cosines with the nearest question, the middle of the questions and the answer of each entry, with the nearest
    question of other fields; `side`: above 0 if the question is rather one of ours."""

    asked: Floats
    middle: Floats
    answered: Floats
    elsewhere: float
    side: float


class _Meaning:
    def __init__(
        self, asked: Sequence[Sequence[str]], bodies: Sequence[str], elsewhere: Sequence[str], meaning: Meaning
    ) -> None:
        self._questions = meaning.known(Side.QUESTION, [question for questions in asked for question in questions])
        self._bodies = meaning.known(Side.TEXT, bodies)
        self._elsewhere = meaning.known(Side.QUESTION, elsewhere)
        sizes = [len(questions) for questions in asked]
        self._starts = np.cumsum([0, *sizes[:-1]])
        self._middle = self._questions.mean(axis=0)
        self._line = self._draw()
        self._turn, self._middles = self._gather(np.asarray(sizes))

    def near(self, vector: Floats) -> _Near:
        asked = np.maximum.reduceat(self._questions @ vector, self._starts)
        elsewhere = float((self._elsewhere @ vector).max(initial=0.0))
        away = vector - self._middle
        side = float(away @ self._line[:SIZE] + self._line[SIZE])
        turned = away @ self._turn
        middle = self._middles @ (turned / (np.linalg.norm(turned) + 1e-9))
        return _Near(asked, middle, self._bodies @ vector, elsewhere, side)

    def _gather(self, sizes: Ints) -> tuple[Floats, Floats]:
        """The middle of each entry's questions, and the turn of the axes under which ways to ask the same differ alike.

        What tells the questions of one entry apart (dialect, length, politeness) tells nothing about which entry is
        meant: those directions count less (linear discriminant analysis).
        """
        middles = np.add.reduceat(self._questions, self._starts) / sizes[:, None]
        # The spread within entries is the whole one less that of their middles.
        whole = self._questions.T @ self._questions - (middles * sizes[:, None]).T @ middles
        spread = whole / len(self._questions)
        spread = (1 - _EVEN) * spread + _EVEN * np.trace(spread) / SIZE * np.eye(SIZE)
        widths, axes = np.linalg.eigh(spread)
        turn = (axes / np.sqrt(np.maximum(widths, 1e-9))) @ axes.T
        turned = (middles - self._middle) @ turn
        turned /= np.linalg.norm(turned, axis=1, keepdims=True) + 1e-9
        return turn.astype(np.float32), turned.astype(np.float32)

    def _draw(self) -> Floats:
        """The line between our questions (1) and others (-1): least squares, both sides of equal weight."""
        if not len(self._elsewhere):
            return np.zeros(SIZE + 1, np.float32)
        ours = self._questions[:: max(1, len(self._questions) // _DRAWN_FROM)]
        rows = np.concatenate([ours, self._elsewhere]) - self._middle
        rows = np.concatenate([rows, np.ones((len(rows), 1), np.float32)], axis=1).astype(np.float64)
        wanted = np.concatenate([np.ones(len(ours)), -np.ones(len(self._elsewhere))])
        weight = np.concatenate([np.full(len(side), 1 / len(side)) for side in (ours, self._elsewhere)])
        weighted = rows * weight[:, None]
        held = np.eye(SIZE + 1) * _RIDGE * 1e-4
        held[-1, -1] = 0
        return np.linalg.solve(rows.T @ weighted + held, weighted.T @ wanted).astype(np.float32)


def _body(entry: Entry) -> str:
    return each(f"{entry.answer} {entry.longer}")[0]

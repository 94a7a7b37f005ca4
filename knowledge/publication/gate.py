"""The publication gate: what a change would do to all that is answered today.

Every question of every entry is looked at as it stands; the most endangered are also asked inside a sentence, as people
write them; and the kept regression questions are asked. Pure: it reads two libraries and tells what it found.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from knowledge.article_search import ArticleTexts
from knowledge.entries import Entry
from knowledge.laws import LawIndex
from knowledge.library import Library
from knowledge.meaning import Meaning
from knowledge.publication.bodies import key
from knowledge.retrieval import Answer, Knowledge, texts_of
from knowledge.statutes import Statute
from knowledge.text import normalise, tokens

#: How people wrap a question; with this around it a question is searched for instead of looked up.
FRAME = "您好，我想问一下，{}，麻烦了"
#: Most questions of other entries that are asked inside a sentence: those nearest to what changes.
FRAMED = 1200
#: The same where meaning is searched, too, which takes 10 ms each time; and how many texts are learnt for it at most.
FRAMED_BY_MEANING, LEARNT = 300, 200

Progress = Callable[[int, int], None]


class Regression(NamedTuple):
    """A kept question and the entry that must answer it; None: no entry may."""

    question: str
    entry_id: str | None


class Finding(BaseModel):
    """Something the editor should see. `was`, `now`: ids of entries that answer, None where nothing is answered.

    `kind`, blocking — conflict: two entries have the same question. lost: an entry no longer answers its own question.
    taken: the changed entry answers what another one answered. regression: a kept question is answered otherwise.
    citation: an article does not exist. `kind`, to be seen — loose: inside a sentence the entry does not answer its own
    question. changed: inside a sentence, another answer than before or none. kept_before: a kept question that went
    wrong before this change, too.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    question: str
    entry_id: str | None
    was: str | None = None
    now: str | None = None


BLOCKING = frozenset(("conflict", "lost", "taken", "regression", "citation"))


class Report(BaseModel):
    """What a run found. `asked`: questions looked at; `framed`: how many of them also inside a sentence."""

    model_config = ConfigDict(frozen=True)

    blocks: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    asked: int
    framed: int
    kept: int
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.blocks


def structure(after: Library, changed: Set[str], laws: LawIndex) -> list[Finding]:
    """What is wrong whatever is asked: the same question in two entries at one time, articles that do not exist.

    `laws`: which do, those of the imported texts included.
    """
    found: list[Finding] = []
    asked: dict[str, list[tuple[str, Entry]]] = {}
    for _, entry in after.entries:
        for question in entry.questions:
            asked.setdefault(key(question), []).append((question, entry))
    for same in asked.values():
        for (_, one), (question, other) in pairwise(sorted(same, key=lambda item: item[1].id)):
            if one.id != other.id and {one.id, other.id} & changed and _overlap(one, other):
                mine, theirs = (one.id, other.id) if one.id in changed else (other.id, one.id)
                found.append(Finding(kind="conflict", question=question, entry_id=mine, was=theirs))
    for _, entry in after.entries:
        if entry.id in changed:
            for citation in entry.citations:
                if laws.why_not(citation.title, citation.article):
                    name = f"《{citation.title}》{citation.article or ''}"
                    found.append(Finding(kind="citation", question=name, entry_id=entry.id))
    return found


def run(
    before: Library,
    after: Library,
    changed: Set[str],
    regressions: Sequence[Regression],
    day: date,
    progress: Progress = lambda done, total: None,
    statutes: Sequence[Statute] = (),
    meaning: Meaning | None = None,
) -> Report:
    """Compare what is answered on `day` before and after a change of the entries `changed`.

    `statutes`, `meaning`: the imported texts in force and the model, as whoever answers has them.
    `progress(done, total)` is called now and then, at last with both equal.
    """
    texts = ArticleTexts(statutes)
    old, new = (_knowledge(library, day, texts, meaning) for library in (before, after))
    blocks = structure(after, changed, new.laws)
    twice = {key(finding.question) for finding in blocks if finding.kind == "conflict"}
    own = [(text, entry) for entry in new.entries for text in entry.questions if key(text) not in twice]
    mine = [(text, entry) for text, entry in own if entry.id in changed]
    most = FRAMED_BY_MEANING if meaning else FRAMED
    others = _nearest(
        [(text, entry) for text, entry in own if entry.id not in changed], [text for text, _ in mine], most
    )
    # A kept question waits while its entry is not published.
    published = {entry.id for entry in new.entries}
    kept = [one for one in regressions if one.entry_id is None or one.entry_id in published]
    total, done = len(own) + len(mine) + len(others) + len(kept), 0
    notes: list[Finding] = []

    def step(finding: Finding | None) -> None:
        nonlocal done
        done += 1
        if finding:
            (blocks if finding.kind in BLOCKING else notes).append(finding)
        progress(done, total)

    for text, entry in own:
        step(_plain(new, text, entry))
    for text, entry in mine:
        step(_framed_mine(new, text, entry))
    for one in kept:
        step(_kept(old, new, one, changed))
    for text, entry in others:
        step(_framed_other(old, new, text, entry, changed))
    progress(total, total)
    return Report(
        blocks=tuple(blocks), notes=tuple(notes), asked=len(own), framed=len(mine) + len(others), kept=len(kept)
    )


def _plain(new: Knowledge, text: str, entry: Entry) -> Finding | None:
    now = answering(new.ask(text))
    return None if now == entry.id else Finding(kind="lost", question=text, entry_id=entry.id, was=entry.id, now=now)


def _framed_mine(new: Knowledge, text: str, entry: Entry) -> Finding | None:
    now = answering(new.ask(FRAME.format(text)))
    return None if now == entry.id else Finding(kind="loose", question=text, entry_id=entry.id, now=now)


def _framed_other(old: Knowledge, new: Knowledge, text: str, entry: Entry, changed: Set[str]) -> Finding | None:
    asked = FRAME.format(text)
    if (now := answering(new.ask(asked))) == entry.id:
        return None
    if (was := answering(old.ask(asked))) == now:
        return None
    kind = "taken" if was == entry.id and now in changed else "changed"
    return Finding(kind=kind, question=text, entry_id=entry.id, was=was, now=now)


def _kept(old: Knowledge, new: Knowledge, one: Regression, changed: Set[str]) -> Finding | None:
    if (now := answering(new.ask(one.question))) == one.entry_id:
        return None
    was = answering(old.ask(one.question))
    kind = "regression" if was == one.entry_id or one.entry_id in changed else "kept_before"
    return Finding(kind=kind, question=one.question, entry_id=one.entry_id, was=was, now=now)


def answering(answer: Answer) -> str | None:
    """Id of the entry that answers; None where something is offered at most."""
    return answer.entry if answer.answered else None


def _knowledge(library: Library, day: date, statutes: ArticleTexts, meaning: Meaning | None) -> Knowledge:
    """What would answer. Where very much has not been learnt, as at a first start, it is searched by characters."""
    if meaning:
        texts = texts_of(library, day)
        if sum(meaning.missing(side, some) for side, some in texts.items()) <= LEARNT:
            for side, some in texts.items():
                meaning.learn(side, some)
    return Knowledge(library, day, statutes=statutes, meaning=meaning)


def _nearest(own: list[tuple[str, Entry]], texts: Iterable[str], most: int) -> list[tuple[str, Entry]]:
    """At most `most` questions, those first that share the rarest words with `texts`."""
    if len(own) <= most:
        return own
    words = [set(tokens(normalise(text))) for text, _ in own]
    seen = Counter(token for bag in words for token in bag)
    danger = {token for text in texts for token in tokens(normalise(text))}
    weight = {token: math.log(1 + len(own) / seen[token]) for token in danger if token in seen}
    near = [sum(weight[token] for token in bag & weight.keys()) for bag in words]
    order = sorted(range(len(own)), key=lambda place: -near[place])
    return [own[place] for place in order[:most]]


def _overlap(one: Entry, other: Entry) -> bool:
    """Whether both are valid on some day."""
    ends = [entry.valid_to for entry in (one, other) if entry.valid_to]
    return not ends or max(one.valid_from, other.valid_from) <= min(ends)

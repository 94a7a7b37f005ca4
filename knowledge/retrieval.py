"""Questions to the published knowledge: ``Knowledge.load(content, today).ask("只有截图行吗")``."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np

from knowledge.article_search import ALL, ArticleSearch, ArticleTexts, Parts, Ranked
from knowledge.bm25 import Floats
from knowledge.decision import Band
from knowledge.entries import Citation, Entry
from knowledge.entry_search import EntrySearch, Fit
from knowledge.follow_up import goes_on
from knowledge.index import Index, Query
from knowledge.laws import ArticleParser, ArticleRef, LawIndex, article_name
from knowledge.library import Library, read_library
from knowledge.meaning import Meaning, Side
from knowledge.sounds import Sounds
from knowledge.statutes import Statute
from knowledge.text import bare, each, normalise
from knowledge.wanted import any_case

__all__ = ["Answer", "Knowledge", "Ranked"]

#: How many questions are offered when it is not clear what is meant.
OFFERED = 3
#: What the question before counts beside the one that goes on from it.
BEFORE = 0.6
#: Characters of an article that are quoted: two bubbles on a phone.
QUOTED = 180
#: Up to this many characters there is little to judge a question by, and what it stands in is offered; how sure.
SHORT, OFFER = 4, 0.1
#: A rank needs the fit of entries in the same measure: two of three searches make it up.
_HALF = 0.5


@dataclass(frozen=True)
class Answer:
    """What is known about a question.

    `answered`: `answer` is a published answer and `citations` is what it rests on. Otherwise `answer` says honestly
    that there is none, `citations` is empty and `suggestions` are questions to ask instead (at most 3, perhaps none).
    `entry`: id of the entry that answers, or that comes nearest if something is suggested. `score`: 0–1, 0.5 and more
    is answered. `ms`: time taken. `ranked`: as many articles as were asked for, best first.
    """

    answered: bool
    answer: str
    citations: list[Citation]
    entry: str | None
    score: float
    ms: float
    ranked: list[Ranked] = field(default_factory=list)
    suggestions: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Look:
    """`read`: the question as it is compared. `hints`: what lexicon and sound add. `same`: it stands in an entry.

    `article`: an article is named.
    """

    read: str
    hints: tuple[str, ...]
    same: bool
    article: bool
    fit: Fit


class Knowledge:
    """The entries valid on one day. Immutable; may be asked by many threads at once."""

    def __init__(
        self,
        library: Library,
        today: date,
        *,
        statutes: Sequence[Statute] | ArticleTexts = (),
        meaning: Meaning | None = None,
    ) -> None:
        """`statutes`: the imported texts in force. `meaning` is used as far as it has learnt `texts_of` all this."""
        texts = statutes if isinstance(statutes, ArticleTexts) else ArticleTexts(statutes)
        self._entries = [entry for _, entry in library.entries if entry.valid(today) and entry.status != "repealed"]
        self._laws = library.laws.with_texts(texts.statutes)
        self._lexicon, self._sayings = library.lexicon, library.sayings
        self._articles = ArticleParser(self._laws, library.aliases)
        self._notes = {_about(entry): entry for entry in self._entries if entry.kind == "law"}
        self._texts = texts.texts
        noted = {_about(entry) for _, entry in library.entries if entry.kind == "law"}
        self._withdrawn = noted - set(self._notes) - set(self._texts)
        elsewhere = each(*library.elsewhere)
        self._asked = {bare(question): entry for entry in self._entries for question in each(*entry.questions)}
        self._meaning = meaning if meaning and _learnt(meaning, texts_of(library, today)) else None
        self._search = EntrySearch(self._entries, elsewhere, self._meaning)
        known = self._meaning is not None and not self._meaning.missing(Side.TEXT, list(self._texts.values()))
        others = [ref for ref in self._cited() if ref not in self._texts]
        self._ranking = ArticleSearch(texts, self._entries, others, self._meaning if known else None)
        self._sounds = Sounds(self._search.vocabulary)
        self._filters = _filters(self._entries)
        self._at_step: dict[tuple[str, str], list[Entry]] = {}
        for entry in self._entries:
            for place in product(entry.matters or ("",), entry.steps):
                self._at_step.setdefault(place, []).append(entry)

    @classmethod
    def load(
        cls,
        content_dir: Path,
        today: date,
        *,
        statutes: Sequence[Statute] = (),
        meaning: Meaning | None = None,
    ) -> Knowledge:
        """Read `content_dir` without what is not valid on `today`. Raises ContentError with every problem found."""
        return cls(read_library(content_dir), today, statutes=statutes, meaning=meaning)

    @property
    def laws(self) -> LawIndex:
        """Which articles exist, those of the imported texts included."""
        return self._laws

    @property
    def entries(self) -> Sequence[Entry]:
        """What can be cited today."""
        return tuple(self._entries)

    def entry(self, entry_id: str) -> Entry | None:
        return next((entry for entry in self._entries if entry.id == entry_id), None)

    def at_step(self, matter: str, step: str, *, role: str | None = None) -> Entry | None:
        """What helps somebody who hesitates at this element: of this matter before what is of all, a case first."""
        held = [entry for of in (matter, "") for entry in self._at_step.get((of, step), ())]
        able = [entry for entry in held if entry.meant_for(role, None)]
        return min(able, key=lambda entry: (not entry.matters, entry.kind != "case"), default=None)

    def ask(
        self,
        text: str,
        *,
        matter: str | None = None,
        role: str | None = None,
        channel: str | None = None,
        before: str | None = None,
        ranked: int = 0,
        parts: Parts = ALL,
    ) -> Answer:
        """The answer to `text`, whatever that is: its first 500 characters are read. Raises nothing.

        `matter`: id of what is being reported, whose entries are preferred a little. `role`, `channel`: entries meant
        for others are left out. `before`: the question asked before, from which this one may go on (那多久呢).
        `ranked`: how many articles to rank; `parts` of that ranking that take part.
        """
        started = time.perf_counter()
        said = normalise(text)
        ref = self._articles.find(said)
        fit = query = vector = None
        if same := self._asked.get(bare(said)):
            told = self._same(same, role, channel)
        elif ref:
            told = self._article(ref, role, channel)
        else:
            told = self._unnamed(said) or self._example(said, matter, role, channel)
        if told is None or ranked > 0:
            query, vector = self._query(said), self._vector(said)
            fit = self._search.find(query, vector, matter=matter, among=self._among(role, channel))
        if told is None and fit:
            told = self._told(fit)
            if told.entry_id is None and len(said) <= SHORT:
                told = self._beginning(said, role, channel) or told
            if before and not told.answered and goes_on(said):
                told = self._going_on(said, before, matter, role, channel) or told
        told = told or _Told(False, self._sayings.unknown)
        articles = self._rank(query, said, vector, fit, ref, ranked, parts) if query and fit else []
        return Answer(
            answered=told.answered,
            answer=told.text,
            citations=told.rests_on if told.answered else [],
            entry=told.entry_id,
            score=told.score,
            ms=(time.perf_counter() - started) * 1000,
            ranked=articles,
            suggestions=told.suggestions,
        )

    def look(self, text: str) -> Look:
        """What is found for a question on the way to its answer."""
        said = normalise(text)
        named = self._articles.find(said) or self._articles.bare(said)
        fit = self._search.find(self._query(said), self._vector(said))
        hints = (*self._lexicon.expand(said), *self._sounds.meant(said))
        return Look(said, hints, bare(said) in self._asked, bool(named), fit)

    def _query(self, said: str, more: str = "") -> Query:
        heard = self._sounds.meant(said)
        query = Index.query(said, [*self._lexicon.expand(said), *heard])
        if not more:
            return query
        earlier = Index.query(more, self._lexicon.expand(more))
        said_before, all_before = (
            {token: BEFORE * weight for token, weight in words.items()} for words in (earlier.said, earlier.all)
        )
        return Query(f"{more}，{said}", said_before | dict(query.said), all_before | dict(query.all))

    def _vector(self, said: str) -> Floats | None:
        return self._meaning.of(said) if self._meaning and said else None

    def _among(self, role: str | None, channel: str | None) -> Floats | None:
        masks = [_mask(self._filters, "role", role), _mask(self._filters, "channel", channel)]
        some = [mask for mask in masks if mask is not None]
        return np.minimum.reduce(some) if some else None

    def _same(self, entry: Entry, role: str | None, channel: str | None) -> _Told | None:
        return _told(entry) if entry.meant_for(role, channel) else None

    def _going_on(
        self, said: str, before: str, matter: str | None, role: str | None, channel: str | None
    ) -> _Told | None:
        """Both questions together; None if that is not answered either."""
        earlier = normalise(before)
        vector = self._vector(f"{earlier}，{said}")
        fit = self._search.find(self._query(said, earlier), vector, matter=matter, among=self._among(role, channel))
        told = self._told(fit)
        return told if told.answered else None

    def _beginning(self, said: str, role: str | None, channel: str | None) -> _Told | None:
        """A word or two (多久): the shortest questions with them, as there is nothing to tell which is meant."""
        word = bare(said)
        having = [entry for entry in self._entries if entry.kind == "guide" and entry.meant_for(role, channel)]
        having = [entry for entry in having if len(word) > 1 and word in bare(normalise(entry.question))]
        offered = sorted(having, key=lambda entry: len(entry.question))[:OFFERED]
        if not offered:
            return None
        return _Told(False, self._sayings.did_you_mean, offered[0].id, OFFER, [entry.question for entry in offered])

    def _told(self, fit: Fit) -> _Told:
        if fit.decision.band is Band.UNKNOWN or not fit.order:
            return _Told(False, self._sayings.unknown, None, fit.decision.confidence)
        entry = self._entries[fit.order[0]]
        if fit.decision.band is Band.ANSWER:
            return _told(entry, fit.decision.confidence)
        offered = [self._entries[at].question for at in fit.order[:OFFERED]]
        return _Told(False, self._sayings.did_you_mean, entry.id, fit.decision.confidence, offered)

    def _article(self, ref: ArticleRef, role: str | None, channel: str | None) -> _Told:
        """An article named with its law: its note, its own words, or why there is neither and what comes near."""
        if (note := self._notes.get(ref)) and note.meant_for(role, channel):
            return _told(note)
        law = self._laws.laws.get(ref.law)
        if text := self._texts.get(ref):
            said = self._sayings.article_text.format(law=ref.law, article=ref.article, last="", text=_cut(text))
            return _Told(True, said, f"{ref.law}{ref.article}", 1.0, [], [Citation(title=ref.law, article=ref.article)])
        related = [entry for entry in self._entries if _touches(entry, ref) and entry.meant_for(role, channel)]
        if law and not self._laws.exists(*ref):
            say = self._sayings.no_such_article
        else:
            say = self._sayings.no_note if law else self._sayings.not_proved
        said = say.format(law=ref.law, article=ref.article, last=article_name(law.last) if law else "")
        nearest = related[0].id if related else None
        return _Told(False, said, nearest, 0.0, [entry.question for entry in related[:OFFERED]])

    def _unnamed(self, said: str) -> _Told | None:
        """第1195条 alone: which law is meant."""
        article = self._articles.bare(said)
        if article is None:
            return None
        offered = [f"{ref.law}{ref.article}" for ref in self._notes if ref.article == article]
        return _Told(
            False, self._sayings.which_law.format(law="", article=article, last=""), None, 0.0, offered[:OFFERED]
        )

    def _example(self, said: str, matter: str | None, role: str | None, channel: str | None) -> _Told | None:
        """有例子吗, in the middle of a report: one of its matter, first one that staff hold ready for its steps."""
        if not matter or not any_case(said):
            return None
        cases = [entry for entry in self._entries if entry.case and matter in entry.matters]
        cases = sorted((entry for entry in cases if entry.meant_for(role, channel)), key=lambda entry: not entry.steps)
        return _told(cases[0]) if cases else None

    def _cited(self) -> list[ArticleRef]:
        """Articles that entries rest on, each once, without those whose note is withdrawn."""
        cited = (ArticleRef(c.title, c.article) for entry in self._entries for c in entry.citations if c.article)
        return [ref for ref in dict.fromkeys(cited) if ref not in self._withdrawn]

    def _rank(
        self, query: Query, said: str, vector: Floats | None, fit: Fit, ref: ArticleRef | None, most: int, parts: Parts
    ) -> list[Ranked]:
        if most <= 0:
            return []
        fits = np.where(np.isfinite(fit.scores), fit.scores * _HALF, 0.0).astype(np.float32)
        found = self._ranking.rank(query, said, vector, fits, most + 1, parts)
        if ref and ref not in self._withdrawn and self._laws.exists(*ref):
            best = found[0].score if found else 0.0
            found = [Ranked(*ref, best + 1.0), *(item for item in found if item[:2] != ref)]
        return found[:most]


def texts_of(library: Library, today: date, statutes: Sequence[Statute] = ()) -> dict[Side, list[str]]:
    """What the model of meaning must have learnt for this content, and for the articles of these statutes."""
    entries = [entry for _, entry in library.entries if entry.valid(today) and entry.status != "repealed"]
    texts = EntrySearch.texts_of(entries, each(*library.elsewhere))
    articles = [article.text for statute in statutes for article in statute.articles]
    return {**texts, Side.TEXT: [*texts[Side.TEXT], *articles]}


def _learnt(meaning: Meaning, texts: Mapping[Side, Sequence[str]]) -> bool:
    return not any(meaning.missing(side, some) for side, some in texts.items())


def _told(entry: Entry, score: float = 1.0) -> _Told:
    return _Told(True, entry.answer, entry.id, score, [], list(entry.citations))


def _cut(text: str) -> str:
    """The beginning of an article, to the end of a sentence where one fits."""
    if len(text) <= QUOTED:
        return text
    end = max(text.rfind(mark, QUOTED // 2, QUOTED) for mark in "。；\n")
    return f"{text[: end + 1 if end > 0 else QUOTED].rstrip()}……"


def _filters(entries: Sequence[Entry]) -> dict[tuple[str, str], Floats]:
    """For every role and channel that any entry names: 1 where an entry is for it, 0 where it is for others; under ""
    the same for one that no entry names."""
    wanted: set[tuple[str, str]] = {("role", role) for entry in entries for role in ("", *entry.roles)}
    wanted |= {("channel", channel) for entry in entries for channel in ("", *entry.channels)}
    found = {}
    for kind, name in wanted:
        of = (name, None) if kind == "role" else (None, name)
        found[kind, name] = np.asarray([entry.meant_for(*of) for entry in entries], np.float32)
    return found


def _mask(filters: Mapping[tuple[str, str], Floats], kind: str, name: str | None) -> Floats | None:
    """None if nothing is left out."""
    return None if name is None else filters.get((kind, name), filters.get((kind, "")))


@dataclass(frozen=True)
class _Told:
    answered: bool
    text: str
    entry_id: str | None = None
    score: float = 0.0
    suggestions: list[str] = field(default_factory=list)
    rests_on: list[Citation] = field(default_factory=list)


def _about(note: Entry) -> ArticleRef:
    """The one article of a law note."""
    return ArticleRef(note.citations[0].title, note.citations[0].article or "")


def _touches(entry: Entry, ref: ArticleRef) -> bool:
    """Whether an entry cites the article, or says that its own article had this number before."""
    if Citation(title=ref.law, article=ref.article) in entry.citations:
        return True
    return entry.kind == "law" and _about(entry).law == ref.law and f"修改前是{ref.article}" in (entry.more or "")

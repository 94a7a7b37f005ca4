"""Questions to the published knowledge: ``Knowledge.load(content, today).ask("只有截图行吗")``."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from knowledge.decision import Band, Lean, Signals, decide
from knowledge.entries import Citation, Entry
from knowledge.index import Document, Hit, Index, Query
from knowledge.laws import ArticleParser, ArticleRef, article_name
from knowledge.library import Library, read_library
from knowledge.text import bare, normalise

#: How many questions are offered when it is not clear what is meant.
OFFERED = 3
#: What an entry about the matter in hand gains; what an article counts that a guide entry cites, beside a law note's.
OF_MATTER, CITED = 1.08, 0.6


class Ranked(NamedTuple):
    """An article and how well it fits a question; `score` is BM25 and only compares within one answer."""

    law: str
    article: str
    score: float


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


class Knowledge:
    """The entries valid on one day. Immutable; may be asked by many threads at once."""

    def __init__(self, library: Library, today: date) -> None:
        self._entries = [entry for _, entry in library.entries if entry.valid(today) and entry.status != "repealed"]
        self._laws, self._lexicon, self._sayings = library.laws, library.lexicon, library.sayings
        self._articles = ArticleParser(library.laws, library.aliases)
        self._notes = {_about(entry): entry for entry in self._entries if entry.kind == "law"}
        self._withdrawn = {_about(entry) for _, entry in library.entries if entry.kind == "law"} - set(self._notes)
        questions = [tuple(normalise(question) for question in entry.questions) for entry in self._entries]
        elsewhere = [normalise(question) for question in library.elsewhere]
        documents = [
            Document(asked, normalise(f"{entry.answer} {entry.longer}"))
            for asked, entry in zip(questions, self._entries, strict=True)
        ]
        self._asked = {
            bare(question): entry for entry, asked in zip(self._entries, questions, strict=True) for question in asked
        }
        # Questions of other fields stand behind the entries in the index.
        self._index = Index([*documents, *(Document((question,)) for question in elsewhere)])
        self._lean = Lean((question for asked in questions for question in asked), elsewhere)

    @classmethod
    def load(cls, content_dir: Path, today: date) -> Knowledge:
        """Read `content_dir` without what is not valid on `today`. Raises ContentError with every problem found."""
        return cls(read_library(content_dir), today)

    @property
    def entries(self) -> Sequence[Entry]:
        """What can be cited today."""
        return tuple(self._entries)

    def ask(self, text: str, *, matter: str | None = None, ranked: int = 0) -> Answer:
        """The answer to `text`, whatever that is: its first 500 characters are read. Raises nothing.

        `matter`: id of what is being reported, whose entries are preferred a little. `ranked`: how many articles to
        rank.
        """
        started = time.perf_counter()
        said = normalise(text)
        query = Index.query(said, self._lexicon.expand(said))
        hits = self._index.search(query)
        ours = self._prefer([hit for hit in hits if hit.document < len(self._entries)], matter)
        ref = self._articles.find(said)
        if same := self._asked.get(bare(said)):
            told = _Told(True, same.answer, same, 1.0)
        elif ref:
            told = self._article(ref)
        else:
            told = self._unnamed(said) or self._search(query, ours, hits)
        articles = self._rank(ours, ref)[:ranked] if ranked > 0 else []
        return Answer(
            answered=told.answered,
            answer=told.text,
            citations=list(told.entry.citations) if told.answered and told.entry else [],
            entry=told.entry.id if told.entry else None,
            score=told.score,
            ms=(time.perf_counter() - started) * 1000,
            ranked=articles,
            suggestions=told.suggestions,
        )

    def _prefer(self, hits: list[Hit], matter: str | None) -> list[Hit]:
        if matter is None:
            return hits
        weighed = [
            hit._replace(score=hit.score * OF_MATTER) if matter in self._entries[hit.document].matters else hit
            for hit in hits
        ]
        return sorted(weighed, key=lambda hit: -hit.score)

    def _search(self, query: Query, ours: list[Hit], hits: list[Hit]) -> _Told:
        if not ours:
            return _Told(False, self._sayings.unknown)
        best = ours[0]
        decision = decide(
            Signals(
                score=best.score,
                second=ours[1].score if len(ours) > 1 else 0.0,
                coverage=self._index.coverage(query, best.document),
                elsewhere=max((hit.question for hit in hits if hit.document >= len(self._entries)), default=0.0),
                lean=self._lean.of(query.said),
            )
        )
        entry = self._entries[best.document]
        if decision.band is Band.ANSWER:
            return _Told(True, entry.answer, entry, decision.confidence)
        if decision.band is Band.UNKNOWN:
            return _Told(False, self._sayings.unknown, None, decision.confidence)
        offered = [self._entries[hit.document].question for hit in ours[:OFFERED]]
        return _Told(False, self._sayings.did_you_mean, entry, decision.confidence, offered)

    def _article(self, ref: ArticleRef) -> _Told:
        """An article named with its law: its note, or why there is none and what comes near."""
        if note := self._notes.get(ref):
            return _Told(True, note.answer, note, 1.0)
        related = [entry for entry in self._entries if _touches(entry, ref)]
        law = self._laws.laws.get(ref.law)
        if law and not self._laws.exists(*ref):
            text = self._sayings.no_such_article
        else:
            text = self._sayings.no_note if law else self._sayings.not_proved
        said = text.format(law=ref.law, article=ref.article, last=article_name(law.last) if law else "")
        nearest = related[0] if related else None
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

    def _rank(self, hits: list[Hit], ref: ArticleRef | None) -> list[Ranked]:
        scores: dict[ArticleRef, float] = defaultdict(float)
        for hit in hits:
            entry = self._entries[hit.document]
            share = 1.0 if entry.kind == "law" else CITED
            for place, citation in enumerate(entry.citations):
                if citation.article:
                    found = ArticleRef(citation.title, citation.article)
                    scores[found] = max(scores[found], share * hit.score / (1 + 0.1 * place))
        for gone in self._withdrawn:
            scores.pop(gone, None)
        if ref and ref not in self._withdrawn and self._laws.exists(*ref):
            scores[ref] = max(scores.values(), default=0.0) + 1.0
        return [Ranked(*found, round(score, 4)) for found, score in sorted(scores.items(), key=lambda item: -item[1])]


@dataclass(frozen=True)
class _Told:
    answered: bool
    text: str
    entry: Entry | None = None
    score: float = 0.0
    suggestions: list[str] = field(default_factory=list)


def _about(note: Entry) -> ArticleRef:
    """The one article of a law note."""
    return ArticleRef(note.citations[0].title, note.citations[0].article or "")


def _touches(entry: Entry, ref: ArticleRef) -> bool:
    """Whether an entry cites the article, or says that its own article had this number before."""
    if Citation(title=ref.law, article=ref.article) in entry.citations:
        return True
    return entry.kind == "law" and _about(entry).law == ref.law and f"修改前是{ref.article}" in (entry.more or "")

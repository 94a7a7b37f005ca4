"""Which articles of the laws fit a question: their own words, their meaning, and what is written about them.

An article speaks its own language; people ask in another. So what the published entries say in everyday words about
an article is searched as if it stood in it, an entry that fits lifts the articles it cites, and laws that the entries
often rest on are a little more likely.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from knowledge.bags import cut
from knowledge.bm25 import Floats, Postings, rarity
from knowledge.entries import Entry
from knowledge.index import Query
from knowledge.laws import ArticleRef
from knowledge.meaning import Meaning, Side, standard
from knowledge.statutes import Statute
from knowledge.text import each, pieces, whole

K1, B = 1.2, 0.75
#: What the entries' words about an article count beside its own.
NOTES = 0.8
#: What meaning, entries and the law count beside characters, which count 1. Measured in docs/decisions/0008.
MEANING, ENTRIES, LAW = 5.0, 1.0, 1.0
#: The same without the model.
ENTRIES_ALONE, LAW_ALONE = 0.5, 0.3
#: What an article counts that a guide entry or a case cites, beside one that a note is about; less for each further.
CITED, FURTHER = 0.6, 0.2


class Ranked(NamedTuple):
    """An article and how well it fits a question; `score` only compares within one answer."""

    law: str
    article: str
    score: float


class Parts(NamedTuple):
    """Which parts take part in a ranking; all of them, except where their worth is measured."""

    notes: bool = True
    entries: bool = True
    meaning: bool = True
    law: bool = True


ALL = Parts()


class ArticleTexts:
    """The articles of the imported laws, made ready to be searched once for many editions of the entries. Immutable."""

    def __init__(self, statutes: Sequence[Statute] = ()) -> None:
        self.statutes = tuple(statutes)
        self.texts = {ArticleRef(s.law, article.number): article.text for s in statutes for article in s.articles}
        self.words = _Words([whole(text) for text in self.texts.values()], range(len(self.texts)), len(self.texts))


class ArticleSearch:
    """Immutable; may be asked by many threads at once."""

    def __init__(
        self, own: ArticleTexts, entries: Sequence[Entry], others: Sequence[ArticleRef], meaning: Meaning | None = None
    ) -> None:
        """`others`: articles without a text here, which only entries speak of. `meaning` must know the texts."""
        self.refs = [*own.texts, *others]
        self._own, self._plain = len(own.texts), own.words
        place = {ref: at for at, ref in enumerate(self.refs)}
        about: list[tuple[int, str]] = []
        links: list[tuple[int, int, float]] = []
        for number, entry in enumerate(entries):
            for order, citation in enumerate(entry.citations):
                at = place.get(ArticleRef(citation.title, citation.article or ""))
                if at is None:
                    continue
                links.append((number, at, 1.0 if entry.kind == "law" else CITED / (1 + FURTHER * order)))
                if entry.kind == "law":
                    said = (*each(*entry.questions), whole(entry.answer), whole(entry.longer))
                    about += [(at, text) for text in said]
        self._notes = _Words([text for _, text in about], [at for at, _ in about], len(self.refs))
        self._from = np.asarray([number for number, _, _ in links], np.int32)
        self._to = np.asarray([at for _, at, _ in links], np.int32)
        self._share = np.asarray([share for *_, share in links], np.float32)
        cited = Counter(self.refs[at].law for _, at, _ in links)
        self._law = np.asarray([math.log1p(cited[ref.law]) for ref in self.refs], np.float32)
        self._vectors = meaning.known(Side.TEXT, list(own.texts.values())) if meaning and own.texts else None

    def __len__(self) -> int:
        return len(self.refs)

    def rank(
        self, query: Query, text: str, vector: Floats | None, entries: Floats, most: int, parts: Parts = ALL
    ) -> list[Ranked]:
        """The best `most` articles. `text`: normalised; `vector`: its meaning; `entries`: how well each entry fits, in
        standard deviations."""
        if not self.refs or most <= 0:
            return []
        total = self._score(query, text, vector, entries, parts)
        most = min(most, len(total))
        best = np.argpartition(-total, most - 1)[:most]
        best = best[np.lexsort((best, -total[best]))]
        return [Ranked(self.refs[at].law, self.refs[at].article, round(float(total[at]), 4)) for at in best]

    def _score(self, query: Query, text: str, vector: Floats | None, entries: Floats, parts: Parts) -> Floats:
        said = np.zeros(len(self.refs), np.float32)
        said[: self._own] = self._plain.scores(text, query)
        if parts.notes:
            said += NOTES * self._notes.scores(text, query)
        total = standard(said)
        with_meaning = vector is not None and self._vectors is not None and parts.meaning
        if with_meaning and vector is not None and self._vectors is not None:
            total[: self._own] += MEANING * standard(self._vectors @ vector)
        if parts.entries and self._to.size:
            lifted = np.zeros(len(self.refs), np.float32)
            np.maximum.at(lifted, self._to, np.maximum(entries[self._from], 0) * self._share)
            total = total + (ENTRIES if with_meaning else ENTRIES_ALONE) * lifted
        if parts.law:
            total = total + (LAW if with_meaning else LAW_ALONE) * self._law
        return np.asarray(total, np.float32)


class _Words:
    """BM25 over all characters and pairs."""

    def __init__(self, texts: Sequence[str], articles: Sequence[int], count: int) -> None:
        """Normalised texts, and of each the number of the article, among `count`, that it is of or about."""
        found = cut(texts, everything=True)
        owners = np.asarray(articles, np.int64)[found.owners]
        self._postings = Postings(found._replace(owners=owners), count, k1=K1, b=B)
        self._idf, _ = rarity(self._postings.having(np.arange(count, dtype=np.int32)), count)

    def scores(self, text: str, query: Query) -> Floats:
        weights = dict.fromkeys(pieces(text), 1.0)
        # What the lexicon adds, and what was typed with another character of the same sound.
        weights |= {
            token: weight for token, weight in query.all.items() if token not in weights and token not in query.said
        }
        numbers = self._postings.vocabulary.numbers(weights)
        known = zip(numbers.tolist(), weights.values(), strict=True)
        return self._postings.scores([(number, weight * self._idf[number]) for number, weight in known if number >= 0])

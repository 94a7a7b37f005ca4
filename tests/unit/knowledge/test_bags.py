"""Cutting many texts at once gives what cutting each of them gives, and scores are BM25's."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.bags import MOST, Tokens, cut
from knowledge.bm25 import Postings, rarity
from knowledge.text import normalise, pieces, tokens, whole

#: Empty words, others, both ends of the blocks, letters, digits, and what stands between.
LETTERS = "的了我举报截图证据链接\u3400\u9fff\uf900\U00020000\U0003134fabz019 ，。!\n\u0e01é\ud800"
TEXTS = st.lists(st.text(LETTERS, max_size=40).map(normalise), max_size=8)


@given(TEXTS)
def test_cut_as_one_by_one(texts: list[str]) -> None:
    _same(texts, cut(texts), [tokens(text) for text in texts])
    _same(texts, cut(texts, everything=True), [pieces(text) for text in texts])


def test_articles_are_cut_across_their_lines() -> None:
    texts = [whole("第一条　为了保护\n公民App个人信息。"), "", whole("公民")]
    _same(texts, cut(texts, everything=True), [pieces(text) for text in texts])


def _same(texts: list[str], found: Tokens, wanted: list[list[str]]) -> None:
    postings = Postings(found, len(texts), k1=1.2, b=0.75)
    seen = {token for bag in wanted for token in bag}
    assert len(postings.vocabulary) == len(seen)
    assert Counter(found.owners.tolist()) == Counter({at: len(bag) for at, bag in enumerate(wanted) if bag})
    assert set(postings.vocabulary.pairs()) == {token for token in seen if len(token) == 2 and not token.isascii()}
    for token in seen:
        (number,) = postings.vocabulary.numbers([token])
        assert [postings.has(number, at) for at in range(len(texts))] == [token in bag for bag in wanted]


@given(TEXTS.filter(lambda texts: any(map(tokens, texts))))
def test_scores_are_those_of_the_formula(texts: list[str]) -> None:
    bags = [Counter(tokens(text)) for text in texts]
    postings = Postings(cut(texts), len(texts), k1=1.2, b=0.75)
    having = postings.having(np.arange(len(texts), dtype=np.int32))
    idf, unknown = rarity(having, len(texts))
    assert unknown > idf.max()
    asked = list(dict.fromkeys(token for bag in bags for token in bag))[:5]
    numbers = postings.vocabulary.numbers(asked).tolist()
    mean = max(sum(map(Counter.total, bags)) / len(bags), 1.0)
    for at, bag in enumerate(bags):
        score = 0.0
        for token in asked:
            n = sum(token in other for other in bags)
            rare = math.log(1 + (len(bags) - n + 0.5) / (n + 0.5))
            held = 1.2 * (0.25 + 0.75 * bag.total() / mean)
            score += rare * bag[token] * 2.2 / (bag[token] + held) if bag[token] else 0.0
        found = postings.scores([(number, float(idf[number])) for number in numbers])
        assert found[at] == pytest.approx(score, rel=1e-4)
        hits = postings.hits([(number, 1.0) for number in numbers])
        assert hits[at] == sum(token in bag for token in asked)
    assert postings.sums(np.ones(len(having), np.float32)).tolist() == [len(bag) for bag in bags]


def test_owners_are_counted_once_and_strangers_not_at_all() -> None:
    postings = Postings(cut(["截图", "截图", "链接", "证据"]), 4, k1=1.2, b=0.75)
    having = postings.having(np.asarray([0, 0, 1, -1], np.int32))
    numbers = postings.vocabulary.numbers(["截图", "链接", "证据", "没有"])
    assert [int(having[number]) for number in numbers[:3]] == [1, 1, 0]
    assert numbers[3] == -1


def test_nothing_at_all() -> None:
    postings = Postings(cut([]), 0, k1=1.2, b=0.75)
    assert len(postings.vocabulary) == 0
    assert postings.vocabulary.numbers(["截图"]).tolist() == [-1]
    assert postings.scores([]).size == 0


def test_more_texts_than_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="more than one index can hold"):
        Postings(cut([]), MOST, k1=1.2, b=0.75)

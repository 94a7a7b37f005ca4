"""Texts and signs as rows of numbers that the judges learn from."""

from typing import List, Optional, Tuple

import numpy as np
import scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.brain.embedding import Embedder

#: Characters that are looked at: what a message is about shows at its beginning and end.
HEAD, TAIL = 260, 90
#: How strongly the embedding (unit length, centred) counts beside the n-grams (unit length); see docs/decisions/0004.
EMBEDDING_WEIGHT = 1.0
#: How strongly each sign counts.
SIGN_WEIGHT = 0.5
#: How the sign begins that names the step.
STEP_SIGN = "s="


def focus(text: str) -> str:
    """The part of a text that is classified. A 5,000-character story costs no more than a short one."""
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + " " + text[-TAIL:]


def character_grams() -> TfidfVectorizer:
    """One to four characters in a row, misspellings included, as columns still to be learnt."""
    return TfidfVectorizer(
        analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True, max_features=60000, dtype=np.float32
    )


class Features:
    """Texts → one sparse row each: characters, and beside them the embedding where it is wanted."""

    def __init__(self) -> None:
        self._grams = character_grams()
        self._mean: Optional[np.ndarray] = None
        # One message is asked about several times.
        self._last: Tuple[str, Optional[scipy.sparse.csr_matrix]] = ("", None)

    def fit(self, texts: List[str]) -> scipy.sparse.csr_matrix:
        """Learn the n-grams of all texts; their rows."""
        return self._grams.fit_transform(texts)

    def fit_meaning(self, texts: List[str], embedder: Embedder) -> Optional[np.ndarray]:
        """Learn the embeddings' centre; the texts' vectors (n, 384), or None without a model."""
        if not embedder.works:
            return None
        vectors = embedder.many(texts)
        self._mean = vectors.mean(axis=0)
        return self._centred(vectors)

    def grams(self, text: str) -> scipy.sparse.csr_matrix:
        """The text's row (1, n-grams)."""
        known, row = self._last
        if row is None or known != text:
            row = self._grams.transform([text])
            self._last = text, row
        return row

    def forget(self) -> None:
        """Keep nothing of what was looked at last."""
        self._last = "", None

    def meaning(self, text: str, embedder: Embedder) -> Optional[np.ndarray]:
        """The text's vector (1, 384), or None without a model."""
        return None if self._mean is None else self._centred(embedder.one(text)[None, :])

    @staticmethod
    def both(grams: scipy.sparse.csr_matrix, vectors: Optional[np.ndarray]) -> scipy.sparse.csr_matrix:
        if vectors is None:
            return grams
        return scipy.sparse.hstack([grams, scipy.sparse.csr_matrix(vectors * EMBEDDING_WEIGHT)], format="csr")

    def _centred(self, vectors: np.ndarray) -> np.ndarray:
        # e5 vectors all lie close together: only what differs from their mean carries meaning.
        centred = vectors - self._mean
        return centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9)


class SignSpace:
    """Names of signs → sparse columns."""

    def fit(self, signs: List[List[str]]) -> scipy.sparse.csr_matrix:
        self._columns = {name: i for i, name in enumerate(sorted({name for row in signs for name in row}))}
        self._steps = [name for name in self._columns if name.startswith(STEP_SIGN)]
        return scipy.sparse.vstack([self.one(row) for row in signs], format="csr")

    def one(self, signs: List[str]) -> scipy.sparse.csr_matrix:
        known = sorted({self._columns[name] for name in signs if name in self._columns})
        values = np.full(len(known), SIGN_WEIGHT, dtype=np.float32)
        return scipy.sparse.csr_matrix((values, known, [0, len(known)]), shape=(1, len(self._columns)))

    def steps(self, signs: List[str]) -> np.ndarray:
        """Which step it is, as a vector that stands beside an embedding."""
        return np.array([SIGN_WEIGHT / 2 * (name in signs) for name in self._steps], dtype=np.float32)

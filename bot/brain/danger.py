"""How much a message sounds like danger to life or safety.

A linear model over characters hears the words; a small net over the sentence embedding hears what is meant without
them. Idioms of anger are taken out first: 急死了 and 死也不道歉 have the words of danger and none of it.
"""

import re
import warnings
from typing import Callable, List, Optional

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

#: What stands for an idiom in the text that is listened to.
IDIOM = "〇"
#: How much the net over the embedding counts beside the characters.
MEANING = 0.5
#: So unlikely by characters that no meaning could make it likely.
FAR = 0.01
#: The net: neurons, how often it sees the examples, and how far embeddings of unit length are stretched for it.
NEURONS, ROUNDS, STRETCH = 64, 20, 8.0


class Danger:
    """`idioms`: what is taken out of a text first."""

    def __init__(self, idioms: "re.Pattern[str]") -> None:
        self._idioms = idioms
        self._grams = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True, max_features=60000, dtype=np.float32
        )
        self._words = LogisticRegression(C=8.0, max_iter=90, class_weight="balanced")
        self._meaning: Optional[MLPClassifier] = None

    def fit(self, texts: List[str], danger: List[bool], free: List[int], vectors: Optional[np.ndarray]) -> None:
        """`vectors` (len(free), 384): embeddings of the texts numbered in `free`."""
        self._words.fit(self._grams.fit_transform([self._heard(text) for text in texts]), danger)
        if vectors is not None:
            self._meaning = MLPClassifier(
                (NEURONS,), alpha=0.01, max_iter=ROUNDS, n_iter_no_change=ROUNDS, batch_size=256, random_state=1
            )
            with warnings.catch_warnings():
                # It is stopped on purpose before it has learnt the examples by heart.
                warnings.simplefilter("ignore", ConvergenceWarning)
                self._meaning.fit(vectors * STRETCH, [danger[i] for i in free])

    def __call__(self, text: str, vector: Callable[[], Optional[np.ndarray]]) -> float:
        """0–1. `vector` gives the text's embedding (1, 384) and is only called in doubt."""
        words = float(self._words.predict_proba(self._grams.transform([self._heard(text)]))[0, 1])
        if words < FAR or self._meaning is None:
            return words
        meant = vector()
        if meant is None:
            return words
        logit = _logit(words) + MEANING * _logit(float(self._meaning.predict_proba(meant * STRETCH)[0, 1]))
        return float(1 / (1 + np.exp(-logit)))

    def _heard(self, text: str) -> str:
        return self._idioms.sub(IDIOM, text)


def _logit(chance: float) -> float:
    chance = min(max(chance, 1e-6), 1 - 1e-6)
    return float(np.log(chance / (1 - chance)))

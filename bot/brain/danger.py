"""How much a message sounds like danger to life or safety.

A linear model over characters hears the words; a small net over the sentence embedding hears what is meant without
them. Idioms of anger are taken out first: 急死了 and 死也不道歉 have the words of danger and none of it.
"""

import re
from itertools import compress
from typing import Callable, List, Optional

import numpy as np

from bot.brain.features import character_grams
from bot.brain.judge import Judge
from bot.brain.meaning import Net, mixed

#: What stands for an idiom in the text that is listened to.
IDIOM = "〇"
#: How much the net over the embedding counts beside the characters.
MEANING = 0.7
#: Below this the embedding is not paid for. A net that is sure could still outweigh the characters; on the evaluation
#: sets it never did.
FAR = 0.1
#: The net: neurons, and how often it sees the examples.
NEURONS, ROUNDS = 64, 20
YES, NO = "yes", "no"


class Danger:
    """`idioms`: what is taken out of a text first."""

    def __init__(self, idioms: "re.Pattern[str]") -> None:
        self._idioms = idioms
        self._grams = character_grams()
        self._words = Judge(8.0)
        self._meaning: Optional[Net] = None

    def fit(self, texts: List[str], danger: List[bool], embedded: np.ndarray, vectors: Optional[np.ndarray]) -> None:
        """`vectors` (n, 384): the embeddings of those that are `embedded`, where there is a model for them."""
        labels = [YES if yes else NO for yes in danger]
        self._words.fit(self._grams.fit_transform([self._heard(text) for text in texts]), labels)
        if vectors is not None:
            self._meaning = Net(NEURONS, ROUNDS).fit(vectors, list(compress(labels, embedded)))

    def __call__(self, text: str, vector: Callable[[], Optional[np.ndarray]]) -> float:
        """0–1. `vector` gives the text's embedding (1, 384) and is only called in doubt."""
        words = self._words(self._grams.transform([self._heard(text)]))
        if words[YES] < FAR or self._meaning is None:
            return words[YES]
        meant = vector()
        if meant is None:
            return words[YES]
        return mixed(words, self._meaning(meant), MEANING)[YES]

    def _heard(self, text: str) -> str:
        return self._idioms.sub(IDIOM, text)

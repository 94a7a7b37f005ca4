"""What a message means, as the adapted sentence model sees it; at a step, beside what was asked."""

import hashlib
import logging
from functools import lru_cache
from pathlib import Path
from typing import Dict, List, Optional

import numpy as np

from bot.encoder import Encoder, NoModelError, Reading

logger = logging.getLogger(__name__)

#: What the model learnt of our messages: see `bot.adapting`.
ADAPTER = Path(__file__).with_name("adapter.npz")
#: How many texts are embedded at once while training.
TOGETHER = 64
#: How many readings are kept at hand: in a turn the same message is asked for its meaning and for its names.
_AT_HAND = 2


def beside(asked: str, text: str) -> str:
    """A reply as it is embedded: behind the question that it replies to."""
    return f"{asked} {text}" if asked else text


class Embedder:
    """Sentence embeddings, 384 floats of unit length, kept by text in `cache` while training."""

    def __init__(self, cache: Optional[Path] = None) -> None:
        try:
            self._model: Optional[Encoder] = Encoder(ADAPTER)
        except NoModelError as problem:  # an optional part, and the fallback is tested
            logger.warning("no sentence embeddings here (%s); understanding uses characters alone", problem)
            self._model = None
        # Vectors of another adapter are none of this model's.
        self._kind = hashlib.sha256(ADAPTER.read_bytes()).digest()
        self._read = lru_cache(_AT_HAND)(self._reading)
        self._cache_file = cache
        self._cache: Dict[str, np.ndarray] = {}
        if cache and cache.exists():
            with np.load(cache) as kept:
                self._cache = dict(zip(kept["names"].tolist(), kept["vectors"]))

    @property
    def works(self) -> bool:
        return self._model is not None

    def read(self, text: str) -> Optional[Reading]:
        """A message as a whole and piece by piece, or None without a model."""
        return self._read(text) if self.works else None

    def many(self, texts: List[str]) -> np.ndarray:
        """Embed training texts; shows progress on standard output and keeps what it computed."""
        names = [hashlib.sha256(self._kind + text.encode()).hexdigest()[:24] for text in texts]
        missing = {name: text for name, text in zip(names, texts) if name not in self._cache}
        if missing:
            self._learn(missing)
        return np.stack([self._cache[name] for name in names])

    def _reading(self, text: str) -> Reading:
        assert self._model
        return self._model.read(text)

    def _learn(self, missing: Dict[str, str]) -> None:
        assert self._model
        names = list(missing)
        for start in range(0, len(names), TOGETHER):
            part = names[start : start + TOGETHER]
            self._cache.update(zip(part, self._model.query([missing[name] for name in part])))
            print(f"progress embedding {start + len(part)}/{len(names)}", flush=True)
        if self._cache_file:
            self._cache_file.parent.mkdir(parents=True, exist_ok=True)
            # Whole or not at all: a training that is broken off here must not spoil the next.
            kept = self._cache_file.with_suffix(".part.npz")
            np.savez(kept, names=np.array(list(self._cache)), vectors=np.stack(list(self._cache.values())))
            kept.replace(self._cache_file)

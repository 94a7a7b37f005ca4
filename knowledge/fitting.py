"""Fits the weights of `knowledge.decision` to the content: ``python -m knowledge.fitting [CONTENT]``.

Every question but the first of each entry, and every line of `elsewhere.yml`, is asked once while it is left out of
the index (five folds). Two logistic regressions: does the question belong here, is the best entry the right one. The
evaluation sets are not read. Prints the weights to be written into `knowledge/decision.py`; with vectors on disk it
takes a minute.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.bm25 import Floats
from knowledge.decision import Signals
from knowledge.entries import Entry
from knowledge.entry_search import EntrySearch
from knowledge.index import Index
from knowledge.lexicon import Lexicon
from knowledge.library import Library, read_library
from knowledge.meaning import Meaning, Side
from knowledge.text import normalise
from knowledge.wanted import a_case

FOLDS = 5
_RIDGE = 1.0

Rows = NDArray[np.float64]


class Sample:
    """Signals of questions that were left out, and what was true of each."""

    def __init__(self) -> None:
        self.signals: list[Sequence[float]] = []
        self.ours: list[bool] = []
        self.right: list[bool] = []


def samples(library: Library, meaning: Meaning | None) -> Sample:
    """Ask every question once while it is left out."""
    today = datetime.now(UTC).date()
    entries = [entry for _, entry in library.entries if entry.valid(today) and entry.status != "repealed"]
    rng = random.Random(7)  # noqa: S311 - the same folds each time
    fold_of = {(entry.id, text): rng.randrange(FOLDS) for entry in entries for text in entry.paraphrases}
    elsewhere = [normalise(question) for question in library.elsewhere]
    fold_of_other = [rng.randrange(FOLDS) for _ in elsewhere]
    if meaning:
        for side, texts in EntrySearch.texts_of(entries, elsewhere).items():
            meaning.learn(side, texts)
    sample = Sample()
    for fold in range(FOLDS):
        kept = [
            entry.model_copy(
                update={"paraphrases": tuple(p for p in entry.paraphrases if fold_of[entry.id, p] != fold)}
            )
            for entry in entries
        ]
        others = [text for text, of in zip(elsewhere, fold_of_other, strict=True) if of != fold]
        search = EntrySearch(kept, others, meaning)
        asked = [(text, entry_id) for (entry_id, text), of in fold_of.items() if of == fold and _fair(entry_id, text)]
        left = [(text, "") for text, of in zip(elsewhere, fold_of_other, strict=True) if of == fold]
        for text, entry_id in (*asked, *left):
            for signals, best in _found(search, entries, library.lexicon, normalise(text), meaning):
                sample.signals.append(signals.values)
                sample.ours.append(bool(entry_id))
                sample.right.append(best == entry_id)
    return sample


def _fair(entry_id: str, text: str) -> bool:
    """A case is found only by who asks for one."""
    return not entry_id.startswith("case.") or a_case(normalise(text))


def _found(
    search: EntrySearch, entries: Sequence[Entry], lexicon: Lexicon, text: str, meaning: Meaning | None
) -> Iterator[tuple[Signals, str]]:
    vector: Floats | None = meaning.known(Side.QUESTION, [text])[0] if meaning else None
    fit = search.find(Index.query(text, lexicon.expand(text)), vector)
    if fit.signals:
        yield fit.signals, entries[fit.order[0]].id


def fit(rows: Rows, wanted: NDArray[np.bool_], weight: Rows) -> Rows:
    """Weights of a logistic regression, the constant last (Newton's method)."""
    rows = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    found = np.zeros(rows.shape[1])
    held = np.eye(len(found)) * _RIDGE
    held[-1, -1] = 1e-6
    for _ in range(30):
        likely = 1 / (1 + np.exp(-np.clip(rows @ found, -50, 50)))
        slope = rows.T @ (weight * (likely - wanted)) + held @ found
        bend = (rows * (weight * likely * (1 - likely))[:, None]).T @ rows + held
        step = np.linalg.solve(bend, slope)
        found = found - step
        if np.abs(step).max() < 1e-8:
            break
    return found


def _told(name: str, sample: Sample) -> str:
    rows = np.asarray(sample.signals, np.float64)
    ours, right = np.asarray(sample.ours), np.asarray(sample.right)
    weight = np.where(ours, 1 / ours.sum(), 1 / (~ours).sum()) * len(ours) / 2
    lines = [f"{name}: {ours.sum()} questions of ours, the right entry first for {right.sum() / ours.sum():.3f}"]
    for label, wanted in (("belongs", ours), ("sure", right)):
        weights = fit(rows, wanted, weight)
        values = rows @ weights[:-1] + weights[-1]
        lines.append(f"  {label} ({', '.join(f'{value:.2f}' for value in weights)})")
        for limit in (-2, -1.5, -1, -0.5, 0, 0.5, 1):
            above = values >= limit
            lines.append(
                f"    from {limit:4}: others refused {1 - above[~ours].mean():.3f}, right and above "
                f"{(above & right)[ours].mean():.3f}, ours above {above[ours].mean():.3f}"
            )
    return "\n".join(lines)


def main() -> None:
    content = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "content"
    library = read_library(content)
    meaning = Meaning.load(Path(sys.argv[2]) if len(sys.argv) > 2 else None)
    for name, model in (("CHARACTERS", None), ("MEANING", meaning)):
        if name == "CHARACTERS" or model:
            sys.stdout.write(_told(name, samples(library, model)) + "\n")


if __name__ == "__main__":
    main()

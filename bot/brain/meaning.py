"""Small nets over sentence embeddings, and how their view is mixed with that of a model over characters."""

import warnings
from typing import Dict, List

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

#: How far embeddings of unit length are stretched for the net.
STRETCH = 8.0
#: How many nets are asked. Each begins elsewhere and errs elsewhere: their mean errs less than any of them.
VOTES = 5


class Net:
    """Embedding → ``{label: probability}``. `neurons` in one hidden layer; `rounds`: how often it sees the examples."""

    def __init__(self, neurons: int, rounds: int) -> None:
        # They are stopped on purpose before they have learnt the examples by heart.
        self._models = [
            MLPClassifier(
                (neurons,), alpha=0.01, max_iter=rounds, n_iter_no_change=rounds, batch_size=256, random_state=vote
            )
            for vote in range(VOTES)
        ]

    def fit(self, rows: np.ndarray, labels: List[str]) -> "Net":
        """`rows` (n, 384 or more)."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            for model in self._models:
                model.fit(rows * STRETCH, labels)
        return self

    def __call__(self, row: np.ndarray) -> Dict[str, float]:
        """`row` (1, as many as in `fit`)."""
        chances = np.mean([model.predict_proba(row * STRETCH)[0] for model in self._models], axis=0)
        return dict(zip(self._models[0].classes_.tolist(), chances.tolist()))


def mixed(first: Dict[str, float], second: Dict[str, float], weight: float) -> Dict[str, float]:
    """`first`, changed by what `second` holds likely; `weight` 0 leaves it as it is. In falling order."""
    logits = np.log([max(p, 1e-9) for p in first.values()])
    logits += weight * np.log([max(second.get(label, 0.0), 1e-6) for label in first])
    chances = np.exp(logits - logits.max())
    chances /= chances.sum()
    return dict(sorted(zip(first, chances.tolist()), key=lambda pair: -pair[1]))

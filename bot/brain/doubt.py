"""Which examples leave a model over characters in doubt, so that only their meaning need be learnt.

Embeddings are the dearest part of a training. At a step they are asked only where characters and signs leave doubt;
what these know well without ever having seen it teaches the net over meaning next to nothing.
"""

from typing import List

import numpy as np
import scipy.sparse
from sklearn.linear_model import SGDClassifier

#: One in so many of the others, so that the net also sees what is plain.
PLAIN = 10
#: A quick model is enough to tell what is plain: how often it sees the examples, and how firmly it is held.
_ROUNDS, _HELD = 8, 1e-6


def in_doubt(rows: scipy.sparse.csr_matrix, labels: List[str], numbers: List[int], sure: float) -> np.ndarray:
    """Whether each example is worth embedding (n, bool), told by a model that learnt the other half of them.

    `numbers`: one of each example's own, so that the halves and the choice are the same in every training.
    `sure`: below this chance of its own label an example is in doubt.
    """
    known, number = np.array(labels), np.array(numbers)
    half = number % 2 == 0
    doubted = number // 2 % PLAIN == 0
    for asked in (half, ~half):
        model = SGDClassifier(loss="log_loss", alpha=_HELD, max_iter=_ROUNDS, tol=None, random_state=0)
        model.fit(rows[~asked], known[~asked])
        place = {label: column for column, label in enumerate(model.classes_)}
        chances = np.hstack([model.predict_proba(rows[asked]), np.zeros((asked.sum(), 1))])
        # A label that the other half has not got is in doubt: its column is the last, of zeros.
        doubted[asked] |= chances[np.arange(len(chances)), [place.get(label, -1) for label in known[asked]]] < sure
    return doubted

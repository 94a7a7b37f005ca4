"""Decides what a turn is: an answer to the step asked, a question, a control, a first report, distress.

This is the only place where intent, matter, fields and the answer's value are decided, and the step that is being asked
is always known. Order matters and is the order of the code: what was pressed, what outranks everything, what the whole
message says, what the step can take, and only then what the model thinks.

labels: `matters`, `kind`, `control`, `value` as the project's evaluation sets define them.
"""

import re
from typing import Any, Dict, List, Optional, Protocol, Tuple

from bot.brain.alarm import Alarm
from bot.brain.facts import Facts, Knows
from bot.brain.reader import Fields, Reader, clean, is_question, readable
from bot.brain.signs import Signs
from bot.brain.stories import Stories, best
from bot.brain.turn import Step, Turn
from bot.brain.values import NONE, OPEN_KINDS, PLAIN_CHARS, SHORT, Finds, Said, Values, needs_no_model
from bot.brain.wording import any_of, bare, without_question


class Senses(Knows, Finds, Protocol):
    """The statistical part; see `bot.brain.sense.Sense`. Chances are ``{label: p}``, best first."""

    def message(self, text: str) -> Dict[str, Dict[str, float]]: ...
    def reply(self, text: str, signs: List[str]) -> Dict[str, Dict[str, float]]: ...
    def element(self, text: str) -> Dict[str, float]: ...


#: A word of the lists and a short message need no more than this from the model.
LIKELY = 0.55
#: What is no story where one is asked for; and what is none if it is short, for a story may hold such a wish.
NO_STORY = ("greet", "thanks", "off_topic", "who_are_you", "help", "check_status")
WISHES = ("bye", "delete_my_data", "human_guidance", "rate_service", "start_report")
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
#: How sure it must be that words without any sign of a question ask for something, where one's own words are asked for.
SURELY = 0.9
#: Which item is to be changed is guessed from here on, where no word names it.
MEANT = 0.5
#: How plain small talk must be, for chain letters and advertisements have links too; and the matter of a question.
CLEARLY = 0.7
#: How likely a report must be, that a question which leaves no doubt about the matter is taken as one.
HALF_TOLD = 0.3
#: Below this a message outside a step is asked about rather than guessed at.
GUESS = 0.22
CONTROL_STEPS = ("matter", "confirm", "sure")
#: The text of a message that has files and no words.
FILES_ONLY = "[文件]"
#: Somebody is still looking for words.
_HESITATION = re.compile(r"那个啥|那啥|[啥么]来着|怎么说呢|让我想想|想一想啊|哎呀那个")
#: As the backend's receipts write it.
_CASE_NO = re.compile(r"\b[A-Z]\d{8}-\d{4,6}\b", re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u9fff]")
_REPORT_INTENTS = ("report", "angry")
#: What may name a link or an account and yet tells of nothing new.
_ABOUT_US = ("ask", "check_status", "supplement_evidence")


class Decider:
    """Decides turns with the compiled standard (`data`) and a `Reader` made from it."""

    def __init__(self, data: Dict[str, Any]) -> None:
        self._elements: Dict[str, Dict[str, Any]] = data["elements"]
        words = data["words"]
        self._whole = {bare(word): intent for intent, items in words["whole"].items() for word in items}
        self._alarm = Alarm(words)
        self.idioms = self._alarm.idioms
        self._edit_words = [(word, element) for element, items in words["edit_words"].items() for word in items]
        self._edit_words.sort(key=lambda pair: len(pair[0]), reverse=True)
        self._errands = {element["id"] for element in data["errands"]}
        self._edit_verbs = any_of(words["edit_verbs"])
        self._affirms = tuple(words["affirm_begins"])
        self.reader = Reader(data["platforms"])
        self._values = Values(self._elements, words, self.reader)
        self._facts = Facts(self.reader, self._values)
        self._stories = Stories(self._elements, data["distinctions"])
        self.signs = Signs(self._values, words, self._look)

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
        said = self._look(clean(text))._replace(written=readable(text))
        said = said._replace(fields=self._facts(said, step, senses))
        return self._meant(said, step, senses)._replace(fields=said.fields.found())

    def _look(self, text: str) -> Said:
        return Said(text, text, self._whole.get(bare(text)), self.reader.read(text))

    def _meant(self, said: Said, step: Optional[Step], senses: Senses) -> Turn:
        if self._says_nothing(said, step):
            return Turn("unclear", 1.0, "off_topic")
        if self._alarm.plain(said.text):
            story = step is None or step.id == "matter"
            return self._danger(said, 1.0, senses.message(_all_told(said, step)) if story else None)
        if step is None:
            return self._outside(said, senses)
        if step.id in CONTROL_STEPS:
            return self._at_control_step(said, step, senses)
        return self._at_element(said, step, senses)

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
        wanted = step is not None and self._values.element(step.id)["kind"] in ("files", "proof")
        alone = Turn("attach", 1.0, "answer", {"attached": files}, value=files)
        if wanted:
            alone = Turn("answer", 1.0, "answer", {step.id: files}, value=files)  # type: ignore[union-attr]
        if not text.strip() or text == FILES_ONLY:
            return alone
        said = self.decide(text, step, senses)
        if said.kind == "distress":
            return said._replace(entities={**said.entities, "attached": files})
        if wanted:
            if said.kind in ("digression_question", "answer_and_question"):
                return self._answer_and_question(files, step)  # type: ignore[arg-type]
            return alone
        if said.intent in ("report", "answer"):
            return said._replace(entities={**said.entities, "attached": files})
        return alone

    def _says_nothing(self, said: Said, step: Optional[Step]) -> bool:
        """Emoji, stray characters; where a story is expected, also a text without one Chinese character."""
        if not re.search(r"\w", said.text):
            return True
        story = step is None or step.id == "matter"
        strange = not _HAN.search(said.text) and not _CASE_NO.search(said.text)
        facts = said.fields
        told = facts.url or facts.phone or facts.email or facts.platform
        return story and strange and said.whole is None and not told

    def _danger(self, said: Said, confidence: float, sensed: Optional[Dict[str, Dict[str, float]]]) -> Turn:
        """Help comes first; what a story tells (`sensed`) is understood all the same, for those who go on."""
        if sensed is None:
            return Turn("distress", confidence, "distress", urgent=True)
        told = self._stories.report(said.written, said.fields, sensed, confidence)
        return told._replace(intent="distress", kind="distress", urgent=True)

    # -- outside the form --------------------------------------------------------------------------------------------

    def _outside(self, said: Said, senses: Senses) -> Turn:
        text, whole, fields = said.text, said.whole, said.fields
        if whole and whole != "nothing":
            kind = "control" if whole.startswith("ctl_") else "answer"
            return Turn(whole, 1.0, kind, control=_control(whole, {}))
        if _CASE_NO.search(text) and not _HAN.search(text):
            return Turn("check_status", 1.0, "answer")
        sensed = senses.message(text)
        # Outside a step there is nothing to answer: its own judge does not know answers.
        intent, confidence = best(sensed["outside"])
        chance = sum(sensed["outside"].get(label, 0.0) for label in _REPORT_INTENTS)
        if self._alarm.heard(text, sensed):
            return self._danger(said, sensed["danger"]["yes"], sensed)
        pointed = bool(fields.url or fields.account) and len(text) > 12
        pointed &= not (intent == "off_topic" and confidence >= CLEARLY)
        # 客人写差评说我们上菜慢，能让平台删吗 asks, and tells plainly enough what it is about.
        told = intent == "ask" and chance >= HALF_TOLD and best(sensed["matter"])[1] >= CLEARLY
        reported = intent in ("distress", *_REPORT_INTENTS) or chance >= 0.5 or told
        if reported or (pointed and not intent.startswith(_ABOUT_US)):
            return self._stories.report(said.written, fields, sensed, max(confidence, chance))
        if confidence < GUESS:
            return Turn("unclear", confidence, "off_topic")
        if intent == "ctl_edit":
            return self._edit_of(said, None, senses)
        kind = {"ask": "digression_question", "off_topic": "off_topic"}.get(
            intent, "control" if intent.startswith("ctl_") else "answer"
        )
        return Turn(intent, confidence, kind, control=_control(intent, {}), **self._stories.about(sensed))

    # -- at a step that is no element --------------------------------------------------------------------------------

    def _at_control_step(self, said: Said, step: Step, senses: Senses) -> Turn:
        text, whole = said.text, said.whole
        if step.id == "matter" and (settled := self._stories.told_apart(text, step)):
            return Turn("answer", 1.0, "answer", {"matter": settled}, value=settled)
        if whole in ("affirm", "deny"):
            return self._yes_or_no(whole, step, 1.0)
        if whole and whole.startswith("ctl_"):
            return Turn(whole, 1.0, "control", control=_control(whole, {}))
        if step.id == "confirm":
            return self._at_summary(said, step, senses)
        sensed = senses.message(text)
        intent, confidence = best(sensed["outside"])

        def so_far() -> Dict[str, Dict[str, float]]:
            # What is said now adds to what was told before.
            return senses.message(_all_told(said, step)) if step.told else sensed

        if self._alarm.heard(text, sensed):
            return self._danger(said, confidence, so_far() if step.id == "matter" else None)
        if intent in ("affirm", "deny") and confidence >= 0.4 and len(text) < 20:
            return self._yes_or_no(intent, step, confidence)
        if intent == "ask" and confidence >= 0.4:
            return Turn("ask", confidence, "digression_question")
        if intent.startswith("ctl_") and len(text) < SHORT and confidence >= LIKELY:
            if intent == "ctl_edit":
                return self._edit_of(said, None, senses)
            return Turn(intent, confidence, "control", control=_control(intent, {}))
        if step.id == "matter":
            if confidence >= LIKELY and (intent in NO_STORY or (intent in WISHES and len(text) < SHORT)):
                return Turn(intent, confidence, "off_topic")
            return self._stories.report(said.written, said.fields, so_far(), confidence)
        if intent in ("affirm", "deny"):
            return self._yes_or_no(intent, step, confidence)
        return Turn("unclear", confidence, "off_topic")

    def _at_summary(self, said: Said, step: Step, senses: Senses) -> Turn:
        """The summary is confirmed, or an item is to be otherwise: whoever names one wants it changed."""
        text = said.text
        felt = senses.reply(text, self.signs(text, step.id))
        label, confidence = self._answers(felt["step"])
        if self._alarm.heard(text, felt):
            return self._danger(said, felt["danger"]["yes"], None)
        if label == "answer" and not text.startswith(self._affirms) and self._named(text):
            label = "ctl_edit"
        if label == "answer":
            return self._yes_or_no("affirm", step, confidence)
        if label == "answer_and_question":
            return Turn("answer_and_question", confidence, "answer_and_question", {"confirm": "确认"}, value="确认")
        if label == "ctl_edit":
            return self._edit_of(said, None, senses)
        return self._other(label, confidence)

    def _answers(self, felt: Dict[str, float]) -> Tuple[str, float]:
        """The likeliest label; small talk and the like must be plain, for a name or a word may look like them."""
        label, confidence = best(felt)
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

    def _at_element(self, said: Said, step: Step, senses: Senses) -> Turn:
        kind, whole = self._values.element(step.id)["kind"], said.whole
        closed = kind not in OPEN_KINDS
        plain = self._values.plain(said, step.id)
        # 上一步 has a word for a day, and is none.
        if whole and whole.startswith("ctl_") and (plain is None or kind == "time"):
            return Turn(whole, 1.0, "control", control=_control(whole, {}))
        if whole in ("check_status", "start_report", "thanks", "greet") and closed:
            return Turn(whole, 1.0, "off_topic")
        if closed and kind != "files" and self._hesitates(said):
            return Turn("unclear", 1.0, "off_topic")
        if needs_no_model(said, kind, plain):
            found = self._values.found(said, step.id, senses) if plain != NONE else None
            return self._answer(plain if found is None else found, step, said.fields)
        facts = said.fields
        if not _HAN.search(said.text) and (facts.url or facts.phone or facts.email):
            # A bare link or number is given, whatever was asked; there are no words that could mean anything else.
            return self._value(said, step, senses)
        felt = senses.reply(said.text, self.signs(said.text, step.id))
        if self._alarm.heard(said.text, felt):
            return self._danger(said, felt["danger"]["yes"], None)
        if step.id in self._errands and not closed:
            # 想请人教我截图 is what a call back is for, not a call for help with this step.
            return self._answer(plain if plain is not None else said.written, step, said.fields)
        label, confidence = self._answers(felt["step"])
        if kind in ("text", "proof") and self._rather_an_answer(said.text, kind, label, confidence):
            label = "answer"
        if label == "ctl_edit":
            # Another value for the item that is asked is simply its answer.
            return self._another(said, step, senses) or self._value(said, step, senses)
        if label == "answer_and_question":
            if kind != "text":
                rest = without_question(said.written)
                said = self._look(clean(rest))._replace(written=rest, fields=said.fields)
            return self._answer_and_question(self._values.of(said, step.id, senses), step)
        if label == "answer":
            return self._value(said, step, senses)
        return self._other(label, confidence)

    def _rather_an_answer(self, text: str, kind: str, label: str, confidence: float) -> bool:
        """Whether people's own words on what was asked are one: only what is plainly something else is not."""
        plainly = confidence >= PLAINLY
        if label == "supplement_evidence" and kind == "proof":
            # 授权书明天补 is what can be said where proof is asked for.
            return True
        if label == "answer_and_question":
            return False
        if label == "ask":
            return confidence < SURELY and not is_question(text)
        wish = label != "ctl_edit" or bool(self._edit_verbs.search(text))
        return len(text) >= PLAIN_CHARS and not (plainly and wish)

    @staticmethod
    def _hesitates(said: Said) -> bool:
        """Whether nothing is said yet: 嗯嗯那个啥来着 is no consent, for all its 嗯嗯."""
        facts = said.fields
        told = facts.platform or facts.url or facts.date or facts.phone or facts.email
        return not told and len(said.text) < PLAIN_CHARS and bool(_HESITATION.search(said.text))

    def _value(self, said: Said, step: Step, senses: Senses) -> Turn:
        return self._answer(self._values.of(said, step.id, senses), step, said.fields)

    def _answer(self, value: Any, step: Step, fields: Fields) -> Turn:
        entities = {k: v for k, v in self._stories.prefill(fields).items() if k in step.empty and k != step.id}
        return Turn("answer", 1.0, "answer", {**entities, step.id: value}, value=value)

    def _answer_and_question(self, value: Any, step: Step) -> Turn:
        return Turn("answer_and_question", 1.0, "answer_and_question", {step.id: value}, value=value)

    def _another(self, said: Said, step: Step, senses: Senses) -> Optional[Turn]:
        """The wish to change another item than the one asked, or None if it is this one that is put right."""
        named = self._named(said.text)
        closed = self._values.element(step.id)["kind"] not in OPEN_KINDS
        if named == step.id or (named is None and closed and self._values.plain(said, step.id) is not None):
            return None
        edit = self._edit_of(said, step.id, senses)
        return None if edit.control in ("edit:", f"edit:{step.id}") else edit

    def _named(self, text: str) -> Optional[str]:
        """The item that a text names, by the longest word."""
        return next((item for word, item in self._edit_words if word in text and self._values.knows(item)), None)

    def _edit_of(self, said: Said, asked: Optional[str], senses: Senses) -> Turn:
        """ "平台写错了，是抖音": another item, and what it is to be if that was said too. Perhaps no item is named."""
        item = self._named(said.text)
        if item is None or item == asked:
            guess, chance = best(senses.element(said.text) or {"": 0.0})
            item = guess if chance >= MEANT and self._values.knows(guess) else item
        if item is None:
            return Turn("ctl_edit", 1.0, "control", control="edit:")
        entities: Dict[str, Any] = {"element": item}
        if value := self._values.new(said.text, item, said.fields, senses):
            entities["new_value"] = value
        return Turn("ctl_edit", 1.0, "control", entities, f"edit:{item}", value)


def _control(intent: str, entities: Dict[str, Any]) -> Optional[str]:
    if not intent.startswith("ctl_"):
        return None
    name = intent[len("ctl_") :]
    return f"edit:{entities.get('element', '')}" if name == "edit" else name


def _all_told(said: Said, step: Optional[Step]) -> str:
    """What is said with all that was told before it."""
    return "\n".join((*(step.told if step else ()), said.text))

"""Decides what a turn is: an answer to the step asked, a question, a control, a first report, distress.

This is the only place where intent, matter, fields and the answer's value are decided, and the step that is being asked
is always known. Order matters and is the order of the code: what was pressed, what outranks everything, what the whole
message says, what the step can take, and only then what the model thinks.

labels: `matters`, `kind`, `control`, `value` as the project's evaluation sets define them.
"""

import re
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from bot.brain.reader import Fields, Reader, clean, is_question
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

#: `sense(text)` → ``{"intent": {label: p}, "matter": {label: p}, "reporter": …, "urgent": …}``, best first.
Sensing = Callable[[str], Dict[str, Dict[str, float]]]

NONE = "无"
SHORT = 40
#: A control, a question or distress that no word list shows must be this likely before an answer is not taken as one.
SURE = 0.55
#: At a step whose answers come from a list or a parser, what is none of them may be a control more easily.
CONTROL = 0.4
#: Danger is listened for more closely outside an answer: asking once too often how somebody is does less harm.
DANGER = 0.4
HINTED = 0.15
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
_FIELD_OF_ELEMENT = {"platform": "platform", "account": "account", "url": "url", "time": "date", "contact": "phone"}
#: A step that the standard of this deployment does not have is still understood, as free text.
_FREE = {"kind": "text", "none": False, "choices": []}
_STEPS_ELSEWHERE = {"title": {**_FREE, "kind": "name"}}
#: As the backend's receipts write it.
_CASE_NO = re.compile(r"\b[A-Z]\d{8}-\d{4,6}\b", re.IGNORECASE)
#: Identity numbers and unified social credit codes, old registration numbers and passports.
_NUMBER = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{8,18}(?![0-9A-Z])")
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
        self._affirm_begins = tuple(words["affirm_begins"])
        self._whole = {bare(word): intent for intent, items in words["whole"].items() for word in items}
        self._nothing_begins = tuple(words["nothing_begins"])
        self._distress = any_of(words["distress"])
        self._danger_hints = any_of(words["distress_hints"])
        self._idioms = any_of(words["distress_idioms"])
        self._edit_verbs = any_of(words["edit_verbs"])
        self._edit_words = [(word, element) for element, items in words["edit_words"].items() for word in items]
        self._edit_words.sort(key=lambda pair: len(pair[0]), reverse=True)
        self._matters: List[str] = data["matters"]
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
        sense: Sensing,
        button: Optional[Dict[str, Any]] = None,
        files: Optional[List[str]] = None,
    ) -> Turn:
        """One message, as typed, with the step asked (None outside the form)."""
        if button:
            return self._pressed(button, step)
        if files:
            return self._files(text, files, step, sense)
        written, text = text.strip(), clean(text)
        fields = self.reader.read(text)
        if self._says_nothing(text, step, fields):
            return Turn("unclear", 1.0, "off_topic")
        whole = self._whole.get(bare(text))
        if self._in_danger(text):
            return self._danger(1.0, fields, {} if step else sense(text))
        if step is None:
            return self._outside(text, written, whole, fields, sense)
        if step.id in CONTROL_STEPS:
            return self._at_control_step(text, written, step, whole, fields, sense)
        return self._at_element(text, written, step, whole, fields, sense)

    # -- what was pressed or sent ------------------------------------------------------------------------------------

    def _pressed(self, button: Dict[str, Any], step: Optional[Step]) -> Turn:
        intent, entities = button["intent"], dict(button.get("entities") or {})
        if step and step.id in CONTROL_STEPS and intent in ("affirm", "deny"):
            return self._yes_or_no(intent, step, 1.0)
        value = entities.get(step.id) if step else None
        control = _control(intent, entities)
        return Turn(intent, 1.0, "control" if control else "answer", entities, control, value)

    def _files(self, text: str, files: List[str], step: Optional[Step], sense: Sensing) -> Turn:
        """Files, alone or with words: an album, a screenshot with what it shows."""
        wanted = step is not None and self._elements.get(step.id, {}).get("kind") in ("files", "proof")
        alone = Turn("attach", 1.0, "answer", {"attached": files}, value=files)
        if wanted:
            alone = Turn("answer", 1.0, "answer", {step.id: files}, value=files)  # type: ignore[union-attr]
        if not text.strip() or text == FILES_ONLY:
            return alone
        said = self.decide(text, step, sense)
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

    def _sounds_like_danger(self, text: str, chances: Dict[str, float], enough: float) -> bool:
        if self._danger_hints.search(text):
            enough -= HINTED
        return chances.get("distress", 0.0) >= enough

    def _danger(self, confidence: float, fields: Fields, sensed: Dict[str, Dict[str, float]]) -> Turn:
        """Help comes first; what it is about is known all the same."""
        about = {**self._about(sensed), "urgent": True} if sensed else {"urgent": True}
        return Turn("distress", confidence, "distress", fields=fields.found(), **about)

    # -- outside the form --------------------------------------------------------------------------------------------

    def _outside(self, text: str, written: str, whole: Optional[str], fields: Fields, sense: Sensing) -> Turn:
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
        sensed = sense(text)
        # Outside a step there is nothing to answer: its own judge does not know answers.
        intent, confidence = _best(sensed["outside"])
        chance = sum(sensed["outside"].get(label, 0.0) for label in _REPORT_INTENTS)
        if self._sounds_like_danger(text, sensed["outside"], DANGER):
            return self._danger(sensed["outside"]["distress"], fields, sensed)
        pointed = bool(fields.url or fields.account) and len(text) > 12
        pointed &= not (intent == "off_topic" and confidence >= CLEARLY)
        if intent in ("distress", *_REPORT_INTENTS) or chance >= 0.5 or (pointed and not intent.startswith(_ABOUT_US)):
            return self._report(written, fields, sensed, max(confidence, chance))
        if confidence < GUESS:
            return Turn("unclear", confidence, "off_topic", fields=fields.found())
        if intent == "ctl_edit":
            return self._edit(text, fields) or Turn("unclear", confidence, "off_topic")
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
        self, text: str, written: str, step: Step, whole: Optional[str], fields: Fields, sense: Sensing
    ) -> Turn:
        if step.id == "matter" and (settled := self._told_apart(text, step)):
            return Turn("answer", 1.0, "answer", {"matter": settled}, value=settled)
        if whole in ("affirm", "deny"):
            return self._yes_or_no(whole, step, 1.0)
        if whole and whole.startswith("ctl_"):
            return Turn(whole, 1.0, "control", control=_control(whole, {}))
        edit = self._edit(text, fields) if step.id == "confirm" or len(text) < SHORT else None
        if edit and step.id != "matter":
            return edit
        sensed = sense(text)
        intent, confidence = _best(sensed["intent"])
        if self._sounds_like_danger(text, sensed["intent"], DANGER):
            return Turn("distress", confidence, "distress", urgent=True)
        question = is_question(text)
        parts = clauses(text)
        if step.id == "confirm" and len(text) < SHORT and parts[0].startswith(self._affirm_begins):
            if question and len(parts) > 1:
                return Turn("answer_and_question", confidence, "answer_and_question", {"confirm": "确认"}, value="确认")
            if not question:
                return self._yes_or_no("affirm", step, confidence)
        if intent in ("affirm", "deny") and confidence >= 0.4 and len(text) < 20:
            return self._yes_or_no(intent, step, confidence)
        if intent == "ask" and confidence >= 0.4 and question:
            return Turn("ask", confidence, "digression_question")
        if intent.startswith("ctl_") and len(text) < SHORT and (confidence >= SURE or step.id == "confirm"):
            if intent == "ctl_edit":
                return self._edit_of(text, fields, None) or Turn("ctl_edit", confidence, "control", control="edit:")
            return Turn(intent, confidence, "control", control=_control(intent, {}))
        if step.id == "matter":
            if intent in ("greet", "thanks", "off_topic", "who_are_you", "help", "check_status") and confidence >= SURE:
                return Turn(intent, confidence, "off_topic")
            # What is said now adds to what was told before, unless that told nothing of a matter.
            whole_story = "\n".join((*step.told, text))
            return self._report(written, fields, sense(whole_story) if step.told else sensed, confidence)
        if step.id == "confirm" and not question and (edit := self._edit_of(text, fields, None)):
            # At the summary, whoever names an item wants it otherwise.
            return edit
        if intent == "affirm" or intent == "deny":
            return self._yes_or_no(intent, step, confidence)
        return Turn("unclear", confidence, "off_topic")

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
        self, text: str, written: str, step: Step, whole: Optional[str], fields: Fields, sense: Sensing
    ) -> Turn:
        element = self._elements.get(step.id) or _STEPS_ELSEWHERE.get(step.id, _FREE)
        kind = element["kind"]
        taken = self._take(text, written, whole, fields, element)
        if whole and whole.startswith("ctl_") and taken is None:
            return Turn(whole, 1.0, "control", control=_control(whole, {}))
        if whole in ("check_status", "start_report", "thanks", "greet") and kind not in ("text", "name", "account"):
            return Turn(whole, 1.0, "off_topic")
        question = is_question(text)
        if taken is not None and kind not in ("text", "proof", "name", "account"):
            # A closed step that found its value needs no model, unless something is asked beside it.
            if not question:
                return self._answer(taken, step, fields)
            if kind in ("choice", "choices") and len(text) < 8:
                return self._answer(taken, step, fields)
            if taken == NONE or not is_question(clauses(text)[-1]):
                return self._answer(taken, step, fields)
            if len(clauses(text)) > 1 or kind in ("link", "contact", "time"):
                return self._answer_and_question(taken, step, fields)
        edit = self._edit(text, fields, asked=step.id) if len(text) < SHORT else None
        if edit:
            return edit
        sensed = sense(text)
        intent, confidence = _best(sensed["intent"])
        if self._sounds_like_danger(text, sensed["intent"], SURE if kind == "text" else DANGER):
            return Turn("distress", confidence, "distress", urgent=True)
        short = len(text) < SHORT
        sure = SURE if kind in ("text", "proof", "name", "account") else CONTROL
        control = intent.startswith("ctl_") and intent != "ctl_edit" and not (taken and kind == "choice")
        if control and short and confidence >= sure:
            return Turn(intent, confidence, "control", control=_control(intent, {}))
        if question and short and intent in ("ask", "ctl_help", "ctl_why", "help", "check_status", "who_are_you"):
            if intent in ("ctl_help", "ctl_why") and confidence >= 0.3:
                return Turn(intent, confidence, "control", control=_control(intent, {}))
            if kind == "text" and confidence < SURE:
                return self._answer(written, step, fields)
            if not (kind in ("account", "name") and self._asks_at_end(text, sensed, kind)):
                return Turn("ask", confidence, "digression_question")
        if question and self._asks_at_end(text, sensed, kind):
            told = without_question(written) if kind in ("text", "proof", "name", "account") else taken
            return self._answer_and_question(told if told is not None else without_question(written), step, fields)
        if taken is not None:
            return self._answer(taken, step, fields)
        if (
            intent in ("angry", "off_topic", "greet", "thanks", "bye", "who_are_you")
            and confidence >= CONTROL
            and short
        ):
            return Turn(intent, confidence, "off_topic")
        # Not understood as a value: the form's check says kindly what is missing.
        return self._answer(written, step, fields)

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

    def _asks_at_end(self, text: str, sensed: Dict[str, Dict[str, float]], kind: str) -> bool:
        """Several sentences of which the last is a question to us, not one that is told about."""
        parts = clauses(text)
        if len(parts) < 2 or not is_question(parts[-1]) or (re.search(r"[“\"「『]", text) and kind == "text"):
            return False
        chance = sensed["intent"].get("answer_and_question", 0.0) + sensed["intent"].get("ask", 0.0)
        return chance >= (0.5 if kind == "text" else 0.35)

    def _edit(self, text: str, fields: Fields, asked: Optional[str] = None) -> Optional[Turn]:
        """ "平台写错了,是抖音": change another item; at the item asked it is simply its new answer."""
        if len(text) > SHORT or not self._edit_verbs.search(text):
            return None
        return self._edit_of(text, fields, asked)

    def _edit_of(self, text: str, fields: Fields, asked: Optional[str]) -> Optional[Turn]:
        element = next(
            (element for word, element in self._edit_words if word in text and element in self._elements), None
        )
        if element is None or element == asked:
            return None
        entities: Dict[str, Any] = {"element": element}
        value = self._prefill(fields).get(element)
        if value:
            entities["new_value"] = value
        return Turn("ctl_edit", 1.0, "control", entities, f"edit:{element}", value, fields=fields.found())


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

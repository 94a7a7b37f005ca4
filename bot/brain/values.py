"""What is stored for an element: the value in what somebody said.

Tables and patterns read what they can; the tagger finds names that nothing marks; the judges say which choice is meant
and whether there is nothing to give. Words that nobody foresaw stay as they are: the form's check says what is missing.
"""

import re
from typing import Any, Dict, NamedTuple, Optional, Protocol, Sequence, Tuple

from bot.brain.reader import Fields, Reader, is_question
from bot.brain.wording import DENIED, QUOTED, any_of, bare, one_or_all, time_said, unwrapped

NONE = "无"
SHORT = 40
#: A shorter reply to a closed step says one thing.
PLAIN_CHARS = 12
#: Kinds whose answers are people's own words.
OPEN_KINDS = ("text", "proof", "name", "account")
#: How likely it must be that there is nothing to give.
NOTHING = 0.55
#: A choice must be this likely, and this much likelier than the next.
CHOSEN, AHEAD = 0.75, 0.15
#: What the tagger looks for at a step, and what of it there can be only one.
_TAG_OF_STEP = {"account": "account", "time": "date", "name": "name", "company": "company", "title": "title"}
_ONE = ("name", "company", "title")
#: A step that the standard of this deployment does not have is still understood, as free text.
_FREE: Dict[str, Any] = {"kind": "text", "none": False, "choices": []}
_STEPS_ELSEWHERE: Dict[str, Dict[str, Any]] = {"title": {**_FREE, "kind": "name"}}
_OPENING = " “「\"'"
#: Identity numbers and unified social credit codes, old registration numbers and passports.
_NUMBER = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{8,18}(?![0-9A-Z])")
#: 应该是抖音, 改成十二号
_NEW = re.compile(r"(?:应该是|应是|改成|改为|换成|其实是|写成|叫|是)([^，,。!！?？\s]{1,30})")


class Said(NamedTuple):
    """One message: as it is understood, as it was written, what it says as a whole, and what was read from it."""

    text: str
    written: str
    whole: Optional[str]
    fields: Fields


class Finds(Protocol):
    """The part of the senses that values need."""

    def option(self, step: str, text: str) -> Dict[str, float]: ...
    def nothing(self, text: str) -> float: ...
    def names(self, text: str, step: Optional[str]) -> Sequence[Any]: ...


class Values:
    """Values by the compiled standard's elements."""

    def __init__(self, elements: Dict[str, Dict[str, Any]], words: Dict[str, Any], reader: Reader) -> None:
        self._elements, self._reader = elements, reader
        self._nothing_says = any_of(words["nothing_says"])
        self._nothing_begins = tuple(words["nothing_begins"])

    def element(self, step: str) -> Dict[str, Any]:
        """``{"kind", "none", "choices"}`` of a step; of one that no matter here has, as if it were free text."""
        return self._elements.get(step) or _STEPS_ELSEWHERE.get(step, _FREE)

    def knows(self, step: str) -> bool:
        return step in self._elements or step in _STEPS_ELSEWHERE

    def of(self, said: Said, step: str, senses: Finds) -> Any:
        """The value that `said` gives for `step`; what was written, if nothing better is found."""
        element = self.element(step)
        kind = element["kind"]
        if kind in ("choice", "choices"):
            return self._meant(said, step, element, senses)
        found = self.found(said, step, senses)
        # Also where something must be given: the form then says why, and what else there is.
        may_be_none = kind == "proof" or (found is None and kind not in ("text", "name"))
        if may_be_none and (self.nothing(said, kind) or senses.nothing(said.text) >= NOTHING):
            return NONE
        if found is not None:
            return found
        plain = self.plain(said, step)
        return said.written if plain is None else plain

    def found(self, said: Said, step: str, senses: Finds) -> Any:
        """The value as patterns and the tagger find it, or None."""
        kind = self.element(step)["kind"]
        if kind == "link":
            return one_or_all(said.fields.url)
        if kind == "contact":
            return next(iter((*said.fields.phone, *said.fields.email)), None)
        tag = _TAG_OF_STEP.get(step)
        spans = [span for span in senses.names(said.written, step) if span.what == tag] if tag else []
        meant = [span for span in spans if not said.written[: span.start].rstrip(_OPENING).endswith("不是")] or spans
        names = list(dict.fromkeys(span.text for span in meant))
        if tag == "date":
            names = self._reader.days(said.written, [(span.start, span.end) for span in meant])
        return names[0] if tag in _ONE and names else one_or_all(names)

    def plain(self, said: Said, step: str) -> Any:
        """The value that tables and patterns alone read for this step, or None."""
        element, text, fields = self.element(step), said.text, said.fields
        kind = element["kind"]
        if kind in ("choice", "choices"):
            return self._choice(DENIED.sub("", text), element)
        if element["none"] and self.nothing(said, kind):
            return NONE
        if kind == "link":
            return one_or_all(fields.url)
        if kind == "time":
            return time_said(text, fields.date)
        if kind == "contact":
            return next(iter((*fields.phone, *fields.email)), None)
        if kind in ("id_number", "credit_code"):
            number = _NUMBER.search(re.sub(r"(?<=\w)[\s-](?=\w)", "", text).upper())
            return number.group() if number else None
        if kind == "platform":
            return one_or_all(self._reader.read(DENIED.sub("", text), asked=True).platform or fields.platform)
        if kind in ("account", "name"):
            return self._called(said, many=kind == "account")
        if kind in ("text", "proof"):
            whole = said.whole
            told = not whole or not (whole.startswith("ctl_") or whole in ("greet", "thanks", "nothing"))
            return said.written if told else None
        return None

    def nothing(self, said: Said, kind: str) -> bool:
        """Whether a short answer says that there is nothing to give."""
        text = said.text
        if said.whole == "nothing" or (len(text) < 14 and text.startswith(self._nothing_begins)):
            return True
        given = {"link": said.fields.url, "time": said.fields.date, "account": said.fields.account}.get(kind)
        # Proof may be given in words: 没有书面的，可以问派出所 is an answer.
        return kind != "proof" and not given and len(text) < 26 and bool(self._nothing_says.search(text))

    def new(self, text: str, element: str, fields: Fields, senses: Finds) -> Any:
        """What another item is to be, if that was said too: 平台写错了，是抖音."""
        kind = self.element(element)["kind"]
        meant = DENIED.sub("", text)
        if kind in ("choice", "choices"):
            return self._choice(meant, self.element(element))
        if kind == "platform":
            return one_or_all(self._reader.read(meant, asked=True).platform) or one_or_all(fields.platform)
        found = self.found(Said(meant, meant, None, self._reader.read(meant)), element, senses)
        if found is not None or kind not in ("name", "account"):
            return found
        said = _NEW.findall(meant)
        return said[-1].strip(' “”"「」') if said else None

    def _meant(self, said: Said, step: str, element: Dict[str, Any], senses: Finds) -> Any:
        """Which choice is meant: by its words if the reply says no more than them, else by the judge of this step."""
        value = self._choice(DENIED.sub("", said.text), element)
        if value is not None and len(said.text) < PLAIN_CHARS:
            return value
        chances = list(senses.option(step, said.text).items())
        if chances and chances[0][1] >= CHOSEN and (len(chances) < 2 or chances[0][1] - chances[1][1] >= AHEAD):
            if element["kind"] == "choice":
                return chances[0][0]
            return value or [chances[0][0]]
        return value if value is not None else said.written

    def _called(self, said: Said, many: bool) -> Any:
        """A name without the words around it. Several accounts come as a list."""
        text, accounts = said.text, said.fields.account if many else []
        if len(accounts) > 1:
            return accounts
        quoted = QUOTED.findall(DENIED.sub("", text))
        if quoted and len(text) <= SHORT:
            return one_or_all(quoted)
        if accounts:
            return accounts[0]
        listed = re.search(r"[:：]\s*(.+)$", text)
        if many and listed and "、" in listed.group(1):
            return [name.strip(" 。.") for name in listed.group(1).split("、") if name.strip(" 。.")]
        return unwrapped(text) if len(text) <= 30 and not said.whole else None

    def _choice(self, text: str, element: Dict[str, Any]) -> Any:
        said = bare(text)
        hits: Dict[str, Tuple[int, int]] = {}
        for choice in element["choices"]:
            says = [choice["value"], choice["title"], *choice["say"]]
            if any(bare(say) == said for say in says):
                return [choice["value"]] if element["kind"] == "choices" else choice["value"]
            found = [say for say in says if len(say) > 1 and say in text]
            if found:
                longest = max(found, key=len)
                hits[choice["value"]] = (len(longest), len(choice["value"]))
        if element["kind"] == "choices":
            return list(hits) or None
        # 不同意 contains 同意: the longest match wins; 可以报，但别告诉平台 says the narrower.
        return max(hits, key=lambda value: hits[value]) if hits else None


def needs_no_model(said: Said, kind: str, value: Any) -> bool:
    """Whether a closed step plainly got its value."""
    if kind in OPEN_KINDS or value is None:
        return False
    plain = len(said.text) < PLAIN_CHARS or value in (said.text.strip(), said.written)
    return bool(said.whole) or (plain and not is_question(said.text))

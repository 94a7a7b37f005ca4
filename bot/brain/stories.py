"""What a story is about: its matter and what is close to it, and what it already tells of the report."""

from typing import Any, Dict, List, Optional

from bot.brain.reader import Fields
from bot.brain.turn import Step, Turn
from bot.brain.values import SHORT
from bot.brain.wording import bare

#: The matter of what is no infringement by online information.
OUTSIDE = "out_of_scope"
#: Two matters of which the second is at least this likely, as a part of the first, are told apart by a question.
CLOSE = 0.4
_FIELD_OF_ELEMENT = {"platform": "platform", "account": "account", "url": "url", "time": "date", "contact": "phone"}


class Stories:
    """By the compiled standard's elements and distinctions."""

    def __init__(self, elements: Dict[str, Dict[str, Any]], distinctions: List[Dict[str, Any]]) -> None:
        self._elements = elements
        self._distinctions = {
            frozenset(entry["between"]): [(answer["matter"], answer["say"]) for answer in entry["answers"]]
            for entry in distinctions
        }

    def about(self, sensed: Dict[str, Dict[str, float]]) -> Dict[str, Any]:
        """Matter, reporter, urgency and referral as the labels define them."""
        scores: Dict[str, float] = {}
        for label, chance in sensed["matter"].items():
            scores[label.split(":")[0]] = scores.get(label.split(":")[0], 0.0) + chance
        matters = [
            {"id": label, "confidence": round(chance, 4)}
            for label, chance in sorted(scores.items(), key=lambda p: -p[1])
        ]
        referral = referral_of(sensed) if matters and matters[0]["id"] == OUTSIDE else None
        reporter, sure = best(sensed["reporter"])
        return {
            "matters": matters,
            "reporter": reporter if sure >= 0.5 else "unknown",
            "urgent": best(sensed["urgent"])[0] == "yes",
            "referral": referral,
        }

    def report(self, text: str, fields: Fields, sensed: Dict[str, Dict[str, float]], confidence: float) -> Turn:
        about = self.about(sensed)
        top = about["matters"][0]["id"]
        entities: Dict[str, Any] = {**self.prefill(fields), "story": text}
        common = dict(kind="answer", **about)
        others = [entry["id"] for entry in about["matters"][1:4]]
        entities["runners_up"] = [f"{OUTSIDE}:{referral_of(sensed)}" if other == OUTSIDE else other for other in others]
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

    def told_apart(self, text: str, step: Step) -> Optional[str]:
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

    def prefill(self, fields: Fields) -> Dict[str, Any]:
        found = fields.found()
        if "phone" not in found and fields.email:
            found["phone"] = fields.email[0]
        return {
            element: value[0] if isinstance(value, list) else value
            for element, name in _FIELD_OF_ELEMENT.items()
            for value in (found.get(name),)
            if value and element in self._elements
        }


def referral_of(sensed: Dict[str, Dict[str, float]]) -> str:
    """The likeliest referral, whether or not anything is to be referred."""
    labels = (label.split(":")[1] for label in sensed["matter"] if label.startswith(f"{OUTSIDE}:"))
    return next(labels, "other")


def best(chances: Dict[str, float]) -> Any:
    """The likeliest label and its chance."""
    return next(iter(chances.items()))

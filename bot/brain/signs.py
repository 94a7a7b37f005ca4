"""How a reply and the step asked fit, as names of features for the judges of replies."""

from typing import Any, Callable, Dict, List, Tuple

from bot.brain.reader import clean, is_question
from bot.brain.values import OPEN_KINDS, Said, Values
from bot.brain.wording import any_of, clauses

#: Upper limits of the classes of length, in characters.
_LENGTHS = (5, 10, 18, 35, 70)


class Signs:
    """`look(text)` → `Said`."""

    def __init__(self, values: Values, words: Dict[str, Any], look: Callable[[str], Said]) -> None:
        self._values, self._look = values, look
        self._edit_verbs = any_of(words["edit_verbs"])
        self._edit_words: List[Tuple[str, str]] = [
            (word, element) for element, items in words["edit_words"].items() for word in items
        ]

    def __call__(self, text: str, step: str) -> List[str]:
        said = self._look(clean(text))
        text, element = said.text, self._values.element(step)
        kind = step if step == "confirm" else element["kind"]
        closed, asks = kind not in OPEN_KINDS, is_question(text)
        taken = step != "confirm" and closed and self._values.plain(said, step) is not None
        length = next((i for i, most in enumerate(_LENGTHS) if len(text) < most), len(_LENGTHS))
        verb = bool(self._edit_verbs.search(text))
        named = {name for word, name in self._edit_words if word in text}
        nothing = bool(element["none"]) and self._values.nothing(said, kind)
        return [
            f"k={kind}",
            f"s={step}",
            f"k={kind}|asks={asks}",
            f"taken={taken}|asks={asks}|closed={closed}",
            f"taken={taken}|k={kind}|len={length}",
            f"len={length}",
            f"k={kind}|len={length}",
            f"mark={text[-1:] in '?？'}",
            f"marks={'?' in text}|parts={min(len(clauses(text)), 4)}",
            f"whole={said.whole}",
            f"verb={verb}",
            f"other={bool(named - {step})}|verb={verb}|k={kind}",
            f"own={step in named}|verb={verb}",
            f"nothing={nothing}|k={kind}",
            f"begins={text[:2]}",
            f"ends={text[-2:]}",
            *(
                f"has={name}:{bool(getattr(said.fields, name))}|k={kind}"
                for name in ("url", "date", "phone", "platform", "account")
            ),
        ]

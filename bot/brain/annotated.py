"""Which examples have all their names marked, so that one may also learn from what is not marked in them."""

import re
from typing import Any, Callable, Dict, List, Tuple

from bot.brain.retold import number_of

#: Examples that carry annotated names and say nothing about intents.
TOLD = "told"
#: Hints of tables and patterns: ``marks(text)`` → ``[(start, end, what)]``.
Marks = Callable[[str], List[Tuple[int, int, str]]]
#: Steps whose replies are annotated throughout: one without a mark names nothing.
_STEPS = ("account", "time", "name", "company", "title", "contact", "consent", "identity", "confirm")
#: One in so many tales that plainly name nobody and no day is enough to learn from.
_TALES_WITHOUT_NAMES = 3
#: What stands beside a name. A tale without any of it names no account.
_NAMING = re.compile(
    r"[叫号@“”\"「」【】'‘’《》]|昵称|网名|博主|主播|楼主|作者|群主|ID|UP|名字|账|帐|V|公众", re.IGNORECASE
)


def annotated(examples: List[Dict[str, Any]], marks: Marks) -> List[Dict[str, Any]]:
    """Those of ``[{"text", "intent", "step"?, "matter"?, "spans", …}]`` whose names are all marked."""
    return [example for example in examples if _whole(example, marks)]


def _whole(example: Dict[str, Any], marks: Marks) -> bool:
    if example["spans"] or example["intent"] == TOLD:
        return True
    if example.get("matter"):
        text = example["text"]
        return (
            number_of(text) % _TALES_WITHOUT_NAMES == 0
            and not _NAMING.search(text)
            and not any(what in ("date", "phone", "account") for _, _, what in marks(text))
        )
    return example["intent"] == "answer" and example.get("step") in _STEPS and not example.get("untagged")

"""``uv run python -m tests.conversations.count --conversations 50``: how much is asked of people.

Holds whole conversations that begin with messages of the evaluation sets, each led to its case by a person who answers
truthfully. Counts the questions asked for each element that was missing, those about the matter, and questions whose
answer stood in the first message already: of those there must be none.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from tests.conversations.driving import answer, matter_of, settle
from tests.system import Person, System

SETS = Path(__file__).resolve().parents[1] / "evaluation"
#: Which element holds a field of the evaluation sets.
ELEMENT_OF = {"platform": "platform", "account": "account", "url": "url", "date": "time", "phone": "contact"}

#: How the button begins with which somebody says that they are in no danger.
UNHARMED = "我没事"
#: Whoever is asked more often than this is not understood.
MOST = 40


@dataclass
class Told:
    """One conversation: the elements asked in order, questions about the matter, elements asked although told."""

    text: str
    asked: list[str] = field(default_factory=list)
    about_matter: int = 0
    told_already: list[str] = field(default_factory=list)
    case_no: str | None = None
    #: Taken for somebody in danger: help came first, and nothing was asked.
    helped: bool = False


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--conversations", type=int, default=50)
    asked = parser.parse_args(given)
    with (
        tempfile.TemporaryDirectory(prefix="reportguide-count-") as home,
        System(Path(home), REPORTGUIDE_BURST_SECONDS="0.05") as system,
    ):
        chosen = stories(asked.conversations)
        held = [hold(system.person(), story) for story in track(chosen, "conversations", console=Console(stderr=True))]
    return summary(held)


def stories(count: int) -> list[dict[str, Any]]:
    """First messages that tell of an infringement plainly, spread over the matters in turn."""
    lines = (SETS / "first_messages.jsonl").read_text("utf-8").splitlines()
    items = [item for item in map(json.loads, lines) if item["matter"] != "out_of_scope" and not item["urgent"]]
    by_matter: dict[str, list[dict[str, Any]]] = {}
    for item in items:
        by_matter.setdefault(item["matter"], []).append(item)
    turns = [row[i] for i in range(max(map(len, by_matter.values()))) for row in by_matter.values() if i < len(row)]
    return turns[:count]


def hold(person: Person, item: dict[str, Any]) -> Told:
    """One conversation from the first message to its case."""
    told = Told(item["text"])
    person.say(item["text"])
    if any(title.startswith(UNHARMED) for title in person.buttons):
        told.helped = True
        return told
    told.about_matter = settle(person, item["matter"])
    given = {ELEMENT_OF[name] for name in item["fields"] if name in ELEMENT_OF}
    while person.step not in ("confirm", "idle") and len(told.asked) < MOST:
        element = matter_of(person).element(person.step)
        assert element is not None, f"{person.step}: {person.text}"
        told.asked.append(element.id)
        if element.id in given:
            told.told_already.append(element.id)
        answer(person, element)
    person.say("确认")
    told.case_no = person.state["case_no"]
    return told


def summary(held: list[Told]) -> int:
    """Print the counts; 0 if all reached a case and nothing was asked that was told."""
    helped = [told.text for told in held if told.helped]
    held = [told for told in held if not told.helped]
    questions = [len(told.asked) / max(len(set(told.asked)), 1) for told in held]
    again = [(told.text, told.told_already) for told in held if told.told_already]
    cases = sum(told.case_no is not None for told in held)
    print(f"{len(held)} conversations, {cases} cases")
    print(f"questions per missing element: median {statistics.median(questions):g}, most {max(questions):g}")
    print(f"elements asked in a conversation: median {statistics.median(len(told.asked) for told in held):g}")
    print(f"questions about the matter: median {statistics.median(told.about_matter for told in held):g}")
    print(f"questions whose answer had been told: {sum(len(names) for _, names in again)}")
    print(f"taken for danger, and left out: {len(helped)}")
    for text in helped:
        print(f"  {text}")
    for text, names in again:
        print(f"  {', '.join(names)}: {text}")
    return 0 if cases == len(held) and not again else 1


if __name__ == "__main__":
    sys.exit(main())

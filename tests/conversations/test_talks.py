"""Golden transcripts: whole conversations with the running system, grouped by what happens in them.

``talks/<phenomenon>/<name>.yml`` is what a person does; ``<name>.golden`` beside it is the transcript. Renew the
transcripts with ``uv run pytest tests/conversations --update-golden`` and read the difference before committing it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import files
from tests.system import Person, System

pytestmark = pytest.mark.system

TALKS = Path(__file__).with_name("talks")
#: What differs from run to run although nothing changed: case numbers, codes, and days told from today.
_VOLATILE = (
    (re.compile(r"W\d{8}-\d{4,6}"), "〈编号〉"),
    (re.compile(r"查询码 [A-Z0-9]{4,8}"), "查询码 〈码〉"),
    (re.compile(r"(?:\d{4}年)?\d{1,2}月\d{1,2}日(?:（周.）)?(?:\d{1,2}点\d{2}分)?"), "〈日期〉"),
)


@pytest.mark.parametrize("talk", sorted(TALKS.rglob("*.yml")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_talk(system: System, talk: Path, update_golden: bool) -> None:
    transcript = play(system.person(), yaml.safe_load(talk.read_text("utf-8")))
    golden = talk.with_suffix(".golden")
    if update_golden:
        golden.write_text(transcript, "utf-8")
    assert golden.exists(), "no transcript yet: run with --update-golden, read it, commit it"
    assert transcript == golden.read_text("utf-8")


def play(person: Person, turns: list[dict[str, Any]]) -> str:
    """The transcript of a conversation: who said what, the buttons, and the step after each turn."""
    lines: list[str] = []
    for turn in turns:
        [(what, value)] = turn.items()
        if what == "say":
            person.say(value)
        elif what == "press":
            person.press(value)
        else:
            person.give([(f"{n}.png", files.png(n)) for n in range(value)])
        lines.append(f"> {value}" if what == "say" else f"> [{value}]" if what == "press" else f"> 〔{value} 张图〕")
        for entry in person.said:
            text = entry["text"]
            for pattern, instead in _VOLATILE:
                text = pattern.sub(instead, text)
            lines += [f"  {line}" for line in text.split("\n")]
            if entry["buttons"]:
                lines.append("  " + " ".join(f"【{button['title']}】" for button in entry["buttons"]))
        lines.append(f"  ({person.step})")
    return "\n".join(lines) + "\n"

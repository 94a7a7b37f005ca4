"""`reportguide evaluate`: accuracy on the evaluation sets, which training never reads."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from actions.standard import read_standard
from bot.cli.ask import Asker
from bot.cli.understand import Understander
from bot.settings import ROOT, Settings


def run(settings: Settings, sets: Path, *, as_json: bool) -> None:
    """Measure everything and print tables, or one JSON object."""
    known = {matter.id for matter in read_standard(ROOT / "dialogues" / "standard").matters} | {"out_of_scope"}
    with Understander(settings) as understander:
        result = {
            "first_messages": _first_messages(understander, _read(sets / "first_messages.jsonl"), known),
            "mid_form": _mid_form(understander, _read(sets / "mid_form.jsonl")),
            "intents": _intents(understander, _read(sets / "intents.jsonl")),
            "distress": _distress(understander, _read(sets / "distress.jsonl")),
            "questions": _questions(_read(sets / "questions.jsonl")),
        }
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    table = Table("set", "measure", "right", "of", "%")
    for name, measures in result.items():
        for measure, (right, total) in measures["measures"].items():
            table.add_row(name, measure, str(right), str(total), f"{100 * right / total:.1f}" if total else "—")
    console = Console()
    console.print(table)
    for name, measures in result.items():
        for line in measures["wrong"][:60]:
            console.print(f"[dim]{name}[/] {line}", highlight=False, markup=True)


def _read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


class _Count:
    """Counts right answers by measure and keeps what was wrong."""

    def __init__(self) -> None:
        self.right: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        self.wrong: list[str] = []

    def note(self, measure: str, right: bool, what: str = "") -> None:
        self.total[measure] += 1
        self.right[measure] += right
        if not right and what:
            self.wrong.append(f"{measure}: {what}")

    def result(self) -> dict[str, Any]:
        return {
            "measures": {name: (self.right[name], total) for name, total in self.total.items()},
            "wrong": self.wrong,
        }


def _first_messages(understander: Understander, items: list[dict[str, Any]], known: set[str]) -> dict[str, Any]:
    count = _Count()
    for item in track(
        [item for item in items if item["matter"] in known], "first messages", console=Console(stderr=True)
    ):
        told = understander.understand(item["text"], None)
        ids = [entry["id"] for entry in told["matters"]]
        accepted = {item["matter"], *item.get("also", [])}
        count.note(
            "matter top-1",
            bool(ids) and ids[0] in accepted,
            f"{item['id']} {item['matter']} → {ids[:1]} ({told['intent']}) {item['text'][:40]}",
        )
        count.note("matter top-3", bool(accepted & set(ids[:3])))
        count.note(
            "treated as a report",
            told["intent"] in ("report", "refer", "distress"),
            f"{item['id']} {told['intent']} {item['text'][:40]}",
        )
        if item["matter"] == "out_of_scope":
            count.note(
                "out of scope: referral",
                told["referral"] == item["referral"],
                f"{item['id']} {item['referral']} → {told['referral']} {item['text'][:40]}",
            )
        count.note("reporter", item["reporter"] in (told["reporter"], "unknown"))
        for field in ("platform", "account", "url", "phone", "date"):
            expected, found = item["fields"].get(field), told["fields"].get(field)
            if expected or found:
                count.note(
                    f"field {field}", _same(expected, found), f"{item['id']} {expected} → {found} {item['text'][:50]}"
                )
    return count.result()


def _same(expected: Any, found: Any) -> bool:
    return sorted(_list(expected)) == sorted(_list(found))


def _list(value: Any) -> list[str]:
    return [] if value is None else [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _mid_form(understander: Understander, items: list[dict[str, Any]]) -> dict[str, Any]:
    count = _Count()
    for item in track(items, "replies to a step", console=Console(stderr=True)):
        told = understander.understand(item["text"], item["step"])
        where = f"{item['id']} [{item['step']}] {item['text'][:40]}"
        count.note("kind", told["kind"] == item["kind"], f"{item['kind']} → {told['kind']} {where}")
        if item["kind"] == "control":
            count.note("control", told["control"] == item["control"], f"{item['control']} → {told['control']} {where}")
        if item["kind"] == "answer" and item["value"] is not None:
            count.note(
                "value", _list(told["value"]) == _list(item["value"]), f"{item['value']!r} → {told['value']!r} {where}"
            )
    return count.result()


def _intents(understander: Understander, items: list[dict[str, Any]]) -> dict[str, Any]:
    count = _Count()
    for item in track(items, "messages outside a step", console=Console(stderr=True)):
        told = understander.understand(item["text"], None)["intent"]
        count.note("intent", told == item["intent"], f"{item['intent']} → {told} {item['id']} {item['text'][:40]}")
    return count.result()


def _distress(understander: Understander, items: list[dict[str, Any]]) -> dict[str, Any]:
    count = _Count()
    for item in track(items, "distress", console=Console(stderr=True)):
        for step in (None, "account"):
            told = understander.understand(item["text"], step)["kind"] == "distress"
            measure = "distress found" if item["distress"] else "no false alarm"
            count.note(measure, told == item["distress"], f"{item['id']} [{step}] {item['text'][:50]}")
    return count.result()


def _questions(items: list[dict[str, Any]]) -> dict[str, Any]:
    asker, count = Asker(ROOT / "knowledge" / "content"), _Count()
    for item in items:
        told = asker.ask(item["text"])
        if item["entry"]:
            count.note(
                "right entry first",
                told["entry"] == item["entry"],
                f"{item['entry']} → {told['entry']} {item['text'][:40]}",
            )
        else:
            count.note("unanswerable refused", not told["answered"], f"{told['entry']} {item['text'][:40]}")
        if told["answered"]:
            count.note("answers with a citation", bool(told["citations"]))
    return count.result()

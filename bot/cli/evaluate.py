"""`reportguide evaluate`: accuracy on the evaluation sets, which training never reads."""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from actions.form import CHOICES
from actions.standard import Standard, read_standard
from bot.cli.ask import Asker
from bot.cli.confusion import Confusion
from bot.cli.understand import Understander
from bot.settings import ROOT, Settings

FIELDS = ("platform", "account", "url", "phone", "date")
#: The sets whose items nobody who tunes has read: their figures count, and what was wrong in them is not shown.
HELD_BACK = "held_back"
SHOWN = 60

Item = dict[str, Any]


def run(settings: Settings, sets: Path, *, as_json: bool, picture: Path | None = None) -> None:
    """Measure everything and print tables, or one JSON object. `picture`: an SVG of matters taken for others."""
    standard = read_standard(ROOT / "dialogues" / "standard")
    confusion = Confusion([*(matter.id for matter in standard.matters), "out_of_scope"])
    result: dict[str, dict[str, Any]] = {}
    with Understander(settings) as running:
        for folder in (sets, sets / HELD_BACK):
            for name, measure in _MEASURES.items():
                # A second author's set of the same kind has a number behind its name.
                for file in sorted(folder.glob(f"{name}*.jsonl")):
                    label = file.stem if folder == sets else f"{HELD_BACK}/{file.stem}"
                    count, understander = _Count(), _Timed(running)
                    for item in track(_read(file), label, console=Console(stderr=True)):
                        measure(understander, item, count, standard, confusion)
                    result[label] = {**count.result(), "ms": understander.medians()}
    asker = Asker(ROOT / "knowledge" / "content", settings)
    for label in ("questions", "strangers", f"{HELD_BACK}/questions"):
        if (file := sets / f"{label}.jsonl").exists():
            result[label] = _questions(_read(file), asker)
    if picture:
        picture.write_text(confusion.svg(), "utf-8")
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    _print(result)


def _print(result: dict[str, dict[str, Any]]) -> None:
    table = Table("set", "measure", "right", "of", "%")
    for name, measures in result.items():
        for measure, (right, total) in measures["measures"].items():
            table.add_row(name, measure, f"{right:g}", f"{total:g}", f"{100 * right / total:.1f}" if total else "—")
    console = Console()
    console.print(table)
    times = Table("set", "open message, median", "reply to a step, median")
    for name, measures in result.items():
        if took := measures.get("ms"):
            times.add_row(name, *(f"{took[what]:.1f} ms" if what in took else "—" for what in ("open", "step")))
    console.print(times)
    for name, measures in result.items():
        for line in measures["wrong"][: 0 if name.startswith(HELD_BACK) else SHOWN]:
            console.print(f"[dim]{name}[/] {line}", highlight=False, markup=True)


def _read(file: Path) -> list[Item]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


class _Timed:
    """The understander, and how long it takes."""

    def __init__(self, understander: Understander) -> None:
        self._understander = understander
        self._took: dict[str, list[float]] = {}

    def understand(self, text: str, step: str | None) -> dict[str, Any]:
        """As `Understander.understand`."""
        began = time.perf_counter()
        told = self._understander.understand(text, step)
        self._took.setdefault("step" if step else "open", []).append(1000 * (time.perf_counter() - began))
        return told

    def medians(self) -> dict[str, float]:
        """Milliseconds, HTTP included: ``{"open": …, "step": …}``, what was asked of the two."""
        return {what: round(statistics.median(took), 1) for what, took in self._took.items()}


class _Count:
    """Counts right answers by measure and keeps what was wrong."""

    def __init__(self) -> None:
        self.right: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        self.wrong: list[str] = []
        #: field → [found rightly, found in all, there in all]
        self.found: dict[str, list[int]] = {}

    def note(self, measure: str, right: bool, what: str = "") -> None:
        self.total[measure] += 1
        self.right[measure] += right
        if not right and what:
            self.wrong.append(f"{measure}: {what}")

    def fields(self, item: Item, told: dict[str, Any]) -> None:
        for field in FIELDS:
            expected, found = _list(item["fields"].get(field)), _list(told["fields"].get(field))
            if field == "phone":
                # 138 1234 5678 is the same number as 13812345678.
                expected, found = [_digits(number) for number in expected], [_digits(number) for number in found]
            for name in (field, "all"):
                counts = self.found.setdefault(name, [0, 0, 0])
                counts[0] += len(set(expected) & set(found))
                counts[1] += len(found)
                counts[2] += len(expected)
            if sorted(expected) != sorted(found):
                self.wrong.append(f"field {field}: {item['id']} {expected} → {found} {item['text'][:50]}")

    def result(self) -> dict[str, Any]:
        measures: dict[str, tuple[float, float]] = {n: (self.right[n], total) for n, total in self.total.items()}
        for name, (right, found, there) in self.found.items():
            # F1 as a fraction: twice what was found rightly, of all that was found and all that is there.
            measures[f"fields F1 {name}"] = (2 * right, found + there)
        return {"measures": measures, "wrong": self.wrong}


def _digits(number: str) -> str:
    return "".join(filter(str.isdigit, number))


def _list(value: Any) -> list[str]:
    return [] if value is None else [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _first_message(understander: _Timed, item: Item, count: _Count, standard: Standard, confusion: Confusion) -> None:
    told = understander.understand(item["text"], None)
    ids = [entry["id"] for entry in told["matters"]]
    accepted = {item["matter"], *item.get("also", [])}
    where = f"{item['id']} {item['text'][:40]}"
    if ids:
        confusion.note(item["matter"], item["matter"] if ids[0] in accepted else ids[0])
    count.note(
        "matter top-1", bool(accepted & set(ids[:1])), f"{item['matter']} → {ids[:1]} ({told['intent']}) {where}"
    )
    count.note("matter top-3", bool(accepted & set(ids[:3])))
    count.note("matter after two questions", bool(accepted & set(_offered(ids, standard))))
    count.note("treated as a report", told["intent"] in ("report", "refer", "distress"), f"{told['intent']} {where}")
    outside, taken = item["matter"] == "out_of_scope", ids[:1] == ["out_of_scope"]
    if outside:
        count.note("out of scope: found (recall)", taken or bool(accepted & set(ids[:1])))
        count.note(
            "out of scope: referral",
            told["referral"] == item["referral"],
            f"{item['referral']} → {told['referral']} {where}",
        )
    if taken:
        count.note("out of scope: right (precision)", "out_of_scope" in accepted)
    count.note("reporter", item["reporter"] in (told["reporter"], "unknown"))
    count.fields(item, told)


def _offered(ids: list[str], standard: Standard) -> list[str]:
    """The matters that a truthful person reaches with two answers: the guess, then the list of what else it may be."""
    others = [matter.id for matter in standard.matters if matter.id not in ids]
    return [*ids[:1], *[*ids[1:], *others][:CHOICES]]


def _reply(understander: _Timed, item: Item, count: _Count, standard: Standard, confusion: Confusion) -> None:
    told = understander.understand(item["text"], item["step"])
    where = f"{item['id']} [{item['step']}] {item['text'][:40]}"
    count.note("kind", told["kind"] == item["kind"], f"{item['kind']} → {told['kind']} {where}")
    if item["kind"] == "control":
        count.note("control", told["control"] == item["control"], f"{item['control']} → {told['control']} {where}")
    if item["kind"] == "answer" and item["value"] is not None:
        right = _list(told["value"]) == _list(item["value"])
        count.note("value", right, f"{item['value']!r} → {told['value']!r} {where}")


def _fields(understander: _Timed, item: Item, count: _Count, standard: Standard, confusion: Confusion) -> None:
    count.fields(item, understander.understand(item["text"], None))


def _intent(understander: _Timed, item: Item, count: _Count, standard: Standard, confusion: Confusion) -> None:
    told = understander.understand(item["text"], None)["intent"]
    count.note("intent", told == item["intent"], f"{item['intent']} → {told} {item['id']} {item['text'][:40]}")


def _distress(understander: _Timed, item: Item, count: _Count, standard: Standard, confusion: Confusion) -> None:
    for step in (None, "account"):
        told = understander.understand(item["text"], step)["kind"] == "distress"
        measure = "distress found" if item["distress"] else "no false alarm"
        count.note(measure, told == item["distress"], f"{item['id']} [{step}] {item['text'][:50]}")


_MEASURES: dict[str, Callable[[_Timed, Item, _Count, Standard, Confusion], None]] = {
    "first_messages": _first_message,
    "mid_form": _reply,
    "controls": _reply,
    "fields": _fields,
    "intents": _intent,
    "distress": _distress,
}


def _questions(items: list[Item], asker: Asker) -> dict[str, Any]:
    count = _Count()
    for item in items:
        told = asker.ask(item["text"])
        if item["entry"]:
            count.note(
                "right entry first",
                told["entry"] in (item["entry"], *item.get("also", ())),
                f"{item['entry']} → {told['entry']} {item['text'][:40]}",
            )
        else:
            count.note("unanswerable refused", not told["answered"], f"{told['entry']} {item['text'][:40]}")
        if told["answered"]:
            count.note("answers with a citation", bool(told["citations"]))
    return count.result()

"""How well stock Rasa understands the evaluation sets after learning from the same examples.

    .venv-brain/bin/python -m tests.bench.understanding [--epochs 30] [--json FILE]

Run in Rasa's own environment. DIET with Rasa's default featurizers is trained on all messages of `dialogues/nlu`: a
first message is labelled with its matter (and referral), everything else with its intent; names are entities. It cannot
know the step that is asked, which is part of the comparison. An epoch over all messages takes seven minutes or more on
two cores: `tests.bench.thinned` makes a copy of the project in which both learn from fewer.
"""

import argparse
import asyncio
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SETS = ROOT / "tests" / "evaluation"
FIELDS = ("platform", "account", "date", "phone")
#: A matter's label, told apart from intents.
MATTER = "matter."
_KINDS = {"answer": "answer", "answer_and_question": "answer_and_question", "ask": "digression_question"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        agent = _trained(Path(folder), asked.epochs)
        figures = {name: asyncio.run(_measured(agent, _read(file))) for name, file in _sets()}
    for name, measures in figures.items():
        for measure, (right, total) in measures.items():
            print(f"{name:28} {measure:24} {right:g} of {total:g} = {100 * right / max(total, 1):.1f} %")
    if asked.json:
        asked.json.write_text(json.dumps(figures, ensure_ascii=False), "utf-8")
    return 0


def _sets() -> Iterator[tuple[str, Path]]:
    for folder in (SETS, SETS / "held_back"):
        for name in ("first_messages", "mid_form", "controls", "fields", "intents", "distress"):
            for file in sorted(folder.glob(f"{name}*.jsonl")):
                yield str(file.with_suffix("").relative_to(SETS)), file


def _trained(folder: Path, epochs: int) -> Any:
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    data = folder / "nlu.yml"
    data.write_text(yaml.safe_dump(_examples(), allow_unicode=True), "utf-8")
    config = yaml.safe_load((ROOT / "tests" / "bench" / "stock" / "config.yml").read_text("utf-8"))
    config["pipeline"] = [
        {**part, "epochs": epochs} if "epochs" in part else part
        for part in config["pipeline"]
        if part["name"] not in ("ResponseSelector", "FallbackClassifier")
    ]
    del config["policies"]
    (folder / "config.yml").write_text(yaml.safe_dump(config), "utf-8")
    return Agent.load(train_nlu(str(folder / "config.yml"), str(data), str(folder)))


def _examples() -> dict[str, Any]:
    by_label: dict[str, list[str]] = defaultdict(list)
    for file in sorted((ROOT / "dialogues" / "nlu").rglob("*.yml")):
        for block in (yaml.safe_load(file.read_text("utf-8")) or {}).get("nlu", ()):
            told = block.get("metadata") or {}
            label = block["intent"]
            if matter := told.get("matter"):
                label = MATTER + matter + (f".{told['referral']}" if matter == "out_of_scope" else "")
            by_label[label] += [line[2:] for line in block["examples"].splitlines() if line.startswith("- ")]
    return {
        "version": "3.1",
        "nlu": [
            {"intent": label, "examples": "".join(f"- {text}\n" for text in dict.fromkeys(texts))}
            for label, texts in by_label.items()
        ],
    }


async def _measured(agent: Any, items: list[dict[str, Any]]) -> dict[str, tuple[float, float]]:
    right: Counter = Counter()
    total: Counter = Counter()
    found = [0, 0, 0]

    def note(measure: str, good: bool) -> None:
        total[measure] += 1
        right[measure] += good

    for item in items:
        told = await agent.parse_message(item["text"])
        label = told["intent"]["name"] or ""
        matters = list(
            dict.fromkeys(
                entry["name"][len(MATTER) :].split(".")[0]
                for entry in told["intent_ranking"]
                if entry["name"].startswith(MATTER)
            )
        )
        if "matter" in item:
            accepted = {item["matter"], *item.get("also", ())}
            note("matter top-1", bool(accepted & set(matters[:1])))
            note("matter top-3", bool(accepted & set(matters[:3])))
        if "fields" in item:
            values = {(entity["entity"], entity["value"]) for entity in told["entities"]}
            wanted = {(name, value) for name in FIELDS for value in _list(item["fields"].get(name))}
            values = {pair for pair in values if pair[0] in FIELDS}
            found[0] += 2 * len(values & wanted)
            found[1] += len(values)
            found[2] += len(wanted)
        if "kind" in item:
            kind = "control" if label.startswith("ctl_") else _KINDS.get(label, "off_topic")
            note("kind", (label if label == "distress" else kind) == item["kind"])
            if item["kind"] == "control":
                note("control", label[len("ctl_") :] == item["control"].split(":")[0])
        if "intent" in item:
            named = "report" if label.startswith(MATTER) else label.replace("ctl_", "", 1)
            note("intent", named == item["intent"])
        if "distress" in item:
            note("distress found" if item["distress"] else "no false alarm", (label == "distress") == item["distress"])
    figures = {measure: (float(right[measure]), float(count)) for measure, count in total.items()}
    if found[2]:
        figures["fields F1"] = (float(found[0]), float(found[1] + found[2]))
    return figures


def _read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def _list(value: Any) -> list[str]:
    return [] if value is None else [str(item) for item in value] if isinstance(value, list) else [str(value)]


if __name__ == "__main__":
    raise SystemExit(main())

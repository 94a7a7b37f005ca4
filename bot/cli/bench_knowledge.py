"""`reportguide bench --knowledge`: how fast questions are answered with many entries and all imported laws."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from actions.dates import LOCAL
from bot.memory import peak_mb
from bot.settings import ROOT, Settings
from knowledge import Entry, Knowledge, Meaning, StatuteStore
from knowledge.bm25 import Floats
from knowledge.entries import Found
from knowledge.library import Library, read_library
from knowledge.meaning import SIZE
from knowledge.retrieval import texts_of

_TIMES = 2


def run(settings: Settings, *, entries: int, as_json: bool) -> None:
    """Measure in a process of its own, so that memory and start are those of one that does nothing else."""
    today = datetime.now(LOCAL).date()
    library = grown(read_library(ROOT / "knowledge" / "content"), entries)
    statutes = StatuteStore(settings.statutes_folder).current(today)
    with tempfile.TemporaryDirectory() as name:
        file, vectors = Path(name) / "entries.json", Path(name) / "vectors"
        whole = [entry.model_dump(mode="json", exclude_none=True) for _, entry in library.entries]
        file.write_text(json.dumps(whole), "utf-8")
        rows = {}
        if settings.meaning and Meaning.load():
            kept = Meaning(_Anything(), vectors)
            for side, texts in texts_of(library, today, statutes).items():
                kept.learn(side, texts)
            rows["with the model"] = _told(file, today, settings.statutes_folder, vectors)
        rows["without"] = _told(file, today, settings.statutes_folder, None)
    if as_json:
        print(json.dumps(rows))
        return
    names = list(rows["without"])
    table = Table("", *names)
    for name, row in rows.items():
        table.add_row(name, *(f"{row[key]:g}" for key in names))
    Console().print(table)


class _Anything:
    """Stands for the model where texts are learnt: how fast vectors are compared does not depend on what they say, and
    learning twenty thousand questions takes minutes. What is asked is read by the model itself."""

    def query(self, texts: list[str]) -> Floats:
        rows = np.random.default_rng(len(texts)).standard_normal((len(texts), SIZE)).astype(np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    passage = query


def _told(file: Path, today: date, statutes: Path, vectors: Path | None) -> dict[str, float]:
    command = [
        sys.executable,
        "-m",
        "bot.cli.bench_knowledge",
        str(file),
        str(today),
        str(statutes),
        str(vectors or ""),
        str(time.monotonic()),
    ]
    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    found: dict[str, float] = json.loads(told.stdout)
    return found


def grown(library: Library, count: int) -> Library:
    """The content and variations of it: `count` entries with questions of their own."""
    have = [found.entry for found in library.entries]
    more = []
    for number in range(max(0, count - len(have))):
        entry = have[number % len(have)]
        mark = f"{number // len(have) + 2}号"
        more.append(entry.model_copy(update=_varied(entry, number, mark)))
    return library._replace(entries=(*library.entries, *(Found(entry.id, entry) for entry in more)))


def _varied(entry: Entry, number: int, mark: str) -> dict[str, Any]:
    asked = [f"{text[:50]}{mark}" for text in entry.questions[:5]]
    return {"id": f"{entry.id}_{number}", "question": asked[0], "paraphrases": tuple(asked[1:])}


def _measure(file: Path, today: date, statutes: Path, vectors: str, began: float) -> dict[str, float]:
    """`began`: when the process was asked for, on the machine's own clock; reading the program is part of a start."""
    library = read_library(ROOT / "knowledge" / "content")
    items = TypeAdapter(list[Entry]).validate_json(file.read_bytes())
    found = tuple(Found(entry.id, entry) for entry in items)
    texts = StatuteStore(statutes).current(today)
    meaning = Meaning.load(Path(vectors)) if vectors else None
    knowledge = Knowledge(library._replace(entries=found), today, statutes=texts, meaning=meaning)
    knowledge.ask("有人在网上造谣怎么办")
    start, start_work = time.monotonic() - began, time.process_time()
    asked = [f"请问{entry.questions[-1]}要怎么弄" for entry in knowledge.entries[:150]]
    wall, work = _times(knowledge, asked)
    return {
        "entries": len(knowledge.entries),
        "articles": sum(len(statute.articles) for statute in texts),
        "ask ms p50": round(statistics.median(wall), 1),
        "ask ms p95": round(sorted(wall)[int(0.95 * len(wall))], 1),
        "ask cpu ms p50": round(statistics.median(work), 1),
        "start s": round(start, 2),
        "start cpu s": round(start_work, 2),
        "memory MB": int(peak_mb()),
    }


def _times(knowledge: Knowledge, asked: Sequence[str]) -> tuple[list[float], list[float]]:
    wall, work = [], []
    for text in [*asked] * _TIMES:
        before, worked = time.perf_counter(), time.process_time()
        knowledge.ask(text)
        wall.append(1000 * (time.perf_counter() - before))
        work.append(1000 * (time.process_time() - worked))
    return wall, work


if __name__ == "__main__":
    entries, today, statutes, vectors, began = sys.argv[1:]
    measured = _measure(Path(entries), date.fromisoformat(today), Path(statutes), vectors, float(began))
    print(json.dumps(measured))

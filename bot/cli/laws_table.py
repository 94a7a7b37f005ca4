"""`reportguide evaluate --laws FILE`: how well articles are found, with each part of the search taken out."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

from actions.dates import LOCAL
from bot.cli.faults import Fault
from bot.cli.learning import learn
from bot.settings import ROOT, Settings
from knowledge import Knowledge, Meaning, StatuteStore
from knowledge.article_search import ALL, ArticleTexts, Parts
from knowledge.files import read_yaml
from knowledge.library import read_library
from knowledge.retrieval import texts_of

_REF = re.compile(r"(?P<law>.+?)(?P<article>第[一二三四五六七八九十百千零]+条(?:之[一二三四五六七八九十]+)?)$")
#: Rows of the table: plain character BM25 over the articles, then one part more in each row.
_ROWS = {
    "characters alone (plain BM25)": Parts(notes=False, entries=False, meaning=False, law=False),
    "+ meaning": Parts(notes=False, entries=False, law=False),
    "+ notes searched with their article": Parts(entries=False, law=False),
    "+ entries lift what they cite": Parts(law=False),
    "+ laws that entries often cite (all)": ALL,
    "all without meaning": Parts(meaning=False),
    "all without notes and entries": Parts(notes=False, entries=False),
}


class Query(NamedTuple):
    """`wanted`: (law, article) pairs, any of which is right, by the numbers of today."""

    text: str
    wanted: frozenset[tuple[str, str]]
    core: bool


class Score(NamedTuple):
    first: float
    ten: float
    mrr: float


def read_queries(file: Path, numbers: dict[str, dict[str, str]]) -> list[Query]:
    """JSON lines with `question`, `gold` (民法典第一千一百九十五条 …) and `core`. Raises Fault."""
    queries = []
    try:
        for line in file.read_text("utf-8").splitlines():
            item = json.loads(line)
            refs = [match for gold in item["gold"] if (match := _REF.match(gold))]
            pairs = [(ref["law"].removeprefix("中华人民共和国"), ref["article"]) for ref in refs]
            wanted = frozenset((law, numbers.get(law, {}).get(article, article)) for law, article in pairs)
            queries.append(Query(item["question"], wanted, bool(item.get("core"))))
    except (OSError, ValueError, KeyError, TypeError):
        remedy = 'each line is {"question": …, "gold": [law and article], "core": …}'
        raise Fault(f"{file} cannot be read", remedy) from None
    return queries


def run(settings: Settings, file: Path, *, as_json: bool) -> None:
    """Rank with every row's parts, and print hit@1, hit@10 and MRR@10 over all queries and the core ones."""
    today = datetime.now(LOCAL).date()
    library = read_library(ROOT / "knowledge" / "content")
    texts = ArticleTexts(StatuteStore(settings.statutes_folder).current(today))
    if not texts.texts:
        raise Fault("no laws are imported", "`reportguide knowledge import FILES` first")
    meaning = Meaning.load(settings.vectors_folder) if settings.meaning else None
    if meaning:
        learn(meaning, texts_of(library, today, texts.statutes), Console(stderr=True))
    renumbered = read_yaml(ROOT / "knowledge" / "content" / "renumbered.yml")
    queries = read_queries(file, {law: facts["numbers"] for law, facts in renumbered.items()})
    with_model = Knowledge(library, today, statutes=texts, meaning=meaning)
    without = Knowledge(library, today, statutes=texts)
    core = sum(query.core for query in queries)
    result: dict[str, Any] = {"articles": len(texts.texts), "queries": len(queries), "core": core}
    rows = {}
    for name, parts in _ROWS.items():
        knowledge = with_model if parts.meaning else without
        found = [_ranks(knowledge, query, parts) for query in track(queries, name, console=Console(stderr=True))]
        of_core = [rank for rank, query in zip(found, queries, strict=True) if query.core]
        rows[name] = {"all": _score(found)._asdict(), "core": _score(of_core)._asdict()}
    result["rows"] = rows
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    table = Table("", "hit@1", "hit@10", "MRR@10", "core hit@1", "core hit@10", "core MRR@10")
    for name, scores in rows.items():
        table.add_row(name, *(f"{value:.3f}" for part in scores.values() for value in part.values()))
    Console().print(table)


def _ranks(knowledge: Knowledge, query: Query, parts: Parts) -> int | None:
    """The place, from 1 on, of the first right article among ten."""
    ranked = knowledge.ask(query.text, ranked=10, parts=parts).ranked
    return next((at for at, item in enumerate(ranked, 1) if (item.law, item.article) in query.wanted), None)


def _score(ranks: Sequence[int | None]) -> Score:
    if not ranks:
        return Score(0.0, 0.0, 0.0)
    return Score(
        round(sum(rank == 1 for rank in ranks) / len(ranks), 4),
        round(sum(rank is not None for rank in ranks) / len(ranks), 4),
        round(statistics.fmean(1 / rank if rank else 0.0 for rank in ranks), 4),
    )

"""The commands that measure the knowledge measure what they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli.bench_knowledge import run as bench
from bot.cli.faults import Fault
from bot.cli.laws_table import run as rank
from bot.settings import Settings
from knowledge import StatuteStore
from knowledge.statutes import Incoming
from knowledge.statutes.parse import parse

#: Numbers that no law of these names has, so that no entry cites them.
LINES = ["样例法", "（2020年5月28日公布）", "第一条　养鹦鹉的人应当保持安静。", "第二条　卖盲盒的人应当公布概率。"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path, meaning=False)
    StatuteStore(settings.statutes_folder).add([Incoming(parse(LINES), "x")])
    return settings


def test_answers_are_timed_with_as_many_entries_as_asked_for(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    bench(settings, entries=1000, as_json=True)
    measured = json.loads(capsys.readouterr().out)["without"]
    assert (measured["entries"], measured["articles"]) == (1000, 2)
    assert 0 < measured["ask ms p50"] <= measured["ask ms p95"]
    assert measured["start cpu s"] > 0
    assert 50 < measured["memory MB"] < 1000


def test_articles_are_ranked_with_each_part_left_out(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    queries = tmp_path / "queries.jsonl"
    items = [
        {"question": "邻居养的鹦鹉太吵，要不要安静", "gold": ["中华人民共和国样例法第一条"], "core": True},
        {"question": "盲盒的概率要公布吗", "gold": ["样例法第二条"], "core": False},
        {"question": "盲盒的概率要公布吗", "gold": ["样例法第九条"], "core": False},
    ]
    queries.write_text("\n".join(json.dumps(item, ensure_ascii=False) for item in items), "utf-8")
    rank(settings, queries, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["articles"], told["queries"], told["core"]) == (2, 3, 1)
    plain = told["rows"]["characters alone (plain BM25)"]
    assert plain["core"] == {"first": 1.0, "ten": 1.0, "mrr": 1.0}
    assert plain["all"]["first"] == pytest.approx(2 / 3, abs=1e-3)


@pytest.mark.parametrize("text", ["no json", '{"question": "甲"}'])
def test_questions_that_cannot_be_read_are_told(settings: Settings, tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.jsonl").write_text(text, "utf-8")
    with pytest.raises(Fault, match="cannot be read"):
        rank(settings, tmp_path / "bad.jsonl", as_json=True)


def test_without_laws_there_is_nothing_to_rank(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="no laws are imported"):
        rank(Settings(home=tmp_path, meaning=False), tmp_path / "x.jsonl", as_json=True)

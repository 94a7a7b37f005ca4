"""The committed index of laws against the texts themselves, which stand beside the project where it is developed."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from knowledge.law_index import facts

from .conftest import CONTENT

LAWS = Path(os.environ.get("REPORTGUIDE_LAWS", Path(__file__).parents[4] / "shared" / "laws"))


@pytest.fixture(scope="module")
def laws() -> Path:
    if not (LAWS / "articles.jsonl").is_file():
        reason = f"no texts of laws in {LAWS}; say where they are with REPORTGUIDE_LAWS"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return LAWS


def test_the_index_is_what_the_texts_say(laws: Path) -> None:
    """Written anew it would be the same: names, numbers, inserted articles, dates."""
    committed = yaml.safe_load((CONTENT / "law_index.yml").read_text("utf-8"))["laws"]
    assert committed == facts(laws)


def test_every_cited_article_has_a_text(laws: Path) -> None:
    """Read without the code under test: each article that an entry cites is there, under its number of today."""
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    for line in (laws / "articles.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        texts[row["law"].removeprefix("中华人民共和国")][row["no"]] = row["text"]
    by_name = {d["name"] for d in yaml.safe_load((CONTENT / "law_index.yml").read_text("utf-8"))["cited_by_name"]}
    cited = [
        (entry["id"], citation["title"], citation["article"])
        for file in sorted(CONTENT.glob("*/*.yml"))
        for entry in yaml.safe_load(file.read_text("utf-8"))["entries"]
        for citation in entry["citations"]
        if "article" in citation and citation["title"] not in by_name
    ]
    assert len(cited) > 600
    assert [where for where in cited if not texts[where[1]].get(where[2])] == []

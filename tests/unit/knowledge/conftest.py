"""The published content, and small content folders that a test may spoil."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from knowledge import Knowledge

CONTENT = Path(__file__).parents[3] / "knowledge" / "content"
TODAY = date(2026, 11, 24)

Write = Callable[..., Path]

GUIDE: dict[str, Any] = {
    "id": "guide.test.screenshot",
    "kind": "guide",
    "question": "截图能当证据吗？",
    "paraphrases": ["只有截图够不够", "截屏算数吗", "光有截图行吗"],
    "answer": "截图可以作证据。",
    "citations": [{"title": "民法典", "article": "第一千一百九十五条"}],
    "valid_from": date(2023, 8, 31),
    "version": 1,
    "author": "test",
}
LAW: dict[str, Any] = {
    "id": "law.civil.1024",
    "kind": "law",
    "question": "名誉权是怎么规定的？",
    "answer": "每个人都有名誉权。",
    "citations": [{"title": "民法典", "article": "第一千零二十四条"}],
    "status": "in_force",
    "valid_from": date(2021, 1, 1),
    "version": 1,
    "author": "test",
}
OTHER: dict[str, Any] = {
    "id": "guide.test.fees",
    "kind": "guide",
    "question": "举报要收费吗？",
    "paraphrases": ["举报免费吗", "有没有手续费", "要花钱吗"],
    "answer": "不收费。",
    "citations": [{"title": "民法典"}],
    "valid_from": date(2023, 8, 31),
    "version": 1,
    "author": "test",
}
CASE: dict[str, Any] = {
    "id": "case.test.address",
    "kind": "case",
    "question": "住址被公开，有例子吗？",
    "answer": "示例：住址被公开，举报后删除。",
    "case": {
        "facts": "住址被写在帖子里。",
        "reported": "按泄露个人信息举报。",
        "evidence": "链接和截图。",
        "outcome": "平台删除。",
    },
    "citations": [{"title": "民法典", "article": "第一千零三十四条"}],
    "valid_from": date(2023, 8, 31),
    "version": 1,
    "author": "test",
}


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return Knowledge.load(CONTENT, TODAY)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write(entry, …)`` makes a content folder with these entries and the real other files; returns the folder."""

    def make(*entries: dict[str, Any]) -> Path:
        folder = tmp_path / "content"
        (folder / "guide").mkdir(parents=True, exist_ok=True)
        for name in ("law_index.yml", "law_names.yml", "elsewhere.yml", "sayings.yml", "hotlines.yml", "addresses.yml"):
            shutil.copy(CONTENT / name, folder / name)
        (folder / "lexicon.yml").write_text("截屏: [截图]\n", "utf-8")
        text = yaml.safe_dump({"entries": list(entries)}, allow_unicode=True)
        (folder / "guide" / "test.yml").write_text(text, "utf-8")
        return folder

    return make

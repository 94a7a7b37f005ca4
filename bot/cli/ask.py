"""`reportguide ask`: one question to the knowledge base."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from actions.dates import LOCAL
from knowledge import Knowledge


class Asker:
    def __init__(self, content: Path) -> None:
        self._knowledge = Knowledge.load(content, datetime.now(LOCAL).date())

    def ask(self, text: str, ranked: int = 0) -> dict[str, Any]:
        """``{"answered", "answer", "citations": [{"title", "article"}], "entry", "score", "ms", "ranked"?}``."""
        found = self._knowledge.ask(text, ranked=ranked)
        told: dict[str, Any] = {
            "answered": found.answered,
            "answer": found.answer,
            "citations": [{"title": citation.title, "article": citation.article} for citation in found.citations],
            "entry": found.entry,
            "score": round(found.score, 4),
            "ms": round(found.ms, 2),
        }
        if ranked:
            told["ranked"] = [dict(item) if isinstance(item, dict) else item._asdict() for item in found.ranked]
        return told

"""Texts that the service says outside a turn of the brain, from `dialogues/phrases.yml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class Phrases:
    """Texts by name. An unknown name is a fault of the program, so it raises KeyError at once."""

    def __init__(self, file: Path) -> None:
        self._texts: dict[str, str] = yaml.safe_load(file.read_text("utf-8"))

    def __call__(self, name: str, **values: Any) -> str:
        return self._texts[name].format(**values).strip()

    def states(self) -> dict[str, str]:
        """Case states in words."""
        return {name.removeprefix("state_"): text for name, text in self._texts.items() if name.startswith("state_")}

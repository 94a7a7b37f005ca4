"""The custom menu: what an agency gets from `reportguide channels menu set`, and what its items mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: Key of a menu item → the payload it stands for, and the name of its title in `dialogues/phrases.yml`.
MEANINGS: dict[str, tuple[str, str]] = {
    "report": ("start_report", "menu_report"),
    "progress": ("check_status", "menu_progress"),
    "supplement": ("supplement_evidence", "menu_supplement"),
    "help": ("who_are_you", "menu_help"),
    "human": ("human_guidance", "menu_human"),
}


def custom_menu(words: Callable[..., str]) -> dict[str, Any]:
    """The menu as the API takes it: three columns, at most five items each."""

    def item(key: str) -> dict[str, str]:
        return {"type": "click", "name": words(MEANINGS[key][1]), "key": key}

    def column(name: str, *keys: str) -> dict[str, Any]:
        return {"name": words(name), "sub_button": [item(key) for key in keys]}

    return {
        "button": [item("report"), column("menu_case", "progress", "supplement"), column("menu_more", "help", "human")]
    }

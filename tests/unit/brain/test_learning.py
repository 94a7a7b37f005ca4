"""A change to anything that learning depends on makes the brain learn anew."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.settings import ROOT

BRAIN = ROOT / "bot" / "brain"
#: Shapes alone, without a line that learning could run through.
SHAPES = {"turn"}


def imported(name: str) -> Iterator[str]:
    """The modules of the brain that a module imports."""
    for node in ast.walk(ast.parse((BRAIN / f"{name}.py").read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "bot.brain":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bot.brain."):
            yield str(node.module).removeprefix("bot.brain.")


def named() -> set[str]:
    """What `component.py` says that learning depends on; it cannot be imported without Rasa."""
    for node in ast.walk(ast.parse((BRAIN / "component.py").read_text("utf-8"))):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "LEARNING":
            return set(ast.literal_eval(node.value))
    raise AssertionError("component.py names nothing")


def test_all_that_learning_runs_through_is_named() -> None:
    # The signs of replies are made by the decider's tools and handed in.
    found, open_ = set(), ["sense", "signs"]
    while open_:
        name = open_.pop()
        if name not in found | SHAPES:
            found.add(name)
            open_ += imported(name)
    assert named() == found

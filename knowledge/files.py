"""Reading content files, with errors that staff can act on."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

#: The same reader written in C where PyYAML was built with it: eight times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ContentError(Exception):
    """Content that cannot be used. `problems`: one line each — file, entry, what is wrong, what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def read_text(data: bytes) -> str:
    """Text as offices save it: UTF-8 with or without its mark, UTF-16 with its mark, GB18030. Raises ValueError."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding)
    if b"\x00" in data:
        raise ValueError("binary")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def read_yaml(file: Path) -> Any:
    """The parsed file. Raises ContentError when it is missing, not UTF-8 or not valid YAML."""
    try:
        text = file.read_text("utf-8")
        return yaml.load(text, _LOADER)  # noqa: S506 - both are safe
    except FileNotFoundError:
        raise ContentError([f"{file}: the file is missing — restore it"]) from None
    except UnicodeDecodeError:
        raise ContentError([f"{file}: not UTF-8 — save it as UTF-8"]) from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        # What is never closed is missed behind the last line.
        line = f", line {min(mark.line + 1, max(1, len(text.splitlines())))}" if mark else ""
        reason = getattr(problem, "problem", None) or "cannot be read"
        raise ContentError(
            [f"{file}{line}: not valid YAML ({reason}) — check indentation, colons and quotes there"]
        ) from None


def explain(place: str, problem: ValidationError) -> list[str]:
    """One line for each mistake that pydantic found in the thing at `place`."""
    lines = []
    errors = problem.errors()
    # A list whose only item is wrong is also told to be too short: that follows from the item.
    inner = {error["loc"][:size] for error in errors for size in range(1, len(error["loc"]))}
    for error in errors:
        if error["loc"] in inner:
            continue
        where = ".".join(str(part) for part in error["loc"]) or "the whole"
        given = "" if error["type"] in ("missing", "extra_forbidden") else f" (given: {str(error['input'])[:40]!r})"
        lines.append(f"{place}: {where}: {_ADVICE.get(error['type'], error['msg'])}{given}")
    return lines


_ADVICE = {
    "missing": "is missing — add it",
    "extra_forbidden": "is not a known field — remove it or correct its name",
    "string_too_long": "is too long for a phone — shorten it",
    "string_pattern_mismatch": "is not written as it should be — write it like its neighbours",
    "string_too_short": "is empty — write it",
    "date_type": "is not a date — write it as 2026-01-31",
    "date_from_datetime_parsing": "is not a date — write it as 2026-01-31",
}

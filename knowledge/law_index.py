"""Writes `content/law_index.yml`, facts only, from a folder of statutes.

``python -m knowledge.law_index /path/to/laws``

The folder holds `articles.jsonl` (lines with "law", "no", "n", "text") and one Markdown file a law. No statute text is
written. What stands under `cited_by_name` is kept as it is.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from knowledge.laws import article_name

CONTENT = Path(__file__).parent / "content"
_DAY = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")
_SINCE = re.compile(r"自(\d{4})年(\d{1,2})月(\d{1,2})日起施行")
_SINCE_HEAD = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日 施行", re.MULTILINE)
_IN_NAME = re.compile(r"\((\d{4})-(\d{2})-(\d{2})\)")
_HEAD = """\
# Facts about laws, to prove that a cited article exists. No statute text. `laws` is written by
#   python -m knowledge.law_index /path/to/laws
# `cited_by_name` is written by hand: rules whose text is not in that folder.
"""


def facts(folder: Path) -> list[dict[str, Any]]:
    """Name, number of articles, last number, inserted articles, version and effective day of every law in `folder`."""
    articles: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with (folder / "articles.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            articles[row["law"].removeprefix("中华人民共和国")].append((row["no"], row["text"]))
    return [_law(name, rows, folder / f"{name}.md") for name, rows in sorted(articles.items())]


def _law(name: str, rows: list[tuple[str, str]], file: Path) -> dict[str, Any]:
    numbers = [number for number, _ in rows]
    inserted = sorted({number for number in numbers if "之" in number}, key=numbers.index)
    plain = {number for number in numbers if "之" not in number}
    last = max(range(1, len(plain) + 1), key=lambda number: (article_name(number) in plain, number))
    if missing := [n for n in range(1, last + 1) if article_name(n) not in plain]:
        raise ValueError(f"{name}: articles are missing: {missing[:5]}")
    law: dict[str, Any] = {"name": name, "articles": len(numbers), "last": last}
    if inserted:
        law["inserted"] = inserted
    head = file.read_text("utf-8").split("**第", 1)[0]
    # `(2023-10-16)` in the source's file name, else the last day the head names before it says since when.
    named = _IN_NAME.findall(head.split("\n", 1)[0])
    days = named or _DAY.findall(_SINCE_HEAD.sub("", head))
    if days:
        law["version"] = max(_day(*found) for found in days)
    since = [_day(*found) for _, text in rows[-3:] for found in _SINCE.findall(text)] or [
        _day(*found) for found in _SINCE_HEAD.findall(head)
    ]
    if not since and name == "民法典":  # its closing article is not among the last rows of the file
        since = [_day(*found) for _, text in rows for found in _SINCE.findall(text)]
    if since:
        law["effective"] = since[0]
    return law


def _day(year: str, month: str, day: str) -> date:
    return date(int(year), int(month), int(day))


def write(folder: Path, file: Path) -> int:
    """Write the index; returns how many laws it has."""
    old = yaml.safe_load(file.read_text("utf-8")) if file.exists() else {}
    laws = facts(folder)
    lines = [_HEAD, "laws:\n"]
    lines += [f"- {_line(law)}\n" for law in laws]
    lines.append("cited_by_name:\n")
    lines += [f"- {_line(document)}\n" for document in (old or {}).get("cited_by_name", [])]
    file.write_text("".join(lines), "utf-8")
    return len(laws)


def _line(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, sort_keys=False, width=1_000_000).strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m knowledge.law_index", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("folder", type=Path, help="folder with articles.jsonl and one Markdown file a law")
    parser.add_argument(
        "--to", type=Path, default=CONTENT / "law_index.yml", help="file to write (default: %(default)s)"
    )
    asked = parser.parse_args()
    sys.stdout.write(f"{write(asked.folder, asked.to)} laws → {asked.to}\n")


if __name__ == "__main__":
    main()

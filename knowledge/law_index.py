"""Writes `content/law_index.yml`, facts only, from texts of laws.

``python -m knowledge.law_index /path/to/laws``

The folder holds one text a law, of any kind that is imported (`knowledge.statutes`). No statute text is written. What
stands under `cited_by_name` is kept as it is.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

from knowledge.statutes import Statute
from knowledge.statutes.parse import parse
from knowledge.statutes.reading import READABLE, read_lines

CONTENT = Path(__file__).parent / "content"
_HEAD = """\
# Facts about laws, to prove that a cited article exists. No statute text. `laws` is written by
#   python -m knowledge.law_index /path/to/laws
# `cited_by_name` is written by hand: rules whose text is not in that folder.
"""


def facts(folder: Path) -> list[dict[str, Any]]:
    """Name, number of articles, last number, inserted articles, version and effective day of every law in `folder`.

    Raises UnreadableError or StatuteError for a file that is no whole law.
    """
    files = [file for file in folder.iterdir() if file.suffix in READABLE and not file.stem.startswith("README")]
    found = [parse(read_lines(file), name=file.stem) for file in files]
    return [_law(statute) for statute in sorted(found, key=lambda statute: statute.law)]


def _law(statute: Statute) -> dict[str, Any]:
    plain = [number for number in statute.numbers if number.endswith("条")]
    law: dict[str, Any] = {"name": statute.law, "articles": len(statute.numbers), "last": len(plain)}
    if inserted := [number for number in statute.numbers if not number.endswith("条")]:
        law["inserted"] = inserted
    if statute.version:
        law["version"] = statute.version
    if statute.effective and not statute.assumed:
        law["effective"] = statute.effective
    return law


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


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """A day that comes twice is written twice."""
        return True


def _line(value: dict[str, Any]) -> str:
    return yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, default_flow_style=True, sort_keys=False, width=10**6
    ).strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m knowledge.law_index", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("folder", type=Path, help="folder with one text a law")
    parser.add_argument(
        "--to", type=Path, default=CONTENT / "law_index.yml", help="file to write (default: %(default)s)"
    )
    asked = parser.parse_args()
    sys.stdout.write(f"{write(asked.folder, asked.to)} laws → {asked.to}\n")


if __name__ == "__main__":
    main()

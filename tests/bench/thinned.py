"""A copy of this project that learns from fewer messages, for comparisons that would take a day with all of them.

    uv run python -m tests.bench.thinned FOLDER [--one-in 6]

Every message is drawn by a number that is its own, so that any two models trained in the copy see the same ones:

    cd FOLDER && uv run reportguide evaluate
    cd FOLDER && .venv-brain/bin/python -m tests.bench.understanding
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: How a message stands in `dialogues/nlu`, below `examples: |`.
MESSAGE = "    - "


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the copy is made; must not exist")
    parser.add_argument("--one-in", type=int, default=6, help="keep one message in so many (default: %(default)s)")
    asked = parser.parse_args()
    if asked.folder.exists():
        parser.error(f"{asked.folder} exists already: name a folder that does not")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, tracked.split("\0")):
        target = asked.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    kept = sum(thin(file, asked.one_in) for file in (asked.folder / "dialogues" / "nlu").rglob("*.yml"))
    print(f"{asked.folder}: {kept} messages")
    return 0


def thin(file: Path, one_in: int) -> int:
    """Leave one message in `one_in`, and of each block the first at least; how many are left."""
    lines, kept, first = [], 0, False
    for line in file.read_text("utf-8").splitlines(keepends=True):
        if not line.startswith(MESSAGE):
            first = True
        elif first or int(hashlib.sha256(line.encode()).hexdigest(), 16) % one_in == 0:
            first = False
            kept += 1
        else:
            continue
        lines.append(line)
    file.write_text("".join(lines), "utf-8")
    return kept


if __name__ == "__main__":
    raise SystemExit(main())

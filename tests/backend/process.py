"""The reference backend as a process of its own, to be killed. Arguments: its folder, and a file for its address."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.backend.harness import backend

if __name__ == "__main__":
    folder, address_file = Path(sys.argv[1]), Path(sys.argv[2])
    with backend(folder) as address:
        ready = address_file.with_suffix(".new")
        ready.write_text(address)
        ready.rename(address_file)
        time.sleep(600)

"""The memory of this process, as its machine counts it. In both of the project's Pythons."""

import re
import resource
import sys
from pathlib import Path

#: Where Linux tells the most memory that a process held, in kilobytes.
_STATUS = Path("/proc/self/status")


def peak_mb() -> float:
    """The most memory that this process ever held, in MB, to the tenth."""
    # Rather than `getrusage`, with which a process inherits the peak of the one that started it.
    if told := re.search(r"VmHWM:\s+(\d+)", _STATUS.read_text()) if _STATUS.exists() else None:
        return round(int(told.group(1)) / 1024, 1)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / (1024**2 if sys.platform == "darwin" else 1024), 1)

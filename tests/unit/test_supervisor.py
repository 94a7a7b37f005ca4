"""What `reportguide up` prepares, it prepares once, whoever else begins at the same moment."""

from __future__ import annotations

import io
import threading
from pathlib import Path

from rich.console import Console

from bot.supervisor.lock import alone


def test_a_second_process_says_that_it_waits_and_goes_on_after_the_first(tmp_path: Path) -> None:
    lock, said, order = tmp_path / "preparing.lock", io.StringIO(), list[str]()
    waiting = threading.Event()

    class Heard(io.StringIO):
        def write(self, text: str) -> int:
            waiting.set()
            return said.write(text)

    def second() -> None:
        with alone(lock, Console(file=Heard())):
            order.append("second")

    with alone(lock, Console(file=io.StringIO())):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert "waiting for it" in said.getvalue()
    assert lock.stat().st_mode & 0o077 == 0

"""The short form of `python -m tests.channels.kills --kills 200`."""

from __future__ import annotations

from tests.channels import kills


def test_nothing_is_lost_over_kills() -> None:
    told = kills.run(5)
    assert told["messages"] > 0
    print(told)

"""Every raw payload of every channel's table."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.channels.contract import Event, Forged, Unreadable
from tests.channels import replay


@pytest.mark.parametrize("case", replay.cases(), ids=lambda case: f"{case.channel}: {case.name}")
def test_a_payload_is_read_as_its_table_says(case: replay.Case) -> None:
    decode = replay.DRESSERS[case.channel]
    if case.refused:
        with pytest.raises((Forged, Unreadable), match=case.refused):
            decode(case.raw)
        return
    events = decode(case.raw)
    assert [_as_told(event, wanted) for event, wanted in zip(events, case.events or [], strict=True)] == list(
        case.events or []
    )
    # The same payload again is the same event.
    assert [event.key for event in decode(case.raw)] == [event.key for event in events]


def _as_told(event: Event, wanted: dict[str, Any]) -> dict[str, Any]:
    """The fields of an event that its table speaks of."""
    told: dict[str, Any] = {}
    for name in wanted:
        value = getattr(event, name)
        if name == "press":
            value = value and value.model_dump(exclude_none=True)
        elif name == "media":
            value = [{"kind": item.kind, "ref": item.ref, "name": item.name} for item in value]
        elif name in ("address", "consents"):
            value = dict(value)
        elif name == "bounced":
            value = value and [value.first, value.last, value.keep]
        told[name] = value
    return told


def test_every_channel_with_a_table_has_a_dresser() -> None:
    assert {case.channel for case in replay.cases()} == set(replay.DRESSERS)


def test_different_payloads_of_one_person_are_different_events() -> None:
    for channel, decode in replay.DRESSERS.items():
        keys: dict[tuple[str, str], str] = {}
        for case in replay.cases():
            if case.channel == channel and not case.refused:
                for event in decode(case.raw):
                    other = keys.setdefault((event.person, event.key), case.name)
                    assert other == case.name, f"{other} and {case.name} are one event"

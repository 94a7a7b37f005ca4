"""Which step comes next: the whole interview as one pure function of the standard and of what is known.

Nothing is remembered about the way here. Whoever changes an answer is asked only what that change made missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actions.standard import Element, Matter, Standard

#: Steps that are no elements of a report.
MATTER, SURE, CONFIRM = "matter", "sure", "confirm"
CONFIRMED = "确认"


@dataclass
class Interview:
    """What is known in a draft. `values`: element id → JSON value; `given`: ids that the first message answered."""

    standard: Standard
    matter_id: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    asking: str | None = None
    errand: str | None = None
    confirmed: bool = False

    @property
    def matter(self) -> Matter | None:
        return self.standard.matter(self.matter_id)

    def element(self, element_id: str) -> Element | None:
        """The element under this id in the matter, or in any matter while none is chosen."""
        holder = [*self.errand_elements(), *(self.matter.elements if self.matter else self.standard.elements())]
        return next((element for element in holder if element.id == element_id), None)

    def errand_elements(self) -> list[Element]:
        """What the errand asks for that is on its way, such as a call back."""
        errand = self.standard.errand(self.errand)
        return [element for element in errand.elements if element.applies(self.values)] if errand else []

    def elements(self) -> list[Element]:
        """The elements that apply, in order."""
        return [element for element in self.matter.elements if element.applies(self.values)] if self.matter else []

    def needed(self) -> list[str]:
        """All steps of this interview, in order, answered ones included."""
        before = [SURE] if self.asking else [element.id for element in self.errand_elements()]
        if not self.matter:
            return [*before, MATTER]
        asked = [element.id for element in self.elements() if element.id not in self.skipped]
        return [*before, MATTER, *asked, CONFIRM]

    def missing(self, step: str) -> bool:
        if step == MATTER:
            return self.matter is None
        if step == SURE:
            return self.asking is not None
        if step == CONFIRM:
            return not self.confirmed
        return self.values.get(step) is None

    def next_step(self, now_at: str | None = None) -> str | None:
        """The step to ask: the one being asked if it is still open, else the first that is missing; None when done."""
        needed = self.needed()
        if self.asking:
            return SURE
        if now_at in needed and now_at != CONFIRM and self.missing(now_at):
            return now_at
        return next((step for step in needed if self.missing(step)), None)

    def complete(self) -> bool:
        """Whether everything the standard requires is there, the person's confirmation included."""
        return self.matter is not None and self.next_step() is None

    def drop_stale(self) -> list[str]:
        """Forget values whose element no longer applies, so that none of them reaches the report. Returns their ids."""
        gone: list[str] = []
        while True:
            applying = {element.id for element in (*self.elements(), *self.errand_elements())}
            stale = [name for name in self.values if self.matter and name not in applying]
            if not stale:
                return gone
            for name in stale:
                del self.values[name]
            gone += stale

    def progress(self, step: str) -> tuple[int, int] | None:
        """``(position, total)`` among what is asked, leaving out what the first message already told."""
        if step in (errand := [element.id for element in self.errand_elements()]):
            return errand.index(step) + 1, len(errand)
        asked = [e.id for e in self.elements() if e.id not in self.given and e.id not in self.skipped]
        return (asked.index(step) + 1, len(asked)) if step in asked else None

    def left(self) -> int:
        """How many elements are still missing."""
        return sum(1 for e in self.elements() if e.id not in self.skipped and self.values.get(e.id) is None)


def from_slots(standard: Standard, slots: Mapping[str, Any]) -> Interview:
    """The interview as Rasa's slots hold it."""
    ids = {element.id for element in standard.elements()}
    return Interview(
        standard=standard,
        matter_id=slots.get(MATTER),
        values={name: slots[name] for name in ids if slots.get(name) is not None},
        skipped=list(slots.get("skipped") or []),
        given=list(slots.get("given") or []),
        asking=slots.get("asking"),
        errand=slots.get("errand"),
        confirmed=slots.get(CONFIRM) == CONFIRMED,
    )

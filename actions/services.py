"""What the actions work with, handed to them by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from actions.drafts import Drafts
from actions.handover import Handover
from actions.reminders import Reminders
from actions.standard import Standard
from actions.submission import Submission


class EvidenceItem(Protocol):
    """What actions need to know of one file."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def short(self) -> str: ...


class EvidenceBook(Protocol):
    """A conversation's files; those of others are not found."""

    async def facts(self, conversation_id: str, ids: Sequence[str] | None = None) -> Sequence[EvidenceItem]: ...

    async def file_under(self, conversation_id: str, draft_id: str, ids: Sequence[str]) -> None:
        """These files belong to this report: they are kept, and erased, with it."""
        ...

    async def erase(self, draft_id: str) -> int:
        """Destroy a report's files, but for those that another report has too."""
        ...

    async def erase_unreported(self, conversation_id: str, reported: Sequence[str]) -> int:
        """Destroy a conversation's files, but for those of the `reported` drafts."""
        ...


#: Which evidence a person's channel carries: ``all``, ``pictures`` (and sound, but no documents) or ``nothing``.
Carries = Literal["all", "pictures", "nothing"]


class Linking(Protocol):
    """Links that open one thing for a while."""

    async def carries(self, conversation_id: str) -> Carries: ...

    async def upload(self, conversation_id: str, asks: str | None) -> str:
        """The address of an upload page tied to this conversation; `asks`: the label of a text it asks for, too."""
        ...

    async def receipt(self, conversation_id: str, draft_id: str) -> str:
        """The address of the receipt of a report of this conversation."""
        ...


class Pages(Protocol):
    """Copies of the pages that reports link to."""

    async def note(self, conversation_id: str, draft_id: str, links: Sequence[str]) -> None:
        """These are links of this report. Nothing is fetched before this returns."""
        ...


class Citation(Protocol):
    @property
    def title(self) -> str: ...
    @property
    def article(self) -> str | None: ...


class Case(Protocol):
    """An example that is made up: what happened, and what was handed in."""

    @property
    def facts(self) -> str: ...
    @property
    def evidence(self) -> str: ...


class Entry(Protocol):
    """A published answer; `case` where it is an example."""

    @property
    def answer(self) -> str: ...
    @property
    def citations(self) -> Sequence[Citation]: ...
    @property
    def case(self) -> Case | None: ...


class Answer(Protocol):
    @property
    def answered(self) -> bool: ...
    @property
    def answer(self) -> str: ...
    @property
    def citations(self) -> Sequence[Citation]: ...
    @property
    def suggestions(self) -> Sequence[str]: ...
    @property
    def entry(self) -> str | None: ...


class Answerer(Protocol):
    """What the knowledge room is asked."""

    def ask(
        self, text: str, *, matter: str | None = None, role: str | None = None, before: str | None = None
    ) -> Answer:
        """`matter`: what is being reported; `role`: by a citizen or an enterprise, what is meant for others is left
        out. `before`: the question answered before, from which this may go on."""
        ...

    def at_step(self, matter: str, step: str, *, role: str | None = None) -> Entry | None:
        """What helps somebody who hesitates at this element of this matter; None where nothing is held ready."""
        ...


class Feedback(Protocol):
    """What staff learn of answers: questions nobody could answer, and whether answers helped."""

    async def record(
        self, question: str, entry_id: str | None, verdict: Literal["unanswered", "helpful", "not_helpful"]
    ) -> None:
        """`entry_id`: what was rated, or what came nearest. Masks and seals the question before it is kept."""
        ...


class Hotline(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def number(self) -> str: ...


@dataclass(frozen=True)
class Services:
    """Everything an action may touch."""

    drafts: Drafts
    evidence: EvidenceBook
    knowledge: Answerer
    feedback: Feedback
    hotlines: Mapping[str, Hotline]
    submission: Submission
    handover: Handover
    reminders: Reminders
    links: Linking
    #: Where this deployment's agency is competent, such as 浙江; empty: everywhere.
    region: str
    #: Most reports that one person may submit on one day (art. 17).
    reports_per_day: int
    now: Callable[[], datetime]
    #: None where the agency does not want linked pages copied.
    pages: Pages | None = None

    @property
    def standard(self) -> Standard:
        return self.drafts.current

    def hotline_list(self, ids: Sequence[str]) -> str:
        """``"法律援助（12348）、报警（110）"``."""
        known = [self.hotlines[name] for name in ids if name in self.hotlines]
        return "、".join(f"{line.name}（{line.number}）" for line in known)

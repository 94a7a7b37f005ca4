"""An import in two steps: a plan that only reads, to be looked at, and then all of it at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from knowledge.entries import Entry
from knowledge.statutes.difference import Change, Kind, compare
from knowledge.statutes.parse import Statute, StatuteError, parse
from knowledge.statutes.reading import UnreadableError, read_lines
from knowledge.statutes.store import Incoming, Record, StatuteStore


class Flag(NamedTuple):
    """An entry that somebody must look at: the article it cites changed. `now`: its number in the new version."""

    entry: str
    law: str
    article: str
    kind: Kind
    now: str | None


@dataclass(frozen=True)
class Planned:
    """One file. `before`: the version it is compared with; None for a law that is new here."""

    statute: Statute
    source: str
    before: Record | None
    changes: Sequence[Change] = ()

    def of(self, kind: Kind) -> list[Change]:
        return [change for change in self.changes if change.kind is kind]

    @property
    def unchanged(self) -> bool:
        return self.before is not None and all(change.kind is Kind.SAME for change in self.changes)


@dataclass(frozen=True)
class Plan:
    """What an import would do. With `problems` nothing of it can be done."""

    planned: list[Planned] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)

    def carry_out(self, store: StatuteStore) -> list[Record]:
        """Keep all of it. Raises StatuteError, having done nothing, if there are problems."""
        if self.problems:
            raise StatuteError("\n".join(self.problems))
        return store.add([Incoming(item.statute, item.source) for item in self.planned])


def plan(
    files: Sequence[Path], store: StatuteStore, entries: Iterable[Entry] = (), effective: date | None = None
) -> Plan:
    """Read and compare. `effective`: since when the texts are in force, where they do not say it themselves.

    Raises StatuteError only when the store itself cannot be read.
    """
    made = Plan()
    citing = list(entries)
    seen: dict[tuple[str, date | None], str] = {}
    for file in files:
        try:
            statute = parse(read_lines(file), name=file.stem)
        except UnreadableError as problem:
            made.problems.append(str(problem))
            continue
        except StatuteError as problem:
            made.problems.append(f"{file.name}: {problem}")
            continue
        if effective:
            statute = statute.model_copy(update={"effective": effective, "assumed": False})
        if other := seen.get(key := (statute.law, statute.version)):
            made.problems.append(f"{file.name}: the same version of 《{statute.law}》 as {other} — give one of them")
            continue
        seen[key] = file.name
        before = next((r for r in store.versions(statute.law) if _earlier(r, statute)), None)
        changes = compare(store.read(before), statute) if before else []
        made.planned.append(Planned(statute, file.name, before, changes))
        made.flags.extend(_flags(statute.law, changes, citing))
    return made


def _earlier(record: Record, statute: Statute) -> bool:
    """The last version before this one; the same version again is compared with what was imported first."""
    return (record.effective or date.min) <= (statute.effective or date.max)


def _flags(law: str, changes: Iterable[Change], entries: Iterable[Entry]) -> list[Flag]:
    changed = {change.old.number: change for change in changes if change.old and change.kind is not Kind.SAME}
    found = []
    for entry in entries:
        for citation in entry.citations:
            if citation.title == law and citation.article and (change := changed.get(citation.article)):
                now = change.new.number if change.new else None
                found.append(Flag(entry.id, law, citation.article, change.kind, now))
    return found

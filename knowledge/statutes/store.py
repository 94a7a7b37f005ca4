"""Imported statutes in the state folder: every version a file of its own, and one catalogue that says which count.

A version's file is named by its content and never changed. The catalogue is replaced in one step after all files are
written: whoever is killed before that has imported nothing, and readers see all of an import or nothing of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from knowledge.statutes.parse import Statute, StatuteError

CATALOGUE = "catalogue.json"
_FLAGS = "flags.json"


class Record(BaseModel):
    """One version in the catalogue. `file`: its name in the folder. `source`: name of the file it came from."""

    model_config = ConfigDict(frozen=True)

    law: str
    version: date | None
    effective: date | None
    assumed: bool = False
    articles: int
    file: str
    source: str


class Incoming(NamedTuple):
    statute: Statute
    source: str


class StatuteStore:
    """The statutes under `folder`, which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Another process may read it, too."""
        return self._folder

    @property
    def stamp(self) -> int:
        """Changes when anything was imported or taken out; 0 while there is nothing."""
        try:
            return (self._folder / CATALOGUE).stat().st_mtime_ns
        except OSError:
            return 0

    def records(self) -> list[Record]:
        """Every version of every law. Raises StatuteError when the catalogue cannot be read."""
        file = self._folder / CATALOGUE
        try:
            return [Record.model_validate(item) for item in json.loads(file.read_text("utf-8"))]
        except FileNotFoundError:
            return []
        except (ValueError, ValidationError, OSError):
            raise StatuteError(
                f"{file}: cannot be read — restore it, or delete it and import the texts again"
            ) from None

    def versions(self, law: str) -> list[Record]:
        """Of one law, the one in force last first."""
        found = [record for record in self.records() if record.law == law]
        return sorted(
            found, key=lambda record: (record.effective or date.min, record.version or date.min), reverse=True
        )

    def read(self, record: Record) -> Statute:
        """Raises StatuteError when the file is missing or broken."""
        file = self._folder / record.file
        try:
            return Statute.model_validate_json(file.read_bytes())
        except (OSError, ValidationError):
            raise StatuteError(f"{file}: cannot be read — import 《{record.law}》 again") from None

    def current(self, today: date) -> list[Statute]:
        """Of each law the version in force on `today`, by name. Raises StatuteError."""
        newest: dict[str, Record] = {}
        for record in self.records():
            if record.effective and record.effective > today:
                continue
            other = newest.get(record.law)
            if other is None or _since(record) >= _since(other):
                newest[record.law] = record
        return [self.read(newest[law]) for law in sorted(newest)]

    def add(self, incoming: Sequence[Incoming]) -> list[Record]:
        """Keep all of these, or none; a version that is here already (same law, same days) is replaced."""
        new = [self._write(statute, source) for statute, source in incoming]
        keys = {(record.law, record.version, record.effective) for record in new}
        kept = [r for r in self.records() if (r.law, r.version, r.effective) not in keys]
        self._replace(sorted([*kept, *new], key=lambda r: (r.law, r.effective or date.min)))
        return new

    def remove(self, law: str, version: date | None = None) -> int:
        """Take a law out, or one version of it; returns how many versions went."""
        records = self.records()
        kept = [r for r in records if r.law != law or (version and r.version != version)]
        if len(kept) < len(records):
            self._replace(kept)
        return len(records) - len(kept)

    def flag(self, flags: Sequence[Mapping[str, Any]]) -> None:
        """Remember entries that somebody must look at, beside those that were flagged before."""
        known = self.flagged()
        known += [dict(flag) for flag in flags if dict(flag) not in known]
        _into(self._folder / _FLAGS, json.dumps(known, ensure_ascii=False, indent=1).encode())

    def flagged(self) -> list[dict[str, Any]]:
        """Entries whose cited articles changed at an import: entry, law, article, kind, now."""
        try:
            found: list[dict[str, Any]] = json.loads((self._folder / _FLAGS).read_text("utf-8"))
        except (OSError, ValueError):
            return []
        return found

    def _write(self, statute: Statute, source: str) -> Record:
        data = statute.model_dump_json().encode()
        name = f"{hashlib.sha256(data).hexdigest()[:24]}.json"
        self._folder.mkdir(parents=True, exist_ok=True)
        if not (self._folder / name).exists():
            _into(self._folder / name, data)
        return Record(
            law=statute.law,
            version=statute.version,
            effective=statute.effective,
            assumed=statute.assumed,
            articles=len(statute.articles),
            file=name,
            source=source,
        )

    def _replace(self, records: Iterable[Record]) -> None:
        data = json.dumps([r.model_dump(mode="json") for r in records], ensure_ascii=False, indent=1).encode()
        _into(self._folder / CATALOGUE, data)
        named = {CATALOGUE, _FLAGS, *(record.file for record in self.records())}
        for file in self._folder.glob("*.json"):
            if file.name not in named:
                file.unlink(missing_ok=True)


def _since(record: Record) -> tuple[date, date]:
    return record.effective or date.min, record.version or date.min


def _into(file: Path, data: bytes) -> None:
    """Write a file whole or not at all, also when the power goes."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

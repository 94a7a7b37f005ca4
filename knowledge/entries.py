"""The schema of published answers, and reading them from `content/guide`, `content/laws` and `content/cases`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from knowledge.files import ContentError, explain, read_yaml
from knowledge.laws import LawIndex

__all__ = ["Citation", "ContentError", "Entry", "Found", "problems_of", "read_entries"]

Text = Annotated[str, Field(min_length=1, max_length=60)]
Part = Annotated[str, Field(min_length=1, max_length=160)]
#: A case begins with this word, so that nobody takes it for something that happened.
ILLUSTRATION = "示例"
#: What a text for people must not have: exclamation marks, and the tone of an office. 除非法律 is none.
TONE = re.compile(r"[!！]|您的输入有误|(?<!除)非法|侵权主体|请勿|[\U0001F300-\U0001FAFF]")
_ARTICLE = r"^第[一二三四五六七八九十百千零]+条(之[一二三四五六七八九十]+)?$"
_FOLDERS = ("guide", "laws", "cases")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Citation(_Data):
    """What an answer rests on: a law (without 中华人民共和国) or document, and the article where there is one."""

    title: Annotated[str, Field(min_length=2)]
    article: Annotated[str, Field(pattern=_ARTICLE)] | None = None


class Case(_Data):
    """An example, made up from what is typical: no real person, firm or platform. The legal basis is the citations."""

    facts: Part
    reported: Part
    evidence: Part
    outcome: Part

    @property
    def parts(self) -> tuple[str, str, str, str]:
        return (self.facts, self.reported, self.evidence, self.outcome)


class Entry(_Data):
    """One published answer. Dates are days in the agency's own time zone; `valid_to` is the last valid day."""

    id: Annotated[str, Field(pattern=r"^(guide|law|case)\.[a-z0-9_]+(\.[a-z0-9_]+)+$")]
    kind: Literal["guide", "law", "case"]
    question: Text
    paraphrases: tuple[Text, ...] = Field(default=(), strict=False)
    answer: Annotated[str, Field(min_length=1, max_length=110)]
    more: Annotated[str, Field(min_length=1, max_length=400)] | None = None
    case: Case | None = None
    citations: tuple[Citation, ...] = Field(min_length=1, strict=False)
    tags: tuple[str, ...] = Field(default=(), strict=False)
    matters: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,30}$")], ...] = Field(default=(), strict=False)
    steps: tuple[Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,30}$")], ...] = Field(
        default=(),
        strict=False,
        description="elements of the reporting standard at which this helps who hesitates; of `matters`, or of all",
    )
    roles: tuple[Literal["citizen", "enterprise"], ...] = Field(
        default=(), strict=False, description="whom it is for; empty: everyone"
    )
    channels: tuple[Annotated[str, Field(pattern=r"^[a-z]{2,20}$")], ...] = Field(
        default=(), strict=False, description="where it may be given; empty: everywhere"
    )
    valid_from: date
    valid_to: date | None = None
    status: Literal["in_force", "amended", "repealed"] | None = Field(
        default=None, description="of the article, for a law note"
    )
    version: Annotated[int, Field(ge=1)]
    author: Text

    @model_validator(mode="after")
    def _whole(self) -> Entry:
        if not self.id.startswith(f"{self.kind}."):
            raise ValueError(f"the id must begin with the kind — rename it {self.kind}.…")
        if self.kind == "guide" and len(self.paraphrases) < 3:
            raise ValueError("a guide entry needs at least 3 paraphrases — add other ways people ask this")
        if self.kind == "law" and (len(self.citations) != 1 or self.citations[0].article is None):
            raise ValueError("a law note is about one article — give exactly one citation with its article")
        if self.kind == "law" and self.status is None:
            raise ValueError("a law note states whether its article is in force — add `status`")
        if (self.kind == "case") != (self.case is not None):
            raise ValueError("a case, and only a case, has `case` with facts, reported, evidence and outcome")
        if self.kind == "case" and not self.answer.startswith(ILLUSTRATION):
            raise ValueError(f"a case is made up and must say so — begin its answer with {ILLUSTRATION}")
        if self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("valid_to is before valid_from — correct one of the two dates")
        if len(set(self.questions)) != len(self.questions):
            raise ValueError("the same question stands here twice — remove one")
        # Paraphrases are not said by the assistant: they are how people ask, 非法经营罪 included.
        for text in self.spoken:
            if found := TONE.search(text):
                raise ValueError(f"{found[0]!r} is not how a good clerk talks — say it more plainly in {text[:20]!r}…")
        return self

    @property
    def questions(self) -> tuple[str, ...]:
        return (self.question, *self.paraphrases)

    @property
    def spoken(self) -> tuple[str, ...]:
        """Every text of the entry that people are shown."""
        return (self.question, self.answer, self.more or "", *(self.case.parts if self.case else ()))

    @property
    def longer(self) -> str:
        """What is told beside the short answer: `more`, or the parts of a case in a line each; perhaps empty."""
        return self.more or "\n".join(self.case.parts if self.case else ())

    def meant_for(self, role: str | None, channel: str | None) -> bool:
        """None: not known, so nothing speaks against it."""
        fits_role = role is None or not self.roles or role in self.roles
        return fits_role and (channel is None or not self.channels or channel in self.channels)

    def valid(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Found(NamedTuple):
    """An entry and where it stands, for messages: ``guide/what.yml · guide.what.scope``."""

    place: str
    entry: Entry


def read_entries(content: Path, problems: list[str]) -> list[Found]:
    """All well-formed entries in the order of the files. What is wrong with the others is added to `problems`."""
    found: list[Found] = []
    for folder in _FOLDERS:
        for file in sorted((content / folder).glob("*.yml")):
            try:
                found += _read_file(file, file.relative_to(content).as_posix(), problems)
            except ContentError as error:
                problems += error.problems
    if not found and not problems:
        problems.append(f"{content}: no entries in guide/, laws/ or cases/ — is this the content folder")
    return found


def _read_file(file: Path, name: str, problems: list[str]) -> Iterator[Found]:
    data = read_yaml(file)
    if not isinstance(data, dict) or not isinstance(data.get("entries"), list) or set(data) - {"defaults", "entries"}:
        problems.append(f"{name}: a file has `entries` (a list) and perhaps `defaults` — write it like its neighbours")
        return
    defaults = data.get("defaults") or {}
    for number, item in enumerate(data["entries"], start=1):
        label = item.get("id") if isinstance(item, dict) else None
        place = f"{name} · {label or f'entry {number}'}"
        if not isinstance(item, dict):
            problems.append(f"{place}: an entry is a list of fields — write it like its neighbours")
            continue
        try:
            yield Found(place, Entry.model_validate({**defaults, **item}))
        except ValidationError as error:
            problems += explain(place, error)


def problems_of(found: list[Found], laws: LawIndex) -> list[str]:
    """What single entries cannot know: double ids and questions, articles that do not exist."""
    problems: list[str] = []
    ids: dict[str, str] = {}
    asked: dict[str, str] = {}
    for place, entry in found:
        if other := ids.get(entry.id):
            problems.append(f"{place}: the id is also used in {other} — rename one")
        ids[entry.id] = place
        for question in entry.questions:
            if (other := asked.setdefault(question, place)) != place:
                problems.append(f"{place}: {question!r} also stands in {other} — keep it where it belongs")
        for citation in entry.citations:
            if reason := laws.why_not(citation.title, citation.article):
                problems.append(f"{place}: citation 《{citation.title}》{citation.article or ''}: {reason}")
    return problems

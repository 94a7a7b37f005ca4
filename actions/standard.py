"""The reporting standard: what each matter asks for, read from `dialogues/standard/` and checked.

One table drives the chat's questions, its help, the checks, the summary and the backend's report. It is data that staff
can read and change; this module knows its shape and nothing of any single matter.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

#: Value of an element for which the person has nothing to give, where the standard allows that.
NONE = "无"

Kind = Literal[
    "text",
    "name",
    "platform",
    "link",
    "account",
    "time",
    "contact",
    "id_number",
    "credit_code",
    "choice",
    "choices",
    "files",
    "proof",
]
#: Kinds whose answers come from a short list, a file dialogue or a parser: understanding them needs no language model.
CLOSED_KINDS: frozenset[str] = frozenset(
    {"choice", "choices", "files", "link", "contact", "time", "platform", "id_number", "credit_code"}
)


class StandardError(Exception):
    """The reporting standard cannot be read; the message names the file and says what to change."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Choice(_Data):
    """One possible answer of a `choice` or `choices` element."""

    value: str
    title: str = Field(max_length=20, description="the button")
    say: tuple[str, ...] = Field(default=(), description="other ways in which people say it")


class Element(_Data):
    """One thing a report must or may contain."""

    id: str = Field(pattern=r"^[a-z][a-z_]{1,30}$")
    kind: Kind
    label: str = Field(max_length=10, description="its name in the summary")
    question: str = Field(max_length=70)
    short: str = Field(max_length=34, description="the question when it is asked again")
    why: str = Field(max_length=90)
    how: str = Field(max_length=110, description="how to get it; shown on asking for help")
    how_on: dict[str, str] = Field(default={}, description="how to get it on one platform, by its canonical name")
    example: str = Field(max_length=60)
    required: bool = True
    none: str | None = Field(
        default=None, max_length=100, description="if set, 没有 is an answer, and this is then told"
    )
    none_title: str = Field(default="没有", max_length=10, description="the button for it")
    when: dict[str, tuple[str, ...]] = Field(
        default={}, description="asked only if these elements have one of these values"
    )
    choices: tuple[Choice, ...] = ()
    min_chars: int = 1
    max_chars: int = Field(default=500, le=5000)
    from_story: bool = Field(default=False, description="the first message, if it tells enough, is already the answer")
    refuse: dict[str, str] = Field(
        default={}, description="choices that cannot be accepted, each with what is told then"
    )

    @model_validator(mode="after")
    def _whole(self) -> Element:
        if (self.kind in ("choice", "choices")) != bool(self.choices):
            raise ValueError(f"element {self.id}: `choices` belongs to the kinds choice and choices, and they need it")
        if unknown := set(self.refuse) - {choice.value for choice in self.choices}:
            raise ValueError(f"element {self.id}: `refuse` names no choice: {', '.join(unknown)}")
        return self

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Whether it is asked at all, given the other elements' values."""
        return all(_has_one_of(values.get(other), wanted) for other, wanted in self.when.items())


class LegalBasis(_Data):
    """A law's short name and the number of one article, as `knowledge/content/law_index.yml` knows them."""

    law: str
    article: str = Field(pattern=r"^第[一二三四五六七八九十百千零]+条(之[一二三四五六七八九十])?$")


class Proof(_Data):
    """One kind of proof that counts (art. 15)."""

    title: str = Field(max_length=24)
    note: str = Field(default="", max_length=60)


class Matter(_Data):
    """The kind of infringement reported."""

    id: str = Field(pattern=r"^[a-z][a-z_]{1,30}$")
    title: str = Field(max_length=14)
    button: str = Field(max_length=14)
    zone: Literal["citizen", "enterprise"]
    article: int = Field(description="article of the policy of 31 August 2023 that it carries out")
    covers: str
    sounds_like: str = Field(max_length=50, description="completes 听起来…: what is confirmed after the first message")
    may_report: tuple[Literal["self", "guardian", "agent", "enterprise"], ...]
    venues: dict[str, str] = Field(description="where it may appear (art. 11) → what locates it there")
    elements: tuple[Element, ...]
    self_evident: tuple[str, ...] = Field(description="what needs no proof by a third party (art. 15)")
    proofs: tuple[Proof, ...] = Field(description="what else counts as proof")
    without_proof: str = Field(max_length=110, description="told when there is no proof yet")
    priority: Literal["normal", "high", "first"]
    answer_days: int = Field(description="working days until the agency says whether it accepts")
    measures: tuple[str, ...] = Field(description="ids of `measures.yml` that may be asked for")
    proof_days: int = Field(default=7, description="days in which owed proof follows a provisional report (art. 21)")
    legal_basis: tuple[LegalBasis, ...]
    next_steps: str = Field(max_length=110, description="told after submission")
    help_from: tuple[str, ...] = Field(description="ids of hotlines: where else to turn")

    @model_validator(mode="after")
    def _whole(self) -> Matter:
        ids = [element.id for element in self.elements]
        if len(set(ids)) != len(ids):
            raise ValueError(f"matter {self.id}: an element stands in it twice")
        for element in self.elements:
            for other in element.when:
                if other not in ids[: ids.index(element.id)]:
                    raise ValueError(f"matter {self.id}: {element.id} depends on {other}, which must stand before it")
        return self

    def element(self, element_id: str) -> Element | None:
        return next((element for element in self.elements if element.id == element_id), None)


class Referral(_Data):
    """What is not an infringement of rights by online information: why, and who is competent (art. 17)."""

    id: str
    title: str = Field(max_length=14)
    reason: str = Field(max_length=110, description="why it cannot be reported here, kindly")
    advice: str = Field(max_length=110, description="what to do instead; may name {hotlines}")
    turn_to: tuple[str, ...] = Field(description="ids of hotlines")
    door: str = Field(
        max_length=14, description="button that leaves the door open: what would be an infringement after all"
    )


class Platform(_Data):
    """A platform by the name people know, with what finds it in a text."""

    name: str
    aliases: tuple[str, ...] = ()
    asked: tuple[str, ...] = Field(default=(), description="words that mean it only where the platform is asked for")
    domains: tuple[str, ...] = ()
    region: str | None = Field(default=None, description="home province or city, for routing (art. 14)")
    copy_link: str | None = Field(default=None, max_length=60, description="how to copy a link there")
    unless: tuple[str, ...] = Field(default=(), description="words that hold its name and mean something else")
    any_site: bool = Field(default=False, description="what a link is taken for that belongs to no other platform")


class Measure(_Data):
    """Something a platform may be asked to do (art. 21)."""

    id: str
    title: str


class Errand(_Data):
    """Something short that is asked for beside a report, such as a call back: elements that end in a request."""

    id: str = Field(pattern=r"^[a-z][a-z_]{1,30}$")
    elements: tuple[Element, ...]


class Choosing(_Data):
    """One answer of a `Distinction`: what the person says, and the matter that it settles."""

    title: str = Field(max_length=20, description="the button")
    matter: str
    say: tuple[str, ...] = Field(default=(), description="other ways in which people say it")


class Distinction(_Data):
    """The question that tells two or three matters apart which people's words leave close together."""

    between: tuple[str, ...] = Field(min_length=2, max_length=3)
    question: str = Field(max_length=70)
    answers: tuple[Choosing, ...] = Field(min_length=2, max_length=4)


class Standard(_Data):
    """All matters, referrals and tables of one edition. An edition in use is kept in the database, as JSON."""

    edition: str
    matters: tuple[Matter, ...]
    errands: tuple[Errand, ...] = ()
    distinctions: tuple[Distinction, ...] = ()
    referrals: tuple[Referral, ...]
    platforms: tuple[Platform, ...]
    measures: tuple[Measure, ...]

    @model_validator(mode="after")
    def _whole(self) -> Standard:
        known = {measure.id for measure in self.measures}
        for matter in self.matters:
            if unknown := set(matter.measures) - known:
                raise ValueError(f"matter {matter.id}: no such measure: {', '.join(sorted(unknown))}")
        kinds: dict[str, str] = {}
        for element in self.elements():
            if kinds.setdefault(element.id, element.kind) != element.kind:
                raise ValueError(f"element {element.id} has two kinds: one Rasa slot serves it in all matters")
        for errand in self.errands:
            if shared := {e.id for e in errand.elements} & {e.id for m in self.matters for e in m.elements}:
                raise ValueError(f"errand {errand.id}: {', '.join(sorted(shared))} is an element of a report")
        ids = {matter.id for matter in self.matters}
        for distinction in self.distinctions:
            named = {*distinction.between, *(answer.matter for answer in distinction.answers)}
            if unknown := named - ids:
                raise ValueError(f"distinction {distinction.between}: no such matter: {', '.join(sorted(unknown))}")
        return self

    def elements(self) -> Iterator[Element]:
        """All elements, those of the errands first; one that several matters share comes several times."""
        for errand in self.errands:
            yield from errand.elements
        for matter in self.matters:
            yield from matter.elements

    def errand(self, errand_id: str | None) -> Errand | None:
        return next((errand for errand in self.errands if errand.id == errand_id), None)

    def distinction(self, *matters: str) -> Distinction | None:
        """The question that tells exactly these matters apart, whatever their order."""
        return next((d for d in self.distinctions if set(d.between) == set(matters)), None)

    def matter(self, matter_id: str | None) -> Matter | None:
        return next((matter for matter in self.matters if matter.id == matter_id), None)

    def referral(self, referral_id: str | None) -> Referral | None:
        return next((referral for referral in self.referrals if referral.id == referral_id), None)

    def platform(self, name: str | None) -> Platform | None:
        """The platform with this canonical name or alias."""
        wanted = (name or "").strip().casefold()
        for platform in self.platforms:
            if wanted in (
                platform.name.casefold(),
                *(word.casefold() for word in (*platform.aliases, *platform.asked)),
            ):
                return platform
        return None


def read_standard(folder: Path) -> Standard:
    """Read and check `dialogues/standard/`. Raises StandardError, naming the file and the fault."""
    shared = {entry["id"]: entry for entry in _list(folder / "elements.yml")}
    matters = [_matter(file, shared) for file in sorted((folder / "matters").glob("*.yml"))]
    content = {
        "matters": sorted(matters, key=lambda matter: (matter.zone, matter.id)),
        "errands": _list(folder / "errands.yml"),
        "distinctions": _list(folder / "distinctions.yml"),
        "referrals": _list(folder / "referrals.yml"),
        "platforms": _list(folder / "platforms.yml"),
        "measures": _list(folder / "measures.yml"),
    }
    try:
        draft = Standard.model_validate({"edition": "", **content})
    except ValidationError as problem:
        raise StandardError(f"{folder}: {_first(problem)}") from None
    if not draft.matters:
        raise StandardError(f"{folder / 'matters'}: no matter found")
    # The edition is named by its content: whoever changes a word changes the edition, and no draft changes under way.
    digest = hashlib.sha256(draft.model_dump_json().encode()).hexdigest()[:12]
    return draft.model_copy(update={"edition": digest})


def _matter(file: Path, shared: Mapping[str, dict[str, Any]]) -> Matter:
    data = _yaml(file)
    if not isinstance(data, dict) or not isinstance(data.get("elements"), list):
        raise StandardError(f"{file}: a matter is a mapping with a list of `elements`")
    if data.get("id") != file.stem:
        raise StandardError(f"{file}: the id must be the file's name, {file.stem}")
    elements = []
    for entry in data["elements"]:
        # A plain word takes the shared element as it is; `use:` takes it and changes what stands beside it.
        own = {"use": entry} if isinstance(entry, str) else dict(entry)
        if use := own.pop("use", None):
            if use not in shared:
                raise StandardError(f"{file}: there is no shared element {use!r} in elements.yml")
            own = {**shared[use], **own}
        elements.append(own)
    try:
        return Matter.model_validate({**data, "elements": elements})
    except ValidationError as problem:
        raise StandardError(f"{file}: {_first(problem)}") from None


def _yaml(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except FileNotFoundError:
        raise StandardError(f"{file}: the file is missing") from None
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        where = getattr(problem, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise StandardError(f"{file}{line}: not valid YAML ({getattr(problem, 'problem', problem)})") from None


def _list(file: Path) -> list[dict[str, Any]]:
    data = _yaml(file)
    if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
        raise StandardError(f"{file}: a list of entries is expected")
    return data


def _first(problem: ValidationError) -> str:
    """The first fault, in one line with its place."""
    fault = problem.errors(include_url=False)[0]
    place = ".".join(str(part) for part in fault["loc"])
    return f"{place}: {fault['msg']}" if place else str(fault["msg"])


def _has_one_of(value: Any, wanted: tuple[str, ...]) -> bool:
    return any(item in wanted for item in value) if isinstance(value, list | tuple) else value in wanted


def texts(standard: Standard) -> Iterator[tuple[str, str]]:
    """Every text that people read, with its place: for the checks of `reportguide validate`."""

    def walk(node: Any, place: str) -> Iterator[tuple[str, str]]:
        if isinstance(node, str):
            yield place, node
        elif isinstance(node, dict):
            for key, value in node.items():
                yield from walk(value, f"{place}.{key}")
        elif isinstance(node, list):
            for index, value in enumerate(node):
                yield from walk(value, f"{place}[{index}]")

    yield from walk(json.loads(standard.model_dump_json()), "standard")

"""Everything in `content/` that answers rest on, read together so that all mistakes are told at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from knowledge.entries import Found, problems_of, read_entries
from knowledge.files import ContentError, explain, read_yaml
from knowledge.laws import LawIndex, read_aliases
from knowledge.lexicon import Lexicon, read_lexicon

_T = TypeVar("_T")
_Saying = Annotated[str, Field(min_length=1, max_length=110)]


class Sayings(BaseModel):
    """`sayings.yml`: what is said instead of an answer. `{law}`, `{article}`, `{last}` and `{text}` are filled in."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    unknown: _Saying
    did_you_mean: _Saying
    no_note: _Saying
    not_proved: _Saying
    no_such_article: _Saying
    which_law: _Saying
    article_text: _Saying


class Library(NamedTuple):
    """All content, well-formed. `elsewhere`: questions that are not answered here."""

    entries: tuple[Found, ...]
    laws: LawIndex
    aliases: dict[str, list[str]]
    lexicon: Lexicon
    elsewhere: tuple[str, ...]
    sayings: Sayings


def read_library(content: Path) -> Library:
    """All of `content`. Raises ContentError with every problem found in any file."""
    problems: list[str] = []

    def attempt(read: Callable[[], _T]) -> _T | None:
        try:
            return read()
        except ContentError as error:
            problems.extend(error.problems)
            return None

    entries = read_entries(content, problems)
    laws = attempt(lambda: LawIndex.load(content))
    aliases = attempt(lambda: read_aliases(content, laws)) if laws else None
    lexicon = attempt(lambda: read_lexicon(content))
    elsewhere = attempt(lambda: read_elsewhere(content))
    sayings = attempt(lambda: read_sayings(content))
    if laws:
        problems += problems_of(entries, laws)
    if problems or laws is None or aliases is None or lexicon is None or elsewhere is None or sayings is None:
        raise ContentError(problems)
    return Library(tuple(entries), laws, aliases, lexicon, elsewhere, sayings)


def read_elsewhere(content: Path) -> tuple[str, ...]:
    """`elsewhere.yml`: fields with lists of questions. Raises ContentError."""
    file = content / "elsewhere.yml"
    data = read_yaml(file)
    if not isinstance(data, dict) or not data:
        raise ContentError(
            [f"{file.name}: must be fields with lists of questions — write it as `traffic: [驾照怎么考]`"]
        )
    problems = [
        f"{file.name} · {field}: must be a list of questions — write it as `traffic: [驾照怎么考]`"
        for field, questions in data.items()
        if not isinstance(questions, list) or not all(isinstance(question, str) for question in questions)
    ]
    if problems:
        raise ContentError(problems)
    return tuple(question for questions in data.values() for question in questions)


def read_sayings(content: Path) -> Sayings:
    """`sayings.yml`. Raises ContentError, also for a place holder that nobody fills."""
    file = content / "sayings.yml"
    try:
        sayings = Sayings.model_validate(read_yaml(file))
    except ValidationError as error:
        raise ContentError(explain(file.name, error)) from None
    problems = []
    for name, text in sayings:
        try:
            text.format(law="", article="", last="", text="")
        except (KeyError, IndexError, ValueError, AttributeError):
            problems.append(
                f"{file.name} · {name}: only {{law}}, {{article}}, {{last}} and {{text}} are filled in — correct it"
            )
    if problems:
        raise ContentError(problems)
    return sayings

"""Who can be reached: by telephone (`content/hotlines.yml`), at which official site (`content/addresses.yml`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from knowledge.files import ContentError, explain, read_yaml

Text = Annotated[str, Field(min_length=1, max_length=40)]
Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Site = Annotated[str, Field(pattern=r"^https://[a-z0-9./-]+$")]


class Hotline(BaseModel):
    """One telephone number. `checked` is the month (2026-11) in which somebody last looked at the source's own site."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,30}$")]
    name: Text
    number: Annotated[str, Field(pattern=r"^[0-9]{3,12}$")]
    purpose: Text
    hours: Text | None = None
    source: Text
    site: Site
    checked: Month


class Address(BaseModel):
    """One official site. `checked`: as a hotline's."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    name: Text
    address: Site
    purpose: Text
    source: Text
    checked: Month


def hotlines(content_dir: Path) -> dict[str, Hotline]:
    """Hotlines by id, in the order of the file. Raises ContentError."""
    file = content_dir / "hotlines.yml"
    data = read_yaml(file)
    if not isinstance(data, list) or not data:
        raise ContentError([f"{file.name}: must be a list of hotlines — write it like `- id: police_110`"])
    found: dict[str, Hotline] = {}
    problems: list[str] = []
    for number, item in enumerate(data, start=1):
        label = item.get("id") if isinstance(item, dict) else None
        place = f"{file.name} · {label or f'hotline {number}'}"
        try:
            hotline = Hotline.model_validate(item)
        except ValidationError as error:
            problems += explain(place, error)
            continue
        if hotline.id in found:
            problems.append(f"{place}: the id stands here twice — remove one")
        found[hotline.id] = hotline
    if problems:
        raise ContentError(problems)
    return found


def addresses(content_dir: Path) -> tuple[Address, ...]:
    """Official sites in the order of the file. Raises ContentError."""
    file = content_dir / "addresses.yml"
    data = read_yaml(file)
    if not isinstance(data, list) or not data:
        raise ContentError([f"{file.name}: must be a list of sites — write it like its first line"])
    found: list[Address] = []
    problems: list[str] = []
    for number, item in enumerate(data, start=1):
        label = item.get("name") if isinstance(item, dict) else None
        try:
            found.append(Address.model_validate(item))
        except ValidationError as error:
            problems += explain(f"{file.name} · {label or f'site {number}'}", error)
    if problems:
        raise ContentError(problems)
    return tuple(found)

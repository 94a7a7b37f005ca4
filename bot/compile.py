"""What the brain needs of the reporting standard and the word lists, as one JSON file.

The brain lives in another Python and imports nothing of the project; this file is the whole of what it is told.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from actions.standard import NONE, Element, Standard
from actions.turn import payload

#: Steps of conversation that evaluation sets may name although no matter's standard has such an element.
_SKIP_TITLE = "skip"


def compiled(standard: Standard, dialogues: Path, older: Sequence[Standard] = ()) -> dict[str, Any]:
    """``{"elements", "questions", "errands", "distinctions", "platforms", "matters", "words"}``.

    `older`: editions that drafts were begun under; what they ask is asked as they have it.
    """
    words = yaml.safe_load((dialogues / "nlu" / "words.yml").read_text("utf-8"))
    editions = [standard, *(edition for edition in older if edition.edition != standard.edition)]
    elements: dict[str, dict[str, Any]] = {}
    for edition in editions:
        for element in edition.elements():
            elements[element.id] = _merged(elements.get(element.id), element)
    return {
        "elements": elements,
        "questions": [
            {
                "edition": edition.edition,
                "matter": matter.id,
                "elements": [_question(element, words["titles"]) for element in matter.elements],
            }
            for edition in editions
            for matter in edition.matters
        ],
        "errands": [_question(element, words["titles"]) for errand in standard.errands for element in errand.elements],
        "distinctions": [
            {
                "between": list(distinction.between),
                "answers": [
                    {"matter": answer.matter, "say": [answer.title, *answer.say]} for answer in distinction.answers
                ],
            }
            for distinction in standard.distinctions
        ],
        "platforms": [
            {
                "name": p.name,
                "aliases": list(p.aliases),
                "asked": list(p.asked),
                "domains": list(p.domains),
                "unless": list(p.unless),
                "any_site": p.any_site,
            }
            for p in standard.platforms
        ],
        "matters": [matter.id for matter in standard.matters],
        "words": words,
    }


def _merged(known: dict[str, Any] | None, element: Element) -> dict[str, Any]:
    """One table serves an element in all matters: what any of them takes is understood."""
    choices = [choice.model_dump() for choice in element.choices]
    if known:
        values = {choice["value"] for choice in known["choices"]}
        choices = known["choices"] + [choice for choice in choices if choice["value"] not in values]
    return {"kind": element.kind, "none": bool(element.none) or bool(known and known["none"]), "choices": choices}


def _question(element: Element, titles: dict[str, str]) -> dict[str, Any]:
    buttons = [(choice.title, payload("answer", **{element.id: choice.value})) for choice in element.choices]
    if element.none:
        buttons.append((element.none_title, payload("answer", **{element.id: NONE})))
    if not element.required:
        buttons.append((titles[_SKIP_TITLE], payload("ctl_skip")))
    return {
        "id": element.id,
        "question": _literal(element.question),
        "short": _literal(element.short),
        "buttons": [{"title": _literal(title), "payload": what} for title, what in buttons],
    }


def _literal(text: str) -> str:
    """Rasa fills in what stands in braces; a brace that is meant as one is doubled."""
    return text.replace("{", "{{").replace("}", "}}")


def fingerprint(data: dict[str, Any], root: Path) -> str:
    """Names everything that a trained model depends on: if it is unchanged, nothing need be trained again."""
    digest = hashlib.sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode())
    folders = [root / "dialogues" / part for part in ("nlu", "rules", "responses", "domain")]
    files = [file for folder in folders for file in folder.rglob("*.yml")]
    files += [file for file in (root / "bot" / "brain").iterdir() if file.suffix in (".py", ".yml")]
    for file in sorted(files):
        digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()

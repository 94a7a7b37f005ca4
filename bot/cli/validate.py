"""`reportguide validate`: everything that can be checked about standard, dialogues and knowledge without training."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from actions.registry import ACTIONS
from actions.standard import Standard, StandardError, read_standard, texts
from knowledge import ContentError, hotlines
from knowledge.check import check as check_knowledge
from knowledge.library import Library, read_library

#: What a text must not have: exclamation marks, and the tone of an office.
_TONE = re.compile(r"[!！]|您的输入有误|非法|侵权主体|请勿")
_CITED = re.compile(r"""["'](utter_[a-z_]+)["']""")


def problems(root: Path) -> list[str]:
    """Every problem found, each with its place; empty if all is in order."""
    try:
        standard = read_standard(root / "dialogues" / "standard")
    except StandardError as problem:
        return [str(problem)]
    found = [*_standard(standard, root), *_dialogues(root), *_said(root)]
    found += check_knowledge(root / "knowledge" / "content")
    with suppress(ContentError):  # which the check has told
        library = read_library(root / "knowledge" / "content")
        found += [*_bases(standard, library), *_helping(standard, library)]
    return found


def _standard(standard: Standard, root: Path) -> Iterator[str]:
    known = hotlines(root / "knowledge" / "content")
    for place, text in texts(standard):
        if _TONE.search(text):
            yield f"{place}: the tone of {text!r} is not that of a good clerk"
    for matter in standard.matters:
        for name in matter.help_from:
            if name not in known:
                yield f"matter {matter.id}: there is no hotline {name}"
    for referral in standard.referrals:
        for name in referral.turn_to:
            if name not in known:
                yield f"referral {referral.id}: there is no hotline {name}"


def _helping(standard: Standard, library: Library) -> Iterator[str]:
    """Entries that help at a step name steps that there are."""
    anywhere = {element.id for matter in standard.matters for element in matter.elements}
    for place, entry in library.entries:
        for step in sorted(set(entry.steps) - anywhere):
            yield f"{place}: no matter has an element {step} — take the step out"
        for name in entry.matters if entry.steps else ():
            matter = standard.matter(name)
            known = {element.id for element in matter.elements} if matter else set()
            for step in sorted(set(entry.steps) & anywhere - known):
                yield f"{place}: {name} has no element {step} — take the step out, or the matter"


def _bases(standard: Standard, library: Library) -> Iterator[str]:
    for matter in standard.matters:
        for basis in matter.legal_basis:
            if why := library.laws.why_not(basis.law, basis.article):
                yield f"matter {matter.id}: 《{basis.law}》{basis.article}: {why}"


def _yaml(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        raise StandardError(f"{file}{f', line {mark.line + 1}' if mark else ''}: not valid YAML") from None


def _dialogues(root: Path) -> Iterator[str]:
    """Intents, actions and responses that are named must be there."""
    dialogues = root / "dialogues"
    domain = _yaml(dialogues / "domain" / "assistant.yml")
    intents = {next(iter(item)) if isinstance(item, dict) else item for item in domain["intents"]}
    responses: dict[str, Any] = {}
    for file in sorted((dialogues / "responses").glob("*.yml")):
        for name, variants in _yaml(file)["responses"].items():
            responses[name] = variants
            for variant in variants:
                if _TONE.search(variant["text"]):
                    yield f"{file}: the tone of {name} is not that of a good clerk"
    actions = set(domain["actions"])
    registered = {action.action for action in ACTIONS}
    for name in sorted(actions - registered):
        yield f"{dialogues}/domain: nothing does {name}"
    for file in sorted((dialogues / "rules").glob("*.yml")):
        for rule in _yaml(file)["rules"]:
            for step in rule["steps"]:
                if (intent := step.get("intent")) and intent not in intents:
                    yield f"{file}: rule {rule['rule']!r} names an unknown intent {intent}"
                name = step.get("action")
                if name and name != "report_form" and name not in actions and name not in responses:
                    yield f"{file}: rule {rule['rule']!r} names an unknown action {name}"
    trained = {
        item["intent"] for file in (dialogues / "nlu").rglob("*.yml") for item in (_yaml(file) or {}).get("nlu", [])
    }
    for intent in sorted(trained - intents):
        yield f"{dialogues}/nlu: intent {intent} has examples and is not in the domain"


def _said(root: Path) -> Iterator[str]:
    """Every response that an action names exists."""
    responses = {name for file in (root / "dialogues" / "responses").glob("*.yml") for name in _yaml(file)["responses"]}
    for file in sorted((root / "actions").glob("*.py")):
        for name in sorted(set(_CITED.findall(file.read_text("utf-8")))):
            if name not in responses:
                yield f"{file}: the response {name} is missing in dialogues/responses"

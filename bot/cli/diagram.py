"""Draws the reporting standard: one diagram of a conversation's states and one of each matter's elements, as Mermaid.

Mermaid is text that code hosts and editors show as a picture, so the file can be read, compared and kept in the
repository; a test tells when it no longer shows the standard.
"""

from __future__ import annotations

from actions.standard import Element, Matter, Standard

_HEAD = """# 举报标准 · The reporting standard

Made by `reportguide validate --diagram docs/standard.md` from `dialogues/standard/`; do not edit by hand.

## A conversation

```mermaid
stateDiagram-v2
    direction LR
    [*] --> matter: tells what happened
    matter --> matter: which of two? / not that
    matter --> referral: no infringement (art. 17)
    referral --> matter: there is one after all
    matter --> elements: confirmed
    elements --> elements: answer, back, skip, edit, why, help, progress, a question
    elements --> errand: a person, please
    errand --> elements
    elements --> sure: give up, start over, same link, another region
    sure --> elements: no
    sure --> [*]: yes (the draft is kept)
    elements --> paused: later / danger comes first
    paused --> elements: go on
    elements --> confirm: nothing is missing
    confirm --> elements: edit
    confirm --> case: true, submit
    case --> supplement: more material
    supplement --> case
    case --> [*]
```
"""


def drawn(standard: Standard) -> str:
    """The whole file."""
    parts = [_HEAD]
    for matter in standard.matters:
        parts.append(f"## {matter.title} `{matter.id}`\n\n{_facts(matter)}\n\n```mermaid\n{_chart(matter)}\n```\n")
    return "\n".join(parts)


def _facts(matter: Matter) -> str:
    basis = "、".join(f"《{one.law}》{one.article}" for one in matter.legal_basis)
    return f"{matter.covers}。第{matter.article}条；优先级 {matter.priority}；依据 {basis}。"


def _chart(matter: Matter) -> str:
    lines = ["flowchart TD", "    matter([事项])"]
    before = "matter"
    for element in matter.elements:
        lines.append(f"    {element.id}{_box(element)}")
        if element.when:
            # Asked only under a condition: the way past it is drawn too.
            lines.append(f'    {before} -- "{_condition(element)}" --> {element.id}')
        else:
            lines.append(f"    {before} --> {element.id}")
        before = element.id
    return "\n".join([*lines, "    confirm([核对])", f"    {before} --> confirm"])


def _box(element: Element) -> str:
    more = "" if element.required and not element.none else "<br>可以没有"
    text = f'"{element.label}{more}"'
    return f"{{{text}}}" if element.choices else f"[{text}]"


def _condition(element: Element) -> str:
    return "；".join(f"{other} 是 {'、'.join(values)}，否则跳过" for other, values in element.when.items())

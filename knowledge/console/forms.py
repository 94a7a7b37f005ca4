"""Between the editor's form and what a revision holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from knowledge.console.desk import text_of
from knowledge.laws import ArticleParser, LawIndex
from knowledge.publication.bodies import PARTS, Body
from knowledge.text import normalise

KINDS = ("guide", "law", "case")
ROLES = ("citizen", "enterprise")
STATUSES = ("in_force", "amended", "repealed")
#: Fields that the form has an element of its own for.
_OWN = {
    "kind", "question", "paraphrases", "answer", "more", "citations", "tags", "matters", "steps", "valid_from",
    "valid_to", "status", "case", "roles",
}  # fmt: skip
_CITATION = re.compile(
    r"《?(?P<title>[^《》]{2,}?)》?\s*(?P<article>第[一二三四五六七八九十百千零]+条(?:之[一二三四五六七八九十]+)?)?"
)
_SEPARATORS = re.compile(r"[、,，;；\s]+")


def body_from(form: FormData, old: Body, articles: ArticleParser, laws: LawIndex) -> Body:
    """What the form says. Fields of `old` that the form does not have are kept."""
    body: Body = {name: value for name, value in old.items() if name not in _OWN}
    kind = old.get("kind") or text_of(form, "kind")
    body["kind"] = kind if kind in KINDS else "guide"
    for name in ("question", "answer", "more", "valid_from", "valid_to"):
        body[name] = text_of(form, name)
    body["paraphrases"] = _lines(text_of(form, "paraphrases"))
    body["citations"] = [citation(line, articles, laws) for line in _lines(text_of(form, "citations"))]
    body["tags"] = [tag for tag in _SEPARATORS.split(text_of(form, "tags")) if tag]
    body["matters"] = [value for value in form.getlist("matters") if isinstance(value, str)]
    body["steps"] = [value for value in form.getlist("steps") if isinstance(value, str)]
    body["roles"] = [role for role in ROLES if role in form.getlist("roles")]
    if body["kind"] == "case":
        parts = {part: text_of(form, f"case.{part}") for part in PARTS}
        body["case"] = {part: text for part, text in parts.items() if text}
    if body["kind"] == "law":
        status = text_of(form, "status")
        body["status"] = status if status in STATUSES else ""
    return {name: value for name, value in body.items() if value}


def citation(line: str, articles: ArticleParser, laws: LawIndex) -> dict[str, Any]:
    """``《民法典》第一千一百九十五条``, ``民法典1195条`` or ``网安法`` as ``{"title", "article"?}``.

    What cannot be read becomes a title that does not exist, so that the writer is told.
    """
    plain = line.strip().removeprefix("《").removesuffix("》")
    if plain in laws.names:
        return {"title": plain}
    if found := articles.find(normalise(line)):
        return {"title": found.law, "article": found.article}
    match = _CITATION.fullmatch(line.strip())
    if match is None:
        return {"title": line.strip()}
    title = articles.law(normalise(match["title"])) or match["title"].removeprefix("中华人民共和国")
    return {"title": title, "article": match["article"]} if match["article"] else {"title": title}


def fields_of(body: Body) -> dict[str, Any]:
    """A body as the form shows it."""
    citations = [f"《{one['title']}》{one.get('article') or ''}" for one in body.get("citations") or []]
    plain = {name: str(body.get(name) or "") for name in ("question", "answer", "more", "valid_from", "valid_to")}
    return {
        **plain,
        **{f"case.{part}": str((body.get("case") or {}).get(part) or "") for part in PARTS},
        "kind": body.get("kind") or "guide",
        "status": body.get("status") or "",
        "paraphrases": "\n".join(body.get("paraphrases") or []),
        "citations": "\n".join(citations),
        "tags": "、".join(body.get("tags") or []),
        "matters": list(body.get("matters") or []),
        "steps": list(body.get("steps") or []),
        "roles": list(body.get("roles") or []),
    }


def _lines(text: str) -> list[str]:
    """Lines with something in them, each once."""
    return list(dict.fromkeys(line.strip() for line in text.split("\n") if line.strip()))


def grouped(problems: list[Any]) -> Mapping[str, list[Any]]:
    """Field → its problems."""
    found: dict[str, list[Any]] = {}
    for problem in problems:
        found.setdefault(problem.field, []).append(problem)
    return found

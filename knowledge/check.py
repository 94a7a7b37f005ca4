"""Everything that can be checked about the content without asking it anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from knowledge.files import ContentError
from knowledge.hotline import addresses, hotlines
from knowledge.laws import ArticleParser, ArticleRef
from knowledge.library import Library, read_library
from knowledge.text import bare, normalise

#: Numbers of public services in running text: 12377, 12345, 96110.
_SERVICE = re.compile(r"(?<![0-9.])(?:12[0-9]{3}|96110)(?![0-9])")
#: Web addresses in running text: www.12377.cn, flk.npc.gov.cn.
_SITE = re.compile(r"(?<![a-z0-9.])(?:[a-z0-9-]+\.)+(?:cn|com|org|net)(?![a-z0-9.])")


def check(content_dir: Path) -> list[str]:
    """One line for each problem — file, entry, what is wrong, what to do; empty if all is in order. Raises nothing."""
    problems: list[str] = []
    numbers: set[str] = set()
    sites: set[str] = set()
    try:
        numbers = {line.number for line in hotlines(content_dir).values()}
    except ContentError as error:
        problems += error.problems
    try:
        sites = {site.address.removeprefix("https://") for site in addresses(content_dir)}
    except ContentError as error:
        problems += error.problems
    try:
        library = read_library(content_dir)
    except ContentError as error:
        return problems + list(error.problems)
    problems += _lexicon(library)
    problems += _elsewhere(library)
    problems += _aliases(library)
    problems += _same_question(library)
    problems += _repealed(library)
    if numbers:
        problems += _numbers(library, numbers)
    if sites:
        problems += _sites(library, sites)
    return problems


def _lexicon(library: Library) -> Iterator[str]:
    texts = "\n".join(normalise(" ".join((*e.questions, *e.spoken))) for _, e in library.entries)
    for word, others in library.lexicon.words.items():
        for other in others:
            if other not in texts:
                yield f"lexicon.yml · {word}: {other!r} stands in no entry, so it finds nothing — use a word that does"


def _elsewhere(library: Library) -> Iterator[str]:
    asked = {bare(normalise(question)): place for place, entry in library.entries for question in entry.questions}
    seen: set[str] = set()
    for question in library.elsewhere:
        key = bare(normalise(question))
        if place := asked.get(key):
            yield f"elsewhere.yml: {question!r} is answered in {place} — remove one"
        if key in seen:
            yield f"elsewhere.yml: {question!r} stands here twice — remove one"
        seen.add(key)


def _aliases(library: Library) -> Iterator[str]:
    """Every name and alias, with an article behind it, is read as its own law."""
    parser = ArticleParser(library.laws, library.aliases)
    for law in library.laws.names:
        for name in (law, *library.aliases.get(law, ())):
            found = parser.find(normalise(f"《{name}》第三条"))
            if found != ArticleRef(law, "第三条"):
                read = found.law if found else "no law"
                yield f"law_names.yml · {law}: {name!r} is read as {read} — remove the alias"


def _same_question(library: Library) -> Iterator[str]:
    """Questions of two entries that differ only in punctuation or script: only one would ever be answered."""
    asked: dict[str, str] = {}
    for place, entry in library.entries:
        for question in entry.questions:
            if (other := asked.setdefault(bare(normalise(question)), place)) != place:
                yield f"{place}: {question!r} is the same as one in {other} — keep it where it belongs"


def _repealed(library: Library) -> Iterator[str]:
    """Entries that still rest on an article whose note says it is repealed."""
    gone = {entry.citations[0] for _, entry in library.entries if entry.kind == "law" and entry.status == "repealed"}
    for place, entry in library.entries:
        for citation in entry.citations if entry.kind != "law" else ():
            if citation in gone:
                yield f"{place}: 《{citation.title}》{citation.article} is repealed — cite what replaced it"


def _numbers(library: Library, known: set[str]) -> Iterator[str]:
    for place, entry in library.entries:
        for number in sorted(set(_SERVICE.findall(" ".join(entry.spoken))) - known):
            yield f"{place}: {number} is not in hotlines.yml — correct the number, or add it there with its source"


def _sites(library: Library, known: set[str]) -> Iterator[str]:
    for place, entry in library.entries:
        for site in sorted(set(_SITE.findall(" ".join(entry.spoken))) - known):
            yield f"{place}: {site} is not in addresses.yml — correct it, or add it there with its source"

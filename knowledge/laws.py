"""Facts about laws: which there are, how many articles, since when; and article numbers in all the ways of writing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol

import cn2an
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from knowledge.files import ContentError, explain, read_yaml

_DIGITS = "零一二三四五六七八九十"
#: 第一千一百九十五条, 第二百五十三条之一.
ARTICLE = re.compile(r"第[一二三四五六七八九十百千零]+条(?:之[一二三四五六七八九十]+)?")


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Law(_Data):
    """A law whose text was read: articles 第一条 … `last` without gaps, and `inserted` ones (第二百五十三条之一)."""

    name: str
    articles: Annotated[int, Field(ge=1)]
    last: Annotated[int, Field(ge=1)]
    inserted: tuple[str, ...] = Field(default=(), strict=False)
    version: date | None = Field(
        default=None, description="day this text was adopted or last amended, where the text says it"
    )
    effective: date | None = Field(
        default=None, description="first day in force, where the text says it of this version"
    )


class Document(_Data):
    """A rule cited by name; its text is not in the collection. `known`: articles whose content is known nonetheless.

    `date`: the day it was signed or, where that is not known, published. `address`: its page at the issuer's or, where
    that is not known, the issuer's site.
    """

    name: str
    issuer: str
    effective: date | None = None
    date: date
    address: Annotated[str, Field(pattern=r"^https://[A-Za-z0-9./_-]+$")]
    last: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="number of the last article, where known"
    )
    known: tuple[str, ...] = Field(default=(), strict=False)


class ArticleRef(NamedTuple):
    """A law's name and the number of one article, as in ``("民法典", "第一千一百九十五条")``."""

    law: str
    article: str


class Text(Protocol):
    """A law whose text is here."""

    @property
    def law(self) -> str: ...
    @property
    def numbers(self) -> Sequence[str]: ...


class LawIndex:
    """What is known about which articles exist."""

    def __init__(self, laws: tuple[Law, ...], cited_by_name: tuple[Document, ...]) -> None:
        self.laws = {law.name: law for law in laws}
        self.documents = {document.name: document for document in cited_by_name}
        self._articles = {
            law.name: frozenset([article_name(number) for number in range(1, law.last + 1)]) | set(law.inserted)
            for law in laws
        }

    @classmethod
    def load(cls, content: Path) -> LawIndex:
        """From `law_index.yml`. Raises ContentError."""
        file = content / "law_index.yml"
        data = read_yaml(file)
        if not isinstance(data, dict) or set(data) != {"laws", "cited_by_name"}:
            raise ContentError(
                [f"{file}: must have `laws` and `cited_by_name` — write it with python -m knowledge.law_index"]
            )
        try:
            return cls(
                tuple(Law.model_validate(item) for item in data["laws"]),
                tuple(Document.model_validate(item) for item in data["cited_by_name"]),
            )
        except ValidationError as problem:
            raise ContentError(explain(file.name, problem)) from None

    def with_texts(self, texts: Iterable[Text]) -> LawIndex:
        """Also knows these laws: an imported text proves its articles, and no others."""
        known = LawIndex(tuple(self.laws.values()), tuple(self.documents.values()))
        for text in texts:
            name, numbers = text.law, text.numbers
            plain = [number for number in numbers if number.endswith("条")]
            old = known.laws.get(name)
            known.laws[name] = Law(
                name=name,
                articles=len(numbers),
                last=max(1, len(plain)),
                inserted=tuple(number for number in numbers if not number.endswith("条")),
                version=old.version if old else None,
                effective=old.effective if old else None,
            )
            known.documents.pop(name, None)
            known._articles[name] = frozenset(numbers)
        return known

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.laws, *self.documents)

    def why_not(self, title: str, article: str | None) -> str | None:
        """Why this cannot be cited, with what to do; None if it can."""
        if title in self.laws:
            if article is None or article in self._articles[title]:
                return None
            return f"there is no such article; the last is {article_name(self.laws[title].last)} — correct the number"
        if title in self.documents:
            document = self.documents[title]
            if article is None or article in document.known:
                return None
            if document.last is None:
                return (
                    "its text is not here, so the article cannot be proved — "
                    "cite it by name, or add the article to `known`"
                )
            if article in (article_name(number) for number in range(1, document.last + 1)):
                return None
            return f"there is no such article; the last is {article_name(document.last)} — correct the number"
        return "law_index.yml does not know it — correct the name, or add it there under `cited_by_name`"

    def exists(self, title: str, article: str) -> bool:
        return self.why_not(title, article) is None


@lru_cache(maxsize=4096)
def article_name(number: int, sub: int = 0) -> str:
    """``article_name(1195)`` is 第一千一百九十五条, ``article_name(253, 1)`` 第二百五十三条之一. From 1 to 99999."""
    return f"第{_numeral(number)}条" + (f"之{_numeral(sub)}" if sub else "")


def _numeral(number: int) -> str:
    if number <= 10:
        return _DIGITS[number]
    text: str = cn2an.an2cn(number)
    return text.removeprefix("一") if 10 <= number < 20 else text


def read_number(text: str) -> int | None:
    """``1195``, ``一千一百九十五``, ``一一九五`` or ``1千195`` as a number; None if it is none or not an article's."""
    try:
        number = int(text) if text.isascii() else int(cn2an.cn2an(text, "smart"))
    except (ValueError, ZeroDivisionError):
        return None
    return number if 0 < number < 100_000 else None


_NUM = r"[0-9零〇一二两三四五六七八九十百千]{1,12}"
_AFTER_NAME = re.compile(
    rf"[》\s]*(?:的|中|里|规定的)?\s*(?P<first>第)?\s*(?P<number>{_NUM})\s*(?P<mark>条)?"
    rf"\s*(?:[之\-]\s*(?P<sub>{_NUM}))?\s*(?P<late>条)?"
)
_BARE = re.compile(
    rf"(?:请问|那|查|查一下|看看|法律)?第?\s*(?P<number>{_NUM})\s*条(?:之(?P<sub>{_NUM}))?"
    r"(?:的?(?:内容|规定|意思))?(?:是|说|讲|写)?的?(?:是|了)?"
    r"(?:什么|啥|怎么规定|怎么说)?(?:意思|内容|规定)?[的啊呢吗?.。 ]*"
)
_NOT_AN_ARTICLE = re.compile(r"^\s*[年月日号万元个人岁次分块%多页倍章节编款项版天审]")
#: One more article after the first: 、第1199条, 和第十条, 至第1197条.
_ANOTHER = re.compile(
    rf"\s*(?:(?P<to>[至到\-~—]+)|[、,及和与或]|以及)\s*(?P<first>第)?\s*(?P<number>{_NUM})\s*(?P<mark>条)?"
    rf"\s*(?:之(?P<sub>{_NUM}))?(?P<late>条)?"
)
#: More articles are not listed one by one.
_RANGE = 30
#: Without 第 or 条, a number this long after a law's name is still meant as an article's: 民法典1195.
_LONG = 3


class ArticleParser:
    """Finds 民法典第1195条, 网安法十五条, 刑法253条之一 … in a text that `knowledge.text.normalise` has normalised."""

    def __init__(self, index: LawIndex, aliases: dict[str, list[str]]) -> None:
        names = {name.lower(): name for name in index.names}
        names |= {alias.lower(): name for name, others in aliases.items() for alias in others}
        # 《民法典》 and 中华人民共和国民法典 contain the name; brackets inside long names are written both ways.
        names |= {name.replace("（", "(").replace("）", ")"): full for name, full in names.items()}
        self._names = names
        self._name = re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))

    def find(self, text: str) -> ArticleRef | None:
        """The first article that is named with its law. It may not exist: ask the index."""
        for law in self._name.finditer(text):
            match = _AFTER_NAME.match(text, law.end())
            if match is None or _NOT_AN_ARTICLE.match(text[match.end("number") :]):
                continue
            said = match["first"] or match["mark"] or match["late"]
            if not said and len(match["number"]) < _LONG and match.end() < len(text):
                continue
            number, sub = read_number(match["number"]), read_number(match["sub"]) if match["sub"] else 0
            if number is not None and sub is not None and sub < 100:
                return ArticleRef(self._names[law[0]], article_name(number, sub))
        return None

    def find_all(self, text: str) -> list[ArticleRef]:
        """Every article that is named with its law, also in a row or a range: 民法典第1194条至第1197条、第1199条."""
        found: list[ArticleRef] = []
        for law in self._name.finditer(text):
            at, before = law.end(), 0
            while match := (_AFTER_NAME if at == law.end() else _ANOTHER).match(text, at):
                number, sub = read_number(match["number"]), read_number(match["sub"]) if match["sub"] else 0
                said = match["first"] or match["mark"] or match["late"]
                if number is None or sub is None or sub >= 100 or not said:
                    break
                if match.groupdict().get("to") and not sub and before < number <= before + _RANGE:
                    found += [ArticleRef(self._names[law[0]], article_name(n)) for n in range(before + 1, number)]
                found.append(ArticleRef(self._names[law[0]], article_name(number, sub)))
                at, before = match.end(), number
        return list(dict.fromkeys(found))

    def law(self, text: str) -> str | None:
        """The first law that is named at all."""
        found = self._name.search(text)
        return self._names[found[0]] if found else None

    @staticmethod
    def bare(text: str) -> str | None:
        """An article asked for without its law: ``第1195条说的啥`` is 第一千一百九十五条; a longer text is None."""
        match = _BARE.fullmatch(text)
        if match is None:
            return None
        number, sub = read_number(match["number"]), read_number(match["sub"]) if match["sub"] else 0
        return article_name(number, sub) if number is not None and sub is not None and sub < 100 else None


def read_aliases(content: Path, index: LawIndex) -> dict[str, list[str]]:
    """`law_names.yml`: a law's name → what people call it. Raises ContentError."""
    file = content / "law_names.yml"
    data = read_yaml(file)
    problems = []
    if not isinstance(data, dict):
        raise ContentError([f"{file.name}: must be names with lists of aliases"])
    seen: dict[str, str] = {name: name for name in index.names}
    for name, aliases in data.items():
        if name not in index.names:
            problems.append(f"{file.name} · {name}: law_index.yml does not know this law — correct the name")
        if not isinstance(aliases, list) or not all(isinstance(alias, str) and len(alias) > 1 for alias in aliases):
            problems.append(f"{file.name} · {name}: aliases are a list of words of two characters or more")
            continue
        for alias in aliases:
            if (other := seen.setdefault(alias, name)) != name:
                problems.append(f"{file.name} · {name}: {alias} already means {other} — remove one")
    if problems:
        raise ContentError(problems)
    return {str(name): list(aliases) for name, aliases in data.items()}

"""Lines of an official text → a statute: its name, version, dates, and articles with their chapters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from knowledge.laws import ARTICLE, article_name, read_number

_NUM = "[零〇一二三四五六七八九十百千0-9]+"
_NAME = rf"第(?P<number>{_NUM})条(?:之(?P<sub>{_NUM}))?"
#: 第二百五十三条之一　…, also **第一条** of Markdown. What comes right after the number without a gap is running text.
_ARTICLE = re.compile(rf"(?:\*\*)?{_NAME}(?:\*\*)?(?:[\s\u3000：:]+|$)(?P<text>.*)")
#: The same where a PDF lost the gap: taken only when the number is the one to be expected.
_TIGHT = re.compile(rf"{_NAME}(?P<text>.+)")
_HEADING = re.compile(rf"(?:#+\s*)?(?P<whole>第{_NUM}(?P<level>分编|[编章节])(?:[\s\u3000].*|$))")
_UNNUMBERED = re.compile(r"(?:#+\s*)?(?P<whole>(?:附|总|分)[\s\u3000]*则)")
_EMPTY_HEADING = re.compile(r"#{2,}\s*")
_CONTENTS = re.compile(r"(?:#+\s*)?目[\s\u3000]*[录次]")
_LEVELS = ("编", "分编", "章", "节")
_COMMENT = re.compile(r"<!--.*-->")
_DAY = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_IN_FORCE_FROM = re.compile(r"自\s*(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日\s*起\s*(?:施行|实施|生效)")
_FROM_NOW = re.compile(r"自(?:公布|发布)之日起(?:施行|实施|生效)")
_FROM_HEAD = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日(?:\s*起?\s*施行)")
_IN_NAME = re.compile(r"\((\d{4})-(\d{2})-(\d{2})\)")
_NOT_A_TITLE = re.compile(r"[（(]?\s*(?:\d{4}\s*年|法释|国务院令|中华人民共和国(?:主席|国务院)令|第.+号|根据|经)")
#: How the names of laws end.
_COMPLETE = re.compile(
    r"(?:法|法典|条例|规定|办法|解释|决定|意见|细则|规则|批复|公约|标准|修正案)(?:[（(].{1,12}[）)])?$"
)
_LONGEST_TITLE, _TITLE_LINES = 120, 4


class StatuteError(Exception):
    """A text that is no statute, or not a whole one; says what is wrong and what to do."""


class Article(NamedTuple):
    """`number`: 第二百五十三条之一. `chapter`: headings above it, outermost first, joined by " / ". `text`: paragraphs
    by lines, without the number."""

    number: str
    chapter: str
    text: str


class Statute(BaseModel):
    """One version of a law. `law` is its name without 中华人民共和国, as citations write it."""

    model_config = ConfigDict(frozen=True)

    law: Annotated[str, Field(min_length=2)]
    title: str
    version: date | None = Field(description="day on which this text was adopted or last amended, where it says so")
    effective: date | None = Field(description="first day on which this text is in force, where it can be told")
    assumed: bool = Field(
        default=False, description="`effective` is a guess: the text only says since when its first version is in force"
    )
    articles: tuple[Article, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        """Of all articles, in their order."""
        return tuple(article.number for article in self.articles)

    def in_force(self, day: date) -> bool:
        return self.effective is None or self.effective <= day


def parse(lines: Sequence[str], *, name: str = "") -> Statute:
    """`lines`: trimmed and not empty. `name`: of the file, without its ending, for a text that does not say its own.

    Raises StatuteError: no articles, a number twice, numbers missing.
    """
    comments = [line for line in lines if _COMMENT.fullmatch(line)]
    body = [line for line in lines if not _COMMENT.fullmatch(line)]
    start = next((at for at, line in enumerate(body) if _is_structure(line)), len(body))
    head = body[:start]
    articles = _articles(body[start:])
    _whole(articles)
    title = _title(head) or re.sub(r"[(（].*?\d{4}.*?[)）]|[_\d-]+$", "", name).strip()
    if not title:
        raise StatuteError("the name of the law is not to be found — put it into the first line")
    version, effective, assumed = _dates(head, articles, " ".join([*comments, name]))
    return Statute(
        law=title.removeprefix("中华人民共和国"),
        title=title,
        version=version,
        effective=effective,
        assumed=assumed,
        articles=tuple(articles),
    )


def _is_structure(line: str) -> bool:
    return bool(
        _CONTENTS.fullmatch(line)
        or _HEADING.fullmatch(line)
        or _UNNUMBERED.fullmatch(line)
        or _EMPTY_HEADING.fullmatch(line)
        or _ARTICLE.fullmatch(line)
        or (_TIGHT.fullmatch(line) and line.startswith(("第一条", "第1条")))
    )


def _articles(lines: Sequence[str]) -> list[Article]:
    articles: list[tuple[str, str, list[str]]] = []
    path: dict[str, str] = {}
    last = (0, 0)
    # Markdown may write all headings above an article into one line, each time; then none is left over from before.
    whole_paths = any(_HEADING.fullmatch(line) and " / " in line for line in lines)
    # 附则 without a number is a heading where the table of contents has it too, or where it is marked as one.
    twice = {_unmarked(line) for line in lines if _UNNUMBERED.fullmatch(line) and line.startswith("#")}
    twice |= {_unmarked(line) for line in _contents(lines)}
    for line in lines:
        if _CONTENTS.fullmatch(line):
            continue
        if _EMPTY_HEADING.fullmatch(line):
            path = {}
        elif (found := _UNNUMBERED.fullmatch(line)) and _unmarked(line) in twice:
            path = {"": found["whole"]}  # no level: whatever heading comes next takes its place
        elif found := _HEADING.fullmatch(line):
            path = _below({} if whole_paths else path, found["whole"], fresh=not articles)
        elif found := _ARTICLE.fullmatch(line) or _expected(line, last):
            number, sub = read_number(found["number"]), read_number(found["sub"]) if found["sub"] else 0
            if number is None or sub is None:
                raise StatuteError(f"{line[:12]!r} is no number of an article — correct it")
            last = (number, sub)
            articles.append((article_name(number, sub), " / ".join(path.values()), [found["text"]]))
        elif articles:
            articles[-1][2].append(line)
    return [Article(number, chapter, "\n".join(part for part in text if part)) for number, chapter, text in articles]


def _contents(lines: Sequence[str]) -> list[str]:
    """The lines of the table of contents, if there is one."""
    first = next((at for at, line in enumerate(lines) if _ARTICLE.fullmatch(line)), len(lines))
    start = next((at for at, line in enumerate(lines[:first]) if _CONTENTS.fullmatch(line)), first)
    return [line for line in lines[start:first] if _UNNUMBERED.fullmatch(line)]


def _unmarked(line: str) -> str:
    return re.sub(r"[#\s\u3000]", "", line)


def _below(path: dict[str, str], heading: str, *, fresh: bool) -> dict[str, str]:
    """The headings above what follows. A whole path may stand in one line: 第二章　自然人 / 第一节　监护."""
    for part in re.split(r"\s+/\s+", heading):
        level = _LEVELS.index(match["level"]) if (match := _HEADING.fullmatch(part)) else len(_LEVELS)
        # A table of contents ends where its first heading comes again; before the first article nothing else is kept
        # of it than what stands above.
        kept = {} if fresh and part in path.values() else path
        path = {key: value for key, value in kept.items() if key in _LEVELS and _LEVELS.index(key) < level}
        path[_LEVELS[level] if level < len(_LEVELS) else ""] = part
    return path


def _expected(line: str, last: tuple[int, int]) -> re.Match[str] | None:
    found = _TIGHT.fullmatch(line)
    if found is None:
        return None
    this = (read_number(found["number"]), read_number(found["sub"]) if found["sub"] else 0)
    return found if this in ((last[0] + 1, 0), (last[0], last[1] + 1)) else None


def _whole(articles: Sequence[Article]) -> None:
    """Raises StatuteError unless the numbers run from 第一条 on without a gap and without doubles."""
    if not articles:
        raise StatuteError("no line begins with the number of an article (第一条 …) — this is not the text of a law")
    numbers = [article.number for article in articles]
    if doubles := sorted({number for number in numbers if numbers.count(number) > 1}, key=numbers.index):
        raise StatuteError(f"{'、'.join(doubles[:5])} stands here twice — give one law in one file")
    plain = {number for number in numbers if ARTICLE.fullmatch(number) and "条之" not in number}
    last = max((n for number in plain if (n := read_number(number[1:-1]))), default=0)
    if missing := [name for n in range(1, last + 1) if (name := article_name(n)) not in plain]:
        raise StatuteError(f"{'、'.join(missing[:5])}{'…' if missing[5:] else ''} is missing — give the whole text")
    if empty := [article.number for article in articles if not article.text]:
        raise StatuteError(f"{'、'.join(empty[:5])} has no text — look at the file there")


def _title(head: Sequence[str]) -> str:
    """The first lines until something that is no title; 最高人民法院 alone on a line is followed by the rest."""
    parts: list[str] = []
    for line in head[:_TITLE_LINES]:
        line = re.sub(r"^#+\s*", "", line)
        if _NOT_A_TITLE.match(line) or len(line) > _LONGEST_TITLE or line.endswith(("。", "：", "；")):
            break
        if parts and _COMPLETE.search(parts[-1]):
            break
        parts.append(line)
    title = re.sub(r"[\s\u3000]*\*\*[\s\u3000]*", "", "".join(parts))
    title = re.sub(r"院[\s\u3000]*最高", "院、最高", title)
    return re.sub(r"[\s\u3000]+", "", title)


def _dates(head: Sequence[str], articles: Sequence[Article], names: str) -> tuple[date | None, date | None, bool]:
    """Version, effective, and whether the latter is a guess."""
    above = "\n".join(head)
    named = [_day(*found) for found in _IN_NAME.findall(names)]
    said = [_day(*found) for found in _DAY.findall(_FROM_HEAD.sub("", above))]
    version = named[0] if named else max(said, default=None)
    closing = [article.text for article in articles if article.text.startswith(("本", "自"))]
    since = [_day(*found) for text in closing for found in _IN_FORCE_FROM.findall(text)[:1]]
    headed = [_day(*found) for found in _FROM_HEAD.findall(above)]
    effective = max([*since, *headed], default=None)
    if effective is None and any(_FROM_NOW.search(text) for text in closing):
        effective = version
    # An amendment says itself since when it is in force; the amended text only says it of its first version.
    if version and (effective is None or effective < version):
        return version, version, True
    return version, effective, False


def _day(year: str, month: str, day: str) -> date:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise StatuteError(f"{year}年{month}月{day}日 is no day — correct the date") from None

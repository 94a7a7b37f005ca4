"""Staff's own questions and answers, as they keep them in Excel or CSV → drafts of entries, and what is wrong."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from knowledge.files import read_text
from knowledge.laws import ArticleParser
from knowledge.statutes.reading import LARGEST, UnreadableError, guard_zip
from knowledge.text import bare, normalise

#: Field of an entry → how the column may be called.
COLUMNS = {
    "question": ("问题", "标准问", "标准问题", "提问", "题目", "标题", "question", "q"),
    "answer": ("答案", "回答", "回复", "答复", "标准答案", "answer", "a"),
    "paraphrases": ("相似问", "相似问法", "相似问题", "其他问法", "同义问", "问法", "paraphrases"),
    "citations": ("依据", "法律依据", "引用", "出处", "法条", "citations"),
    "more": ("详细", "详细说明", "补充", "补充说明", "more"),
    "tags": ("标签", "分类", "类别", "关键词", "tags"),
    "valid_from": ("生效日期", "开始日期", "生效", "valid_from"),
    "valid_to": ("失效日期", "截止日期", "失效", "valid_to"),
}
ENDINGS = frozenset((".xlsx", ".csv", ".tsv"))
#: Characters of an answer on a phone; what is longer goes into `more` after the sentence that still fits.
SHORT, LONG, QUESTION = 110, 400, 60
_ROWS, _HEAD_ROWS = 20_000, 10
_SEPARATORS = re.compile(r"[\n;；|｜]+")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$")


class Draft(NamedTuple):
    """`row`: number in the sheet, for messages. `body`: fields of an entry, perhaps not all that it needs."""

    row: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Sheet:
    """What was read. `problems`: one line each with its row; the drafts are all rows that have question and answer."""

    drafts: list[Draft] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_faq(file: Path, laws: ArticleParser, today: date) -> Sheet:
    """Raises UnreadableError when nothing of the file can be used: broken, not a table, columns missing."""
    if file.suffix.lower() not in ENDINGS:
        raise UnreadableError(f"{file.name}: {file.suffix or 'no ending'} is no table — save it as .xlsx or .csv")
    sheet = Sheet()
    rows = list(_workbook(file, sheet.problems) if file.suffix.lower() == ".xlsx" else _text_table(file))
    head, columns = _columns(file, rows)
    seen: dict[str, int] = {}
    for number, row in enumerate(rows[head + 1 :], start=head + 2):
        cells = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
        if not any(cells.values()):
            continue
        if not cells["question"] or not cells["answer"]:
            lacks = "question" if not cells["question"] else "answer"
            sheet.problems.append(f"row {number}: no {lacks} — left out")
            continue
        same = bare(normalise(cells["question"]))
        if other := seen.get(same):
            sheet.problems.append(f"row {number}: the same question as row {other} — left out")
            continue
        seen[same] = number
        sheet.drafts.append(Draft(number, _body(cells, number, laws, today, sheet.problems)))
    if not sheet.drafts:
        raise UnreadableError(f"{file.name}: no row has a question and an answer")
    return sheet


def _workbook(file: Path, problems: list[str]) -> Iterator[list[str]]:
    guard_zip(file, "xl/workbook.xml")
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of every feature of Excel that it does not read
            book = openpyxl.load_workbook(io.BytesIO(file.read_bytes()), data_only=True)
        page = book.worksheets[0]
        if (page.max_row or 0) > _ROWS:
            raise UnreadableError(f"{file.name}: more than {_ROWS} rows — split it")
        # Of merged cells only the first has a value: it was meant for all of them.
        merged: dict[tuple[int | None, int | None], Any] = {}
        for block in page.merged_cells.ranges:
            first = page.cell(block.min_row, block.min_col).value
            merged |= dict.fromkeys(block.cells, first)
            problems.append(f"{block.coord}: merged cells — their value was taken for each of them")
        for row in page.iter_rows():
            yield [_cell(merged.get((cell.row, cell.column), cell.value)) for cell in row]
    except UnreadableError:
        raise
    except Exception:  # openpyxl raises whatever a broken part makes it
        raise UnreadableError(f"{file.name}: broken, or not what its ending says — open it and save it again") from None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _text_table(file: Path) -> Iterator[list[str]]:
    try:
        if file.stat().st_size > LARGEST:
            raise UnreadableError(f"{file.name}: more than {LARGEST / 1e6:.0f} MB — split it")
        text = read_text(file.read_bytes())
    except ValueError:
        raise UnreadableError(f"{file.name}: neither UTF-8 nor GB18030 — save it as CSV in UTF-8") from None
    except OSError as problem:
        raise UnreadableError(f"{file.name}: {problem.strerror or 'cannot be opened'} — check the path") from None
    # The first lines may be a title: what parts the columns is what stands oftenest in the first few.
    head = "\n".join(text.splitlines()[:_HEAD_ROWS])
    separator = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as problem:
        raise UnreadableError(f"{file.name}: not a table ({problem}) — open it in Excel and save it as .xlsx") from None
    if len(rows) > _ROWS:
        raise UnreadableError(f"{file.name}: more than {_ROWS} rows — split it")
    yield from rows


def _columns(file: Path, rows: Sequence[Sequence[str]]) -> tuple[int, dict[str, int]]:
    """The row with the names of the columns, and where each field stands."""
    best: dict[str, int] = {}
    for number, row in enumerate(rows[:_HEAD_ROWS]):
        names = [re.sub(r"[\s*＊:：（）()]", "", cell).lower() for cell in row]
        found = {
            name: names.index(word) for name, words in COLUMNS.items() for word in reversed(words) if word in names
        }
        if {"question", "answer"} <= set(found):
            return number, found
        best = max(best, found, key=len)
    missing = [f"{name} ({' / '.join(COLUMNS[name][:3])})" for name in ("question", "answer") if name not in best]
    raise UnreadableError(f"{file.name}: no column for {' and '.join(missing)} — name it so in the first row")


def _body(cells: dict[str, str], row: int, laws: ArticleParser, today: date, problems: list[str]) -> dict[str, Any]:
    body: dict[str, Any] = {"kind": "guide", "question": cells["question"], "valid_from": today.isoformat()}
    if len(cells["question"]) > QUESTION:
        problems.append(f"row {row}: the question has more than {QUESTION} characters — shorten it in the draft")
    short, rest = _split(cells["answer"])
    body["answer"] = short
    more = "\n".join(part for part in (rest, cells.get("more", "")) if part)
    if more:
        body["more"] = more
    if len(short) > SHORT or len(more) > LONG:
        problems.append(f"row {row}: the answer is too long for a phone — shorten it in the draft")
    others = [text.strip() for text in _SEPARATORS.split(cells.get("paraphrases", "")) if text.strip()]
    body["paraphrases"] = list(dict.fromkeys(text for text in others if text != cells["question"]))
    body["citations"] = _citations(cells.get("citations", ""), row, laws, problems)
    if tags := [tag.strip() for tag in re.split(r"[\s,，、;；|]+", cells.get("tags", "")) if tag.strip()]:
        body["tags"] = tags
    for name in ("valid_from", "valid_to"):
        if text := cells.get(name, ""):
            if day := _day(text):
                body[name] = day.isoformat()
            else:
                problems.append(f"row {row}: {text[:20]!r} is no day — write it as 2026-01-31")
    return body


def _citations(text: str, row: int, laws: ArticleParser, problems: list[str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for part in filter(None, (part.strip() for part in _SEPARATORS.split(text))):
        refs = laws.find_all(normalise(part))
        named = laws.law(normalise(part))
        if refs:
            found += [{"title": ref.law, "article": ref.article} for ref in refs]
        elif named:
            found.append({"title": named})
        else:
            problems.append(f"row {row}: {part[:30]!r} names no law that is known here")
    if not found:
        problems.append(f"row {row}: rests on no law or document — add what it rests on in the draft")
    return [dict(item) for item in dict.fromkeys(tuple(sorted(item.items())) for item in found)]


def _split(answer: str) -> tuple[str, str]:
    """A short answer, to the end of the last sentence that fits, and the rest."""
    if len(answer) <= SHORT:
        return answer, ""
    end = max(answer.rfind(mark, 0, SHORT) for mark in "。；！？\n")
    return (answer[: end + 1].strip(), answer[end + 1 :].strip()) if end > 0 else (answer, "")


def _day(text: str) -> date | None:
    match = _DAY.match(text.strip())
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None

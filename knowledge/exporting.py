"""Everything in files that people and programs can read, and that can be imported again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from knowledge.entries import Entry
from knowledge.statutes import Statute

_HEAD = ("编号", "问题", "相似问", "答案", "详细", "依据", "标签", "生效日期", "失效日期")


def write_all(folder: Path, entries: Sequence[Entry], statutes: Sequence[Statute]) -> dict[str, int]:
    """`entries.jsonl`, `entries.xlsx`, `articles.jsonl` and a Markdown file for each version of a law.

    Returns how many there are of each. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _lines(folder / "entries.jsonl", (entry.model_dump(mode="json", exclude_none=True) for entry in entries))
    _sheet(folder / "entries.xlsx", entries)
    articles = [
        {
            "law": statute.law,
            "version": statute.version.isoformat() if statute.version else None,
            "effective": statute.effective.isoformat() if statute.effective else None,
            "article": article.number,
            "chapter": article.chapter,
            "text": article.text,
        }
        for statute in statutes
        for article in statute.articles
    ]
    _lines(folder / "articles.jsonl", articles)
    (folder / "laws").mkdir(exist_ok=True)
    for statute in statutes:
        day = statute.version or statute.effective
        name = f"{statute.law}({day.isoformat()}).md" if day else f"{statute.law}.md"
        (folder / "laws" / name.replace("/", "／")).write_text(_markdown(statute), "utf-8")
    return {"entries": len(entries), "laws": len(statutes), "articles": len(articles)}


def _lines(file: Path, items: Iterable[object]) -> None:
    file.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), "utf-8")


def _sheet(file: Path, entries: Sequence[Entry]) -> None:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("entries")
    page.append(_HEAD)
    for entry in entries:
        rests_on = "\n".join(f"《{citation.title}》{citation.article or ''}" for citation in entry.citations)
        days = (entry.valid_from.isoformat(), entry.valid_to.isoformat() if entry.valid_to else "")
        texts = (entry.id, entry.question, "\n".join(entry.paraphrases), entry.answer, entry.longer, rests_on)
        # A text that begins like a formula would be one when the sheet is opened.
        page.append(
            [
                f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
                for text in (*texts, "、".join(entry.tags), *days)
            ]
        )
    book.save(file)


def _markdown(statute: Statute) -> str:
    lines = [f"# {statute.title}", ""]
    if statute.version:
        lines += [f"{statute.version.year}年{statute.version.month}月{statute.version.day}日 公布", ""]
    if statute.effective:
        lines += [f"{statute.effective.year}年{statute.effective.month}月{statute.effective.day}日 施行", ""]
    chapter: str | None = None
    for article in statute.articles:
        if article.chapter != chapter:
            chapter = article.chapter
            lines += [f"## {chapter}".rstrip(" ") if chapter else "## ", ""]
        lines += [f"**{article.number}** {article.text}", ""]
    return "\n".join(lines)

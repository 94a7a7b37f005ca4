"""Staff's own questions and answers from Excel and CSV."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from knowledge.exporting import write_all
from knowledge.faq import Sheet, read_faq
from knowledge.laws import ArticleParser, LawIndex, read_aliases
from knowledge.statutes.parse import parse
from knowledge.statutes.reading import UnreadableError, read_lines

from .conftest import CONTENT, TODAY

HEAD = ["标准问题", "答案", "相似问", "法律依据", "生效日期"]
ROW = [
    "多久有结果？",
    "七天内答复。",
    "几天回复；要等多久\n啥时候有消息",
    "《民法典》第1195条至第1197条；网安法十五条",
    "2026/3/1",
]


@pytest.fixture(scope="module")
def laws() -> ArticleParser:
    index = LawIndex.load(CONTENT)
    return ArticleParser(index, read_aliases(CONTENT, index))


def _csv(file: Path, rows: list[list[str]], encoding: str = "utf-8", separator: str = ",") -> Path:
    text = "\r\n".join(separator.join(f'"{cell}"' for cell in row) for row in rows)
    file.write_text(text, encoding, newline="")
    return file


def _right(sheet: Sheet) -> None:
    [draft] = sheet.drafts
    assert draft.body == {
        "kind": "guide",
        "question": "多久有结果？",
        "answer": "七天内答复。",
        "paraphrases": ["几天回复", "要等多久", "啥时候有消息"],
        "citations": [
            {"article": "第一千一百九十五条", "title": "民法典"},
            {"article": "第一千一百九十六条", "title": "民法典"},
            {"article": "第一千一百九十七条", "title": "民法典"},
            {"article": "第十五条", "title": "网络安全法"},
        ],
        "valid_from": "2026-03-01",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_as_offices_save_it(tmp_path: Path, laws: ArticleParser, encoding: str, separator: str) -> None:
    _right(read_faq(_csv(tmp_path / "a.csv", [["我们的问答"], HEAD, ROW], encoding, separator), laws, TODAY))


def test_excel_with_merged_cells(tmp_path: Path, laws: ArticleParser) -> None:
    book = openpyxl.Workbook()
    page = book.active
    for row in (HEAD, ROW, ["要钱吗？", "不要钱。", "", "", ""]):
        page.append(row)
    page.merge_cells("D2:D3")
    book.save(tmp_path / "a.xlsx")
    sheet = read_faq(tmp_path / "a.xlsx", laws, TODAY)
    assert sheet.drafts[0].body["citations"] == sheet.drafts[1].body["citations"] != []
    assert any(problem.startswith("D2:D3: merged cells") for problem in sheet.problems)


def test_each_problem_names_its_row(tmp_path: Path, laws: ArticleParser) -> None:
    rows = [HEAD, ROW, ["", "没有问题", "", "", ""], ["多久有结果", "又一次", "", "", ""]]
    rows.append(["问" * 70, "答" * 200, "", "某某内部文件", "明天"])
    sheet = read_faq(_csv(tmp_path / "a.csv", rows), laws, TODAY)
    assert [draft.row for draft in sheet.drafts] == [2, 5]
    for says in (
        "row 3: no question",
        "row 4: the same question as row 2",
        "row 5: the question has more than 60",
        "row 5: the answer is too long",
        "row 5: '某某内部文件' names no law",
        "row 5: rests on no law",
        "row 5: '明天' is no day",
    ):
        assert any(problem.startswith(says) for problem in sheet.problems), says


def test_a_long_answer_is_parted_after_a_sentence(tmp_path: Path, laws: ArticleParser) -> None:
    rows = [["问题", "答案", "依据"], ["怎么办？", "先保存证据。" * 30, "民法典"]]
    [draft] = read_faq(_csv(tmp_path / "a.csv", rows), laws, TODAY).drafts
    assert draft.body["answer"] + draft.body["more"] == "先保存证据。" * 30
    assert len(draft.body["answer"]) <= 110


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.csv", "题目,备注\n甲,乙".encode(), "no column for answer"),
        ("a.csv", bytes(range(256)), "neither UTF-8 nor GB18030"),
        ("a.csv", b"", "no column for question"),
        ("a.csv", "问题,答案\n,".encode(), "no row has a question"),
        ("a.xlsx", b"PK\x03\x04nothing", "broken"),
        ("a.xls", b"x", ".xls is no table"),
    ],
)
def test_what_is_no_table_says_why(tmp_path: Path, laws: ArticleParser, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UnreadableError, match=says):
        read_faq(tmp_path / name, laws, TODAY)


def test_what_is_exported_can_be_imported(tmp_path: Path, laws: ArticleParser) -> None:
    from knowledge import Knowledge

    entries = [entry for entry in Knowledge.load(CONTENT, TODAY).entries if entry.kind == "guide"]
    statute = parse(["样例法", "（2020年5月6日通过）", ["第一条\u3000甲。", "乙。"][0], "乙。", "第二条　丙。"])
    told = write_all(tmp_path / "all", entries, [statute])
    assert told == {"entries": len(entries), "laws": 1, "articles": 2}
    sheet = read_faq(tmp_path / "all" / "entries.xlsx", laws, TODAY)
    assert [draft.body["question"] for draft in sheet.drafts] == [entry.question for entry in entries]
    assert [tuple(draft.body["paraphrases"]) for draft in sheet.drafts] == [entry.paraphrases for entry in entries]
    [file] = (tmp_path / "all" / "laws").iterdir()
    assert parse(read_lines(file), name=file.stem).articles == statute.articles

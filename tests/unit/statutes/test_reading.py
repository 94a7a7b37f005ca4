"""Official texts from files of every kind, and files that are none."""

from __future__ import annotations

import io
import json
import zipfile
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

from knowledge.statutes import Article, StatuteError
from knowledge.statutes.parse import parse
from knowledge.statutes.reading import LARGEST, UnreadableError, read_lines

from .conftest import BODY, HEAD, LAWS, LINES, Write, as_docx

ARTICLES = [
    ("第一条", "第一章　总　　则", "为了说明怎样读一部法，制定本法。"),
    ("第二条", "第一章　总　　则", "本法所称样例，是指下列各项：\n（一）第一种样例；\n（二）第二种样例。"),
    ("第二条之一", "第一章　总　　则", "依照第二条规定处理的，从其规定。"),
    ("第三条", "第二章　举　　报", "任何人有权举报。受理的机关应当在七日内答复。"),
    ("第四条", "附　　则", "本法自2021年1月1日起施行。"),
]


@pytest.mark.parametrize("name", ["样例.docx", "样例.txt", "样例.md"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_text_as_the_database_publishes_it(write: Write, name: str, encoding: str) -> None:
    statute = parse(read_lines(write(name, LINES, encoding)))
    assert (statute.law, statute.title) == ("样例法", "中华人民共和国样例法")
    assert [tuple(article) for article in statute.articles] == ARTICLES
    assert statute.version == date(2024, 3, 4)
    # The closing article speaks of the first version; since when the amendment is in force nobody says.
    assert (statute.effective, statute.assumed) == (date(2024, 3, 4), True)


def test_a_first_version_says_since_when_it_is_in_force() -> None:
    statute = parse(["样例条例", "（2020年5月6日公布）", *BODY])
    assert (statute.version, statute.effective, statute.assumed) == (date(2020, 5, 6), date(2021, 1, 1), False)


def test_markdown_with_marked_headings() -> None:
    statute = parse(["# 样例法", "## 第一章　总则 / 第一节　甲", "**第一条** 一。", "## ", "**第二条** 二。"])
    assert statute.articles == (Article("第一条", "第一章　总则 / 第一节　甲", "一。"), Article("第二条", "", "二。"))


def test_a_name_in_two_lines() -> None:
    lines = ["最高样例法院", "关于审理样例案件", "适用法律若干问题的规定（一）", "（2020年5月6日通过）", *BODY]
    assert parse(lines).law == "最高样例法院关于审理样例案件适用法律若干问题的规定（一）"


def test_a_name_from_the_file() -> None:
    assert parse(BODY, name="样例办法(2020-05-06)").law == "样例办法"


def test_paragraphs_in_tables_and_line_breaks_are_read(tmp_path: Path) -> None:
    import docx

    document = docx.Document()
    document.add_paragraph("样例法")
    document.add_paragraph("第一条　甲。\n乙。")
    table = document.add_table(rows=1, cols=1)
    table.cell(0, 0).text = "丙。"
    document.save(str(tmp_path / "t.docx"))
    assert parse(read_lines(tmp_path / "t.docx")).articles[0].text == "甲。\n乙。\n丙。"


def _pdf(lines: list[str]) -> bytes:
    """One page with a text layer as word processors write it: glyph numbers, and a map from them to characters."""
    from pypdf import PdfWriter
    from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    glyphs = sorted(set("".join(lines)))
    pairs = "\n".join(f"<{number:04x}> <{ord(character):04x}>" for number, character in enumerate(glyphs, start=1))
    characters, text = DecodedStreamObject(), DecodedStreamObject()
    characters.set_data(
        f"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange\n{len(glyphs)} beginbfchar\n{pairs}\n"
        "endbfchar endcmap".encode()
    )
    shown = [f"<{''.join(f'{glyphs.index(character) + 1:04x}' for character in line)}> Tj T*" for line in lines]
    text.set_data(f"BT /F 12 Tf 20 TL 50 780 Td {' '.join(shown)} ET".encode())
    inner = {"/Type": "/Font", "/Subtype": "/CIDFontType2", "/BaseFont": "/Song"}
    below = DictionaryObject({NameObject(key): NameObject(value) for key, value in inner.items()})
    outer = {"/Type": "/Font", "/Subtype": "/Type0", "/BaseFont": "/Song", "/Encoding": "/Identity-H"}
    font = DictionaryObject({NameObject(key): NameObject(value) for key, value in outer.items()})
    font[NameObject("/DescendantFonts")] = ArrayObject([writer._add_object(below)])
    font[NameObject("/ToUnicode")] = writer._add_object(characters)
    fonts = DictionaryObject({NameObject("/F"): writer._add_object(font)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    page[NameObject("/Contents")] = writer._add_object(text)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def test_a_pdf_with_a_text_layer(tmp_path: Path) -> None:
    (tmp_path / "t.pdf").write_bytes(_pdf(["样例法", "第一条 甲的规定。", "第二条 乙的规定。", "- 1 -"]))
    articles = parse(read_lines(tmp_path / "t.pdf")).articles
    assert [(article.number, article.text) for article in articles] == [
        ("第一条", "甲的规定。"),
        ("第二条", "乙的规定。"),
    ]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([*HEAD, "没有条文"], "not the text of a law"),
        ([*HEAD, "第一条　甲。", "第三条　丙。"], "第二条 is missing"),
        ([*HEAD, "第一条　甲。", "第一条　乙。"], "第一条 stands here twice"),
        ([*HEAD, "第一条", "第二条　乙。"], "第一条 has no text"),
        (["样例法", "（2020年13月6日通过）", *BODY], "is no day"),
    ],
)
def test_what_is_no_whole_law_says_why(lines: list[str], says: str) -> None:
    with pytest.raises(StatuteError, match=says):
        parse(lines)


def _bomb() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 150_000_000)
    return data.getvalue()


def _entities() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("word/document.xml", '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    return data.getvalue()


BAD = {
    "no zip": (".docx", b"\xd0\xcf\x11\xe0" + b"x" * 500, "broken, or not what its ending says"),
    "empty": (".docx", b"", "broken"),
    "half": (".docx", None, "broken"),
    "bomb": (".docx", _bomb(), "would grow to 150 MB"),
    "entities": (".docx", _entities(), "broken"),
    "50 MB": (".docx", b"0" * 50_000_000, f"more than {LARGEST // 1_000_000}"),
    "no pdf": (".pdf", b"%PDF-1.7 nothing", "broken"),
    "binary": (".txt", bytes(range(256)), "neither UTF-8 nor GB18030"),
    "blank": (".txt", " \n\u3000\n".encode(), "no text in it"),
    "another ending": (".doc", b"x", ".doc is not read"),
}


@pytest.mark.parametrize(("ending", "data", "says"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_read_says_why(write: Write, tmp_path: Path, ending: str, data: bytes | None, says: str) -> None:
    file = tmp_path / f"bad{ending}"
    file.write_bytes(write("whole.docx").read_bytes()[:2000] if data is None else data)
    with pytest.raises(UnreadableError, match=says):
        read_lines(file)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="No such file"):
        read_lines(tmp_path / "none.txt")


needs_laws = pytest.mark.skipif(not (LAWS / "articles.jsonl").exists(), reason="the statutes are not at hand")


@needs_laws
@pytest.mark.parametrize("kind", ["md", "docx"])
def test_every_real_text_gives_exactly_its_articles(tmp_path: Path, kind: str) -> None:
    wanted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for line in (LAWS / "articles.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        wanted[row["law"].removeprefix("中华人民共和国")].append((row["no"], row["text"]))
    found: dict[str, list[tuple[str, str]]] = {}
    for file in sorted(LAWS.glob("*.md")):
        if file.name == "README.md":
            continue
        if kind == "docx":  # as the database publishes it: plain paragraphs, no marks
            plain = [line.replace("**", "").lstrip("# ") for line in file.read_text("utf-8").splitlines()]
            as_docx(tmp_path / f"{file.stem}.docx", [line for line in plain if line and not line.startswith("<!--")])
            file = tmp_path / f"{file.stem}.docx"
        statute = parse(read_lines(file), name=file.stem)
        found[statute.law] = [(article.number, article.text) for article in statute.articles]
    assert found == wanted
    assert sum(map(len, found.values())) == 4161

"""Texts of a law that does not exist, and, where they are at hand, the real ones."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement

#: A folder with Markdown texts and `articles.jsonl`, beside the checkout or named in the environment.
LAWS = Path(os.environ.get("REPORTGUIDE_LAWS", Path(__file__).parents[4] / "shared" / "laws"))

HEAD = ["中华人民共和国样例法", "（2020年5月6日第一届样例会议通过　根据2024年3月4日《关于修改样例法的决定》修正）"]
CONTENTS = ["目　　录", "第一章　总　　则", "第二章　举　　报", "附　　则"]
BODY = [
    "第一章　总　　则",
    "第一条　为了说明怎样读一部法，制定本法。",
    "第二条　本法所称样例，是指下列各项：",
    "（一）第一种样例；",
    "（二）第二种样例。",
    "第二条之一　依照第二条规定处理的，从其规定。",
    "第二章　举　　报",
    "第三条　任何人有权举报。受理的机关应当在七日内答复。",
    "附　　则",
    "第四条　本法自2021年1月1日起施行。",
]
LINES = [*HEAD, *CONTENTS, *BODY]

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write("x.docx", lines)`` makes a file of that kind with these paragraphs."""

    def make(name: str, lines: list[str] = LINES, encoding: str = "utf-8") -> Path:
        file = tmp_path / name
        if file.suffix == ".docx":
            as_docx(file, lines)
        else:
            file.write_text("\n".join(lines), encoding)
        return file

    return make


def as_docx(file: Path, lines: list[str]) -> None:
    document = docx.Document()
    body, end = document.element.body, document.element.body[-1]
    for line in lines:  # what add_paragraph does, without looking through the whole text for each
        paragraph = OxmlElement("w:p")
        run = OxmlElement("w:r")
        run.text = line
        paragraph.append(run)
        end.addprevious(paragraph)
    assert len(body) > len(lines)
    document.save(str(file))

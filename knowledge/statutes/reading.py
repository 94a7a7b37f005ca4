"""Files → lines of text: .docx, .md, .txt and .pdf with a text layer. Nothing of a file is trusted.

A docx is a zip of XML. Its size after unpacking is looked at before anything is unpacked, and python-docx's parser
resolves no entities from outside; a document type declaration is refused all the same.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from knowledge.files import read_text

#: Bytes of a file, and of a docx after unpacking. The civil code is 0.3 MB as text and 0.2 MB as docx.
LARGEST, LARGEST_UNPACKED = 30_000_000, 120_000_000
#: An honest document shrinks about tenfold; a bomb a thousandfold.
_MOST_SHRUNK = 200
_PAGES = 2_000
_NOT_SEEN = re.compile(r"[\u200b-\u200f\u2028-\u202f\ufeff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
#: A page number alone on its line, as PDF has it: 12, — 12 —, - 12 -, 第 12 页.
_PAGE_NUMBER = re.compile(r"[-—–\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/／]\s*\d{1,4})?[-—–\s]*")


class UnreadableError(Exception):
    """A file that cannot be read; says which, why and what to do."""


def read_lines(file: Path) -> list[str]:
    """The lines of text, trimmed, none empty. Raises UnreadableError."""
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise UnreadableError(
            f"{file.name}: {file.suffix or 'no ending'} is not read — give {', '.join(sorted(_READERS))}"
        )
    try:
        size = file.stat().st_size
    except OSError as problem:
        raise UnreadableError(f"{file.name}: {problem.strerror or 'cannot be opened'} — check the path") from None
    if size > LARGEST:
        raise UnreadableError(
            f"{file.name}: {size / 1e6:.0f} MB, more than {LARGEST / 1e6:.0f} — take the pictures out, or give the text"
        )
    lines = [_clean(line) for text in reader(file) for line in re.split(r"[\n\r\v\x85\u2028\u2029]+", text)]
    lines = [line for line in lines if line]
    if not lines:
        raise UnreadableError(f"{file.name}: there is no text in it — a scanned file has pictures only, give its text")
    return lines


def _clean(line: str) -> str:
    return _NOT_SEEN.sub("", line.replace("\xa0", " ").replace("\t", " ")).strip(" \u3000")


def _plain(file: Path) -> Iterator[str]:
    try:
        yield read_text(file.read_bytes())
    except ValueError:
        raise UnreadableError(f"{file.name}: neither UTF-8 nor GB18030 text — save it again as text in UTF-8") from None


def _docx(file: Path) -> Iterator[str]:
    guard_zip(file, "word/document.xml")
    import docx  # slow to import
    from docx.oxml.ns import qn

    try:
        document = docx.Document(io.BytesIO(file.read_bytes()))
        # Every paragraph in the order of the text: also those in tables and text boxes, which python-docx leaves out.
        for paragraph in document.element.body.iter(qn("w:p")):
            own = (node for node in paragraph.iter(*_DOCX_TEXT) if next(node.iterancestors(qn("w:p"))) is paragraph)
            yield "".join(_DOCX_TEXT[node.tag](node) for node in own)
    except UnreadableError:
        raise
    except Exception:  # python-docx and lxml raise whatever a broken part makes them
        raise _broken(file) from None


_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DOCX_TEXT: dict[str, Callable[[Any], str]] = {
    f"{_WORD}t": lambda node: node.text or "",
    f"{_WORD}br": lambda node: "\n",
    f"{_WORD}cr": lambda node: "\n",
    f"{_WORD}tab": lambda node: " ",
}


def guard_zip(file: Path, part_name: str) -> None:
    """Refuse what does not have this part, or would fill the memory. Raises UnreadableError."""
    try:
        if file.stat().st_size > LARGEST:
            raise UnreadableError(f"{file.name}: more than {LARGEST / 1e6:.0f} MB — take the pictures out")
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            names = {part.filename for part in parts}
            total = sum(part.file_size for part in parts)
            packed = sum(part.compress_size for part in parts) or 1
            if part_name not in names:
                raise _broken(file)
            if total > LARGEST_UNPACKED or (total > 1_000_000 and total / packed > _MOST_SHRUNK):
                raise UnreadableError(f"{file.name}: it would grow to {total / 1e6:.0f} MB — this is no document")
            with archive.open(part_name) as part:
                if b"<!DOCTYPE" in part.read(2_000):
                    raise _broken(file)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError):
        raise _broken(file) from None


def _broken(file: Path) -> UnreadableError:
    return UnreadableError(f"{file.name}: broken, or not what its ending says — open it, save it again, or give .txt")


def _pdf(file: Path) -> Iterator[str]:
    import logging

    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it reports every oddity; we report what matters
    try:
        reader = PdfReader(io.BytesIO(file.read_bytes()))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError(f"{file.name}: locked with a password — give it without")
        if len(reader.pages) > _PAGES:
            raise UnreadableError(f"{file.name}: more than {_PAGES} pages — give the law alone")
        lines = [line.strip() for page in reader.pages for line in page.extract_text().splitlines()]
    except UnreadableError:
        raise
    except Exception:  # as for docx
        raise _broken(file) from None
    yield from _joined([line for line in lines if line and not _PAGE_NUMBER.fullmatch(line)])


def _joined(lines: list[str]) -> Iterator[str]:
    """Printed lines → paragraphs: a line that is full and ends nothing goes on in the next one."""
    if not lines:
        return
    full = sorted(len(line) for line in lines)[int(len(lines) * 0.9)] - 3
    paragraph = ""
    for line in lines:
        starts = _STARTS.match(line)
        if paragraph and starts:
            yield paragraph
            paragraph = ""
        paragraph += line
        # The last line of a paragraph is shorter than the others, or full by chance and ends a sentence.
        if len(line) < full or (line[-1] in "。；：" and len(line) < full + 2):
            yield paragraph
            paragraph = ""
    if paragraph:
        yield paragraph


_NUMERAL = "[零一二三四五六七八九十百千]+"
#: What begins a paragraph: a heading, an article, an item.
_STARTS = re.compile(rf"第{_NUMERAL}(?:[编章节]|分编|条(?:之{_NUMERAL})?)[\s\u3000]|[（(][一二三四五六七八九十]+[）)]")

_READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    ".docx": _docx,
    ".md": _plain,
    ".pdf": _pdf,
    ".txt": _plain,
}
#: Endings of files that are read.
READABLE = frozenset(_READERS)

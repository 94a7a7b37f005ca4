"""The receipt as a picture: what a telephone can keep in its album and anybody can open, years from now too."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont
from pylopdf_fonts_zh_cn import sans_path

_WIDTH, _MARGIN = 1080, 72
_INK, _SOFT, _LINE, _ACCENT, _TINT = "#13262e", "#3b515b", "#cbdce2", "#0b5466", "#dff0f4"


@dataclass(frozen=True)
class ReceiptFile:
    """An evidence item on a receipt; `about` is its size and time in words."""

    name: str
    about: str
    sha256: str


@dataclass(frozen=True)
class Receipt:
    """What a receipt says, in words. `lines`: label and text, in order; `notes` stand at the end."""

    title: str
    case_no: str
    lines: tuple[tuple[str, str], ...]
    files_title: str
    files: tuple[ReceiptFile, ...]
    notes: tuple[str, ...]


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(sans_path()), size)


class _Sheet:
    """A sheet that grows downwards. Drawn twice: once to learn its height, once for good."""

    def __init__(self, height: int) -> None:
        self.image = Image.new("RGB", (_WIDTH, height), "white")
        self._draw = ImageDraw.Draw(self.image)
        self.y = 0

    def text(self, text: str, size: int, colour: str = _INK, left: int = _MARGIN, after: int = 0) -> None:
        font = _font(size)
        for line in _wrapped(text, font, _WIDTH - _MARGIN - left):
            self._draw.text((left, self.y), line, fill=colour, font=font)
            self.y += round(size * 1.5)
        self.y += after

    def line(self, text: str, size: int, colour: str, left: int, after: int) -> None:
        """On one line, smaller if it must be: a hash that is broken is hard to compare."""
        while size > 12 and _font(size).getlength(text) > _WIDTH - _MARGIN - left:
            size -= 1
        self.text(text, size, colour, left, after)

    def band(self, height: int, colour: str) -> None:
        self._draw.rectangle((0, self.y, _WIDTH, self.y + height), fill=colour)

    def rule(self) -> None:
        self._draw.line((_MARGIN, self.y, _WIDTH - _MARGIN, self.y), fill=_LINE, width=2)
        self.y += 28

    def down(self, by: int) -> None:
        self.y += by


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Lines that fit, broken between any two characters: the text is Chinese, or a hash."""
    lines: list[str] = []
    for part in text.splitlines() or [""]:
        line = ""
        for character in part:
            if line and font.getlength(line + character) > width:
                lines.append(line)
                line = ""
            line += character
        lines.append(line)
    return lines


def _compose(sheet: _Sheet, receipt: Receipt) -> None:
    sheet.band(168, _ACCENT)
    sheet.down(48)
    sheet.text(receipt.title, 52, "white")
    sheet.y = 168 + 48
    for label, text in receipt.lines:
        sheet.text(label, 30, _SOFT)
        sheet.text(text, 40, after=20)
    sheet.rule()
    sheet.text(receipt.files_title, 34, _ACCENT, after=16)
    for number, item in enumerate(receipt.files, 1):
        sheet.text(f"{number}. {item.name}", 32)
        sheet.text(item.about, 27, _SOFT, left=_MARGIN + 36)
        sheet.line(f"SHA-256 {item.sha256}", 25, _SOFT, left=_MARGIN + 36, after=16)
    sheet.rule()
    for note in receipt.notes:
        sheet.text(note, 28, _SOFT, after=8)
    sheet.down(_MARGIN - 28)


def drawn(receipt: Receipt) -> bytes:
    """The receipt as a PNG, 1080 pixels wide: the width that telephones show and printers fit to a page."""
    measure = _Sheet(1)
    _compose(measure, receipt)
    sheet = _Sheet(measure.y)
    _compose(sheet, receipt)
    out = io.BytesIO()
    # Few colours: a third of the size, and nothing to see of it.
    sheet.image.quantize(32, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()

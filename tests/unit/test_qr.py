"""QR codes: where they lead, and that a reader finds it there."""

from __future__ import annotations

from pathlib import Path

import pytest
import segno
from PIL import Image

from bot.cli.faults import Fault
from bot.cli.qr import address, draw
from bot.settings import Settings


def test_a_code_leads_to_the_chat_and_its_matter() -> None:
    settings = Settings(address="https://jubao.example.cn/")
    assert address(settings, "") == "https://jubao.example.cn/"
    assert address(settings, "cyber_violence") == "https://jubao.example.cn/?m=cyber_violence"


def test_what_would_lead_nowhere_is_not_drawn(tmp_path: Path) -> None:
    with pytest.raises(Fault):
        address(Settings(address=""), "")
    with pytest.raises(Fault):
        address(Settings(address="https://x.cn"), "nothing")
    with pytest.raises(Fault):
        draw("https://x.cn", tmp_path / "x.gif")
    with pytest.raises(Fault):
        draw("https://x.cn", tmp_path / "missing" / "x.png")


def test_the_picture_is_the_code(tmp_path: Path) -> None:
    text = "https://jubao.example.cn/?m=cyber_violence"
    draw(text, tmp_path / "x.png")
    image = Image.open(tmp_path / "x.png").convert("1")
    wanted = segno.make(text, error="q", micro=False)
    side = len(wanted.matrix)
    assert image.size == ((side + 8) * 10,) * 2
    drawn = [[image.getpixel(((4 + x) * 10 + 5, (4 + y) * 10 + 5)) == 0 for x in range(side)] for y in range(side)]
    assert drawn == [[bool(module) for module in row] for row in wanted.matrix]
    draw(text, tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_text("utf-8").startswith("<?xml")

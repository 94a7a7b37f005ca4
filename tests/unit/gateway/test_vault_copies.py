"""Working copies of pictures: upright, complete to the eye, and silent about where and when."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from connectors.gateway import Vault
from connectors.gateway.vault.copies import MAX_PIXELS, working_copy
from tests import files

MAKE, GPS, ORIENTATION = 271, 0x8825, 274
OWNER = "王小明的手机"
SECRETS = (OWNER.encode(), b"GPS-PLACE", b"Exif", b"secret comment")


def photo(**options: object) -> bytes:
    """A photograph as a telephone makes it: lying on its side, with maker, place, thumbnail and comment."""
    image = Image.new("RGB", (40, 20), (200, 30, 30))
    image.paste((20, 20, 200), (0, 0, 10, 20))
    exif = Image.Exif()
    exif[MAKE] = OWNER
    exif[ORIENTATION] = 6
    exif.get_ifd(GPS).update({1: "N", 2: (30.0, 15.0, 0.0), 27: b"GPS-PLACE"})
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, comment=b"secret comment", quality=95, **options)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def test_a_photograph_loses_place_maker_and_comment_and_stands_upright() -> None:
    original = photo()
    assert all(secret in original for secret in (b"GPS-PLACE", b"Exif", b"secret comment"))
    made = working_copy("image/jpeg", original)
    assert made is not None
    copy, media_type = made
    assert media_type == "image/jpeg"
    assert not [secret for secret in SECRETS if secret in copy]
    image = opened(copy)
    assert dict(image.getexif()) == {}
    assert image.size == (20, 40)
    # What was on the left is on top now.
    red, _, blue = image.getpixel((10, 4))  # type: ignore[misc]
    assert blue > 150 > red


def test_a_png_loses_its_texts_and_keeps_its_clear_parts() -> None:
    image = Image.new("RGBA", (6, 6), (255, 0, 0, 0))
    info = PngInfo()
    info.add_text("Author", "secret comment")
    out = io.BytesIO()
    image.save(out, "PNG", pnginfo=info, exif=Image.Exif())
    made = working_copy("image/png", out.getvalue())
    assert made is not None
    assert b"secret comment" not in made[0]
    assert opened(made[0]).getpixel((0, 0)) == (255, 0, 0, 0)


@pytest.mark.parametrize(("name", "media_type"), [("GIF", "image/gif"), ("BMP", "image/bmp"), ("WEBP", "image/webp")])
def test_other_pictures_have_copies_too(name: str, media_type: str) -> None:
    out = io.BytesIO()
    Image.new("RGB", (6, 6), (9, 200, 9)).save(out, name)
    made = working_copy(media_type, out.getvalue())
    assert made is not None
    assert opened(made[0]).size == (6, 6)


def bomb(side: int) -> bytes:
    """A PNG of some kilobytes that says it unfolds to `side`² pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side // 8 + 1) * 64)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def test_a_bomb_is_kept_and_not_unfolded(vault: Vault) -> None:
    content = bomb(60_000)
    assert len(content) < 20_000
    assert MAX_PIXELS < 60_000**2
    tracemalloc.start()
    kept = await vault.keep("a", "x.png", content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024
    assert await vault.read("a", kept.id) == content
    with pytest.raises(KeyError):
        await vault.read_copy("a", kept.id)


def test_a_huge_photograph_is_read_smaller() -> None:
    out = io.BytesIO()
    Image.new("RGB", (8000, 6000), (3, 3, 3)).save(out, "JPEG", quality=10)
    made = working_copy("image/jpeg", out.getvalue())
    assert made is not None
    image = Image.open(io.BytesIO(made[0]))
    assert image.width * image.height <= MAX_PIXELS


@pytest.mark.parametrize("content", [b"", files.png()[:50], files.jpeg(), b"GIF89a" + b"\xff" * 100, files.pdf()])
def test_a_damaged_picture_has_no_copy(content: bytes) -> None:
    assert working_copy("image/png", content) is None


async def test_the_vault_keeps_both(vault: Vault) -> None:
    original = photo()
    kept = await vault.keep("a", "合影.jpg", original)
    assert await vault.read("a", kept.id) == original
    copy, media_type = await vault.read_copy("a", kept.id)
    assert media_type == "image/jpeg"
    assert not [secret for secret in SECRETS if secret in copy]


async def test_what_is_no_picture_has_none(vault: Vault) -> None:
    kept = await vault.keep("a", "x.pdf", files.pdf())
    with pytest.raises(KeyError):
        await vault.read_copy("a", kept.id)

"""Working copies of pictures: what can be seen, and nothing of where, when and with what it was taken.

A photograph says more than it shows: the place, the owner's name, a thumbnail of what was cropped away. The original is
kept as it came, because it is the evidence; who looks at it in daily work needs only the picture.
"""

from __future__ import annotations

import io
import threading

from PIL import Image, ImageOps

#: Most pixels that are unpacked: a small file may unfold to gigabytes. A JPEG beyond it is read at a smaller scale.
MAX_PIXELS = 40_000_000
#: Media type → the format of its copy. What Pillow cannot open without further libraries (HEIC) has none.
FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "PNG",
    "image/webp": "WEBP",
    "image/bmp": "PNG",
    "image/avif": "PNG",
}
_OPENERS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF")
#: One at a time: an unpacked picture takes up to 160 MB.
_one = threading.Lock()


def working_copy(media_type: str, content: bytes) -> tuple[bytes, str] | None:
    """The picture without its metadata, upright, and the copy's media type; the first frame of a moving one.

    None if it is no picture, too large to unpack, or damaged.
    """
    wanted = FORMATS.get(media_type)
    if wanted is None:
        return None
    with _one:
        try:
            return _drawn(content, wanted), f"image/{wanted.lower()}"
        except Exception:  # whatever a hostile file makes a decoder raise, it costs the copy and never the original
            return None


def _drawn(content: bytes, wanted: str) -> bytes:
    # The bomb guard stands here and not in Pillow's global setting, which warns first and belongs to everybody.
    with Image.open(io.BytesIO(content), formats=_OPENERS) as image:
        if image.width * image.height > MAX_PIXELS:
            image.draft("RGB", (image.width // 4, image.height // 4))
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("too many pixels")
        upright = ImageOps.exif_transpose(image)
        clear = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
        picture = upright.convert("RGBA" if clear and wanted != "JPEG" else "RGB")
    # Comments, profiles and the rest of what the file said about itself; saving would take some of it along.
    picture.info.clear()
    out = io.BytesIO()
    picture.save(out, wanted, quality=90) if wanted != "PNG" else picture.save(out, wanted, optimize=False)
    return out.getvalue()

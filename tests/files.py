"""Small real files for tests, made by hand so that each is valid to its last byte."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib


def png(shade: int = 0, size: int = 8) -> bytes:
    """A valid PNG of one colour; another `shade` is another file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = (b"\0" + bytes([shade % 256, 90, 160]) * size) * size
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg() -> bytes:
    """The start and the end of a JPEG with something between: enough for what looks at kind and wholeness."""
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + b"\x00" * 64 + b"\xff\xd9"


def pdf(text: str = "x") -> bytes:
    return b"%PDF-1.4\n1 0 obj<<>>endobj\n% " + text.encode() + b"\ntrailer<<>>\n%%EOF\n"


def mp4() -> bytes:
    """A file-type box and a media box that fill the file exactly."""
    kind = struct.pack(">I", 24) + b"ftypisom" + b"\0\0\2\0" + b"isommp42"
    media = struct.pack(">I", 8 + 32) + b"mdat" + b"\x07" * 32
    return kind + media


def archive(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()

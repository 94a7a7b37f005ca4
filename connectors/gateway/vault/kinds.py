"""What a file is, told by its bytes, and whether it is whole while the person still has the original."""

from __future__ import annotations

import io
import re
import zipfile

import filetype

from connectors.gateway.messages import Rejected

MAX_FILE_BYTES = 20 * 1024 * 1024
#: Most files of one report.
MAX_FILES = 20

_OOXML = "application/vnd.openxmlformats-officedocument."
#: Media type by content → what its name may end in. What is not here is not evidence that a case worker can open.
TYPES: dict[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "image/avif": (".avif",),
    "image/bmp": (".bmp",),
    "video/mp4": (".mp4", ".m4v"),
    "video/quicktime": (".mov",),
    "video/3gpp": (".3gp",),
    "video/x-matroska": (".mkv",),
    "video/webm": (".webm",),
    "video/x-msvideo": (".avi",),
    "audio/mpeg": (".mp3",),
    "audio/mp4": (".m4a",),
    "audio/amr": (".amr", ".awb"),
    "audio/silk": (".silk", ".slk"),
    "audio/ogg": (".ogg", ".opus", ".oga"),
    "audio/x-wav": (".wav",),
    "audio/aac": (".aac",),
    "application/pdf": (".pdf",),
    "application/rtf": (".rtf",),
    f"{_OOXML}wordprocessingml.document": (".docx",),
    f"{_OOXML}spreadsheetml.sheet": (".xlsx",),
    f"{_OOXML}presentationml.presentation": (".pptx",),
    "application/msword": (".doc", ".wps"),
    "application/vnd.ms-excel": (".xls", ".et"),
    "application/vnd.ms-powerpoint": (".ppt", ".dps"),
    "application/zip": (".zip",),
    "application/x-rar-compressed": (".rar",),
    "application/x-7z-compressed": (".7z",),
    "text/plain": (".txt",),
    "text/csv": (".csv",),
    "text/html": (".html", ".htm"),
}
ACCEPT = tuple(suffix for suffixes in TYPES.values() for suffix in suffixes)
_SAME = {"video/x-m4v": "video/mp4", "audio/m4a": "audio/mp4", "audio/x-m4a": "audio/mp4", "audio/wav": "audio/x-wav"}
#: Beginnings that the library does not know.
_MORE = {b"#!AMR-WB\n": "audio/amr", b"#!SILK_V3": "audio/silk", b"\x02#!SILK_V3": "audio/silk"}
#: What an old Office file holds, by its kind; the library looks at one place only, and WPS puts it elsewhere.
_OLE, _STREAMS = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    (
        ("WordDocument", "application/msword"),
        ("Workbook", "application/vnd.ms-excel"),
        ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ),
)
_PARTS = {"word/": "wordprocessingml.document", "xl/": "spreadsheetml.sheet", "ppt/": "presentationml.presentation"}
_MARKUP = re.compile(
    rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL
)
#: Control characters that no text has.
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def examine(name: str, content: bytes) -> str:
    """The media type by content. Raises Rejected with the reason a person can act on."""
    if not content:
        raise Rejected("file_empty")
    if len(content) > MAX_FILE_BYTES:
        raise Rejected("file_large", status=413, limit=MAX_FILE_BYTES // 1024 // 1024)
    media_type = kind(name, content)
    if media_type not in TYPES:
        raise Rejected("file_kind", status=415)
    if not whole(media_type, content):
        raise Rejected("file_cut")
    return media_type


def kind(name: str, content: bytes) -> str:
    """The media type that the bytes show, or ``""``. Only text, which has no mark of its own, is asked its name."""
    for beginning, media_type in _MORE.items():
        if content.startswith(beginning):
            return media_type
    if content.startswith(_OLE):
        return next((found for stream, found in _STREAMS if stream.encode("utf-16-le") in content), "")
    guessed: str = filetype.guess_mime(content) or ""  # type: ignore[no-untyped-call]
    media_type = _SAME.get(guessed, guessed)
    if media_type == "application/zip":
        return _office(content) or media_type
    return media_type or _text(name, content)


def _office(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()[:200]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    return next((_OOXML + part for folder, part in _PARTS.items() if any(n.startswith(folder) for n in names)), None)


def _text(name: str, content: bytes) -> str:
    """An export of a chat or a saved page: text by its bytes and by its name, so that a script is no screenshot."""
    ending = name.lower().rpartition(".")[2]
    media_type = next((t for t, endings in TYPES.items() if t.startswith("text/") and f".{ending}" in endings), "")
    if not media_type or _BINARY.search(content):
        return ""
    if not any(_decodes(content, encoding) for encoding in ("utf-8", "gb18030")):
        return ""
    markup = bool(_MARKUP.match(content.removeprefix(b"\xef\xbb\xbf")))
    return media_type if (media_type == "text/html") == markup else ""


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def whole(media_type: str, content: bytes) -> bool:
    """Whether the file has its end: an upload that broke off is noticed while the person still has the original."""
    tail = content[-2048:]
    if media_type == "image/jpeg":
        return b"\xff\xd9" in tail
    if media_type == "image/png":
        return b"IEND" in content[-64:]
    if media_type == "image/gif":
        return content.rstrip(b"\x00")[-1:] == b";"
    if media_type == "application/pdf":
        return b"%%EOF" in tail
    if media_type == "image/webp":
        return len(content) >= int.from_bytes(content[4:8], "little") + 8
    if media_type == "application/rtf":
        return content.rstrip(b"\x00\r\n ")[-1:] == b"}"
    if media_type == "application/zip" or media_type.startswith(_OOXML):
        return zipfile.is_zipfile(io.BytesIO(content))
    if media_type in ("video/mp4", "video/quicktime", "video/3gpp", "audio/mp4", "image/heic", "image/avif"):
        return _boxes_end(content)
    return True


def _boxes_end(content: bytes) -> bool:
    """Whether the boxes of an ISO media file fill it exactly or end before it does."""
    at = 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        if size == 1 and at + 16 <= len(content):
            size = int.from_bytes(content[at + 8 : at + 16], "big")
        if size == 0:
            return True
        if size < 8:
            return False
        at += size
    return at == len(content)


def tidy(name: str, media_type: str) -> str:
    """The file's own name without folders and control characters, ending in what the content is."""
    base = re.split(r"[/\\]", name)[-1]
    base = "".join(c for c in base if c.isprintable()).strip(". ")[:80]
    suffixes = TYPES[media_type]
    if not base.lower().endswith(suffixes):
        base = (base.rsplit(".", 1)[0] if "." in base else base) + suffixes[0]
    return base if not base.startswith(".") else "file" + base

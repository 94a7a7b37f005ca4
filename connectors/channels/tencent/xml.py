"""Reading XML from outside: no entities, no document types, no depth, no doubled fields, UTF-8 only."""

from __future__ import annotations

import re
from xml.parsers import expat

from connectors.channels.contract import Unreadable

#: Deepest nesting that any documented message has is five.
MAX_DEPTH = 8
MAX_ELEMENTS = 400
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding\s*=\s*["']([^"']*)["']""", re.IGNORECASE)


class _Reader:
    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._path: list[str] = []
        self._count = 0

    def start(self, name: str, _attributes: object) -> None:
        self._count += 1
        if len(self._path) >= MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise Unreadable("nested")
        self._path.append(name)
        if len(self._path) == 2:
            if name in self.fields:
                # Two readers of the same message must not understand different things.
                raise Unreadable("doubled_field")
            self.fields[name] = ""

    def end(self, _name: str) -> None:
        self._path.pop()

    def data(self, data: str) -> None:
        if len(self._path) == 2:
            self.fields[self._path[1]] += data

    def forbidden(self, *_: object) -> None:
        raise Unreadable("document_type")


def fields(content: bytes) -> dict[str, str]:
    """The direct children of the root and their texts. Raises Unreadable for whatever no provider sends."""
    declared = _DECLARED.match(content)
    if declared and declared[1].lower() not in (b"utf-8", b"utf8"):
        raise Unreadable("encoding")
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = reader.forbidden
    parser.EntityDeclHandler = reader.forbidden
    parser.ProcessingInstructionHandler = reader.forbidden
    try:
        content.decode("utf-8")
        parser.Parse(content, True)
    except (expat.ExpatError, UnicodeDecodeError, ValueError):
        raise Unreadable("not_xml") from None
    return reader.fields

"""Asks ClamAV's daemon whether a file is harmful, in its own protocol (``INSTREAM``).

Its Python clients have not been kept for years, and what is needed of the protocol fits a page.
"""

from __future__ import annotations

import socket
import struct
from typing import Protocol
from urllib.parse import urlsplit

_CHUNK = 256 * 1024


class ScannerAway(Exception):
    """The scanner cannot be reached, or could not make up its mind."""


class Scanner(Protocol):
    """Called in threads."""

    def scan(self, content: bytes) -> str | None:
        """The name of what was found, or None if nothing was. Raises ScannerAway."""
        ...


class Clamd:
    """A daemon at ``unix:/run/clamav/clamd.ctl`` or ``tcp://host:port``. Raises ValueError for any other address."""

    def __init__(self, address: str, seconds: float = 60.0) -> None:
        self._seconds = seconds
        parts = urlsplit(address)
        if parts.scheme == "unix" and parts.path:
            self._family, self._where = socket.AF_UNIX, parts.path
        elif parts.scheme == "tcp" and parts.hostname and parts.port:
            self._family, self._where = socket.AF_INET, (parts.hostname, parts.port)  # type: ignore[assignment]
        else:
            raise ValueError("a virus scanner is named like unix:/run/clamav/clamd.ctl or tcp://127.0.0.1:3310")

    def scan(self, content: bytes) -> str | None:
        answer = self._ask(content)
        if answer == "stream: OK":
            return None
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            return answer.removeprefix("stream: ").removesuffix(" FOUND")
        # Too large, or a fault of the daemon: no verdict is not a good verdict.
        raise ScannerAway(answer[:100] or "no answer")

    def _ask(self, content: bytes) -> str:
        try:
            with self._connected() as daemon:
                daemon.sendall(b"zINSTREAM\0")
                for at in range(0, len(content), _CHUNK):
                    chunk = content[at : at + _CHUNK]
                    daemon.sendall(struct.pack(">I", len(chunk)) + chunk)
                daemon.sendall(struct.pack(">I", 0))
                answer = b""
                while not answer.endswith(b"\0") and (part := daemon.recv(4096)):
                    answer += part
        except OSError as problem:
            raise ScannerAway(type(problem).__name__) from problem
        return answer.rstrip(b"\0\n").decode("utf-8", "replace").strip()

    def _connected(self) -> socket.socket:
        if self._family == socket.AF_INET:
            return socket.create_connection(self._where, self._seconds)  # type: ignore[arg-type]
        daemon = socket.socket(self._family, socket.SOCK_STREAM)
        try:
            daemon.settimeout(self._seconds)
            daemon.connect(self._where)
        except OSError:
            daemon.close()
            raise
        return daemon

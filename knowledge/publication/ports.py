"""What publication needs of the rest of the program, handed to it by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

T = TypeVar("T")


class Store(Protocol):
    """Transactions on the service's database: all of it happens, or nothing."""

    async def read(self, work: Callable[[sa.Connection], T]) -> T: ...
    async def write(self, work: Callable[[sa.Connection], T]) -> T: ...
    def read_now(self, work: Callable[[sa.Connection], T]) -> T: ...
    def write_now(self, work: Callable[[sa.Connection], T]) -> T: ...


class Sealing(Protocol):
    def seal_json(self, value: Any, context: str) -> bytes: ...
    def open_json(self, blob: bytes, context: str) -> Any: ...
    def name(self, data: bytes, context: str) -> str: ...

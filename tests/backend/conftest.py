from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from connectors.backend import BackendClient
from tests.backend.harness import Clock, backend, client


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def address(tmp_path: Path, clock: Clock) -> Iterator[str]:
    with backend(tmp_path, clock=clock) as address:
        yield address


@pytest.fixture(scope="module")
def lasting_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One backend for a whole module: for tests that do not care what others left in it."""
    with backend(tmp_path_factory.mktemp("lasting")) as address:
        yield address


@pytest.fixture
async def api(address: str) -> AsyncIterator[BackendClient]:
    async with client(address) as api:
        yield api

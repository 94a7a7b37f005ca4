"""What all tests share: the option to renew golden files, and one running system for the tests that need it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import System

#: In CI a missing service is a failure, for a user it is a skip that says what is missing.
IN_CI = os.environ.get("CI") == "true"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write golden files anew instead of comparing with them"
    )


def need(there: bool, what: str) -> None:
    """Skip, naming what is missing, unless this is CI, where it must be there."""
    if there:
        return
    if IN_CI:
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing")


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole system, started once as `reportguide up` starts it, in a home of its own."""
    with System(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parent.parent

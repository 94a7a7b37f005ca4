"""A real Chromium, and the web chat opened in it as a new person on a new device."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, ViewportSize, expect, sync_playwright

from tests.conftest import need
from tests.system import System

PHONE = ViewportSize(width=360, height=740)
DESK = ViewportSize(width=1280, height=800)
#: Without a sandbox, because CI runs as root, and without what a browser asks its maker for by itself.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Milliseconds until a condition must hold. A turn takes far less; a shared CI machine may take its time.
PATIENCE = 30_000


@pytest.fixture(scope="session", autouse=True)
def chromium() -> str:
    """Where Chromium is. Asked for first of all, so that nothing else is started where it is missing."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    need(found is not None, "Chromium (Debian: apt-get install chromium fonts-noto-cjk)")
    return str(found)


# One per module and not per session: while it lives, an event loop runs in this thread, in which the asynchronous
# tests of other modules could not start theirs.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def size() -> ViewportSize:
    """The page's size; a test that minds parametrizes it."""
    return PHONE


@pytest.fixture
def page(browser: Browser, system: System, size: ViewportSize) -> Iterator[Page]:
    """The chat page of somebody new. No test may leave an error in its console or ask another origin for anything."""
    problems: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # The browser's own words where a test takes the network away; violations of the page's policy come here, too.
        if message.type in ("error", "warning") and "ERR_INTERNET_DISCONNECTED" not in message.text:
            problems.append(f"{message.type}: {message.text}")

    def failed(error: Error) -> None:
        problems.append(f"uncaught: {error}")

    def asked(request: Request) -> None:
        if not request.url.startswith((f"{system.url}/", f"blob:{system.url}/")):
            problems.append(f"another origin: {request.url}")

    context = browser.new_context(viewport=size, locale="zh-CN")
    context.set_default_timeout(PATIENCE)
    context.on("request", asked)
    page = context.new_page()
    page.on("console", heard)
    page.on("pageerror", failed)
    page.goto(system.url)
    yield page
    context.close()
    assert problems == []

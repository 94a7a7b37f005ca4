"""Staff at the console, as the tests drive them: each in a browser of their own, with their problems written down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, ViewportSize, expect

from tests.browser.conftest import PATIENCE
from tests.system import System

PASSWORD = "一句只有我自己知道的话"


@dataclass
class Member:
    """One person's page. `problems`: what no page may leave: errors, warnings, requests to elsewhere."""

    name: str
    page: Page
    url: str
    problems: list[str] = field(default_factory=list)

    def sign_in(self) -> None:
        self.go("/sign-in")
        self.page.get_by_label("用户名").fill(self.name)
        self.page.get_by_label("密码").fill(PASSWORD)
        self.press("登录")
        expect(self.page.get_by_role("heading", level=1)).to_contain_text("条目")

    def go(self, path: str) -> None:
        self.page.goto(self.url + path)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def link(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).click()

    def accessible(self) -> None:
        """Fails if axe-core finds anything on the page as it stands."""
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()


def accounts(system: System, people: dict[str, str]) -> None:
    """Make accounts, name → role, with the command that an operator uses."""
    for name, role in people.items():
        system.run("staff", "add", name, "--role", role, text=PASSWORD + "\n")


@contextmanager
def member(browser: Browser, system: System, name: str, size: ViewportSize) -> Iterator[Member]:
    """Somebody at the console, not yet signed in."""
    context = browser.new_context(viewport=size, locale="zh-CN", reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    somebody = Member(name, context.new_page(), system.console_url)

    def asked(request: Request) -> None:
        if not request.url.startswith(f"{system.console_url}/"):
            somebody.problems.append(f"another origin: {request.url}")

    def failed(status: int, url: str) -> None:
        if status >= 500:
            somebody.problems.append(f"{status}: {url}")

    context.on("request", asked)
    context.on("response", lambda answer: failed(answer.status, answer.url))
    # A page that says why something was refused has the status of a refusal, which the browser tells as an error.
    context.on(
        "console",
        lambda message: (
            somebody.problems.append(message.text)
            if message.type in ("error", "warning") and "status of 4" not in message.text
            else None
        ),
    )
    context.on("weberror", lambda error: somebody.problems.append(f"uncaught: {error.error}"))
    yield somebody
    context.close()
    assert somebody.problems == []

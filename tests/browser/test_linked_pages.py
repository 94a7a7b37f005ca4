"""The pages that links open, in a real browser: uploading for another channel, the receipt, a matter to begin with."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect

from connectors.gateway import Database, schema
from connectors.gateway.links import Kind, Links
from tests import files
from tests.browser.conftest import DESK, PHONE
from tests.browser.test_web_chat import CASE, GUESSED, STORY, answer, assert_fits, press, said, say
from tests.system import Person, System, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.system]

both_sizes = pytest.mark.parametrize("size", [PHONE, DESK], ids=["360", "1280"])
CONTRACT = FilePayload(name="合同扫描件.pdf", mimeType="application/pdf", buffer=files.pdf("合同"))
SHOT = FilePayload(name="截图.png", mimeType="image/png", buffer=files.png(3))


@pytest.fixture
def database(system: System) -> Iterator[Database]:
    database = Database(f"sqlite:///{system.home / 'service.db'}")
    yield database
    database.close()


def conversation_of(person: Person, system: System, database: Database) -> str:
    person.say("你好")
    token = str(person.http.headers["Authorization"]).removeprefix("Bearer ")
    name = system.sealer.name(token.encode(), "person:web")
    query = sa.select(schema.conversations.c.id).where(schema.conversations.c.person == name)
    return str(database.read_now(lambda connection: connection.execute(query).scalar_one()))


def link(system: System, database: Database, kind: Kind, conversation: str, body: dict[str, Any]) -> str:
    """A new link. Made in a thread of its own: the browser keeps an event loop in this one."""
    made = Links(database, system.sealer).make(kind, conversation, body)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, made).result()  # type: ignore[arg-type]


@both_sizes
def test_uploading_for_another_channel(page: Page, system: System, database: Database) -> None:
    person = system.person()
    conversation = conversation_of(person, system, database)
    token = link(system, database, "upload", conversation, {"asks": None})
    page.goto(f"{system.url}/u/{token}")
    # Limits are told before anything is chosen.
    expect(page.get_by_text("单个文件不超过20MB")).to_be_visible()
    send = page.get_by_role("button", name="交给举报助手")
    expect(send).to_be_disabled()
    page.set_input_files("#pick-other", [CONTRACT])
    expect(page.get_by_text("传好了").first).to_be_visible()
    page.get_by_role("button", name="再加文件").click()
    page.set_input_files("#pick-media", [SHOT])
    expect(page.locator("#tray > li")).to_have_count(2)
    assert_fits(page)
    send.click()
    expect(page.get_by_role("heading", name="收到2份文件")).to_be_visible()
    assert_fits(page)
    arrived = wait_for(
        lambda: [entry for entry in person.entries() if len(entry["files"]) == 2], "the files in the conversation"
    )
    assert [file["name"] for file in arrived[0]["files"]] == ["合同扫描件.pdf", "截图.png"]
    wait_for(lambda: "收到2份" in person.entries()[-1]["text"], "the assistant's answer")
    assert httpx.get(f"{system.url}/u/{token}").status_code == 410


def test_what_cannot_be_evidence_is_said_before_it_is_sent(page: Page, system: System, database: Database) -> None:
    conversation = conversation_of(system.person(), system, database)
    page.goto(f"{system.url}/u/{link(system, database, 'upload', conversation, {'asks': None})}")
    page.set_input_files("#pick-other", [FilePayload(name="x.exe", mimeType="application/x-msdownload", buffer=b"MZ")])
    expect(page.locator("#tray").get_by_text("这种文件受理人员打不开")).to_be_visible()
    page.get_by_role("button", name="交给举报助手").click()
    expect(page.get_by_role("alert")).to_contain_text("有文件没传上去")
    assert_fits(page)


def test_a_network_that_goes_and_comes(page: Page, system: System, database: Database) -> None:
    person = system.person()
    conversation = conversation_of(person, system, database)
    page.goto(f"{system.url}/u/{link(system, database, 'upload', conversation, {'asks': None})}")
    page.context.set_offline(True)
    page.set_input_files("#pick-other", [CONTRACT])
    expect(page.locator("#tray").get_by_text("没传上去，连上网后会自动再传")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#tray").get_by_text("传好了")).to_be_visible()
    page.get_by_role("button", name="交给举报助手").click()
    expect(page.get_by_role("heading", name="收到1份文件")).to_be_visible()


@both_sizes
def test_a_number_where_one_is_asked_for(page: Page, system: System, database: Database) -> None:
    person = system.person()
    conversation = conversation_of(person, system, database)
    page.goto(f"{system.url}/u/{link(system, database, 'upload', conversation, {'asks': '证件号码'})}")
    assert_fits(page)
    page.get_by_label("证件号码").fill("11010519491231002X")
    page.get_by_role("button", name="交给举报助手").click()
    expect(page.get_by_role("heading", name="收到了")).to_be_visible()
    wait_for(lambda: any(entry["text"] == "11010519491231002X" for entry in person.entries()), "the number")


@both_sizes
def test_a_link_that_is_over_says_what_to_do(browser: Browser, system: System, size: ViewportSize) -> None:
    page = browser.new_page(viewport=size, locale="zh-CN")
    gone = page.goto(f"{system.url}/u/{'x' * 43}")
    assert gone is not None
    assert gone.status == 410
    expect(page.get_by_role("heading", name="这个链接已经失效")).to_be_visible()
    assert_fits(page)
    page.close()


@both_sizes
def test_the_receipt_after_submission(page: Page, system: System) -> None:
    say(page, STORY)
    expect(said(page, "assistant")).to_contain_text(GUESSED)
    press(page, "对")
    expect(said(page, "assistant")).not_to_contain_text(GUESSED)
    while answer(page):
        pass
    expect(page.get_by_role("log")).to_contain_text(CASE)
    page.get_by_role("button", name="查看回执").click()
    expect(said(page, "assistant")).to_contain_text("回执在这里")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="打开回执").click()
    receipt = opened.value
    receipt.wait_for_load_state()
    expect(receipt.get_by_role("heading", name="网络侵权举报回执")).to_be_visible()
    expect(receipt.get_by_text(re.compile(r"^W\d{8}-\d{4,6}$")).first).to_be_visible()
    hashes = receipt.locator(".hashes code")
    expect(hashes).to_have_count(2)
    assert re.fullmatch(r"[0-9a-f]{64}", hashes.first.inner_text())
    drawn = receipt.locator(".picture img")
    assert drawn.evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") == 1080
    assert_fits(receipt)
    with receipt.expect_download() as saved:
        receipt.get_by_role("link", name="保存为图片").click()
    assert saved.value.suggested_filename.endswith(".png")


@both_sizes
def test_a_link_begins_with_its_matter(page: Page, system: System) -> None:
    page.goto(f"{system.url}/?m=cyber_violence")
    expect(page.locator(".entry.person .text").first).to_have_text(re.compile("我要举报："))
    expect(said(page, "assistant")).to_contain_text("是吗")
    # It begins once: neither the address nor a reload does it again.
    assert page.url == f"{system.url}/"
    page.reload()
    expect(said(page, "assistant")).to_contain_text("是吗")
    expect(page.locator(".entry.person")).to_have_count(1)
    # In a conversation that is under way the person decides.
    page.goto(f"{system.url}/?m=portrait_misuse")
    expect(page.get_by_label("写消息")).to_have_value(re.compile("我要举报："))
    expect(page.locator(".entry.person")).to_have_count(1)
    assert_fits(page)


def test_no_other_address_becomes_a_link(page: Page, system: System) -> None:
    page.get_by_label("写消息").fill(f"{system.url}/r/{'x' * 42} http://evil.example/r/{'x' * 43} {STORY}")
    page.get_by_role("button", name="发送", exact=True).click()
    expect(said(page, "assistant")).to_contain_text("是吗")
    expect(page.locator(".log a[target=_blank]")).to_have_count(0)

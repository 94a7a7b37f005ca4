"""The web chat as people use it: on a phone and at a desk, by keyboard, with a network that comes and goes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests import files
from tests.browser.conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.system]

both_sizes = pytest.mark.parametrize("size", [PHONE, DESK], ids=["360", "1280"])

STORY = "前同事把我的身份证照片和家里住址发到微博上了，账号叫“看清她真面目”，昨天下午发的"
GUESSED = "是吗"
CONFIRM = "属实，确认提交"
CASE = re.compile(r"编号 (W\d{8}-\d{4,6})")
SHOTS = [
    FilePayload(name="主页截图.png", mimeType="image/png", buffer=files.png(1)),
    FilePayload(name="帖子截图.png", mimeType="image/png", buffer=files.png(2)),
]
FILES = "【files】"
#: What a question can be known by → the reply pressed (【…】) or typed to it, or the files given.
REPLIES = {
    "链接": "【没有链接】",
    "公开的是哪些信息": "【家庭住址】",
    "哪个平台": "微博",
    "账号叫什么": "看清她真面目",
    "什么时候": "昨天下午三点",
    "截图或录屏": FILES,
    "本人": "【本人】",
    "姓名": "周小雨",
    "身份证号": "【先不填】",
    "电话或邮箱": "13812345678",
    "同意": "【同意】",
    "说说发生了什么": "他公开了我的身份证照片和家里住址，有陌生人上门，我很害怕。",
}


def assert_fits(page: Page) -> None:
    """Nothing makes the page wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def box(page: Page) -> Locator:
    return page.get_by_label("写消息")


def said(page: Page, side: str) -> Locator:
    """The newest bubble, if it is of this side; so an answer is always the one to what was said last."""
    return page.locator(f"#entries > .entry.{side}:last-child .text")


def say(page: Page, text: str) -> None:
    box(page).fill(text)
    page.get_by_role("button", name="发送", exact=True).click()


def press(page: Page, title: str) -> None:
    """Press a quick reply that may still be pressed; those of earlier questions keep their titles."""
    page.get_by_role("log").get_by_role("button", name=title, exact=True, disabled=False).click()


def choose_files(page: Page, *chosen: FilePayload) -> None:
    page.get_by_role("button", name="添加图片或文件").click()
    expect(page.get_by_text("单个文件不超过20MB")).to_be_visible()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="图片或视频").click()
    chooser.value.set_files(list(chosen))


def uploaded(page: Page) -> Locator:
    return page.get_by_role("list", name="准备发送的文件").get_by_text("传好了")


def answer(page: Page) -> bool:
    """Answer the question asked last. False if it was the last one: then all is confirmed and sent."""
    asked = said(page, "assistant")
    expect(asked).to_contain_text(re.compile("|".join([*REPLIES, "确认提交"])))
    text = asked.inner_text()
    if "确认提交" in text:
        press(page, CONFIRM)
        return False
    # A bubble may first say something to the answer before; the question stands at its end.
    reply = REPLIES[max(REPLIES, key=text.rfind)]
    if reply is FILES:
        choose_files(page, *SHOTS)
        expect(uploaded(page)).to_have_count(len(SHOTS))
        page.get_by_role("button", name="发送", exact=True).click()
    elif reply.startswith("【"):
        press(page, reply.strip("【】"))
    else:
        say(page, reply)
    return True


@both_sizes
def test_somebody_tells_what_happened(page: Page) -> None:
    expect(page.get_by_role("heading", name="您好，请说说发生了什么")).to_be_visible()
    assert_fits(page)
    say(page, STORY)
    log = page.get_by_role("log", name="对话记录")
    expect(log).to_contain_text(STORY)
    expect(said(page, "assistant")).to_contain_text(GUESSED)
    expect(log.get_by_role("button", name="对", exact=True)).to_be_in_viewport()
    expect(box(page)).to_have_value("")
    # What comes now is read out; the history before it was not.
    expect(log).to_have_attribute("aria-live", "polite")
    assert_fits(page)


@both_sizes
def test_whole_report_with_a_reload_in_the_middle(page: Page) -> None:
    say(page, STORY)
    expect(said(page, "assistant")).to_contain_text(GUESSED)
    press(page, "对")
    expect(said(page, "assistant")).not_to_contain_text(GUESSED)
    asked = said(page, "assistant").inner_text()

    page.reload()
    expect(page.get_by_role("log")).to_contain_text(STORY)
    expect(said(page, "assistant")).to_have_text(asked)

    turns = 1
    while answer(page):
        turns += 1
        assert turns < 20, "the questions do not come to an end"
    log = page.get_by_role("log")
    expect(log).to_contain_text(CASE)
    expect(log.get_by_role("list", name="发送的文件").get_by_role("listitem")).to_have_count(len(SHOTS))
    assert_fits(page)


@pytest.mark.parametrize("size", [DESK])
def test_keyboard_alone_is_enough(page: Page) -> None:
    expect(box(page)).to_be_focused()
    page.keyboard.type(STORY)
    page.keyboard.press("Enter")
    expect(said(page, "assistant")).to_contain_text(GUESSED)
    # The quick replies stand right before the box, and the button for files between.
    affirm = page.get_by_role("log").get_by_role("button", name="对", exact=True)
    for _ in range(6):
        page.keyboard.press("Shift+Tab")
        if affirm.evaluate("button => button === document.activeElement"):
            break
    expect(affirm).to_be_focused()
    page.keyboard.press("Enter")
    # A pressed reply can be pressed no more: the focus moves on to the box instead of getting lost.
    expect(box(page)).to_be_focused()
    expect(page.get_by_role("log").get_by_role("button", name="对，已选")).to_be_disabled()

    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="图片或视频")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="添加图片或文件")).to_be_focused()


@both_sizes
def test_large_text_is_kept(page: Page) -> None:
    letter = "parseFloat(getComputedStyle(document.body).fontSize)"
    before = page.evaluate(letter)
    toggle = page.get_by_role("button", name="大字")
    expect(toggle).to_have_attribute("aria-pressed", "false")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    large = page.evaluate(letter)
    assert large >= 1.25 * before
    assert_fits(page)
    page.reload()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    assert page.evaluate(letter) == large
    toggle.click()
    assert page.evaluate(letter) == before


def test_lost_network_loses_nothing(page: Page) -> None:
    say(page, "你好")
    expect(said(page, "assistant")).to_be_visible()
    banner = page.locator("#banner")
    expect(banner).to_be_hidden()

    page.context.set_offline(True)
    expect(banner).to_contain_text("网络断开了")
    expect(page.get_by_role("button", name="马上重连")).to_be_visible()
    say(page, STORY)
    expect(page.get_by_role("log")).to_contain_text("没发出去，连上网后会自动重发")
    box(page).fill("写到一半的话")

    page.context.set_offline(False)
    expect(banner).to_contain_text("已经重新连上")
    expect(said(page, "assistant")).to_contain_text(GUESSED)
    expect(banner).to_be_hidden()

    # The server has it, once, and what was not sent is still in the box.
    page.reload()
    expect(said(page, "assistant")).to_contain_text(GUESSED)
    expect(page.get_by_role("log").get_by_text(STORY, exact=True)).to_have_count(1)
    expect(box(page)).to_have_value("写到一半的话")


def test_file_that_cannot_be_taken_is_told_before_it_is_sent(page: Page) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="添加图片或文件").click()
        page.get_by_role("button", name="其他文件").click()
    chooser.value.set_files([FilePayload(name="程序.exe", mimeType="application/octet-stream", buffer=b"MZ")])
    tray = page.get_by_role("list", name="准备发送的文件")
    expect(tray).to_contain_text("这种文件受理人员打不开")
    page.get_by_role("button", name="移除 程序.exe").click()
    expect(tray).to_be_hidden()


def test_cleared_device_shows_nothing_of_the_conversation(page: Page) -> None:
    say(page, STORY)
    expect(said(page, "assistant")).to_contain_text(GUESSED)
    page.get_by_role("button", name="菜单").click()
    page.get_by_role("button", name="清除本机对话").click()
    dialog = page.get_by_role("dialog", name="清除本机对话")
    expect(dialog.get_by_role("button", name="先不清除")).to_be_focused()
    dialog.get_by_role("button", name="清除", exact=True).click()
    for _ in range(2):
        expect(page.get_by_role("heading", name="您好，请说说发生了什么")).to_be_visible()
        expect(page.get_by_text(STORY)).to_have_count(0)
        page.reload()

"""The staff console in a real browser: the whole life of an entry by two staff, on a phone and at a desk."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.staff import Member, accounts, member
from tests.conversations.driving import begin
from tests.system import System, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.system]

#: Two entries of which nothing else speaks: question, other ways of asking, and one that is tried.
LIVES = {
    "phone": (
        "举报材料能用手写的吗？",
        "手写的材料可以吗\n一定要打印出来吗\n手写情况说明行不行",
        "手写的情况说明可以吗",
    ),
    "desk": ("可以请邻居替我念材料吗？", "邻居帮忙念行吗\n眼睛看不清谁来念\n能找邻居念给我听吗", "找邻居念给我听行吗"),
}
OTHERS = "手写的材料可以吗\n一定要打印出来吗\n手写情况说明行不行"
SIZES = [pytest.param(PHONE, id="phone"), pytest.param(DESK, id="desk")]


@pytest.fixture(scope="module", autouse=True)
def staff(system: System) -> None:
    accounts(system, {"李编辑": "editor", "王审核": "reviewer", "管理员": "admin"})


@pytest.fixture
def li(browser: Browser, system: System, size: ViewportSize) -> Iterator[Member]:
    with member(browser, system, "李编辑", size) as somebody:
        somebody.sign_in()
        yield somebody


@pytest.fixture
def wang(browser: Browser, system: System, size: ViewportSize) -> Iterator[Member]:
    with member(browser, system, "王审核", size) as somebody:
        somebody.sign_in()
        yield somebody


def answered(system: System, question: str) -> str:
    """What somebody new is told in the web chat."""
    person = system.person()
    person.say("你好")
    person.say(question)
    return person.text


def published_within_a_second(system: System, question: str, text: str) -> None:
    """Ask from the moment on at which staff read that it is published."""
    person = system.person()
    person.say("你好")
    began = time.monotonic()
    wait_for(lambda: person.say(question) and text in person.text, f"{text!r} in the chat", 1.0)
    assert time.monotonic() - began < 1.5  # the turn itself takes its time


def write(somebody: Member, question: str, answer: str, others: str = OTHERS) -> None:
    """Fill the editor that is open."""
    page = somebody.page
    page.get_by_label(re.compile("^问题")).fill(question)
    page.get_by_label("其他问法").fill(others)
    page.get_by_label(re.compile("^答案")).fill(answer)
    page.get_by_label("依据").fill("关于进一步加强网络侵权信息举报工作的指导意见第六条")


@pytest.mark.parametrize("size", SIZES)
def test_the_whole_life_of_an_entry(li: Member, wang: Member, system: System, size: ViewportSize) -> None:
    question, others, tried = LIVES["phone" if size == PHONE else "desk"]
    first, second = f"可以，写清楚就行。{question[-6:-1]}", f"可以，但要写得很清楚。{question[-6:-1]}"

    # Written: what channels show, what is still missing, and what it would answer, before anything is saved.
    li.link("写新条目")
    expect(li.page.locator("[data-preview]")).to_contain_text("提交前还要改")
    expect(li.page.locator("[data-preview] .web")).to_contain_text("写了答案就能看到")
    write(li, question, first, others)
    expect(li.page.locator("[data-preview] .web .bubble")).to_contain_text(first)
    expect(li.page.locator("[data-preview] .kefu .bubble")).to_contain_text(
        "《关于进一步加强网络侵权信息举报工作的指导意见》第六条"
    )
    expect(li.page.locator("[data-preview]")).to_contain_text("可以提交了")
    li.page.get_by_label("要试的问题").fill(tried)
    li.press("问")
    expect(li.page.locator("[data-tried]")).to_contain_text("用的是您正在写的这条")
    li.accessible()
    li.press("保存草稿")
    expect(li.page.get_by_role("status").first).to_contain_text("草稿存好了")
    expect(li.page.get_by_role("heading", level=1)).to_have_text(question)
    li.accessible()
    entry = li.page.url.split("/entries/")[1].split("?")[0]
    assert first not in answered(system, question)

    # Submitted: and nobody approves what they wrote, nor does an editor approve at all.
    li.press("提交审核")
    expect(li.page.get_by_role("status").first).to_contain_text("等另一位同事批准")
    li.go(f"/review/{entry}")
    expect(li.page.get_by_role("button", name="批准并发布")).to_have_count(0)
    li.accessible()

    # Approved by a second person, and answered within a second.
    wang.go("/review")
    wang.accessible()
    wang.link(question)
    expect(wang.page.locator(".differences")).to_contain_text(first)
    wang.accessible()
    wang.press("批准并发布")
    expect(wang.page.get_by_role("heading", level=1)).to_contain_text("已发布")
    published_within_a_second(system, question, first)
    wang.accessible()

    # Changed, and the change seen word by word.
    li.go(f"/entries/{entry}/edit")
    li.page.get_by_label(re.compile("^答案")).fill(second)
    li.page.get_by_label("改动说明").fill("说得更具体")
    li.press("保存并提交")
    wang.go(f"/review/{entry}")
    expect(wang.page.locator("ins").first).to_be_visible()
    expect(wang.page.get_by_text("说得更具体").first).to_be_visible()
    wang.press("批准并发布")
    expect(wang.page.get_by_role("heading", level=1)).to_contain_text("已发布")
    published_within_a_second(system, question, second)

    # Its history, and back in one click.
    wang.go(f"/entries/{entry}")
    expect(wang.page.get_by_text("第 2 版").first).to_be_visible()
    wang.page.get_by_role("link", name="看改动").first.click()
    expect(wang.page.locator("del").first).to_be_visible()
    wang.accessible()
    wang.page.go_back()
    wang.press("回退到上一版（第 1 版）")
    expect(wang.page.get_by_role("status").first).to_contain_text("已回退")
    published_within_a_second(system, question, first)

    # And out of the answers.
    wang.page.get_by_text("撤下这条").click()
    wang.page.get_by_label("原因").fill("演练")
    wang.press("撤下，不再回答")
    expect(wang.page.get_by_text("已撤下").first).to_be_visible()
    assert first not in answered(system, question)


@pytest.mark.parametrize("size", [DESK])
def test_a_reviewer_does_not_approve_their_own(wang: Member, system: System) -> None:
    wang.go("/entries/guide.how.steps/edit")
    wang.page.get_by_label("改动说明").fill("试试")
    wang.press("保存并提交")
    wang.go("/review/guide.how.steps")
    expect(wang.page.get_by_text("要请另一位同事来批准")).to_be_visible()
    expect(wang.page.get_by_role("button", name="批准并发布")).to_have_count(0)
    # Nor by sending the form themselves.
    form = wang.page.locator("body").get_attribute("data-form") or ""
    answer = wang.page.request.post(
        f"{wang.url}/entries/guide.how.steps/approve",
        form={"form": form, "revision": "2"},
        headers={"Origin": wang.url},
    )
    assert answer.status == 409
    assert "要请另一位同事来批准" in answer.text()


@pytest.mark.parametrize("size", SIZES)
def test_what_would_be_lost_blocks_the_publication(li: Member, wang: Member, size: ViewportSize) -> None:
    li.go("/write")
    write(li, "手写的举报信要几份？" if size == PHONE else "手写的举报信要盖章吗？", "一份就够。")
    li.page.get_by_label("其他问法").fill("举报信写几份\n手写几份\n只有截图够不够")
    li.press("保存并提交")
    expect(li.page.get_by_role("status").first).to_contain_text("已提交")
    entry = li.page.url.split("/entries/")[1].split("?")[0]
    wang.go(f"/review/{entry}")
    wang.press("批准并发布")
    expect(wang.page.get_by_role("heading", level=1)).to_contain_text("不能发布")
    expect(wang.page.locator(".findings").first).to_contain_text("和另一条问法重复：“只有截图够不够”")
    wang.accessible()
    wang.go(f"/review/{entry}")
    wang.page.get_by_text("退回修改").click()
    wang.page.get_by_label("请作者改什么").fill("去掉截图那个问法")
    wang.press("退回")
    li.go(f"/entries/{entry}")
    expect(li.page.get_by_text("去掉截图那个问法").first).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_two_editors_and_nothing_is_lost(li: Member, wang: Member, size: ViewportSize) -> None:
    entry = "guide.after.time" if size == PHONE else "guide.after.flow"
    for somebody in (li, wang):
        somebody.go(f"/entries/{entry}/edit")
    li.page.get_by_label(re.compile("^答案")).fill("李的说法。")
    li.press("保存草稿")
    expect(li.page.get_by_role("status").first).to_contain_text("草稿存好了")
    wang.page.get_by_label(re.compile("^答案")).fill("王的说法。")
    wang.press("保存草稿")
    expect(wang.page.get_by_role("alert")).to_contain_text("李编辑")
    expect(wang.page.get_by_label(re.compile("^答案"))).to_have_value("王的说法。")
    wang.accessible()
    wang.press("保存草稿")
    expect(wang.page.get_by_role("status").first).to_contain_text("草稿存好了")
    expect(wang.page.get_by_text("王的说法。").first).to_be_visible()
    wang.press("提交审核")
    wang.go("/review")
    expect(wang.page.get_by_role("heading", level=1)).to_have_text("待审")
    expect(wang.page.get_by_role("listitem").filter(has_text="王的说法。").last).to_contain_text("您写的")


@pytest.mark.parametrize("size", [PHONE])
def test_markup_and_citations_that_do_not_exist_are_refused(li: Member) -> None:
    li.link("写新条目")
    write(li, "网页代码能用吗？", "<script>document.title='坏'</script><a href=x>点这里</a>")
    li.page.get_by_label("依据").fill("民法典第9999条")
    expect(li.page.locator("[data-preview] .web .bubble")).to_contain_text("<script>")
    li.press("保存并提交")
    expect(li.page.get_by_role("alert")).to_contain_text("改成普通文字")
    expect(li.page.get_by_role("alert")).to_contain_text("《民法典》没有第九千九百九十九条，最后一条是第一千二百六十条")
    assert "坏" not in li.page.title()
    li.accessible()


@pytest.mark.parametrize("size", [PHONE])
def test_a_question_nobody_could_answer_becomes_an_entry_in_two_clicks(li: Member, system: System) -> None:
    word = "盲文"
    person = system.person()
    person.say("你好")
    for question in (f"请问有没有{word}版的办事流程", f"有没有{word}版的办事流程呢，我电话13812345678"):
        person.say(question)
    li.go("/questions")
    li.accessible()
    group = li.page.get_by_role("listitem").filter(has_text=word).first
    expect(group).to_contain_text("2 次")
    expect(li.page.locator("main")).not_to_contain_text("13812345678")
    group.get_by_role("link", name=re.compile("^写成新条目")).click()  # one
    expect(li.page.get_by_label(re.compile("^问题"))).to_have_value(re.compile(word))
    li.press("保存草稿")  # two
    expect(li.page.get_by_role("status").first).to_contain_text("草稿存好了")
    li.go("/questions")
    expect(li.page.locator("main")).not_to_contain_text(word)


@pytest.mark.parametrize("size", SIZES)
def test_ask_and_keep_a_question(li: Member, size: ViewportSize) -> None:
    question = "光有截图能不能告他" if size == PHONE else "截图没有链接能不能告他"
    li.link("试问")
    li.page.get_by_label("问题", exact=True).fill(question)
    li.press("问")
    expect(li.page.locator(".why")).to_contain_text("会这样回答")
    expect(li.page.locator(".nearest li").first).to_be_visible()
    li.page.get_by_text("判断用的数").click()
    li.accessible()
    li.press("以后都要这样答")
    expect(li.page.get_by_text(question, exact=True)).to_be_visible()
    expect(li.page.get_by_text("答对了").first).to_be_visible()
    li.accessible()
    li.page.get_by_role("listitem").filter(has_text=question).get_by_role("button").click()
    expect(li.page.get_by_text(question, exact=True)).to_have_count(0)


@pytest.mark.parametrize("size", SIZES)
def test_pages_are_accessible_and_fit(browser: Browser, system: System, size: ViewportSize) -> None:
    with member(browser, system, "管理员", size) as admin:
        admin.go("/sign-in")
        admin.accessible()
        admin.sign_in()
        admin.press("大字")
        admin.go("/log")
        expect(admin.page.get_by_role("row").filter(has_text="添加账号").first).to_contain_text("命令行")
        expect(admin.page.locator("main")).not_to_contain_text("reviewer")
        for path in ("/entries", "/entries/law.civil.1195", "/entries/guide.how.steps/edit",
                     "/entries/case.slander.workplace", "/entries/case.slander.workplace/edit",
                     "/entries/law.civil.1195/edit", "/write", "/review", "/questions",
                     "/ask", "/kept", "/log", "/account", "/staff", "/no-such-page"):  # fmt: skip
            admin.go(path)
            admin.accessible()
            wide = admin.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide == 0, path
        admin.go("/entries")
        admin.press("大字")


@pytest.mark.parametrize("size", [DESK])
def test_by_keyboard_alone(browser: Browser, system: System, size: ViewportSize) -> None:
    """Signing in, finding and opening an entry without a mouse."""
    with member(browser, system, "李编辑", size) as li:
        li.sign_in()
        li.page.keyboard.press("Tab")
        expect(li.page.get_by_role("link", name="跳到正文")).to_be_focused()
        li.page.keyboard.press("Enter")
        for _ in range(3):
            li.page.keyboard.press("Tab")
            if li.page.evaluate("document.activeElement.name") == "q":
                break
        li.page.keyboard.type("多久有结果")
        li.page.keyboard.press("Enter")
        expect(li.page.get_by_role("link", name="多久有结果？")).to_be_visible()
        while li.page.evaluate("document.activeElement.textContent") != "多久有结果？":
            li.page.keyboard.press("Tab")
        li.page.keyboard.press("Enter")
        expect(li.page.get_by_role("heading", level=1)).to_have_text("多久有结果？")


@pytest.mark.parametrize("size", [DESK])
def test_unsaved_text_survives_a_session_that_ended(li: Member, system: System) -> None:
    li.go("/entries/guide.after.status/edit")
    li.page.get_by_label(re.compile("^答案")).fill("写了很久的一段话。")
    li.page.context.clear_cookies()
    li.press("保存草稿")
    expect(li.page.get_by_role("alert")).to_contain_text("登录已过期")
    li.sign_in()
    li.go("/entries/guide.after.status/edit")
    li.press("恢复")
    expect(li.page.get_by_label(re.compile("^答案"))).to_have_value("写了很久的一段话。")


def test_nobody_gets_in_without_signing_in(system: System) -> None:
    with httpx.Client(base_url=system.console_url) as visitor:
        for path in ("/entries", "/questions", "/log", "/staff", "/checks/x/state", "/write"):
            answer = visitor.get(path)
            assert answer.status_code in (303, 401)
            assert "截图" not in answer.text
        assert visitor.post("/preview", data={"question": "x"}).status_code == 401
        policy = visitor.get("/sign-in").headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        for name, value in (("Sec-Fetch-Site", "cross-site"), ("Origin", "http://elsewhere.example")):
            assert visitor.post("/sign-in", data={"name": "x"}, headers={name: value}).status_code == 403


@pytest.mark.parametrize("size", [PHONE])
def test_a_case_is_ticked_for_the_steps_where_it_helps(li: Member, wang: Member, system: System) -> None:
    """And whoever asks why at that step is told of it from the moment on at which it is published."""
    li.go("/entries/case.group.women/edit")
    li.page.get_by_text("提起的步骤").click()
    li.page.get_by_label("针对哪类人").check()
    li.accessible()
    li.press("保存并提交")
    wang.go("/review/case.group.women")
    expect(wang.page.locator(".differences")).to_contain_text("针对哪类人")
    wang.press("批准并发布")
    expect(wang.page.get_by_role("heading", level=1)).to_contain_text("已发布")
    wang.go("/entries/case.group.women")
    parts = [text.split("\n")[0] for text in wang.page.locator(".pairs").first.locator("dt").all_inner_texts()]
    assert parts == ["发生了什么", "怎么举报的", "交了哪些证据", "结果怎样"]
    expect(wang.page.locator(".pairs").last).to_contain_text("针对哪类人")

    person = system.person()
    begin(person, "group_discrimination")
    assert person.step == "group", person.text
    person.say("为什么要问这个")
    assert "打个比方（编写的例子）" in person.text

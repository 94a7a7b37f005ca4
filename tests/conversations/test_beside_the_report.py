"""What people do beside filling one report: ask for a person, keep several drafts, add material, report twice."""

from __future__ import annotations

import json

import pytest

from tests import files
from tests.conversations.driving import begin, fill, settle, submit
from tests.system import System, wait_for

pytestmark = pytest.mark.system


def test_a_call_back_is_handed_to_the_agency(system: System) -> None:
    person = system.person()
    begin(person, "insult_defamation")
    fill(person, "evidence")
    person.say("转人工")
    assert person.step == "call_contact"
    person.say("13812345678")
    person.press("电话里说")
    person.press("下午")
    assert "13812345678" in person.text
    assert person.step == "evidence", "the report goes on where it was"
    waiting = json.loads(system.run("cases", "call-backs", "--json").stdout)
    assert any(request["contact"] == "13812345678" and request["hours"] == "下午" for request in waiting)


def test_a_story_taken_for_danger_is_not_told_again(system: System) -> None:
    person = system.person()
    shot = person.upload("威胁.png", files.png(9))
    person.send({"text": "他在微博上天天骂我是骗子，还说今晚就来我家砍死我", "files": [shot["id"]]})
    assert "您现在安全吗" in person.text
    person.press("我没事，继续")
    settle(person, "insult_defamation")
    asked = fill(person)
    assert not {"platform", "description", "evidence"} & set(asked)
    assert shot["short"] in person.text


def test_whoever_wants_their_data_gone_while_a_call_back_is_arranged_is_asked_once(system: System) -> None:
    person = system.person()
    person.say("转人工")
    assert person.step == "call_contact"
    person.say("删除我的信息")
    assert (person.step, person.buttons) == ("sure", ["删掉没提交的", "先留着"])
    person.press("先留着")
    assert person.step == "call_contact"
    person.say("删除我的信息")
    person.press("删掉没提交的")
    assert person.step == "idle"


def test_a_call_back_without_a_report_ends_without_one(system: System) -> None:
    person = system.person()
    person.say("我想找人工客服")
    person.say("13812340000")
    person.say("老人不会用手机，想请人教")
    person.say("上午")
    assert person.step == "idle"
    person.say("查进度")
    assert "还没查到" in person.text


def test_whoever_changes_their_mind_leaves_the_errand(system: System) -> None:
    person = system.person()
    begin(person, "insult_defamation")
    person.say("转人工")
    person.say("上一步")
    assert person.step == "platform"


def test_given_up_is_kept_and_can_be_thrown_away(system: System) -> None:
    person = system.person()
    begin(person, "insult_defamation")
    fill(person, "account")
    person.say("不举报了")
    person.press("不填了")
    assert person.step == "idle"
    person.press("接着填")
    assert person.step == "account"
    person.say("取消")
    person.press("不填了")
    person.press("删掉")
    person.say("继续")
    assert "没有存着" in person.text


def test_several_drafts(system: System) -> None:
    person = system.person()
    begin(person, "insult_defamation")
    fill(person, "account")
    person.say("先存着")
    begin(person, "personal_info_trade")
    fill(person, "time")
    person.say("先存着")
    person.say("继续")
    assert person.step == "idle"
    [first] = [title for title in person.buttons if title.startswith("造谣、辱骂")]
    person.press(first)
    assert (person.step, person.state["matter"]) == ("account", "insult_defamation")


def test_the_same_link_is_one_case(system: System) -> None:
    link = "https://weibo.com/1234567/NmKp0aBcD"
    person = system.person()
    begin(person, "insult_defamation")
    fill(person, url=link)
    number = submit(person)
    begin(person, "insult_defamation")
    person.say(link + "/")
    assert number in person.text
    person.press("补充到那一件")
    assert person.step == "supplement_what"
    person.give([("又一张.png", files.png(7))])
    assert number in person.text
    assert person.step == "idle"
    shown = json.loads(system.run("cases", "show", number, "--json").stdout)
    assert any(item["intact"] for added in shown["supplements"] for item in added["evidence"])


def test_the_same_link_may_be_another_matter_of_its_own(system: System) -> None:
    link = "https://weibo.com/1234567/NmKp0aBcE"
    person = system.person()
    begin(person, "insult_defamation")
    fill(person, url=link)
    submit(person)
    begin(person, "insult_defamation")
    person.say(link)
    person.press("是另外一件事")
    assert person.step == "account"


def test_files_sent_after_submission_go_to_the_case(system: System) -> None:
    person = system.person()
    begin(person, "group_discrimination")
    fill(person)
    number = submit(person)
    person.give([("新截图.png", files.png(5))])
    person.press(number)
    assert f"补充到{number}" in person.text
    person.say("补充材料")
    person.say("他今天早上又直播了，还是那些话")
    assert f"补充到{number}" in person.text


def test_a_complaint_follows_on_the_earlier_report(system: System) -> None:
    person = system.person()
    begin(person, "insult_defamation")
    fill(person, url="https://weibo.com/1234567/NmKp0aBcF")
    number = submit(person)
    begin(person, "platform_complaint")
    assert person.state["fields"]["name"] == "周小雨"
    assert person.state["fields"]["url"] == "https://weibo.com/1234567/NmKp0aBcF"
    fill(person)
    second = submit(person)
    shown = json.loads(system.run("cases", "show", second, "--json").stdout)
    assert shown["relates_to"] == number


def test_limited_sharing_while_proof_is_owed(system: System) -> None:
    person = system.person()
    begin(person, "insult_defamation")
    fill(person, "limited_private", proof="没有")
    person.press("要，先限制")
    fill(person)
    number = submit(person)
    assert "限制传播" in person.text
    shown = json.loads(system.run("cases", "show", number, "--json").stdout)
    assert shown["proof_owed_by"]
    assert "limited_private" in shown["report"]["measures"]


def test_who_has_proof_is_not_asked_to_limit(system: System) -> None:
    person = system.person()
    begin(person, "insult_defamation")
    fill(person)
    assert "limited_private" not in person.state["fields"]
    number = submit(person)
    shown = json.loads(system.run("cases", "show", number, "--json").stdout)
    assert shown["proof_owed_by"] is None
    assert "limited_private" not in shown["report"]["measures"]


def test_honest_criticism_is_explained_not_taken(system: System) -> None:
    person = system.person()
    begin(person, "enterprise_false_info")
    fill(person, "falsehood")
    person.press("说的是真事")
    assert "正常批评" in person.text
    assert person.step == "falsehood"
    person.press("主要是骂人")
    fill(person, "company")
    assert "proof" not in person.state["fields"], "what is plain to see needs no proof (art. 15)"


def test_messages_in_one_breath_are_one_turn(system: System) -> None:
    person = system.person()
    for number, text in enumerate(("在微博上", "有个人造谣说我偷公司的钱", "https://weibo.com/1/AbCdEfGhi")):
        sent = person.http.post("/api/chat/messages", json={"id": f"burst-{number}", "text": text})
        assert sent.status_code == 200
    entries = wait_for(lambda: (found := person.entries()) and found[-1]["side"] == "assistant" and found, "the answer")
    said = [entry["text"] for entry in entries if entry["side"] == "assistant"]
    assert len(said) == 2, "the notice and one answer"
    person.press("对")
    assert person.state["fields"]["platform"] == "微博"
    assert person.state["fields"]["url"] == "https://weibo.com/1/AbCdEfGhi"


def test_a_screenshot_with_words_is_one_message(system: System) -> None:
    person = system.person()
    kept = person.upload("截图.png", files.png(4))
    person.send({"text": "同事在微博上造谣说我偷公司的钱，截图发你了", "files": [kept["id"]]})
    if "对" in person.buttons:
        person.press("对")
    assert person.state["fields"]["evidence"] == [kept["id"]]

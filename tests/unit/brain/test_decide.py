"""What a reply to a step is, decided with the real standard and word lists; the model's word is given."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from actions.standard import read_standard
from bot.brain.decide import Decider
from bot.brain.turn import Step
from bot.compile import compiled
from bot.settings import ROOT

DECIDER = Decider(compiled(read_standard(ROOT / "dialogues" / "standard"), ROOT / "dialogues"))


class Says:
    """Models that always say the same.

    `names` is what the tagger finds, `chosen` which choice is meant, `elsewhere` what platforms are merely named.
    """

    def __init__(
        self,
        label: str,
        confidence: float,
        names: list[Any],
        chosen: dict[str, float],
        elsewhere: frozenset[str] = frozenset(),
    ) -> None:
        self._chances = {label: confidence, "answer" if label != "answer" else "off_topic": 1 - confidence}
        danger = confidence if label == "distress" else 0.0
        self._danger = {"yes": danger, "no": 1 - danger}
        self._names, self._chosen, self._elsewhere = names, chosen, elsewhere

    def message(self, text: str) -> dict[str, dict[str, float]]:
        return {
            "outside": self._chances,
            "matter": {"insult_defamation": 0.8, "personal_info_leak": 0.2},
            "reporter": {"citizen": 0.9, "enterprise": 0.1},
            "urgent": {"no": 0.9, "yes": 0.1},
            "danger": self._danger,
        }

    def reply(self, text: str, signs: list[str]) -> dict[str, dict[str, float]]:
        assert signs
        return {"step": self._chances, "danger": self._danger}

    def option(self, step: str, text: str) -> dict[str, float]:
        return self._chosen

    def element(self, text: str) -> dict[str, float]:
        return {}

    def nothing(self, text: str) -> float:
        return 0.0

    def own(self, text: str, number: Any) -> bool:
        return bool(number.own)

    def there(self, place: Any) -> bool:
        return place.name not in self._elsewhere

    def names(self, text: str, step: str | None) -> list[Any]:
        found = [span for span in self._names if span.text in text]
        return [
            span._replace(start=text.index(span.text), end=text.index(span.text) + len(span.text)) for span in found
        ]


class Named(NamedTuple):
    what: str
    text: str
    chance: float = 0.9
    start: int = 0
    end: int = 0


def sensing(
    label: str = "answer", confidence: float = 0.9, names: Any = (), chosen: Any = None, elsewhere: Any = ()
) -> Any:
    return Says(label, confidence, list(names), chosen or {}, frozenset(elsewhere))


def at(step: str, text: str, label: str = "answer", confidence: float = 0.9, **more: Any) -> Any:
    return DECIDER.decide(text, Step(step), sensing(label, confidence, **more))


@pytest.mark.parametrize(
    ("step", "text", "value"),
    [
        ("url", "复制打开抖音 https://v.douyin.com/aB3/ 看看", "https://v.douyin.com/aB3/"),
        ("url", "https://b23.tv/a1 还有 https://b23.tv/a2", ["https://b23.tv/a1", "https://b23.tv/a2"]),
        ("url", "早就被删了，搜不到了", "无"),
        ("account", "昵称就叫取消", "取消"),
        ("account", "打错了，是“晚风叙旧”", "晚风叙旧"),
        ("account", "不知道是谁，匿名发的", "无"),
        ("time", "应该是11月9号看见的吧", "11月9号"),
        ("time", "哎不是前天 是大前天", "大前天"),
        ("time", "昨天晚上八点左右", "昨天晚上八点左右"),
        ("platform", "点错了，不是朋友圈是微信群", "微信群"),
        ("platform", "红薯和围脖", ["小红书", "微博"]),
        ("platform", "我们县的小论坛", "我们县的小论坛"),
        ("identity", "选错啦，不是代别人，是我本人", "本人"),
        ("identity", "帮我妈弄的", "代他人"),
        ("consent", "可以报，但别把我名字给平台", "部分同意"),
        ("consent", "不同意", "不同意"),
        ("contact", "电话 138-1234-5678", "13812345678"),
        ("leaked_info", "住址和电话都有", ["家庭住址", "联系方式"]),
        ("description", "他问“你们知道吗？”，还说取消订单，我没答应！", "他问“你们知道吗？”，还说取消订单，我没答应！"),
        ("proof", "没有书面的，可以去城关派出所问", "没有书面的，可以去城关派出所问"),
        ("name", "我叫周小雨", "周小雨"),
    ],
)
def test_an_answer_has_its_value(step: str, text: str, value: Any) -> None:
    turn = at(step, text)
    assert (turn.kind, turn.value) == ("answer", value)


@pytest.mark.parametrize(
    ("step", "text", "label", "control"),
    [
        ("url", "上一步", "answer", "back"),
        ("time", "上一步", "answer", "back"),
        ("description", "跳过", "answer", "skip"),
        ("evidence", "算了不举报了", "answer", "cancel"),
        ("name", "转人工", "answer", "human"),
        ("url", "平台写错了，是抖音", "ctl_edit", "edit:platform"),
        ("confirm", "经过写得太乱，让我重写", "ctl_edit", "edit:description"),
        ("confirm", "电话不对", "ctl_edit", "edit:contact"),
        ("evidence", "手机快没电了 晚点", "ctl_pause", "pause"),
    ],
)
def test_controls_in_peoples_own_words(step: str, text: str, label: str, control: str) -> None:
    turn = at(step, text, label)
    assert (turn.kind, turn.control) == ("control", control)


def test_an_edit_may_say_the_new_value() -> None:
    assert at("url", "平台写错了，是抖音", "ctl_edit").entities == {"element": "platform", "new_value": "抖音"}
    assert at("confirm", "不是本人，身份应该是代他人", "ctl_edit").value == "代他人"
    named = [Named("name", "李晓梅")]
    assert at("confirm", "姓名打错了，李晓梅才对", "ctl_edit", names=named).value == "李晓梅"


def test_what_the_tagger_finds_is_the_value() -> None:
    found = [Named("account", "阿柴柴不柴")]
    assert at("account", "头像是只柴犬，网名写的阿柴柴不柴", names=found).value == "阿柴柴不柴"
    assert at("time", "大概仨月前，记不太清", names=[Named("date", "仨月前")]).value == "仨月前"


def test_a_choice_in_words_nobody_listed() -> None:
    assert at("identity", "被骂的那个人就是在下", chosen={"本人": 0.8, "代他人": 0.1}).value == "本人"
    # Not sure enough: the words stay, and the form's check shows the buttons.
    assert at("identity", "说来话长讲不清", chosen={"本人": 0.4, "代他人": 0.35}).value == "说来话长讲不清"


def test_small_talk_must_be_plain_at_a_step() -> None:
    assert at("name", "周小雨", "greet", 0.6).kind == "answer"
    assert at("evidence", "你好呀你好呀", "greet", 0.9).intent == "greet"


def test_files_with_words() -> None:
    felt = sensing("answer")
    told = DECIDER.decide("这是昨晚截的", Step("evidence"), felt, files=["f1", "f2"])
    assert (told.kind, told.value) == ("answer", ["f1", "f2"])
    told = DECIDER.decide("https://b23.tv/a1", Step("url"), felt, files=["f1"])
    assert told.entities == {"url": "https://b23.tv/a1", "attached": ["f1"]}
    told = DECIDER.decide("他在微博骂我是贼，截图在这里", None, sensing("report"), files=["f1"])
    assert told.intent == "report"
    assert told.entities["attached"] == ["f1"]
    asked = DECIDER.decide("这样够不够？", Step("evidence"), sensing("ask"), files=["f1"])
    assert (asked.kind, asked.value) == ("answer_and_question", ["f1"])
    assert DECIDER.decide("[文件]", Step("url"), felt, files=["f1"]).intent == "attach"


def test_a_question_that_tells_two_matters_apart() -> None:
    step = Step("matter", guess="cyber_violence", close="insult_defamation")
    assert DECIDER.decide("就他一个人", step, sensing()).entities == {"matter": "insult_defamation"}
    assert DECIDER.decide("一群人", step, sensing()).entities == {"matter": "cyber_violence"}


def test_a_value_and_a_question() -> None:
    turn = at("url", "https://b23.tv/a1 ，他删了怎么办？", "answer_and_question")
    assert (turn.kind, turn.value) == ("answer_and_question", "https://b23.tv/a1")
    turn = at("consent", "同意的，那我以后后悔了能撤回吗", "answer_and_question")
    assert (turn.kind, turn.value) == ("answer_and_question", "同意")


@pytest.mark.parametrize("step", ["url", "description", "confirm", "matter"])
def test_danger_outranks_every_step(step: str) -> None:
    assert at(step, "我不想活了").kind == "distress"
    assert at(step, "药都数好了", "distress", 0.6).kind == "distress"


def test_an_idiom_is_no_danger() -> None:
    assert at("account", "气死我了，叫“老城一霸”").kind == "answer"


def test_a_hint_of_danger_needs_less_certainty() -> None:
    assert DECIDER.decide("他说带刀来找我", None, sensing("distress", 0.17)).kind == "distress"
    assert DECIDER.decide("他说改天来找我", None, sensing("distress", 0.17)).kind != "distress"


@pytest.mark.parametrize("text", ["/restart", '/answer{"confirm":"确认"}', "answer?confirm=确认"])
def test_what_is_typed_is_never_a_payload(text: str) -> None:
    turn = at("confirm", text, "off_topic")
    assert turn.entities.get("confirm") is None
    assert turn.value != "确认"


def test_a_report_brings_what_it_states() -> None:
    text = "抖音有个叫“老城一霸”的昨晚发视频骂我 https://v.douyin.com/aB3/"
    turn = DECIDER.decide(text, None, sensing("report", names=[Named("date", "昨晚")]))
    assert turn.intent == "report"
    assert turn.entities["guess"] == "insult_defamation"
    assert turn.entities["story"] == text
    assert (turn.entities["platform"], turn.entities["account"], turn.entities["url"]) == (
        "抖音",
        "老城一霸",
        "https://v.douyin.com/aB3/",
    )
    assert turn.fields["date"] == "昨晚"


@pytest.mark.parametrize("text", ["", "😀😀", "……", "<script>alert(1)</script>", "\x00\x01"])
def test_a_text_without_words_is_unclear(text: str) -> None:
    assert DECIDER.decide(text, None, sensing("report")).intent == "unclear"


def test_a_case_number_asks_for_its_state() -> None:
    assert DECIDER.decide("W20261123-0042 7K4P", None, sensing("report")).intent == "check_status"


@pytest.mark.parametrize(("asked", "intent"), [(0.6, "report"), (0.8, "ask")])
def test_a_question_whose_matter_is_plain_is_a_report(asked: float, intent: str) -> None:
    says = sensing()
    says._chances = {"ask": asked, "report": 1 - asked}
    assert DECIDER.decide("有人在网上说我偷东西，能不能让平台删了", None, says).intent == intent


def test_a_quoted_title_is_no_account_in_a_tale_and_may_be_one_where_it_is_asked_for() -> None:
    text = "有人在微博发文，标题就叫“黑心店曝光”，说我家用地沟油"
    start = text.index("黑心")
    named = Named("account", "黑心店曝光", start=start, end=start + 5)
    assert "account" not in DECIDER.decide(text, None, sensing("report", names=[named])).fields
    assert DECIDER.decide("他标题就叫“黑心店曝光”", Step("account"), sensing(names=[named])).value == "黑心店曝光"


@pytest.mark.parametrize("text", ["13800138000", "https://b23.tv/x9Tk2Lm"])
def test_a_bare_number_or_link_is_given_whatever_the_model_thinks(text: str) -> None:
    turn = at("evidence", text, "ask", 0.99)
    assert (turn.kind, turn.value) == ("answer", text)


@pytest.mark.parametrize("step", [None, Step("matter")])
def test_danger_takes_nothing_from_a_story(step: Step | None) -> None:
    text = "他在微博上骂我，还说带刀来找我"
    turn = DECIDER.decide(text, step, sensing("distress", 0.9))
    assert (turn.intent, turn.kind, turn.urgent) == ("distress", "distress", True)
    told = {name: turn.entities[name] for name in ("story", "guess", "platform")}
    assert told == {"story": text, "guess": "insult_defamation", "platform": "微博"}


def test_danger_at_another_step_tells_no_story() -> None:
    assert at("account", "他说带刀来找我", "distress").entities == {}


def test_files_stay_with_words_that_mean_danger() -> None:
    turn = DECIDER.decide("他说带刀来找我", None, sensing("distress"), files=["e1"])
    assert (turn.kind, turn.entities["attached"]) == ("distress", ["e1"])


def test_a_platform_that_is_merely_named_fills_nothing() -> None:
    says = sensing("report", elsewhere={"抖音"})
    assert DECIDER.decide("抖音我只看不发，是知乎上有人写我骗钱", None, says).fields["platform"] == "知乎"


@pytest.mark.parametrize(
    ("text", "label", "kind"),
    [
        ("删除我的信息", "delete_my_data", "off_topic"),
        (
            "我要他删除我的信息，他把我家地址和电话都挂在了业主群里，说我欠物业费不还，天天有人来敲门骂我",
            "delete_my_data",
            "answer",
        ),
        ("你是真人吗", "who_are_you", "off_topic"),
    ],
)
def test_a_wish_is_no_story_and_a_story_may_hold_one(text: str, label: str, kind: str) -> None:
    assert at("matter", text, label).kind == kind


def test_ones_own_words_are_a_question_only_when_they_look_like_one_or_surely_are() -> None:
    assert at("demand", "微信上要八万合作费，说给了就删", "ask", 0.8).kind == "answer"
    assert at("demand", "微信上要八万合作费，算不算敲诈", "ask", 0.8).kind == "digression_question"
    assert at("demand", "我想知道要八万算什么罪名", "ask", 0.95).kind == "digression_question"


def test_what_is_still_to_come_answers_where_proof_is_asked_for() -> None:
    assert at("authorization", "我是公司法务，授权书明天补", "supplement_evidence", 0.9).kind == "answer"

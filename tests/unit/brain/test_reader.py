"""Facts read out of what people type."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.brain.reader import Reader, clean, is_question

PLATFORMS: list[dict[str, Any]] = [
    {"name": "微博", "aliases": ["weibo", "围脖"], "domains": ["weibo.com", "weibo.cn"]},
    {"name": "抖音", "aliases": ["某音", "douyin"], "domains": ["douyin.com"]},
    {"name": "小红书", "aliases": ["红薯"], "domains": ["xiaohongshu.com", "xhslink.com"]},
    {"name": "B站", "aliases": ["bilibili", "小破站"], "domains": ["bilibili.com", "b23.tv"]},
    {"name": "微信公众号", "aliases": ["公众号"], "domains": ["mp.weixin.qq.com"]},
    {"name": "朋友圈", "aliases": ["微信朋友圈"], "domains": []},
    {"name": "今日头条", "aliases": ["头条"], "domains": ["toutiao.com"], "unless": ["上头条"]},
    {"name": "微信", "aliases": ["微信昵称"], "asked": ["微信"], "domains": []},
    {"name": "独立网站", "aliases": ["网站"], "domains": [], "unless": ["你们网站"], "any_site": True},
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(PLATFORMS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("在微博上骂我", {"platform": "微博"}),
        ("WEIBO上有人", {"platform": "微博"}),
        ("微信朋友圈里发的", {"platform": "朋友圈"}),
        ("b站有个视频", {"platform": "B站"}),
        (
            "7.43 复制打开抖音，看看 https://v.douyin.com/iRNBho5x/ 老城一霸的作品",
            {"platform": "抖音", "url": "https://v.douyin.com/iRNBho5x/"},
        ),
        ("链接是http://xhslink.com/a/AbC，你看看", {"platform": "小红书", "url": "http://xhslink.com/a/AbC"}),
        ("weibo.com/123/AbC。这里", {"platform": "微博", "url": "weibo.com/123/AbC"}),
        (
            "https://mp.weixin.qq.com/s/x_-1?a=1&b=2）",
            {"platform": "微信公众号", "url": "https://mp.weixin.qq.com/s/x_-1?a=1&b=2"},
        ),
        ("有人建了个网站骂我", {"platform": "独立网站"}),
        ("地址是 heidian110.top 全是假的", {"platform": "独立网站", "url": "heidian110.top"}),
        ("www.hengtai-gfs.example 是假官网", {"platform": "独立网站", "url": "www.hengtai-gfs.example"}),
        ("微博网站上有人骂我", {"platform": "微博"}),
        ("你们网站怎么举报", {}),
        ("要让我上头条", {}),
        ("头条上有人写我", {"platform": "今日头条"}),
        ("有个叫“老城一霸”的把我", {"account": "老城一霸"}),
        ("账号叫江湖老李，天天骂", {"account": "江湖老李"}),
        ("@小鹿乱撞 发的", {"account": "小鹿乱撞"}),
        ("博主「真相姐」造谣", {"account": "真相姐"}),
        ("有个叫阿强说事的发视频骂我", {"account": "阿强说事"}),
        ("她昵称 睡美人思思", {"account": "睡美人思思"}),
        ("发帖人：一勺月亮 内容：说我抄袭", {"account": "一勺月亮"}),
        ("小红书号 44719023", {"platform": "小红书", "account": "44719023"}),
        ("视频号“老张说法”骂我", {"account": "老张说法"}),
        ("标题就叫“黑心店曝光”", {}),
        ("账号 已经注销了", {}),
        ("账号：没有记下来", {}),
        ("android 手机，摔坏了", {}),
        ("我电话13812345678，联系我", {"phone": "13812345678"}),
        ("打我手机 138-1234-5678", {"phone": "13812345678"}),
        ("对方电话是13812345678", {}),
        ("昨晚发的", {"date": "昨晚"}),
        ("上周四看到", {"date": "上周四"}),
        ("3月19号", {"date": "3月19号"}),
        ("大概11月20日晚上八点左右", {"date": "11月20日晚上八点左右"}),
        ("礼拜天晚上", {"date": "礼拜天晚上"}),
        ("2026-11-03那天", {"date": "2026-11-03"}),
        ("三天前就有了", {"date": "三天前"}),
        ("最近老是这样，刚才又来", {}),
        ("", {}),
    ],
)
def test_fields(reader: Reader, text: str, expected: dict[str, Any]) -> None:
    assert reader.read(clean(text)).found() == expected


def test_several_of_a_kind_come_as_a_list(reader: Reader) -> None:
    assert reader.read("抖音和小红书都有，昨天和前天发的").found() == {
        "platform": ["抖音", "小红书"],
        "date": ["昨天", "前天"],
    }


@pytest.mark.parametrize("text", ["需要身份证吗", "怎么弄", "多久有结果", "他要是删了怎么办", "能不能匿名？"])
def test_questions(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize("text", ["他造谣说我偷东西", "昨天晚上八点", "张三"])
def test_no_questions(text: str) -> None:
    assert not is_question(text)


@given(st.text(max_size=600))
def test_any_text_can_be_read(text: str) -> None:
    Reader(PLATFORMS).read(clean(text)).found()


def test_cleaning_drops_what_cannot_be_seen() -> None:
    assert clean("\u2060/restart\u0000\u202e ＡＢＣ１２３ ") == "/restart ABC123"


def test_some_words_name_a_platform_only_when_it_is_asked_for(reader: Reader) -> None:
    assert reader.read("他加我微信要钱").platform == []
    assert reader.read("骂我的人微信昵称半个月亮").platform == ["微信"]
    assert reader.read("就是微信", asked=True).platform == ["微信"]
    assert reader.read("微信里发的那个公众号", asked=True).platform == ["微信公众号"]


def test_a_platform_that_is_merely_named_is_left_out_and_a_link_never_is(reader: Reader) -> None:
    text = "抖音客服让我找你们，https://weibo.com/1/a 这条骂我"
    assert reader.platforms(text) == ["抖音", "微博"]
    assert reader.platforms(text, there=lambda place: place.name != "抖音") == ["微博"]
    assert reader.platforms(text, there=lambda place: False) == ["微博"]
    assert [(p.name, p.word, p.among) for p in reader.places(text)] == [("抖音", "抖音", 1)]


def test_a_site_of_its_own_is_not_judged(reader: Reader) -> None:
    assert reader.platforms("挂在一个网站上", there=lambda place: False) == ["独立网站"]

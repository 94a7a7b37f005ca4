"""Questions nobody could answer: masked, sealed, counted, grouped; and the kept ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sealing import Sealer
from connectors.gateway import Database
from knowledge.publication.gate import Regression
from knowledge.publication.masking import masked, without_masks
from knowledge.publication.questions import Questions, Regressions

from .conftest import on_disk

USUAL = ["怎么举报", "举报要多久", "举报要钱吗", "可以举报吗", "截图行吗", "怎么投诉平台"]


@pytest.fixture
def queue(database: Database, sealer: Sealer) -> Questions:
    return Questions(database, sealer, USUAL)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("我电话13812345678", "我电话〔电话〕"),
        ("+86 138-1234-5678打给我", "〔电话〕打给我"),
        ("座机010-62551234", "座机〔电话〕"),
        ("１３８１２３４５６７８", "〔电话〕"),
        ("身份证11010519491231002X丢了", "身份证〔证件号〕丢了"),
        ("110105 19491231 0021", "〔证件号〕"),
        ("公司91350211M000100Y43被骂", "公司〔证件号〕被骂"),
        ("https://weibo.com/u/123?x=1 这个", "〔链接〕 这个"),
        ("在weibo.com/u/123上", "在〔链接〕上"),
        ("写信到 zhang.san@example.com", "写信到 〔邮箱〕"),
        ("微信号abc_12345骂我", "〔账号〕骂我"),
        ("@看清她真面目 造谣", "〔账号〕 造谣"),
        ("卡号6222 0212 3456 7890 123", "卡号〔号码〕"),
        ("打12377还是12345", "打12377还是12345"),
        ("2023年8月31日的规定", "2023年8月31日的规定"),
        ("民法典第1195条", "民法典第1195条"),
    ],
)
def test_what_names_a_person_is_masked(said: str, shown: str) -> None:
    assert masked(said) == shown


def test_masks_are_left_out_of_what_is_suggested() -> None:
    assert without_masks("请问〔电话〕\n怎么查") == "请问 怎么查"


async def test_nothing_of_a_question_lies_in_clear(
    queue: Questions, database: Database, sealer: Sealer, tmp_path: Path
) -> None:
    await queue.record("邻居家的鹦鹉整夜骂人，电话13812345678", None, "unanswered")
    await Regressions(database, sealer).keep("邻居家的鹦鹉整夜骂人", None, "li")
    database.close()
    written = on_disk(tmp_path)
    for word in ("鹦鹉", "13812345678"):
        assert word.encode() not in written
    [group] = await queue.groups("unanswered")
    assert group.head.text == "邻居家的鹦鹉整夜骂人，电话〔电话〕"


async def test_the_same_question_is_counted_however_it_is_written(queue: Questions) -> None:
    for said in ("鹦鹉骂人怎么办？", "鸚鵡罵人怎麼辦", "鹦鹉 骂人 怎么办"):
        await queue.record(said, None, "unanswered")
    [group] = await queue.groups("unanswered")
    assert (group.count, len(group.questions)) == (3, 1)


async def test_alike_questions_are_one_group_the_most_asked_first(queue: Questions) -> None:
    for said in ("怎么投诉快递", "快递丢了投诉谁", "低保怎么申请", "怎么申请低保啊", "低保怎么申请", "举报要带狗吗"):
        await queue.record(said, None, "unanswered")
    groups = await queue.groups("unanswered")
    assert [[one.text for one in group.questions] for group in groups] == [
        ["低保怎么申请", "怎么申请低保啊"],
        ["快递丢了投诉谁", "怎么投诉快递"],
        ["举报要带狗吗"],
    ]
    assert [group.count for group in groups] == [3, 2, 1]


async def test_words_without_a_question_are_not_kept(queue: Questions) -> None:
    for said in ("", "  ？！", "😀"):
        await queue.record(said, None, "unanswered")
    assert await queue.groups("unanswered") == []


async def test_ratings_are_kept_apart_and_summed_for_their_entry(queue: Questions) -> None:
    for verdict in ("helpful", "helpful", "not_helpful"):
        await queue.record("多久有结果", "guide.after.time", verdict)  # type: ignore[arg-type]
    assert await queue.helped("guide.after.time") == {"helpful": 2, "not_helpful": 1}
    assert [group.head.entry_id for group in await queue.groups("not_helpful")] == ["guide.after.time"]
    assert await queue.groups("unanswered") == []
    assert (await queue.counts())["not_helpful"] == 1


async def test_what_is_dismissed_stays_so_and_old_ones_are_forgotten(queue: Questions) -> None:
    await queue.record("鹦鹉骂人", None, "unanswered")
    [group] = await queue.groups("unanswered")
    await queue.settle(group.ids, "dismissed", None)
    await queue.record("鹦鹉骂人", None, "unanswered")
    assert await queue.groups("unanswered") == []
    assert await queue.forget(days=1) == 0
    assert await queue.forget(days=-1) == 1


async def test_a_question_is_kept_once_with_its_newest_answer(database: Database, sealer: Sealer) -> None:
    kept = Regressions(database, sealer)
    await kept.keep("多久有结果？", "guide.a.b", "li")
    await kept.keep("多久 有结果", "guide.after.time", "wang")
    assert await kept.all() == [Regression("多久 有结果", "guide.after.time")]
    [one] = await kept.listed()
    await kept.drop(one.id)
    assert await kept.all() == []

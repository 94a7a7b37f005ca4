"""Laws and article numbers in the ways people write them."""

from __future__ import annotations

import pytest

from knowledge import Knowledge
from knowledge.laws import ArticleParser, ArticleRef, LawIndex, article_name, read_aliases, read_number
from knowledge.text import normalise

from .conftest import CONTENT

SLANDER = "最高人民法院、最高人民检察院关于办理利用信息网络实施诽谤等刑事案件适用法律若干问题的解释"


@pytest.fixture(scope="module")
def laws() -> LawIndex:
    return LawIndex.load(CONTENT)


@pytest.fixture(scope="module")
def parser(laws: LawIndex) -> ArticleParser:
    return ArticleParser(laws, read_aliases(CONTENT, laws))


@pytest.mark.parametrize(
    ("number", "sub", "name"),
    [
        (1, 0, "第一条"),
        (10, 0, "第十条"),
        (11, 0, "第十一条"),
        (20, 0, "第二十条"),
        (100, 0, "第一百条"),
        (101, 0, "第一百零一条"),
        (110, 0, "第一百一十条"),
        (1000, 0, "第一千条"),
        (1010, 0, "第一千零一十条"),
        (1195, 0, "第一千一百九十五条"),
        (253, 1, "第二百五十三条之一"),
    ],
)
def test_article_name(number: int, sub: int, name: str) -> None:
    assert article_name(number, sub) == name


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1195", 1195),
        ("一千一百九十五", 1195),
        ("一一九五", 1195),
        ("十五", 15),
        ("二〇", 20),
        ("两百", 200),
        ("0", None),
        ("123456", None),
        ("百百千", None),
    ],
)
def test_read_number(text: str, number: int | None) -> None:
    assert read_number(text) == number


@pytest.mark.parametrize(
    ("text", "law", "article"),
    [
        ("民法典第1195条", "民法典", "第一千一百九十五条"),
        ("民法典1195", "民法典", "第一千一百九十五条"),
        ("《民法典》第一千一百九十五条", "民法典", "第一千一百九十五条"),
        ("《中华人民共和国民法典》第１１９５条", "民法典", "第一千一百九十五条"),
        ("请问民法典的第一千零二十四条讲的是什么呀", "民法典", "第一千零二十四条"),
        ("民法典第1195條", "民法典", "第一千一百九十五条"),
        ("個人信息保護法第四十七條", "个人信息保护法", "第四十七条"),
        ("个保法47条", "个人信息保护法", "第四十七条"),
        ("个保法47", "个人信息保护法", "第四十七条"),
        ("PIPL 第47条", "个人信息保护法", "第四十七条"),
        ("网安法十五条", "网络安全法", "第十五条"),
        ("刑法253条之一", "刑法", "第二百五十三条之一"),
        ("刑法第二百五十三条之一怎么判", "刑法", "第二百五十三条之一"),
        ("刑法第253之一条", "刑法", "第二百五十三条之一"),
        ("治安管理处罚法里第五十条", "治安管理处罚法", "第五十条"),
        ("诽谤司法解释第2条", SLANDER, "第二条"),
        ("刑法很严,民法典第十条呢", "民法典", "第十条"),
    ],
)
def test_named_article(parser: ArticleParser, text: str, law: str, article: str) -> None:
    assert parser.find(normalise(text)) == ArticleRef(law, article)


@pytest.mark.parametrize(
    "text",
    [
        "民法典2021年施行",
        "刑法三年以下",
        "刑法二审怎么走",
        "民法典第四编",
        "刑法",
        "第1195条",
        "民法典有1260多条",
        "",
        "一二三",
    ],
)
def test_not_an_article(parser: ArticleParser, text: str) -> None:
    assert parser.find(normalise(text)) is None


@pytest.mark.parametrize(
    ("text", "article"),
    [
        ("第1195条", "第一千一百九十五条"),
        ("1195条说的啥?", "第一千一百九十五条"),
        ("第二百五十三条之一的内容是什么", "第二百五十三条之一"),
        ("第3条评论骂我", None),
        ("他发了10条微博", None),
        ("没有号码", None),
    ],
)
def test_article_without_its_law(parser: ArticleParser, text: str, article: str | None) -> None:
    assert parser.bare(normalise(text)) == article


@pytest.mark.parametrize(
    ("law", "article", "exists"),
    [
        ("民法典", "第一千二百六十条", True),
        ("民法典", "第一千二百六十一条", False),
        ("刑法", "第二百五十三条之一", True),
        ("刑法", "第二百五十三条之二", False),
        ("网络安全法", "第八十二条", False),
        ("关于进一步加强网络侵权信息举报工作的指导意见", "第二十五条", True),
        ("关于进一步加强网络侵权信息举报工作的指导意见", "第二十六条", False),
        ("网络信息内容生态治理规定", "第二条", False),  # text not at hand: cannot be proved
        ("没有这部法", "第一条", False),
    ],
)
def test_article_exists(laws: LawIndex, law: str, article: str, exists: bool) -> None:
    assert laws.exists(law, article) is exists


def test_a_note_answers_its_article(knowledge: Knowledge) -> None:
    found = knowledge.ask("民法典第1195条")
    assert (found.answered, found.entry, found.score) == (True, "law.civil.1195", 1.0)
    assert [(c.title, c.article) for c in found.citations] == [("民法典", "第一千一百九十五条")]


def test_every_note_is_found_by_its_article(knowledge: Knowledge) -> None:
    for entry in knowledge.entries:
        if entry.kind == "law":
            [citation] = entry.citations
            assert knowledge.ask(f"《{citation.title}》{citation.article}是怎么说的").entry == entry.id


@pytest.mark.parametrize(
    ("text", "says", "offers"),
    [
        # exists, and only guide entries rest on it
        ("民法典第130条", "没有收它的说明", "提交后能撤销举报吗？"),
        # the number it had before 2026
        ("治安管理处罚法第42条", "没有收它的说明", "侮辱、诽谤、威胁、偷拍怎么治安处罚？"),
        ("民法典第1300条", "最后一条是第一千二百六十条", None),
        ("网络信息内容生态治理规定第十条", "没有《网络信息内容生态治理规定》的全文", None),
        ("第1195条", "哪部法", "民法典第一千一百九十五条"),
    ],
)
def test_article_without_a_note_is_not_answered(knowledge: Knowledge, text: str, says: str, offers: str | None) -> None:
    found = knowledge.ask(text)
    assert not found.answered
    assert found.citations == []
    assert says in found.answer
    assert "{" not in found.answer
    assert offers in found.suggestions if offers else found.suggestions == []

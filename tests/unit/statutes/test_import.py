"""What changes between versions, which entries it touches, and that an import is kept whole or not at all."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from knowledge.entries import Citation, Entry
from knowledge.statutes import Incoming, Statute, StatuteError, StatuteStore
from knowledge.statutes.difference import Kind, compare, renumbered
from knowledge.statutes.importing import plan
from knowledge.statutes.parse import parse

from .conftest import LINES, Write

OLD = [
    "样例法",
    "（2020年5月6日通过）",
    "第一条　为了规范样例，制定本法。",
    "第二条　任何人有权举报样例，受理的机关应当答复。",
]
OLD += [
    "第三条　样例分为两种，一种大，一种小。",
    "第四条　违反本法的，处五十元罚款。",
    "第五条　本法自2020年6月1日起施行。",
]
NEW = ["样例法", "（2020年5月6日通过　2024年1月2日修订）", "第一条　为了规范样例，制定本法。"]
NEW += ["第二条　国家鼓励公开透明的管理。", "第三条　任何人有权举报样例，受理的机关应当在七日内答复。"]
NEW += ["第四条　样例分为两种，一种大，一种小。", "第五条　本法自2024年3月1日起施行。"]


def _entry(article: str) -> Entry:
    return Entry(
        id=f"law.sample.a{len(article)}",
        kind="law",
        question="样例怎么举报？",
        answer="可以举报。",
        citations=(Citation(title="样例法", article=article),),
        status="in_force",
        valid_from=date(2020, 1, 1),
        version=1,
        author="test",
    )


def test_articles_are_followed_to_their_new_numbers() -> None:
    changes = compare(parse(OLD), parse(NEW))
    told = [(c.kind, c.old and c.old.number, c.new and c.new.number) for c in changes]
    assert told == [
        (Kind.SAME, "第一条", "第一条"),
        (Kind.NEW, None, "第二条"),
        (Kind.MOVED_AND_CHANGED, "第二条", "第三条"),
        (Kind.MOVED, "第三条", "第四条"),
        (Kind.CHANGED, "第五条", "第五条"),
        (Kind.GONE, "第四条", None),
    ]
    assert renumbered(changes) == {"第二条": "第三条", "第三条": "第四条", "第四条": None}


def test_entries_that_cite_what_changed_are_flagged(tmp_path: Path, write: Write) -> None:
    store = StatuteStore(tmp_path / "store")
    plan([write("old.txt", OLD)], store).carry_out(store)
    made = plan([write("new.txt", NEW)], store, [_entry("第一条"), _entry("第二条")])
    assert [(flag.article, flag.kind, flag.now) for flag in made.flags] == [
        ("第二条", Kind.MOVED_AND_CHANGED, "第三条")
    ]
    made.carry_out(store)
    assert [record.version for record in store.versions("样例法")] == [date(2024, 1, 2), date(2020, 5, 6)]


def test_each_day_has_the_version_in_force(tmp_path: Path, write: Write) -> None:
    store = StatuteStore(tmp_path / "store")
    plan([write("old.txt", OLD), write("new.txt", NEW)], store).carry_out(store)

    def version(day: date) -> date | None:
        return next((statute.version for statute in store.current(day)), None)

    assert version(date(2020, 5, 31)) is None
    assert version(date(2024, 2, 29)) == date(2020, 5, 6)
    assert version(date(2024, 3, 1)) == date(2024, 1, 2)


def test_one_bad_file_and_nothing_is_imported(tmp_path: Path, write: Write) -> None:
    store = StatuteStore(tmp_path / "store")
    made = plan([write("good.docx", LINES), write("bad.txt", ["不是法律"])], store)
    assert len(made.problems) == 1
    assert made.problems[0].startswith("bad.txt: ")
    with pytest.raises(StatuteError):
        made.carry_out(store)
    assert (store.records(), store.stamp) == ([], 0)


def test_whoever_is_killed_before_the_catalogue_has_imported_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = StatuteStore(tmp_path / "store")
    store.add([Incoming(parse(OLD), "old")])

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(StatuteStore, "_replace", killed)
        with pytest.raises(KeyboardInterrupt):
            store.add([Incoming(parse(NEW), "new"), Incoming(parse(LINES), "other")])
    assert [record.source for record in StatuteStore(tmp_path / "store").records()] == ["old"]
    store.add([Incoming(parse(NEW), "new")])  # and what was left lying about is cleared away
    assert len(list((tmp_path / "store").iterdir())) == 3


def test_the_same_version_again_replaces_it(tmp_path: Path) -> None:
    store = StatuteStore(tmp_path / "store")
    for source in ("first", "second"):
        store.add([Incoming(parse(OLD), source)])
    assert [record.source for record in store.records()] == ["second"]


def test_a_broken_catalogue_says_what_to_do(tmp_path: Path) -> None:
    store = StatuteStore(tmp_path)
    (tmp_path / "catalogue.json").write_text("[{", "utf-8")
    with pytest.raises(StatuteError, match="restore it"):
        store.records()


def test_a_statute_goes_through_its_file_unchanged(tmp_path: Path) -> None:
    store, statute = StatuteStore(tmp_path), parse(LINES)
    [record] = store.add([Incoming(statute, "x")])
    assert store.read(record) == statute
    assert isinstance(store.read(record), Statute)

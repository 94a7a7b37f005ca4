"""Texts are cut where one would pause, nothing is lost, nothing is too long; parts keep their meaning."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels import shown_as
from connectors.channels.bubbles import cut, size
from connectors.channels.contract import press_of, token_of
from connectors.channels.wechat.render import cost, harmless, linked
from connectors.gateway.messages import Button, Entry
from tests.channels.house import PHRASES

NOW = datetime(2026, 11, 23, tzinfo=UTC)
UNITS = st.sampled_from(["bytes", "chars", "utf16"])
TEXTS = st.text(alphabet="，。！？；好的吗abc \n😀👨‍👩‍👧é<a>/]&1", max_size=400)


def entry(seq: int, text: str, *titles: str) -> Entry:
    buttons = [Button(title=title, payload="x") for title in titles]
    return Entry(seq=seq, side="assistant", text=text, at=NOW, buttons=buttons)


@given(TEXTS, st.integers(8, 200), UNITS)
@settings(max_examples=300, deadline=None)
def test_pieces_fit_and_hold_everything(text: str, limit: int, unit: str) -> None:
    pieces = cut(text, limit, unit)
    assert all(size(piece, unit) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("第一句。第二句。", 5, ["第一句。", "第二句。"]),
        ("第一行\n第二行更长一些", 9, ["第一行", "第二行更长一些"]),
        ("没有句号，只有逗号，一直说", 8, ["没有句号，", "只有逗号，一直说"]),
        ("“好。”他说。走了。", 7, ["“好。”他说。", "走了。"]),
        ("无处可断的一长串字", 4, ["无处可断", "的一长串", "字"]),
        ("版本3.14很长很长", 6, ["版本3.14", "很长很长"]),
        ("", 4, [""]),
    ],
)
def test_where_a_text_is_cut(text: str, limit: int, pieces: list[str]) -> None:
    assert cut(text, limit, "chars") == pieces


@given(st.lists(st.tuples(TEXTS, st.integers(0, 12)), min_size=1, max_size=6), st.sampled_from(["wechat", "kefu"]))
@settings(max_examples=120, deadline=None)
def test_every_message_fits_and_every_choice_is_there(said: list[tuple[str, int]], name: str) -> None:
    channel = shown_as(name, PHRASES)
    entries = [entry(n, text * 4, *(f"选项{i}" for i in range(count))) for n, (text, count) in enumerate(said, 1)]
    messages = channel.render(entries, {})
    limit = channel.capabilities.text_limit
    if name == "wechat":
        assert all(cost(message.text, message.choices) <= limit for message in messages)
    else:
        assert all(len(m.text.encode()) <= (1024 if m.choices else limit) for m in messages)
        assert all(len(m.choices) <= 10 for m in messages)
    tokens = [choice.token for message in messages for choice in message.choices]
    assert tokens == [token_of(item.seq, index) for item in entries for index in range(len(item.buttons))]
    covered = {seq for message in messages for seq, _, last in message.covers if last}
    assert covered == {item.seq for item in entries}


@given(st.lists(TEXTS, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_after_a_restart_the_rest_goes_out_and_nothing_twice(texts: list[str]) -> None:
    channel = shown_as("kefu", PHRASES)
    entries = [entry(n, "整句话。" * 300 + text, "好") for n, text in enumerate(texts, 1)]
    whole = channel.render(entries, {})
    done: dict[int, int] = {}
    sent = []
    while messages := channel.render([item for item in entries if done.get(item.seq, 0) < 99], done):
        first = messages[0]
        sent.append(first.text)
        for seq, parts, last in first.covers:
            done[seq] = 99 if last else parts
    assert "".join(sent).replace("\n", "") == "".join(message.text for message in whole).replace("\n", "")


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_text_opens_a_link_or_ends_a_field(text: str) -> None:
    shown = linked(f"{text}<a href=x>]]>", ())
    assert "<a" not in shown.lower()
    assert "]]>" not in shown
    assert harmless(harmless(text)) == harmless(text)


@given(st.integers(0, 10**12), st.integers(0, 99))
def test_a_token_leads_back_to_its_button(seq: int, index: int) -> None:
    press = press_of(token_of(seq, index))
    assert press is not None
    assert (press.message, press.index) == (seq, index)


@pytest.mark.parametrize("token", ["", "-", "1-", "-1", "1-2-3", "１-２", "1-100", "9" * 30 + "-1", "1 -1", "²-1"])
def test_what_is_no_token(token: str) -> None:
    assert press_of(token) is None

"""Names are read out of the states of pieces, character by character."""

from __future__ import annotations

import numpy as np
import pytest

from bot.brain.names import Span
from bot.brain.spotter import LABELS, MAX_CHARS, PLACES, Spotter, joined, labels_of
from bot.encoder import SIZE, Encoder, Reading
from bot.encoder.cutting import Piece
from bot.settings import ROOT

ADAPTER = ROOT / "bot" / "brain" / "adapter.npz"


def told(*pieces: tuple[str, str]) -> tuple[str, Reading, Spotter]:
    """A text of pieces with the labels of their characters (O, B, I), and a spotter that reads just these."""
    text, found, states = "", [], []
    weights = np.zeros((SIZE, PLACES * len(LABELS)), np.float32)
    for number, (piece, labels) in enumerate(pieces):
        found.append(Piece(0, len(text), len(text) + len(piece)))
        text += piece
        state = np.zeros(SIZE, np.float32)
        state[number] = 1
        states.append(state)
        for place, label in enumerate(labels):
            name = "O" if label == "O" else f"{label}-account"
            weights[number, place * len(LABELS) + LABELS.index(name)] = 9
    spotter = Spotter({"names.w": weights, "names.b": np.zeros(PLACES * len(LABELS), np.float32)})
    return text, Reading(np.zeros(SIZE, np.float32), np.array(states), found), spotter


def test_a_name_may_begin_and_end_inside_a_piece() -> None:
    text, reading, spotter = told(("号叫阿", "OOB"), ("泽", "I"), ("发的", "OO"))
    (span,) = spotter(text, reading)
    assert (span.what, span.text, text[span.start : span.end]) == ("account", "阿泽", "阿泽")
    assert span.chance > 0.99


def test_two_names_side_by_side_are_two() -> None:
    text, reading, spotter = told(("甲乙", "BI"), ("丙丁", "BI"))
    assert [span.text for span in spotter(text, reading)] == ["甲乙", "丙丁"]


def test_letters_and_digits_that_belong_together_are_not_taken_apart() -> None:
    text, reading, spotter = told(("zj_", "BII"), ("66a", "OOO"), ("骂", "O"))
    assert [span.text for span in spotter(text, reading)] == ["zj_66a"]


def test_marks_around_a_name_are_no_part_of_it() -> None:
    text, reading, spotter = told(("“老城", "BII"), ("一霸”", "III"))
    assert [span.text for span in spotter(text, reading)] == ["老城一霸"]


def test_places_are_counted_behind_what_was_asked() -> None:
    text, reading, spotter = told(("谁发的", "BII"), (" ", "O"), ("阿泽", "BI"))
    (span,) = spotter("阿泽", reading, text.index("阿泽"))
    assert (span.text, span.start, span.end) == ("阿泽", 0, 2)


def test_what_was_not_read_is_nothing() -> None:
    text, reading, spotter = told(("阿泽", "BI"))
    assert [span.text for span in spotter(text + "又骂我" * MAX_CHARS, reading)] == ["阿泽"]
    assert spotter("", Reading(np.zeros(SIZE, np.float32), np.zeros((0, SIZE), np.float32), [])) == []


def test_annotated_names_become_labels() -> None:
    text = "昨晚阿泽骂我"
    labels = labels_of(text, [(0, 2, "date"), (2, 4, "account"), (4, 5, "platform")])
    assert [LABELS[label] for label in labels] == ["B-date", "I-date", "B-account", "I-account", "O", "O"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("抖音上有个叫老城一霸的，昨晚发视频骂我", {"account": ["老城一霸"], "date": ["昨晚"]}),
        ("小红书的桃子不吃鱼把我住址发出来了，我特别害怕", {"account": ["桃子不吃鱼"]}),
        ("有人骂我怎么办", {}),
    ],
)
def test_the_adapter_finds_names_that_nothing_marks(text: str, names: dict[str, list[str]]) -> None:
    found: dict[str, list[str]] = {}
    for span in Spotter(np.load(ADAPTER))(text, Encoder(ADAPTER).read(text)):
        found.setdefault(span.what, []).append(span.text)
    assert found == names


def test_the_tagger_is_believed_where_it_is_sure_and_the_spotter_where_it_is_not() -> None:
    sure, doubted = Span("date", "昨晚", 0, 2, 0.9), Span("account", "阿泽骂", 2, 5, 0.4)
    better, unsure = Span("account", "阿泽", 2, 4, 0.95), Span("account", "老城", 8, 10, 0.6)
    against = Span("account", "昨晚", 0, 2, 0.99)
    assert joined([sure, doubted], [against, better, unsure]) == [sure, better]
    assert joined([doubted], []) == [doubted]

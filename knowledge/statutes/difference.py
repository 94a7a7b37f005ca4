"""What changed between two versions of a law, article by article: which number an article has now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from knowledge.statutes.parse import Article, Statute

#: From this likeness on (0–1, shared pairs of characters) two articles are one that was rewritten, not two.
_SAME = 0.5
#: What the same number adds: where an article was rewritten heavily in its place, it is still that article.
_IN_PLACE = 0.15


class Kind(StrEnum):
    SAME = "same"
    CHANGED = "changed"
    MOVED = "moved"
    MOVED_AND_CHANGED = "moved and changed"
    NEW = "new"
    GONE = "gone"


class Change(NamedTuple):
    """`old` and `new` are articles; None where there is none. `likeness`: 0–1."""

    kind: Kind
    old: Article | None
    new: Article | None
    likeness: float


def compare(old: Statute, new: Statute) -> list[Change]:
    """One change for each article of either version, in the order of the new one, those that are gone last."""
    pairs = dict(_pairs(old.articles, new.articles))
    changes = []
    for at, article in enumerate(new.articles):
        before = pairs.get(at)
        if before is None:
            changes.append(Change(Kind.NEW, None, article, 0.0))
        else:
            changes.append(_change(old.articles[before], article))
    kept = set(pairs.values())
    changes += [Change(Kind.GONE, article, None, 0.0) for at, article in enumerate(old.articles) if at not in kept]
    return changes


def renumbered(changes: Iterable[Change]) -> dict[str, str | None]:
    """Old number → the number now, for those that moved; None for those that are gone."""
    moved = (Kind.MOVED, Kind.MOVED_AND_CHANGED, Kind.GONE)
    return {c.old.number: c.new.number if c.new else None for c in changes if c.old and c.kind in moved}


def _change(old: Article, new: Article) -> Change:
    same = old.text == new.text
    if old.number == new.number:
        kind = Kind.SAME if same else Kind.CHANGED
    else:
        kind = Kind.MOVED if same else Kind.MOVED_AND_CHANGED
    return Change(kind, old, new, 1.0 if same else _likeness(_pieces(old.text), _pieces(new.text)))


def _pairs(old: Sequence[Article], new: Sequence[Article]) -> Iterable[tuple[int, int]]:
    """(place in new, place in old): equal texts first, then the most alike ones, each used once."""
    of_text: dict[str, list[int]] = {}
    for at, article in enumerate(old):
        of_text.setdefault(article.text, []).append(at)
    free_new, used = [], set()
    for at, article in enumerate(new):
        same = [place for place in of_text.get(article.text, ()) if place not in used]
        if same:
            # Of several with the same text (施行日期 …) the one with the same number.
            best = next((place for place in same if old[place].number == article.number), same[0])
            used.add(best)
            yield at, best
        else:
            free_new.append(at)
    free_old = [at for at in range(len(old)) if at not in used]
    bags = {at: _pieces(old[at].text) for at in free_old}
    found = []
    for at in free_new:
        bag = _pieces(new[at].text)
        for place in free_old:
            likeness = _likeness(bags[place], bag) + (_IN_PLACE if old[place].number == new[at].number else 0)
            if likeness >= _SAME:
                found.append((-likeness, at, place))
    taken: set[int] = set()
    for _, at, place in sorted(found):
        if at not in taken and place not in used:
            taken.add(at)
            used.add(place)
            yield at, place


def _pieces(text: str) -> Counter[str]:
    return Counter(text[at : at + 2] for at in range(len(text) - 1))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Dice: twice what is shared, of all there is."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0

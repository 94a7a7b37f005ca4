"""The picture of which matter was taken for which: an SVG that any browser shows."""

from __future__ import annotations

from collections import Counter
from html import escape

CELL, LEFT, TOP = 34, 190, 190


class Confusion:
    """Counts pairs of `(what it is, what it was taken for)`."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._pairs: Counter[tuple[str, str]] = Counter()

    def note(self, true: str, taken: str) -> None:
        self._pairs[true, taken] += 1

    def svg(self) -> str:
        """Rows: what it is; columns: what it was taken for; right ones green, wrong ones red, stronger by share."""
        size = len(self._names) * CELL
        out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + size + 20} {TOP + size + 20}" '
            'font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="#fff"/>',
        ]
        totals = {name: sum(self._pairs[name, other] for other in self._names) for name in self._names}
        for row, name in enumerate(self._names):
            y, x = TOP + row * CELL, LEFT + row * CELL
            out.append(f'<text x="{LEFT - 8}" y="{y + 22}" text-anchor="end">{escape(name)}</text>')
            out.append(
                f'<text x="{x + 20}" y="{TOP - 8}" transform="rotate(-60 {x + 20} {TOP - 8})">{escape(name)}</text>'
            )
            for column, other in enumerate(self._names):
                out += self._cell(name, other, LEFT + column * CELL, y, totals[name])
        return "\n".join([*out, "</svg>"]) + "\n"

    def _cell(self, true: str, taken: str, x: int, y: int, total: int) -> list[str]:
        count = self._pairs[true, taken]
        share = count / total if total else 0.0
        colour = "#2e7d32" if true == taken else "#c62828"
        box = (
            f'<rect x="{x}" y="{y}" width="{CELL - 2}" height="{CELL - 2}" fill="{colour}" '
            f'fill-opacity="{0.04 + 0.8 * share if count else 0.04:.2f}"/>'
        )
        if not count:
            return [box]
        return [box, f'<text x="{x + CELL / 2 - 1}" y="{y + 21}" text-anchor="middle">{count}</text>']

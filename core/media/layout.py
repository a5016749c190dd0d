"""Decider: where each picture of a sheet goes, by numbers alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

GOOD_RATIO = 1.6
"""Width to height of a sheet that chats show large."""

_TALL_COUNTS = 1.5
"""How much worse it is to be too tall: chats cap the height of a preview before its width."""

_STRIP, _TOWER = 4.0, 0.7
"""Ratios beyond which a sheet is shown so small that it costs extra."""

_EXTREME_COUNTS = 2.0
"""How much it costs extra."""

_UNEVEN_COUNTS = 2.0
"""How much worse than an odd shape it is to show one picture larger than another."""

_TRIED_MAX = 12
"""Up to so many pictures every way to break them into rows is tried (2048 ways)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A rectangle, in pixels from the top left corner."""

    left: int
    top: int
    width: int
    height: int


def arrange(ratios: Sequence[float], *, width_px: int, gap_px: int) -> tuple[Box, ...]:
    """
    Return a box for each picture, in order, in rows that all end at `width_px`.

    Within a row all are equally high, so that nothing is cropped and every edge is aligned.
    `ratios` are width divided by height.
    """
    rows = min(_ways(len(ratios)), key=lambda way: _badness(ratios, way))
    boxes: list[Box] = []
    top = 0
    for row in _split(ratios, rows):
        boxes += _row(row, top, width_px, gap_px)
        top += boxes[-1].height + gap_px
    return tuple(boxes)


def sheet_ratio(ratios: Sequence[float]) -> float:
    """Return the ratio that `arrange` will give the sheet, gaps aside."""
    rows = min(_ways(len(ratios)), key=lambda way: _badness(ratios, way))
    return 1 / sum(1 / sum(row) for row in _split(ratios, rows))


def _ways(count: int) -> Iterator[tuple[int, ...]]:
    """Yield the ways to break `count` pictures into rows, as the length of each row."""
    if count > _TRIED_MAX:
        columns = math.ceil(math.sqrt(count))
        yield tuple(min(columns, count - at) for at in range(0, count, columns))
        return
    for breaks in range(1 << (count - 1)):
        ends = [at + 1 for at in range(count - 1) if breaks >> at & 1]
        yield tuple(end - start for start, end in zip([0, *ends], [*ends, count], strict=True))


def _badness(ratios: Sequence[float], rows: tuple[int, ...]) -> float:
    heights = [1 / sum(row) for row in _split(ratios, rows)]
    uneven = math.log(max(heights) / min(heights))
    return _oddness(1 / sum(heights)) + uneven * _UNEVEN_COUNTS


def _oddness(ratio: float) -> float:
    """How far a sheet of `ratio` is from one that chats show well."""
    if ratio >= GOOD_RATIO:
        extreme = max(0.0, math.log(ratio / _STRIP))
        return math.log(ratio / GOOD_RATIO) + extreme * _EXTREME_COUNTS
    extreme = max(0.0, math.log(_TOWER / ratio))
    return math.log(GOOD_RATIO / ratio) * _TALL_COUNTS + extreme * _EXTREME_COUNTS


def _split(ratios: Sequence[float], rows: tuple[int, ...]) -> Iterator[Sequence[float]]:
    at = 0
    for length in rows:
        yield ratios[at : at + length]
        at += length


def _row(ratios: Sequence[float], top: int, width_px: int, gap_px: int) -> Iterator[Box]:
    """Yield the boxes of one row; rounding is carried along, so that the last one ends right."""
    free_px = width_px - gap_px * (len(ratios) - 1)
    height = max(1, round(free_px / sum(ratios)))
    passed = 0.0
    for at, ratio in enumerate(ratios):
        left = round(passed / sum(ratios) * free_px)
        passed += ratio
        right = round(passed / sum(ratios) * free_px)
        yield Box(left=left + at * gap_px, top=top, width=max(1, right - left), height=height)

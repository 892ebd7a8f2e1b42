"""Where boxes and lines of a graph stand: layer below layer, few crossings, lines that bend softly.

Pure, and ours: boxes go to layers by their longest way from the top; lines that pass layers get a
place in each; layers are ordered by the middle of their neighbours; then each layer is set as near
to its neighbours as its order allows.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_SWEEPS: Final = 8
_GAP: Final = 26.0
_LAYER_GAP: Final = 46.0
_LANE: Final = 10.0


@dataclass(frozen=True)
class Box:
    """A box to place."""

    key: str
    width: float
    height: float


@dataclass(frozen=True)
class Link:
    """A line from the foot of a box to the head of another one."""

    source: str
    target: str
    #: Where it leaves and arrives, from the left side of each box.
    start: float
    end: float


Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where everything stands."""

    #: The left upper corner of each box.
    boxes: Mapping[str, Point]
    #: For each link, in order, the points that it passes.
    lines: Sequence[Sequence[Point]]
    width: float
    height: float


@dataclass
class _Slot:
    """A box, or the place of a line in a layer that it passes, while places are sought."""

    layer: int
    width: float
    height: float
    x: float = 0.0


@dataclass(frozen=True)
class _Piece:
    """The part of a line between two layers: slots by index, and where it meets each."""

    upper: int
    lower: int
    start: float
    end: float


def layers_of(keys: Iterable[str], links: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Return the layer of each key: one below the lowest of those that lead to it.

    Args:
        keys: In topological order.
        links: Pairs of source and target.
    """
    above: dict[str, list[str]] = {}
    for source, target in links:
        above.setdefault(target, []).append(source)
    layers: dict[str, int] = {}
    for key in keys:
        layers[key] = max((layers[source] for source in above.get(key, ())), default=-1) + 1
    return layers


def place(boxes: Sequence[Box], links: Sequence[Link]) -> Layout:
    """Return where boxes and lines stand.

    Args:
        boxes: In topological order.
        links: Between them.
    """
    if not boxes:
        return Layout(boxes={}, lines=(), width=0, height=0)
    pairs = [(link.source, link.target) for link in links]
    layers = _lowered(layers_of([box.key for box in boxes], pairs), pairs)
    index = {box.key: number for number, box in enumerate(boxes)}
    slots = [_Slot(layers[box.key], box.width, box.height) for box in boxes]
    ways = [_way(index, slots, link) for link in links]
    pieces = [piece for way in ways for piece in way]
    rows = _ordered(slots, pieces)
    _set(rows, slots, pieces)
    return _layout(boxes, rows, slots, ways)


def _lowered(layers: dict[str, int], pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Move boxes that nothing leads to down, beside those that they lead to."""
    below: dict[str, int] = {}
    targets = {target for _, target in pairs}
    for source, target in pairs:
        below[source] = min(below.get(source, layers[target]), layers[target])
    return {
        key: below[key] - 1 if key not in targets and key in below else layer
        for key, layer in layers.items()
    }


def _way(index: Mapping[str, int], slots: list[_Slot], link: Link) -> list[_Piece]:
    """Return the pieces of a line, with a slot for each layer between its ends."""
    upper, lower = index[link.source], index[link.target]
    stops = [upper]
    for layer in range(slots[upper].layer + 1, slots[lower].layer):
        stops.append(len(slots))
        slots.append(_Slot(layer, _LANE, 0.0))
    stops.append(lower)
    middle = _LANE / 2
    return [
        _Piece(
            one,
            other,
            link.start if one == upper else middle,
            link.end if other == lower else middle,
        )
        for one, other in pairwise(stops)
    ]


# --- the order within layers ---


def _ordered(slots: Sequence[_Slot], pieces: Sequence[_Piece]) -> list[list[int]]:
    """Return the slots of each layer from left to right, with few crossings."""
    rows: list[list[int]] = [[] for _ in range(1 + max(slot.layer for slot in slots))]
    for number, slot in enumerate(slots):
        rows[slot.layer].append(number)
    ups, downs = _neighbours(len(slots), pieces)
    best, fewest = [list(row) for row in rows], _crossings(rows, pieces)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        is_down = sweep % 2 == 0
        for row in rows if is_down else reversed(rows):
            _sort_by_middle(row, rows, ups if is_down else downs)
        count = _crossings(rows, pieces)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    return best


def _neighbours(
    count: int, pieces: Sequence[_Piece]
) -> tuple[list[list[_Piece]], list[list[_Piece]]]:
    ups: list[list[_Piece]] = [[] for _ in range(count)]
    downs: list[list[_Piece]] = [[] for _ in range(count)]
    for piece in pieces:
        ups[piece.lower].append(piece)
        downs[piece.upper].append(piece)
    return ups, downs


def _sort_by_middle(
    row: list[int], rows: Sequence[Sequence[int]], pieces: Sequence[Sequence[_Piece]]
) -> None:
    """Sort a layer by the middle of what its slots are connected to; others keep their place."""
    position = {slot: number for other in rows for number, slot in enumerate(other)}

    def middle(slot: int) -> float:
        ends = [
            position[p.upper if p.lower == slot else p.lower]
            + (p.start if p.lower == slot else p.end) / 10_000
            for p in pieces[slot]
        ]
        return sum(ends) / len(ends) if ends else float(position[slot])

    row.sort(key=middle)


def _crossings(rows: Sequence[Sequence[int]], pieces: Sequence[_Piece]) -> int:
    position = {slot: number for row in rows for number, slot in enumerate(row)}
    layer = {slot: number for number, row in enumerate(rows) for slot in row}
    between: dict[int, list[tuple[float, float]]] = {}
    for piece in pieces:
        ends = (position[piece.upper] + piece.start / 10_000,
                position[piece.lower] + piece.end / 10_000)  # fmt: skip
        between.setdefault(layer[piece.upper], []).append(ends)
    return sum(_inversions(sorted(ends)) for ends in between.values())


def _inversions(ends: Sequence[tuple[float, float]]) -> int:
    seen: list[float] = []
    count = 0
    for _, end in ends:
        count += len(seen) - bisect_right(seen, end)
        insort(seen, end)
    return count


# --- the places within layers ---


def _set(rows: Sequence[Sequence[int]], slots: list[_Slot], pieces: Sequence[_Piece]) -> None:
    ups, downs = _neighbours(len(slots), pieces)
    for row in rows:
        _spread(row, slots, [0.0] * len(row))
    for sweep in range(_SWEEPS):
        is_down = sweep % 2 == 0
        for row in rows if is_down else reversed(rows):
            wanted = [_wanted(number, slots, ups if is_down else downs) for number in row]
            _spread(row, slots, wanted)
    left = min(slot.x for slot in slots)
    for slot in slots:
        slot.x -= left


def _wanted(number: int, slots: Sequence[_Slot], pieces: Sequence[Sequence[_Piece]]) -> float:
    ends = [
        slots[p.upper].x + p.start - p.end
        if p.lower == number
        else slots[p.lower].x + p.end - p.start
        for p in pieces[number]
    ]
    return sum(ends) / len(ends) if ends else slots[number].x


def _spread(row: Sequence[int], slots: list[_Slot], wanted: Sequence[float]) -> None:
    """Set a layer as near to the places wanted as can be without that its slots touch.

    Least squares under an order: neighbours that would touch are moved as one.
    """
    offset = 0.0
    runs: list[tuple[float, int]] = []
    offsets: list[float] = []
    for number, x in zip(row, wanted, strict=True):
        offsets.append(offset)
        runs.append((x - offset, 1))
        while len(runs) > 1 and runs[-2][0] > runs[-1][0]:
            (one, many), (other, more) = runs[-2:]
            runs[-2:] = [((one * many + other * more) / (many + more), many + more)]
        offset += slots[number].width + _GAP
    starts = [start for start, many in runs for _ in range(many)]
    for number, start, moved in zip(row, starts, offsets, strict=True):
        slots[number].x = start + moved


def _layout(
    boxes: Sequence[Box],
    rows: Sequence[Sequence[int]],
    slots: Sequence[_Slot],
    ways: Sequence[Sequence[_Piece]],
) -> Layout:
    tops: list[float] = []
    y = 0.0
    heights = [max(slots[number].height for number in row) for row in rows]
    for height in heights:
        tops.append(y)
        y += height + _LAYER_GAP
    return Layout(
        boxes={
            box.key: (slot.x, tops[slot.layer]) for box, slot in zip(boxes, slots, strict=False)
        },
        lines=[_points(way, slots, tops, heights) for way in ways],
        width=max(slot.x + slot.width for slot in slots),
        height=y - _LAYER_GAP,
    )


def _points(
    way: Sequence[_Piece],
    slots: Sequence[_Slot],
    tops: Sequence[float],
    heights: Sequence[float],
) -> list[Point]:
    """Return the points of a line: through a layer that it passes it goes straight down."""
    points: list[Point] = []
    for piece in way:
        upper, lower = slots[piece.upper], slots[piece.lower]
        foot = upper.height or heights[upper.layer]
        points.append((upper.x + piece.start, tops[upper.layer] + foot))
        points.append((lower.x + piece.end, tops[lower.layer]))
    return points

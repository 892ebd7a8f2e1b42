"""Where boxes and lines of a graph stand."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from dagsterlite.render.layered import Box, Layout, Link, layers_of, place


def boxes(count: int) -> list[Box]:
    return [Box(str(number), 60.0 + number % 3 * 40, 40.0) for number in range(count)]


def link(source: int, target: int) -> Link:
    return Link(str(source), str(target), 30.0, 30.0)


def overlap(layout: Layout, one: Box, other: Box) -> bool:
    (x, y), (left, top) = layout.boxes[one.key], layout.boxes[other.key]
    beside = x + one.width <= left or left + other.width <= x
    return not beside and not (y + one.height <= top or top + other.height <= y)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Box], list[Link]]:
    count = draw(st.integers(1, 25))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    drawn = draw(st.lists(pairs.filter(lambda pair: pair[0] < pair[1]), max_size=50))
    return boxes(count), [link(*pair) for pair in drawn]


def test_nothing_takes_no_room() -> None:
    assert place([], []) == Layout(boxes={}, lines=(), width=0, height=0)


def test_each_box_stands_a_layer_below_the_lowest_that_leads_to_it() -> None:
    assert layers_of("abcd", [("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")]) == {
        "a": 0, "b": 1, "c": 2, "d": 1,
    }  # fmt: skip


def test_a_chain_is_straight() -> None:
    chain = [Box(str(number), 60.0, 40.0) for number in range(5)]
    layout = place(chain, [link(one, other) for one, other in pairwise(range(5))])

    assert {x for x, _ in layout.boxes.values()} == {0.0}
    assert all(x == 30.0 for line in layout.lines for x, _ in line)


def test_a_source_stands_just_above_the_first_that_takes_from_it() -> None:
    layout = place(boxes(4), [link(0, 1), link(1, 3), link(2, 3)])

    assert layout.boxes["2"][1] == layout.boxes["1"][1]


def test_two_lines_that_need_not_cross_do_not() -> None:
    layout = place(boxes(4), [link(0, 3), link(1, 2)])

    first, second = layout.lines
    assert (first[0][0] < second[0][0]) is (first[-1][0] < second[-1][0])


@given(graphs())
def test_boxes_never_overlap_and_lines_go_down(graph: tuple[list[Box], list[Link]]) -> None:
    placed, links = graph
    layout = place(placed, links)

    assert not any(overlap(layout, one, other) for one, other in combinations(placed, 2))
    for line in layout.lines:
        assert all(upper[1] <= lower[1] for upper, lower in pairwise(line))
        assert line[0][1] < line[-1][1]


@given(graphs())
def test_lines_begin_and_end_at_their_boxes_and_all_lies_within(
    graph: tuple[list[Box], list[Link]],
) -> None:
    placed, links = graph
    layout = place(placed, links)
    by_key = {box.key: box for box in placed}

    for one, line in zip(links, layout.lines, strict=True):
        x, y = layout.boxes[one.source]
        assert line[0] == (x + one.start, y + by_key[one.source].height)
        x, y = layout.boxes[one.target]
        assert line[-1] == (x + one.end, y)
    for box in placed:
        x, y = layout.boxes[box.key]
        assert 0 <= x <= layout.width - box.width + 1e-6
        assert 0 <= y <= layout.height - box.height + 1e-6

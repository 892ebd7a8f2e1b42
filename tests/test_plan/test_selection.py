from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite.errors import CheckError, DagsterInvalidSubsetError
from dagsterlite.plan.selection import Clause, parse_clause, select

# a -> b -> c -> d, and e -> c, and alone
CHAIN = {
    "a": set(),
    "b": {"a"},
    "e": set(),
    "c": {"b", "e"},
    "d": {"c"},
    "alone": set[str](),
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("name", Clause("name", 0, 0)),
        ("*name", Clause("name", None, 0)),
        ("name*", Clause("name", 0, None)),
        ("*name*", Clause("name", None, None)),
        ("+name", Clause("name", 1, 0)),
        ("++name+++", Clause("name", 2, 3)),
        ("*name+", Clause("name", None, 1)),
        ("  name+ ", Clause("name", 0, 1)),
        ("some.path.compute", Clause("some.path.compute", 0, 0)),
    ],
)
def test_a_query_names_a_node_and_the_levels_around_it(query: str, expected: Clause) -> None:
    assert parse_clause(query) == expected


@pytest.mark.parametrize("query", ["", "*", "+", "a*b", "*+a", "a+*", "**a", "a b*c"])
def test_a_text_that_is_no_query_is_refused_with_the_language_explained(query: str) -> None:
    with pytest.raises(
        DagsterInvalidSubsetError, match=r"is no selection. Write a name, with '\*'"
    ):
        parse_clause(query)


@pytest.mark.parametrize(
    ("queries", "expected"),
    [
        (["c"], ["c"]),
        (["*c"], ["a", "b", "e", "c"]),
        (["+c"], ["b", "e", "c"]),
        (["++c"], ["a", "b", "e", "c"]),
        (["a+"], ["a", "b"]),
        (["a++"], ["a", "b", "c"]),
        (["a*"], ["a", "b", "c", "d"]),
        (["*b+"], ["a", "b", "c"]),
        (["e+++++++++"], ["e", "c", "d"]),
        (["d", "a"], ["a", "d"]),
        (["+d", "alone"], ["c", "d", "alone"]),
        (["*"], list(CHAIN)),
        (("a",), ["a"]),
    ],
)
def test_queries_select_in_topological_order(queries: list[str], expected: list[str]) -> None:
    assert select(queries, CHAIN) == expected


def test_a_name_that_is_not_there_is_refused_with_a_near_one() -> None:
    with pytest.raises(DagsterInvalidSubsetError, match=r"No step is named 'alne'. Did you mean"):
        select(["a", "*alne"], CHAIN, "step")


def test_an_empty_selection_is_refused() -> None:
    with pytest.raises(DagsterInvalidSubsetError, match="selection of solids is empty"):
        select([], CHAIN)


@pytest.mark.parametrize("queries", ["a", 3, [1], [["a"]]])
def test_a_selection_that_is_no_list_of_texts_is_refused(queries: object) -> None:
    with pytest.raises(CheckError, match="must be a list of texts"):
        select(queries, CHAIN)  # type: ignore[arg-type]


def graphs() -> st.SearchStrategy[dict[str, set[str]]]:
    def build(seed: int, size: int) -> dict[str, set[str]]:
        rng = random.Random(seed)
        names = [f"n{i}" for i in range(size)]
        return {
            name: {other for other in names[:i] if rng.random() < 0.3}
            for i, name in enumerate(names)
        }

    return st.builds(build, st.integers(0, 10**6), st.integers(1, 12))


def mark(levels: int | None) -> str:
    return "*" if levels is None else "+" * levels


def distance(edges: Mapping[str, set[str]], start: str) -> dict[str, int]:
    found, front, level = {start: 0}, [start], 0
    while front:
        level += 1
        front = [t for n in front for t in edges[n] if t not in found]
        found.update(dict.fromkeys(front, level))
    return found


@given(graphs(), st.data())
def test_a_query_selects_what_is_within_its_distance(
    upstream: dict[str, set[str]], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(upstream)))
    up, down = (data.draw(st.integers(0, 4) | st.none()) for _ in range(2))
    query = f"{mark(up)}{name}{mark(down)}"
    downstream = {n: {m for m in upstream if n in upstream[m]} for n in upstream}
    above = {n for n, d in distance(upstream, name).items() if up is None or d <= up}
    below = {n for n, d in distance(downstream, name).items() if down is None or d <= down}
    assert set(select([query], upstream)) == above | below

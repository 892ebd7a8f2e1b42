from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite.plan.fuse import linear_chains

Needs = Mapping[str, frozenset[str]]


def consumers_of(needs: Needs) -> dict[str, list[str]]:
    return {source: [key for key in needs if source in needs[key]] for source in needs}


def chains(needs: Mapping[str, str], refused: str = "") -> list[str]:
    """Return the chains of steps of one letter, each given with those that it needs."""
    known = {key: frozenset(sources) for key, sources in needs.items()}
    found = linear_chains(known, known, consumers_of(known), lambda _, key: key not in refused)
    return ["".join(chain) for chain in found]


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ({}, []),
        ({"a": ""}, ["a"]),
        ({"a": "", "b": "a", "c": "b"}, ["abc"]),
        ({"a": "", "b": "a", "c": "a"}, ["a", "b", "c"]),
        ({"a": "", "b": "", "c": "ab", "d": "c"}, ["a", "b", "cd"]),
        ({"a": "", "x": "", "b": "a", "y": "x"}, ["ab", "xy"]),
        ({"a": "", "b": "a", "c": "b", "d": "b", "e": "cd"}, ["ab", "c", "d", "e"]),
    ],
)
def test_steps_in_a_row_are_one_chain(needs: dict[str, str], expected: list[str]) -> None:
    assert chains(needs) == expected


def test_a_step_that_may_not_follow_begins_a_chain() -> None:
    assert chains({"a": "", "b": "a", "c": "b", "d": "c"}, refused="c") == ["ab", "cd"]


def test_a_step_that_needs_one_of_elsewhere_begins_a_chain() -> None:
    needs = {"b": frozenset("a"), "c": frozenset("b")}
    assert linear_chains(needs, needs, consumers_of(needs), lambda *_: True) == [("b", "c")]


@st.composite
def graphs(draw: st.DrawFn) -> Needs:
    needs: dict[str, frozenset[str]] = {}
    for number in range(draw(st.integers(0, 12))):
        sources = (
            st.frozensets(st.sampled_from(sorted(needs)), max_size=2) if needs else st.just(())
        )
        needs[f"{number:02}"] = frozenset(draw(sources))
    return needs


@given(graphs())
def test_chains_part_the_steps_and_no_step_waits_for_more_than_before(needs: Needs) -> None:
    consumers = consumers_of(needs)
    found = linear_chains(needs, needs, consumers, lambda *_: True)

    assert sorted(key for chain in found for key in chain) == sorted(needs)
    for chain in found:
        for source, key in pairwise(chain):
            assert needs[key] == {source}
            assert consumers[source] == [key]
    # What could be longer is longer.
    ends = {chain[-1]: chain for chain in found}
    for chain in found:
        (source, *others) = sorted(needs[chain[0]]) or ("",)
        assert others or source not in ends or len(consumers[source]) > 1

"""What a run adds to a notebook before it executes it."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite_papermill.prepare import is_plain, parameters, prepared, without_leaving

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip


def cell(source: str, *tags: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": source,
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": ["old"],
        "execution_count": 7,
    }


def sources(notebook: dict[str, Any]) -> list[str]:
    return [one["source"].splitlines()[0] for one in notebook["cells"]]


ADDED = "# What the run gives to this notebook."
LEAVING = "dagsterlite_papermill.inside.leave_step()"


def test_parameters_follow_the_cell_that_is_tagged_so() -> None:
    notebook = {"cells": [cell("a"), cell("b", "parameters"), cell("c")], "nbformat": 4}

    assert sources(prepared(notebook, {}, (), None)) == ["a", "b", ADDED, "c", LEAVING]


def test_without_such_a_cell_they_come_first() -> None:
    assert sources(prepared({"cells": [cell("a")]}, {}, (), None)) == [ADDED, "a", LEAVING]


def test_what_an_earlier_run_left_is_taken_away() -> None:
    old = {"cells": [cell("old", "injected-parameters"), cell("a")]}
    made = prepared(old, {}, (), None)

    assert sources(made) == [ADDED, "a", LEAVING]
    assert all(one["outputs"] == [] and one["execution_count"] is None for one in made["cells"])
    assert old["cells"][1]["outputs"] == ["old"]


def test_the_cell_at_the_end_is_not_kept() -> None:
    made = prepared({"cells": [cell("a")]}, {}, (), None)

    assert sources(without_leaving(made)) == [ADDED, "a"]


def test_small_plain_inputs_are_written_and_others_asked_for() -> None:
    day = dt.date(2013, 1, 1)
    code = parameters({"rows": [1, 2], "day": day, "long": "x" * 500}, (), None).splitlines()

    assert code[-3:] == [
        "rows = [1, 2]",
        "day = context.inputs['day']",
        "long = context.inputs['long']",
    ]


def test_config_is_never_written() -> None:
    code = parameters({}, ["password"], None)

    assert code.endswith("password = context.solid_config.get('password')")
    assert parameters({}, (), "config").endswith("config = context.solid_config")


@given(PLAIN)
def test_what_is_plain_is_read_as_it_is_written(value: Any) -> None:
    assert is_plain(value)
    assert eval(repr(value)) == value


class Rows(list):  # type: ignore[type-arg]
    pass


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, (1,), {1}, b"x", Rows(), [object()], {"a": Rows()}]
)
def test_other_values_are_not_plain(value: Any) -> None:
    assert not is_plain(value)

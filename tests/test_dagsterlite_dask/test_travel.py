"""How values go from one worker to another, and what becomes of those that cannot."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from distributed.protocol.serialize import (
    deserialize,
    deserialize_bytes,
    serialize,
    serialize_bytes,
)

from dagsterlite.errors import DagsterStorageError
from dagsterlite_dask.messages import StepResult
from dagsterlite_dask.travel import Unreadable, value_at

PLACE = ("result", None)


class Unwritable:
    def __reduce__(self) -> Any:
        raise ValueError("stays here")


class Misread:
    def __reduce__(self) -> Any:
        return (int, ("no number",))


def result_of(value: Any) -> StepResult:
    return StepResult(receipt=None, values={PLACE: value}, ended=3.0)


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a list"])
def test_the_memory_of_an_array_is_sent_as_it_is_beside_the_pickle(inside: bool) -> None:
    array = np.arange(100_000)
    header, frames = serialize(result_of([array] if inside else array))

    large = [frame for frame in frames if memoryview(frame).nbytes >= array.nbytes]
    assert [np.shares_memory(np.frombuffer(one, array.dtype), array) for one in large] == [True]
    assert sum(memoryview(frame).nbytes for frame in frames) < array.nbytes + 2_000

    there = deserialize(header, frames).values[PLACE]
    assert (there[0] if inside else there).tolist() == array.tolist()


@pytest.mark.parametrize("protocol", [4, 5])
def test_a_result_is_the_same_after_any_pickling(protocol: int) -> None:
    result = result_of({"a": (1, "b"), "c": None})

    there = pickle.loads(pickle.dumps(result, protocol))

    assert there == result
    assert there.ended == 3.0


def test_a_result_that_was_spilled_is_read_back() -> None:
    array = np.ones((100, 100))

    there = deserialize_bytes(serialize_bytes(result_of(array)))

    assert (there.values[PLACE] == array).all()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Unwritable(), "it cannot be written: ValueError: stays here"),
        (Misread(), "it cannot be read there: ValueError: invalid literal for int()"),
    ],
)
def test_a_value_that_cannot_travel_leaves_the_others_as_they_are(value: Any, reason: str) -> None:
    result = StepResult(receipt=None, values={PLACE: value, ("other", "key"): [1]})

    there = pickle.loads(pickle.dumps(result, 5))

    assert there.values["other", "key"] == [1]
    assert isinstance(there.values[PLACE], Unreadable)
    with pytest.raises(DagsterStorageError, match=r"Output 'result' of step 'a\.compute' did not"):
        value_at(there.values, PLACE, "a.compute")
    assert reason in there.values[PLACE].reason


def test_what_stands_for_a_lost_value_travels_on() -> None:
    lost = pickle.loads(pickle.dumps(result_of(Misread()), 5))

    assert pickle.loads(pickle.dumps(lost, 5)) == lost

"""What a driver knows of the workers that store what steps have handed on."""

from __future__ import annotations

import pytest

from dagsterlite_dask.storing import Storing

HERE, THERE = "tcp://1.2.3.4:1", "tcp://1.2.3.4:2"


@pytest.fixture
def storing() -> Storing:
    found = Storing()
    assert found.note("a", HERE) == []
    assert found.note("b", THERE) == []
    return found


def test_a_worker_is_waited_for_until_its_step_has_its_end(storing: Storing) -> None:
    assert storing.is_waited_for("a")

    storing.forget("a")
    assert not storing.is_waited_for("a")
    assert not storing.is_given_up("a")
    assert storing.give_up([HERE]) == []


def test_a_worker_that_is_gone_is_not_waited_for_and_that_is_told(storing: Storing) -> None:
    (told,) = storing.give_up([HERE])

    assert told.startswith(f'Step "a" came to its end, but worker {HERE} did not tell')
    assert (storing.is_waited_for("a"), storing.is_given_up("a")) == (False, True)
    assert (storing.is_waited_for("b"), storing.is_given_up("b")) == (True, False)


def test_of_all_workers_only_those_that_are_there_are_waited_for(storing: Storing) -> None:
    assert len(storing.give_up_others({HERE: None})) == 1
    assert (storing.is_waited_for("a"), storing.is_given_up("b")) == (True, True)


def test_a_step_that_nobody_stores_is_given_up_at_once(storing: Storing) -> None:
    (told,) = storing.note("c", "")

    assert "worker that it ran on did not tell" in told
    assert storing.is_given_up("c")


def test_a_step_that_runs_again_is_waited_for_again(storing: Storing) -> None:
    storing.give_up([HERE])
    assert storing.note("a", THERE) == []

    assert (storing.is_waited_for("a"), storing.is_given_up("a")) == (True, False)

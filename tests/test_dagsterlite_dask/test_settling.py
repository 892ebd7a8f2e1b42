"""What is done about tasks that have ended without a word, and about a scheduler that hangs."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from dagsterlite import InputDefinition, create_execution_plan, pipeline, solid
from dagsterlite.errors import DagsterClusterLostError
from dagsterlite.events.receipt import Receipt, StepOutcome
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite_dask import driver
from dagsterlite_dask.follow import Following
from dagsterlite_dask.graph import Again
from dagsterlite_dask.lookout import WATCH_SECONDS, Lookout
from dagsterlite_dask.messages import StepEnd, StepMessage
from dagsterlite_dask.placement import Offer, placement_of
from dagsterlite_dask.recording import Recording
from dagsterlite_dask.settling import Settling
from dagsterlite_dask.submissions import Submissions


@solid
def first(_context):
    return 1


@solid(input_defs=[InputDefinition("x")])
def then(_context, x):
    return x


@pipeline
def chain():
    then.alias("b")(first.alias("a")())


# --- tasks that have ended ---


class Looked(Mapping[str, Receipt]):
    """Receipts that are looked up one by one: there may be many."""

    def __init__(self) -> None:
        self.held: dict[str, Receipt] = {}

    def __getitem__(self, key: str) -> Receipt:
        return self.held[key]

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("all receipts are gone through")

    def __len__(self) -> int:
        raise AssertionError("all receipts are counted")


def give(receipts: Looked, key: str, outcome: StepOutcome) -> None:
    receipts.held[key] = Receipt(run_id="r", step_key=key, attempt_id="x", outcome=outcome)


def settled(receipts: Looked, **ended: list[str]) -> list[str]:
    """Return the steps that fail for what became of their tasks."""
    failed: list[str] = []

    def fail(key: str, _error: Exception) -> Iterator[Any]:
        failed.append(key)
        give(receipts, key, StepOutcome.FAILURE)
        yield from ()

    statuses = {"error": [], "cancelled": [], "finished": [], **ended}
    nothing: Any = None
    submissions: Any = SimpleNamespace(by_status=lambda: statuses)
    asking: Any = SimpleNamespace(is_late=lambda *_: True)
    recording: Any = SimpleNamespace(fail=fail)
    settling = Settling(
        nothing,
        GrowingPlan(create_execution_plan(chain)),
        receipts,
        submissions=submissions,
        asking=asking,
        recording=recording,
        values=None,
        last_of=lambda _: None,
    )
    assert list(settling.settle(0.0)) == []
    return failed


def test_a_step_whose_task_was_taken_away_fails_unless_it_has_its_end() -> None:
    receipts = Looked()
    give(receipts, "a.compute", StepOutcome.SUCCESS)

    assert settled(receipts, cancelled=["a.compute", "b.compute"]) == ["b.compute"]
    assert receipts["a.compute"].outcome is StepOutcome.SUCCESS


def test_no_step_fails_before_those_that_it_needs_have_their_end() -> None:
    assert settled(Looked(), cancelled=["b.compute"], finished=["b.compute"]) == []
    assert settled(Looked(), cancelled=["b.compute", "a.compute"]) == ["a.compute", "b.compute"]


# --- tasks that Dask runs again ---


def test_a_copy_that_asks_for_a_retry_when_that_runs_already_is_not_heeded() -> None:
    taken_off: list[tuple[str, Again]] = []

    class Noted(Submissions):
        def take_off(self, key: str, due: float, again: Again) -> list[str]:
            taken_off.append((key, again))
            return []

    context: Any = SimpleNamespace(run_context=None)
    nothing: Any = None
    submissions = object.__new__(Noted)
    recording = Recording(
        context,
        nothing,
        following=Following({"a": frozenset()}),
        submissions=submissions,
        asking=nothing,
        commits=None,
    )

    def told_after(again: Again | None, retry_number: int) -> list[tuple[str, Again]]:
        taken_off.clear()
        vars(submissions).update(_told={"a": again})
        receipt = Receipt(
            run_id="r",
            step_key="a",
            attempt_id="x",
            outcome=StepOutcome.UP_FOR_RETRY,
            retry_number=retry_number,
        )
        end = StepEnd(receipt=receipt, counts={})
        assert list(recording.hear([StepMessage((), end)])) == []
        return taken_off

    assert told_after(None, 0) == [("a", (1, False))]
    assert told_after((1, False), 0) == []
    assert told_after((1, False), 1) == [("a", (2, False))]
    # After a loss a task starts from what is noted of the step, whatever was told before.
    assert told_after((0, True), 0) == [("a", (1, False))]


# --- a scheduler that hangs ---


class Scheduler:
    """The run's side of a cluster whose scheduler answers as it is told."""

    is_joined = True
    answer: dict[str, Offer] | None = None

    def offers(self) -> dict[str, Offer] | None:
        return self.answer

    def sights(self) -> None:
        return None

    def lost(self) -> DagsterClusterLostError:
        return DagsterClusterLostError("it is gone")


def test_a_scheduler_that_does_not_say_who_is_there_is_asked_again_and_given_its_time() -> None:
    checked: list[list[str]] = []
    preflight: Any = SimpleNamespace(
        check_workers=lambda workers, _seconds: checked.append(sorted(workers))
    )
    scheduler: Any = Scheduler()
    old, new = {"tcp://a": Offer({}, "a")}, {"tcp://b": Offer({}, "b")}
    lookout = Lookout(scheduler, preflight, old, place=placement_of, seconds=100.0)
    lookout.note_change()

    assert not lookout.renew()
    assert lookout.workers == old
    scheduler.answer = old | new
    assert lookout.renew()
    assert lookout.workers == old | new
    assert checked == [["tcp://b"]]
    assert not lookout.renew()


def test_a_scheduler_that_hangs_is_given_up_in_its_time() -> None:
    scheduler: Any = Scheduler()
    nothing: Any = None
    lookout = Lookout(scheduler, nothing, {}, place=placement_of, seconds=100.0)
    now = lookout._watch_at

    def look(after: float) -> list[str]:
        lookout.note_change()
        assert not lookout.renew()
        news = lookout.look_at_trouble(lambda _: [], lambda _: False, now + after)
        return [text for text, _ in news]

    assert look(0.0) == ["The run waits for the Dask scheduler: it does not answer."]
    assert look(100.0 - WATCH_SECONDS) != []
    with pytest.raises(DagsterClusterLostError):
        look(100.0)


# --- how often ---


def test_looks_take_a_small_part_of_the_drivers_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(driver, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    messages = queue.Queue[Any]()

    def look_at_workers(*_: Any) -> list[Any]:
        clock[0] += 0.2
        return []

    looking = object.__new__(driver.Driver)
    vars(looking).update(
        _look_at=0.0,
        _session=SimpleNamespace(is_lost=False, messages=messages),
        _lookout=SimpleNamespace(
            renew=lambda: False,
            look_at_workers=look_at_workers,
            look_at_trouble=lambda *_: [],
        ),
        _submissions=SimpleNamespace(steps=list, open_steps=None),
        _following=SimpleNamespace(has_started=None),
        _settling=SimpleNamespace(settle=lambda _: []),
    )

    list(looking._look())
    assert looking._look_at == pytest.approx(100.2 + 20 * 0.2)

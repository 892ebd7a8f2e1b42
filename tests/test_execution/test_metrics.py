"""What each attempt of a step cost, as its last event tells it."""

from __future__ import annotations

import threading
import time
from mmap import PAGESIZE, mmap

import psutil  # type: ignore[import-untyped]
import pytest

from dagsterlite import InputDefinition, RetryRequested, execute_pipeline, pipeline, solid
from dagsterlite.events.fold import fold
from dagsterlite.events.metrics import StepMetrics
from dagsterlite.execution import peak_memory
from dagsterlite.execution.peak_memory import PeakMemory
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.instance import DagsterInstance
from dagsterlite.serdes import from_json, to_json
from tests.event_lists import logged

MUCH = 300_000_000


def metrics_of(result: PipelineExecutionResult, name: str) -> list[StepMetrics]:
    data = [e.event_specific_data for e in result.events_by_step_key[f"{name}.compute"]]
    return [d.metrics for d in data if getattr(d, "metrics", None) is not None]  # type: ignore[union-attr,misc]


def allocate(size: int = MUCH) -> None:
    """Use memory of the system's own: what malloc has at hand would raise no peak."""
    if size:
        with mmap(-1, size) as memory:
            for page in range(0, size, PAGESIZE):
                memory[page] = 1


@solid
def takes_much(_context):
    allocate()


@solid(input_defs=[InputDefinition("value")])
def takes_nothing(_context, value):
    return value


@solid
def computes(_context):
    until = time.thread_time() + 0.05
    while time.thread_time() < until:
        pass


@solid
def waits(_context):
    threading.Event().wait(0.05)


@solid
def comes_at_last(context):
    if context.retry_number < 2:
        allocate(0 if context.retry_number else MUCH)
        raise RetryRequested(max_retries=2)


@solid
def fails(_context):
    allocate()
    raise ValueError("no")


@pipeline
def hungry():
    takes_nothing(takes_much())


@pipeline
def several():
    computes()
    waits()
    comes_at_last()
    fails()


def test_a_step_that_takes_memory_tells_of_it_and_the_next_one_does_not() -> None:
    before = psutil.Process().memory_info().rss
    result = execute_pipeline(hungry)

    (much,), (nothing,) = metrics_of(result, "takes_much"), metrics_of(result, "takes_nothing")
    assert much.peak_memory is not None
    assert nothing.peak_memory is not None
    assert much.peak_memory >= MUCH
    assert nothing.peak_memory < before + MUCH / 2
    assert not much.shared


def test_each_attempt_is_told_of_also_those_that_failed() -> None:
    result = execute_pipeline(several, raise_on_error=False)

    first, second, third = metrics_of(result, "comes_at_last")
    assert (first.peak_memory or 0) >= MUCH
    assert (second.peak_memory or 0) < (first.peak_memory or 0) - MUCH / 2
    assert third.worker == ""
    (failed,) = metrics_of(result, "fails")
    assert (failed.peak_memory or 0) >= MUCH


def test_cpu_time_is_what_was_computed_and_wall_time_what_went_by() -> None:
    result = execute_pipeline(several, raise_on_error=False)

    (computed,), (waited,) = metrics_of(result, "computes"), metrics_of(result, "waits")
    assert computed.wall_seconds >= computed.cpu_seconds - 0.001
    assert computed.cpu_seconds >= 0.05
    assert waited.wall_seconds >= 0.05
    assert waited.cpu_seconds < waited.wall_seconds


def test_the_fold_adds_up_the_attempts_of_a_step() -> None:
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(several, instance=instance, raise_on_error=False)
        step = fold(logged(instance)).steps["comes_at_last.compute"]

    told = metrics_of(result, "comes_at_last")
    assert list(step.metrics) == told
    assert step.cpu_seconds == sum(m.cpu_seconds for m in told)
    assert step.most_memory == told[0]
    assert step.workers == ()


def test_metrics_are_stored_and_not_compared() -> None:
    result = execute_pipeline(hungry)
    event = next(e for e in result.event_list if e.is_step_success)

    back = from_json(to_json(event))
    assert back == event
    assert back.step_success_data.metrics == event.step_success_data.metrics is not None
    assert fold([]).steps == {}


def test_stretches_that_overlap_are_marked_and_each_has_its_own_peak() -> None:
    memory = PeakMemory()
    outer = memory.begin()
    allocate()
    inner = memory.begin()
    memory.look()
    memory.end(inner)
    memory.end(outer)
    after = memory.begin()
    memory.look()
    memory.end(after)

    assert outer.peak >= MUCH
    assert inner.peak < outer.peak - MUCH / 2
    assert (outer.is_shared, inner.is_shared, after.is_shared) == (True, True, False)


def test_where_the_peak_cannot_be_set_back_only_a_new_one_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peaks = iter([100, 100, 100, 100, 250, 250, 250])
    monkeypatch.setattr(peak_memory, "_set_back", lambda: False)
    monkeypatch.setattr(peak_memory, "_life_peak", lambda: next(peaks))
    memory = PeakMemory()

    stretches = [memory.begin()]
    memory.look()
    memory.end(stretches[0])
    stretches.append(memory.begin())
    memory.look()
    memory.end(stretches[1])
    stretches.append(memory.begin())
    memory.look()

    assert [stretch.peak for stretch in stretches] == [0, 250, 0]


def test_a_peak_that_another_program_left_to_the_process_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peaks = iter([900_000_000, 900_000_000, 950_000_000])
    monkeypatch.setattr(peak_memory, "_life_peak", lambda: next(peaks))
    monkeypatch.setattr(peak_memory, "_peak_in_status", lambda: 50_000_000)
    memory = PeakMemory()
    stretch = memory.begin()

    memory.look()
    assert stretch.peak == 50_000_000
    memory.look()
    assert stretch.peak == 950_000_000

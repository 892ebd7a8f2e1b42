"""Executors that users write, on the documents alone."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from dagsterlite import (
    DagsterInstance,
    DagsterInvariantViolationError,
    DagsterRunCanceledError,
    DagsterRunStatus,
    DagsterStepExecutionFailed,
    Executor,
    InitExecutorContext,
    ModeDefinition,
    RetryMode,
    RetryRequested,
    composite_solid,
    default_executors,
    execute_pipeline,
    execute_plan,
    execute_plan_iterator,
    executor,
    in_process_executor,
    pipeline,
    resource,
    solid,
)
from dagsterlite.config import Int
from dagsterlite.events.payloads import PipelineFailureData
from tests.event_lists import assert_gap_free, logged, of_step
from tests.test_execution.test_random_pipelines import Node, expect, graphs, pipeline_of

QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class LevelExecutor(Executor):
    """Executes a level of the plan after the other."""

    def __init__(self, retries=RetryMode.ENABLED):
        self._retries = retries

    @property
    def retries(self):
        return self._retries

    def execute(self, plan_context, execution_plan):
        for level in execution_plan.get_steps_to_execute_by_level():
            for step in level:
                yield from plan_context.execute_plan(execution_plan.build_subset_plan([step.key]))


@executor(name="by_level")
def level_executor(_init_context):
    return LevelExecutor()


class ThreadExecutor(Executor):
    """Executes each step in a thread of a pool, as soon as those that it needs have ended."""

    def __init__(self, threads):
        self._threads = threads

    @property
    def retries(self):
        return RetryMode.ENABLED

    def execute(self, plan_context, execution_plan):
        waiting = {step.key: set(step.upstream_keys()) for step in execution_plan.steps}
        running: dict[Future[Any], str] = {}

        def run(key):
            return list(plan_context.execute_plan(execution_plan.build_subset_plan([key])))

        with ThreadPoolExecutor(self._threads) as pool:
            while waiting or running:
                for key in [key for key, needed in waiting.items() if not needed]:
                    del waiting[key]
                    running[pool.submit(run, key)] = key
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    ended = running.pop(future)
                    for needed in waiting.values():
                        needed.discard(ended)
                    yield from future.result()


@executor(name="threads", config_schema={"threads": Int})
def thread_executor(init_context):
    return ThreadExecutor(init_context.executor_config["threads"])


MODE = ModeDefinition(executor_defs=[in_process_executor, level_executor, thread_executor])

EXECUTIONS: list[dict[str, Any]] = [
    {"in_process": {}},
    {"by_level": {}},
    {"threads": {"config": {"threads": 3}}},
]
each_executor = pytest.mark.parametrize("execution", EXECUTIONS, ids=lambda e: next(iter(e)))


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every mode offer the executors of these tests."""
    more = [*default_executors, level_executor, thread_executor]
    monkeypatch.setattr("dagsterlite.execution.defaults.default_executors", more)


@each_executor
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(nodes=graphs())
@pytest.mark.usefixtures("offered")
def test_a_random_pipeline_runs_on_a_custom_executor_as_the_model_says(
    nodes: list[Node], execution: dict[str, Any], offered: None
) -> None:
    expected = expect(nodes)
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(
            pipeline_of(nodes),
            {**QUIET, "execution": execution},
            instance=instance,
            raise_on_error=False,
        )
        assert_gap_free(logged(instance))
    found = Counter(
        (event.event_type_value, event.step_key)
        for event in result.event_list
        if event.step_key is not None
    )
    assert found == expected.events
    for name, value in expected.values.items():
        assert result.output_for_solid(name) == value


@solid
def one(_context):
    return 1


@solid
def add_one(_context, number):
    return number + 1


@solid
def fails(_context):
    raise ValueError("no")


@composite_solid
def adds_two(number):
    return add_one.alias("second")(add_one.alias("first")(number))


@each_executor
def test_composites_and_resources_work_on_a_custom_executor(execution: dict[str, Any]) -> None:
    life: list[str] = []

    @resource
    def base(_context):
        life.append("made")
        yield 40
        life.append("gone")

    @solid(required_resource_keys={"base"})
    def from_base(context):
        return context.resources.base

    mode = ModeDefinition(resource_defs={"base": base}, executor_defs=MODE.executor_defs)

    @pipeline(mode_defs=[mode])
    def numbers():
        adds_two(from_base())
        from_base.alias("again")()

    result = execute_pipeline(numbers, {**QUIET, "execution": execution})

    assert result.output_for_solid("adds_two") == 42
    assert life == ["made", "gone"]


@each_executor
def test_what_a_step_raises_is_raised_on_by_a_custom_executor(execution: dict[str, Any]) -> None:
    @pipeline(mode_defs=[MODE])
    def failing():
        add_one(fails())

    with pytest.raises(ValueError, match="no"):
        execute_pipeline(failing, {**QUIET, "execution": execution})


def test_steps_of_a_pool_run_at_the_same_time() -> None:
    both_run = threading.Barrier(2, timeout=60)

    @solid
    def meets(_context):
        both_run.wait()

    @pipeline(mode_defs=[MODE])
    def meeting():
        meets.alias("a")()
        meets.alias("b")()

    execution = {"threads": {"config": {"threads": 2}}}
    assert execute_pipeline(meeting, {**QUIET, "execution": execution}).success


def test_a_run_on_a_custom_executor_is_canceled_in_the_midst_of_its_steps() -> None:
    instance = DagsterInstance.ephemeral()
    cleaned: list[str] = []
    both_run = threading.Barrier(2, timeout=60)

    @solid
    def waits(context):
        try:
            both_run.wait()
            context.instance.request_cancel(context.run_id)
            while True:
                threading.Event().wait(0.01)
        finally:
            cleaned.append(context.step_key)

    @pipeline(mode_defs=[MODE])
    def waiting():
        waits.alias("a")()
        add_one(waits.alias("b")())

    execution = {"threads": {"config": {"threads": 2}}}
    with pytest.raises(DagsterRunCanceledError):
        execute_pipeline(waiting, {**QUIET, "execution": execution}, instance=instance)

    assert sorted(cleaned) == ["a.compute", "b.compute"]
    (run,) = instance.get_runs()
    assert run.status is DagsterRunStatus.CANCELED


# --- retries -------------------------------------------------------------------------------------


class DefersRetries(Executor):
    """Tries steps again itself, when all others have ended."""

    @property
    def retries(self):
        return RetryMode.DEFERRED

    def execute(self, plan_context, execution_plan):
        keys = list(execution_plan.step_keys_to_execute)
        for key in keys:
            for event in plan_context.execute_plan(execution_plan.build_subset_plan([key])):
                yield event
                if event.is_step_up_for_retry:
                    keys.append(key)


@executor
def defers_retries(_init_context):
    return DefersRetries()


@solid
def retries_twice(context):
    if context.retry_number < 2:
        raise RetryRequested(max_retries=2)
    return context.retry_number


def test_an_executor_may_itself_decide_when_a_step_is_tried_again() -> None:
    @pipeline(mode_defs=[ModeDefinition(executor_defs=[defers_retries])])
    def retrying():
        retries_twice()
        one()

    result = execute_pipeline(retrying, QUIET)

    assert result.output_for_solid("retries_twice") == 2
    assert of_step(result, "retries_twice") == [
        "STEP_START",
        "STEP_UP_FOR_RETRY",
        "STEP_RESTARTED",
        "STEP_UP_FOR_RETRY",
        "STEP_RESTARTED",
        "STEP_OUTPUT",
        "OBJECT_STORE_OPERATION",
        "STEP_SUCCESS",
    ]


def test_an_executor_that_disables_retries_has_steps_fail() -> None:
    @executor
    def never_again(_init_context):
        return LevelExecutor(RetryMode.DISABLED)

    @pipeline(mode_defs=[ModeDefinition(executor_defs=[never_again])])
    def retrying():
        retries_twice()

    result = execute_pipeline(retrying, QUIET, raise_on_error=False)

    assert of_step(result, "retries_twice") == ["STEP_START", "STEP_FAILURE"]


def test_the_modes_of_retries() -> None:
    enabled, disabled, deferred = RetryMode.ENABLED, RetryMode.DISABLED, RetryMode.DEFERRED

    assert [mode.enabled for mode in (enabled, disabled, deferred)] == [True, False, False]
    assert [mode.disabled for mode in (enabled, disabled, deferred)] == [False, True, False]
    assert [mode.deferred for mode in (enabled, disabled, deferred)] == [False, False, True]


# --- executors that go wrong ---------------------------------------------------------------------


class Backwards(LevelExecutor):
    def execute(self, plan_context, execution_plan):
        for step in reversed(execution_plan.steps):
            yield from plan_context.execute_plan(execution_plan.build_subset_plan([step.key]))


class Lazy(LevelExecutor):
    def execute(self, plan_context, execution_plan) -> Iterator[Any]:
        first = execution_plan.steps[0].key
        yield from plan_context.execute_plan(execution_plan.build_subset_plan([first]))


def executing(made: Any) -> Any:
    @executor(name="made")
    def make(_init_context):
        return made

    @pipeline(mode_defs=[ModeDefinition(executor_defs=[make])])
    def numbers():
        add_one(one())

    return numbers


def test_a_step_before_those_that_it_needs_is_refused() -> None:
    with pytest.raises(DagsterInvariantViolationError, match=r"Step 'one\.compute' is needed"):
        execute_pipeline(executing(Backwards()), QUIET)


def test_a_run_whose_executor_leaves_steps_out_is_no_success() -> None:
    result = execute_pipeline(executing(Lazy()), QUIET, raise_on_error=False)

    assert result.status is DagsterRunStatus.FAILURE


def test_steps_that_an_executor_leaves_out_are_told_and_raised() -> None:
    instance = DagsterInstance.ephemeral()

    with pytest.raises(DagsterInvariantViolationError, match=r"'made' .*'add_one\.compute'"):
        execute_pipeline(executing(Lazy()), QUIET, instance=instance)

    last = logged(instance)[-1].dagster_event
    assert last is not None
    data = last.event_specific_data
    assert isinstance(data, PipelineFailureData)
    assert data.error is not None
    assert "'add_one.compute'" in data.error.message


class Silent(LevelExecutor):
    def execute(self, plan_context, execution_plan) -> Iterator[Any]:
        list(plan_context.execute_plan(execution_plan))
        return iter(())


def test_an_executor_that_keeps_the_events_to_itself_does_not_succeed() -> None:
    with pytest.raises(DagsterInvariantViolationError, match=r"'one\.compute'.*yield the events"):
        execute_pipeline(executing(Silent()), QUIET)


class Says(LevelExecutor):
    """Gives in place of events what it is made with."""

    def __init__(self, given: Any) -> None:
        super().__init__()
        self._given = given

    def execute(self, _plan_context, _execution_plan) -> Any:
        return self._given


@pytest.mark.parametrize(
    ("given", "found"),
    [(None, "returned None of type NoneType"), (["done"], "yielded 'done' of type str")],
)
def test_an_executor_that_gives_no_events_is_named(given: Any, found: str) -> None:
    with pytest.raises(DagsterInvariantViolationError, match=f"Executor 'made' {found}"):
        execute_pipeline(executing(Says(given)), QUIET)

    result = execute_pipeline(executing(Says(given)), QUIET, raise_on_error=False)
    assert result.status is DagsterRunStatus.FAILURE


class ByPublicFunctions(LevelExecutor):
    """Executes parts of its plan by a function that raises nothing of its steps."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self._function = function

    def execute(self, plan_context, execution_plan) -> Iterator[Any]:
        run, instance = plan_context.pipeline_run, plan_context.instance
        for step in execution_plan.steps:
            part = execution_plan.build_subset_plan([step.key])
            yield from self._function(part, pipeline_run=run, instance=instance)


@pytest.mark.parametrize("function", [execute_plan, execute_plan_iterator])
def test_steps_that_failed_in_parts_that_do_not_raise_are_raised_at_the_end(function: Any) -> None:
    @executor(name="made")
    def make(_init_context):
        return ByPublicFunctions(function)

    @pipeline(mode_defs=[ModeDefinition(executor_defs=[make])])
    def failing():
        add_one(fails())
        one()
        fails.alias("too")()

    with pytest.raises(DagsterStepExecutionFailed) as caught:
        execute_pipeline(failing, QUIET)

    assert sorted(caught.value.errors) == ["fails.compute", "too.compute"]
    assert isinstance(caught.value.__cause__, ValueError)
    result = execute_pipeline(failing, QUIET, raise_on_error=False)
    assert result.output_for_solid("one") == 1


def test_what_is_no_executor_is_refused() -> None:
    with pytest.raises(DagsterInvariantViolationError, match="must return an Executor"):
        execute_pipeline(executing(5), QUIET)


# --- what an executor is made with ---------------------------------------------------------------


def test_an_executor_knows_the_run_that_it_is_made_for() -> None:
    contexts: list[InitExecutorContext] = []

    @executor(
        name="mine",
        config_schema={"threads": Int},
        required_resource_keys={"pool"},
    )
    def mine(init_context):
        contexts.append(init_context)
        return LevelExecutor()

    @resource
    def pool(_context):
        return "the pool"

    mode = ModeDefinition("m", resource_defs={"pool": pool}, executor_defs=[mine])

    @pipeline(mode_defs=[mode])
    def numbers():
        one()

    instance = DagsterInstance.ephemeral()
    config = {**QUIET, "execution": {"mine": {"config": {"threads": 2}}}}
    result = execute_pipeline(numbers, config, instance=instance)

    (context,) = contexts
    assert context.job is context.pipeline
    assert context.job.get_definition().name == "numbers"
    assert context.executor_def is mine
    assert context.executor_config == {"threads": 2}
    assert context.instance is instance
    assert context.mode_def is mode
    assert context.pipeline_run.run_id == result.run_id
    assert context.environment_config.mode == "m"
    assert context.intermediate_storage_def.name == "in_memory"
    assert context.resources.pool == "the pool"

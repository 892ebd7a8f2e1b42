from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    CheckError,
    DagsterEvent,
    DagsterInstance,
    DagsterInvalidConfigError,
    DagsterRunConflict,
    DagsterRunNotFoundError,
    DagsterStepNotStoredError,
    ExecutionPlan,
    Executor,
    ModeDefinition,
    Output,
    OutputDefinition,
    PlanOrchestrationContext,
    RetryMode,
    RetryRequested,
    create_execution_plan,
    execute_pipeline,
    execute_plan,
    execute_plan_iterator,
    executor,
    load_run_result,
    pipeline,
    reconstructable,
    resource,
    solid,
)
from tests.event_lists import assert_gap_free, kinds, logged, told
from tests.test_execution import pipelines_to_find

FILES: dict[str, Any] = {"intermediate_storage": {"filesystem": {}}}


class LevelByLevel(Executor):
    """What the documents show of a custom executor: a series of sub plan executions."""

    @property
    def retries(self) -> RetryMode:
        return RetryMode.DISABLED

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[DagsterEvent]:
        for level in execution_plan.get_steps_to_execute_by_level():
            for step in level:
                part = execution_plan.build_subset_plan([step.key])
                yield from execute_plan_iterator(
                    part, plan_context.pipeline_run, plan_context.instance
                )


@executor(name="level_by_level")
def level_by_level(_init_context):
    return LevelByLevel()


MADE: list[str] = []


@resource
def tool(_init_context):
    MADE.append("made")
    yield 100
    MADE.append("torn down")


@solid(
    config_schema={"fails": bool},
    output_defs=[OutputDefinition(int, "some"), OutputDefinition(int, "none", is_required=False)],
)
def start(context):
    if context.solid_config["fails"]:
        raise ValueError("start")
    yield Output(1, "some")


@solid(required_resource_keys={"tool"})
def use(context, x: int) -> int:
    total: int = x + context.resources.tool
    return total


@solid
def never(_context, x: int) -> int:
    raise NotImplementedError


@solid
def last(_context, x: int) -> int:
    return x * 2


@pipeline(
    mode_defs=[
        ModeDefinition(resource_defs={"tool": tool}),
        ModeDefinition("custom", resource_defs={"tool": tool}, executor_defs=[level_by_level]),
    ]
)
def graph():
    some, none = start()
    last(use(some))
    never(none)


def config(*, fails: bool = False, **more: Any) -> dict[str, Any]:
    return {"solids": {"start": {"config": {"fails": fails}}}, **more}


def step_events(events: list[DagsterEvent]) -> list[str]:
    return sorted(told(e for e in events if e.step_key and e.event_type_value != "ENGINE_EVENT"))


@pytest.mark.parametrize("fails", [False, True])
def test_a_custom_executor_makes_the_run_that_ours_makes(*, fails: bool) -> None:
    results = []
    for mode in ("custom", "default"):
        instance = DagsterInstance.ephemeral()
        result = execute_pipeline(
            graph, config(fails=fails), mode, instance=instance, raise_on_error=False
        )
        assert_gap_free(logged(instance))
        results.append(result)
    custom, ours = results
    assert custom.success is ours.success is not fails
    assert step_events(custom.event_list) == step_events(ours.event_list)
    if not fails:
        assert custom.output_for_solid("last") == 202
        assert custom.result_for_solid("never").skipped


def test_resources_are_made_for_the_steps_of_a_part_and_torn_down() -> None:
    MADE.clear()
    assert execute_pipeline(graph, config(), "custom").success
    assert MADE == ["made", "torn down"]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        yield instance


def step_by_step(
    instance: DagsterInstance, names: list[str], run_config: dict[str, Any]
) -> tuple[str, list[DagsterEvent]]:
    """Execute steps as an outside scheduler does: each by a call of its own."""
    run = instance.create_run_for_pipeline(graph, run_config=run_config, mode="default")
    plan = create_execution_plan(graph, run_config, "default")
    events: list[DagsterEvent] = []
    for name in names:
        events += execute_plan(plan.build_subset_plan([name]), instance, run)
    return run.run_id, events


NAMES = ["start", "use", "never", "last"]


def test_steps_are_executed_by_calls_of_their_own(instance: DagsterInstance) -> None:
    run_id, events = step_by_step(instance, NAMES, config(**FILES))
    assert [line for line in told(events) if line.startswith(("STEP_SUC", "STEP_SKI"))] == [
        "STEP_SUCCESS start.compute",
        "STEP_SUCCESS use.compute",
        "STEP_SKIPPED never.compute",
        "STEP_SUCCESS last.compute",
    ]
    recorded = [e.dagster_event for e in logged(instance, run_id) if e.dagster_event]
    assert recorded == events
    assert not instance.require_run(run_id).dagster_run.is_finished
    assert load_run_result(graph, run_id, instance).output_for_solid("last") == 202


def test_what_failed_before_keeps_later_steps_from_running(instance: DagsterInstance) -> None:
    _, events = step_by_step(instance, NAMES, config(fails=True, **FILES))
    assert kinds(events) == ["STEP_START", "STEP_FAILURE", *["ENGINE_EVENT"] * 3]


def test_what_is_needed_must_be_stored(instance: DagsterInstance) -> None:
    with pytest.raises(DagsterStepNotStoredError, match=r"'start.compute' is needed"):
        step_by_step(instance, ["use"], config(**FILES))
    with pytest.raises(DagsterStepNotStoredError, match=r"'start.compute' is needed"):
        step_by_step(instance, ["start", "use"], config())


def test_steps_of_a_re_execution_take_what_the_parent_left(instance: DagsterInstance) -> None:
    parent = execute_pipeline(graph, config(**FILES), "default", instance=instance)
    run = instance.create_run_for_pipeline(
        graph,
        run_config=config(**FILES),
        mode="default",
        step_keys_to_execute=["use", "last"],
        parent_run_id=parent.run_id,
    )
    plan = create_execution_plan(graph, config(**FILES), "default")
    for name in ("use", "last"):
        events = execute_plan(plan.build_subset_plan([name]), instance, run)
        assert kinds(events)[-1] == "STEP_SUCCESS"
    assert load_run_result(graph, run.run_id, instance).output_for_solid("last") == 202


def test_what_was_told_before_a_caller_stopped_reading_is_recorded(
    instance: DagsterInstance,
) -> None:
    run = instance.create_run_for_pipeline(graph, run_config=config(), mode="default")
    plan = create_execution_plan(graph, config(), "default")
    events = execute_plan_iterator(plan, run, instance)
    first = next(events)
    events.close()  # type: ignore[attr-defined]
    assert logged(instance, run.run_id)[0].dagster_event == first


def test_several_steps_at_once_hand_values_on(instance: DagsterInstance) -> None:
    run = instance.create_run_for_pipeline(graph, run_config=config(), mode="default")
    plan = create_execution_plan(graph, config(), "default", ["use", "start", "last"])
    events = execute_plan(plan, instance, run)
    assert kinds(events).count("STEP_SUCCESS") == 3


def test_another_run_config_may_be_given(instance: DagsterInstance) -> None:
    run = instance.create_run_for_pipeline(graph, run_config=config(), mode="default")
    plan = create_execution_plan(graph, config(), "default", ["start"])
    events = execute_plan(plan, instance, run, run_config=config(fails=True))
    assert kinds(events)[-1] == "STEP_FAILURE"


def test_a_step_that_asks_for_it_is_tried_again() -> None:
    tries: list[int] = []

    @solid
    def flaky(context):
        tries.append(context.retry_number)
        if len(tries) == 1:
            raise RetryRequested(max_retries=1)

    @pipeline
    def p():
        flaky()

    instance = DagsterInstance.ephemeral()
    run = instance.create_run_for_pipeline(p)
    events = execute_plan(create_execution_plan(p), instance, run)
    assert kinds(events)[-1] == "STEP_SUCCESS"
    assert tries == [0, 1]


def test_a_run_that_is_driven_or_over_is_refused(instance: DagsterInstance) -> None:
    run = instance.create_run_for_pipeline(graph, run_config=config(), mode="default")
    plan = create_execution_plan(graph, config(), "default")
    instance.run_storage.acquire_lease(run.run_id, "other", seconds=60, now=2e9)
    with pytest.raises(DagsterRunConflict, match="another driver owns the run, or it has ended"):
        execute_plan(plan, instance, run)
    over = execute_pipeline(graph, config(), "default", instance=instance)
    with pytest.raises(DagsterRunConflict):
        execute_plan(plan, instance, instance.require_run(over.run_id).dagster_run)


PLAN = create_execution_plan(graph, config(), "default")
OTHER = create_execution_plan(reconstructable(pipelines_to_find.found))


@pytest.mark.parametrize("execute", [execute_plan, execute_plan_iterator])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"execution_plan": graph}, CheckError, "'execution_plan' must be an ExecutionPlan"),
        ({"execution_plan": OTHER}, CheckError, "is of pipeline 'graph', not of 'found'"),
        ({"pipeline_run": "x"}, CheckError, "'pipeline_run' must be a PipelineRun"),
        ({"instance": None}, CheckError, "'instance' must be a DagsterInstance"),
        ({"instance": DagsterInstance.ephemeral()}, DagsterRunNotFoundError, "no run"),
        ({"run_config": 3}, CheckError, "'run_config' must be a dict"),
        ({"run_config": {}}, DagsterInvalidConfigError, "solids"),
    ],
)
def test_misuse_is_told(
    execute: Any, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    instance = DagsterInstance.ephemeral()
    run = instance.create_run_for_pipeline(graph, run_config=config(), mode="default")
    given = {"execution_plan": PLAN, "pipeline_run": run, "instance": instance}
    with pytest.raises(error, match=message):
        execute(**{**given, **arguments})
    assert logged(instance) == []


def test_a_plan_of_a_part_ignores_the_config_of_the_rest() -> None:
    part = reconstructable(pipelines_to_find.found).subset_for_execution(["one"])
    given = {"solids": {"add_one": {"nonsense": 1}}}
    assert [step.key for step in create_execution_plan(part, given).steps] == ["one.compute"]
    with pytest.raises(CheckError, match="create_execution_plan: argument 'run_config' must be"):
        create_execution_plan(part, 3)  # type: ignore[arg-type]


def test_parameters_stand_in_the_order_of_the_documents() -> None:
    found = list(inspect.signature(execute_plan).parameters)
    assert found == ["execution_plan", "instance", "pipeline_run", "run_config"]

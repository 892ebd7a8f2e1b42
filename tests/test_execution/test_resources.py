from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    DagsterInvalidConfigError,
    DagsterInvariantViolationError,
    DagsterResourceFunctionError,
    Field,
    InitResourceContext,
    InputDefinition,
    ModeDefinition,
    PipelineDefinition,
    ResourceDefinition,
    StringSource,
    build_solid_context,
    execute_pipeline,
    execute_pipeline_iterator,
    execute_solid,
    intermediate_storage,
    lambda_solid,
    make_values_resource,
    resource,
    solid,
)
from dagsterlite.config import resolve_config
from dagsterlite.errors import (
    DagsterRunCanceledError,
    DagsterTypeCheckDidNotPass,
    DagsterUnknownResourceError,
)
from dagsterlite.execution.resources import ResourceManager
from dagsterlite.memory import InMemoryIntermediateStorage
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import logged, recorded, told


class Diary:
    """Resources that note when they are made and torn down."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def returning(self, name: str, *required: str) -> ResourceDefinition:
        @resource(required_resource_keys=set(required))
        def made(context):
            self.lines.append(f"make {name}{sorted(context.resources._asdict())}")
            return name

        return made

    def yielding(
        self, name: str, *required: str, before: Any = None, after: Any = None
    ) -> ResourceDefinition:
        @resource(required_resource_keys=set(required))
        def made(_context):
            self.lines.append(f"make {name}")
            if before is not None:
                raise before
            yield name
            self.lines.append(f"tear down {name}")
            if after is not None:
                raise after

        return made


def graph_with(
    *keys: str, diary: Diary | None = None, **defs: ResourceDefinition
) -> PipelineDefinition:
    @solid(required_resource_keys=set(keys))
    def uses(context):
        if diary is not None:
            diary.lines.append("run")
        return dict(context.resources._asdict())

    return PipelineDefinition([uses], name="p", mode_defs=[ModeDefinition(resource_defs=defs)])


def test_resources_are_made_in_the_order_they_need_each_other_and_torn_down_in_reverse() -> None:
    diary = Diary()
    graph = graph_with(
        "a",
        diary=diary,
        a=diary.yielding("a", "b", "c"),
        b=diary.yielding("b", "c"),
        c=diary.yielding("c"),
        unused=diary.yielding("unused"),
    )
    result = execute_pipeline(graph)
    assert result.output_for_solid("uses") == {"a": "a"}
    assert diary.lines == [
        "make c",
        "make b",
        "make a",
        "run",
        "tear down a",
        "tear down b",
        "tear down c",
    ]


def test_a_resource_sees_the_resources_it_requires_and_no_others() -> None:
    diary = Diary()
    graph = graph_with(
        "a", a=diary.returning("a", "b"), b=diary.returning("b"), c=diary.returning("c")
    )
    execute_pipeline(graph)
    assert diary.lines == ["make b[]", "make a['b']"]


def test_resources_are_made_before_the_run_starts_and_torn_down_before_it_ends() -> None:
    seen: list[list[str]] = []
    instance = DagsterInstance.ephemeral()

    @resource
    def looks(_context):
        seen.append(recorded(instance))
        yield 1
        seen.append(recorded(instance))

    execute_pipeline(graph_with("x", x=looks), instance=instance)
    assert seen[0] == []
    assert seen[1][0] == "PIPELINE_START"
    assert seen[1][-1] == "STEP_SUCCESS uses.compute"


@pytest.mark.parametrize("made", [Diary.returning, Diary.yielding])
def test_each_resource_is_made_once_a_run(made: Any) -> None:
    diary = Diary()

    @solid(required_resource_keys={"x"})
    def uses(context):
        assert context.resources is context.resources
        return id(context.resources.x)

    @lambda_solid(input_defs=[InputDefinition("x")])
    def passes(x):
        return x

    graph = PipelineDefinition(
        [uses, passes],
        name="p",
        mode_defs=[ModeDefinition(resource_defs={"x": made(diary, "x")})],
        dependencies={"uses": {}, "passes": {"x": _from("uses")}},
    )
    execute_pipeline(graph)
    assert len([line for line in diary.lines if line.startswith("make")]) == 1


def _from(name: str) -> Any:
    from dagsterlite import DependencyDefinition

    return DependencyDefinition(name)


def test_a_solid_sees_the_resources_it_requires_and_no_others() -> None:
    @solid(required_resource_keys={"a"})
    def uses(context):
        return context.resources.b

    defs = {key: ResourceDefinition.hardcoded_resource(key) for key in "ab"}
    graph = PipelineDefinition([uses], name="p", mode_defs=[ModeDefinition(resource_defs=defs)])
    with pytest.raises(DagsterUnknownResourceError, match="Unknown resource 'b'"):
        execute_pipeline(graph)


@pytest.mark.parametrize("key", ["and_also", "values", "x"])
def test_resources_are_attributes_in_full_whatever_they_are_called(key: str) -> None:
    @solid(required_resource_keys={key})
    def uses(context):
        named = context.resources.__getattribute__(key)
        return named, getattr(context.resources, key), key in dir(context.resources)

    mode = ModeDefinition(resource_defs={key: ResourceDefinition.hardcoded_resource(3)})
    assert execute_solid(uses, mode).output_value() == (3, 3, True)


# --- errors ---


def test_a_resource_that_cannot_be_made_fails_the_run_before_its_start() -> None:
    diary = Diary()
    graph = graph_with(
        "a", "b", a=diary.yielding("a"), b=diary.yielding("b", "a", before=ValueError("no db"))
    )
    with pytest.raises(DagsterResourceFunctionError, match="ResourceDefinition b") as caught:
        execute_pipeline(graph)
    assert isinstance(caught.value.user_exception, ValueError)
    assert diary.lines == ["make a", "make b", "tear down a"]
    result = execute_pipeline(graph, raise_on_error=False)
    assert told(result.event_list) == ["PIPELINE_INIT_FAILURE"]
    assert result.status is DagsterRunStatus.FAILURE
    error = result.event_list[0].pipeline_init_failure_data.error
    assert "no db" in error.to_string()
    assert "ResourceDefinition b" in error.message


@pytest.mark.parametrize("leaving", [SystemExit(2), KeyboardInterrupt()])
def test_a_resource_that_leaves_the_process_is_recorded_first(leaving: BaseException) -> None:
    diary = Diary()
    graph = graph_with("a", "b", a=diary.yielding("a"), b=diary.yielding("b", "a", before=leaving))
    instance = DagsterInstance.ephemeral()
    with pytest.raises(type(leaving)):
        execute_pipeline(graph, instance=instance)
    assert diary.lines[-1] == "tear down a"
    assert instance.get_runs()[0].is_finished


def test_errors_of_tear_downs_are_told_and_change_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    diary = Diary()
    graph = graph_with(
        "a",
        a=diary.yielding("a", "b", after=ZeroDivisionError("in a")),
        b=diary.yielding("b", "c", after=SystemExit("in b")),
        c=diary.yielding("c"),
    )
    instance = DagsterInstance.ephemeral()
    result = execute_pipeline(graph, instance=instance)
    assert result.success
    assert diary.lines[-3:] == ["tear down a", "tear down b", "tear down c"]
    entries = [e.dagster_event for e in logged(instance) if e.dagster_event]
    assert told(entries)[-3:] == ["ENGINE_EVENT", "ENGINE_EVENT", "PIPELINE_SUCCESS"]
    errors = [e.engine_event_data.error for e in entries[-3:-1]]
    assert [error.reason for error in errors if error] == [
        "ZeroDivisionError: in a",
        "SystemExit: in b",
    ]
    assert "Teardown of resource 'a' failed. ZeroDivisionError: in a\n" in capsys.readouterr().err


def test_tear_down_runs_after_a_failed_step_too() -> None:
    diary = Diary()

    @solid(required_resource_keys={"a"})
    def fails(_context):
        raise ValueError("x")

    mode = ModeDefinition(resource_defs={"a": diary.yielding("a")})
    with pytest.raises(ValueError, match="x"):
        execute_pipeline(PipelineDefinition([fails], name="p", mode_defs=[mode]))
    assert diary.lines == ["make a", "tear down a"]


def values_of_run(graph: PipelineDefinition, config: Any = None) -> Any:
    return execute_pipeline(graph, config).output_for_solid("uses")


def values_with(**defs: ResourceDefinition) -> Any:
    return values_of_run(graph_with(*defs, diary=None, **defs))


def test_a_function_under_contextmanager_is_entered_and_left() -> None:
    diary: list[str] = []

    @resource
    @contextmanager
    def managed(context: InitResourceContext) -> Iterator[str]:
        try:
            yield context.resource_def.label
        finally:
            diary.append("left")

    assert values_with(x=managed) == {"x": "resource 'managed'"}
    assert diary == ["left"]
    with build_solid_context(resources={"x": managed}) as context:
        assert context.resources.x == "resource 'managed'"
        assert diary == ["left"]
    assert diary == ["left", "left"]


def test_a_resource_that_is_a_context_manager_itself_is_left_to_its_user() -> None:
    connection = io.StringIO("x")
    opened = ResourceDefinition.hardcoded_resource(connection)
    assert values_with(x=opened) == {"x": connection}
    assert not connection.closed


def test_a_resource_may_be_replaced_after_its_mode_was_made() -> None:
    mode = ModeDefinition(resource_defs={"x": ResourceDefinition.hardcoded_resource(1)})
    mode.resource_defs["x"] = ResourceDefinition.hardcoded_resource(2)
    mode.resource_defs["y"] = ResourceDefinition.hardcoded_resource(3)

    @solid(required_resource_keys={"x", "y"})
    def uses(context):
        return dict(context.resources._asdict())

    assert execute_solid(uses, mode_def=mode).output_value() == {"x": 2, "y": 3}


def test_a_resource_whose_config_is_not_set_in_this_process_is_not_made() -> None:
    made = ResourceDefinition(lambda context: context.resource_config, {"url": StringSource})
    mode = ModeDefinition(resource_defs={"x": made})
    given = {"url": {"env": "DAGSTERLITE_NOT_SET"}}
    config = resolve_config({"url": StringSource}, given, {}, leaves_unset=True)

    manager = ResourceManager(mode, {"x": config.value}, lambda *_facts: None)  # type: ignore[arg-type]
    with pytest.raises(DagsterInvalidConfigError, match="'x' cannot be made in this process"):
        manager.scoped(["x"])


def test_values_in_config_are_a_resource() -> None:
    globals_ = make_values_resource(bucket=str, limit=Field(int, default_value=10))
    graph = graph_with("x", x=globals_)
    config = {"resources": {"x": {"config": {"bucket": "b"}}}}
    assert values_of_run(graph, config) == {"x": {"bucket": "b", "limit": 10}}
    any_ = {"resources": {"x": {"config": {"whatever": [1]}}}}
    assert values_of_run(graph_with("x", x=make_values_resource()), any_) == {
        "x": {"whatever": [1]}
    }
    with pytest.raises(DagsterInvalidConfigError, match='Missing required field "bucket"'):
        execute_pipeline(graph, {"resources": {"x": {"config": {}}}})


def test_a_generator_that_yields_nothing_is_told() -> None:
    @resource
    def empty(_context):
        yield from ()

    with pytest.raises(
        DagsterInvariantViolationError, match="'x' is a generator but yields nothing"
    ):
        execute_pipeline(graph_with("x", x=empty))


def test_a_generator_that_yields_twice_is_told_and_closed() -> None:
    closed: list[bool] = []

    @resource
    def twice(_context):
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    instance = DagsterInstance.ephemeral()
    assert execute_pipeline(graph_with("x", x=twice), instance=instance).success
    assert closed == [True]
    assert "ENGINE_EVENT" in recorded(instance)


# --- canceling ---


def test_a_resource_in_the_making_is_interrupted_and_what_was_made_is_torn_down() -> None:
    diary = Diary()
    began = threading.Event()
    instance = DagsterInstance.ephemeral()

    @resource(required_resource_keys={"a"})
    def slow(_context):
        began.set()
        while True:
            time.sleep(0.001)

    graph = graph_with("b", a=diary.yielding("a"), b=slow)

    def ask() -> None:
        began.wait(20)
        (run,) = instance.get_runs()
        instance.run_storage.change_status(
            run.run_id, DagsterRunStatus.STARTING, expected=set(DagsterRunStatus), timestamp=0.0
        )
        assert instance.request_cancel(run.run_id)

    thread = threading.Thread(target=ask)
    thread.start()
    with pytest.raises(DagsterRunCanceledError):
        execute_pipeline(graph, instance=instance)
    thread.join()
    assert diary.lines == ["make a", "tear down a"]
    assert recorded(instance) == ["PIPELINE_CANCELING", "PIPELINE_CANCELED"]


def test_an_iterator_that_is_left_tears_down_at_once() -> None:
    diary = Diary()
    events = execute_pipeline_iterator(graph_with("a", a=diary.yielding("a")))
    next(events)
    events.close()
    assert diary.lines == ["make a", "tear down a"]


# --- what a resource is given ---


def test_a_resource_is_given_the_documented_context() -> None:
    seen: dict[str, Any] = {}

    @resource(config_schema={"n": int})
    def looks(context):
        context.log.info("making")
        seen.update(
            config=context.resource_config,
            run_id=context.run_id,
            run=context.pipeline_run,
            same=(context.run, context.dagster_run),
            definition=context.resource_def,
            instance=context.instance,
        )
        return 1

    instance = DagsterInstance.ephemeral()
    result = execute_pipeline(
        graph_with("x", x=looks), {"resources": {"x": {"config": {"n": 3}}}}, instance=instance
    )
    assert seen["config"] == {"n": 3}
    assert seen["run_id"] == seen["run"].run_id == result.run_id
    assert seen["same"] == (seen["run"], seen["run"])
    assert seen["definition"] is looks
    assert seen["instance"] is instance
    assert "making" in [e.user_message for e in logged(instance)]


def test_a_storage_that_requires_resources_is_given_them_and_they_are_torn_down_last() -> None:
    diary = Diary()
    seen: list[Any] = []

    @intermediate_storage(required_resource_keys={"bucket"}, is_persistent=False)
    def in_bucket(context):
        seen.append(context.resources.bucket)
        return InMemoryIntermediateStorage()

    @solid(required_resource_keys={"a"})
    def uses(_context):
        return 1

    mode = ModeDefinition(
        resource_defs={"bucket": diary.yielding("bucket"), "a": diary.yielding("a")},
        intermediate_storage_defs=[in_bucket],
    )
    result = execute_pipeline(PipelineDefinition([uses], name="p", mode_defs=[mode]))
    assert result.output_for_solid("uses") == 1
    assert seen == ["bucket"]
    assert diary.lines == ["make bucket", "make a", "tear down a", "tear down bucket"]


def test_a_type_error_leaves_no_resource_open() -> None:
    diary = Diary()

    @solid(required_resource_keys={"a"})
    def gives(_context) -> int:
        return "text"  # type: ignore[return-value]

    mode = ModeDefinition(resource_defs={"a": diary.yielding("a")})
    with pytest.raises(DagsterTypeCheckDidNotPass):
        execute_pipeline(PipelineDefinition([gives], name="p", mode_defs=[mode]))
    assert diary.lines == ["make a", "tear down a"]

"""Definitions called directly, as functions."""

from __future__ import annotations

import logging
import pdb  # noqa: T100 - it is what a solid may ask for
from typing import Any

import pytest

from dagsterlite import (
    AssetMaterialization,
    CheckError,
    DagsterInstance,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    DagsterInvalidPropertyError,
    DagsterInvariantViolationError,
    DagsterResourceFunctionError,
    DagsterStepOutputNotFoundError,
    DagsterType,
    DagsterTypeCheckDidNotPass,
    DagsterUnknownResourceError,
    ExpectationResult,
    Field,
    InitResourceContext,
    InputDefinition,
    Int,
    ModeDefinition,
    Nothing,
    Out,
    Output,
    OutputDefinition,
    ResourceDefinition,
    SolidDefinition,
    build_init_logger_context,
    build_init_resource_context,
    build_op_context,
    build_solid_context,
    composite_solid,
    execute_pipeline,
    lambda_solid,
    logger,
    op,
    pipeline,
    resource,
    solid,
)

# --- solids: arguments ---


@solid
def add(_context, x: int, y: int = 10) -> int:
    return x + y


@lambda_solid
def double(x: int) -> int:
    return 2 * x


def test_a_solid_returns_what_its_function_returns() -> None:
    context = build_solid_context()
    assert add(context, 1, 2) == 3
    assert add(context, 1, y=2) == 3
    assert add(context, y=2, x=1) == 3
    assert add(context, 1) == 11
    assert add(None, 1) == 11
    assert add(_context=None, x=1) == 11
    assert double(4) == 8
    assert double(x=4) == 8
    assert double.alias("other")(4) == 8


def test_none_is_no_context_for_a_solid_that_needs_something_of_it() -> None:
    @solid(required_resource_keys={"db"}, config_schema={"n": int})
    def needs(context):
        return context.solid_config["n"]

    @solid(config_schema=Field(int, default_value=3))
    def defaults(context):
        return context.solid_config

    message = "solid 'needs' needs the resource 'db' and config, and was given None as its context"
    with pytest.raises(DagsterInvalidInvocationError, match=message):
        needs(None)
    assert needs(build_solid_context(resources={"db": 1}, solid_config={"n": 2})) == 2
    assert defaults(None) == 3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (add, "solid 'add' takes a context as its first argument, and was given none"),
        (lambda: add(1, 2), "The first argument of solid 'add' is its context, and 1 of type int"),
        (lambda: add(None), "No value was given for input 'x' of solid 'add'"),
        (lambda: add(None, 1, 2, 3), r"takes 2 input\(s\) \('x', 'y'\), and was given 3"),
        (lambda: add(None, 1, z=1), r"no input 'z' that takes a value.* It has: 'x', 'y'"),
        (lambda: add(None, 1, x=1), "Input 'x' of solid 'add' was given twice"),
        (lambda: double(build_solid_context(), 1), "takes no context, and was given one"),
    ],
)
def test_arguments_that_do_not_fit_are_told(call: Any, message: str) -> None:
    with pytest.raises(DagsterInvalidInvocationError, match=message):
        call()


def test_inputs_and_outputs_are_checked() -> None:
    with pytest.raises(DagsterTypeCheckDidNotPass, match="input \"x\" of solid 'double'"):
        double("1")

    @lambda_solid
    def wrong() -> int:
        return "1"  # type: ignore[return-value]

    with pytest.raises(DagsterTypeCheckDidNotPass, match="output \"result\" of solid 'wrong'"):
        wrong()


def test_inputs_of_type_nothing_have_no_value() -> None:
    @solid(input_defs=[InputDefinition("after", Nothing), InputDefinition("x", Int)])
    def waits(_context, x):
        return x

    assert waits(None, 1) == 1
    with pytest.raises(DagsterInvalidInvocationError, match="no input 'after' that takes a value"):
        waits(None, 1, after=None)


def test_what_the_function_raises_is_raised_as_it_is() -> None:
    @solid
    def breaks(_context):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks(None)


def test_inside_a_composition_a_call_places_the_solid() -> None:
    @pipeline
    def placed():
        double(double(double.alias("first")()))

    assert placed.solid_names == ["first", "double", "double_2"]


def test_composites_and_solids_made_without_a_decorator_cannot_be_called() -> None:
    @composite_solid
    def both():
        double()

    with pytest.raises(DagsterInvariantViolationError, match="'both' was called outside of a comp"):
        both()
    by_hand = SolidDefinition("by_hand", [], lambda _c, _i: iter(()), [])
    with pytest.raises(DagsterInvalidInvocationError, match="not made by a decorator"):
        by_hand()


# --- solids: what they return and yield ---


@solid(output_defs=[OutputDefinition(int, "a"), OutputDefinition(str, "b", is_required=False)])
def several(_context, events: list):  # type: ignore[type-arg]
    yield from events


def test_a_solid_that_yields_gives_what_it_yields() -> None:
    events = [AssetMaterialization("x"), ExpectationResult(success=True), Output(1, "a")]
    assert list(several(None, events)) == events
    assert list(several(None, [Output(1, "a"), Output("x", "b")]))[-1].value == "x"


@pytest.mark.parametrize(
    ("events", "error", "message"),
    [
        ([Output(1, "c")], DagsterInvariantViolationError, "output 'c' that does not exist"),
        ([Output(1, "a"), Output(2, "a")], DagsterInvariantViolationError, "multiple times"),
        ([Output("x", "a")], DagsterTypeCheckDidNotPass, 'output "a"'),
        ([Output("x", "b")], DagsterStepOutputNotFoundError, "non-optional output 'a'"),
        ([3], DagsterInvariantViolationError, "yielded 3 of type int"),
    ],
)
def test_what_is_yielded_is_checked(
    events: list[Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        list(several(None, events))


def test_what_is_returned_is_checked_as_in_a_run() -> None:
    @solid
    def returns(_context, value):
        return value

    output = Output(3)
    assert returns(None, output) is output
    with pytest.raises(DagsterInvariantViolationError, match="returned a AssetMaterialization"):
        returns(None, AssetMaterialization("x"))

    @solid(output_defs=[])
    def nothing(_context, value):
        return value

    assert nothing(None, None) is None
    with pytest.raises(DagsterInvariantViolationError, match="defined to have no outputs"):
        nothing(None, 3)


# --- solids: the context ---


@solid(
    config_schema={"by": int, "unit": Field(str, default_value="m")},
    required_resource_keys={"factor"},
    tags={"team": "data"},
)
def scale(context, x: int) -> str:
    context.log.info("scaling %s", x)
    assert context.has_tag("team")
    assert context.get_tag("team") == "data"
    assert not context.has_tag("other")
    assert context.solid_def is scale
    product = x * context.solid_config["by"] * context.resources.factor
    return f"{product}{context.solid_config['unit']}"


def test_config_is_resolved_and_resources_are_those_required(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ways: list[dict[str, Any]] = [{"config": {"by": 2}}, {"solid_config": {"by": 2}}]
    for given in ways:
        context = build_solid_context(resources={"factor": 3, "other": 4}, **given)
        assert scale(context, 1) == "6m"
    assert "scaling 1" in capsys.readouterr().err

    @solid(required_resource_keys={"factor"})
    def takes_too_much(context):
        return context.resources.other

    with pytest.raises(DagsterUnknownResourceError, match="'other'"):
        takes_too_much(build_solid_context({"factor": 1, "other": 2}))


def test_config_and_resources_that_do_not_fit_are_told() -> None:
    resources = {"factor": 3}
    with pytest.raises(DagsterInvalidConfigError, match="config for solid 'scale'"):
        scale(build_solid_context(resources, {"by": "x"}), 1)
    with pytest.raises(DagsterInvalidConfigError, match="by"):
        scale(build_solid_context(resources), 1)
    with pytest.raises(DagsterInvalidInvocationError, match=r"requires resource 'factor'.*=\{'fac"):
        scale(build_solid_context({"faktor": 1}, {"by": 1}), 1)
    with pytest.raises(CheckError, match="'config' and 'solid_config' are two names"):
        build_solid_context(config=1, solid_config=1)
    with pytest.raises(CheckError, match="'resources' must be a dict"):
        build_solid_context(resources=[1])  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="'instance' must be a DagsterInstance"):
        build_solid_context(instance="x")  # type: ignore[arg-type]


RUN_ONLY = [
    *("pipeline_def", "pipeline_name", "pipeline_run", "run_config", "mode_def"),
    *("step_key", "solid_handle", "solid"),
]


def test_ops_stand_nowhere_when_they_are_called_directly() -> None:
    with pytest.raises(DagsterInvalidPropertyError, match="has no 'solid_handle'"):
        _ = build_op_context().op_handle


@pytest.mark.parametrize("name", RUN_ONLY)
def test_what_only_a_run_has_is_refused(name: str) -> None:
    @solid
    def asks(context):
        getattr(context, name)

    with pytest.raises(DagsterInvalidPropertyError, match=f"has no '{name}': it belongs to no run"):
        asks(build_solid_context())


def test_a_context_tells_what_was_given() -> None:
    with DagsterInstance.ephemeral() as instance:
        context = build_solid_context({"a": 1}, {"x": 2}, instance)
        assert context.resources.a == 1
        assert context.solid_config == {"x": 2}
        assert context.instance is instance
        assert context.run_id == "EPHEMERAL"
        assert context.retry_number == 0
        assert isinstance(context.pdb, pdb.Pdb)
        assert not context.has_tag("x")
    with pytest.raises(DagsterInvalidPropertyError):
        _ = build_solid_context().solid_def
    assert build_solid_context().instance.is_ephemeral


def test_what_an_op_logs_is_read_from_the_context_it_was_called_with() -> None:
    @op(out={"a": Out(int), "b": Out(int)})
    def tells(context):
        context.log_event(AssetMaterialization("table"))
        context.add_output_metadata({"rows": 1, "old": True}, output_name="a")
        context.add_output_metadata({"rows": 2}, output_name="a")
        return 1, 2

    context = build_op_context()

    assert tells(context) == (1, 2)
    assert context.get_events() == [AssetMaterialization("table")]
    assert context.get_output_metadata("a") == {"rows": 2, "old": True}
    assert context.get_output_metadata("b") is None

    @op
    def tells_less(context):
        context.log_event(ExpectationResult(True))
        context.add_output_metadata({"only": "x"})

    tells_less(context)
    assert context.get_events() == [AssetMaterialization("table"), ExpectationResult(True)]
    assert context.get_output_metadata("result") == {"only": "x"}
    assert context.get_output_metadata("a") is None


def test_what_cannot_be_told_is_refused_in_a_direct_call_too() -> None:
    context: Any = build_op_context()

    with pytest.raises(CheckError, match=r"context.log_event.*'event' must be an AssetMater"):
        context.log_event(Output(1))
    with pytest.raises(DagsterInvalidPropertyError, match="has no 'solid_def'"):
        context.add_output_metadata({"rows": 1})

    @op
    def misnames(context):
        context.add_output_metadata({"rows": 1}, output_name="reslt")

    with pytest.raises(DagsterInvariantViolationError, match=r"names 'reslt'.*'result'"):
        misnames(context)

    @op
    def mistypes(context):
        context.add_output_metadata({"rows": object()})

    with pytest.raises(CheckError, match="'rows'"):
        mistypes(context)


def test_a_context_may_stand_for_one_value_of_a_dynamic_output() -> None:
    @op
    def mapped(context):
        return context.get_mapping_key()

    assert mapped(build_op_context(mapping_key="north")) == "north"
    assert mapped(build_op_context()) is None


def test_a_type_check_finds_the_resources_that_its_type_requires() -> None:
    limited = DagsterType(
        lambda context, value: value < context.resources.limit,
        name="Limited",
        required_resource_keys={"limit"},
    )

    @solid(input_defs=[InputDefinition("x", limited)])
    def takes(_context, x):
        return x

    assert takes(build_solid_context({"limit": 5}), 4) == 4
    with pytest.raises(DagsterTypeCheckDidNotPass):
        takes(build_solid_context({"limit": 5}), 6)


# --- resources in contexts ---

TOLD: list[str] = []


@resource(config_schema={"name": str})
def named(init_context):
    TOLD.append(f"open {init_context.resource_config['name']}")
    yield init_context.resource_config["name"]
    TOLD.append("close")


@resource(required_resource_keys={"base"})
def derived(init_context):
    return init_context.resources.base + 1


@pytest.fixture(autouse=True)
def _told() -> None:
    TOLD.clear()


@solid(required_resource_keys={"tool"})
def uses(context):
    return context.resources.tool


def test_a_definition_is_made_and_torn_down_with_the_context() -> None:
    config = {"tool": {"config": {"name": "x"}}}
    with build_solid_context({"tool": named}, resources_config=config) as context:
        assert TOLD == ["open x"]
        assert uses(context) == "x"
        assert uses(context) == "x"
    assert TOLD == ["open x", "close"]


def test_a_definition_that_cleans_up_needs_the_context_to_be_entered() -> None:
    context = build_solid_context({"tool": named}, resources_config={"tool": {"name": "x"}})
    message = r"with build_solid_context\(…\) as context"
    with pytest.raises(DagsterInvariantViolationError, match=message):
        uses(context)
    assert TOLD == ["open x", "close"]


def test_definitions_that_require_others_are_made_after_them() -> None:
    assert uses(build_solid_context({"tool": derived, "base": 4})) == 5
    with pytest.raises(DagsterInvalidDefinitionError, match="requires resource 'base'"):
        build_solid_context({"tool": derived})


def test_the_config_of_definitions_is_checked() -> None:
    with pytest.raises(DagsterInvalidConfigError, match="tool"):
        build_solid_context({"tool": named})
    with pytest.raises(CheckError, match="'resources_config' must be a dict"):
        build_solid_context({"tool": 1}, resources_config=3)  # type: ignore[arg-type]


def test_an_error_of_a_resource_is_told_as_in_a_run() -> None:
    @resource
    def breaks(_context):
        raise ZeroDivisionError

    with pytest.raises(DagsterResourceFunctionError) as caught:
        uses(build_solid_context({"tool": breaks}))
    assert isinstance(caught.value.user_exception, ZeroDivisionError)


def test_an_error_while_a_resource_is_torn_down_is_raised() -> None:
    @resource
    def breaks(_context):
        yield 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), build_solid_context({"tool": breaks}):
        pass


# --- resources called directly ---


@resource(config_schema={"n": Field(int, default_value=7)}, required_resource_keys={"base"})
def summed(init_context):
    assert init_context.run_id is None
    assert init_context.pipeline_run is None
    assert init_context.resource_def is summed
    init_context.log.info("made")
    assert init_context.instance.is_ephemeral
    return init_context.resources.base + init_context.resource_config["n"]


def test_a_resource_returns_what_its_function_returns() -> None:
    assert summed(build_init_resource_context(resources={"base": 1})) == 8
    assert summed(build_init_resource_context({"n": 2}, {"base": 1})) == 3
    assert summed(init_context=build_init_resource_context({"n": 2}, {"base": 1})) == 3
    assert ResourceDefinition.hardcoded_resource(5)(None) == 5

    @resource
    def without():
        return 3

    assert without() == 3
    assert without(None) == 3


def test_a_generator_is_handed_out_to_be_driven() -> None:
    made = named(build_init_resource_context({"name": "y"}))
    assert next(made) == "y"
    assert next(made, None) is None
    assert TOLD == ["open y", "close"]


def test_a_resource_of_a_context_may_be_a_definition() -> None:
    base = ResourceDefinition.hardcoded_resource(10)
    assert summed(build_init_resource_context(resources={"base": base})) == 17

    @resource
    def closes(_context):
        yield 1
        TOLD.append("close")

    with build_init_resource_context(resources={"base": closes}) as context:
        assert context.resources.base == 1
        assert context.resource_config is None
        assert context.run_id is context.pipeline_run is None
        assert context.log is context.log_manager
        assert summed(context) == 8
    assert TOLD == ["close"]


def test_a_context_of_a_run_is_taken_too() -> None:
    taken: list[Any] = []

    @resource(required_resource_keys={"base"}, config_schema={"n": int})
    def wraps(init_context):
        assert isinstance(init_context, InitResourceContext)
        taken.append(init_context.resources.base)
        return init_context.resource_config["n"]

    @resource(required_resource_keys={"base"}, config_schema={"n": int})
    def outer(init_context):
        return wraps(init_context)

    @pipeline(mode_defs=[ModeDefinition(resource_defs={"tool": outer, "base": one})])
    def graph():
        uses()

    result = execute_pipeline(graph, {"resources": {"tool": {"config": {"n": 4}}}})
    assert result.output_for_solid("uses") == 4
    assert taken == [1]


one = ResourceDefinition.hardcoded_resource(1)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((), DagsterInvalidInvocationError, "resource 'summed' takes a context"),
        ((None, 1), DagsterInvalidInvocationError, "takes one argument, its context, and was"),
        ((3,), DagsterInvalidInvocationError, r"3 of type int is none. Give it build_init_res"),
        ((None,), DagsterInvalidInvocationError, "resource 'summed' requires resource 'base'"),
        (
            (build_init_resource_context({"m": 1}, {"base": 1}),),
            DagsterInvalidConfigError,
            "config for resource 'summed'",
        ),
    ],
)
def test_a_resource_tells_what_does_not_fit(
    arguments: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        summed(*arguments)


# --- loggers called directly ---


@logger(config_schema={"level": Field(str, default_value="INFO")})
def quiet(init_context):
    name = init_context.pipeline_def.name if init_context.pipeline_def else "none"
    return logging.Logger(name, init_context.logger_config["level"])  # noqa: LOG001


def test_a_logger_returns_what_its_function_returns() -> None:
    assert quiet(None).level == logging.INFO
    assert quiet(build_init_logger_context({"level": "ERROR"})).level == logging.ERROR

    @pipeline
    def p():
        double()

    assert quiet(build_init_logger_context(pipeline_def=p)).name == "p"


def test_a_logger_tells_what_does_not_fit() -> None:
    with pytest.raises(DagsterInvalidInvocationError, match="logger 'quiet' takes a context"):
        quiet()
    with pytest.raises(DagsterInvalidInvocationError, match="build_init_logger_context"):
        quiet(3)
    with pytest.raises(DagsterInvalidConfigError, match="config for logger 'quiet'"):
        quiet(build_init_logger_context({"level": 3}))
    with pytest.raises(CheckError, match="'pipeline_def' must be a PipelineDefinition"):
        build_init_logger_context(pipeline_def="p")  # type: ignore[arg-type]


# --- async functions ---


def test_an_async_solid_is_run_to_its_end() -> None:
    @solid
    async def later(_context, x: int) -> int:
        return x + 1

    @solid
    async def streams(_context):
        yield ExpectationResult(success=True)
        yield Output(1)

    assert later(None, 1) == 2
    assert [type(event) for event in streams(None)] == [ExpectationResult, Output]

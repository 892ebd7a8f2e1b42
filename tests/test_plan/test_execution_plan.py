from __future__ import annotations

from typing import Any

import pytest

from dagsterlite import (
    DagsterExecutionStepNotFoundError,
    DagsterInvalidSubsetError,
    DagsterInvariantViolationError,
    InputDefinition,
    IPipeline,
    ModeDefinition,
    ParameterCheckError,
    ResourceDefinition,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.api import create_execution_plan
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite.run_config.resolved import EnvironmentConfig


@lambda_solid
def start():
    return 1


@lambda_solid(input_defs=[InputDefinition("a"), InputDefinition("b")])
def join(a, b):
    return a + b


@lambda_solid(input_defs=[InputDefinition("x")])
def step(x):
    return x


@pipeline
def diamond():
    s = start()
    join(step.alias("left")(s), step.alias("right")(step.alias("far")(s)))


PLAN = create_execution_plan(diamond)


def keys(plan: ExecutionPlan) -> list[str]:
    return [s.key for s in plan.steps]


def test_steps_stand_in_topological_order_and_by_level() -> None:
    assert PLAN.topological_steps() == list(PLAN.steps)
    levels = [[s.key for s in level] for level in PLAN.get_steps_to_execute_by_level()]
    assert levels == [
        ["start.compute"],
        ["far.compute", "left.compute"],
        ["right.compute"],
        ["join.compute"],
    ]
    for key in keys(PLAN):
        above = PLAN.upstream_keys[key]
        assert above <= set(keys(PLAN)[: keys(PLAN).index(key)])


def test_the_fields_of_the_documented_plan_are_there() -> None:
    assert PLAN.pipeline is diamond
    assert {handle.key for handle in PLAN.step_dict} == set(PLAN.step_by_key)
    assert [handle.key for handle in PLAN.step_handles_to_execute] == keys(PLAN)
    assert set(PLAN.executable_map) == set(keys(PLAN))
    assert PLAN.resolvable_map == {}
    assert isinstance(PLAN.environment_config, EnvironmentConfig)


def test_a_part_of_a_plan_keeps_all_steps_and_executes_some() -> None:
    part = PLAN.build_subset_plan(["join", "far.compute"])
    assert keys(part) == ["far.compute", "join.compute"]
    assert set(part.step_by_key) == set(PLAN.step_by_key)
    assert GrowingPlan(part).consumers == {"far.compute": [], "join.compute": []}
    assert [[s.key for s in level] for level in part.get_steps_to_execute_by_level()] == [
        ["far.compute", "join.compute"]
    ]
    assert keys(PLAN) == list(PLAN.step_by_key)


def test_steps_are_selected_by_queries_with_and_without_compute() -> None:
    assert keys(PLAN.select_steps(["*right"])) == ["start.compute", "far.compute", "right.compute"]
    assert keys(PLAN.select_steps(["left.compute+", "start"])) == [
        "start.compute",
        "left.compute",
        "join.compute",
    ]
    with pytest.raises(
        DagsterExecutionStepNotFoundError, match=r"has no step 'rigt.compute'. Did you"
    ) as caught:
        PLAN.select_steps(["rigt"])
    assert isinstance(caught.value, DagsterInvalidSubsetError)


def test_a_step_that_is_not_there_is_an_error_that_names_a_near_one() -> None:
    message = "has no step 'jion.compute'. Did you mean 'join.compute'"
    with pytest.raises(DagsterExecutionStepNotFoundError, match=message) as caught:
        PLAN.build_subset_plan(["jion", "left"])
    assert caught.value.step_keys == ("jion.compute",)
    with pytest.raises(LookupError):
        PLAN.get_step_by_key("jion")
    assert PLAN.has_step("join.compute")
    assert not PLAN.has_step("jion.compute")


def test_building_takes_the_documented_arguments() -> None:
    config = EnvironmentConfig.build(diamond)
    plan = ExecutionPlan.build(diamond, config, mode="default", step_keys_to_execute=["left"])
    assert keys(plan) == ["left.compute"]
    with pytest.raises(DagsterInvariantViolationError, match="no mode 'prod'"):
        ExecutionPlan.build(diamond, config, mode="prod")


def test_building_takes_what_gives_a_pipeline() -> None:
    class Gives(IPipeline):
        solid_selection = None

        def get_definition(self):
            return diamond

        def subset_for_execution(self, _solid_selection):
            return self

    plan = ExecutionPlan.build(Gives(), EnvironmentConfig.build(diamond), mode="default")

    assert keys(plan) == keys(ExecutionPlan.build(diamond, EnvironmentConfig.build(diamond)))
    assert plan.pipeline is diamond


@pytest.mark.parametrize(
    ("pipeline_given", "config", "found"),
    [
        (diamond, {}, r"'environment_config' must be an EnvironmentConfig, made by Env.*not \{\}"),
        ("diamond", EnvironmentConfig.build(diamond), "'pipeline' must be a PipelineDefinition"),
    ],
)
def test_building_refuses_what_is_something_else(
    pipeline_given: Any, config: Any, found: str
) -> None:
    with pytest.raises(ParameterCheckError, match=found):
        ExecutionPlan.build(pipeline_given, config)


def test_a_plan_knows_the_resources_that_its_steps_need() -> None:
    @solid(required_resource_keys={"a"})
    def needs_a(_context):
        return 1

    @solid(required_resource_keys={"b"}, input_defs=[InputDefinition("x")])
    def needs_b(_context, x):
        return x

    resources = {k: ResourceDefinition.hardcoded_resource(k) for k in "abc"}

    @pipeline(mode_defs=[ModeDefinition(resource_defs=resources)])
    def two():
        needs_b(needs_a())

    plan = create_execution_plan(two)
    assert plan.required_resource_keys() == {"a", "b"}
    assert plan.build_subset_plan(["needs_b"]).required_resource_keys() == {"b"}


def test_a_step_tells_its_inputs_and_outputs_by_name() -> None:
    found = PLAN.get_step_by_key("join")
    assert found.kind == "COMPUTE"
    assert [i.name for i in found.step_inputs] == ["a", "b"]
    assert [o.name for o in found.step_outputs] == ["result"]
    with pytest.raises(DagsterInvariantViolationError, match="has no input 'c'"):
        found.step_input_named("c")
    with pytest.raises(DagsterInvariantViolationError, match="has no output 'c'"):
        found.step_output_named("c")

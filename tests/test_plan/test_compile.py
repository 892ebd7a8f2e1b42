from __future__ import annotations

from typing import Any

import pytest

from dagsterlite import (
    CompositeSolidDefinition,
    DependencyDefinition,
    InputDefinition,
    Int,
    List,
    MultiDependencyDefinition,
    Nothing,
    OutputDefinition,
    PipelineDefinition,
    SolidDefinition,
    SolidInvocation,
    composite_solid,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.api import create_execution_plan
from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite.plan.step import FromConfig, FromDefault, FromMultipleSources, FromStepOutput


@lambda_solid
def one() -> int:
    return 1


@lambda_solid(input_defs=[InputDefinition("num", Int)])
def add_one(num: int) -> int:
    return num + 1


@solid(input_defs=[InputDefinition("nums", List[Int])], output_defs=[OutputDefinition(Int)])
def total(_context, nums):
    return sum(nums)


@solid(
    input_defs=[InputDefinition("num", Int, default_value=7)], output_defs=[OutputDefinition(Int)]
)
def defaulted(_context, num):
    return num


@solid(input_defs=[InputDefinition("after", Nothing)])
def later(_context):
    return "later"


def source(plan: ExecutionPlan, key: str, name: str) -> object:
    return plan.get_step_by_key(key).step_input_named(name).source


def output(key: str, name: str = "result") -> FromStepOutput:
    return FromStepOutput(StepOutputHandle(key, name))


def test_a_step_is_keyed_by_its_solid_and_reads_the_output_it_is_connected_to() -> None:
    @pipeline
    def chain():
        add_one.alias("second")(add_one(one()))

    plan = create_execution_plan(chain)
    assert [step.key for step in plan.steps] == ["one.compute", "add_one.compute", "second.compute"]
    assert source(plan, "second", "num") == output("add_one.compute")
    assert plan.get_step_by_key("second").solid_def is add_one
    assert [o.name for o in plan.get_step_by_key("one").outputs] == ["result"]


def test_several_outputs_come_in_as_one_list() -> None:
    @pipeline
    def fan_in():
        total([one(), one.alias("uno")(), add_one(one.alias("eins")())])

    found = source(create_execution_plan(fan_in), "total", "nums")
    assert found == FromMultipleSources(
        (output("one.compute"), output("uno.compute"), output("add_one.compute"))
    )


def test_an_input_that_is_not_connected_comes_from_config_or_from_its_default() -> None:
    @pipeline
    def alone():
        defaulted()
        add_one()

    config: dict[str, Any] = {"solids": {"add_one": {"inputs": {"num": 3}}}}
    plan = create_execution_plan(alone, config)
    assert isinstance(source(plan, "defaulted", "num"), FromDefault)
    assert isinstance(source(plan, "add_one", "num"), FromConfig)
    config["solids"]["defaulted"] = {"inputs": {"num": {"value": 4}}}
    plan = create_execution_plan(alone, config)
    assert isinstance(source(plan, "defaulted", "num"), FromConfig)


def test_a_nothing_dependency_is_an_edge_and_one_that_is_not_connected_is_none() -> None:
    @pipeline
    def ordered():
        later(one())
        later.alias("free")()

    plan = create_execution_plan(ordered)
    assert plan.upstream_keys["later.compute"] == {"one.compute"}
    assert plan.get_step_by_key("free").inputs == ()


def test_composites_leave_only_the_steps_inside_them() -> None:
    @composite_solid(input_defs=[InputDefinition("num", Int)])
    def inner(num):
        return add_one.alias("b")(add_one.alias("a")(num))

    @composite_solid(input_defs=[InputDefinition("num", Int)])
    def outer(num):
        return add_one(inner(num))

    @pipeline
    def nested():
        add_one.alias("after")(outer(one()))

    plan = create_execution_plan(nested)
    assert set(plan.step_by_key) == {
        "one.compute",
        "outer.inner.a.compute",
        "outer.inner.b.compute",
        "outer.add_one.compute",
        "after.compute",
    }
    assert source(plan, "outer.inner.a", "num") == output("one.compute")
    assert source(plan, "outer.add_one", "num") == output("outer.inner.b.compute")
    assert source(plan, "after", "num") == output("outer.add_one.compute")
    assert str(plan.get_step_by_key("outer.inner.a").solid_handle) == "outer.inner.a"


def test_a_composites_input_reaches_two_solids_and_a_place_in_a_list() -> None:
    @composite_solid(input_defs=[InputDefinition("num", Int)])
    def sums(num):
        return total([num, add_one(num), one()])

    @pipeline
    def nested():
        sums(one.alias("uno")())

    plan = create_execution_plan(nested)
    assert source(plan, "sums.total", "nums") == FromMultipleSources(
        (output("uno.compute"), output("sums.add_one.compute"), output("sums.one.compute"))
    )


def test_a_list_handed_to_a_composite_is_flat_in_the_solid_inside() -> None:
    @composite_solid(input_defs=[InputDefinition("nums", List[Int])])
    def sums(nums):
        return total(nums)

    @pipeline
    def nested():
        sums([one(), one.alias("uno")()])

    found = source(create_execution_plan(nested), "sums.total", "nums")
    assert found == FromMultipleSources((output("one.compute"), output("uno.compute")))


def test_config_given_for_a_composites_input_is_loaded_where_it_is_used() -> None:
    @composite_solid(input_defs=[InputDefinition("num", Int)])
    def wrapped(num):
        return add_one(num)

    @pipeline
    def nested():
        wrapped()

    plan = create_execution_plan(nested, {"solids": {"wrapped": {"inputs": {"num": 1}}}})
    found = source(plan, "wrapped.add_one", "num")
    assert isinstance(found, FromConfig)
    assert str(found.solid_handle) == "wrapped"


def test_a_default_inside_a_composite_holds_where_the_composite_has_no_value() -> None:
    inner = CompositeSolidDefinition(
        "inner",
        [defaulted],
        input_mappings=[
            InputDefinition("num", Int, default_value=9).mapping_to("defaulted", "num")
        ],
        output_mappings=[OutputDefinition(Int).mapping_from("defaulted")],
    )
    outer = PipelineDefinition([inner], name="outer")
    found = source(create_execution_plan(outer), "inner.defaulted", "num")
    assert isinstance(found, FromDefault)
    assert found.input_def.default_value == 9


def test_edges_declared_by_hand_give_the_same_plan() -> None:
    by_hand = PipelineDefinition(
        [one, total],
        name="by_hand",
        dependencies={
            SolidInvocation("one", alias="a"): {},
            SolidInvocation("one", alias="b"): {},
            SolidInvocation("total"): {
                "nums": MultiDependencyDefinition(
                    [DependencyDefinition("b"), DependencyDefinition("a")]
                )
            },
        },
    )
    found = source(create_execution_plan(by_hand), "total", "nums")
    assert found == FromMultipleSources((output("b.compute"), output("a.compute")))


def test_outputs_keep_their_names_types_and_whether_they_are_required() -> None:
    @solid(
        output_defs=[
            OutputDefinition(Int, "sure"),
            OutputDefinition(name="maybe", is_required=False),
        ]
    )
    def both(_context):
        raise NotImplementedError

    @pipeline
    def alone():
        both()

    step = create_execution_plan(alone).get_step_by_key("both")
    assert [(o.name, o.is_required, o.optional) for o in step.outputs] == [
        ("sure", True, False),
        ("maybe", False, True),
    ]
    assert step.step_output_named("sure").dagster_type is Int


@pytest.mark.parametrize("size", [2_000])
def test_a_large_pipeline_compiles_to_one_step_a_solid(size: int) -> None:
    source_of_all = SolidDefinition("start", [], lambda _c, _i: iter(()), [OutputDefinition(Int)])
    places = {SolidInvocation("add_one", alias=f"add_{i}"): "start" for i in range(size)}
    fanned = PipelineDefinition(
        [source_of_all, add_one],
        name="wide",
        dependencies={p: {"num": DependencyDefinition(s)} for p, s in places.items()},
    )
    plan = create_execution_plan(fanned)
    assert len(plan.steps) == size + 1
    assert len(GrowingPlan(plan).consumers["start.compute"]) == size

"""Plans with dynamic outputs: unresolved steps, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from dagsterlite import (
    DynamicOutput,
    DynamicOutputDefinition,
    ExecutionPlan,
    InputDefinition,
    List,
    composite_solid,
    create_execution_plan,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.errors import DagsterExecutionStepNotFoundError
from dagsterlite.events.engine import StepsResolved
from dagsterlite.events.receipt import Receipt, StepOutcome, StoredOutput
from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.decide import RUN, Abandon, Skip, decide
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite.plan.step import CollectingStep, ExecutionStep, UnresolvedStep


@solid(output_defs=[DynamicOutputDefinition(int)])
def emit(_context):
    yield DynamicOutput(1, "one")


@solid(
    input_defs=[InputDefinition("number")],
    output_defs=[DynamicOutputDefinition(int, is_required=False)],
)
def emit_some(_context, number):
    yield DynamicOutput(number, "one")


@lambda_solid
def other():
    return 1


@lambda_solid
def add(first, second):
    return first + second


@lambda_solid
def double(number):
    return 2 * number


@lambda_solid(input_defs=[InputDefinition("found", List)])
def total(found):
    return sum(found)


@composite_solid
def twice(number):
    return double.alias("again")(double(number))


@pipeline
def chained():
    constant = other()
    mapped = emit().map(lambda n: twice(add(n, constant)))
    first = total.alias("first")(mapped.collect())
    found = emit_some(double.alias("between")(first))
    total.alias("last")(found.map(lambda n: add.alias("mixed")(n, mapped.collect())).collect())


PLAN = create_execution_plan(chained)


def receipt(
    step_key: str,
    mapping_keys: Iterable[str] | None = None,
    outcome: StepOutcome = StepOutcome.SUCCESS,
) -> Receipt:
    places = [None] if mapping_keys is None else list(mapping_keys)
    outputs = tuple(
        StoredOutput(output_name="result", address="", codec="", mapping_key=key)
        for key in (places if outcome is StepOutcome.SUCCESS else ())
    )
    return Receipt(
        run_id="r", step_key=step_key, attempt_id=step_key, outcome=outcome, outputs=outputs
    )


def keys(steps: Iterable[ExecutionStep]) -> list[str]:
    return [step.key for step in steps]


def test_steps_that_wait_for_dynamic_outputs_are_unresolved() -> None:
    assert keys(PLAN.steps) == [
        "emit.compute",
        "other.compute",
        "add.compute[?]",
        "twice.double.compute[?]",
        "twice.again.compute[?]",
        "first.compute",
        "between.compute",
        "emit_some.compute",
        "mixed.compute[?]",
        "last.compute",
    ]
    assert keys(PLAN.unresolved_steps) == [
        "add.compute[?]",
        "twice.double.compute[?]",
        "twice.again.compute[?]",
        "first.compute",
        "mixed.compute[?]",
        "last.compute",
    ]


def test_the_documented_maps_tell_what_can_run_and_what_waits() -> None:
    assert list(PLAN.executable_map) == [
        "emit.compute",
        "other.compute",
        "between.compute",
        "emit_some.compute",
    ]
    waits = {key: [handle.key for handle in found] for key, found in PLAN.resolvable_map.items()}
    assert waits == {
        "emit.compute": [
            "add.compute[?]",
            "twice.double.compute[?]",
            "twice.again.compute[?]",
            "first.compute",
            "mixed.compute[?]",
        ],
        "emit_some.compute": ["mixed.compute[?]", "last.compute"],
    }


def test_a_plan_grows_as_its_dynamic_steps_end() -> None:
    growing = GrowingPlan(PLAN)
    assert keys(growing.start.steps) == ["emit.compute", "other.compute"]
    assert growing.is_awaited("other.compute")
    assert not growing.is_complete

    assert growing.take_up(receipt("other.compute")).steps == ()
    first = growing.take_up(receipt("emit.compute", ["b", "a"]))

    assert keys(first.steps) == [
        *("add.compute[b]", "add.compute[a]"),
        *("twice.double.compute[b]", "twice.double.compute[a]"),
        *("twice.again.compute[b]", "twice.again.compute[a]"),
        *("first.compute", "between.compute", "emit_some.compute"),
    ]
    assert first.resolved == (
        StepsResolved(
            StepOutputHandle("emit.compute"),
            ("b", "a"),
            ("add.compute[?]", "twice.double.compute[?]", "twice.again.compute[?]"),
        ),
    )
    assert not growing.is_awaited("other.compute")
    assert growing.is_awaited("twice.again.compute[a]")
    assert not growing.is_awaited("twice.double.compute[a]")
    assert growing.upstream_keys["add.compute[a]"] == {"emit.compute", "other.compute"}
    assert growing.consumers["other.compute"] == ["add.compute[b]", "add.compute[a]"]

    second = growing.take_up(receipt("emit_some.compute", ["x"]))
    assert keys(second.steps) == ["mixed.compute[x]", "last.compute"]
    assert growing.is_complete
    assert not growing.is_awaited("twice.again.compute[a]")
    assert growing.in_order(
        ["last.compute", "add.compute[a]", "emit.compute", "add.compute[b]"]
    ) == [
        "emit.compute",
        "add.compute[b]",
        "add.compute[a]",
        "last.compute",
    ]


def outputs_needed(step: ExecutionStep) -> list[tuple[str, str | None]]:
    return [(handle.step_key, handle.mapping_key) for handle in step.upstream_outputs()]


def test_a_resolved_step_takes_the_values_of_its_own_mapping_key_or_of_all() -> None:
    growing = GrowingPlan(PLAN)
    growing.take_up(receipt("emit.compute", ["b", "a"]))
    growing.take_up(receipt("emit_some.compute", ["x"]))
    steps = growing.step_by_key

    assert outputs_needed(steps["add.compute[a]"]) == [
        ("emit.compute", "a"),
        ("other.compute", None),
    ]
    assert outputs_needed(steps["twice.double.compute[a]"]) == [("add.compute[a]", None)]
    both = [("twice.again.compute[b]", None), ("twice.again.compute[a]", None)]
    assert outputs_needed(steps["first.compute"]) == both
    assert outputs_needed(steps["mixed.compute[x]"]) == [("emit_some.compute", "x"), *both]
    mixed = steps["mixed.compute[x]"]
    assert isinstance(mixed, CollectingStep)
    assert mixed.mapping_keys == {StepOutputHandle("emit.compute"): ("b", "a")}


def test_a_worker_finds_a_step_by_its_key_alone() -> None:
    growing = GrowingPlan(PLAN)
    growing.take_up(receipt("emit.compute", ["b", "a"]))
    growing.take_up(receipt("emit_some.compute", ["x"]))
    for key, step in growing.step_by_key.items():
        known = step.mapping_keys if isinstance(step, CollectingStep) else {}
        found = PLAN.step_for(key, known)
        assert (found.key, found.handle) == (step.key, step.handle)
        assert outputs_needed(found) == outputs_needed(step)
    with pytest.raises(DagsterExecutionStepNotFoundError):
        PLAN.step_for("addd.compute[a]", {})


def test_without_values_nothing_is_mapped_and_the_list_is_empty() -> None:
    growing = GrowingPlan(PLAN)
    growth = growing.take_up(receipt("emit.compute", []))

    assert keys(growth.steps) == ["first.compute", "between.compute", "emit_some.compute"]
    assert [found.mapping_keys for found in growth.resolved] == [()]
    assert decide(growing.step_by_key["first.compute"], {}) is RUN


@pytest.mark.parametrize("outcome", [StepOutcome.FAILURE, StepOutcome.ABANDONED])
def test_behind_a_failed_dynamic_step_mapped_steps_stand_for_themselves(
    outcome: StepOutcome,
) -> None:
    growing = GrowingPlan(PLAN)
    failed = receipt("emit.compute", outcome=outcome)
    growth = growing.take_up(failed)

    assert keys(growth.steps)[:4] == [
        "add.compute[?]",
        "twice.double.compute[?]",
        "twice.again.compute[?]",
        "first.compute",
    ]
    assert growth.resolved == ()
    assert not any(isinstance(step, UnresolvedStep) for step in growth.steps)
    receipts = {"emit.compute": failed, "other.compute": receipt("other.compute")}
    assert decide(growth.steps[0], receipts) == Abandon(("emit.compute",))


def test_an_optional_dynamic_output_without_values_skips_what_collects_it() -> None:
    growing = GrowingPlan(PLAN)
    growing.take_up(receipt("emit.compute", ["a"]))
    growth = growing.take_up(receipt("emit_some.compute", []))

    assert keys(growth.steps) == ["mixed.compute[?]", "last.compute"]
    assert growth.resolved == ()
    receipts = {key: receipt(key) for key in ("twice.again.compute[a]",)}
    receipts["emit_some.compute"] = receipt("emit_some.compute", [])
    assert decide(growth.steps[0], receipts) == Skip((StepOutputHandle("emit_some.compute"),))


# --- parts, and what earlier runs left -----------------------------------------------------------


def test_a_key_without_its_mapping_key_means_all_steps() -> None:
    for text in ("add", "add.compute", "add[?]", "add.compute[?]"):
        assert PLAN.build_subset_plan([text]).step_keys_to_execute == ("add.compute[?]",)
    assert PLAN.get_step_by_key("twice.double").key == "twice.double.compute[?]"
    with pytest.raises(DagsterExecutionStepNotFoundError, match=r"no step 'emit.compute\[a\]'"):
        PLAN.build_subset_plan(["emit[a]"])


def test_a_step_for_one_mapping_key_may_be_asked_for_before_it_is_known() -> None:
    part = PLAN.build_subset_plan(["add[a]", "other"])

    assert part.step_keys_to_execute == ("other.compute", "add.compute[a]")
    assert part.needed_keys == ("emit.compute",)
    assert keys(GrowingPlan(part).start.steps) == ["other.compute", "add.compute[a]"]
    assert outputs_needed(part.step_by_key["add.compute[a]"])[0] == ("emit.compute", "a")


def known(**more: Iterable[str]) -> ExecutionPlan:
    return PLAN.resolve(
        {f"{name}.compute": receipt(f"{name}.compute", k) for name, k in more.items()}
    )


def test_a_plan_is_resolved_from_receipts_of_an_earlier_run_and_cut_down_to_some_keys() -> None:
    plan = known(emit=["a", "b"])
    assert [key for key in plan.step_by_key if key.startswith("add")] == [
        "add.compute[a]",
        "add.compute[b]",
    ]
    assert keys(plan.unresolved_steps) == ["mixed.compute[?]", "last.compute"]

    part = plan.build_subset_plan(["add[b]", "twice.again.compute[b]", "first"])
    assert part.step_keys_to_execute == (
        "add.compute[b]",
        "twice.again.compute[b]",
        "first.compute",
    )
    assert keys(GrowingPlan(part).start.steps) == list(part.step_keys_to_execute)
    assert plan.build_subset_plan(["add"]).step_keys_to_execute == (
        "add.compute[a]",
        "add.compute[b]",
    )
    with pytest.raises(DagsterExecutionStepNotFoundError):
        plan.get_step_by_key("add")


def test_a_step_that_waits_for_two_dynamic_outputs_is_resolved_one_after_the_other() -> None:
    mixed = known(emit=["a"]).step_by_key["mixed.compute[?]"]
    assert isinstance(mixed, UnresolvedStep)
    assert outputs_needed(mixed) == [
        ("emit_some.compute", None),
        ("twice.again.compute[a]", None),
    ]
    early = known(emit_some=["x"]).step_by_key["mixed.compute[x]"]
    assert isinstance(early, UnresolvedStep)
    assert outputs_needed(early) == [("emit_some.compute", "x"), ("twice.again.compute[?]", None)]

    whole = known(emit=["a"], emit_some=["x"]).step_by_key["mixed.compute[x]"]
    for half, name, found in ((mixed, "emit_some", ["x"]), (early, "emit", ["a"])):
        plan = known(**({"emit": ["a"]} if half is mixed else {"emit_some": ["x"]}))
        plan = plan.resolve({f"{name}.compute": receipt(f"{name}.compute", found)})
        step = plan.step_by_key["mixed.compute[x]"]
        assert isinstance(step, CollectingStep)
        assert step.mapping_keys == {StepOutputHandle("emit.compute"): ("a",)}
        assert outputs_needed(step) == outputs_needed(whole)


def test_steps_of_a_resolved_plan_are_selected_by_queries() -> None:
    plan = known(emit=["a", "b"])
    assert plan.select_steps(["add[a]+"]).step_keys_to_execute == (
        "add.compute[a]",
        "twice.double.compute[a]",
    )
    assert PLAN.select_steps(["*twice.double"]).step_keys_to_execute == (
        "emit.compute",
        "other.compute",
        "add.compute[?]",
        "twice.double.compute[?]",
    )


def test_a_part_that_needs_an_earlier_dynamic_output_grows_from_its_receipt() -> None:
    part = PLAN.build_subset_plan(["add", "other"])
    growing = GrowingPlan(part, {"emit.compute": receipt("emit.compute", ["a"])})

    assert keys(growing.start.steps) == ["other.compute", "add.compute[a]"]
    assert [found.mapping_keys for found in growing.start.resolved] == [("a",)]


def test_levels_and_snapshots_take_unresolved_steps_as_they_stand() -> None:
    levels = [[step.key for step in level] for level in PLAN.get_steps_to_execute_by_level()]
    assert levels[1] == ["add.compute[?]"]
    assert levels[-1] == ["last.compute"]


def test_plans_without_dynamic_outputs_are_complete_from_the_start() -> None:
    @pipeline
    def usual():
        double(other())

    growing = GrowingPlan(create_execution_plan(usual))
    assert keys(growing.start.steps) == ["other.compute", "double.compute"]
    assert growing.is_complete
    nothing: Any = growing.take_up(receipt("other.compute"))
    assert (nothing.steps, nothing.resolved) == ((), ())

"""Runs with dynamic outputs executed again, whole or in part, for some of their mapping keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterExecutionStepNotFoundError,
    DagsterInstance,
    DagsterInvalidSubsetError,
    DagsterStepNotStoredError,
    DynamicOutput,
    DynamicOutputDefinition,
    ModeDefinition,
    execute_pipeline,
    execute_run,
    fs_io_manager,
    pipeline,
    reexecute_pipeline,
    solid,
)
from dagsterlite.execution.results import PipelineExecutionResult

FILES: dict[str, Any] = {"intermediate_storage": {"filesystem": {}}}
RESUME = {"dagster/is_resume_retry": "true"}

CALLS: list[str] = []
FAILING: set[str] = set()
NUMBERS: list[int] = []


@pytest.fixture(autouse=True)
def _state() -> None:
    CALLS.clear()
    FAILING.clear()
    NUMBERS[:] = [1, 2, 3]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        yield instance


def called(name: str) -> None:
    CALLS.append(name)
    if name in FAILING:
        raise RuntimeError(name)


@solid(output_defs=[DynamicOutputDefinition(int)])
def spread(_context):
    called("spread")
    for number in NUMBERS:
        yield DynamicOutput(number, f"k{number}")


@solid
def double(context, number: int) -> int:
    called(f"double {context.get_mapping_key()}")
    return 2 * number


@solid
def negate(context, number: int) -> int:
    called(f"negate {context.get_mapping_key()}")
    return -number


@solid
def total(_context, numbers: list[int]) -> int:
    called("total")
    return sum(numbers)


@pipeline(
    mode_defs=[
        ModeDefinition("default"),
        ModeDefinition("managed", resource_defs={"io_manager": fs_io_manager}),
    ]
)
def mapped():
    total(spread().map(lambda number: negate(double(number))).collect())


def first(instance: DagsterInstance, mode: str = "default", **more: Any) -> PipelineExecutionResult:
    result = execute_pipeline(
        mapped, FILES, mode=mode, instance=instance, raise_on_error=False, **more
    )
    CALLS.clear()
    return result


def again(
    parent: PipelineExecutionResult,
    instance: DagsterInstance,
    selection: Sequence[str] | None = None,
    mode: str = "default",
    **more: Any,
) -> PipelineExecutionResult:
    return reexecute_pipeline(
        mapped, parent.run_id, FILES, selection, mode=mode, instance=instance, **more
    )


@pytest.mark.parametrize(
    ("selection", "calls"),
    [
        (["double[k2]"], ["double k2"]),
        (["double.compute[k2]+"], ["double k2", "negate k2"]),
        (["double[k2]*"], ["double k2", "negate k2", "total"]),
        (["total"], ["total"]),
        (["negate", "total"], ["negate k1", "negate k2", "negate k3", "total"]),
    ],
)
@pytest.mark.parametrize("mode", ["default", "managed"])
def test_steps_for_some_mapping_keys_run_and_others_are_taken_from_the_parent(
    instance: DagsterInstance, selection: list[str], calls: list[str], mode: str
) -> None:
    parent = first(instance, mode)
    FAILING.add("spread")

    result = again(parent, instance, selection, mode=mode)

    assert result.success
    assert calls == CALLS
    if "total" in calls:
        assert result.result_for_solid("total").output_value() == -12


def test_behind_a_dynamic_step_that_runs_again_its_new_mapping_keys_count(
    instance: DagsterInstance,
) -> None:
    parent = first(instance)
    NUMBERS[:] = [5]

    result = again(parent, instance, ["spread*"])

    assert CALLS == ["spread", "double k5", "negate k5", "total"]
    assert result.result_for_solid("total").output_value() == -10
    run = instance.require_run(result.run_id).dagster_run
    assert run.step_keys_to_execute == (
        "spread.compute",
        "double.compute[?]",
        "negate.compute[?]",
        "total.compute",
    )


def test_what_failed_for_a_mapping_key_is_resumed_with_what_follows(
    instance: DagsterInstance,
) -> None:
    FAILING.add("double k2")
    parent = first(instance)
    FAILING.clear()

    result = again(parent, instance, tags=RESUME)

    assert CALLS == ["double k2", "negate k2", "total"]
    assert result.result_for_solid("total").output_value() == -12
    with pytest.raises(DagsterInvalidSubsetError, match="Nothing of run"):
        again(result, instance, tags=RESUME)


def test_a_resumed_run_is_resumed_in_turn(instance: DagsterInstance) -> None:
    FAILING.update(["double k2", "negate k3"])
    parent = first(instance)
    FAILING.remove("double k2")
    middle = again(parent, instance, tags=RESUME, raise_on_error=False)
    assert CALLS == ["double k2", "negate k3", "negate k2"]
    CALLS.clear()
    FAILING.clear()

    result = again(middle, instance, tags=RESUME)

    assert CALLS == ["negate k3", "total"]
    assert result.result_for_solid("total").output_value() == -12


def test_behind_a_dynamic_step_that_failed_all_is_resumed(instance: DagsterInstance) -> None:
    FAILING.add("spread")
    parent = first(instance)
    FAILING.clear()

    result = again(parent, instance, tags=RESUME)

    assert CALLS[0] == "spread"
    assert result.result_for_solid("total").output_value() == -12


def test_a_mapping_key_that_was_not_yielded_is_told_before_there_is_a_run(
    instance: DagsterInstance,
) -> None:
    parent = first(instance)

    with pytest.raises(DagsterExecutionStepNotFoundError, match=r"double.compute\[k9\]"):
        again(parent, instance, ["double[k9]"])
    with pytest.raises(DagsterExecutionStepNotFoundError, match=r"double.compute\[k9\]"):
        again(parent, instance, step_keys_to_execute=["double[k9]"])
    assert len(instance.get_runs()) == 1


def test_a_step_for_a_mapping_key_needs_its_dynamic_step_to_have_ended(
    instance: DagsterInstance,
) -> None:
    FAILING.add("spread")
    parent = first(instance)

    with pytest.raises(DagsterStepNotStoredError, match=r"spread\.compute"):
        again(parent, instance, ["double"])


def test_a_recorded_re_execution_is_executed_from_its_record(instance: DagsterInstance) -> None:
    parent = first(instance)
    run = instance.create_run_for_pipeline(
        mapped,
        run_config=FILES,
        mode="default",
        step_keys_to_execute=["negate.compute[k1]", "total.compute"],
        parent_run_id=parent.run_id,
        root_run_id=parent.run_id,
    )

    result = execute_run(mapped, run, instance)

    assert CALLS == ["negate k1", "total"]
    assert result.result_for_solid("total").output_value() == -12

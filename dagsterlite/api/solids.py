"""Executing single solids, e.g. in tests (seed 001)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dagsterlite.api.asked import Asked, ask, create_run, plan_of
from dagsterlite.api.driving import run_to_end
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import CheckError, ParameterCheckError
from dagsterlite.execution.results import CompositeSolidExecutionResult, PipelineExecutionResult
from dagsterlite.execution.solid_result import SolidExecutionResult
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.with_values import part_with_values, solid_with_values

SolidResult = CompositeSolidExecutionResult | SolidExecutionResult


def execute_solid(
    solid_def: NodeDefinition,
    mode_def: ModeDefinition | None = None,
    input_values: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    run_config: Mapping[str, Any] | None = None,
    raise_on_error: bool = True,
) -> SolidResult:
    """Execute a single solid in an ephemeral pipeline (seed 001).

    Intended to support unit tests. Input values may be passed directly, and no pipeline need be
    specified: an ephemeral pipeline will be constructed.

    Args:
        solid_def: The solid to execute, or a composite solid.
        mode_def: The mode within which to execute the solid. Use this if, e.g., custom resources,
            loggers, or executors are desired.
        input_values: A dict of input names to input values, used to pass inputs to the solid
            directly; they are type-checked like any. You may also use the run_config to configure
            any inputs that are configurable.
        tags: Arbitrary key-value pairs that will be added to pipeline logs.
        run_config: The configuration that parametrizes this execution.
        raise_on_error: Whether or not to raise exceptions when they occur.

    Returns:
        The result of executing the solid; of a composite, with those of the solids inside.

    Raises:
        CheckError: an argument is of the wrong type, or names an input that is not there.
        DagsterInvalidDefinitionError: an input has no value, or the mode lacks a resource.
        DagsterInvalidConfigError: the run config does not fit.
    """
    owner = "execute_solid"
    if not isinstance(solid_def, NodeDefinition):
        expected = "a solid (a function under @solid) or a composite solid"
        raise ParameterCheckError(owner, "solid_def", expected, solid_def)
    if mode_def is not None and not isinstance(mode_def, ModeDefinition):
        raise ParameterCheckError(owner, "mode_def", "a ModeDefinition", mode_def)
    values = _values(owner, "input_values", input_values)
    definition = solid_with_values(solid_def, values, mode_def)
    asked = ask(owner, definition, run_config, tags=tags)
    return _execute(asked, raise_on_error=raise_on_error).result_for_solid(solid_def.name)


def execute_solid_within_pipeline(
    pipeline_def: PipelineDefinition,
    solid_name: str,
    inputs: Mapping[str, Any] | None = None,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
    preset: str | None = None,
    tags: Mapping[str, Any] | None = None,
    instance: DagsterInstance | None = None,
) -> SolidResult:
    """Execute a single solid within an existing pipeline (seed 001).

    Intended to support tests. Input values may be passed directly; errors are raised.

    Args:
        pipeline_def: The pipeline within which to execute the solid.
        solid_name: The name of the solid, or the aliased solid, to execute.
        inputs: A dict of input names to input values, used to pass input values to the solid
            directly, in place of what they are connected to. You may also use the run_config to
            configure any inputs that are configurable.
        run_config: The configuration that parametrizes this execution; what it holds for other
            solids is not looked at.
        mode: The name of the pipeline mode to use. You may not set both mode and preset.
        preset: The name of the pipeline preset to use. You may not set both mode and preset.
        tags: Arbitrary key-value pairs that will be added to pipeline logs.
        instance: The instance to execute against; by default an ephemeral one, and no artifacts
            will be persisted from the run.

    Returns:
        The result of executing the solid.

    Raises:
        CheckError: an argument is of the wrong type, or names a solid or input that is not there.
        DagsterInvalidDefinitionError: an input is left without a value.
        DagsterInvalidConfigError: the run config does not fit.
    """
    owner = "execute_solid_within_pipeline"
    if not isinstance(solid_name, str):
        raise ParameterCheckError(owner, "solid_name", "a text", solid_name)
    values = {solid_name: _values(owner, "inputs", inputs)}
    asked = _within(owner, pipeline_def, run_config, mode, preset, tags, instance)
    part = _part(asked, [solid_name], values)
    return _execute(part).result_for_solid(solid_name)


def execute_solids_within_pipeline(
    pipeline_def: PipelineDefinition,
    solid_names: Iterable[str],
    inputs: Mapping[str, Mapping[str, Any]] | None = None,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
    preset: str | None = None,
    tags: Mapping[str, Any] | None = None,
    instance: DagsterInstance | None = None,
) -> dict[str, SolidResult]:
    """Execute a set of solids within an existing pipeline (seed 001).

    Intended to support tests. Those of the solids that depend on each other are connected as they
    are in the pipeline. Takes the arguments of :func:`execute_solid_within_pipeline`, but for:

    Args:
        pipeline_def: The pipeline within which to execute the solids.
        solid_names: A set of the solid names, or the aliased solids, to execute.
        inputs: A dict keyed on solid names, whose values are dicts of input names to input
            values, used to pass input values to the solids directly.
        run_config: As there.
        mode: As there.
        preset: As there.
        tags: As there.
        instance: As there.

    Returns:
        The results of executing the solids, keyed by solid name.

    Raises what :func:`execute_solid_within_pipeline` raises.
    """
    owner = "execute_solids_within_pipeline"
    names = _names(owner, solid_names)
    given = _values(owner, "inputs", inputs)
    values = {name: _values(owner, f"inputs['{name}']", given[name]) for name in given}
    asked = _within(owner, pipeline_def, run_config, mode, preset, tags, instance)
    result = _execute(_part(asked, names, values))
    return {name: result.result_for_solid(name) for name in names}


def _within(
    owner: str, pipeline_def: Any, run_config: Any, mode: Any, preset: Any, tags: Any, instance: Any
) -> Asked:
    if not isinstance(pipeline_def, PipelineDefinition):
        raise ParameterCheckError(owner, "pipeline_def", "a PipelineDefinition", pipeline_def)
    return ask(owner, pipeline_def, run_config, mode, preset, tags, None, instance)


def _part(asked: Asked, names: Sequence[str], values: Mapping[str, Mapping[str, Any]]) -> Asked:
    others = tuple(name for name in asked.pipeline.solid_names if name not in names)
    definition = part_with_values(asked.pipeline, names, values)
    # Which solids are executed is said here, whatever a preset selects.
    return replace(asked, pipeline=definition, solid_selection=None, ignored_solids=others)


def _execute(asked: Asked, *, raise_on_error: bool = True) -> PipelineExecutionResult:
    plan = plan_of(asked)
    return run_to_end(asked, plan, create_run(asked, plan), raise_on_error=raise_on_error)


def _values(owner: str, argument: str, given: Any) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ParameterCheckError(owner, argument, "a dict", given)
    for name in given:
        if not isinstance(name, str):
            raise ParameterCheckError(owner, argument, "a dict whose keys are names", name)
    return given


def _names(owner: str, given: Any) -> list[str]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ParameterCheckError(owner, "solid_names", "a set of names", given)
    names = list(dict.fromkeys(given))
    for name in names:
        if not isinstance(name, str):
            raise ParameterCheckError(owner, "solid_names", "a set of names", name)
    if not names:
        raise CheckError(f"{owner}: argument 'solid_names' is empty: name at least one solid.")
    return names

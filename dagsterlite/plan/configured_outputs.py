"""Whether what run config says of outputs can be done: it says the same for each mapping key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.errors import DagsterInvalidConfigError
from dagsterlite.plan.step import ExecutionStep, StepOutput, UnresolvedStep
from dagsterlite.run_config.resolved import EnvironmentConfig


def check_configured_outputs(
    steps: Iterable[ExecutionStep], environment_config: EnvironmentConfig, mode: ModeDefinition
) -> None:
    """Refuse to write an output that has many values to one place.

    An IO manager that takes config is told the mapping key, and may make a place of each.

    Args:
        steps: All steps of the plan.
        environment_config: The resolved run config.
        mode: The mode.

    Raises:
        DagsterInvalidConfigError: a configured output is dynamic, or its step is mapped.
    """
    wrong = [
        f"output '{output.name}' of {step.kind_and_path}"
        for step in steps
        for output in _with_many_values(step)
        if mode.output_config_of(output.definition) is None
        and output.name in dict(environment_config.solid(step.solid_handle).outputs)
    ]
    if wrong:
        message = (
            f"Error in config: 'outputs' says how to write {', '.join(wrong)}, which has a value "
            "for each mapping key: they would overwrite each other. Leave it out there, and write "
            "the output of a step that collects them, or keep them by an IO manager."
        )
        raise DagsterInvalidConfigError(message, [], environment_config.original_config)


def _with_many_values(step: ExecutionStep) -> Iterator[StepOutput]:
    is_mapped = isinstance(step, UnresolvedStep) and step.mapped_over is not None
    return (output for output in step.outputs if is_mapped or output.is_dynamic)

"""Step launchers: resources that have steps executed in processes of their own choice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.events.event import DagsterEvent
from dagsterlite.execution.step_context import StepExecutionContext


class StepLauncher(ABC):
    """Executes steps, either in this process or in another one (seed 003).

    A solid that requires a resource whose value is a launcher is not executed where its step is
    given out: the launcher is asked to, with all that :class:`StepRunRef` says of the step.
    """

    @abstractmethod
    def launch_step(
        self, step_context: StepExecutionContext, prior_attempts_count: int
    ) -> Iterator[DagsterEvent]:
        """Have a step executed; yield the events that ``run_step_from_ref`` yields there.

        The second argument may be left out of the signature.

        Args:
            step_context: The step, as it would be executed here.
            prior_attempts_count: How often it was tried before in this run.
        """


def launcher_of(context: StepExecutionContext) -> StepLauncher | None:
    """Return the launcher among the resources that the step's solid requires, if there is one.

    Raises:
        DagsterResourceFunctionError: a resource cannot be made.
        DagsterInvariantViolationError: there are several, or the run keeps its intermediates in
            this process's memory.
    """
    definition = context.step.solid_def
    if not definition.required_resource_keys:
        return None
    resources = context.resources_for(definition.required_resource_keys)
    launchers = [value for value in resources if isinstance(value, StepLauncher)]
    if not launchers:
        return None
    if len(launchers) > 1:
        message = (
            f"{definition.label} requires {len(launchers)} resources that are step launchers; only "
            "one can execute its steps. Leave out the others."
        )
        raise DagsterInvariantViolationError(message)
    if not context.run_context.storage.is_persistent:
        message = (
            f"Step '{context.step.key}' is executed by a step launcher, which cannot reach values "
            "in this process's memory. Run with intermediate_storage filesystem."
        )
        raise DagsterInvariantViolationError(message)
    return launchers[0]

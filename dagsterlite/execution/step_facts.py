"""What user code is told of the step that it belongs to."""

from __future__ import annotations

from typing import Any

from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import Solid
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.handles import SolidHandle
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import DagsterRun


class StepFacts:
    """What the contexts of a solid and of a hook both tell of the step.

    Args:
        step_context: What the engine knows of it.
    """

    def __init__(self, step_context: StepExecutionContext) -> None:
        self._step_context = step_context

    @property
    def step_key(self) -> str:
        """The key of the step."""
        return self._step_context.step.key

    @property
    def solid(self) -> Solid:
        """The solid, at its place in the pipeline."""
        return self._step_context.step.solid

    @property
    def solid_handle(self) -> SolidHandle:
        """Where the solid stands in the pipeline."""
        return self._step_context.step.solid_handle

    @property
    def solid_config(self) -> Any:
        """The parsed config specific to this solid."""
        return self._step_context.solid_config

    @property
    def retry_number(self) -> int:
        """How often the step was tried before: 0 in the first attempt."""
        return self._step_context.retry_number

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self._step_context.run_id

    @property
    def pipeline_run(self) -> DagsterRun:
        """The run."""
        return self._step_context.pipeline_run

    @property
    def pipeline_name(self) -> str:
        """The pipeline's name."""
        return self.pipeline_run.pipeline_name

    @property
    def mode_def(self) -> ModeDefinition:
        """The mode that the run is in."""
        return self._step_context.mode_def

    @property
    def instance(self) -> DagsterInstance:
        """The instance that the run is recorded in."""
        return self._step_context.instance

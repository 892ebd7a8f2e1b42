"""What a hook is given of the step that it follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagsterlite.definitions.hook import HookDefinition
from dagsterlite.definitions.node import Solid
from dagsterlite.errors import DagsterExecutionStepExecutionError
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ScopedResources
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.execution.step_facts import StepFacts
from dagsterlite.plan.step import ExecutionStep


class HookContext(StepFacts):
    """The context object available to a hook function (seed 001).

    Users should not instantiate this class; :func:`build_hook_context` makes one for a test.
    """

    def __init__(
        self,
        step_context: StepExecutionContext,
        log: DagsterLogManager,
        hook_def: HookDefinition,
        *,
        resources: ScopedResources,
        exception: BaseException | None,
        output_values: Mapping[str, Any],
    ) -> None:
        super().__init__(step_context)
        self._log = log
        self._hook_def = hook_def
        self._resources = resources
        self._exception = exception
        self._output_values = output_values

    # --- the hook ---

    @property
    def hook_def(self) -> HookDefinition:
        """The hook that the context object belongs to."""
        return self._hook_def

    @property
    def required_resource_keys(self) -> frozenset[str]:
        """The resources that the hook requires."""
        return self.hook_def.required_resource_keys

    @property
    def resources(self) -> ScopedResources:
        """Resources available in the hook context."""
        return self._resources

    @property
    def log(self) -> DagsterLogManager:
        """Centralized log dispatch from user code."""
        return self._log

    # --- the step ---

    @property
    def step(self) -> ExecutionStep:
        """The compute step associated with the hook."""
        return self._step_context.step

    @property
    def solid_exception(self) -> BaseException | None:
        """What the step raised, the user's own exception; None if it succeeded."""
        error = self._exception
        if isinstance(error, DagsterExecutionStepExecutionError):
            return error.user_exception
        return error

    @property
    def solid_output_values(self) -> dict[str, Any]:
        """The values of the outputs that the attempt yielded, by name, also if it then failed.

        Those of a dynamic output are a dict by mapping key.
        """
        return dict(self._output_values)

    # --- the run ---

    def has_tag(self, key: str) -> bool:
        """Return whether a logging tag is set."""
        return key in self.log.logging_tags

    def get_tag(self, key: str) -> str | None:
        """Return a logging tag, or None where it is not set."""
        return self.log.logging_tags.get(key)

    # --- the same by the newer vocabulary ---

    @property
    def op(self) -> Solid:
        """The solid, by its newer name."""
        return self.solid

    @property
    def op_config(self) -> Any:
        """The solid's config, by its newer name."""
        return self.solid_config

    @property
    def op_exception(self) -> BaseException | None:
        """What the step raised, by its newer name."""
        return self.solid_exception

    @property
    def op_output_values(self) -> dict[str, Any]:
        """The values of the outputs, by their newer name."""
        return self.solid_output_values

    @property
    def job_name(self) -> str:
        """The pipeline's name, by its newer name."""
        return self.pipeline_name

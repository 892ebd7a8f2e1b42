"""What the functions of a dagster type are given: its check, its loader and its materializer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ScopedResources
from dagsterlite.runs import DagsterRun
from dagsterlite.types.dagster_type import DagsterType


class ValueHolder(Protocol):
    """Where values are checked, loaded or written: a step, or a solid that is called directly."""

    @property
    def run_id(self) -> str:
        """The run's id."""

    @property
    def pipeline_run(self) -> DagsterRun:
        """The run."""

    @property
    def log(self) -> DagsterLogManager:
        """Centralized log dispatch from user code."""

    def resources_for(self, keys: Iterable[str]) -> ScopedResources:
        """Return the resources of these keys."""


class TypeCheckContext:
    """The context object available to a type check function on a DagsterType (seed 001)."""

    def __init__(self, step_context: ValueHolder, dagster_type: DagsterType) -> None:
        self._step_context = step_context
        self._dagster_type = dagster_type

    @property
    def log(self) -> DagsterLogManager:
        """Centralized log dispatch from user code."""
        return self._step_context.log

    @property
    def resources(self) -> ScopedResources:
        """An object whose attributes contain the resources that the type requires."""
        return self._step_context.resources_for(self._dagster_type.resource_keys())

    @property
    def run_id(self) -> str:
        """The id of this pipeline run."""
        return self._step_context.run_id

    @property
    def pipeline_run(self) -> DagsterRun:
        """The current PipelineRun."""
        return self._step_context.pipeline_run


DagsterTypeLoaderContext = TypeCheckContext
"""The name that functions under ``@dagster_type_loader`` annotate their context with."""

DagsterTypeMaterializerContext = TypeCheckContext
"""The name that functions under ``@dagster_type_materializer`` annotate their context with."""

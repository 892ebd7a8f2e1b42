"""The contract of executors: who runs the steps of a plan, and where."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from dagsterlite.config import Field, Selector
from dagsterlite.definitions.executor import ExecutorDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.storage import IntermediateStorageDefinition
from dagsterlite.errors import listed
from dagsterlite.events.engine import EngineEventData, StepsResolved
from dagsterlite.events.error_info import error_info_from_exception
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ResourceManager
from dagsterlite.execution.run_context import RunContext
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.executable import IPipeline
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.run_config.resolved import EnvironmentConfig
from dagsterlite.runs import DagsterRun
from dagsterlite.stores import IntermediateStorage


class RetryMode(Enum):
    """What is done when a step asks to be tried again."""

    #: It is tried again.
    ENABLED = "enabled"
    #: It fails.
    DISABLED = "disabled"
    #: Its attempt ends as up for retry; whoever started it decides.
    DEFERRED = "deferred"

    @property
    def enabled(self) -> bool:
        """Whether a step that asks for it is tried again."""
        return self is RetryMode.ENABLED

    @property
    def disabled(self) -> bool:
        """Whether a step that asks to be tried again fails."""
        return self is RetryMode.DISABLED

    @property
    def deferred(self) -> bool:
        """Whether who started the step decides whether it is tried again."""
        return self is RetryMode.DEFERRED

    @staticmethod
    def from_config(config: Mapping[str, Any]) -> RetryMode:
        """Return the mode that ``{enabled: {}}`` or ``{disabled: {}}`` means."""
        return RetryMode(next(iter(config)))


def retries_field() -> Field:
    """Return the field ``retries`` that each executor's config has."""
    forms = Selector(
        {"enabled": Field({}, is_required=False), "disabled": Field({}, is_required=False)}
    )
    return Field(
        forms,
        default_value={"enabled": {}},
        description="Whether a step that asks to be tried again is.",
    )


@dataclass(frozen=True, kw_only=True)
class InitExecutorContext:
    """Executor-specific initialization context (seed 003)."""

    #: What gives the pipeline (job) to be executed; a :class:`ReconstructablePipeline` where other
    #: processes can make it anew.
    job: IPipeline
    #: The definition of the executor currently being constructed.
    executor_def: ExecutorDefinition
    #: The parsed config passed to the executor.
    executor_config: Any
    #: The current instance.
    instance: DagsterInstance
    #: The mode that the run is in.
    mode_def: ModeDefinition
    #: The run.
    pipeline_run: DagsterRun
    #: The resolved run config.
    environment_config: EnvironmentConfig
    #: The storage that keeps the run's intermediates, unless the executor chooses.
    intermediate_storage_def: IntermediateStorageDefinition
    #: The resources that the definition requires, as attributes.
    resources: Any

    @property
    def pipeline(self) -> IPipeline:
        """What gives the pipeline (job) to be executed."""
        return self.job


ExecuteSteps = Callable[["PlanOrchestrationContext", ExecutionPlan], Iterator[DagsterEvent]]


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanOrchestrationContext:
    """What an executor needs to know of the run whose plan it executes (seed 003)."""

    run_context: RunContext
    instance: DagsterInstance
    #: Run-level log: messages and events that belong to no step.
    log: DagsterLogManager
    #: Whether the first error of a step is to be raised on.
    raise_on_error: bool = False
    #: What is done when a step asks to be tried again: the executor's ``retries``.
    retries: RetryMode = RetryMode.ENABLED
    #: Executes a part of the plan in this process.
    execute_steps: ExecuteSteps = field(repr=False)
    #: IO managers of this process that outlive the run, by key: readers of its outputs ask them.
    lasting_managers: dict[str, Any] = field(default_factory=dict)
    #: What the first step raised that failed in this process, for who raises the run's error.
    causes: list[BaseException] = field(default_factory=list, repr=False)

    def keep_managers(self, resources: ResourceManager) -> None:
        """Have IO managers outlive the run that have nothing to clean up, before all are torn down.

        Args:
            resources: The run's resources in this process.
        """
        self.lasting_managers.update(resources.lasting(self.plan.manager_keys()))

    @property
    def pipeline_def(self) -> PipelineDefinition:
        """The pipeline, or the part of it that is selected."""
        return self.run_context.pipeline_def

    @property
    def plan(self) -> ExecutionPlan:
        """The plan of the whole run."""
        return self.run_context.plan

    def execute_plan(self, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        """Execute a part of the plan in this process, in the thread that reads the events.

        An executor cuts its plan into parts by ``build_subset_plan`` and yields their events on.
        A step may be executed when all steps that it needs were, in this part or an earlier one;
        whether it then runs, is skipped or abandoned is decided here. Parts may be executed by
        several threads at once.

        Where ``retries`` is DEFERRED, a step that asks to be tried again ends its part with
        STEP_UP_FOR_RETRY; to execute it once more is to try it again.

        Raises:
            DagsterInvariantViolationError: a step that is needed was not executed yet.
            Exception: what a step raised, where ``raise_on_error`` is set.
        """
        return self.execute_steps(self, execution_plan)

    @property
    def pipeline_run(self) -> DagsterRun:
        """The run."""
        return self.run_context.run

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run_context.run_id

    @property
    def run_config(self) -> Mapping[str, Any]:
        """The run config as given."""
        return self.run_context.run.run_config

    def engine_event(self, message: str, data: EngineEventData | None = None) -> DagsterEvent:
        """Record what the engine tells of its own work, and return the event to yield."""
        payload = data if data is not None else EngineEventData()
        return self.log.event(DagsterEventType.ENGINE_EVENT, message, payload)

    def resolved_event(self, resolved: StepsResolved) -> DagsterEvent:
        """Record which steps came to be known, and return the event to yield."""
        output, keys = resolved.output, resolved.mapping_keys
        message = (
            f'Dynamic output "{output.output_name}" of step "{output.step_key}" has {len(keys)} '
            f"mapping key(s): {listed(resolved.step_keys)} resolve to one step for each."
        )
        return self.engine_event(message, EngineEventData(detail=resolved))


def tell_of_tear_down(log: DagsterLogManager, key: str, exc: BaseException) -> None:
    """Record that a resource raised while it cleaned up: an engine event, which fails nothing."""
    data = EngineEventData(error=error_info_from_exception(exc))
    log.event(DagsterEventType.ENGINE_EVENT, f"Teardown of resource '{key}' failed.", data)


class Executor(ABC):
    """Executes the steps of a plan (seed 003).

    One that only chooses the order of the steps, or the threads that they run in, is short::

        class ByLevel(Executor):
            def execute(self, plan_context, execution_plan):
                for level in execution_plan.get_steps_to_execute_by_level():
                    keys = [step.key for step in level]
                    yield from plan_context.execute_plan(execution_plan.build_subset_plan(keys))

            @property
            def retries(self):
                return RetryMode.ENABLED
    """

    @abstractmethod
    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[DagsterEvent]:
        """Orchestrate the steps in a way that satisfies the whole plan being executed.

        Args:
            plan_context: The plan's orchestration context.
            execution_plan: The plan to execute.

        Returns:
            A stream of dagster events, each recorded already.
        """

    @property
    @abstractmethod
    def retries(self) -> RetryMode:
        """Whether retries are enabled or disabled for this instance of the executor."""

    @property
    def needs_persistent_intermediates(self) -> bool:
        """Whether a run that selects no storage keeps its intermediates beyond this process."""
        return False

    def intermediates(self, storage: IntermediateStorage) -> IntermediateStorage:
        """Return what this process reads the run's outputs from.

        Args:
            storage: What the run config selects; what it is where steps run in this process.
        """
        return storage

    @contextmanager
    def prepared(self, plan_context: PlanOrchestrationContext) -> Iterator[None]:
        """Hold what must stand from before the run's start until after its last step.

        What is raised before the block begins makes the run fail before its start.
        """
        yield

"""Making what a run works with: its loggers, executor and storage, as its mode and config ask."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import Any

from dagsterlite.config.secrets import redactor
from dagsterlite.definitions.executor import ExecutorDefinition, ExecutorRequirement
from dagsterlite.errors import DagsterInvariantViolationError, shown, type_name
from dagsterlite.execution.attempt_log import AttemptLog, EventSink
from dagsterlite.execution.executor import (
    Executor,
    InitExecutorContext,
    PlanOrchestrationContext,
    tell_of_tear_down,
)
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.reconstructable import ReconstructablePipeline
from dagsterlite.execution.requirements import check_requirements
from dagsterlite.execution.resources import ScopedResources
from dagsterlite.execution.run_context import (
    RunContext,
    logging_tags,
    make_loggers,
    make_resource_manager,
)
from dagsterlite.execution.storages import make_intermediates, selected_storage
from dagsterlite.execution.sub_plans import SubPlans
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.executable import InMemoryPipeline, IPipeline, as_selection
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.own_tags import check_own_tags
from dagsterlite.runs import DagsterRun


class Preparation:
    """Makes the parts of one run in its driver's process.

    Args:
        plan: What the run executes.
        run: The run.
        instance: Where it is recorded.
        log: Its run-level log.
        sink: Where the entries of its steps go.
        interrupts: What stops it.
        is_watched: Whether a display shows the entries of its event log as they come.
    """

    def __init__(
        self,
        plan: ExecutionPlan,
        run: DagsterRun,
        instance: DagsterInstance,
        log: AttemptLog,
        sink: EventSink,
        interrupts: Interrupts,
        *,
        is_watched: bool = False,
    ) -> None:
        self._is_watched = is_watched
        self._plan = plan
        self._config = plan.environment_config
        self._mode = plan.pipeline.get_mode_definition(self._config.mode)
        self._run = run
        self._instance = instance
        self._log = log
        self._sink = sink
        self._interrupts = interrupts

    #: The executor that the run config selects; there once the context was made.
    executor: Executor

    def context(self, stack: ExitStack, *, raise_on_error: bool) -> PlanOrchestrationContext:
        """Return what the executor works with; what must be torn down is put on ``stack``.

        Raises:
            DagsterUnmetExecutorRequirementsError: the executor requires what the run does not have.
            DagsterInvariantViolationError: the executor's function returns something else, or a
                tag that says how a step runs is wrong.
            DagsterLoggerFunctionError: a logger cannot be made.
            DagsterResourceFunctionError: a resource that the storage or executor requires cannot be
                made.
            Exception: what the function of the executor or the storage raises.
        """
        for step in self._plan.steps:
            # What is wrong with a tag is told now, not when the step is about to run.
            check_own_tags(step)
        loggers = make_loggers(
            self._plan.pipeline,
            self._mode,
            self._config,
            self._run.run_id,
            is_watched=self._is_watched,
        )
        log = DagsterLogManager(self._log, loggers, self._interrupts)
        self.executor = executor = self._make_executor(log, stack)
        storage = make_intermediates(
            self._plan,
            self._run,
            self._instance.storage_directory(),
            prefers_persistent=executor.needs_persistent_intermediates or self._asks_to_persist,
            resources=lambda keys: self._resources(keys, log, stack),
            open_instance=lambda: self._instance,
        )
        run_context = RunContext(
            plan=self._plan,
            mode_def=self._mode,
            run=self._run,
            storage=executor.intermediates(storage),
            sink=self._sink,
            interrupts=self._interrupts,
            loggers=loggers,
            open_instance=lambda: self._instance,
            artifacts_dir=self._instance.storage_directory(),
            compute_logs=self._instance.compute_log_manager,
            retries_enabled=not executor.retries.disabled,
            redact=redactor(sorted(self._config.secrets)),
            tags=logging_tags(self._run),
        )
        resources = run_context.resource_manager(self._log)
        context = PlanOrchestrationContext(
            run_context=run_context,
            instance=self._instance,
            log=log,
            raise_on_error=raise_on_error,
            retries=executor.retries,
            execute_steps=SubPlans(resources).execute,
        )
        # Callbacks run from the last to the first: managers are taken up, then all torn down.
        stack.callback(resources.tear_down, lambda key, exc: tell_of_tear_down(log, key, exc))
        stack.callback(context.keep_managers, resources)
        return context

    def _resources(
        self, keys: frozenset[str], log: DagsterLogManager, stack: ExitStack
    ) -> ScopedResources:
        """Make what the storage or executor requires; torn down last, when all steps have ended."""
        manager = make_resource_manager(
            self._mode,
            self._config,
            self._run,
            log,
            self._interrupts,
            lambda: self._instance,
            self._instance.storage_directory(),
        )
        stack.callback(manager.tear_down, lambda key, exc: tell_of_tear_down(log, key, exc))
        return manager.scoped(keys)

    def _make_executor(self, log: DagsterLogManager, stack: ExitStack) -> Executor:
        definition, config = self._selected_executor
        storage_def, _ = selected_storage(
            self._mode, self._config, prefers_persistent=self._asks_to_persist
        )
        context = InitExecutorContext(
            job=self._executable,
            executor_def=definition,
            executor_config=config,
            instance=self._instance,
            mode_def=self._mode,
            pipeline_run=self._run,
            environment_config=self._config,
            intermediate_storage_def=storage_def,
            resources=self._resources(definition.required_resource_keys, log, stack),
        )
        check_requirements(context, definition.requirements)
        executor = definition.executor_creation_fn(context)
        if not isinstance(executor, Executor):
            message = (
                f"The executor_creation_fn of executor '{definition.name}' returned "
                f"{shown(executor)} of type {type_name(executor)}; it must return an Executor."
            )
            raise DagsterInvariantViolationError(message)
        return executor

    @property
    def executor_name(self) -> str:
        """The name of the executor's definition."""
        return self._selected_executor[0].name

    @property
    def _executable(self) -> IPipeline:
        """The pipeline as other processes make it, if they can; else as it is here."""
        origin, selection = self._run.external_pipeline_origin, self._run.solid_selection
        if origin is None:
            return InMemoryPipeline(self._plan.pipeline)
        return ReconstructablePipeline(origin, as_selection(selection))

    @property
    def _asks_to_persist(self) -> bool:
        definition, _ = self._selected_executor
        return ExecutorRequirement.PERSISTENT_OUTPUTS in definition.requirements

    @cached_property
    def _selected_executor(self) -> tuple[ExecutorDefinition, Any]:
        selected = self._config.execution
        if selected is None:
            definition = self._mode.executor_defs[0]
            return definition, definition.default_config()
        chosen = self._mode.get_executor_def(selected.name)
        assert chosen is not None
        return chosen, selected.config

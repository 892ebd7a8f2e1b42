"""Making what a run works with: its loggers, executor and storage, as its mode and config ask."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import Any

from dagsterlite.config.secrets import redactor
from dagsterlite.definitions.executor import ExecutorDefinition
from dagsterlite.errors import DagsterInvariantViolationError, shown, type_name
from dagsterlite.execution.attempt_log import AttemptLog, EventSink
from dagsterlite.execution.executor import (
    Executor,
    InitExecutorContext,
    PlanOrchestrationContext,
    RetryMode,
    tell_of_tear_down,
)
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ScopedResources
from dagsterlite.execution.run_context import (
    RunContext,
    logging_tags,
    make_loggers,
    make_resource_manager,
)
from dagsterlite.execution.storages import make_intermediates
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
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
    """

    def __init__(
        self,
        plan: ExecutionPlan,
        run: DagsterRun,
        instance: DagsterInstance,
        log: AttemptLog,
        sink: EventSink,
        interrupts: Interrupts,
    ) -> None:
        self._plan = plan
        self._config = plan.environment_config
        self._mode = plan.pipeline.get_mode_definition(self._config.mode)
        self._run = run
        self._instance = instance
        self._log = log
        self._sink = sink
        self._interrupts = interrupts

    def context(self, stack: ExitStack, *, raise_on_error: bool) -> PlanOrchestrationContext:
        """Return what the executor works with; what must be torn down is put on ``stack``.

        Raises:
            DagsterLoggerFunctionError: a logger cannot be made.
            DagsterResourceFunctionError: a resource that the storage requires cannot be made.
            Exception: what the function of the executor or the storage raises.
        """
        loggers = make_loggers(self._plan.pipeline, self._mode, self._config, self._run.run_id)
        log = DagsterLogManager(self._log, loggers, self._interrupts)
        storage = make_intermediates(
            self._mode,
            self._config,
            self._run,
            self._instance.storage_directory,
            prefers_persistent=self.executor.needs_persistent_intermediates,
            resources=lambda keys: self._storage_resources(keys, log, stack),
            strategies=self._plan.pipeline.serialization_strategies,
        )
        run_context = RunContext(
            plan=self._plan,
            mode_def=self._mode,
            run=self._run,
            storage=self.executor.intermediates(storage),
            sink=self._sink,
            interrupts=self._interrupts,
            loggers=loggers,
            open_instance=lambda: self._instance,
            retries_enabled=self.executor.retries is not RetryMode.DISABLED,
            redact=redactor(sorted(self._config.secrets)),
            artifacts_dir=self._instance.storage_directory,
            tags=logging_tags(self._run),
        )
        return PlanOrchestrationContext(
            run_context=run_context,
            instance=self._instance,
            log=log,
            raise_on_error=raise_on_error,
        )

    def _storage_resources(
        self, keys: frozenset[str], log: DagsterLogManager, stack: ExitStack
    ) -> ScopedResources:
        """Make what the storage requires; torn down last, since steps store until their end."""
        manager = make_resource_manager(
            self._mode,
            self._config,
            self._run,
            log,
            self._interrupts,
            lambda: self._instance,
            self._instance.storage_directory,
        )
        stack.callback(manager.tear_down, lambda key, exc: tell_of_tear_down(log, key, exc))
        return manager.scoped(keys)

    @cached_property
    def executor(self) -> Executor:
        """The executor that the run config selects.

        Raises:
            DagsterInvariantViolationError: its function returns something else.
        """
        definition, config = self._selected_executor()
        executor = definition.executor_creation_fn(
            InitExecutorContext(
                job=self._plan.pipeline,
                executor_def=definition,
                executor_config=config,
                instance=self._instance,
            )
        )
        if not isinstance(executor, Executor):
            message = (
                f"The executor_creation_fn of executor '{definition.name}' returned "
                f"{shown(executor)} of type {type_name(executor)}; it must return an Executor."
            )
            raise DagsterInvariantViolationError(message)
        return executor

    def _selected_executor(self) -> tuple[ExecutorDefinition, Any]:
        selected = self._config.execution
        if selected is None:
            definition = self._mode.executor_defs[0]
            return definition, definition.default_config()
        chosen = self._mode.get_executor_def(selected.name)
        assert chosen is not None
        return chosen, selected.config

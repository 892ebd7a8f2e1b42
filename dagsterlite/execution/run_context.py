"""What the code of a step needs to know of its run, in whichever process it runs."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dagsterlite.compute_logs import ComputeLogManager, NoOpComputeLogManager
from dagsterlite.config.secrets import Redact
from dagsterlite.definitions.console import default_loggers
from dagsterlite.definitions.logger import InitLoggerContext, LoggerDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.resource import InitResourceContext
from dagsterlite.errors import (
    DagsterInvariantViolationError,
    DagsterLoggerFunctionError,
    shown,
    type_name,
    user_code_error_boundary,
)
from dagsterlite.events.metrics import Arrival
from dagsterlite.execution.attempt_log import AttemptLog, EventSink
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.execution.loaded_values import LoadedValues
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ResourceManager, ScopedResources
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.step import ExecutionStep
from dagsterlite.run_config.resolved import EnvironmentConfig
from dagsterlite.runs import DagsterRun
from dagsterlite.stores import IntermediateStorage


@dataclass(frozen=True, kw_only=True, eq=False)
class RunContext:
    """A run as its steps see it: the same in the driver's process and on a worker."""

    plan: ExecutionPlan
    mode_def: ModeDefinition
    run: DagsterRun
    storage: IntermediateStorage
    #: Where the entries of the event log go.
    sink: EventSink
    interrupts: Interrupts
    loggers: Sequence[logging.Logger]
    #: Opens the instance for user code that asks for it.
    open_instance: Callable[[], Any]
    #: The folder below which the instance keeps each run's files.
    artifacts_dir: str
    #: Keeps what steps write to standard output and error.
    compute_logs: ComputeLogManager = field(default_factory=NoOpComputeLogManager)
    #: Whether this process does nothing but run one step of the run at a time.
    is_alone: bool = False
    #: Whether attempts hand their outputs on before they are committed; who runs them ends them.
    commits_behind: bool = False
    #: What steps of this process have loaded from the storage.
    loaded: LoadedValues = field(default_factory=LoadedValues)
    #: Whether a step that asks to be retried is.
    retries_enabled: bool = True
    #: Whether the process of the steps has the terminal of who started the run.
    has_terminal: bool = True
    redact: Redact | None = None
    #: The tags that every event and log record of the run bears.
    tags: Mapping[str, str] = field(default_factory=dict)
    #: The process that this context was made in.
    pid: int = field(default_factory=os.getpid)
    #: The worker that steps run on; empty in the driver's own process.
    worker: str = ""
    #: What it took to bring the next attempt of a step there.
    arrival: Arrival = field(default_factory=Arrival)

    @property
    def pipeline_def(self) -> PipelineDefinition:
        """The pipeline, or the part of it that is selected."""
        return self.plan.pipeline

    @property
    def environment_config(self) -> EnvironmentConfig:
        """The resolved run config."""
        return self.plan.environment_config

    @property
    def ignored_solids(self) -> tuple[str, ...]:
        """The solids that the run config names and that are not selected."""
        config = self.run.run_config
        named = config.get("solids") or config.get("ops") or {}
        return tuple(name for name in named if not self.pipeline_def.has_solid_named(name))

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run.run_id

    def run_log(self) -> AttemptLog:
        """Return a log for run-level entries of this process."""
        return AttemptLog(
            self.sink,
            run_id=self.run_id,
            pipeline_name=self.run.pipeline_name,
            tags=self.tags,
            redact=self.redact,
        )

    def step_log(self, step: ExecutionStep) -> AttemptLog:
        """Return a log for a new attempt of a step."""
        return AttemptLog(
            self.sink,
            run_id=self.run_id,
            pipeline_name=self.run.pipeline_name,
            step_key=step.key,
            solid_handle=step.solid_handle,
            tags={
                **self.tags,
                "step_key": step.key,
                "solid": step.solid_name,
                "solid_definition": step.solid_def.name,
            },
            redact=self.redact,
            keeps=self.storage.is_persistent,
            pid=self.pid,
        )

    def resource_manager(self, log: AttemptLog) -> ResourceManager:
        """Return the run's resources of this process, none of them made yet."""
        return make_resource_manager(
            self.mode_def,
            self.environment_config,
            self.run,
            DagsterLogManager(log, self.loggers, self.interrupts),
            self.interrupts,
            self.open_instance,
            self.artifacts_dir,
        )


def make_resource_manager(
    mode: ModeDefinition,
    environment_config: EnvironmentConfig,
    run: DagsterRun,
    log_manager: DagsterLogManager,
    interrupts: Interrupts,
    open_instance: Callable[[], Any],
    artifacts_dir: str | None,
) -> ResourceManager:
    """Return a run's resources in this process, none of them made yet."""

    def context(key: str, config: Any, required: ScopedResources) -> InitResourceContext:
        return InitResourceContext(
            resource_config=config,
            resource_def=mode.resource_defs[key],
            run_id=run.run_id,
            pipeline_run=run,
            log_manager=log_manager,
            resources=required,
            open_instance=open_instance,
            artifacts_dir=artifacts_dir,
        )

    return ResourceManager(mode, environment_config.resources, context, interrupts)


def logging_tags(run: DagsterRun) -> dict[str, str]:
    """Return what every event and log record of a run bears."""
    return {**run.tags, "pipeline_name": run.pipeline_name, "run_id": run.run_id}


def make_loggers(
    pipeline_def: PipelineDefinition,
    mode: ModeDefinition,
    environment_config: EnvironmentConfig,
    run_id: str,
    *,
    is_watched: bool = False,
) -> tuple[logging.Logger, ...]:
    """Return the loggers that the run config names; the console where it names none.

    Args:
        pipeline_def: The pipeline.
        mode: Its mode, which offers loggers.
        environment_config: The resolved run config.
        run_id: The run.
        is_watched: Whether a display shows what is logged: the console, which nobody asked for,
            would say it once more.

    Raises:
        DagsterLoggerFunctionError: one cannot be made.
    """
    offered = mode.logger_defs or default_loggers()
    named = [(offered[name], config) for name, config in environment_config.loggers.items()]
    if not named and not is_watched:
        console = default_loggers()["console"]
        named = [(console, console.default_config())]
    return tuple(
        _make_logger(definition, config, pipeline_def, run_id) for definition, config in named
    )


def _make_logger(
    definition: LoggerDefinition, config: Any, pipeline_def: PipelineDefinition, run_id: str
) -> logging.Logger:
    context = InitLoggerContext(
        logger_config=config, logger_def=definition, pipeline_def=pipeline_def, run_id=run_id
    )
    name = getattr(definition.logger_fn, "__name__", "logger")
    message = f"Error executing logger_fn '{name}'"
    with user_code_error_boundary(DagsterLoggerFunctionError, lambda: message):
        made = definition.logger_fn(context)
    if not isinstance(made, logging.Logger):
        raise DagsterInvariantViolationError(
            f"The logger_fn '{name}' must return a logging.Logger; it returned {shown(made)} of "
            f"type {type_name(made)}."
        )
    return made

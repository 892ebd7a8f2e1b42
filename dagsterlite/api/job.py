"""Jobs: graphs of ops, bound to what they run with."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dagsterlite.api import create_run_for_pipeline, execute_pipeline, execute_run
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.config_mapping import ConfigMapping
from dagsterlite.definitions.dependency import Dependencies
from dagsterlite.definitions.executor import ExecutorDefinition
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.hook import HookDefinition
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.io_manager import IOManager, IOManagerDefinition
from dagsterlite.definitions.logger import LoggerDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.resource import ResourceDefinition
from dagsterlite.definitions.retry_policy import RetryPolicy
from dagsterlite.definitions.vocabulary import OPS
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    ParameterCheckError,
    listed,
    near,
)
from dagsterlite.execution.in_process import in_process_executor
from dagsterlite.execution.job_results import ExecuteInProcessResult, JobExecutionResult
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.solid_selection import selected_part
from dagsterlite.run_config.defaults import check_default_run_config

JobConfig = ConfigMapping | Mapping[str, Any]
"""What ``config`` may be: what maps config of another form, or the config where none is given."""


class JobDefinition(PipelineDefinition):
    """A graph of ops, bound to its resources, loggers, executor and default config.

    Usually made by :func:`job` or :meth:`GraphDefinition.to_job`. It is a pipeline of one mode:
    everything that takes a pipeline takes it.

    Args:
        graph_def: The graph.
        resource_defs: The resources by key: definitions, or the resources themselves.
        executor_def: The executor (default: run config selects one of ``default_executors``).
        logger_defs: The loggers by name (default: the console).
        name: Letters, digits and underscores (default: the graph's).
        config: A dict, the run config where none is given, section by section; or a
            :class:`ConfigMapping`, whose schema the run config then has.
        description: For people (default: the graph's).
        tags: Tags of each run, over the graph's.
        metadata: Facts for people, by name.
        hook_defs: Hooks of every op.
        op_retry_policy: How an op is tried again for which nothing else is said.
        op_selection: Queries that select the ops to keep (default: all).
        input_values: Values for the graph's inputs, by name.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: an argument is wrong, a resource is missing, or an input can
            get no value; the message names the job.
        DagsterInvalidConfigError: ``config`` does not fit the job.
        DagsterInvalidSubsetError: ``op_selection`` names something that is not there.
    """

    words = OPS
    graph_def: CompositeSolidDefinition

    def __init__(
        self,
        *,
        graph_def: CompositeSolidDefinition,
        resource_defs: Mapping[str, Any] | None = None,
        executor_def: ExecutorDefinition | None = None,
        logger_defs: Mapping[str, LoggerDefinition] | None = None,
        name: str | None = None,
        config: JobConfig | None = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        hook_defs: Iterable[HookDefinition] | None = None,
        op_retry_policy: RetryPolicy | None = None,
        op_selection: Sequence[str] | None = None,
        input_values: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(graph_def, CompositeSolidDefinition):
            raise ParameterCheckError("JobDefinition", "graph_def", "a GraphDefinition", graph_def)
        self.graph_def = graph_def
        job_name = graph_def.name if name is None else name
        owner = f"{self.words.pipeline} '{job_name}'"
        self.has_specified_executor = executor_def is not None
        self.has_specified_loggers = logger_defs is not None
        super().__init__(
            solid_defs=(),
            name=job_name,
            description=graph_def.description if description is None else description,
            mode_defs=[_mode(owner, resource_defs or {}, executor_def, logger_defs)],
            tags={**graph_def.tags, **_mapping(owner, "tags", tags)},
            hook_defs=hook_defs,
            solid_retry_policy=op_retry_policy,
        )
        self.metadata = dict(_mapping(self.label, "metadata", metadata))
        self.input_values = self._checked_values(input_values)
        self.graph = selected_part(self, op_selection).graph
        self._check_inputs()
        self._bind_config(config)

    def _build_graph(
        self, solid_defs: Sequence[NodeDefinition], dependencies: Dependencies | None
    ) -> Graph:
        return replace(self.graph_def.graph, owner=self.label)

    def _bind_config(self, config: JobConfig | None) -> None:
        self.config_mapping, default = config_of(self.label, config)
        if config is None and self.graph_def.default_inner_config is not None:
            default = {self.words.section: self.graph_def.default_inner_config}
        if default is not None:
            self.default_run_config = default
        check_default_run_config(self)

    # --- its inputs ---

    @property
    def input_dict(self) -> Mapping[str, InputDefinition]:
        used = self.graph.mapped_inputs()
        values = self.input_values
        return {
            name: item.with_value(values[name]) if name in values else item
            for name, item in self.graph_def.input_dict.items()
            if name in used
        }

    def _checked_values(self, given: Mapping[str, Any] | None) -> dict[str, Any]:
        values = _mapping(self.label, "input_values", given)
        known = self.graph_def.input_dict
        for name in values:
            if name not in known:
                message = (
                    f"{self.label}: input_values names '{name}', which is no input of it."
                    f"{near(name, known)} Its inputs: {listed(known)}."
                )
                raise DagsterInvalidDefinitionError(message)
        return dict(values)

    def _check_inputs(self) -> None:
        for name, item in self.input_dict.items():
            dagster_type = item.dagster_type
            is_loadable = (
                dagster_type.loader is not None
                or dagster_type.is_nothing
                or item.unconnected_manager_key is not None
            )
            if not is_loadable and not item.has_default_value:
                message = (
                    f"{self.label}: input '{name}' can get no value: its type "
                    f"'{dagster_type.display_name}' cannot be loaded from config. Give it one in "
                    "input_values or by default, give its type a dagster_type_loader, or the op's "
                    "input a manager."
                )
                raise DagsterInvalidDefinitionError(message)

    # --- what it is bound to ---

    @property
    def resource_defs(self) -> Mapping[str, ResourceDefinition]:
        """Its resources by key."""
        return self.get_default_mode().resource_defs

    @property
    def loggers(self) -> Mapping[str, LoggerDefinition]:
        """Its loggers by name."""
        return self.get_default_mode().logger_defs

    @property
    def executor_def(self) -> ExecutorDefinition:
        """The executor that runs its steps unless run config selects another."""
        return self.get_default_mode().executor_defs[0]

    # --- running it ---

    def execute_in_process(
        self,
        run_config: Mapping[str, Any] | None = None,
        instance: DagsterInstance | None = None,
        raise_on_error: bool = True,
        op_selection: Sequence[str] | None = None,
        run_id: str | None = None,
        input_values: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        resources: Mapping[str, Any] | None = None,
    ) -> ExecuteInProcessResult:
        """Execute the job in this process, whatever its executor; see its outputs by the result.

        Args:
            run_config: The configuration of the run; what selects an executor is left aside.
            instance: Where it is recorded (default: an ephemeral instance).
            raise_on_error: Whether to raise what an op raises.
            op_selection: Queries that select the ops to run, e.g. ``["*some_op+", "other"]``.
            run_id: The run's id (default: a new one).
            input_values: Values for the job's inputs, by name, over those that it has.
            tags: Tags of the run.
            resources: Resources by key in place of the job's: definitions, or resources themselves.

        Raises:
            CheckError: an argument is of the wrong type.
            DagsterInvalidConfigError: the run config does not fit.
            DagsterInvalidSubsetError: the selection names something that is not there.
            Exception: what an op raises, if ``raise_on_error``.
        """
        bound = self._in_process(resources, input_values)
        instance = DagsterInstance.ephemeral() if instance is None else instance
        run = create_run_for_pipeline(
            bound,
            run_id=run_id,
            run_config=run_config,
            tags=tags,
            solid_selection=op_selection,
            instance=instance,
        )
        result = execute_run(bound, run, instance, raise_on_error=raise_on_error)
        return ExecuteInProcessResult(result, instance.require_run(run.run_id).dagster_run)

    def _in_process(
        self, resources: Mapping[str, Any] | None, input_values: Mapping[str, Any] | None
    ) -> JobDefinition:
        """Return the job as :meth:`execute_in_process` runs it."""
        bound = copy.copy(self)
        all_resources = {**self.resource_defs, **_mapping(self.label, "resources", resources)}
        bound.mode_definitions = (
            _mode(self.label, all_resources, in_process_executor, self.loggers or None),
        )
        bound.stays_in_process = True
        bound.input_values = {**self.input_values, **self._checked_values(input_values)}
        return bound


def config_of(owner: str, config: Any) -> tuple[ConfigMapping | None, Mapping[str, Any] | None]:
    """Return what a ``config`` argument is: a config mapping, or config where none is given.

    Raises:
        ParameterCheckError: it is neither.
    """
    if config is None or isinstance(config, ConfigMapping):
        return config, None
    if not isinstance(config, Mapping):
        raise ParameterCheckError(owner, "config", "a dict or a ConfigMapping", config)
    return None, dict(config)


def _mode(
    owner: str,
    resources: Mapping[str, Any],
    executor_def: ExecutorDefinition | None,
    logger_defs: Mapping[str, LoggerDefinition] | None,
) -> ModeDefinition:
    given = _mapping(owner, "resource_defs", resources)
    return ModeDefinition(
        resource_defs={key: _resource(item) for key, item in given.items()},
        logger_defs=logger_defs,
        executor_defs=None if executor_def is None else [executor_def],
    )


def _resource(item: Any) -> ResourceDefinition:
    if isinstance(item, IOManager):
        return IOManagerDefinition.hardcoded_io_manager(item)
    is_definition = isinstance(item, ResourceDefinition)
    return item if is_definition else ResourceDefinition.hardcoded_resource(item)


def _mapping(owner: str, argument: str, given: Any) -> Mapping[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise ParameterCheckError(owner, argument, "a dict", given)
    return given or {}


def execute_job(
    job: Any,
    instance: DagsterInstance,
    run_config: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    raise_on_error: bool = False,
    op_selection: Sequence[str] | None = None,
) -> JobExecutionResult:
    """Execute a job with its executor, or the one that the run config selects.

    Args:
        job: The job, or what ``reconstructable`` makes of it.
        instance: Where the run is recorded.
        run_config: The configuration of the run.
        tags: Tags of the run.
        raise_on_error: Whether to raise exceptions when they occur.
        op_selection: Queries that select the ops to run, e.g. ``["*some_op+", "other"]``.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidConfigError: the run config does not fit.
        DagsterInvalidSubsetError: the selection names something that is not there.
    """
    result = execute_pipeline(
        job,
        run_config=run_config,
        tags=tags,
        solid_selection=op_selection,
        instance=instance,
        raise_on_error=raise_on_error,
    )
    return JobExecutionResult(result, instance.require_run(result.run_id).dagster_run)

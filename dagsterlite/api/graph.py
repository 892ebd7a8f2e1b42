"""Graphs of ops, and the jobs that are made of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, overload

from dagsterlite.api.job import JobConfig, JobDefinition, config_of
from dagsterlite.definitions.arguments import refuse_both
from dagsterlite.definitions.composed import compose
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.dependency import Dependencies
from dagsterlite.definitions.executor import ExecutorDefinition
from dagsterlite.definitions.hook import HookDefinition
from dagsterlite.definitions.inputs import InputDefinition, InputMapping
from dagsterlite.definitions.ins_outs import (
    GraphIn,
    GraphOut,
    inputs_from,
    outputs_from,
)
from dagsterlite.definitions.logger import LoggerDefinition
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.outputs import OutputDefinition, OutputMapping
from dagsterlite.definitions.retry_policy import RetryPolicy
from dagsterlite.definitions.signature import (
    check_inputs,
    inputs_of,
    made_from,
    name_of,
    outputs_of,
    refuse_unrun,
)
from dagsterlite.definitions.vocabulary import OPS
from dagsterlite.execution.job_results import ExecuteInProcessResult
from dagsterlite.instance import DagsterInstance


class GraphDefinition(CompositeSolidDefinition):
    """Ops and how they depend on each other.

    Usually made by :func:`graph`. It stands in other graphs as one node, and :meth:`to_job` binds
    it to what it runs with.

    Args:
        name: Letters, digits and underscores.
        description: For people.
        node_defs: The definitions of the ops and graphs inside.
        dependencies: How they depend on each other.
        input_mappings: How its inputs lead to those of nodes inside.
        output_mappings: How its outputs come from those of nodes inside.
        config: A :class:`ConfigMapping`, whose schema the graph's config then has; or a dict, the
            config of its nodes where none is given.
        tags: Text to text (or JSON-able).
        positional_inputs: The inputs in the order of a call's positional arguments.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: an argument is wrong; the message names the graph.
    """

    words = OPS
    kind = OPS.composite

    def __init__(
        self,
        name: str,
        description: str | None = None,
        node_defs: Sequence[NodeDefinition] | None = None,
        dependencies: Dependencies | None = None,
        input_mappings: Sequence[InputMapping] | None = None,
        output_mappings: Sequence[OutputMapping] | None = None,
        config: JobConfig | None = None,
        tags: Mapping[str, Any] | None = None,
        *,
        positional_inputs: Sequence[str] | None = None,
    ) -> None:
        owner = f"{self.kind} '{name}'"
        mapping, self.default_inner_config = config_of(owner, config)
        super().__init__(
            name=name,
            solid_defs=node_defs or [],
            input_mappings=input_mappings,
            output_mappings=output_mappings,
            config_mapping=mapping,
            dependencies=dependencies,
            description=description,
            tags=tags,
            positional_inputs=positional_inputs,
        )

    def to_job(
        self,
        name: str | None = None,
        description: str | None = None,
        resource_defs: Mapping[str, Any] | None = None,
        config: JobConfig | None = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        logger_defs: Mapping[str, LoggerDefinition] | None = None,
        executor_def: ExecutorDefinition | None = None,
        hooks: Iterable[HookDefinition] | None = None,
        op_retry_policy: RetryPolicy | None = None,
        op_selection: Sequence[str] | None = None,
        input_values: Mapping[str, Any] | None = None,
    ) -> JobDefinition:
        """Return the job that runs this graph; see :class:`JobDefinition` for the arguments.

        Args:
            name: The job's name (default: the graph's).
            description: For people (default: the graph's).
            resource_defs: The resources by key: definitions, or the resources themselves.
            config: A dict, the run config where none is given; or a :class:`ConfigMapping`.
            tags: Tags of each run, over the graph's.
            metadata: Facts for people.
            logger_defs: The loggers by name.
            executor_def: The executor.
            hooks: Hooks of every op.
            op_retry_policy: How an op is tried again for which nothing else is said.
            op_selection: Queries that select the ops to keep (default: all).
            input_values: Values for the graph's inputs, by name.

        Raises:
            CheckError: an argument is of the wrong type.
            DagsterInvalidDefinitionError: a resource is missing, or an input can get no value.
            DagsterInvalidConfigError: ``config`` does not fit the job.
            DagsterInvalidSubsetError: ``op_selection`` names something that is not there.
        """
        return JobDefinition(
            graph_def=self,
            name=name,
            description=description,
            resource_defs=resource_defs,
            config=config,
            tags=tags,
            metadata=metadata,
            logger_defs=logger_defs,
            executor_def=executor_def,
            hook_defs=hooks,
            op_retry_policy=op_retry_policy,
            op_selection=op_selection,
            input_values=input_values,
        )

    def execute_in_process(
        self,
        run_config: Mapping[str, Any] | None = None,
        instance: DagsterInstance | None = None,
        resources: Mapping[str, Any] | None = None,
        raise_on_error: bool = True,
        op_selection: Sequence[str] | None = None,
        run_id: str | None = None,
        input_values: Mapping[str, Any] | None = None,
    ) -> ExecuteInProcessResult:
        """Run the graph by itself, in this process.

        Args:
            run_config: The configuration of the run.
            instance: Where it is recorded (default: an ephemeral instance).
            resources: The resources by key: definitions, or the resources themselves.
            raise_on_error: Whether to raise what an op raises.
            op_selection: Queries that select the ops to run (default: all).
            run_id: The run's id (default: a new one).
            input_values: Values for the graph's inputs, by name.

        Raises what :meth:`JobDefinition.execute_in_process` raises, and what :meth:`to_job` does.
        """
        job = self.to_job(resource_defs=resources, input_values=input_values)
        return job.execute_in_process(
            run_config=run_config,
            instance=instance,
            raise_on_error=raise_on_error,
            op_selection=op_selection,
            run_id=run_id,
        )


def graph_of(
    decorator: str,
    fn: Callable[..., Any],
    name: str | None,
    description: str | None,
    ins: Mapping[str, GraphIn] | None = None,
    out: GraphOut | Mapping[str, GraphOut] | None = None,
    config: JobConfig | None = None,
    tags: Mapping[str, Any] | None = None,
    input_defs: Sequence[InputDefinition] | None = None,
    output_defs: Sequence[OutputDefinition] | None = None,
) -> GraphDefinition:
    """Return the graph that a function under a decorator describes; see :func:`graph`."""
    graph_name = name_of(decorator, name, fn)
    owner = f"{decorator} '{graph_name}'"
    refuse_both(owner, ins=ins, input_defs=input_defs)
    refuse_both(owner, out=out, output_defs=output_defs)
    refuse_unrun(owner, fn)
    parameters = list(inspect.signature(fn).parameters.values())
    inputs = (
        inputs_from(owner, fn, parameters, ins, GraphIn)
        if input_defs is None
        else inputs_of(owner, fn, parameters, input_defs)
    )
    positional = check_inputs(
        owner,
        parameters,
        inputs,
        takes_nothing=True,
        argument="ins" if input_defs is None else "input_defs",
    )
    outputs = (
        outputs_from(owner, fn, out, GraphOut)
        if output_defs is None
        else outputs_of(owner, fn, output_defs)
    )
    composed = compose(
        owner,
        OPS,
        fn,
        inputs,
        outputs,
        must_return=out is not None or output_defs is not None,
        typed_by_use=True,
    )
    return GraphDefinition(
        name=graph_name,
        description=description or inspect.getdoc(fn),
        node_defs=composed.node_defs,
        dependencies=composed.dependencies,
        input_mappings=composed.input_mappings,
        output_mappings=composed.output_mappings,
        config=config,
        tags=tags,
        positional_inputs=positional,
    )


@overload
def graph(compose_fn: Callable[..., Any]) -> GraphDefinition: ...


@overload
def graph(
    *,
    name: str | None = ...,
    description: str | None = ...,
    input_defs: Sequence[InputDefinition] | None = ...,
    output_defs: Sequence[OutputDefinition] | None = ...,
    ins: Mapping[str, GraphIn] | None = ...,
    out: GraphOut | Mapping[str, GraphOut] | None = ...,
    config: JobConfig | None = ...,
    tags: Mapping[str, Any] | None = ...,
) -> Callable[[Callable[..., Any]], GraphDefinition]: ...


def graph(
    compose_fn: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    input_defs: Sequence[InputDefinition] | None = None,
    output_defs: Sequence[OutputDefinition] | None = None,
    ins: Mapping[str, GraphIn] | None = None,
    out: GraphOut | Mapping[str, GraphOut] | None = None,
    config: JobConfig | None = None,
    tags: Mapping[str, Any] | None = None,
) -> GraphDefinition | Callable[[Callable[..., Any]], GraphDefinition]:
    """Make a graph from a function that calls ops and graphs.

    Its parameters are the graph's inputs; what it returns are the graph's outputs: an output of
    something called inside, or several as a dict by name or a tuple in the order of ``out``::

        @graph
        def cleaned(rows):
            return drop_empty(strip(rows))

    Args:
        compose_fn: The function, where the decorator stands without arguments.
        name: The graph's name (default: the function's).
        description: For people (default: the function's docstring).
        input_defs: The inputs as a list, in place of ``ins``.
        output_defs: The outputs as a list, in place of ``out``.
        ins: More of the inputs, by parameter.
        out: The one output, or all of them by name (default: ``result``, if the function returns
            an output).
        config: A :class:`ConfigMapping`, whose schema the graph's config then has; or a dict, the
            config of its nodes where none is given.
        tags: Text to text (or JSON-able).

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: the function or an argument is wrong.
    """

    def wrap(fn: Callable[..., Any]) -> GraphDefinition:
        return graph_of(
            "@graph", fn, name, description, ins, out, config, tags, input_defs, output_defs
        )

    return wrap if compose_fn is None else wrap(compose_fn)


@overload
def job(compose_fn: Callable[..., Any]) -> JobDefinition: ...


@overload
def job(
    *,
    name: str | None = ...,
    description: str | None = ...,
    resource_defs: Mapping[str, Any] | None = ...,
    config: JobConfig | None = ...,
    tags: Mapping[str, Any] | None = ...,
    metadata: Mapping[str, Any] | None = ...,
    logger_defs: Mapping[str, LoggerDefinition] | None = ...,
    executor_def: ExecutorDefinition | None = ...,
    hooks: Iterable[HookDefinition] | None = ...,
    op_retry_policy: RetryPolicy | None = ...,
    input_values: Mapping[str, Any] | None = ...,
) -> Callable[[Callable[..., Any]], JobDefinition]: ...


def job(
    compose_fn: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    resource_defs: Mapping[str, Any] | None = None,
    config: JobConfig | None = None,
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    logger_defs: Mapping[str, LoggerDefinition] | None = None,
    executor_def: ExecutorDefinition | None = None,
    hooks: Iterable[HookDefinition] | None = None,
    op_retry_policy: RetryPolicy | None = None,
    input_values: Mapping[str, Any] | None = None,
) -> JobDefinition | Callable[[Callable[..., Any]], JobDefinition]:
    """Make a job from a function that calls ops and graphs.

    Its parameters are inputs of the whole, given by ``input_values`` or in the section ``inputs``
    of run config; what it returns can be asked for by ``output_value`` of the result.

    Args:
        compose_fn: The function, where the decorator stands without arguments.
        name: The job's name (default: the function's).
        description: For people (default: the function's docstring).
        resource_defs: The resources by key: definitions, or the resources themselves.
        config: A dict, the run config where none is given, section by section; or a
            :class:`ConfigMapping`, whose schema the run config then has.
        tags: Tags of each run.
        metadata: Facts for people, by name.
        logger_defs: The loggers by name (default: the console).
        executor_def: The executor (default: run config selects one of ``default_executors``).
        hooks: Hooks of every op.
        op_retry_policy: How an op is tried again for which nothing else is said.
        input_values: Values for the inputs, by name.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: the function or an argument is wrong, a resource is missing,
            or an input can get no value.
        DagsterInvalidConfigError: ``config`` does not fit the job.
    """

    def wrap(fn: Callable[..., Any]) -> JobDefinition:
        described = graph_of("@job", fn, name, description)
        made = described.to_job(
            resource_defs=resource_defs,
            config=config,
            tags=tags,
            metadata=metadata,
            logger_defs=logger_defs,
            executor_def=executor_def,
            hooks=hooks,
            op_retry_policy=op_retry_policy,
            input_values=input_values,
        )
        made.made_from = made_from(fn)
        return made

    return wrap if compose_fn is None else wrap(compose_fn)

"""Solids: the functions that a pipeline is made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, overload

from dagsterlite.config import Field
from dagsterlite.definitions.arguments import refuse_both
from dagsterlite.definitions.compute import ComputeFn, compute_fn_of
from dagsterlite.definitions.configurable import config_field_of
from dagsterlite.definitions.configured import ConfigurableNode
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.retry_policy import RetryPolicy, check_retry_policy
from dagsterlite.definitions.signature import (
    check_inputs,
    inputs_of,
    name_of,
    outputs_of,
    split_context,
)
from dagsterlite.types.callables import check_function
from dagsterlite.types.requirements import resource_keys


class SolidDefinition(NodeDefinition, ConfigurableNode):
    """A unit of work: named inputs, a function, named outputs.

    Usually made by :func:`solid`.

    Args:
        name: Letters, digits and underscores.
        input_defs: The inputs.
        compute_fn: Called with ``(context, inputs)``; yields outputs, materializations,
            observations and expectation results. One that returns None yields nothing.
        output_defs: The outputs.
        config_schema: What ``context.solid_config`` must look like (default: any config,
            and none is needed).
        description: For people.
        tags: Text to text (or JSON-able).
        required_resource_keys: The resources that ``context.resources`` has.
        positional_inputs: The inputs in the order of a call's positional arguments.
        version: A name for the code's version.
        retry_policy: How the solid is tried again when its function raises.

    Raises:
        DagsterInvalidDefinitionError: an argument is wrong; the message names the solid.
    """

    def __init__(
        self,
        name: str,
        input_defs: Sequence[InputDefinition],
        compute_fn: ComputeFn,
        output_defs: Sequence[OutputDefinition],
        config_schema: Any = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        required_resource_keys: Iterable[str] | None = None,
        positional_inputs: Sequence[str] | None = None,
        version: str | None = None,
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        super().__init__(name, input_defs, output_defs, description, tags, positional_inputs)
        self.compute_fn: ComputeFn = check_function(
            self.label, "compute_fn", compute_fn, takes=("context", "inputs")
        )
        self.config_field: Field | None = config_field_of(self.label, config_schema)
        self._resource_keys = resource_keys(self.label, required_resource_keys)
        self.version = version
        self.retry_policy = check_retry_policy(self.label, "retry_policy", retry_policy)

    @property
    def code_version(self) -> str | None:
        """A name for the code's version."""
        return self.version

    @property
    def required_resource_keys(self) -> frozenset[str]:
        """The resources that the solid's function needs."""
        return self._resource_keys


@overload
def solid(name: Callable[..., Any]) -> SolidDefinition: ...


@overload
def solid(
    name: str | None = ...,
    description: str | None = ...,
    input_defs: Sequence[InputDefinition] | None = ...,
    output_defs: Sequence[OutputDefinition] | None = ...,
    config_schema: Any = ...,
    required_resource_keys: Iterable[str] | None = ...,
    tags: Mapping[str, Any] | None = ...,
    version: str | None = ...,
    retry_policy: RetryPolicy | None = ...,
    code_version: str | None = ...,
) -> Callable[[Callable[..., Any]], SolidDefinition]: ...


def solid(
    name: str | Callable[..., Any] | None = None,
    description: str | None = None,
    input_defs: Sequence[InputDefinition] | None = None,
    output_defs: Sequence[OutputDefinition] | None = None,
    config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    tags: Mapping[str, Any] | None = None,
    version: str | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
) -> SolidDefinition | Callable[[Callable[..., Any]], SolidDefinition]:
    """Make a solid from a function of its inputs, with the context before them where it is used.

    The function returns its one output's value, or yields :class:`Output`,
    :class:`AssetMaterialization`, :class:`AssetObservation` and :class:`ExpectationResult`::

        @solid(config_schema={"factor": int})
        def scale(context, rows: list[int]) -> list[int]:
            return [row * context.solid_config["factor"] for row in rows]

    Args:
        name: The solid's name (default: the function's).
        description: For people (default: the function's docstring).
        input_defs: The inputs (default: one for each parameter, typed by its annotation).
        output_defs: The outputs (default: ``result``, typed by the return annotation).
        config_schema: What ``context.solid_config`` must look like (default: any config,
            and none is needed).
        required_resource_keys: The resources that ``context.resources`` has.
        tags: Text to text (or JSON-able).
        version: A name for the code's version.
        retry_policy: How the solid is tried again when its function raises.
        code_version: The newer name of ``version``.

    Raises:
        DagsterInvalidDefinitionError: the function or an argument is wrong.
    """
    if callable(name):
        return solid()(name)

    def wrap(fn: Callable[..., Any]) -> SolidDefinition:
        solid_name = name_of("@solid", name, fn)
        owner = f"@solid '{solid_name}'"
        refuse_both(owner, version=version, code_version=code_version)
        takes_context, parameters = split_context(fn)
        inputs = inputs_of(owner, fn, parameters, input_defs)
        outputs = outputs_of(owner, fn, output_defs)
        return SolidDefinition(
            name=solid_name,
            input_defs=inputs,
            compute_fn=compute_fn_of(
                f"solid '{solid_name}'", fn, outputs, takes_context=takes_context
            ),
            output_defs=outputs,
            config_schema=config_schema,
            description=description or inspect.getdoc(fn),
            tags=tags,
            required_resource_keys=required_resource_keys,
            positional_inputs=check_inputs(owner, parameters, inputs),
            version=code_version or version,
            retry_policy=retry_policy,
        )

    return wrap


@overload
def lambda_solid(name: Callable[..., Any]) -> SolidDefinition: ...


@overload
def lambda_solid(
    name: str | None = ...,
    description: str | None = ...,
    input_defs: Sequence[InputDefinition] | None = ...,
    output_def: OutputDefinition | None = ...,
) -> Callable[[Callable[..., Any]], SolidDefinition]: ...


def lambda_solid(
    name: str | Callable[..., Any] | None = None,
    description: str | None = None,
    input_defs: Sequence[InputDefinition] | None = None,
    output_def: OutputDefinition | None = None,
) -> SolidDefinition | Callable[[Callable[..., Any]], SolidDefinition]:
    """Make a solid from a plain function of its inputs, without a context.

    Args:
        name: The solid's name (default: the function's).
        description: For people (default: the function's docstring).
        input_defs: The inputs (default: one for each parameter, typed by its annotation).
        output_def: The output (default: ``result``, typed by the return annotation).

    Raises:
        DagsterInvalidDefinitionError: the function or an argument is wrong.
    """
    if callable(name):
        return lambda_solid()(name)

    def wrap(fn: Callable[..., Any]) -> SolidDefinition:
        solid_name = name_of("@lambda_solid", name, fn)
        owner = f"@lambda_solid '{solid_name}'"
        parameters = list(inspect.signature(fn).parameters.values())
        inputs = inputs_of(owner, fn, parameters, input_defs)
        outputs = outputs_of(owner, fn, None if output_def is None else [output_def])
        return SolidDefinition(
            name=solid_name,
            input_defs=inputs,
            compute_fn=compute_fn_of(f"solid '{solid_name}'", fn, outputs, takes_context=False),
            output_defs=outputs,
            description=description or inspect.getdoc(fn),
            positional_inputs=check_inputs(owner, parameters, inputs),
        )

    return wrap

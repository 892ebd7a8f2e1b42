"""Ops: what the newer vocabulary calls solids."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, overload

from dagsterlite.definitions.arguments import refuse_both
from dagsterlite.definitions.compute import ComputeFn, compute_fn_of
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.ins_outs import (
    In,
    Out,
    input_defs_of,
    inputs_from,
    output_defs_of,
    outputs_from,
)
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.retry_policy import RetryPolicy
from dagsterlite.definitions.signature import (
    check_inputs,
    inputs_of,
    name_of,
    outputs_of,
    split_context,
)
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.definitions.vocabulary import OPS


class OpDefinition(SolidDefinition):
    """A unit of work: named inputs, a function, named outputs.

    Usually made by :func:`op`. It is a solid, and stands in pipelines too.

    Args:
        compute_fn: Called with ``(context, inputs)``; yields outputs, materializations,
            observations and expectation results.
        name: Letters, digits and underscores.
        ins: The inputs by name.
        outs: The outputs by name (default: one named ``result``).
        description: For people.
        config_schema: What ``context.op_config`` must look like (default: any config,
            and none is needed).
        required_resource_keys: The resources that ``context.resources`` has.
        tags: Text to text (or JSON-able).
        version: The older name of ``code_version``.
        retry_policy: How the op is tried again when its function raises.
        code_version: A name for the code's version.
        positional_inputs: The inputs in the order of a call's positional arguments.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: an argument is wrong; the message names the op.
    """

    words = OPS
    kind = OPS.node

    def __init__(
        self,
        compute_fn: ComputeFn,
        name: str,
        ins: Mapping[str, In | InputDefinition] | None = None,
        outs: Mapping[str, Out | OutputDefinition] | None = None,
        description: str | None = None,
        config_schema: Any = None,
        required_resource_keys: Iterable[str] | None = None,
        tags: Mapping[str, Any] | None = None,
        version: str | None = None,
        retry_policy: RetryPolicy | None = None,
        code_version: str | None = None,
        *,
        positional_inputs: Sequence[str] | None = None,
    ) -> None:
        owner = f"{self.kind} '{name}'"
        refuse_both(owner, version=version, code_version=code_version)
        super().__init__(
            name=name,
            input_defs=input_defs_of(owner, ins),
            compute_fn=compute_fn,
            output_defs=output_defs_of(owner, outs),
            config_schema=config_schema,
            description=description,
            tags=tags,
            required_resource_keys=required_resource_keys,
            positional_inputs=positional_inputs,
            version=code_version or version,
            retry_policy=retry_policy,
        )

    @property
    def ins(self) -> Mapping[str, InputDefinition]:
        """The inputs by name."""
        return self.input_dict

    @property
    def outs(self) -> Mapping[str, OutputDefinition]:
        """The outputs by name."""
        return self.output_dict


@overload
def op(compute_fn: Callable[..., Any]) -> OpDefinition: ...


@overload
def op(
    *,
    name: str | None = ...,
    description: str | None = ...,
    ins: Mapping[str, In] | None = ...,
    out: Out | Mapping[str, Out] | None = ...,
    config_schema: Any = ...,
    required_resource_keys: Iterable[str] | None = ...,
    tags: Mapping[str, Any] | None = ...,
    version: str | None = ...,
    retry_policy: RetryPolicy | None = ...,
    code_version: str | None = ...,
    input_defs: Sequence[InputDefinition] | None = ...,
    output_defs: Sequence[OutputDefinition] | None = ...,
) -> Callable[[Callable[..., Any]], OpDefinition]: ...


def op(
    compute_fn: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    ins: Mapping[str, In] | None = None,
    out: Out | Mapping[str, Out] | None = None,
    config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    tags: Mapping[str, Any] | None = None,
    version: str | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
    input_defs: Sequence[InputDefinition] | None = None,
    output_defs: Sequence[OutputDefinition] | None = None,
) -> OpDefinition | Callable[[Callable[..., Any]], OpDefinition]:
    """Make an op from a function of its inputs, with the context before them where it is used.

    The function returns its one output's value, or a tuple of its outputs' values in their order;
    or it yields :class:`Output`, :class:`AssetMaterialization`, :class:`AssetObservation` and
    :class:`ExpectationResult`::

        @op(out={"even": Out(), "odd": Out()})
        def split(rows: list[int]) -> tuple[list[int], list[int]]:
            return [n for n in rows if n % 2 == 0], [n for n in rows if n % 2]

    Args:
        compute_fn: The function, where the decorator stands without arguments.
        name: The op's name (default: the function's).
        description: For people (default: the function's docstring).
        ins: More of the inputs, by parameter; inputs of type Nothing stand here alone.
        out: The one output, or all of them by name (default: ``result``).
        config_schema: What ``context.op_config`` must look like (default: any config,
            and none is needed).
        required_resource_keys: The resources that ``context.resources`` has.
        tags: Text to text (or JSON-able).
        version: The older name of ``code_version``.
        retry_policy: How the op is tried again when its function raises.
        code_version: A name for the code's version.
        input_defs: The inputs as a list, in place of ``ins``.
        output_defs: The outputs as a list, in place of ``out``.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: the function or an argument is wrong.
    """

    def wrap(fn: Callable[..., Any]) -> OpDefinition:
        op_name = name_of("@op", name, fn)
        owner = f"@op '{op_name}'"
        refuse_both(owner, ins=ins, input_defs=input_defs)
        refuse_both(owner, out=out, output_defs=output_defs)
        takes_context, valued = split_context(fn)
        inputs = (
            inputs_from(owner, fn, valued, ins, In)
            if input_defs is None
            else inputs_of(owner, fn, valued, input_defs)
        )
        outputs = (
            outputs_from(owner, fn, out, Out)
            if output_defs is None
            else outputs_of(owner, fn, output_defs)
        )
        return OpDefinition(
            compute_fn=compute_fn_of(f"op '{op_name}'", fn, outputs, takes_context=takes_context),
            name=op_name,
            ins={item.name: item for item in inputs},
            outs={item.name: item for item in outputs},
            description=description or inspect.getdoc(fn),
            config_schema=config_schema,
            required_resource_keys=required_resource_keys,
            tags=tags,
            version=version,
            retry_policy=retry_policy,
            code_version=code_version,
            positional_inputs=check_inputs(
                owner, valued, inputs, argument="ins" if input_defs is None else "input_defs"
            ),
        )

    return wrap if compute_fn is None else wrap(compute_fn)

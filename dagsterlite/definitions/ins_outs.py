"""The inputs and outputs of ops and graphs, as the newer vocabulary writes them."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from dagsterlite.definitions.inputs import NO_VALUE, InputDefinition
from dagsterlite.definitions.outputs import DynamicOutputDefinition, OutputDefinition
from dagsterlite.definitions.signature import (
    annotations_of,
    default_of,
    is_stream,
    mapped_value_hint,
    refuse_variadic,
    return_hint,
    value_hint,
)
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    ParameterCheckError,
    with_article,
)
from dagsterlite.events.assets import AssetKey


class _FromAnnotation:
    def __repr__(self) -> str:
        return "<from the annotation>"

    def __reduce__(self) -> str:
        return "FROM_ANNOTATION"


FROM_ANNOTATION: Any = _FromAnnotation()
"""Stands where no type is given, since None may be one: it means any value."""


@dataclass(frozen=True)
class In:
    """An input of an op, under its name in ``ins``.

    Args:
        dagster_type: The type its value must be of (default: the parameter's annotation).
        description: For people.
        default_value: The value where the input is neither connected nor configured (default: the
            parameter's own default).
        root_manager_key: The resource that loads the input where it is not connected.
        metadata: Facts for the manager that loads it, by name: ``context.metadata``.
        asset_key: The asset that the input is: ``context.asset_key`` of that manager (default: that
            of the output which the input is connected to).
        input_manager_key: The resource that loads the input, connected or not.
    """

    dagster_type: Any = FROM_ANNOTATION
    description: str | None = None
    default_value: Any = NO_VALUE
    root_manager_key: str | None = None
    metadata: Mapping[str, Any] | None = None
    asset_key: AssetKey | str | Sequence[str] | None = None
    input_manager_key: str | None = None

    def to_definition(self, name: str, hint: Any, default: Any) -> InputDefinition:
        """Return the input of that name.

        Args:
            name: Its name.
            hint: The parameter's annotation, if it has one.
            default: The parameter's default, if it has one.

        Raises:
            DagsterInvalidDefinitionError: the name or type is wrong.
        """
        dagster_type = hint if self.dagster_type is FROM_ANNOTATION else self.dagster_type
        value = default if self.default_value is NO_VALUE else self.default_value
        return InputDefinition(
            name,
            dagster_type,
            self.description,
            value,
            self.root_manager_key,
            self.metadata,
            self.input_manager_key,
            self.asset_key,
        )


@dataclass(frozen=True)
class Out:
    """An output of an op: the only one, or one under its name in ``out``.

    Args:
        dagster_type: The type its value must be of (default: the return annotation, or that
            output's place in an annotated tuple).
        description: For people.
        is_required: Whether the op must yield it (default: yes).
        io_manager_key: The resource that keeps it, an IO manager (default: ``io_manager``, if the
            job has one).
        metadata: Facts for the IO manager, by name: ``context.metadata``.
        asset_key: The asset that the output is: its IO manager's step tells of a materialization.
        code_version: A name for the version of the code that makes it: ``context.version`` of its
            IO manager (default: the op's).
    """

    dagster_type: Any = FROM_ANNOTATION
    description: str | None = None
    is_required: bool = True
    io_manager_key: str | None = None
    metadata: Mapping[str, Any] | None = None
    asset_key: AssetKey | str | Sequence[str] | None = None
    code_version: str | None = None

    def to_definition(self, name: str | None, hint: Any) -> OutputDefinition:
        """Return the output of that name.

        Args:
            name: Its name (default ``result``).
            hint: What the function's annotation says of it, if anything.

        Raises:
            DagsterInvalidDefinitionError: the name or type is wrong.
        """
        return OutputDefinition(self._type(value_hint(hint)), name, **self._facts)

    def _type(self, hint: Any) -> Any:
        return hint if self.dagster_type is FROM_ANNOTATION else self.dagster_type

    @property
    def _facts(self) -> dict[str, Any]:
        return {
            "description": self.description,
            "is_required": self.is_required,
            "io_manager_key": self.io_manager_key,
            "metadata": self.metadata,
            "asset_key": self.asset_key,
            "code_version": self.code_version,
        }


@dataclass(frozen=True)
class DynamicOut(Out):
    """A dynamic output of an op, which yields a :class:`DynamicOutput` for each of its values.

    Takes the arguments of :class:`Out`; the type is that of each value (default: the ``T`` of a
    return annotation ``list[DynamicOutput[T]]``).
    """

    def to_definition(self, name: str | None, hint: Any) -> DynamicOutputDefinition:
        """Return the output of that name; see :meth:`Out.to_definition`."""
        return DynamicOutputDefinition(self._type(mapped_value_hint(hint)), name, **self._facts)


@dataclass(frozen=True)
class GraphIn:
    """An input of a graph, under its name in ``ins``.

    Its type is the parameter's annotation, or that of what it is handed to.

    Args:
        description: For people.
    """

    description: str | None = None

    def to_definition(self, name: str, hint: Any, default: Any) -> InputDefinition:
        """Return the input of that name; see :meth:`In.to_definition`."""
        return InputDefinition(name, hint, self.description, default)


@dataclass(frozen=True)
class GraphOut:
    """An output of a graph: the only one, or one under its name in ``out``.

    Its type is the return annotation, or that of what it comes from.

    Args:
        description: For people.
    """

    description: str | None = None

    def to_definition(self, name: str | None, hint: Any) -> OutputDefinition:
        """Return the output of that name; see :meth:`Out.to_definition`."""
        return OutputDefinition(value_hint(hint), name, self.description)


GivenIn = TypeVar("GivenIn", In, GraphIn)
GivenOut = TypeVar("GivenOut", Out, GraphOut)


def inputs_from(
    owner: str,
    fn: Callable[..., Any],
    parameters: Sequence[inspect.Parameter],
    ins: Mapping[str, GivenIn] | None,
    cls: type[GivenIn],
) -> list[InputDefinition]:
    """Return an input for each parameter, told more of by ``ins``, then those in ``ins`` alone.

    Raises:
        ParameterCheckError: ``ins`` is no dict from text to ``cls``.
        DagsterInvalidDefinitionError: a parameter is ``*args`` or ``**kwargs``, or a name or type
            is wrong.
    """
    given = _by_name(owner, "ins", ins, cls)
    single = [p for p in parameters if ins is None or p.kind is not p.VAR_KEYWORD]
    refuse_variadic(owner, single, "ins")
    hints = annotations_of(fn)
    with _named(owner):
        inputs = [
            given.pop(p.name, cls()).to_definition(
                p.name, value_hint(hints.get(p.name)), default_of(p)
            )
            for p in single
        ]
        return inputs + [item.to_definition(n, None, NO_VALUE) for n, item in given.items()]


def outputs_from(
    owner: str,
    fn: Callable[..., Any],
    out: GivenOut | Mapping[str, GivenOut] | None,
    cls: type[GivenOut],
) -> list[OutputDefinition]:
    """Return the outputs that ``out`` gives, typed by the return annotation; without, one output.

    Raises:
        ParameterCheckError: ``out`` is neither a ``cls`` nor a dict from text to ``cls``.
        DagsterInvalidDefinitionError: a name or type is wrong, or the annotation is not a tuple of
            as many types as there are outputs.
    """
    hint = return_hint(fn)
    with _named(owner):
        if out is None or isinstance(out, cls):
            return [(out or cls()).to_definition(None, hint)]
        given = _by_name(owner, "out", out, cls)
        hints = _hints_of_several(hint, given, yields=is_stream(fn))
        return [item.to_definition(name, hints[name]) for name, item in given.items()]


def _hints_of_several(hint: Any, names: Mapping[str, object], *, yields: bool) -> dict[str, Any]:
    """Return for each of several outputs what the function's annotation says of it.

    One that is no tuple says nothing where the function yields: each output is what was yielded.
    """
    if hint is None or len(names) == 1:
        return dict.fromkeys(names, hint)
    is_tuple = typing.get_origin(hint) is tuple
    if hint is tuple or hint is typing.Tuple or (yields and not is_tuple):  # noqa: UP006 - users may write it
        return dict.fromkeys(names)
    parts = typing.get_args(hint) if is_tuple else ()
    if len(parts) != len(names) or Ellipsis in parts:
        message = (
            f"the function is annotated to return {hint}, but has {len(names)} outputs "
            f"({', '.join(names)}). Annotate a tuple of {len(names)} types, one for each."
        )
        raise DagsterInvalidDefinitionError(message)
    return dict(zip(names, parts, strict=True))


def input_defs_of(
    owner: str, ins: Mapping[str, In | InputDefinition] | None
) -> list[InputDefinition]:
    """Return the inputs that ``ins`` gives where no function tells more of them.

    Raises:
        ParameterCheckError: ``ins`` is no dict from text to :class:`In`.
        DagsterInvalidDefinitionError: a name or type is wrong.
    """
    given = _by_name(owner, "ins", ins, In, InputDefinition)
    with _named(owner):
        return [
            item.to_definition(name, None, NO_VALUE) if isinstance(item, In) else item
            for name, item in given.items()
        ]


def output_defs_of(
    owner: str, outs: Mapping[str, Out | OutputDefinition] | None
) -> list[OutputDefinition]:
    """Return the outputs that ``outs`` gives where no function tells more of them; else one.

    Raises:
        ParameterCheckError: ``outs`` is no dict from text to :class:`Out`.
        DagsterInvalidDefinitionError: a name or type is wrong.
    """
    if outs is None:
        return [OutputDefinition()]
    given = _by_name(owner, "outs", outs, Out, OutputDefinition)
    with _named(owner):
        return [
            item.to_definition(name, None) if isinstance(item, Out) else item
            for name, item in given.items()
        ]


def _by_name(owner: str, argument: str, given: Any, *classes: type[Any]) -> dict[str, Any]:
    kind = classes[0].__name__
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ParameterCheckError(owner, argument, f"a dict from text to {kind}", given)
    for name, item in given.items():
        if not isinstance(name, str):
            raise ParameterCheckError(owner, argument, "a dict whose keys are texts", name)
        if not isinstance(item, classes):
            raise ParameterCheckError(owner, f"{argument}['{name}']", with_article(kind), item)
    return dict(given)


@contextmanager
def _named(owner: str) -> Iterator[None]:
    """Have errors of inputs and outputs name the definition that they belong to."""
    try:
        yield
    except DagsterInvalidDefinitionError as exc:
        raise DagsterInvalidDefinitionError(f"{owner}: {exc}") from exc

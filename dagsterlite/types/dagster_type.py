"""A dagster type: a named check of values, with its loader and materializer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Union

from dagsterlite.config import ConfigType
from dagsterlite.errors import (
    CheckError,
    DagsterError,
    DagsterInvariantViolationError,
    DagsterTypeCheckError,
    ParameterCheckError,
    shown,
    type_name,
    with_article,
)
from dagsterlite.events.metadata import EventMetadataEntry, HasMetadata
from dagsterlite.events.metadata_arguments import metadata_entries_of
from dagsterlite.events.yielded import TypeCheck
from dagsterlite.types.callables import check_function
from dagsterlite.types.default_materializer import DEFAULT_MATERIALIZER
from dagsterlite.types.loader import DagsterTypeLoader, DagsterTypeMaterializer
from dagsterlite.types.requirements import resource_keys
from dagsterlite.types.serialization import SerializationStrategy

TypeCheckFn = Callable[[Any, Any], bool | TypeCheck]

PASSED = TypeCheck(success=True)
"""The answer of a type check that has nothing to remark."""

_VALUE_WIDTH = 200


def refused(value: object, expected: str) -> TypeCheck:
    """Return the answer for a value that is not of the Python type called ``expected``."""
    text = value[:_VALUE_WIDTH] if isinstance(value, str) else shown(value)
    description = (
        f'Value "{text}" of python type "{type(value).__name__}" must be {with_article(expected)}.'
    )
    return TypeCheck(success=False, description=description)


class DagsterType(HasMetadata):
    """Define a type in dagster. These can be used in the inputs and outputs of solids.

    Args:
        type_check_fn: Called with ``(context, value)``; answers with a bool or a
            :class:`TypeCheck`.
        key: The unique key to identify types programmatically (default: the name).
        name: The type's name.
        is_builtin: Whether the framework made it.
        description: For people.
        loader: How a value is made from config.
        materializer: How a value is written as config asks (default: as JSON or pickled, to a
            path).
        serialization_strategy: How the type's values are written to intermediate storage.
        required_resource_keys: The resources that ``type_check_fn`` uses.
        input_hydration_config: The older name of ``loader``.
        output_materialization_config: The older name of ``materializer``.
        config_type: The config type that bears the same name, for built-in scalars.
        metadata_entries: Facts about the type itself, such as the schema that it stands for: they
            are kept as its ``metadata_entries``. What is told of a value, its
            :class:`TypeCheck` tells.
        metadata: The same as a dict from labels to values.
        typing_type: Python's own annotation of the values, such as ``list[int]``, for IO managers
            and tools to read; nothing is checked by it.

    Raises:
        CheckError: neither name nor key is given, an argument is of the wrong type, or is given
            by both its names.
        DagsterInvalidDefinitionError: ``type_check_fn`` does not take two arguments.
    """

    def __init__(
        self,
        type_check_fn: TypeCheckFn,
        key: str | None = None,
        name: str | None = None,
        is_builtin: bool = False,
        description: str | None = None,
        loader: DagsterTypeLoader | None = None,
        materializer: DagsterTypeMaterializer | None = None,
        serialization_strategy: SerializationStrategy | None = None,
        required_resource_keys: Iterable[str] | None = None,
        *,
        input_hydration_config: DagsterTypeLoader | None = None,
        output_materialization_config: DagsterTypeMaterializer | None = None,
        config_type: ConfigType | None = None,
        metadata_entries: Iterable[EventMetadataEntry] | None = None,
        metadata: Mapping[str, Any] | None = None,
        typing_type: Any = Any,
    ) -> None:
        if name is None and key is None:
            raise CheckError("DagsterType: give a name, a key, or both; neither is set.")
        owner = f"DagsterType '{name or key}'"
        self._type_check_fn: TypeCheckFn = check_function(
            owner, "type_check_fn", type_check_fn, takes=("context", "value")
        )
        self.key: str = key if key is not None else str(name)
        self._name = name
        self.is_builtin = is_builtin
        if description is not None and not isinstance(description, str):
            raise ParameterCheckError(owner, "description", "a text", description)
        self.description = description
        hydration = {"loader": loader, "input_hydration_config": input_hydration_config}
        self.loader: DagsterTypeLoader | None = _one_of(owner, hydration, DagsterTypeLoader)
        materialization = {
            "materializer": materializer,
            "output_materialization_config": output_materialization_config,
        }
        given = _one_of(owner, materialization, DagsterTypeMaterializer)
        self.materializer: DagsterTypeMaterializer = given or DEFAULT_MATERIALIZER
        _check(owner, "serialization_strategy", serialization_strategy, SerializationStrategy)
        self.serialization_strategy = serialization_strategy
        self.required_resource_keys = resource_keys(owner, required_resource_keys)
        #: The config type that the same name stands for in a config schema, for built-in scalars.
        self.config_type = config_type
        self.metadata_entries = metadata_entries_of(owner, metadata_entries, metadata)
        self._typing_type = typing_type

    @property
    def display_name(self) -> str:
        """The type's name as people read it."""
        return self._name if self._name is not None else self.key

    @property
    def unique_name(self) -> str | None:
        """The type's name, or None for a type that is known by its key alone."""
        return self._name

    @property
    def name(self) -> str | None:
        """The type's name, or None for a type that is known by its key alone."""
        return self._name

    @property
    def typing_type(self) -> Any:
        """Python's own annotation of the values; ``typing.Any`` where none is known."""
        return self._typing_type

    @property
    def is_nothing(self) -> bool:
        """Whether the type stands for an order of execution without a value."""
        return False

    @property
    def inner_types(self) -> tuple[DagsterType, ...]:
        """The types that this one is made of."""
        return ()

    def is_same(self, other: DagsterType) -> bool:
        """Return whether both are one type, or are made alike of the same types."""
        return self is other

    def type_check(self, context: Any, value: Any) -> TypeCheck:
        """Return whether ``value`` is of this type.

        Raises:
            DagsterTypeCheckError: the check itself raised.
            DagsterInvariantViolationError: it answered with something else than a bool or a
                :class:`TypeCheck`.
        """
        # Called for each item of a typed list: a context manager would cost more than the check.
        try:
            answer = self._type_check_fn(context, value)
        except DagsterError:
            raise
        except Exception as exc:
            message = f"The type check of type '{self.display_name}' raised an error."
            raise DagsterTypeCheckError(message, user_exception=exc) from exc
        if isinstance(answer, TypeCheck):
            return answer
        if isinstance(answer, bool):
            return TypeCheck(answer)
        message = (
            f"The type check function of type '{self.display_name}' returned {shown(answer)} of "
            f"type {type_name(answer)}. It must return a bool or a TypeCheck."
        )
        raise DagsterInvariantViolationError(message)

    def check_resource_keys(self) -> frozenset[str]:
        """Return the resources that checking values of this type needs."""
        keys = self.required_resource_keys
        return keys.union(*(inner.check_resource_keys() for inner in self.inner_types))

    def resource_keys(self) -> frozenset[str]:
        """Return the resources that checking, loading and writing values of this type need."""
        keys = self.required_resource_keys
        keys |= self.loader.required_resource_keys() if self.loader else frozenset()
        keys |= self.materializer.required_resource_keys()
        return keys.union(*(inner.resource_keys() for inner in self.inner_types))

    def __repr__(self) -> str:
        return f"DagsterType({self.display_name!r})"


class PythonObjectDagsterType(DagsterType):
    """A type whose values are the instances of a Python class.

    Args:
        python_type: The class, or a tuple of classes.
        key: The unique key (default: the name).
        name: The type's name (default: the class's).
        **kwargs: Those of :class:`DagsterType`; ``typing_type`` is the class if none is given.
    """

    def __init__(
        self,
        python_type: type | tuple[type, ...],
        key: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        classes = python_type if isinstance(python_type, tuple) else (python_type,)
        if not classes or not all(isinstance(cls, type) for cls in classes):
            owner = f"PythonObjectDagsterType '{name}'"
            raise ParameterCheckError(owner, "python_type", "a class", python_type)
        self.python_type = python_type
        self.type_str = classes[0].__name__ if len(classes) == 1 else _union_name(classes)
        kwargs = {"typing_type": Union[classes], **kwargs}  # noqa: UP007 - of classes in a tuple
        super().__init__(self._is_instance, key=key, name=name or self.type_str, **kwargs)

    def _is_instance(self, _context: Any, value: Any) -> TypeCheck:
        if isinstance(value, self.python_type):
            return PASSED
        return TypeCheck(
            success=False,
            description=(
                f"Value of type {type(value)} failed type check for Dagster type "
                f"{self.display_name}, expected value to be of Python type {self.type_str}."
            ),
        )


def _union_name(classes: tuple[type, ...]) -> str:
    return f"Union[{', '.join(cls.__name__ for cls in classes)}]"


def _check(owner: str, argument: str, given: object, cls: type) -> None:
    if given is not None and not isinstance(given, cls):
        raise ParameterCheckError(owner, argument, f"a {cls.__name__}", given)


def _one_of(owner: str, given: Mapping[str, Any], cls: type) -> Any:
    """Return what was given by one of an argument's names.

    Raises:
        CheckError: it is given by several, or is of another class.
    """
    for argument, value in given.items():
        _check(owner, argument, value, cls)
    values = [value for value in given.values() if value is not None]
    if len(values) > 1:
        raise CheckError(f"{owner}: {' and '.join(given)} are two names of one argument: give one.")
    return values[0] if values else None

"""Modes: the same pipeline with other resources, loggers, executors and storages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from dagsterlite import plugins
from dagsterlite.definitions.executor import ExecutorDefinition
from dagsterlite.definitions.logger import LoggerDefinition
from dagsterlite.definitions.naming import check_name
from dagsterlite.definitions.resource import ResourceDefinition
from dagsterlite.definitions.storage import IntermediateStorageDefinition, SystemStorageDefinition
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    ParameterCheckError,
    listed,
    near,
)

DEFAULT_MODE = "default"

T = TypeVar("T")


class ModeDefinition:
    """One way to run a pipeline: its resources, loggers, executors, storages (seed 000).

    Args:
        name: The mode's name (default ``default``).
        resource_defs: Resources by key; ``resources`` is the same argument.
        logger_defs: Loggers by name; ``loggers`` is the same argument. None means the console.
        executor_defs: The executors to select from (default: ``default_executors``).
        system_storage_defs: The system storages to select from.
        intermediate_storage_defs: The intermediate storages to select from.
        description: For people.

    Raises:
        DagsterInvalidDefinitionError: an argument is wrong; the message names the mode.
    """

    def __init__(
        self,
        name: str | None = None,
        resource_defs: Mapping[str, ResourceDefinition] | None = None,
        logger_defs: Mapping[str, LoggerDefinition] | None = None,
        executor_defs: Sequence[ExecutorDefinition] | None = None,
        system_storage_defs: Sequence[SystemStorageDefinition] | None = None,
        description: str | None = None,
        intermediate_storage_defs: Sequence[IntermediateStorageDefinition] | None = None,
        *,
        resources: Mapping[str, ResourceDefinition] | None = None,
        loggers: Mapping[str, LoggerDefinition] | None = None,
    ) -> None:
        self.name = check_name("mode", DEFAULT_MODE if name is None else name)
        owner = f"mode '{self.name}'"
        self.resource_defs = _mapping(
            owner, "resource_defs", _one(owner, resource_defs, resources), ResourceDefinition
        )
        self.logger_defs = _mapping(
            owner, "logger_defs", _one(owner, logger_defs, loggers), LoggerDefinition
        )
        self.executor_defs = _distinct(
            owner, "executor_defs", _or_default(executor_defs, "default_executors")
        )
        self.system_storage_defs = _distinct(
            owner,
            "system_storage_defs",
            _or_default(system_storage_defs, "default_system_storage_defs"),
        )
        self.intermediate_storage_defs = _distinct(
            owner,
            "intermediate_storage_defs",
            _or_default(intermediate_storage_defs, "default_intermediate_storage_defs"),
        )
        self.description = description
        self.resource_order = _creation_order(owner, self.resource_defs)

    @property
    def resource_key_set(self) -> frozenset[str]:
        """The keys of its resources."""
        return frozenset(self.resource_defs)

    @property
    def loggers(self) -> Mapping[str, LoggerDefinition]:
        """Its loggers by name."""
        return self.logger_defs

    def get_executor_def(self, name: str) -> ExecutorDefinition | None:
        """Return the executor of that name, or None."""
        return next((d for d in self.executor_defs if d.name == name), None)

    def needed_resources(self, keys: Iterable[str]) -> list[str]:
        """Return those keys and what they need in turn, in the order to make them."""
        needed: set[str] = set()
        for key in reversed(self.resource_order):
            if key in needed or key in set(keys):
                needed |= {key, *self.resource_defs[key].required_resource_keys}
        return [key for key in self.resource_order if key in needed]

    def __repr__(self) -> str:
        return f"ModeDefinition({self.name!r})"


def _one(owner: str, first: Mapping[str, T] | None, second: Mapping[str, T] | None) -> Any:
    if first is not None and second is not None:
        message = (
            f"{owner}: resource_defs/resources and logger_defs/loggers are the same arguments."
        )
        raise DagsterInvalidDefinitionError(message)
    return (first if first is not None else second) or {}


def _mapping(owner: str, argument: str, given: Any, cls: type[T]) -> dict[str, T]:
    for key, item in dict(given).items():
        check_name(f"key of {argument} of {owner}", key)
        if not isinstance(item, cls):
            expected = f"a dict of {cls.__name__}"
            raise ParameterCheckError(owner, f"{argument}['{key}']", expected, item)
    return dict(given)


def _or_default(given: Sequence[T] | None, name: str) -> Sequence[T]:
    default: Sequence[T] = plugins.load(name) if given is None else given
    return default


def _distinct(owner: str, argument: str, definitions: Sequence[Any]) -> tuple[Any, ...]:
    by_name: dict[str, Any] = {}
    for definition in definitions:
        if by_name.setdefault(definition.name, definition) is not definition:
            message = f"{owner}: {argument} holds two definitions named '{definition.name}'."
            raise DagsterInvalidDefinitionError(message)
    return tuple(by_name.values())


def _creation_order(owner: str, resources: Mapping[str, ResourceDefinition]) -> list[str]:
    order: dict[str, None] = {}
    for key in resources:
        _visit(owner, key, resources, order, ())
    return list(order)


def _visit(
    owner: str,
    key: str,
    resources: Mapping[str, ResourceDefinition],
    order: dict[str, None],
    path: tuple[str, ...],
) -> None:
    if key in path:
        circle = " → ".join([*path, key])
        message = f"{owner}: its resources need each other in a circle: {circle}."
        raise DagsterInvalidDefinitionError(message)
    if key in order:
        return
    for needed in sorted(resources[key].required_resource_keys):
        if needed not in resources:
            message = (
                f"{owner}: resource '{key}' requires resource '{needed}', which is not there."
                f"{near(needed, resources)} Its resources: {listed(resources)}."
            )
            raise DagsterInvalidDefinitionError(message)
        _visit(owner, needed, resources, order, (*path, key))
    order[key] = None

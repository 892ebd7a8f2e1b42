"""Modes: the same pipeline with other resources, loggers, executors and storages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from dagsterlite import plugins
from dagsterlite.config import Field
from dagsterlite.definitions.arguments import description_of, list_of
from dagsterlite.definitions.executor import ExecutorDefinition
from dagsterlite.definitions.io_manager import InputManagerDefinition, IOManagerDefinition
from dagsterlite.definitions.logger import LoggerDefinition
from dagsterlite.definitions.naming import check_label
from dagsterlite.definitions.outputs import DEFAULT_IO_MANAGER, OutputDefinition
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
D = TypeVar("D", ExecutorDefinition, IntermediateStorageDefinition, SystemStorageDefinition)


class ModeDefinition:
    """One way to run a pipeline: its resources, loggers, executors, storages (seed 000).

    Args:
        name: The mode's name (default ``default``).
        resource_defs: Resources by key; ``resources`` is the same argument.
        logger_defs: Loggers by name; ``loggers`` is the same argument. None means the console.
        system_storage_defs: The system storages to select from.
        executor_defs: The executors to select from (default: ``default_executors``).
        description: For people.
        intermediate_storage_defs: The intermediate storages to select from.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: an argument is wrong; the message names the mode.
    """

    def __init__(
        self,
        name: str | None = None,
        resource_defs: Mapping[str, ResourceDefinition] | None = None,
        logger_defs: Mapping[str, LoggerDefinition] | None = None,
        executor_defs: Sequence[ExecutorDefinition] | None = None,
        system_storage_defs: Sequence[SystemStorageDefinition] | None = None,
        intermediate_storage_defs: Sequence[IntermediateStorageDefinition] | None = None,
        description: str | None = None,
        *,
        resources: Mapping[str, ResourceDefinition] | None = None,
        loggers: Mapping[str, LoggerDefinition] | None = None,
    ) -> None:
        self.name = check_label("mode", DEFAULT_MODE if name is None else name)
        owner = f"mode '{self.name}'"
        given_resources = _one(owner, ("resource_defs", resource_defs), ("resources", resources))
        self.resource_defs = _mapping(owner, "resource_defs", given_resources, ResourceDefinition)
        given_loggers = _one(owner, ("logger_defs", logger_defs), ("loggers", loggers))
        self.logger_defs = _mapping(owner, "logger_defs", given_loggers, LoggerDefinition)
        self.executor_defs = _distinct(
            owner,
            "executor_defs",
            _or_default(executor_defs, "default_executors"),
            ExecutorDefinition,
        )
        self.system_storage_defs = _distinct(
            owner,
            "system_storage_defs",
            _or_default(system_storage_defs, "default_system_storage_defs"),
            SystemStorageDefinition,
        )
        self.intermediate_storage_defs = _distinct(
            owner,
            "intermediate_storage_defs",
            _or_default(intermediate_storage_defs, "default_intermediate_storage_defs"),
            IntermediateStorageDefinition,
        )
        self.description = description_of(owner, description)
        _check_resource_keys(owner, self.resource_defs)
        _creation_order(owner, self.resource_defs)

    @staticmethod
    def from_resources(resources: Mapping[str, Any], name: str | None = None) -> ModeDefinition:
        """Return a mode whose resources are these values, by key.

        Args:
            resources: What ``context.resources`` has under each key.
            name: The mode's name (default ``default``).
        """
        defs = {k: ResourceDefinition.hardcoded_resource(v) for k, v in resources.items()}
        return ModeDefinition(name=name, resource_defs=defs)

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

    def io_manager_of(self, output_def: OutputDefinition) -> str | None:
        """Return the key of the IO manager that keeps an output.

        None means that the run's intermediate storage keeps it: the mode has no such resource, or
        the output is of type Nothing and has no value.
        """
        key = output_def.io_manager_key
        is_managed = key in self.resource_defs and not output_def.dagster_type.is_nothing
        return key if is_managed else None

    def output_config_of(self, output_def: OutputDefinition) -> Field | None:
        """Return the config that the IO manager takes which keeps an output, if it takes any."""
        key = self.io_manager_of(output_def)
        manager = None if key is None else self.resource_defs[key]
        return manager.output_config_field if isinstance(manager, IOManagerDefinition) else None

    @property
    def manager_keys(self) -> frozenset[str]:
        """The keys of its resources that keep outputs or load inputs."""
        return frozenset(
            key for key, d in self.resource_defs.items() if isinstance(d, InputManagerDefinition)
        )

    @property
    def has_shared_io_manager(self) -> bool:
        """Whether outputs that name no manager are kept where other processes find them."""
        manager = self.resource_defs.get(DEFAULT_IO_MANAGER)
        return isinstance(manager, IOManagerDefinition) and manager.is_shared

    def needed_resources(self, keys: Iterable[str]) -> list[str]:
        """Return those keys and what they need in turn, in the order to make them."""
        # The resources may have changed since the mode was made: tests replace some.
        order = _creation_order(f"mode '{self.name}'", self.resource_defs)
        needed = set(keys)
        for key in reversed(order):
            if key in needed:
                needed |= self.resource_defs[key].required_resource_keys
        return [key for key in order if key in needed]

    def __repr__(self) -> str:
        return f"ModeDefinition({self.name!r})"


def _one(owner: str, *given: tuple[str, Any]) -> Any:
    named = [(name, value) for name, value in given if value is not None]
    if len(named) > 1:
        names = " and ".join(f"'{name}'" for name, _ in named)
        message = f"{owner}: arguments {names} are two names of one argument: give one of them."
        raise DagsterInvalidDefinitionError(message)
    return named[0][1] if named else {}


def _mapping(owner: str, argument: str, given: Any, cls: type[T]) -> dict[str, T]:
    if not isinstance(given, Mapping):
        raise ParameterCheckError(owner, argument, f"a dict of {cls.__name__}", given)
    for key, item in given.items():
        if not isinstance(key, str):
            raise ParameterCheckError(owner, argument, "a dict whose keys are texts", key)
        if not isinstance(item, cls):
            expected = f"a {cls.__name__}"
            raise ParameterCheckError(owner, f"{argument}['{key}']", expected, item)
    return dict(given)


def _check_resource_keys(owner: str, keys: Iterable[str]) -> None:
    for key in keys:
        if not key.isidentifier():
            message = (
                f"{owner}: resource key '{key}' must be a Python identifier, since solids write "
                "context.resources.<key>."
            )
            raise DagsterInvalidDefinitionError(message)


def _or_default(given: Sequence[T] | None, name: str) -> Sequence[T]:
    default: Sequence[T] = plugins.load(name) if given is None else given
    return default


def _distinct(owner: str, argument: str, given: Any, cls: type[D]) -> tuple[D, ...]:
    by_name: dict[str, D] = {}
    for definition in list_of(owner, argument, given, cls):
        if by_name.setdefault(definition.name, definition) is not definition:
            message = (
                f"{owner}: {argument} holds two different definitions named '{definition.name}'. "
                "Rename one."
            )
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

"""Storages of intermediates as users declare and select them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dagsterlite.config import Field
from dagsterlite.definitions.arguments import description_of
from dagsterlite.definitions.configurable import config_field_of
from dagsterlite.definitions.configured import NamedConfigurableDefinition
from dagsterlite.definitions.naming import check_label
from dagsterlite.runs import DagsterRun
from dagsterlite.stores import IntermediateStorage
from dagsterlite.types.callables import check_function
from dagsterlite.types.requirements import resource_keys
from dagsterlite.types.serialization import SerializationStrategy


@dataclass(frozen=True, kw_only=True)
class InitIntermediateStorageContext:
    """What the function of an intermediate storage is given."""

    #: The pipeline, or the part of it that is selected.
    pipeline_def: Any
    #: The mode that the run is in.
    mode_def: Any
    pipeline_run: DagsterRun
    #: The resolved run config.
    environment_config: Any
    #: The folder below which the instance keeps each run's files.
    artifacts_dir: str
    #: Opens the instance that the run is recorded in.
    open_instance: Callable[[], Any]
    intermediate_storage_def: IntermediateStorageDefinition
    #: The storage's config, resolved.
    intermediate_storage_config: Any
    #: The resources that the definition requires, as attributes.
    resources: Any
    #: Those of the pipeline's types: their ``codec_name`` is what ``write_output`` is given.
    serialization_strategies: tuple[SerializationStrategy, ...] = ()

    @property
    def instance(self) -> Any:
        """The instance that the run is recorded in; on a worker, the worker's own."""
        return self.open_instance()


class InitSystemStorageContext(InitIntermediateStorageContext):
    """What the function of a system storage is given."""

    @property
    def system_storage_def(self) -> IntermediateStorageDefinition:
        """The definition of the storage that is made."""
        return self.intermediate_storage_def

    @property
    def system_storage_config(self) -> Any:
        """The storage's config, resolved."""
        return self.intermediate_storage_config


@dataclass(frozen=True)
class SystemStorageData:
    """What the function of a system storage returns."""

    #: Keeps the run's intermediates.
    intermediate_storage: IntermediateStorage


CreationFn = Callable[[Any], IntermediateStorage | SystemStorageData]
"""From the context of a storage to the storage."""


class IntermediateStorageDefinition(NamedConfigurableDefinition):
    """Makes the storage that keeps one run's intermediates (seed 001).

    Args:
        name: The name that run config selects it by.
        is_persistent: Whether values outlive the process.
        required_resource_keys: The resources that the function needs.
        config_schema: What the storage's config must look like.
        intermediate_storage_creation_fn: Called with an
            :class:`InitIntermediateStorageContext`; returns an ``IntermediateStorage``.
        description: For people.

    Raises:
        CheckError: the name is no text, or the creation function no function.
        DagsterInvalidDefinitionError: the function does not take one argument, or the schema is
            wrong.
    """

    #: The section of the run config that selects it; messages call it so too.
    kind = "intermediate_storage"
    #: How messages call the function that makes the storage.
    creation_argument = "intermediate_storage_creation_fn"
    #: What that function is given.
    context_class: type[InitIntermediateStorageContext] = InitIntermediateStorageContext

    def __init__(
        self,
        name: str,
        is_persistent: bool,
        required_resource_keys: Iterable[str] | None = None,
        config_schema: Any = None,
        intermediate_storage_creation_fn: CreationFn | None = None,
        description: str | None = None,
    ) -> None:
        self.name = check_label(self.kind, name)
        owner = self.label
        self.is_persistent = is_persistent
        self.required_resource_keys = resource_keys(owner, required_resource_keys)
        self.config_field: Field | None = config_field_of(owner, config_schema)
        self.intermediate_storage_creation_fn: CreationFn = check_function(
            owner, self.creation_argument, intermediate_storage_creation_fn, ("init_context",)
        )
        self.description = description_of(owner, description)


class SystemStorageDefinition(IntermediateStorageDefinition):
    """The same, as the older section ``storage`` of the run config selects it (seed 001).

    Args:
        name: The name that run config selects it by.
        is_persistent: Whether values outlive the process.
        required_resource_keys: The resources that the function needs.
        config_schema: What the storage's config must look like.
        system_storage_creation_fn: Called with an :class:`InitSystemStorageContext`; returns
            a :class:`SystemStorageData`, or the ``IntermediateStorage`` itself.
        description: For people.

    Raises as :class:`IntermediateStorageDefinition` does.
    """

    kind = "storage"
    creation_argument = "system_storage_creation_fn"
    context_class = InitSystemStorageContext

    def __init__(
        self,
        name: str,
        is_persistent: bool,
        required_resource_keys: Iterable[str] | None = None,
        config_schema: Any = None,
        system_storage_creation_fn: CreationFn | None = None,
        description: str | None = None,
    ) -> None:
        super().__init__(
            name,
            is_persistent,
            required_resource_keys,
            config_schema,
            system_storage_creation_fn,
            description,
        )


def intermediate_storage(
    required_resource_keys: Iterable[str] | None = None,
    name: str | None = None,
    is_persistent: bool = True,
    config_schema: Any = None,
) -> Callable[[CreationFn], IntermediateStorageDefinition]:
    """Make an intermediate storage from a function of an :class:`InitIntermediateStorageContext`.

    Args:
        required_resource_keys: The resources that the function needs.
        name: The storage's name (default: the function's).
        is_persistent: Whether values outlive the process.
        config_schema: What the storage's config must look like.
    """

    def wrap(fn: CreationFn) -> IntermediateStorageDefinition:
        return IntermediateStorageDefinition(
            name or fn.__name__,
            is_persistent,
            required_resource_keys,
            config_schema,
            fn,
            inspect.getdoc(fn),
        )

    return wrap


def system_storage(
    required_resource_keys: Iterable[str] | None = None,
    name: str | None = None,
    is_persistent: bool = True,
    config_schema: Any = None,
) -> Callable[[CreationFn], SystemStorageDefinition]:
    """Make a system storage from a function of an :class:`InitSystemStorageContext`.

    The function returns a :class:`SystemStorageData`, or the ``IntermediateStorage`` itself. Takes
    the arguments of :func:`intermediate_storage`.
    """

    def wrap(fn: CreationFn) -> SystemStorageDefinition:
        return SystemStorageDefinition(
            name or fn.__name__,
            is_persistent,
            required_resource_keys,
            config_schema,
            fn,
            inspect.getdoc(fn),
        )

    return wrap

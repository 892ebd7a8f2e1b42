"""How a value of a type is loaded from config, and written as config asks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dagsterlite.config import ConfigType, resolve_to_config_type
from dagsterlite.errors import DagsterInvalidDefinitionError
from dagsterlite.events.yielded import AssetMaterialization, Materialization

Materializations = Iterable[AssetMaterialization | Materialization]


class DagsterTypeLoader(ABC):
    """Makes an input's value from config."""

    @property
    @abstractmethod
    def schema_type(self) -> ConfigType:
        """What the config must look like."""

    @abstractmethod
    def construct_from_config_value(self, context: Any, config_value: Any) -> Any:
        """Return the value for a config that fits the schema."""

    def required_resource_keys(self) -> frozenset[str]:
        """Return the resources that loading needs."""
        return frozenset()


class DagsterTypeMaterializer(ABC):
    """Writes an output's value as config asks, and tells what was written."""

    @property
    @abstractmethod
    def schema_type(self) -> ConfigType:
        """What the config must look like."""

    @abstractmethod
    def materialize_runtime_values(
        self, context: Any, config_value: Any, runtime_value: Any
    ) -> Materializations:
        """Write the value and yield a materialization for each asset written."""

    def required_resource_keys(self) -> frozenset[str]:
        """Return the resources that writing needs."""
        return frozenset()


class FunctionLoader(DagsterTypeLoader):
    """A loader that calls a function of ``(context, config_value)``."""

    def __init__(
        self, config_schema: Any, func: Callable[[Any, Any], Any], resource_keys: Iterable[str] = ()
    ) -> None:
        self._schema = resolve_to_config_type(config_schema)
        self._func = func
        self._resource_keys = frozenset(resource_keys)
        self.__doc__ = func.__doc__

    @property
    def schema_type(self) -> ConfigType:
        return self._schema

    def construct_from_config_value(self, context: Any, config_value: Any) -> Any:
        return self._func(context, config_value)

    def required_resource_keys(self) -> frozenset[str]:
        return self._resource_keys


class FunctionMaterializer(DagsterTypeMaterializer):
    """A materializer that calls a function of ``(context, config_value, value)``."""

    def __init__(
        self,
        config_schema: Any,
        func: Callable[[Any, Any, Any], Any],
        resource_keys: Iterable[str] = (),
    ) -> None:
        self._schema = resolve_to_config_type(config_schema)
        self._func = func
        self._resource_keys = frozenset(resource_keys)
        self.__doc__ = func.__doc__

    @property
    def schema_type(self) -> ConfigType:
        return self._schema

    def materialize_runtime_values(
        self, context: Any, config_value: Any, runtime_value: Any
    ) -> Materializations:
        return _materializations(self._func(context, config_value, runtime_value))

    def required_resource_keys(self) -> frozenset[str]:
        return self._resource_keys


def _materializations(answer: Any) -> Iterator[AssetMaterialization | Materialization]:
    items = [answer] if isinstance(answer, (AssetMaterialization, Materialization)) else answer
    for item in items or ():
        if not isinstance(item, (AssetMaterialization, Materialization)):
            message = (
                "A type materializer must return or yield AssetMaterialization, "
                f"not {type(item).__name__}."
            )
            raise DagsterInvalidDefinitionError(message)
        yield item


def dagster_type_loader(
    config_schema: Any, required_resource_keys: Iterable[str] | None = None
) -> Callable[[Callable[[Any, Any], Any]], DagsterTypeLoader]:
    """Make a type loader from a function of ``(context, config_value)``.

    Args:
        config_schema: What the input's config must look like.
        required_resource_keys: The resources that the function uses.
    """

    def wrap(func: Callable[[Any, Any], Any]) -> DagsterTypeLoader:
        return FunctionLoader(config_schema, func, required_resource_keys or ())

    return wrap


def dagster_type_materializer(
    config_schema: Any, required_resource_keys: Iterable[str] | None = None
) -> Callable[[Callable[[Any, Any, Any], Any]], DagsterTypeMaterializer]:
    """Make a type materializer from a function of ``(context, config_value, value)``.

    Args:
        config_schema: What the output's config must look like.
        required_resource_keys: The resources that the function uses.
    """

    def wrap(func: Callable[[Any, Any, Any], Any]) -> DagsterTypeMaterializer:
        return FunctionMaterializer(config_schema, func, required_resource_keys or ())

    return wrap

"""How a value of a type is loaded from config, and written as config asks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dagsterlite.config import ConfigType, resolve_to_config_type
from dagsterlite.errors import DagsterInvariantViolationError, shown, type_name
from dagsterlite.events.yielded import AssetMaterialization, Materialization
from dagsterlite.types.callables import check_function
from dagsterlite.types.requirements import resource_keys

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
        self,
        config_schema: Any,
        func: Callable[[Any, Any], Any],
        required_resource_keys: Iterable[str] | None = None,
    ) -> None:
        owner = f"type loader '{getattr(func, '__name__', 'loader')}'"
        self._schema = resolve_to_config_type(config_schema)
        self._func: Callable[[Any, Any], Any] = check_function(
            owner, "func", func, takes=("context", "config_value")
        )
        self._resource_keys = resource_keys(owner, required_resource_keys)
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
        required_resource_keys: Iterable[str] | None = None,
    ) -> None:
        self._owner = f"type materializer '{getattr(func, '__name__', 'materializer')}'"
        self._schema = resolve_to_config_type(config_schema)
        self._func: Callable[[Any, Any, Any], Any] = check_function(
            self._owner, "func", func, takes=("context", "config_value", "value")
        )
        self._resource_keys = resource_keys(self._owner, required_resource_keys)
        self.__doc__ = func.__doc__

    @property
    def schema_type(self) -> ConfigType:
        return self._schema

    def materialize_runtime_values(
        self, context: Any, config_value: Any, runtime_value: Any
    ) -> Materializations:
        answer = self._func(context, config_value, runtime_value)
        return _materializations(self._owner, answer)

    def required_resource_keys(self) -> frozenset[str]:
        return self._resource_keys


def _materializations(owner: str, answer: Any) -> Iterator[AssetMaterialization | Materialization]:
    for item in answer if isinstance(answer, Iterable) else [answer]:
        if not isinstance(item, (AssetMaterialization, Materialization)):
            message = (
                f"{owner} must return or yield AssetMaterialization for what it wrote; found "
                f"{shown(item)} of type {type_name(item)}."
            )
            raise DagsterInvariantViolationError(message)
        yield item


def dagster_type_loader(
    config_schema: Any, required_resource_keys: Iterable[str] | None = None
) -> Callable[[Callable[[Any, Any], Any]], DagsterTypeLoader]:
    """Make a type loader from a function of ``(context, config_value)``.

    Args:
        config_schema: What the input's config must look like.
        required_resource_keys: The resources that the function uses.

    Raises:
        DagsterInvalidConfigDefinitionError: ``config_schema`` is wrong.
        DagsterInvalidDefinitionError: the function takes other arguments.
    """

    def wrap(func: Callable[[Any, Any], Any]) -> DagsterTypeLoader:
        return FunctionLoader(config_schema, func, required_resource_keys)

    return wrap


def dagster_type_materializer(
    config_schema: Any, required_resource_keys: Iterable[str] | None = None
) -> Callable[[Callable[[Any, Any, Any], Any]], DagsterTypeMaterializer]:
    """Make a type materializer from a function of ``(context, config_value, value)``.

    Args:
        config_schema: What the output's config must look like.
        required_resource_keys: The resources that the function uses.

    Raises:
        DagsterInvalidConfigDefinitionError: ``config_schema`` is wrong.
        DagsterInvalidDefinitionError: the function takes other arguments.
    """

    def wrap(func: Callable[[Any, Any, Any], Any]) -> DagsterTypeMaterializer:
        return FunctionMaterializer(config_schema, func, required_resource_keys)

    return wrap


input_hydration_config = dagster_type_loader
"""The older name of :func:`dagster_type_loader`."""

output_materialization_config = dagster_type_materializer
"""The older name of :func:`dagster_type_materializer`."""

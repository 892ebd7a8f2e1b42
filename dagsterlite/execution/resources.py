"""A run's resources in one process: made once in the order they need each other, then torn down."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ContextDecorator, ExitStack
from types import GeneratorType
from typing import Any

from dagsterlite.config import unset_in
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.resource import InitResourceContext, ResourceDefinition
from dagsterlite.errors import (
    DagsterInvalidConfigError,
    DagsterInvariantViolationError,
    DagsterResourceFunctionError,
    DagsterUnknownResourceError,
    user_code_error_boundary,
)
from dagsterlite.execution.interrupts import Interrupts

OnError = Callable[[str, BaseException], None]


class ScopedResources:
    """The resources that one definition requires, as attributes."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        vars(self).update(values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise DagsterUnknownResourceError(name, vars(self))

    def _asdict(self) -> dict[str, Any]:
        return dict(vars(self))

    def __iter__(self) -> Iterator[Any]:
        return iter(vars(self).values())

    def __getitem__(self, place: int) -> Any:
        return tuple(self)[place]

    def __repr__(self) -> str:
        return f"Resources({', '.join(sorted(vars(self)))})"


class ResourceManager:
    """Makes the resources of a mode at first need, and tears them down in reverse order.

    Safe to use from several threads.

    Args:
        mode: The mode that defines them.
        configs: The resolved config of each, by key.
        context: Makes the context of one from its key, config and the resources it requires.
        interrupts: What may interrupt the making of one.
    """

    def __init__(
        self,
        mode: ModeDefinition,
        configs: Mapping[str, Any],
        context: Callable[[str, Any, ScopedResources], InitResourceContext],
        interrupts: Interrupts | None = None,
    ) -> None:
        self._interrupts = interrupts or Interrupts()
        self._mode = mode
        self._configs = configs
        self._context = context
        self._lock = threading.RLock()
        self._values: dict[str, Any] = {}
        self._generators: list[tuple[str, Generator[Any, Any, Any]]] = []

    @property
    def cleans_up(self) -> bool:
        """Whether a resource that was made is to clean up after itself."""
        return bool(self._generators)

    def definition(self, key: str) -> ResourceDefinition:
        """Return the definition of a resource."""
        return self._mode.resource_defs[key]

    def scoped(self, keys: Iterable[str]) -> ScopedResources:
        """Return the resources of these keys, made now if they are not there.

        Raises:
            DagsterResourceFunctionError: one cannot be made.
        """
        keys = tuple(keys)
        if not keys:
            return _NONE
        with self._lock:
            self.make(keys)
            return ScopedResources({key: self._values[key] for key in keys})

    def make(self, keys: Iterable[str]) -> None:
        """Make the resources of these keys, and those that they require.

        Raises:
            DagsterResourceFunctionError: one cannot be made.
        """
        with self._lock:
            missing = [key for key in keys if key not in self._values]
            for key in self._mode.needed_resources(missing) if missing else ():
                if key not in self._values:
                    self._values[key] = self._make_one(key)

    def _make_one(self, key: str) -> Any:
        definition = self._mode.resource_defs[key]
        required = {name: self._values[name] for name in definition.required_resource_keys}
        config = self._configs.get(key)
        unset = list(unset_in(config))
        if unset:
            message = f"Resource '{key}' cannot be made in this process"
            raise DagsterInvalidConfigError(message, unset)
        context = self._context(key, config, ScopedResources(required))
        message = f"Error executing resource_fn on ResourceDefinition {key}"
        with user_code_error_boundary(DagsterResourceFunctionError, lambda: message):
            return self._interrupts.call(lambda: self._begin(key, definition.create(context)))

    def _begin(self, key: str, made: Any) -> Any:
        if _is_managed(made):
            made = _entered(made)
        if not isinstance(made, GeneratorType):
            return made
        # From here on it may have begun what it is to clean up.
        self._generators.append((key, made))
        return _first(key, made)

    def lasting(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return those of these resources that stay fit for use when all are torn down.

        They were made, and neither they nor what they require have anything to clean up.
        """
        with self._lock:
            passing = {key for key, _ in self._generators}
            return {
                key: self._values[key]
                for key in keys
                if key in self._values and passing.isdisjoint(self._mode.needed_resources([key]))
            }

    def tear_down(self, on_error: OnError) -> None:
        """Let each resource clean up after itself, the last one made first.

        Args:
            on_error: Called with the key and the exception of each clean-up that raised. What it
                raises itself is raised when all are cleaned up.
        """
        with self._lock, ExitStack() as stack:
            self._values.clear()
            for key, generator in self._generators:
                stack.callback(_tear_down_one, key, generator, on_error)
            self._generators.clear()


_NONE = ScopedResources({})


def _is_managed(made: Any) -> bool:
    """Return whether a function under ``@contextmanager`` made this.

    A resource may itself be a context manager, as connections are: those stay as they are.
    """
    return isinstance(made, AbstractContextManager) and isinstance(made, ContextDecorator)


def _entered(manager: AbstractContextManager[Any]) -> Iterator[Any]:
    with manager as value:
        yield value


def _first(key: str, generator: Iterator[Any]) -> Any:
    try:
        return next(generator)
    except StopIteration:
        message = f"The function of resource '{key}' is a generator but yields nothing."
        raise DagsterInvariantViolationError(message) from None


def _tear_down_one(key: str, generator: Generator[Any, Any, Any], on_error: OnError) -> None:
    try:
        _finish(key, generator)
    except KeyboardInterrupt:
        raise
    except BaseException as exc:  # noqa: BLE001 - user code may raise anything
        on_error(key, exc)


def _finish(key: str, generator: Generator[Any, Any, Any]) -> None:
    if inspect.getgeneratorstate(generator) == inspect.GEN_CREATED:
        # It was stopped before it began: to clean up now would be to begin.
        generator.close()
        return
    try:
        next(generator)
    except StopIteration:
        return
    generator.close()
    message = f"The function of resource '{key}' yields more than once; it must yield the resource."
    raise DagsterInvariantViolationError(message)

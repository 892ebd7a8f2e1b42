"""IO managers: resources that keep outputs and load inputs in the user's own way."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any, overload

from dagsterlite.config import Field
from dagsterlite.definitions.configurable import config_field_of, is_bare
from dagsterlite.definitions.io_context import InputContext, OutputContext
from dagsterlite.definitions.resource import ResourceDefinition
from dagsterlite.errors import ParameterCheckError
from dagsterlite.events.assets import AssetKey
from dagsterlite.types.callables import check_function


class InputManager(ABC):
    """Loads inputs: those that no output is connected to, or in place of an output's manager."""

    @abstractmethod
    def load_input(self, context: InputContext) -> Any:
        """Return the value of the input.

        Args:
            context: The input, and the output that it is connected to, if any.
        """


class IOManager(InputManager):
    """Keeps outputs, and loads them again as the inputs of later steps.

    Extend it, and return it from a function under :func:`io_manager`. A step's output may be
    handed over twice, by two attempts of the step or by two workers of which one was thought lost;
    what is kept under one name must then be whole.
    """

    @abstractmethod
    def handle_output(self, context: OutputContext, obj: Any) -> Any:
        """Keep an output.

        Args:
            context: The output.
            obj: Its value.

        Returns:
            Nothing; or what is to be told of it, returned or yielded: ``AssetMaterialization`` and
            ``EventMetadataEntry``, or metadata as a dict by label.
        """

    def get_output_asset_key(self, context: OutputContext) -> AssetKey | None:
        """Return the asset that an output is; None where it is none. A materialization is told."""
        return None

    def get_output_asset_partitions(self, context: OutputContext) -> set[str]:
        """Return the partitions of the asset that an output is; empty for an asset without."""
        return set()


class InputManagerDefinition(ResourceDefinition):
    """Makes a resource that is an :class:`InputManager`.

    Args:
        resource_fn: Called with an ``InitResourceContext``; returns or yields the manager.
        config_schema: What ``init_context.resource_config`` must look like.
        description: For people.
        required_resource_keys: The resources that ``context.resources`` has.
        version: A name for the code's version.
        input_config_schema: What ``context.config`` of an input must look like: the run config has
            it at ``solids.<solid>.inputs.<input>``.

    Raises as :class:`ResourceDefinition` does.
    """

    #: The class that the resource must be of.
    manager_class: type = InputManager

    def __init__(
        self,
        resource_fn: Callable[..., Any],
        config_schema: Any = None,
        description: str | None = None,
        required_resource_keys: Iterable[str] | None = None,
        version: str | None = None,
        input_config_schema: Any = None,
    ) -> None:
        super().__init__(resource_fn, config_schema, description, required_resource_keys, version)
        owner = f"input config of manager '{getattr(resource_fn, '__name__', 'manager')}'"
        self.input_config_field: Field | None = config_field_of(owner, input_config_schema)

    @property
    def input_config_schema(self) -> Field | None:
        """What the config of an input must look like, if it takes any."""
        return self.input_config_field


class IOManagerDefinition(InputManagerDefinition):
    """Makes a resource that is an :class:`IOManager`.

    Args:
        resource_fn: Called with an ``InitResourceContext``; returns or yields the manager.
        config_schema: What ``init_context.resource_config`` must look like.
        description: For people.
        required_resource_keys: The resources that ``context.resources`` has.
        version: A name for the code's version.
        input_config_schema: What ``context.config`` of an input must look like.
        output_config_schema: What ``context.config`` of an output must look like: the run config
            has it at ``solids.<solid>.outputs.<output>``.

    Raises as :class:`ResourceDefinition` does.
    """

    manager_class = IOManager
    #: Whether what it keeps is found from other processes.
    is_shared = True

    def __init__(
        self,
        resource_fn: Callable[..., Any],
        config_schema: Any = None,
        description: str | None = None,
        required_resource_keys: Iterable[str] | None = None,
        version: str | None = None,
        input_config_schema: Any = None,
        output_config_schema: Any = None,
    ) -> None:
        super().__init__(
            resource_fn,
            config_schema,
            description,
            required_resource_keys,
            version,
            input_config_schema,
        )
        owner = f"output config of manager '{getattr(resource_fn, '__name__', 'manager')}'"
        self.output_config_field: Field | None = config_field_of(owner, output_config_schema)

    @property
    def output_config_schema(self) -> Field | None:
        """What the config of an output must look like, if it takes any."""
        return self.output_config_field

    @staticmethod
    def hardcoded_io_manager(
        value: IOManager, description: str | None = None
    ) -> IOManagerDefinition:
        """Return a definition whose manager is ``value``.

        Raises:
            ParameterCheckError: it is no IOManager.
        """
        if not isinstance(value, IOManager):
            owner = "IOManagerDefinition.hardcoded_io_manager"
            raise ParameterCheckError(owner, "value", "an IOManager", value)
        return IOManagerDefinition(lambda _context: value, description=description)


@overload
def io_manager(config_schema: Callable[..., Any]) -> IOManagerDefinition: ...


@overload
def io_manager(
    config_schema: Any = ...,
    description: str | None = ...,
    output_config_schema: Any = ...,
    input_config_schema: Any = ...,
    required_resource_keys: Iterable[str] | None = ...,
    version: str | None = ...,
) -> Callable[[Callable[..., Any]], IOManagerDefinition]: ...


def io_manager(
    config_schema: Any = None,
    description: str | None = None,
    output_config_schema: Any = None,
    input_config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    version: str | None = None,
) -> IOManagerDefinition | Callable[[Callable[..., Any]], IOManagerDefinition]:
    """Make an IO manager from a function of an ``InitResourceContext`` that returns it.

    In a mode's ``resource_defs`` under ``io_manager`` it keeps all outputs that name no other; an
    output names another by ``OutputDefinition(io_manager_key=…)``::

        class Lines(IOManager):
            def handle_output(self, context, obj):
                write_lines("/".join(context.get_identifier()), obj)

            def load_input(self, context):
                return read_lines("/".join(context.get_identifier()))

        @io_manager
        def lines(_init_context):
            return Lines()

    Args:
        config_schema: What ``init_context.resource_config`` must look like.
        description: For people (default: the function's docstring).
        output_config_schema: What ``context.config`` of an output must look like.
        input_config_schema: What ``context.config`` of an input must look like.
        required_resource_keys: The resources that ``context.resources`` has.
        version: A name for the code's version.
    """
    if is_bare(config_schema):
        return io_manager()(config_schema)

    def wrap(fn: Callable[..., Any]) -> IOManagerDefinition:
        text = description or inspect.getdoc(fn)
        return IOManagerDefinition(
            fn,
            config_schema,
            text,
            required_resource_keys,
            version,
            input_config_schema,
            output_config_schema,
        )

    return wrap


class _LoadsByFunction(InputManager):
    def __init__(self, load: Callable[[InputContext], Any]) -> None:
        self._load = load

    def load_input(self, context: InputContext) -> Any:
        return self._load(context)


@overload
def input_manager(config_schema: Callable[[InputContext], Any]) -> InputManagerDefinition: ...


@overload
def input_manager(
    config_schema: Any = ...,
    description: str | None = ...,
    input_config_schema: Any = ...,
    required_resource_keys: Iterable[str] | None = ...,
    version: str | None = ...,
) -> Callable[[Callable[[InputContext], Any]], InputManagerDefinition]: ...


def input_manager(
    config_schema: Any = None,
    description: str | None = None,
    input_config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    version: str | None = None,
) -> InputManagerDefinition | Callable[[Callable[[InputContext], Any]], InputManagerDefinition]:
    """Make an input manager from a function of an :class:`InputContext` that returns the value.

    An input names it by ``InputDefinition(root_manager_key=…)`` where it is not connected, or by
    ``input_manager_key``, connected or not. ``root_input_manager`` is the same decorator::

        @root_input_manager(input_config_schema={"path": str})
        def table(context):
            return read_table(context.config["path"])

    Args:
        config_schema: What ``context.resource_config`` must look like.
        description: For people (default: the function's docstring).
        input_config_schema: What ``context.config`` of an input must look like.
        required_resource_keys: The resources that ``context.resources`` has.
        version: A name for the code's version.
    """
    if is_bare(config_schema):
        return input_manager()(config_schema)

    def wrap(fn: Callable[[InputContext], Any]) -> InputManagerDefinition:
        name = getattr(fn, "__name__", "manager")
        check_function(f"input manager '{name}'", "fn", fn, takes=("context",))
        return InputManagerDefinition(
            lambda _init_context: _LoadsByFunction(fn),
            config_schema,
            description or inspect.getdoc(fn),
            required_resource_keys,
            version,
            input_config_schema,
        )

    return wrap


RootInputManager = InputManager
RootInputManagerDefinition = InputManagerDefinition
root_input_manager = input_manager

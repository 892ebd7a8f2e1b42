"""Definitions that are given config ahead of any run: in full, or by a function of other config."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple, Self, TypeVar

from dagsterlite.config import Any as AnyConfig
from dagsterlite.config import Field, MappedConfig, Noneable, Shape, validate_config
from dagsterlite.config.config_type import ABSENT
from dagsterlite.definitions.configurable import any_config, config_field_of, default_config
from dagsterlite.definitions.naming import check_label, check_name
from dagsterlite.errors import (
    CheckError,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    ParameterCheckError,
)
from dagsterlite.types.callables import check_function

D = TypeVar("D", bound="ConfigurableDefinition")


class ConfigurableDefinition(ABC):
    """A definition that takes config, and can be given it ahead of any run."""

    #: What its config must look like, if it takes any.
    config_field: Field | None
    description: str | None

    @property
    @abstractmethod
    def label(self) -> str:
        """The kind and name, for messages."""

    @property
    def config_schema(self) -> Field | None:
        """What its config must look like, if it takes any."""
        return self.config_field

    @property
    def takes_any_config(self) -> bool:
        """Whether it takes any config where it has no schema of its own."""
        return True

    def default_config(self) -> Any:
        """Return the config that it has where none is given, resolved; None where it takes none.

        Raises:
            DagsterInvalidConfigError: a variable of the environment is not set, or what a
                ``config_fn`` makes of the default does not fit.
            DagsterConfigMappingFunctionError: a ``config_fn`` raised.
        """
        return default_config(self.label, self.config_field)

    def _copied(self, field: Field, description: str | None) -> Self:
        """Return a copy that takes other config."""
        changed = copy.copy(self)
        changed.config_field = field
        if description is not None:
            changed.description = description
        return changed

    def _configured_field(self, label: str, config_or_config_fn: Any, config_schema: Any) -> Field:
        """Return what the definition that messages call ``label`` takes in place of this one."""
        meant = self._field_to_configure()
        names = _Names(label, self.label)
        if not callable(config_or_config_fn):
            if config_schema is not None:
                message = (
                    f"{label}: argument 'config_schema' says what a config_fn takes, but a config "
                    "is given in full. Leave it out, or give a function."
                )
                raise CheckError(message)
            return _field_for_config(names, meant, config_or_config_fn)
        check_function(label, "config_or_config_fn", config_or_config_fn, takes=("config",))
        given = config_field_of(label, config_schema) or Field(AnyConfig, default_value={})
        return _mapped(names, given, config_or_config_fn, meant)

    def _field_to_configure(self) -> Field:
        if self.config_field is not None:
            return self.config_field
        if self.takes_any_config:
            return any_config()
        message = (
            f"{self.label} takes no config of its own, so there is nothing to configure. Give "
            "it a config_fn."
        )
        raise DagsterInvalidDefinitionError(message)


class NamedConfigurableDefinition(ConfigurableDefinition):
    """A configurable definition that bears a name of its own."""

    #: How messages call this kind of definition.
    kind: str
    name: str

    @property
    def label(self) -> str:
        return f"{self.kind} '{self.name}'"

    def configured(
        self,
        config_or_config_fn: Any,
        name: str | None = None,
        config_schema: Any = None,
        description: str | None = None,
    ) -> Self:
        """Wrap this object in an object of the same type that provides config to it (seed 003).

        Config that names variables of the environment, ``{"env": "NAME"}``, is kept as given and
        read where the run needs it.

        Args:
            config_or_config_fn: Either the config in full, which is checked now, or a function
                from config that fits ``config_schema`` to this object's config, which is called
                for each run, in each of its processes.
            name: The name of the new definition. Solids need one; others keep theirs without.
            config_schema: If a function is given, what its argument must look like (default: any
                config, and ``{}`` where none is given).
            description: For people (default: this object's).

        Raises:
            CheckError: an argument is of the wrong type, or a schema is given without a function.
            DagsterInvalidDefinitionError: this object takes no config, as a composite without
                ``config_fn``, the name is wrong, or the function does not take one argument.
            DagsterInvalidConfigError: the config does not fit; all misfits, with their paths.
        """
        new_name = self._name_when_configured(name)
        label = f"{self.kind} '{new_name}'"
        field = self._configured_field(label, config_or_config_fn, config_schema)
        changed = self._copied(field, description)
        changed.name = new_name
        return changed

    def _name_when_configured(self, name: str | None) -> str:
        return self.name if name is None else check_label(self.kind, name)


class ConfigurableNode(NamedConfigurableDefinition):
    """A configurable definition that stands in graphs, where names tell definitions apart."""

    def _name_when_configured(self, name: str | None) -> str:
        if name is None:
            message = (
                f"{self.label}: configured makes another {self.kind}, which needs a name of its "
                "own: two definitions in one pipeline never share a name. Give it as 'name', or "
                "decorate a function that bears it with @configured."
            )
            raise DagsterInvalidDefinitionError(message)
        return check_name(self.kind, name)


class AnonymousConfigurableDefinition(ConfigurableDefinition):
    """A configurable definition whose name is the key that a mode gives it."""

    def configured(
        self,
        config_or_config_fn: Any,
        config_schema: Any = None,
        description: str | None = None,
    ) -> Self:
        """Wrap this object in an object of the same type that provides config to it.

        Config that names variables of the environment, ``{"env": "NAME"}``, is kept as given and
        read where the run needs it.

        Args:
            config_or_config_fn: Either the config in full, which is checked now, or a function
                from config that fits ``config_schema`` to this object's config, which is called
                for each run, in each of its processes.
            config_schema: If a function is given, what its argument must look like (default: any
                config, and ``{}`` where none is given).
            description: For people (default: this object's).

        Raises:
            CheckError: a schema is given without a function.
            DagsterInvalidDefinitionError: the function does not take one argument.
            DagsterInvalidConfigError: the config does not fit; all misfits, with their paths.
        """
        label = f"the configured {self.label}"
        field = self._configured_field(label, config_or_config_fn, config_schema)
        return self._copied(field, description)


def configured(
    configurable: D,
    config_schema: Any = None,
    name: str | None = None,
    description: str | None = None,
) -> Callable[[Any], D]:
    """Make a configured version of a definition, from config or from a function under it.

    ::

        dev_database = configured(database)({"url": "sqlite:///dev.db"})

        @configured(load, config_schema={"year": int})
        def load_flights(config):
            return {"path": f"flights-{config['year']}.csv"}

    Args:
        configurable: A solid, composite solid, resource, logger, executor, intermediate storage
            or system storage.
        config_schema: What the function's argument must look like (default: any config, and
            ``{}`` where none is given).
        name: The name of the new definition (default: the function's); resources and loggers have
            none.
        description: For people (default: that of ``configurable``).

    Raises:
        CheckError: ``configurable`` is something else, or a resource or logger is to get a name.

    What is returned raises as :meth:`NamedConfigurableDefinition.configured` does.
    """
    if not isinstance(configurable, ConfigurableDefinition):
        expected = "a solid, composite solid, resource, logger, executor or storage definition"
        raise ParameterCheckError("configured", "configurable", expected, configurable)
    if name is not None and not isinstance(configurable, NamedConfigurableDefinition):
        message = (
            f"configured: argument 'name' is '{name}', but {configurable.label} has no name beside "
            "the key that a mode gives it. Leave it out."
        )
        raise CheckError(message)

    def wrap(config_or_config_fn: Any) -> D:
        if isinstance(configurable, NamedConfigurableDefinition):
            new_name = name or getattr(config_or_config_fn, "__name__", None)
            return configurable.configured(
                config_or_config_fn, new_name, config_schema, description
            )
        assert isinstance(configurable, AnonymousConfigurableDefinition)
        return configurable.configured(config_or_config_fn, config_schema, description)

    return wrap


class _Names(NamedTuple):
    """What messages call a configured definition, and the one inside."""

    outer: str
    inner: str


def _field_for_config(names: _Names, meant: Field, config: Any) -> Field:
    evaluation = validate_config(meant.config_type, config, root=f"config of {names.inner}")
    if not evaluation.success:
        preamble = f"Error in the config that {names.outer} hands to {names.inner}"
        raise DagsterInvalidConfigError(preamble, evaluation.errors, config)
    # A field hands out a new copy of its default each time: no run can change it for the next.
    kept = Field(meant.config_type, default_value=evaluation.value)
    return _mapped(names, Field(Shape({})), lambda _nothing: kept.default_value, meant)


def _mapped(names: _Names, given: Field, config_fn: Callable[[Any], Any], meant: Field) -> Field:
    """Return the field that takes what ``given`` does and stands for what ``meant`` does.

    The function is called also where nothing is given: then with the default, or None.
    """
    is_left_out = not (given.is_required or given.default_provided)
    given_type = Noneable(given.config_type) if is_left_out else given.config_type
    return Field(
        MappedConfig(
            given_type, config_fn, meant.config_type, source=names.outer, target=names.inner
        ),
        default_value=given.default_value if given.has_explicit_default else ABSENT,
        is_required=True if given.is_required else None,
        description=given.description,
    )

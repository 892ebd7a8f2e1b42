"""Classes that ``dagster.yaml`` names: where one is found, and what config it takes.

A section of the form ``{module, class, config}`` is a :class:`ConfigurableClassData`; the class
that it names is a :class:`ConfigurableClass`, which says what config it takes and makes itself
from it. So stores, launchers and coordinators of third parties need no entry in any list.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from inspect import isabstract
from pkgutil import iter_modules
from typing import Any, Self

from dagsterlite.config import resolve_config
from dagsterlite.config.path import path_below
from dagsterlite.errors import DagsterSettingsError, listed, near
from dagsterlite.serdes import serializable


class ConfigurableClass(ABC):
    """Abstract mixin for classes that can be loaded from config (seed 003).

    What :meth:`from_config_value` is given as ``inst_data`` is to be found by the property: a class
    sets ``_inst_data``, or has a property of its own.
    """

    _inst_data: ConfigurableClassData | None = None

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        """What the object was made from, or None where it was made in Python."""
        return self._inst_data

    @classmethod
    @abstractmethod
    def config_type(cls) -> Any:
        """Return the schema of the config: a dict of fields, or any config type."""

    @classmethod
    @abstractmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> ConfigurableClass:
        """Return the object for a config that fits :meth:`config_type`, defaults filled in."""


class WithoutConfig(ConfigurableClass):
    """A configurable class that takes no config.

    Args:
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.
    """

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data

    @classmethod
    def config_type(cls) -> Any:
        return {}

    @classmethod
    def from_config_value(
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, Any],  # noqa: ARG003 - it takes none
    ) -> Self:
        return cls(inst_data)


class MigratableClass(ConfigurableClass):
    """A configurable class whose data outlives versions of the program."""

    @classmethod
    @abstractmethod
    def migrate(cls, config_value: Mapping[str, Any]) -> list[str]:
        """Bring the data from older versions to this one's; return the places that changed.

        Raises:
            DagsterHomeError: the data is another program's, or a newer version's.
            DagsterStorageError: it cannot be written.
        """


@serializable("ConfigurableClassData")
@dataclass(frozen=True)
class ConfigurableClassData:
    """Where to find a class, and the config to make it with (seed 003)."""

    module_name: str
    class_name: str
    #: The config as YAML, as given: what is read from the environment is not in it. A password that
    #: was written out is, so it is not shown.
    config_yaml: str = field(default="{}", repr=False)

    @property
    def config_dict(self) -> dict[str, Any]:
        """The config as given.

        Raises:
            DagsterSettingsError: it is not a dict in YAML.
        """
        # PyYAML takes its time to import, and most instances are not made from YAML.
        import yaml

        try:
            config = yaml.safe_load(self.config_yaml) or {}
        except yaml.YAMLError as exc:
            raise DagsterSettingsError(f"The config of {self} is not YAML: {exc}") from exc
        if not isinstance(config, dict):
            message = f"The config of {self} must be a dict, not {config!r:.80}."
            raise DagsterSettingsError(message)
        return config

    def load_class(self, section: str) -> type[ConfigurableClass]:
        """Return the class; ``section`` is what names it, for messages.

        Raises:
            DagsterSettingsError: the module cannot be imported, or has no such class, or the
                class is not a :class:`ConfigurableClass`.
        """
        found = getattr(self._load_module(section), self.class_name, None)
        if found is None:
            known = _configurable_names(vars(import_module(self.module_name)))
            hint = near(self.class_name, known)
            raise DagsterSettingsError(
                f"{section}.class: the module '{self.module_name}' has no class "
                f"'{self.class_name}'.{hint} It has: {listed(known)}."
            )
        if not (isinstance(found, type) and issubclass(found, ConfigurableClass)):
            raise DagsterSettingsError(
                f"{section}.class: '{self}' cannot be made from config: it must be a subclass of "
                "dagsterlite's ConfigurableClass."
            )
        return found

    def _load_module(self, section: str) -> Any:
        try:
            return import_module(self.module_name)
        except ImportError as exc:
            hint = near(self.module_name, _siblings(self.module_name))
            raise DagsterSettingsError(
                f"{section}.module: the module '{self.module_name}' cannot be imported: "
                f"{exc}.{hint} Install the package that provides it, or correct the name."
            ) from exc

    def rehydrate(self, section: str = "config") -> ConfigurableClass:
        """Return the object that the class makes from the config.

        ``section`` is what named the class (``dagster.yaml: run_storage``), for messages.

        Raises:
            DagsterSettingsError: the class cannot be found, or the config does not fit it; all
                misfits at once, with their paths.
        """
        cls = self.load_class(section)
        return cls.from_config_value(self, self.resolve_config(f"{section}.config"))

    def resolve_config(self, place: str) -> Any:
        """Return the config as the class takes it: defaults filled in, the environment read.

        ``place`` is where the config stands (``dagster.yaml: run_storage.config``), for messages.

        Raises:
            DagsterSettingsError: as :meth:`rehydrate`.
        """
        schema = self.load_class(place).config_type()
        evaluation = resolve_config(schema, self.config_dict, root=f"config of {self}")
        if evaluation.success:
            return evaluation.value
        misfits = [
            f"{path_below(place, error.path)}: {error.message}" for error in evaluation.errors
        ]
        raise DagsterSettingsError("\n".join(misfits))

    def __str__(self) -> str:
        return f"{self.module_name}.{self.class_name}"


def _configurable_names(members: Mapping[str, Any]) -> list[str]:
    classes = {name: value for name, value in members.items() if isinstance(value, type)}
    return [
        name
        for name, cls in classes.items()
        if issubclass(cls, ConfigurableClass) and not isabstract(cls)
    ]


def _siblings(module_name: str) -> Iterable[str]:
    """Return the modules beside the one that is not there, by their full names."""
    parent, _, _ = module_name.rpartition(".")
    try:
        folders = import_module(parent).__path__ if parent else None
    except (ImportError, AttributeError):
        return []
    prefix = f"{parent}." if parent else ""
    return [found.name for found in iter_modules(folders, prefix)]

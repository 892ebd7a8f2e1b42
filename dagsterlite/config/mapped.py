"""Config that is turned into the config of something else before it is used."""

from __future__ import annotations

from collections.abc import Callable

from dagsterlite.config.config_type import Absent, ConfigType
from dagsterlite.config.path import Trail
from dagsterlite.config.walk import Walk
from dagsterlite.errors import DagsterConfigMappingFunctionError, user_code_error_boundary


class MappedConfig(ConfigType):
    """Config of one type that stands for config of another, which a function makes of it.

    What it resolves to is the other config, resolved in its turn; so whoever is configured by it
    need not know that there was a function.

    Args:
        given_type: What is given.
        config_fn: Returns the config of ``meant_type`` for one of ``given_type``.
        meant_type: What the config that is given stands for.
        source: What ``config_fn`` belongs to, for messages: ``solid 'load_fast'``.
        target: What is configured in the end, for messages: ``solid 'load'``.
    """

    __slots__ = ("_config_fn", "_source", "_target", "given_type", "meant_type")

    def __init__(
        self,
        given_type: ConfigType,
        config_fn: Callable[[object], object],
        meant_type: ConfigType,
        *,
        source: str,
        target: str,
    ) -> None:
        self.given_type = given_type
        self.meant_type = meant_type
        self._config_fn = config_fn
        self._source = source
        self._target = target
        super().__init__(description=given_type.description)

    @classmethod
    def changes_values(cls) -> bool:
        """Say that what is given becomes what it stands for."""
        return True

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return what is given, evaluated."""
        return self.given_type.evaluate(value, at, walk)

    def resolve(self, fitted: object, at: Trail, walk: Walk) -> object:
        """Return the config that the function makes of what is given, resolved.

        Its misfits are told with both places: where the config stands that was given, and where
        in what the function returned the misfit is.

        Raises:
            DagsterConfigMappingFunctionError: the function raised.
        """
        place = walk.place(at)
        with user_code_error_boundary(
            DagsterConfigMappingFunctionError,
            lambda: f"The config_fn of {self._source} raised an error for its config {place}.",
        ):
            config = self._config_fn(fitted)
        inner = walk.apart(f"config of {self._target}")
        meant = self.meant_type.evaluate(config, None, inner)
        for error in inner.errors:
            message = (
                f"The config that {self._source}, configured {place}, hands to {self._target} "
                f"does not fit: {error.message}"
            )
            walk.report(error.reason, at, walk.redacted(message))
        return meant

    def implicit_default(self) -> object | Absent:
        """Return the default of what is given."""
        return self.given_type.implicit_default()

    def long_form(self) -> ConfigType:
        """Return the type of what is given."""
        return self.given_type.long_form()

    def short_form(self) -> str:
        """Return the type of what is given."""
        return self.given_type.short_form()

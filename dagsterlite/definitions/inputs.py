"""The inputs that a solid takes."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagsterlite.definitions.arguments import description_of, manager_key, metadata_of
from dagsterlite.definitions.naming import check_name
from dagsterlite.errors import DagsterInvalidDefinitionError
from dagsterlite.events.assets import AssetKey
from dagsterlite.types.annotations import resolve_dagster_type
from dagsterlite.types.dagster_type import DagsterType


class _NoValue:
    def __repr__(self) -> str:
        return "<no value>"

    def __reduce__(self) -> str:
        return "NO_VALUE"


NO_VALUE: Any = _NoValue()
"""Stands where no default value is given, since None may be one."""


class InputDefinition:
    """An input of a solid.

    Args:
        name: Its name: a parameter of the solid's function.
        dagster_type: The type its value must be of (default: any).
        description: For people.
        default_value: The value where the input is neither connected nor configured.
        root_manager_key: The resource that loads the input where it is not connected.
        metadata: Facts for the manager that loads it, by name: ``context.metadata``.
        input_manager_key: The resource that loads the input, connected or not: it takes the place
            of the manager of the output that the input is connected to.
        asset_key: The asset that the input is: ``context.asset_key`` of the manager that loads it
            (default: that of the output which the input is connected to).

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: the name or type is wrong, or both keys are given.
    """

    def __init__(
        self,
        name: str,
        dagster_type: Any = None,
        description: str | None = None,
        default_value: Any = NO_VALUE,
        root_manager_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        input_manager_key: str | None = None,
        asset_key: AssetKey | str | Sequence[str] | None = None,
    ) -> None:
        self.name = check_name("input", name)
        self.dagster_type: DagsterType = resolve_dagster_type(dagster_type, f"input '{name}'")
        self.description = description_of(f"input '{name}'", description)
        self._default_value = default_value
        owner = f"input '{name}'"
        self.input_manager_key = manager_key(owner, "input_manager_key", input_manager_key)
        self.root_manager_key = manager_key(owner, "root_manager_key", root_manager_key)
        if self.input_manager_key and self.root_manager_key:
            message = (
                f"Input '{name}' has both a root_manager_key and an input_manager_key: the second "
                "is for unconnected inputs too. Keep it alone."
            )
            raise DagsterInvalidDefinitionError(message)
        self.metadata: dict[str, Any] = metadata_of(owner, metadata)
        self.asset_key = None if asset_key is None else AssetKey.from_coercible(asset_key)
        if self.dagster_type.is_nothing and self.has_default_value:
            message = (
                f"Input '{name}' of type Nothing cannot have a default value: it has no value."
            )
            raise DagsterInvalidDefinitionError(message)

    def with_type(self, dagster_type: DagsterType) -> InputDefinition:
        """Return this input with another type."""
        changed = copy.copy(self)
        changed.dagster_type = dagster_type
        return changed

    def with_manager_of(self, other: InputDefinition) -> InputDefinition:
        """Return this input, loaded where it is not connected as another one is."""
        changed = copy.copy(self)
        changed.root_manager_key = other.unconnected_manager_key
        changed.metadata = {**other.metadata, **self.metadata}
        changed.asset_key = self.asset_key or other.asset_key
        return changed

    def with_value(self, value: Any) -> InputDefinition:
        """Return this input with a value that it has wherever it is not connected."""
        changed = copy.copy(self)
        changed._default_value = value  # noqa: SLF001 - the copy is our own
        changed.root_manager_key = changed.input_manager_key = None
        return changed

    @property
    def has_default_value(self) -> bool:
        """Whether a default value is given."""
        return self._default_value is not NO_VALUE

    @property
    def default_value(self) -> Any:
        """The default value.

        Raises:
            DagsterInvalidDefinitionError: none is given.
        """
        if not self.has_default_value:
            raise DagsterInvalidDefinitionError(f"Input '{self.name}' has no default value.")
        return self._default_value

    @property
    def unconnected_manager_key(self) -> str | None:
        """The resource that loads the input where it is not connected, if one does."""
        return self.input_manager_key or self.root_manager_key

    def mapping_to(
        self, solid_name: str, input_name: str, fan_in_index: int | None = None
    ) -> InputMapping:
        """Return the mapping of this input, of a composite, to one of a solid inside it.

        Args:
            solid_name: The solid inside the composite.
            input_name: Its input.
            fan_in_index: The place in the list that the input collects, if it is a fan-in.
        """
        return InputMapping(self, SolidInput(solid_name, input_name, fan_in_index))

    def __repr__(self) -> str:
        return f"InputDefinition({self.name!r}, {self.dagster_type.display_name})"


@dataclass(frozen=True)
class SolidInput:
    """An input of a solid in a graph, or one place of a fan-in input."""

    solid_name: str
    input_name: str
    fan_in_index: int | None = None


@dataclass(frozen=True)
class InputMapping:
    """How an input of a composite leads to one of a solid inside it."""

    definition: InputDefinition
    maps_to: SolidInput

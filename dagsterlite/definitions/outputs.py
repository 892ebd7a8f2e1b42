"""The outputs that a solid yields."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from dagsterlite.definitions.arguments import description_of, manager_key, metadata_of
from dagsterlite.definitions.naming import check_name
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.yielded import DEFAULT_OUTPUT
from dagsterlite.types.annotations import resolve_dagster_type
from dagsterlite.types.dagster_type import DagsterType

DEFAULT_IO_MANAGER = "io_manager"
"""The key of the IO manager of an output that names none."""


class OutputDefinition:
    """An output of a solid.

    Args:
        dagster_type: The type its value must be of (default: any).
        name: Its name (default ``result``).
        description: For people.
        is_required: Whether the solid must yield it (default: yes). Where an output that is not
            required is not yielded, the solids that need it are skipped.
        io_manager_key: The resource that keeps it, an IO manager. Where the mode has no resource
            ``io_manager``, the default, the run's intermediate storage keeps it.
        metadata: Facts for the IO manager, by name: ``context.metadata``.
        asset_key: The asset that the output is: its IO manager's step tells of a materialization.
        code_version: A name for the version of the code that makes it: ``context.version`` of its
            IO manager (default: the solid's).

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: the name or type is wrong.
    """

    #: Whether the solid yields any number of values for it.
    is_dynamic: ClassVar[bool] = False

    def __init__(
        self,
        dagster_type: Any = None,
        name: str | None = None,
        description: str | None = None,
        is_required: bool | None = None,
        io_manager_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        asset_key: AssetKey | str | Sequence[str] | None = None,
        code_version: str | None = None,
    ) -> None:
        self.name = check_name("output", DEFAULT_OUTPUT if name is None else name)
        self.dagster_type: DagsterType = resolve_dagster_type(dagster_type, f"output '{self.name}'")
        self.description = description_of(f"output '{self.name}'", description)
        self.is_required = True if is_required is None else bool(is_required)
        owner = f"output '{self.name}'"
        key = manager_key(owner, "io_manager_key", io_manager_key)
        self.io_manager_key: str = DEFAULT_IO_MANAGER if key is None else key
        self.metadata: dict[str, Any] = metadata_of(owner, metadata)
        self.asset_key = None if asset_key is None else AssetKey.from_coercible(asset_key)
        self.code_version = code_version

    def with_type(self, dagster_type: DagsterType) -> OutputDefinition:
        """Return this output with another type."""
        changed = copy.copy(self)
        changed.dagster_type = dagster_type
        return changed

    @property
    def optional(self) -> bool:
        """Whether the solid may leave it out."""
        return not self.is_required

    def mapping_from(self, solid_name: str, output_name: str | None = None) -> OutputMapping:
        """Return the mapping of this output, of a composite, from one of a solid inside it.

        Args:
            solid_name: The solid inside the composite.
            output_name: Its output (default ``result``).
        """
        return OutputMapping(self, SolidOutput(solid_name, output_name or DEFAULT_OUTPUT))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dagster_type.display_name}, {self.name!r})"


class DynamicOutputDefinition(OutputDefinition):
    """An output of a solid that yields any number of values for it, each under a mapping key.

    The solid yields a :class:`DynamicOutput` for each. Solids are mapped over them, each running
    once a value, or take the list of all::

        @solid(output_defs=[DynamicOutputDefinition(str)])
        def files(context):
            for name in os.listdir(context.solid_config):
                yield DynamicOutput(name, mapping_key=name.replace(".", "_"))

        @pipeline
        def sizes():
            total(files().map(size_of).collect())

    Takes the arguments of :class:`OutputDefinition`; the type is that of each value. A solid may
    yield no value at all: nothing is mapped then, and who collects gets an empty list; if the
    output is not required, who collects is skipped.
    """

    is_dynamic = True


@dataclass(frozen=True)
class SolidOutput:
    """An output of a solid in a graph."""

    solid_name: str
    output_name: str = DEFAULT_OUTPUT


@dataclass(frozen=True)
class OutputMapping:
    """How an output of a composite comes from one of a solid inside it."""

    definition: OutputDefinition
    maps_from: SolidOutput

"""The context that a test hands to a solid which it calls directly."""

from __future__ import annotations

import pdb  # noqa: T100 - users debug from within a solid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from dagsterlite.definitions.node import Solid
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.errors import CheckError, DagsterInvalidPropertyError
from dagsterlite.events.metadata_arguments import metadata_entries_of
from dagsterlite.execution.contexts import (
    AbstractComputeExecutionContext,
    checked_side_event,
    output_told_of,
)
from dagsterlite.execution.loose_resources import resolved
from dagsterlite.execution.resources import ScopedResources
from dagsterlite.execution.side_events import SideEvent
from dagsterlite.execution.surroundings import NO_RUN, Entered, Surroundings
from dagsterlite.execution.type_check_context import TypeCheckContext
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import DagsterRun
from dagsterlite.types.dagster_type import DagsterType


@dataclass(frozen=True)
class Told:
    """What solids that are called directly have told, with no run to record it."""

    events: list[SideEvent] = field(default_factory=list)
    #: Of the outputs of the last call, by name.
    output_metadata: dict[str, dict[str, Any]] = field(default_factory=dict)


class UnboundSolidExecutionContext(Entered, AbstractComputeExecutionContext):
    """The context of a solid that is called directly; made by :func:`build_solid_context`.

    What only a run has raises :class:`~dagsterlite.errors.DagsterInvalidPropertyError`.
    """

    def __init__(self, around: Surroundings, config: Any, mapping_key: str | None = None) -> None:
        super().__init__(around)
        self._config = config
        self._mapping_key = mapping_key
        self.told = Told()

    @property
    def solid_config(self) -> Any:
        return self._config

    @property
    def run_id(self) -> str:
        """``EPHEMERAL``: there is no run."""
        return NO_RUN

    @property
    def pdb(self) -> pdb.Pdb:
        """Allows pdb debugging from within the solid, e.g. ``context.pdb.set_trace()``."""
        return pdb.Pdb()

    @property
    def retry_number(self) -> int:
        """0: a direct call is not tried again."""
        return 0

    def get_mapping_key(self) -> str | None:
        """Return the mapping key that the context was built with, or None."""
        return self._mapping_key

    # --- what the solid tells ---

    def log_event(self, event: SideEvent) -> None:
        """Keep an event for :meth:`get_events`: there is no run that would record it.

        Raises:
            CheckError: it is of a kind that cannot be logged.
        """
        self.told.events.append(checked_side_event(event))

    def get_events(self) -> list[SideEvent]:
        """Return the events that solids called with this context have logged, in their order."""
        return list(self.told.events)

    def add_output_metadata(
        self, metadata: Mapping[str, Any], output_name: str | None = None
    ) -> None:
        """Keep facts about an output for :meth:`get_output_metadata`.

        Args:
            metadata: Labels to values, as for :class:`AssetMaterialization`.
            output_name: The output (default: the only one).

        Raises:
            CheckError: ``metadata`` is no such dict.
            DagsterInvariantViolationError: there is no such output, or several and none is named.
        """
        name = output_told_of(self.solid_def.label, self.solid_def, output_name)
        metadata_entries_of("add_output_metadata", None, metadata)
        self.told.output_metadata.setdefault(name, {}).update(metadata)

    def get_output_metadata(self, output_name: str) -> Mapping[str, Any] | None:
        """Return what was told of an output by the solid that was called last; None if nothing."""
        return self.told.output_metadata.get(output_name)

    @property
    def op_handle(self) -> Any:
        """Only a run has it."""
        return self.solid_handle

    def has_tag(self, key: str) -> bool:
        return self.get_tag(key) is not None

    def get_tag(self, key: str) -> str | None:
        return None

    # --- what only a run, or a call, has ---

    @property
    def pipeline_def(self) -> PipelineDefinition:
        self._refuse("pipeline_def")

    @property
    def pipeline_name(self) -> str:
        """Only a run has it."""
        self._refuse("pipeline_name")

    @property
    def pipeline_run(self) -> DagsterRun:
        self._refuse("pipeline_run")

    @property
    def run_config(self) -> Mapping[str, Any]:
        """Only a run has it."""
        self._refuse("run_config")

    @property
    def mode_def(self) -> Any:
        """Only a run has it."""
        self._refuse("mode_def")

    @property
    def dask_client(self) -> Any:
        """Only a run has it."""
        self._refuse("dask_client")

    @property
    def step_key(self) -> str:
        """Only a run has it."""
        self._refuse("step_key")

    @property
    def solid_handle(self) -> Any:
        """Only a run has it."""
        self._refuse("solid_handle")

    @property
    def solid(self) -> Solid:
        self._refuse("solid")

    @property
    def solid_def(self) -> SolidDefinition:
        self._refuse("solid_def")

    def _refuse(self, name: str) -> NoReturn:
        message = (
            f"The context has no '{name}': it belongs to no run, since the solid is called "
            "directly. Test what needs it by execute_solid or execute_pipeline."
        )
        raise DagsterInvalidPropertyError(message)


class BoundSolidExecutionContext(UnboundSolidExecutionContext):
    """The same as a solid's function is given it: with the solid, its config and its resources.

    Args:
        context: What the test handed over.
        solid_def: The solid.
        tags: The tags of the solid's place, where it was given some.

    Raises:
        DagsterInvalidInvocationError: a resource that the solid requires was not given.
        DagsterInvalidConfigError: the config does not fit.
    """

    def __init__(
        self,
        context: UnboundSolidExecutionContext,
        solid_def: SolidDefinition,
        tags: Mapping[str, str],
    ) -> None:
        config = resolved(solid_def.label, solid_def.config_field, context.solid_config)
        super().__init__(context.around, config, context.get_mapping_key())
        # What the solid tells is read from the context that the test holds.
        self.told = context.told
        self.told.output_metadata.clear()
        self._solid_def = solid_def
        self._tags = {**solid_def.tags, **tags}
        self._required = self.require(solid_def.label, solid_def.required_resource_keys)

    @property
    def resources(self) -> ScopedResources:
        return self._required

    @property
    def solid_def(self) -> SolidDefinition:
        return self._solid_def

    def get_tag(self, key: str) -> str | None:
        return self._tags.get(key)

    def resources_for(self, keys: Iterable[str]) -> ScopedResources:
        """Return the resources of these keys.

        Raises:
            DagsterInvalidInvocationError: one was not given.
        """
        return self.require(self._solid_def.label, keys)

    def for_type(self, dagster_type: DagsterType) -> TypeCheckContext:
        """Return the context for checking values of a type."""
        return TypeCheckContext(self, dagster_type)


def build_solid_context(
    resources: Mapping[str, Any] | None = None,
    config: Any = None,
    instance: DagsterInstance | None = None,
    *,
    solid_config: Any = None,
    resources_config: Mapping[str, Any] | None = None,
) -> UnboundSolidExecutionContext:
    """Build the context for calling a solid directly, e.g. in a test.

    A resource that cleans up after itself needs the context to be entered::

        with build_solid_context(resources={"database": database}) as context:
            assert my_solid(context, 1) == 2

    Args:
        resources: By key, values or resource definitions.
        config: The solid's config; ``solid_config`` is the same argument.
        instance: What ``context.instance`` is (default: one in memory).
        solid_config: The solid's config.
        resources_config: By key, the config of resource definitions.

    Raises:
        CheckError: an argument is of the wrong type, or the config is given twice.
        DagsterInvalidConfigError: the config of a resource does not fit.
    """
    owner = "build_solid_context"
    given = _one_config(owner, config=config, solid_config=solid_config)
    around = Surroundings.of(owner, resources, resources_config, instance)
    return UnboundSolidExecutionContext(around, given)


def build_op_context(
    resources: Mapping[str, Any] | None = None,
    op_config: Any = None,
    resources_config: Mapping[str, Any] | None = None,
    instance: DagsterInstance | None = None,
    config: Any = None,
    mapping_key: str | None = None,
) -> UnboundSolidExecutionContext:
    """Build the context for calling an op directly; see :func:`build_solid_context`.

    Args:
        resources: By key, values or resource definitions.
        op_config: The op's config; ``config`` is the same argument.
        resources_config: By key, the config of resource definitions.
        instance: What ``context.instance`` is (default: one in memory).
        config: The op's config.
        mapping_key: What ``context.get_mapping_key()`` returns.

    Raises:
        CheckError: an argument is of the wrong type, or the config is given twice.
        DagsterInvalidConfigError: the config of a resource does not fit.
    """
    owner = "build_op_context"
    given = _one_config(owner, config=config, op_config=op_config)
    around = Surroundings.of(owner, resources, resources_config, instance)
    return UnboundSolidExecutionContext(around, given, mapping_key)


def _one_config(owner: str, **given: Any) -> Any:
    values = [value for value in given.values() if value is not None]
    if len(values) > 1:
        names = " and ".join(f"'{name}'" for name in given)
        message = f"{owner}: {names} are two names of one argument: give one."
        raise CheckError(message)
    return values[0] if values else None

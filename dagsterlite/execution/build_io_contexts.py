"""Contexts of IO managers for tests, outside of any run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from dagsterlite.definitions.arguments import metadata_of
from dagsterlite.definitions.io_context import InputContext, OutputContext
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.errors import CheckError, ParameterCheckError
from dagsterlite.events.assets import AssetKey
from dagsterlite.execution.resources import ScopedResources
from dagsterlite.execution.surroundings import Surroundings
from dagsterlite.types.annotations import resolve_dagster_type


class _Held:
    """Holds the resources of a context that belongs to no run, made when they are asked for."""

    def __init__(self, around: Surroundings, **facts: Any) -> None:
        super().__init__(**facts)
        self._loose = around.resources

    @property
    def resources(self) -> ScopedResources:
        """The resources that were given.

        Raises:
            DagsterInvariantViolationError: one of them is a generator, and the context is not
                entered.
        """
        return self._loose.scoped()

    def __enter__(self) -> Self:
        self._loose.enter()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loose.tear_down()


class UnboundOutputContext(_Held, OutputContext):
    """An output outside of a run; made by :func:`build_output_context`."""


class UnboundInputContext(_Held, InputContext):
    """An input outside of a run; made by :func:`build_input_context`."""


def build_output_context(
    step_key: str | None = None,
    name: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    mapping_key: str | None = None,
    config: Any = None,
    dagster_type: Any = None,
    version: str | None = None,
    resource_config: Any = None,
    resources: Mapping[str, Any] | None = None,
    solid_def: SolidDefinition | None = None,
    op_def: SolidDefinition | None = None,
    asset_key: AssetKey | str | Sequence[str] | None = None,
    definition_metadata: Mapping[str, Any] | None = None,
) -> UnboundOutputContext:
    """Return an ``OutputContext`` for a test of ``IOManager.handle_output``.

    What is left out raises where the manager asks for it.

    Args:
        step_key: The step's key.
        name: The output's name.
        metadata: The metadata of the output's definition.
        run_id: The run's id.
        mapping_key: The key of a dynamic output.
        config: What the run config would say of the output.
        dagster_type: The output's type.
        version: The version of the output's code.
        resource_config: The manager's own config.
        resources: By key, values or resource definitions. One that cleans up after itself needs the
            context to be entered.
        solid_def: The definition of the step's solid; ``op_def`` is the same argument.
        op_def: The definition of the step's op.
        asset_key: The asset that the output is.
        definition_metadata: The newer name of ``metadata``.

    Raises:
        CheckError: an argument is of the wrong type, or given under both of its names.
    """
    owner = "build_output_context"
    return UnboundOutputContext(
        Surroundings.of(owner, resources, None, None),
        mapping_key=mapping_key,
        version=version,
        step_key=step_key,
        name=name,
        metadata=_metadata(owner, metadata, definition_metadata),
        run_id=run_id,
        config=config,
        dagster_type=None if dagster_type is None else resolve_dagster_type(dagster_type, owner),
        resource_config=resource_config,
        solid_def=_definition(owner, solid_def, op_def),
        asset_key=None if asset_key is None else AssetKey.from_coercible(asset_key),
    )


def build_input_context(
    name: str | None = None,
    config: Any = None,
    metadata: Mapping[str, Any] | None = None,
    upstream_output: OutputContext | None = None,
    dagster_type: Any = None,
    resource_config: Any = None,
    resources: Mapping[str, Any] | None = None,
    solid_def: SolidDefinition | None = None,
    op_def: SolidDefinition | None = None,
    step_context: Any = None,
    asset_key: AssetKey | str | Sequence[str] | None = None,
    definition_metadata: Mapping[str, Any] | None = None,
) -> UnboundInputContext:
    """Return an ``InputContext`` for a test of ``load_input``.

    What is left out raises where the manager asks for it.

    Args:
        name: The input's name.
        config: What the run config would say of the input.
        metadata: The metadata of the input's definition.
        upstream_output: The output that is loaded, made by :func:`build_output_context`.
        dagster_type: The input's type.
        resource_config: The manager's own config.
        resources: By key, values or resource definitions. One that cleans up after itself needs the
            context to be entered.
        solid_def: The definition of the step's solid; ``op_def`` is the same argument.
        op_def: The definition of the step's op.
        step_context: The context of the step.
        asset_key: The asset that the input is.
        definition_metadata: The newer name of ``metadata``.

    Raises:
        CheckError: an argument is of the wrong type, or given under both of its names.
    """
    owner = "build_input_context"
    if upstream_output is not None and not isinstance(upstream_output, OutputContext):
        expected = "an OutputContext, from build_output_context"
        raise ParameterCheckError(owner, "upstream_output", expected, upstream_output)
    return UnboundInputContext(
        Surroundings.of(owner, resources, None, None),
        upstream_output=upstream_output,
        name=name,
        config=config,
        metadata=_metadata(owner, metadata, definition_metadata),
        dagster_type=None if dagster_type is None else resolve_dagster_type(dagster_type, owner),
        resource_config=resource_config,
        solid_def=_definition(owner, solid_def, op_def),
        step_context=step_context,
        asset_key=None if asset_key is None else AssetKey.from_coercible(asset_key),
    )


def _definition(
    owner: str, solid_def: SolidDefinition | None, op_def: SolidDefinition | None
) -> SolidDefinition | None:
    if solid_def is not None and op_def is not None:
        message = f"{owner}: 'solid_def' and 'op_def' are two names of one argument: give one."
        raise CheckError(message)
    return op_def if solid_def is None else solid_def


def _metadata(owner: str, metadata: Any, definition_metadata: Any) -> dict[str, Any]:
    if metadata is not None and definition_metadata is not None:
        message = f"{owner}: 'metadata' and 'definition_metadata' are two names of one argument."
        raise CheckError(f"{message} Give one.")
    return metadata_of(owner, definition_metadata if metadata is None else metadata)

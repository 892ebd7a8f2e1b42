"""What IO managers are given: which output they keep, which input they load."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.errors import DagsterInvariantViolationError, ParameterCheckError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.metadata_arguments import metadata_entries_of
from dagsterlite.events.yielded import AssetMaterialization, AssetObservation
from dagsterlite.types.dagster_type import DagsterType

AssetEvent = AssetMaterialization | AssetObservation


class _IOContext:
    """What the contexts of an output and of an input have in common.

    A fact that a context was made without (in a test) raises where it is asked for.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        step_key: str | None = None,
        pipeline_name: str | None = None,
        run_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        config: Any = None,
        solid_def: SolidDefinition | None = None,
        dagster_type: DagsterType | None = None,
        asset_key: AssetKey | None = None,
        log: Any = None,
        resource_config: Any = None,
        resources: Any = None,
        step_context: Any = None,
    ) -> None:
        #: The metadata of the definition of the output or input.
        self.metadata: dict[str, Any] = dict(metadata or {})
        #: What the run config says of this output or input.
        self.config = config
        #: The config of the manager itself.
        self.resource_config = resource_config
        #: Logs to the run's loggers and event log; in a test, to a Python logger.
        self.log: Any = logging.getLogger("dagsterlite") if log is None else log
        self._facts: dict[str, Any] = {
            "name": name,
            "step_key": step_key,
            "pipeline_name": pipeline_name,
            "run_id": run_id,
            "solid_def": solid_def,
            "dagster_type": dagster_type,
            "asset_key": asset_key,
            "resources": resources,
            "step_context": step_context,
        }
        self._events: list[AssetEvent] = []
        self._entries: list[EventMetadataEntry] = []

    def _fact(self, name: str) -> Any:
        value = self._facts[name]
        if value is None:
            owner = type(self).__name__
            message = (
                f"{owner}.{name} was asked for, but this {owner} was made without it. In a run it "
                f"is there unless its documentation says otherwise; in a test, give it as '{name}'."
            )
            raise DagsterInvariantViolationError(message)
        return value

    @property
    def step_key(self) -> str:
        """The key of the step."""
        key: str = self._fact("step_key")
        return key

    @property
    def pipeline_name(self) -> str:
        """The name of the pipeline."""
        name: str = self._fact("pipeline_name")
        return name

    @property
    def job_name(self) -> str:
        """The name of the job: the pipeline's."""
        return self.pipeline_name

    @property
    def run_id(self) -> str:
        """The id of the run; of an output that is loaded, the run that made it."""
        run_id: str = self._fact("run_id")
        return run_id

    @property
    def solid_def(self) -> SolidDefinition:
        """The definition of the solid."""
        definition: SolidDefinition = self._fact("solid_def")
        return definition

    @property
    def op_def(self) -> SolidDefinition:
        """The definition of the op: the solid's."""
        return self.solid_def

    @property
    def dagster_type(self) -> DagsterType:
        """The type of the output or input."""
        dagster_type: DagsterType = self._fact("dagster_type")
        return dagster_type

    @property
    def definition_metadata(self) -> dict[str, Any]:
        """The metadata of the definition of the output or input."""
        return self.metadata

    @property
    def resources(self) -> Any:
        """The resources that the manager requires, as attributes."""
        return self._fact("resources")

    @property
    def step_context(self) -> Any:
        """The context of the step that runs; a value that is read after its run has none."""
        return self._fact("step_context")

    @property
    def has_asset_key(self) -> bool:
        """Whether the output or input is known to be an asset."""
        return self._facts["asset_key"] is not None

    @property
    def asset_key(self) -> AssetKey:
        """The asset that the output or input is.

        Raises:
            DagsterInvariantViolationError: it is not known to be one.
        """
        key: AssetKey = self._fact("asset_key")
        return key

    def get_asset_identifier(self) -> list[str]:
        """Return the names of the asset's key.

        Raises:
            DagsterInvariantViolationError: it is not known to be an asset.
        """
        return self.asset_key.path

    # --- what the manager tells ---

    def log_event(self, event: AssetEvent) -> None:
        """Have the step tell of an asset.

        Raises:
            ParameterCheckError: it is neither an AssetMaterialization nor an AssetObservation.
        """
        if not isinstance(event, AssetEvent):
            expected = "an AssetMaterialization or AssetObservation"
            raise ParameterCheckError(f"{type(self).__name__}.log_event", "event", expected, event)
        self._events.append(event)

    def get_logged_events(self) -> list[AssetEvent]:
        """Return the events that were logged here, in their order."""
        return list(self._events)

    def get_logged_metadata(self) -> list[EventMetadataEntry]:
        """Return the metadata that was added here, in its order."""
        return list(self._entries)

    def _add_metadata(self, metadata: Mapping[str, Any]) -> None:
        owner = type(self).__name__
        entries = metadata_entries_of(owner, None, metadata)
        taken = {entry.label for entry in self._entries}
        for entry in entries:
            if entry.label in taken:
                message = f"{owner}: metadata '{entry.label}' was added already; labels are unique."
                raise DagsterInvariantViolationError(message)
        self._entries += entries


class OutputContext(_IOContext):
    """The context that ``IOManager.handle_output`` is given.

    Users should not instantiate this class; tests call :func:`build_output_context`.
    """

    def __init__(
        self, *, mapping_key: str | None = None, version: str | None = None, **facts: Any
    ) -> None:
        super().__init__(**facts)
        #: The key that a dynamic output was yielded with; None for others.
        self.mapping_key = mapping_key
        #: The version of the output's code, if it has one.
        self.version = version

    @property
    def name(self) -> str:
        """The name of the output."""
        name: str = self._fact("name")
        return name

    def get_run_scoped_output_identifier(self) -> list[str]:
        """Return texts that together name the output and no other: run, step, output.

        An output that is one of several of a dynamic output has its mapping key as a fourth.
        """
        texts = [self.run_id, self.step_key, self.name]
        return texts if self.mapping_key is None else [*texts, self.mapping_key]

    def get_identifier(self) -> list[str]:
        """Return texts that together name the output and no other."""
        return self.get_run_scoped_output_identifier()

    def add_output_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Add facts about the output, which its HANDLED_OUTPUT event and its asset bear.

        Args:
            metadata: By label: texts, numbers, paths, JSON-able data, or entry data.

        Raises:
            ParameterCheckError: a value is of no kind that metadata has.
            DagsterInvariantViolationError: a label was added before.
        """
        self._add_metadata(metadata)


class InputContext(_IOContext):
    """The context that ``load_input`` of a manager is given.

    Users should not instantiate this class; tests call :func:`build_input_context`.
    """

    def __init__(self, *, upstream_output: OutputContext | None = None, **facts: Any) -> None:
        super().__init__(**facts)
        #: The output that is to be loaded; None where the input is not connected to one.
        self.upstream_output = upstream_output

    @property
    def has_input_name(self) -> bool:
        """Whether a step's input is loaded; a value that is read after its run has no name."""
        return self._facts["name"] is not None

    @property
    def name(self) -> str:
        """The name of the input."""
        name: str = self._fact("name")
        return name

    def get_identifier(self) -> list[str]:
        """Return texts that together name the output that is to be loaded.

        Raises:
            DagsterInvariantViolationError: the input is not connected to one.
        """
        if self.upstream_output is None:
            message = (
                "InputContext.get_identifier names the upstream output, and this input has none."
            )
            raise DagsterInvariantViolationError(message)
        return self.upstream_output.get_identifier()

    def add_input_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Add facts about what was loaded, which the LOADED_INPUT event bears.

        Args:
            metadata: By label: texts, numbers, paths, JSON-able data, or entry data.

        Raises:
            ParameterCheckError: a value is of no kind that metadata has.
            DagsterInvariantViolationError: a label was added before.
        """
        self._add_metadata(metadata)

"""An entry of a run's event log: an event, or a message that user code logged."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import AssetObservationData, StepMaterializationData
from dagsterlite.events.yielded import AssetMaterialization, AssetObservation
from dagsterlite.serdes import KeepsText, serializable

RUN_LEVEL = ""
"""The step key of entries that belong to no step, so that no part of an entry's key is null."""

RUNLESS = "dagsterlite-runless"
"""The reserved run id of asset events that belong to no run."""


@serializable("EventLogEntry")
@dataclass(frozen=True, kw_only=True, slots=True)
class EventLogEntry(KeepsText):
    """An entry in the event log (seed 003).

    Unique by :attr:`key`; recording an entry twice changes nothing. Within an attempt ``seq``
    counts from 0 without gaps.
    """

    run_id: str
    #: The key of the entry's step, or :data:`RUN_LEVEL`.
    step_key: str = RUN_LEVEL
    #: The execution of the step that made the entry, or the driver's own for run-level entries.
    attempt_id: str
    seq: int
    #: Unix seconds.
    timestamp: float
    job_name: str
    #: The Python log level.
    level: int = logging.DEBUG
    user_message: str = ""
    error_info: SerializableErrorInfo | None = None
    dagster_event: DagsterEvent | None = None

    @property
    def key(self) -> tuple[str, str, str, int]:
        """The entry's identity: run, step, attempt, number within the attempt."""
        return (self.run_id, self.step_key, self.attempt_id, self.seq)

    @property
    def pipeline_name(self) -> str:
        """The name of the pipeline (job)."""
        return self.job_name

    @property
    def is_dagster_event(self) -> bool:
        """If this entry contains a DagsterEvent."""
        return self.dagster_event is not None

    def get_dagster_event(self) -> DagsterEvent:
        """Return the DagsterEvent contained within this entry.

        Raises:
            DagsterInvariantViolationError: it contains none: it is a logged message.
        """
        if self.dagster_event is None:
            message = f"Entry {self.key} is a logged message, not a DagsterEvent."
            raise DagsterInvariantViolationError(message)
        return self.dagster_event

    @property
    def dagster_event_type(self) -> DagsterEventType | None:
        """The type of the DagsterEvent contained by this entry, if any."""
        return self.dagster_event.event_type if self.dagster_event else None

    @property
    def asset_materialization(self) -> AssetMaterialization | None:
        """The materialization that the entry tells of, if any."""
        match self.dagster_event:
            case DagsterEvent(event_specific_data=StepMaterializationData(told)):
                return told if isinstance(told, AssetMaterialization) else None
        return None

    @property
    def asset_observation(self) -> AssetObservation | None:
        """The observation that the entry tells of, if any."""
        match self.dagster_event:
            case DagsterEvent(event_specific_data=AssetObservationData(told)):
                return told
        return None

    @property
    def message(self) -> str:
        """The message of the DagsterEvent if present, else what the user logged."""
        if self.dagster_event is not None:
            return self.dagster_event.message or self.user_message
        return self.user_message

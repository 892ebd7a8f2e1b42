"""The events that tell of assets."""

from __future__ import annotations

from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import AssetObservationData, StepMaterializationData
from dagsterlite.events.yielded import AssetMaterialization, AssetObservation, Materialization
from dagsterlite.execution.log_manager import DagsterLogManager


def asset_event(
    log: DagsterLogManager, item: AssetMaterialization | AssetObservation | Materialization
) -> DagsterEvent:
    """Hand on the event that tells of a materialization or an observation."""
    if isinstance(item, AssetObservation):
        message = item.description or f"Observed {item.label}."
        return log.event(DagsterEventType.ASSET_OBSERVATION, message, AssetObservationData(item))
    message = item.description or f"Materialized value {item.label}."
    data = StepMaterializationData(item, log.code_version)
    return log.event(DagsterEventType.STEP_MATERIALIZATION, message, data)

"""The events of what user code tells beside its outputs."""

from __future__ import annotations

from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import StepExpectationResultData
from dagsterlite.events.yielded import (
    AssetMaterialization,
    AssetObservation,
    ExpectationResult,
    Materialization,
)
from dagsterlite.execution.asset_events import asset_event
from dagsterlite.execution.log_manager import DagsterLogManager

SideEvent = AssetMaterialization | AssetObservation | ExpectationResult | Materialization


def side_event(log: DagsterLogManager, item: SideEvent) -> DagsterEvent:
    """Hand on the event that tells of a materialization, an observation or an expectation."""
    if not isinstance(item, ExpectationResult):
        return asset_event(log, item)
    verdict = "passed" if item.success else "failed"
    description = f" {item.description}" if item.description else ""
    message = f"Expectation {item.label} {verdict}.{description}"
    data = StepExpectationResultData(item)
    return log.event(DagsterEventType.STEP_EXPECTATION_RESULT, message, data)

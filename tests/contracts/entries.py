"""Runs' entries as the behaviour suites of stores need them."""

from __future__ import annotations

from dagsterlite.events.assets import AssetKey
from dagsterlite.events.engine import EngineEventData
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import RUN_LEVEL, EventLogEntry
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.payloads import (
    AssetObservationData,
    EventSpecificData,
    StepMaterializationData,
    StepSuccessData,
)
from dagsterlite.events.yielded import AssetMaterialization, AssetObservation

DRIVER = "d" * 32


def message(
    run_id: str, seq: int, text: str = "said", step_key: str = "s.compute", attempt: str = "a"
) -> EventLogEntry:
    """A message that user code logged."""
    return EventLogEntry(
        run_id=run_id,
        step_key=step_key,
        attempt_id=attempt,
        seq=seq,
        timestamp=1000.0 + seq,
        job_name="flights",
        user_message=text,
    )


def event(
    run_id: str,
    seq: int,
    kind: DagsterEventType,
    data: EventSpecificData | None = None,
    *,
    step_key: str = "s.compute",
    attempt: str = "a",
    timestamp: float | None = None,
) -> EventLogEntry:
    """An event of a step, or of the run as a whole where ``step_key`` is empty."""
    return EventLogEntry(
        run_id=run_id,
        step_key=step_key,
        attempt_id=attempt,
        seq=seq,
        timestamp=1000.0 + seq if timestamp is None else timestamp,
        job_name="flights",
        dagster_event=DagsterEvent(
            event_type=kind,
            pipeline_name="flights",
            message=f"{kind.value} of {step_key!r}",
            step_key=step_key or None,
            event_specific_data=data,
        ),
    )


def status_event(
    run_id: str, seq: int, kind: DagsterEventType, timestamp: float | None = None
) -> EventLogEntry:
    """A run-level event."""
    return event(run_id, seq, kind, step_key=RUN_LEVEL, attempt=DRIVER, timestamp=timestamp)


def materialization(
    run_id: str,
    seq: int,
    *path: str,
    partition: str | None = None,
    timestamp: float | None = None,
) -> EventLogEntry:
    """An event that tells of a written asset."""
    entries = [EventMetadataEntry.int(5, "rows")]
    asset = AssetMaterialization(
        AssetKey(path or ("sales",)), metadata_entries=entries, partition=partition
    )
    kind = DagsterEventType.STEP_MATERIALIZATION
    return event(run_id, seq, kind, StepMaterializationData(asset), timestamp=timestamp)


def observation(run_id: str, seq: int, *path: str) -> EventLogEntry:
    """An event that tells a fact about an asset."""
    data = AssetObservationData(AssetObservation(AssetKey(path or ("sales",))))
    return event(run_id, seq, DagsterEventType.ASSET_OBSERVATION, data)


def step(run_id: str, number: int) -> list[EventLogEntry]:
    """The entries of a step that does a little of everything."""
    key, attempt = f"s{number}.compute", f"{number:032x}"
    success = StepSuccessData(1.5)
    kinds: list[tuple[DagsterEventType, EventSpecificData | None]] = [
        (DagsterEventType.STEP_START, None),
        (DagsterEventType.ENGINE_EVENT, EngineEventData()),
        (
            DagsterEventType.STEP_MATERIALIZATION,
            StepMaterializationData(AssetMaterialization(["table", str(number)])),
        ),
        (DagsterEventType.STEP_SUCCESS, success),
    ]
    return [
        event(run_id, seq, kind, data, step_key=key, attempt=attempt)
        for seq, (kind, data) in enumerate(kinds)
    ]

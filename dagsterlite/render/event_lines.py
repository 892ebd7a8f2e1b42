"""Events as lines for people: which are worth telling, and what each says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from dagsterlite.events.engine import EngineEventData, StepAbandoned
from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.metadata_values import (
    DagsterAssetMetadataEntryData,
    MetadataEntryData,
    PythonArtifactMetadataEntryData,
    TableMetadataValue,
    TableSchemaMetadataValue,
    TimestampMetadataValue,
)
from dagsterlite.events.payloads import (
    HookErroredData,
    PipelineCanceledData,
    PipelineFailureData,
    PipelineInitFailureData,
    StepFailureData,
    StepRetryData,
)
from dagsterlite.events.table_metadata import TableSchema
from dagsterlite.render.failures import headline
from dagsterlite.render.safe_text import cut, first_line, one_line
from dagsterlite.render.times import time_of_day

_LOGGED_WIDTH = 1000

_QUIET = frozenset(
    {
        DagsterEventType.STEP_INPUT,
        DagsterEventType.STEP_OUTPUT,
        DagsterEventType.OBJECT_STORE_OPERATION,
        DagsterEventType.HANDLED_OUTPUT,
        DagsterEventType.LOADED_INPUT,
        DagsterEventType.HOOK_COMPLETED,
        DagsterEventType.HOOK_SKIPPED,
    }
)

_STYLES = {
    DagsterEventType.STEP_SUCCESS: "good",
    DagsterEventType.PIPELINE_SUCCESS: "good",
    DagsterEventType.STEP_FAILURE: "bad",
    DagsterEventType.PIPELINE_FAILURE: "bad",
    DagsterEventType.PIPELINE_INIT_FAILURE: "bad",
    DagsterEventType.HOOK_ERRORED: "bad",
    DagsterEventType.STEP_SKIPPED: "odd",
    DagsterEventType.STEP_UP_FOR_RETRY: "odd",
    DagsterEventType.PIPELINE_CANCELING: "odd",
    DagsterEventType.PIPELINE_CANCELED: "odd",
}


@dataclass(frozen=True, kw_only=True)
class EventLine:
    """What one event says, in one line of plain text."""

    kind: str
    #: Empty for an event of the run as a whole.
    step_key: str
    text: str
    #: One of the screen's styles.
    style: str

    def plain(self, timestamp: float) -> str:
        """Return the line as a log shows it, with the time of day."""
        parts = [time_of_day(timestamp), f"{self.kind:<23}"]
        parts += [part for part in (self.step_key, self.text) if part]
        return "  ".join(parts)


def line_of_event(event: DagsterEvent) -> EventLine:
    """Return what an event says."""
    return EventLine(
        kind=event.event_type_value,
        step_key=one_line(event.step_key or ""),
        text=_text(event),
        style=_style(event),
    )


def line_of_entry(entry: EventLogEntry) -> EventLine:
    """Return what an entry of the event log says: an event, or a message that was logged."""
    if entry.dagster_event is not None:
        return line_of_event(entry.dagster_event)
    error = _because(entry.error_info)
    return EventLine(
        kind="LOG",
        step_key=one_line(entry.step_key),
        text=cut(one_line(entry.user_message), _LOGGED_WIDTH) + error,
        style="quiet",
    )


def is_worth_telling(event: DagsterEvent) -> bool:
    """Return whether whoever watches a run wants to know of an event."""
    return event.event_type not in _QUIET


def metadata_text(entry: EventMetadataEntry) -> str:
    """Return a piece of metadata as ``label: value``."""
    return f"{one_line(entry.label)}: {first_line(value_text(entry.entry_data))}"


def value_text(data: MetadataEntryData) -> str:
    """Return what stands behind a label of metadata, as text."""
    match data:
        case PythonArtifactMetadataEntryData(module, name):
            return f"{module}.{name}"
        case DagsterAssetMetadataEntryData(asset_key):
            return asset_key.to_user_string()
        case TimestampMetadataValue(seconds):
            return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds")
        case TableMetadataValue(records, schema):
            return f"{len(records)} records ({_columns(schema)})"
        case TableSchemaMetadataValue(schema):
            return _columns(schema)
        case _:
            return str(data.value)


def _columns(schema: TableSchema | None) -> str:
    columns = schema.columns if schema else []
    return ", ".join(f"{column.name}: {column.type}" for column in columns)


def _style(event: DagsterEvent) -> str:
    match event.event_specific_data:
        case EngineEventData(error=None, detail=StepAbandoned()):
            return "odd"
        case EngineEventData(error=SerializableErrorInfo()):
            return "bad"
    if event.is_expectation_result:
        result = event.step_expectation_result_data.expectation_result
        return "good" if result.success else "bad"
    return _STYLES.get(event.event_type, "quiet")


def _text(event: DagsterEvent) -> str:
    text = first_line(event.message)
    if event.is_step_materialization:
        label = one_line(event.step_materialization_data.materialization.label)
        text = text if label in text else f"{label}: {text}"
    return text + _because(_error(event)) + _metadata(event)


def _because(error: SerializableErrorInfo | None) -> str:
    return "" if error is None else f" {headline(error)}"


def _error(event: DagsterEvent) -> SerializableErrorInfo | None:
    match event.event_specific_data:
        case (
            StepFailureData(error)
            | StepRetryData(error)
            | EngineEventData(error=error)
            | HookErroredData(error)
            | PipelineInitFailureData(error)
            | PipelineFailureData(error)
            | PipelineCanceledData(error)
        ):
            return error
    return None


def _metadata(event: DagsterEvent) -> str:
    entries: list[EventMetadataEntry] = []
    if event.is_step_materialization:
        entries = event.step_materialization_data.materialization.metadata_entries
    elif event.is_expectation_result:
        entries = event.step_expectation_result_data.expectation_result.metadata_entries
    elif event.is_handled_output:
        entries = event.handled_output_data.metadata_entries
    elif event.is_loaded_input:
        entries = event.loaded_input_data.metadata_entries
    elif event.is_successful_output:
        entries = event.step_output_data.metadata_entries
    return f" ({', '.join(map(metadata_text, entries))})" if entries else ""

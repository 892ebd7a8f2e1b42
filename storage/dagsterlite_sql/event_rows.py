"""Entries of event logs as rows."""

from __future__ import annotations

from typing import NamedTuple

from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.serdes import to_json
from dagsterlite.stores import INDEXED_EVENTS

_INDEXED = frozenset(kind.value for kind in INDEXED_EVENTS)
INDEXED = sorted(_INDEXED)
"""The event types that have copies in the index, as their column holds them."""


class LogRow(NamedTuple):
    """A row of a run's log: the columns of ``event_logs`` but for the id, in their order."""

    run_id: str
    step_key: str
    attempt_id: str
    seq: int
    timestamp: float
    event_type: str
    body: str


class IndexRow(NamedTuple):
    """A row of the index: the columns of ``event_index`` but for the id, in their order."""

    run_id: str
    step_key: str
    attempt_id: str
    seq: int
    timestamp: float
    event_type: str
    asset_key: str | None
    partition: str | None
    body: str
    pipeline_name: str


def to_row(entry: EventLogEntry) -> LogRow:
    """Return the row of a run's log.

    Raises:
        DagsterSerdesError: the entry holds something that is not JSON-able.
    """
    event = entry.dagster_event
    return LogRow(
        entry.run_id,
        entry.step_key,
        entry.attempt_id,
        entry.seq,
        entry.timestamp,
        event.event_type.value if event else "",
        to_json(entry),
    )


def is_indexed(row: LogRow) -> bool:
    """Return whether a row of a run's log has a copy in the index."""
    return row.event_type in _INDEXED


def to_copy(row: LogRow, entry: EventLogEntry) -> IndexRow:
    """Return the row of the index for a row of a run's log and its entry."""
    event = entry.get_dagster_event()
    key = event.asset_key
    asset = key.to_string() if key else None
    return IndexRow(*row[:-1], asset, event.partition, row.body, entry.pipeline_name)

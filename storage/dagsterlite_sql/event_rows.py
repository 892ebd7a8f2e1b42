"""Entries of event logs as rows."""

from __future__ import annotations

from typing import Any

from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.serdes import to_json
from dagsterlite.stores import INDEXED_EVENTS

_INDEXED = frozenset(kind.value for kind in INDEXED_EVENTS)
INDEXED = sorted(_INDEXED)
"""The event types that have copies in the index, as their column holds them."""

Row = dict[str, Any]


def to_row(entry: EventLogEntry) -> Row:
    """Return the row of a run's log.

    Raises:
        DagsterSerdesError: the entry holds something that is not JSON-able.
    """
    event = entry.dagster_event
    return {
        "run_id": entry.run_id,
        "step_key": entry.step_key,
        "attempt_id": entry.attempt_id,
        "seq": entry.seq,
        "timestamp": entry.timestamp,
        "event_type": event.event_type.value if event else "",
        "body": to_json(entry),
    }


def is_indexed(row: Row) -> bool:
    """Return whether a row of a run's log has a copy in the index."""
    return row["event_type"] in _INDEXED


def to_copy(row: Row, entry: EventLogEntry) -> Row:
    """Return the row of the index for a row of a run's log and its entry."""
    event = entry.get_dagster_event()
    asset_key = event.asset_key
    return {
        **row,
        "asset_key": asset_key.to_string() if asset_key else None,
        "partition": event.partition,
    }

"""The tables: of runs, of events run by run, and of the events that are found across runs.

A deployment may keep each schema in a database of its own (SQLite does) or all in one; so no two
tables share a name, and each schema bears a version of its own. The tables of a version never
change: a change is a new version and a migration beside the first ones in ``migrations``.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)


@dataclass(frozen=True)
class Schema:
    """Tables that are created and migrated together."""

    #: Names the folder of its migrations and, with ``_version``, the table of its version.
    name: str
    metadata: MetaData
    #: The number of the newest migration.
    version: str

    @property
    def version_table(self) -> Table:
        """The table whose one row holds the version that a database has."""
        return self.metadata.tables[f"{self.name}_version"]


def _schema(name: str, version: str) -> Schema:
    metadata = MetaData()
    Table(f"{name}_version", metadata, Column("version_num", String(32), primary_key=True))
    return Schema(name, metadata, version)


RUNS = _schema("runs", "0002")
EVENT_LOGS = _schema("event_logs", "0001")
EVENT_INDEX = _schema("event_index", "0001")

# --- runs ----------------------------------------------------------------------------------------

runs = Table(
    "runs",
    RUNS.metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Text, nullable=False, unique=True),
    Column("pipeline_name", Text, nullable=False),
    Column("mode", Text, nullable=False),
    # The truth: a body holds the run as it was added.
    Column("status", Text, nullable=False),
    Column("pipeline_snapshot_id", Text),
    Column("execution_plan_snapshot_id", Text),
    Column("root_run_id", Text),
    Column("parent_run_id", Text),
    Column("body", Text, nullable=False),
    # All times are unix seconds.
    Column("create_timestamp", Double, nullable=False),
    Column("update_timestamp", Double, nullable=False),
    Column("start_time", Double),
    Column("end_time", Double),
    Column("driver_id", Text),
    Column("lease_until", Double),
    Column("heartbeat", Double),
    Column("cancel_requested", Boolean, nullable=False, server_default=false()),
    Index("runs_by_pipeline", "pipeline_name"),
    Index("runs_by_status", "status"),
    Index("runs_by_snapshot", "pipeline_snapshot_id"),
    Index("runs_by_root", "root_run_id"),
    Index("runs_by_parent", "parent_run_id"),
    Index("runs_by_creation", "create_timestamp"),
    Index("runs_by_update", "update_timestamp"),
    Index("runs_by_start", "start_time"),
    Index("runs_by_end", "end_time"),
    # The id of a deleted run would make a cursor mean another one.
    sqlite_autoincrement=True,
)

run_tags = Table(
    "run_tags",
    RUNS.metadata,
    Column("run_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Index("run_tags_by_value", "key", "value", "run_id"),
)

snapshots = Table(
    "snapshots",
    RUNS.metadata,
    Column("snapshot_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
)

object_references = Table(
    "object_references",
    RUNS.metadata,
    Column("run_id", Text, primary_key=True),
    # Of an object that another run stored.
    Column("address", Text, primary_key=True),
    # Whether the run that stored it is deleted.
    Column("is_orphan", Boolean, nullable=False, server_default=false()),
    Index("object_references_by_address", "address"),
)

instance_info = Table(
    "instance_info",
    RUNS.metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# --- events --------------------------------------------------------------------------------------

event_logs = Table(
    "event_logs",
    EVENT_LOGS.metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("step_key", Text, nullable=False),
    Column("attempt_id", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("timestamp", Double, nullable=False),
    # Empty for a message that user code logged.
    Column("event_type", Text, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("run_id", "step_key", "attempt_id", "seq"),
)

event_index = Table(
    "event_index",
    EVENT_INDEX.metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("step_key", Text, nullable=False),
    Column("attempt_id", Text, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("timestamp", Double, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("asset_key", Text),
    Column("partition", Text),
    Column("body", Text, nullable=False),
    UniqueConstraint("run_id", "step_key", "attempt_id", "seq"),
    Index("event_index_by_type", "event_type"),
    Index("event_index_by_asset", "asset_key", "event_type"),
    # Readers go on after an id: one that came back would hide an event from them.
    sqlite_autoincrement=True,
)

unfinished_writes = Table(
    "unfinished_writes",
    EVENT_INDEX.metadata,
    Column("token", Text, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("since", Double, nullable=False),
)
"""Writes of runs whose copies in the index may be missing; see ``sqlite_events``."""

"""The tables: of runs, of events by run and across runs, and of schedules.

A deployment may keep runs, events and schedules in databases of their own or in one; so no tables
of two of them share a name, and each schema bears a version of its own. Of events there are
two: spread over a database a run and an index across them (SQLite), or all in one database. The
tables of a version never change: a change is a new version and a migration beside the first ones
in ``migrations``.
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
    UniqueConstraint,
    false,
)

from dagsterlite_sql.column_types import BODY, ID, NAME
from dagsterlite_sql.ordering import in_order


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


RUNS = _schema("runs", "0004")
EVENT_LOGS = _schema("event_logs", "0001")
EVENT_INDEX = _schema("event_index", "0003")
EVENTS = _schema("events", "0002")
SCHEDULES = _schema("schedules", "0001")

# --- runs ----------------------------------------------------------------------------------------

runs = Table(
    "runs",
    RUNS.metadata,
    Column("id", ID, primary_key=True),
    Column("run_id", NAME, nullable=False, unique=True),
    Column("pipeline_name", NAME, nullable=False),
    Column("mode", NAME, nullable=False),
    # The truth: a body holds the run as it was added.
    Column("status", NAME, nullable=False),
    Column("pipeline_snapshot_id", NAME),
    Column("execution_plan_snapshot_id", NAME),
    Column("root_run_id", NAME),
    Column("parent_run_id", NAME),
    Column("body", BODY, nullable=False),
    # All times are unix seconds.
    Column("create_timestamp", Double, nullable=False),
    Column("update_timestamp", Double, nullable=False),
    Column("start_time", Double),
    Column("end_time", Double),
    Column("driver_id", NAME),
    Column("lease_until", Double),
    Column("heartbeat", Double),
    Column("cancel_requested", Boolean, nullable=False, server_default=false()),
    Index("runs_by_pipeline", "pipeline_name"),
    Index("runs_by_status", "status"),
    Index("runs_by_snapshot", "pipeline_snapshot_id"),
    Index("runs_by_plan_snapshot", "execution_plan_snapshot_id"),
    Index("runs_by_root", "root_run_id"),
    Index("runs_by_parent", "parent_run_id"),
    Index("runs_by_creation", "create_timestamp"),
    Index("runs_by_update", "update_timestamp"),
    # The id of a deleted run would make a cursor mean another one.
    sqlite_autoincrement=True,
)
# In the order in which runs are asked for.
Index("runs_by_start", in_order(runs.c.start_time, ascending=True))
Index("runs_by_end", in_order(runs.c.end_time, ascending=True))

run_tags = Table(
    "run_tags",
    RUNS.metadata,
    Column("run_id", NAME, primary_key=True),
    Column("key", NAME, primary_key=True),
    Column("value", NAME, nullable=False),
    Index("run_tags_by_value", "key", "value", "run_id"),
)

snapshots = Table(
    "snapshots",
    RUNS.metadata,
    Column("snapshot_id", NAME, primary_key=True),
    Column("kind", NAME, nullable=False),
    Column("body", BODY, nullable=False),
)

object_references = Table(
    "object_references",
    RUNS.metadata,
    Column("run_id", NAME, primary_key=True),
    # Of an object that another run stored.
    Column("address", NAME, primary_key=True),
    # Whether the run that stored it is deleted.
    Column("is_orphan", Boolean, nullable=False, server_default=false()),
    Index("object_references_by_address", "address"),
)

instance_info = Table(
    "instance_info",
    RUNS.metadata,
    Column("key", NAME, primary_key=True),
    Column("value", BODY, nullable=False),
)

# --- events --------------------------------------------------------------------------------------

event_logs = Table(
    "event_logs",
    EVENT_LOGS.metadata,
    Column("id", ID, primary_key=True),
    Column("run_id", NAME, nullable=False),
    Column("step_key", NAME, nullable=False),
    Column("attempt_id", NAME, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("timestamp", Double, nullable=False),
    # Empty for a message that user code logged.
    Column("event_type", NAME, nullable=False),
    Column("body", BODY, nullable=False),
    UniqueConstraint("run_id", "step_key", "attempt_id", "seq"),
)

event_index = Table(
    "event_index",
    EVENT_INDEX.metadata,
    Column("id", ID, primary_key=True),
    Column("run_id", NAME, nullable=False),
    Column("step_key", NAME, nullable=False),
    Column("attempt_id", NAME, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("timestamp", Double, nullable=False),
    Column("event_type", NAME, nullable=False),
    Column("asset_key", NAME),
    Column("partition", NAME),
    Column("body", BODY, nullable=False),
    Column("pipeline_name", NAME),
    UniqueConstraint("run_id", "step_key", "attempt_id", "seq"),
    # Each ends with what a page is sorted by; times are filtered without a look at the row.
    Index("event_index_by_type", "event_type", "id", "timestamp"),
    Index("event_index_by_pipeline", "event_type", "pipeline_name", "id", "timestamp"),
    Index("event_index_by_asset", "asset_key", "event_type", "id", "timestamp"),
    Index("event_index_by_partition", "asset_key", "event_type", "partition", "id"),
    # Readers go on after an id: one that came back would hide an event from them.
    sqlite_autoincrement=True,
)

dynamic_partitions = Table(
    "dynamic_partitions",
    EVENT_INDEX.metadata,
    # In the order in which they were added.
    Column("id", ID, primary_key=True),
    Column("partitions_def_name", NAME, nullable=False),
    Column("partition_key", NAME, nullable=False),
    UniqueConstraint("partitions_def_name", "partition_key"),
)

asset_wipes = Table(
    "asset_wipes",
    EVENT_INDEX.metadata,
    Column("asset_key", NAME, primary_key=True),
    Column("timestamp", Double, nullable=False),
)
"""When the history of an asset was last wiped: older events do not come back into the index."""

unfinished_writes = Table(
    "unfinished_writes",
    EVENT_INDEX.metadata,
    Column("token", NAME, primary_key=True),
    Column("run_id", NAME, nullable=False),
    Column("since", Double, nullable=False),
)
"""Writes of runs whose copies in the index may be missing; see ``sqlite_events``."""

# --- events in one database ----------------------------------------------------------------------

_run_logs = event_logs.to_metadata(EVENTS.metadata)
Index("event_logs_by_run", _run_logs.c.run_id, _run_logs.c.id)
for _shared in (event_index, dynamic_partitions, asset_wipes):
    _shared.to_metadata(EVENTS.metadata)

# --- schedules and sensors -----------------------------------------------------------------------

instigators = Table(
    "instigators",
    SCHEDULES.metadata,
    # In the order in which they were added.
    Column("id", ID, primary_key=True),
    Column("origin_id", NAME, nullable=False, unique=True),
    Column("repository_origin_id", NAME, nullable=False),
    Column("instigator_type", NAME, nullable=False),
    Column("status", NAME, nullable=False),
    Column("body", BODY, nullable=False),
    Index("instigators_by_repository", "repository_origin_id", "id"),
    Index("instigators_by_type", "instigator_type", "id"),
    Index("instigators_by_status", "status", "id"),
)

ticks = Table(
    "ticks",
    SCHEDULES.metadata,
    Column("id", ID, primary_key=True),
    Column("origin_id", NAME, nullable=False),
    Column("status", NAME, nullable=False),
    # When it was due, in unix seconds.
    Column("timestamp", Double, nullable=False),
    Column("body", BODY, nullable=False),
    Index("ticks_by_time", "origin_id", "timestamp", "id", "status"),
    # The number of a purged tick would make one that is still under way mean another one.
    sqlite_autoincrement=True,
)

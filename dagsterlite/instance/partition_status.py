"""What is known of the partitions of an asset, folded from its events and from runs."""

from __future__ import annotations

from collections.abc import Sequence

from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.partitions import PARTITION_NAME_TAG, AssetPartitionStatus
from dagsterlite.runs import RunRecord, RunsFilter, to_unix
from dagsterlite.stores import EventLogStorage, EventRecordsFilter, RunStorage

_WRITTEN = DagsterEventType.ASSET_MATERIALIZATION


def statuses_by_partition(
    runs: RunStorage, events: EventLogStorage, asset_key: AssetKey, keys: Sequence[str]
) -> dict[str, AssetPartitionStatus | None]:
    """Return the status of each partition; None where nothing is known of it."""
    written = events.get_materialized_partitions(asset_key)
    last_runs = _last_runs(runs, events, asset_key, keys)

    def status(key: str) -> AssetPartitionStatus | None:
        run = last_runs.get(key)
        if run is not None and not run.dagster_run.is_finished:
            return AssetPartitionStatus.IN_PROGRESS
        if run is not None and run.dagster_run.is_failure and not was_written_by(run, key):
            return AssetPartitionStatus.FAILED
        return AssetPartitionStatus.MATERIALIZED if key in written else None

    def was_written_by(run: RunRecord, key: str) -> bool:
        return key in written and _wrote(events, asset_key, key, run)

    return {key: status(key) for key in keys}


def _last_runs(
    runs: RunStorage, events: EventLogStorage, asset_key: AssetKey, keys: Sequence[str]
) -> dict[str, RunRecord]:
    """Return the newest run for each partition, of the job that wrote the asset last."""
    last = events.get_latest_records(_WRITTEN, [asset_key]).get(asset_key)
    if last is None:
        return {}
    wanted = RunsFilter(
        job_name=last.event_log_entry.job_name, tags={PARTITION_NAME_TAG: list(keys)}
    )
    oldest_first = runs.get_run_records(wanted, ascending=True)
    return {record.dagster_run.tags[PARTITION_NAME_TAG]: record for record in oldest_first}


def _wrote(events: EventLogStorage, asset_key: AssetKey, key: str, run: RunRecord) -> bool:
    """Return whether the partition was written since the run was asked for."""
    wanted = EventRecordsFilter(event_type=_WRITTEN, asset_key=asset_key, asset_partitions=[key])
    (last,) = events.get_event_records(wanted, limit=1)
    return last.timestamp >= to_unix(run.create_timestamp)

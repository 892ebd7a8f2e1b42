"""What an instance knows of assets."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence

from dagsterlite.arguments import check_each, check_is, check_name
from dagsterlite.errors import DagsterInvalidInvocationError, ParameterCheckError, listed, near
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import RUNLESS, EventLogEntry
from dagsterlite.events.payloads import AssetObservationData, StepMaterializationData
from dagsterlite.events.yielded import AssetMaterialization, AssetObservation
from dagsterlite.instance.checks import check_asset_key, check_asset_keys, check_limit
from dagsterlite.instance.partition_status import statuses_by_partition
from dagsterlite.instance.parts import InstanceParts
from dagsterlite.instance.records import AssetEntry, AssetRecord
from dagsterlite.partitions import AssetPartitionStatus, PartitionsDefinition, check_partition_keys
from dagsterlite.stores import EventLogRecord

CODE_VERSION_TAG = "dagster/code_version"
"""The tag by which a materialization itself names the version of the code that made it."""


class AssetMethods(InstanceParts):
    """The methods about assets and their partitions."""

    def get_asset_keys(
        self,
        prefix: Sequence[str] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> list[AssetKey]:
        """Return a filtered subset of asset keys managed by this instance.

        Args:
            prefix: Return only assets having this key prefix.
            limit: Maximum number of keys to return.
            cursor: Cursor to use for pagination: the last key's ``to_string()``.

        Raises:
            ParameterCheckError: the prefix is no list of texts, or the limit is negative.
        """
        if prefix is not None:
            check_each("get_asset_keys", "prefix", prefix, str, "a list of texts")
        limit = check_limit("get_asset_keys", limit)
        return self._event_storage.get_asset_keys(prefix, limit, cursor)

    def all_asset_keys(self) -> list[AssetKey]:
        """Return all asset keys managed by this instance."""
        return self.get_asset_keys()

    def has_asset_key(self, asset_key: AssetKey) -> bool:
        """Return true if this instance manages the given asset key.

        Raises:
            ParameterCheckError: it is none.
        """
        return self._event_storage.has_asset_key(check_asset_key("has_asset_key", asset_key))

    def get_asset_records(self, asset_keys: Sequence[AssetKey] | None = None) -> list[AssetRecord]:
        """Return an AssetRecord for each of the given asset keys that is known.

        Args:
            asset_keys: List of asset keys to retrieve records for; all by default.

        Raises:
            ParameterCheckError: one is none.
        """
        if asset_keys is None:
            keys = self.get_asset_keys()
        else:
            keys = check_asset_keys("get_asset_records", asset_keys)
        latest = self._event_storage.get_latest_records
        written = latest(DagsterEventType.ASSET_MATERIALIZATION, keys)
        observed = latest(DagsterEventType.ASSET_OBSERVATION, keys)
        return [
            _asset_record(key, written.get(key), observed.get(key))
            for key in dict.fromkeys(keys)
            if key in written or key in observed
        ]

    def get_latest_materialization_event(self, asset_key: AssetKey) -> EventLogEntry | None:
        """Fetch the latest materialization event for the given asset key.

        Returns:
            The event, or None if the asset has not been materialized.

        Raises:
            ParameterCheckError: the key is none.
        """
        check_asset_key("get_latest_materialization_event", asset_key)
        kind = DagsterEventType.ASSET_MATERIALIZATION
        record = self._event_storage.get_latest_records(kind, [asset_key]).get(asset_key)
        return record.event_log_entry if record else None

    def get_latest_materialization_code_versions(
        self, asset_keys: Iterable[AssetKey]
    ) -> Mapping[AssetKey, str | None]:
        """Return the code version used for the latest materialization of each of the assets.

        Returns:
            A dictionary with a key for each of the provided asset keys. The values will be None if
            the asset has no materializations. If the code that wrote it names no version, the run
            id stands for it.

        Raises:
            ParameterCheckError: one is no key of an asset.
        """
        keys = check_asset_keys("get_latest_materialization_code_versions", asset_keys)
        kind = DagsterEventType.ASSET_MATERIALIZATION
        latest = self._event_storage.get_latest_records(kind, keys)
        return {key: _code_version(latest[key]) if key in latest else None for key in keys}

    def wipe_assets(self, asset_keys: Sequence[AssetKey]) -> None:
        """Wipe asset event history from the event log for the given asset keys.

        The assets are not known any more until they are written or observed again. The logs of
        the runs that wrote them stay.

        Raises:
            ParameterCheckError: they are not asset keys; nothing is wiped.
        """
        for key in check_asset_keys("wipe_assets", asset_keys):
            self._event_storage.wipe_asset(key, time.time())

    def report_runless_asset_event(
        self, asset_event: AssetMaterialization | AssetObservation
    ) -> None:
        """Record an event log entry related to assets that does not belong to a run.

        Raises:
            ParameterCheckError: it is neither a materialization nor an observation.
        """
        if isinstance(asset_event, AssetMaterialization):
            kind = DagsterEventType.ASSET_MATERIALIZATION
            self._record_runless(kind, StepMaterializationData(asset_event))
        elif isinstance(asset_event, AssetObservation):
            kind = DagsterEventType.ASSET_OBSERVATION
            self._record_runless(kind, AssetObservationData(asset_event))
        else:
            expected = "an AssetMaterialization or an AssetObservation"
            owner = "report_runless_asset_event"
            raise ParameterCheckError(owner, "asset_event", expected, asset_event)

    def _record_runless(
        self, kind: DagsterEventType, data: StepMaterializationData | AssetObservationData
    ) -> None:
        event = DagsterEvent(event_type=kind, pipeline_name=RUNLESS, event_specific_data=data)
        entry = EventLogEntry(
            run_id=RUNLESS,
            attempt_id=secrets.token_hex(16),
            seq=0,
            timestamp=time.time(),
            job_name=RUNLESS,
            dagster_event=event,
        )
        self._event_storage.store_event(entry)

    # --- partitions ---

    def get_status_by_partition(
        self,
        asset_key: AssetKey,
        partition_keys: Sequence[str],
        partitions_def: PartitionsDefinition,
    ) -> Mapping[str, AssetPartitionStatus | None]:
        """Get the current status of provided partition_keys for the provided asset.

        What is under way or failed is known of runs that bear the tag ``dagster/partition`` and
        are of the job that wrote the asset last.

        Args:
            asset_key: The asset to get per-partition status for.
            partition_keys: The partitions to get status for.
            partitions_def: The PartitionsDefinition of the asset.

        Returns:
            Status for each partition key; None where no event and no run speaks of it.

        Raises:
            ParameterCheckError: the asset or the definition is none.
            DagsterInvalidInvocationError: a key is not one of the definition's.
        """
        owner = "get_status_by_partition"
        check_asset_key(owner, asset_key)
        expected = "a PartitionsDefinition"
        check_is(owner, "partitions_def", partitions_def, PartitionsDefinition, expected)
        known = partitions_def.get_partition_keys(dynamic_partitions_store=self)
        for key in partition_keys:
            if key not in known:
                message = (
                    f"{owner}: '{key}' is no partition of {partitions_def!r}."
                    f"{near(key, known)} It has: {listed(known)}."
                )
                raise DagsterInvalidInvocationError(message)
        return statuses_by_partition(
            self._run_storage, self._event_storage, asset_key, partition_keys
        )

    def add_dynamic_partitions(
        self, partitions_def_name: str, partition_keys: Sequence[str]
    ) -> None:
        """Add partitions to the specified DynamicPartitionsDefinition idempotently.

        Does not add any partitions that already exist.

        Raises:
            ParameterCheckError: the name is no text.
            DagsterInvalidDefinitionError: the keys are no list of texts; none is added.
        """
        check_name("add_dynamic_partitions", "partitions_def_name", partitions_def_name)
        keys = check_partition_keys("add_dynamic_partitions", partition_keys)
        self._event_storage.add_dynamic_partitions(partitions_def_name, keys)

    def get_dynamic_partitions(self, partitions_def_name: str) -> list[str]:
        """Get the set of partition keys for the specified DynamicPartitionsDefinition.

        They come in the order in which they were added.

        Raises:
            ParameterCheckError: the name is no text.
        """
        check_name("get_dynamic_partitions", "partitions_def_name", partitions_def_name)
        return self._event_storage.get_dynamic_partitions(partitions_def_name)

    def has_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> bool:
        """Check if a partition key exists for the DynamicPartitionsDefinition.

        Raises:
            ParameterCheckError: an argument is no text.
        """
        _check_partition("has_dynamic_partition", partitions_def_name, partition_key)
        return self._event_storage.has_dynamic_partition(partitions_def_name, partition_key)

    def delete_dynamic_partition(self, partitions_def_name: str, partition_key: str) -> None:
        """Delete a partition for the specified DynamicPartitionsDefinition.

        If the partition does not exist, exits silently.

        Raises:
            ParameterCheckError: an argument is no text.
        """
        _check_partition("delete_dynamic_partition", partitions_def_name, partition_key)
        self._event_storage.delete_dynamic_partition(partitions_def_name, partition_key)


def _check_partition(owner: str, partitions_def_name: object, partition_key: object) -> None:
    check_name(owner, "partitions_def_name", partitions_def_name)
    check_is(owner, "partition_key", partition_key, str, "a text")


def _asset_record(
    key: AssetKey, written: EventLogRecord | None, observed: EventLogRecord | None
) -> AssetRecord:
    last = max(record.storage_id for record in (written, observed) if record is not None)
    entry = AssetEntry(
        asset_key=key, last_materialization_record=written, last_observation_record=observed
    )
    return AssetRecord(last, entry)


def _code_version(record: EventLogRecord) -> str:
    data = record.event_log_entry.get_dagster_event().step_materialization_data
    told = data.materialization
    tags = (told.tags or {}) if isinstance(told, AssetMaterialization) else {}
    return tags.get(CODE_VERSION_TAG) or data.code_version or record.run_id

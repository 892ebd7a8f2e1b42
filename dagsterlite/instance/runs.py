"""What an instance knows of runs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from dagsterlite import plugins
from dagsterlite.arguments import check_is, check_name, check_tags
from dagsterlite.errors import (
    DagsterRunNotDeletedError,
    DagsterRunNotFoundError,
    DagsterStorageError,
    ParameterCheckError,
)
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import ObjectStoreOperationType
from dagsterlite.instance.checks import check_filters, check_limit, check_order
from dagsterlite.instance.parts import InstanceParts
from dagsterlite.instance.pruning import runs_to_prune
from dagsterlite.instance.storage_options import storage_options
from dagsterlite.runs import (
    DagsterRun,
    DagsterRunStatus,
    RunRecord,
    RunsFilter,
    make_new_run_id,
)
from dagsterlite.stores import OrderColumn


class RunMethods(InstanceParts):
    """The methods about runs."""

    def create_run(
        self,
        pipeline_name: str,
        run_id: str | None = None,
        run_config: Mapping[str, Any] | None = None,
        mode: str | None = None,
        solids_to_execute: Iterable[str] | None = None,
        step_keys_to_execute: Sequence[str] | None = None,
        status: DagsterRunStatus | None = None,
        tags: Mapping[str, str] | None = None,
        root_run_id: str | None = None,
        parent_run_id: str | None = None,
        pipeline_snapshot: str | None = None,
        execution_plan_snapshot: str | None = None,
        parent_pipeline_snapshot: str | None = None,
        solid_selection: Sequence[str] | None = None,
        external_pipeline_origin: Any = None,
    ) -> DagsterRun:
        """Record a new run and return it (seed 004).

        Snapshots are JSON texts; each is kept once under its content hash.

        Raises:
            ParameterCheckError: name, status or tags are not of their types.
            DagsterRunAlreadyExists: the run id is taken.
            DagsterSerdesError: the run config holds something that is not JSON-able.
        """
        check_name("create_run", "pipeline_name", pipeline_name)
        check_tags("create_run", tags or {})
        if status is not None:
            check_is("create_run", "status", status, DagsterRunStatus, "a DagsterRunStatus")
        run = self.add_run(
            DagsterRun(
                pipeline_name=pipeline_name,
                run_id=run_id or make_new_run_id(),
                run_config=run_config or {},
                mode=mode or "default",
                solid_selection=tuple(solid_selection) if solid_selection else None,
                solids_to_execute=frozenset(solids_to_execute) if solids_to_execute else None,
                step_keys_to_execute=tuple(step_keys_to_execute) if step_keys_to_execute else None,
                status=status or DagsterRunStatus.NOT_STARTED,
                tags=tags or {},
                root_run_id=root_run_id,
                parent_run_id=parent_run_id,
                pipeline_snapshot_id=_snapshot_id(pipeline_snapshot),
                execution_plan_snapshot_id=_snapshot_id(execution_plan_snapshot),
                external_pipeline_origin=external_pipeline_origin,
            )
        )
        # What a run refers to stays, whichever other run is deleted meanwhile.
        self._keep_snapshot("pipeline", pipeline_snapshot)
        self._keep_snapshot("plan", execution_plan_snapshot)
        self._keep_snapshot("pipeline", parent_pipeline_snapshot)
        return run

    def create_run_for_pipeline(self, pipeline_def: Any, **arguments: Any) -> DagsterRun:
        """Record a run of a pipeline; takes the arguments of ``create_run_for_pipeline``."""
        made = plugins.load("create_run_for_pipeline")
        run: DagsterRun = made(pipeline_def, instance=self, **arguments)
        return run

    def _keep_snapshot(self, kind: str, body: str | None) -> None:
        snapshot_id = _snapshot_id(body)
        if body is not None and snapshot_id is not None:
            self._run_storage.add_snapshot(snapshot_id, kind, body)

    def add_run(self, run: DagsterRun) -> DagsterRun:
        """Record a run that was made elsewhere.

        Raises:
            DagsterRunAlreadyExists: its id is taken.
        """
        return self._run_storage.add_run(run).dagster_run

    def has_run(self, run_id: str) -> bool:
        """Return whether a run of that id is recorded."""
        return self._run_storage.get_run_record_by_id(run_id) is not None

    def get_run_by_id(self, run_id: str) -> DagsterRun | None:
        """Return the run of that id, or None."""
        record = self._run_storage.get_run_record_by_id(run_id)
        return record.dagster_run if record else None

    def get_run_record_by_id(self, run_id: str) -> RunRecord | None:
        """Return the record of the run of that id, or None."""
        return self._run_storage.get_run_record_by_id(run_id)

    def get_run_records(
        self,
        filters: RunsFilter | None = None,
        limit: int | None = None,
        order_by: OrderColumn | None = None,
        ascending: bool = False,
        cursor: str | None = None,
    ) -> list[RunRecord]:
        """Return the records of the runs that pass the filter, newest first unless told otherwise.

        Args:
            filters: What each run must be.
            limit: Number of results to get. Defaults to infinite.
            order_by: Name of the column to sort by. Defaults to id.
            ascending: Sort the result in ascending order if True, descending otherwise.
            cursor: The run id to go on after.

        Raises:
            ParameterCheckError: the filter is none, the limit is negative, or runs have no such
                column.
            DagsterRunNotFoundError: there is no run ``cursor``.
        """
        return self._run_storage.get_run_records(
            check_filters("get_run_records", filters),
            check_limit("get_run_records", limit),
            check_order("get_run_records", order_by),
            ascending=ascending,
            cursor=cursor,
        )

    def get_runs(
        self, filters: RunsFilter | None = None, cursor: str | None = None, limit: int | None = None
    ) -> list[DagsterRun]:
        """Return the runs that pass the filter, newest first."""
        records = self.get_run_records(filters, limit, cursor=cursor)
        return [record.dagster_run for record in records]

    def get_runs_count(self, filters: RunsFilter | None = None) -> int:
        """Return how many runs pass the filter.

        Raises:
            ParameterCheckError: it is none.
        """
        return self._run_storage.get_runs_count(check_filters("get_runs_count", filters))

    def add_run_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Add tags to a run.

        Raises:
            ParameterCheckError: they are no texts by text.
            DagsterRunNotFoundError: there is no such run.
        """
        check_tags("add_run_tags", tags)
        self._run_storage.add_run_tags(run_id, tags)

    def delete_run(self, run_id: str, *, leaves_outputs: bool = False) -> None:
        """Delete a run and all events generated by that from storage.

        The outputs that it stored go too, and what its steps have printed. They are opened with the
        ``storage_options`` of the run's own config, whose variables are read here.

        Outputs that another run refers to, since it re-executes a part of this one, stay until the
        last such run is deleted.

        Args:
            run_id: The id of the run to delete.
            leaves_outputs: Whether the outputs stay where they are, for good: so a run goes whose
                outputs can no longer be reached.

        Raises:
            ParameterCheckError: the id is no text.
            DagsterRunNotDeletedError: the outputs cannot be removed; the run is still there.
            DagsterStorageError: a store of the instance cannot be written.
        """
        check_is("delete_run", "run_id", run_id, str, "a text")
        own = list(self._stored_by(run_id))
        if leaves_outputs:
            self._run_storage.release_objects(run_id, own)
        else:
            self._remove_outputs(run_id, own)
        self.compute_log_manager.delete_logs(prefix=[run_id])
        self._event_storage.delete_events(run_id)
        self._run_storage.delete_run(run_id)

    def _remove_outputs(self, run_id: str, own: Sequence[str]) -> None:
        run = self.get_run_by_id(run_id)
        run_config = {} if run is None else run.run_config
        options_for = partial(storage_options, run_id, run_config)
        try:
            files = plugins.load("run_files")(run_id, self.storage_directory(), own, options_for)
            # Nothing is let go of before it is known that it can be removed.
            files.check()
            files.remove(self._run_storage.release_objects(run_id, own))
        except DagsterStorageError as exc:
            raise DagsterRunNotDeletedError(run_id, str(exc)) from exc

    def runs_to_prune(
        self, older_than: timedelta | None = None, keep_last: int | None = None
    ) -> list[RunRecord]:
        """Return the finished runs that need not be kept, newest first; see :meth:`delete_run`.

        Runs that wait, are under way or lost their driver are always kept.

        Args:
            older_than: Only runs that have not changed for so long.
            keep_last: Never the newest finished runs, so many of them.

        Raises:
            ParameterCheckError: neither is given, or one is negative.
        """
        if older_than is None and keep_last is None:
            expected = "how old a run must be, or how many to keep"
            raise ParameterCheckError("runs_to_prune", "older_than", expected, None)
        if older_than is not None and older_than < timedelta():
            raise ParameterCheckError("runs_to_prune", "older_than", "not negative", older_than)
        if keep_last is not None and keep_last < 0:
            raise ParameterCheckError("runs_to_prune", "keep_last", "not negative", keep_last)
        before = None if older_than is None else time.time() - older_than.total_seconds()
        pruned = runs_to_prune(self._run_storage, ended_before=before, keep_last=keep_last)
        return list(pruned)

    def _stored_by(self, run_id: str) -> Iterator[str]:
        """Yield the addresses of the objects that a run stored beyond its process."""
        kind = DagsterEventType.OBJECT_STORE_OPERATION
        for entry in self._event_storage.get_logs_for_run(run_id, [kind]):
            data = entry.get_dagster_event().object_store_operation_result_data
            is_kept = data.op is ObjectStoreOperationType.SET_OBJECT and data.metadata_entries
            if is_kept and data.address is not None:
                yield data.address

    def submit_run(self, run_id: str) -> DagsterRun:
        """Hand a recorded run to the run coordinator; return the run as it stands then.

        Raises:
            DagsterRunNotFoundError: there is no such run.
            DagsterRunConflict: it was submitted or begun before.
            DagsterLaunchFailedError: it was launched at once, and that failed.
        """
        run: DagsterRun = plugins.load("submit_run")(run_id, self)
        return run

    def launch_run(self, run_id: str) -> DagsterRun:
        """Hand a recorded run to the run launcher, past any queue; return it as it stands then.

        Raises:
            DagsterRunNotFoundError: there is no such run.
            DagsterRunConflict: it was launched or begun before.
            DagsterLaunchFailedError: it cannot be launched; the run has failed.
        """
        run: DagsterRun = plugins.load("launch_run")(run_id, self)
        return run

    def request_cancel(self, run_id: str) -> bool:
        """Ask the driver of a run to stop; return whether the run could still be canceled.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """
        return self._run_storage.request_cancel(run_id)

    def require_run(self, run_id: str) -> RunRecord:
        """Return the record of a run that must be there.

        Raises:
            DagsterRunNotFoundError: it is not.
        """
        record = self._run_storage.get_run_record_by_id(run_id)
        if record is None:
            raise DagsterRunNotFoundError(run_id)
        return record

    def get_snapshot(self, snapshot_id: str) -> str | None:
        """Return the JSON text of a pipeline's or a plan's snapshot, by its content hash."""
        return self._run_storage.get_snapshot(snapshot_id)


def _snapshot_id(body: str | None) -> str | None:
    return None if body is None else hashlib.sha256(body.encode()).hexdigest()

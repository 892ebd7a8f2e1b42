"""A run's record, its status and who owns it."""

from __future__ import annotations

import os
import secrets
import socket
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from functools import partial
from typing import Any

from dagsterlite.arguments import check_each, check_field, check_is
from dagsterlite.serdes import plain, serializable

LEASE_SECONDS = 10.0
"""How long a driver owns its run without renewing; a reader calls a longer silence *lost*."""

START_SECONDS = 600.0
"""How long a run may be with its launcher before its driver begins; a reader calls more *lost*."""

RENEW_SECONDS = 2.0
"""How often a driver renews its lease."""

CANCEL_POLL_SECONDS = 0.5
"""How often a driver looks whether somebody asked for its run to be canceled."""

RESUME_RETRY_TAG = "dagster/is_resume_retry"
PARENT_RUN_ID_TAG = "dagster/parent_run_id"
ROOT_RUN_ID_TAG = "dagster/root_run_id"
PRIORITY_TAG = "dagster/priority"
BACKFILL_TAG = "dagster/backfill"


@serializable("DagsterRunStatus")
class DagsterRunStatus(Enum):
    """The status of run execution (seed 003)."""

    #: Waits in a run queue.
    QUEUED = "QUEUED"
    #: Recorded, not begun.
    NOT_STARTED = "NOT_STARTED"
    #: Handed to a launcher; its driver has not yet begun.
    STARTING = "STARTING"
    #: Its driver executes steps.
    STARTED = "STARTED"
    #: Somebody asked for it to stop; its driver is stopping.
    CANCELING = "CANCELING"
    #: Ended well: every step that could run did, and every output stands.
    SUCCESS = "SUCCESS"
    #: Ended with at least one failed step, or could not go on.
    FAILURE = "FAILURE"
    #: Ended because it was asked to stop.
    CANCELED = "CANCELED"


PipelineRunStatus = DagsterRunStatus

FINISHED_STATUSES = frozenset(
    {DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED}
)
CANCELABLE_STATUSES = frozenset(
    {DagsterRunStatus.QUEUED, DagsterRunStatus.STARTING, DagsterRunStatus.STARTED}
)
OWNED_STATUSES = frozenset({DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING})

ALLOWED_TRANSITIONS: Mapping[DagsterRunStatus, frozenset[DagsterRunStatus]] = {
    DagsterRunStatus.NOT_STARTED: frozenset(DagsterRunStatus) - {DagsterRunStatus.NOT_STARTED},
    DagsterRunStatus.QUEUED: frozenset(DagsterRunStatus)
    - {DagsterRunStatus.QUEUED, DagsterRunStatus.NOT_STARTED},
    DagsterRunStatus.STARTING: FINISHED_STATUSES
    | {DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING},
    DagsterRunStatus.STARTED: FINISHED_STATUSES | {DagsterRunStatus.CANCELING},
    DagsterRunStatus.CANCELING: FINISHED_STATUSES,
    DagsterRunStatus.SUCCESS: frozenset(),
    DagsterRunStatus.FAILURE: frozenset(),
    DagsterRunStatus.CANCELED: frozenset(),
}
"""Where a run may go from each status; terminal states never change again."""


def sources_of(target: DagsterRunStatus) -> frozenset[DagsterRunStatus]:
    """Return the statuses from which a run may go to ``target``."""
    return frozenset(source for source, targets in ALLOWED_TRANSITIONS.items() if target in targets)


def to_unix(moment: datetime) -> float:
    """Return unix seconds; a moment without a time zone is UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.timestamp()


def from_unix(seconds: float) -> datetime:
    """Return the moment of unix seconds, in UTC, to the microsecond."""
    return datetime.fromtimestamp(seconds, UTC)


def make_new_run_id() -> str:
    """Return a new run id, a UUID in its usual form."""
    return str(uuid.uuid4())


def make_driver_id() -> str:
    """Return a new id of a driver in this process: ``<host>:<pid>:<random>``."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@serializable("PipelineOrigin")
@dataclass(frozen=True, kw_only=True)
class PipelineOrigin:
    """How another process makes a run's pipeline: what to import, and what to take or call there.

    Either ``module_name`` or ``python_file`` is given.
    """

    module_name: str | None = None
    #: The absolute path of a script that is no module.
    python_file: str | None = None
    #: The pipeline, or the function that returns it, in the module.
    attribute: str
    #: What the function is called with.
    args: Sequence[Any] = plain(default_factory=list)
    kwargs: Mapping[str, Any] = plain(default_factory=dict)
    #: The folder from which the module can be imported, beside those that Python knows.
    working_directory: str | None = None

    def __str__(self) -> str:
        return f"{self.module_name or self.python_file}:{self.attribute}"


@serializable("DagsterRun")
@dataclass(frozen=True, kw_only=True)
class DagsterRun:
    """A run as it was asked for, and its status (seeds 003 and 004).

    One record for both vocabularies: ``job_name`` is ``pipeline_name``.
    """

    pipeline_name: str
    run_id: str = field(default_factory=make_new_run_id)
    run_config: Mapping[str, Any] = plain(default_factory=dict)
    mode: str = "default"
    #: The selection as its caller wrote it, or None for the whole pipeline.
    solid_selection: tuple[str, ...] | None = None
    #: The solids that the selection resolved to, or None for all.
    solids_to_execute: frozenset[str] | None = None
    step_keys_to_execute: tuple[str, ...] | None = None
    status: DagsterRunStatus = DagsterRunStatus.NOT_STARTED
    tags: Mapping[str, str] = plain(default_factory=dict)
    root_run_id: str | None = None
    parent_run_id: str | None = None
    #: Content hashes of what the run was made from; see the run storage's snapshots.
    pipeline_snapshot_id: str | None = None
    execution_plan_snapshot_id: str | None = None
    #: How another process makes the pipeline: a :class:`PipelineOrigin`, or what else the run's
    #: launcher understands.
    external_pipeline_origin: Any = None

    @property
    def job_name(self) -> str:
        """The name of the job (pipeline) executed in this run."""
        return self.pipeline_name

    @property
    def is_finished(self) -> bool:
        """Whether the run has completely finished execution."""
        return self.status in FINISHED_STATUSES

    @property
    def is_success(self) -> bool:
        """Whether the run has successfully finished executing."""
        return self.status is DagsterRunStatus.SUCCESS

    @property
    def is_failure(self) -> bool:
        """Whether the run has failed."""
        return self.status is DagsterRunStatus.FAILURE

    @property
    def is_canceled(self) -> bool:
        """Whether the run was canceled."""
        return self.status is DagsterRunStatus.CANCELED

    @property
    def is_failure_or_canceled(self) -> bool:
        """Whether the run has either failed or was canceled."""
        return self.is_failure or self.is_canceled

    @property
    def is_cancelable(self) -> bool:
        """Whether the run can be canceled: it is queued, starting or started."""
        return self.status in CANCELABLE_STATUSES

    @property
    def is_resume_retry(self) -> bool:
        """Whether the run was created from retrying another run from the point of failure."""
        return self.tags.get(RESUME_RETRY_TAG) == "true"

    @property
    def previous_run_id(self) -> str | None:
        """The run that this one re-executes."""
        return self.parent_run_id


PipelineRun = DagsterRun


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A run as it stands in a :class:`~dagsterlite.stores.RunStorage` (seed 003)."""

    storage_id: int
    dagster_run: DagsterRun
    create_timestamp: datetime
    update_timestamp: datetime
    #: Unix seconds of PIPELINE_START and of the terminal event.
    start_time: float | None = None
    end_time: float | None = None
    #: The process that writes the run's events: ``<host>:<pid>:<random>``.
    driver_id: str | None = None
    #: Unix seconds until which the driver owns the run without renewing.
    lease_until: float | None = None
    #: Unix seconds of the driver's last sign of life.
    heartbeat: float | None = None
    cancel_requested: bool = False

    @property
    def pipeline_run(self) -> DagsterRun:
        """The run, by the name of the pipeline vocabulary."""
        return self.dagster_run

    def is_lost(self, now: float) -> bool:
        """Return whether the run is under way but its driver fell silent, as of unix ``now``.

        So is one that was launched and whose driver never began: its launcher may have died too.
        Should it begin after all, it is lost no more. One whose driver fell silent before the
        start, while it made the resources, is lost as well.
        """
        if self.dagster_run.is_finished:
            return False
        if self.lease_until is not None:
            return self.lease_until < now
        if self.dagster_run.status is DagsterRunStatus.STARTING:
            return to_unix(self.update_timestamp) + START_SECONDS < now
        return self.dagster_run.status in OWNED_STATUSES

    def is_driven(self, now: float) -> bool:
        """Return whether a driver that gives signs of life has the run under way."""
        return self.dagster_run.status in OWNED_STATUSES and not self.is_lost(now)


@dataclass(frozen=True)
class RunsFilter:
    """A filter across runs: all given fields must hold (seed 003).

    A field that is left blank, None or an empty text, list or dict, permits all values; it is None
    in the filter. But no run has one of no ids: what is computed must not come to mean all runs.

    Moments without a time zone are UTC.

    Raises:
        ParameterCheckError: a field is not of its type.
    """

    #: Runs of these ids; no run where the list is empty.
    run_ids: Sequence[str] | None = None
    job_name: str | None = None
    #: Runs in one of these statuses.
    statuses: Sequence[DagsterRunStatus] | None = None
    #: Tag to value, or to the list of values of which one must match.
    tags: Mapping[str, str | Sequence[str]] | None = None
    #: Runs of the pipeline whose snapshot has this id.
    snapshot_id: str | None = None
    #: Runs last updated after this moment.
    updated_after: datetime | None = None
    created_before: datetime | None = None
    #: Leave out the runs of backfills, which bear :data:`BACKFILL_TAG`.
    exclude_subruns: bool | None = None

    def __post_init__(self) -> None:
        check = partial(check_field, "RunsFilter", self)
        check("run_ids", check_each, str, "a list of run ids")
        check("job_name", check_is, str, "a text")
        check("statuses", check_each, DagsterRunStatus, "a list of DagsterRunStatus")
        check("tags", check_is, Mapping, _TAGS_WANTED)
        for wanted in (self.tags or {}).items():
            _check_wanted_tag(*wanted)
        check("snapshot_id", check_is, str, "a text")
        for moment in ("updated_after", "created_before"):
            check(moment, check_is, datetime, "a datetime")
        for name in ("job_name", "statuses", "tags", "snapshot_id"):
            if not getattr(self, name):
                object.__setattr__(self, name, None)


_TAGS_WANTED = "a dict of texts, or of lists of texts"


def _check_wanted_tag(key: object, value: object) -> None:
    check_is("RunsFilter", "tags", key, str, _TAGS_WANTED)
    if not isinstance(value, str):
        check_each("RunsFilter", "tags", value, str, _TAGS_WANTED)


@dataclass(frozen=True)
class LeaseState:
    """What a driver learns when it renews its lease."""

    #: Whether the lease is still this driver's.
    held: bool
    #: Whether somebody asked for the run to be canceled.
    cancel_requested: bool

"""Looking at a cluster before anything runs on it: what would fail later, fails now."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final

from distributed import Worker

from dagsterlite.definitions.io_manager import IOManagerDefinition
from dagsterlite.errors import (
    DagsterClusterError,
    DagsterCorruptObjectError,
    DagsterError,
    DagsterRunCanceledError,
    DagsterStorageError,
    DagsterStorageNotSharedError,
    DagsterUnmetExecutorRequirementsError,
    DagsterVersionSkewError,
)
from dagsterlite.events.error_info import SerializableErrorInfo, error_info_from_exception
from dagsterlite.events.receipt import StoredOutput, make_attempt_id
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.step import ExecutionStep
from dagsterlite.serdes import from_json, to_json
from dagsterlite.stores import IntermediateStorage
from dagsterlite_dask.admission import open_run
from dagsterlite_dask.on_cluster import installed_versions
from dagsterlite_dask.placement import placement_of
from dagsterlite_dask.report import missing_package
from dagsterlite_dask.roster import Place, Workers, unmet
from dagsterlite_dask.session import ANSWER_SECONDS, Session
from dagsterlite_dask.versions import DISTRIBUTION, ENGINE, differences, packages_of
from dagsterlite_dask.worker_run import WorkerRun

PROBED_WORKERS: Final = 16
"""How many workers are asked to load the pipeline and to reach the storage."""

PROBE_STEP: Final = "dagsterlite_probe"


class Strictness(Enum):
    """What is done about a cluster that is not what a run needs."""

    #: The run fails before its start.
    STRICT = "strict"
    #: The run tells it, and goes on.
    WARN = "warn"
    #: Nobody looks.
    OFF = "off"


class Preflight:
    """Looks at workers: those that are there before the start, and later those that join.

    Args:
        session: The run's side of the cluster.
        payload: The run's id, and what its workers are sent.
        storage: Where the run keeps its intermediates, as the driver sees it.
        strictness: What is done about what is found.
    """

    def __init__(
        self,
        session: Session,
        payload: tuple[str, bytes],
        storage: IntermediateStorage,
        strictness: Strictness = Strictness.STRICT,
    ) -> None:
        self._session = session
        self._payload = payload
        self._storage = storage
        self._strictness = strictness
        self._packages = packages_of(payload[1]) if strictness is not Strictness.OFF else ()
        self._left_to_probe = PROBED_WORKERS
        #: What was found and let pass.
        self.warnings: list[str] = []

    def check_cluster(
        self,
        steps: Iterable[ExecutionStep],
        *,
        place: Place = placement_of,
        can_grow: bool = False,
    ) -> Workers:
        """Look whether the cluster can run the steps; return its workers.

        Args:
            steps: The steps.
            place: Tells where and when Dask may run a step.
            can_grow: Whether workers may still come, so that the run can wait for them.

        Raises:
            DagsterNoWorkersError: there are no workers, or none that offers what a step asks for.
            DagsterVersionSkewError: a package is not the same everywhere.
            DagsterStorageNotSharedError: a worker stores what the driver does not find.
            DagsterStorageError: the driver cannot reach the storage just now.
            DagsterClusterError: a worker cannot load the pipeline.
        """
        workers = self._session.workers()
        if self._strictness is Strictness.OFF:
            return workers
        trouble = unmet(steps, workers, place, is_joined=self._session.is_joined)
        if trouble is not None and not can_grow:
            self._object(trouble)
        self.check_workers(workers)
        return workers

    def check_workers(self, workers: Iterable[str], seconds: float = ANSWER_SECONDS) -> None:
        """Look whether workers can run steps of the run.

        Args:
            workers: The workers.
            seconds: How long they have to answer; one that does not is let pass.

        Raises:
            DagsterError: one cannot; as for :meth:`check_cluster`.
        """
        asked = sorted(workers)
        if self._strictness is Strictness.OFF or not asked:
            return
        probed, self._left_to_probe = asked[: self._left_to_probe], self._left_to_probe - len(asked)
        self._left_to_probe = max(0, self._left_to_probe)
        for look in (
            lambda: check_versions(self._session, self._packages, asked, seconds),
            lambda: _probe(self._session, probed, self._payload, self._storage, seconds),
        ):
            try:
                look()
            except (DagsterClusterError, DagsterStorageError) as exc:
                self._object(exc)

    def check_report(self) -> None:
        """Look whether the scheduler can draw a report on the run.

        Raises:
            DagsterClusterError: it lacks a package.
        """
        trouble = missing_package(self._session)
        if trouble is not None and self._strictness is not Strictness.OFF:
            self._object(trouble)

    def _object(self, trouble: DagsterError) -> None:
        if self._strictness is Strictness.STRICT:
            raise trouble
        self.warnings.append(f"Pre-flight: {trouble}")

    def take_warnings(self) -> list[str]:
        """Return what was found and let pass since this was last asked."""
        warnings, self.warnings = self.warnings, []
        return warnings


def check_managers(plan: ExecutionPlan) -> None:
    """Refuse IO managers that keep outputs in the memory of one process.

    Raises:
        DagsterUnmetExecutorRequirementsError: there is one.
    """
    mode = plan.pipeline.get_mode_definition(plan.environment_config.mode)
    for key in sorted(plan.manager_keys()):
        definition = mode.resource_defs[key]
        if isinstance(definition, IOManagerDefinition) and not definition.is_shared:
            raise DagsterUnmetExecutorRequirementsError(
                f"Resource '{key}' of mode '{mode.name}' is the mem_io_manager: it keeps outputs "
                "in the memory of one process, and the steps of this run do not share one. Use "
                "fs_io_manager there, leave the resource out (values then move from worker to "
                "worker by themselves), or execute in_process."
            )


def check_versions(
    session: Session,
    packages: Sequence[str],
    workers: Iterable[str] | None = None,
    seconds: float = ANSWER_SECONDS,
) -> None:
    """Refuse a cluster whose packages are not those of this process.

    Args:
        session: The run's side of the cluster.
        packages: What the pipeline uses beside Dask and dagsterlite.
        workers: The workers to ask (default: all).
        seconds: How long they have to answer.

    Raises:
        DagsterVersionSkewError: a package is not the same everywhere; the message has the table.
    """
    names = (DISTRIBUTION, *ENGINE, *packages)
    answers = session.ask_workers(installed_versions, names, workers=workers, seconds=seconds)
    found = {f"worker {worker}": versions for worker, versions in answers.items()}
    of_scheduler = session.on_scheduler(installed_versions, ENGINE)
    if of_scheduler is not None:
        found["scheduler"] = of_scheduler
    table = differences(installed_versions(names), found)
    if table:
        lines = "".join(f"\n    {line}" for line in table)
        raise DagsterVersionSkewError(
            f"The Dask cluster has other versions of some packages than this driver:{lines}\n"
            "Install the same ones in both places and restart what runs there, or say "
            "execution.dask.preflight: warn."
        )


def _probe(
    session: Session,
    workers: Sequence[str],
    payload: tuple[str, bytes],
    storage: IntermediateStorage,
    seconds: float,
) -> None:
    token = secrets.token_hex(16)
    answers = session.ask_workers(probe_run, *payload, token, workers=workers, seconds=seconds)
    for worker, (answer, paths, error) in sorted(answers.items()):
        if error is not None:
            raise _unfit(worker, from_json(error))
        if answer is not None and storage.is_persistent:
            _check_shared(worker, storage, from_json(answer), token)
        for resource, path in paths.items():
            _check_shared_file(worker, resource, path, token)


def _unfit(worker: str, error: SerializableErrorInfo) -> DagsterClusterError:
    return DagsterClusterError(
        f"Worker {worker} cannot prepare the run: {error.reason}. Modules that "
        "are installed here are expected there too; your own travel with the pipeline as far as "
        "execution.dask.ship_code says."
    )


def _check_shared(
    worker: str, storage: IntermediateStorage, stored: StoredOutput, token: str
) -> None:
    try:
        is_shared = storage.read_output(PROBE_STEP, stored) == token
    except DagsterCorruptObjectError:
        is_shared = False
    if not is_shared:
        raise DagsterStorageNotSharedError(
            f"Worker {worker} stores the outputs of steps at {stored.address}, where this driver "
            "does not find them: the two do not share that place. Name a base_dir under "
            "intermediate_storage.filesystem.config that both reach (a network folder, s3://…, "
            "gs://…)."
        )
    storage.discard(PROBE_STEP, [stored])


def _check_shared_file(worker: str, resource: str, path: str, token: str) -> None:
    try:
        with open(path, encoding="utf-8") as file:
            is_shared = file.read() == token
        os.unlink(path)
    except OSError:
        is_shared = False
    if not is_shared:
        raise DagsterStorageNotSharedError(
            f"Resource '{resource}' keeps files of worker {worker} in {os.path.dirname(path)}, "
            "where this driver does not find them: the two do not share that folder. Name a "
            f"base_dir in resources.{resource}.config that both reach, or use fsspec_file_manager."
        )


# --- on workers ----------------------------------------------------------------------------------


Probe = tuple[str | None, dict[str, str], str | None]
"""Where a token is stored, as JSON; the paths that managers of files wrote it to, by resource; and
what went wrong, as JSON."""


async def probe_run(run_id: str, payload: bytes, token: str, dask_worker: Worker) -> Probe:
    """Open the run, and store a token in each place that its processes must share."""
    return await asyncio.to_thread(_probe_here, run_id, payload, token, dask_worker)


def _probe_here(run_id: str, payload: bytes, token: str, worker: Worker) -> Probe:
    try:
        run = open_run(run_id, payload, worker)
        return _stored(run.storage, token), _written(run, token), None
    except DagsterRunCanceledError:
        # It has just come, or is about to go: what it cannot do yet or any more is no fault.
        return None, {}, None
    except BaseException as exc:  # noqa: BLE001 - the user's modules may raise anything
        return None, {}, to_json(error_info_from_exception(exc))


def _stored(storage: IntermediateStorage, token: str) -> str | None:
    if not storage.is_persistent:
        return None
    # Each worker under a name of its own, as attempts do.
    return to_json(storage.write_output(PROBE_STEP, make_attempt_id(), "token", token))


def _written(run: WorkerRun, token: str) -> dict[str, str]:
    mode = run.context.mode_def
    needed = mode.needed_resources(run.context.plan.required_resource_keys())
    paths = {}
    for key in needed:
        if mode.resource_defs[key].shares_files:
            (manager,) = run.resources.shared.scoped([key])
            paths[key] = manager.write_data(token.encode(), "probe").path
    return paths

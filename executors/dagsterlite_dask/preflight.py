"""Looking at a cluster before anything runs on it: what would fail later, fails now."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Iterable, Sequence
from typing import Final

from distributed import Worker

from dagsterlite.definitions.io_manager import IOManagerDefinition
from dagsterlite.errors import (
    DagsterClusterError,
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
from dagsterlite_dask.on_cluster import installed_versions
from dagsterlite_dask.placement import placement_of
from dagsterlite_dask.roster import Place, Workers, unmet
from dagsterlite_dask.session import Session
from dagsterlite_dask.worker_run import WorkerRun, open_run

PROBED_WORKERS: Final = 16
"""How many workers are asked to load the pipeline and to reach the storage."""

PROBE_STEP: Final = "dagsterlite_probe"


def check_cluster(
    session: Session,
    steps: Iterable[ExecutionStep],
    payload: tuple[str, bytes],
    storage: IntermediateStorage,
    *,
    place: Place = placement_of,
    can_grow: bool = False,
) -> Workers:
    """Look whether the cluster can run the steps; return its workers.

    Args:
        session: The run's side of the cluster.
        steps: The steps.
        payload: The run's id, and what its workers are sent.
        storage: Where the run keeps its intermediates, as the driver sees it.
        place: Tells where and when Dask may run a step.
        can_grow: Whether workers may still come, so that the run can wait for them.

    Raises:
        DagsterNoWorkersError: there are no workers, or none that offers what a step asks for.
        DagsterVersionSkewError: a worker has another version of dagsterlite or Python.
        DagsterClusterError: a worker cannot load the pipeline.
        DagsterStorageNotSharedError: what a worker stores, or writes by a manager of local files,
            the driver does not find.
    """
    workers = session.workers()
    trouble = unmet(steps, workers, place)
    if trouble is not None and not can_grow:
        raise trouble
    check_versions(session)
    _probe(session, sorted(workers)[:PROBED_WORKERS], payload, storage)
    return workers


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


def check_versions(session: Session) -> None:
    """Refuse workers that have another version of dagsterlite or Python than this process.

    Raises:
        DagsterVersionSkewError: there is one.
    """
    ours = installed_versions()
    for worker, (version, python) in sorted(session.ask_workers(installed_versions).items()):
        if (version, tuple(python)) == ours:
            continue
        has = f"dagsterlite {version}" if version else "no dagsterlite"
        raise DagsterVersionSkewError(
            f"Worker {worker} has {has} on Python {_dotted(python)}; this driver has dagsterlite "
            f"{ours[0]} on Python {_dotted(ours[1])}. Install the same versions on both, e.g. "
            f"pip install dagsterlite=={ours[0]}, and restart the worker."
        )


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def _probe(
    session: Session,
    workers: Sequence[str],
    payload: tuple[str, bytes],
    storage: IntermediateStorage,
) -> None:
    token = secrets.token_hex(16)
    answers = session.ask_workers(probe_run, *payload, token, workers=workers)
    for worker, (answer, paths, error) in sorted(answers.items()):
        if error is not None:
            raise _unfit(worker, from_json(error))
        if answer is not None and storage.is_persistent:
            _check_shared(worker, storage, from_json(answer), token)
        for resource, path in paths.items():
            _check_shared_file(worker, resource, path, token)


def _unfit(worker: str, error: SerializableErrorInfo) -> DagsterClusterError:
    return DagsterClusterError(
        f"Worker {worker} cannot prepare the run: {error.innermost.message.strip()}. Modules that "
        "are installed here are expected there too; your own travel with the pipeline as far as "
        "execution.dask.config.ship_code says."
    )


def _check_shared(
    worker: str, storage: IntermediateStorage, stored: StoredOutput, token: str
) -> None:
    try:
        is_shared = storage.read_output(PROBE_STEP, stored) == token
    except DagsterStorageError:
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
        return _stored(run.context.storage, token), _written(run, token), None
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
            (manager,) = run.resources.scoped([key])
            paths[key] = manager.write_data(token.encode(), "probe").path
    return paths

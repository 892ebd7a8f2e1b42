"""Runs that are left to a cluster: their driver is a task there, and nobody need wait for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from distributed import Client, fire_and_forget

from dagsterlite.api.asked import Asked, plan_of, selection_of
from dagsterlite.api.resuming import drive_resumable
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import (
    DagsterClusterError,
    DagsterHomeError,
    DagsterInvariantViolationError,
    DagsterNoWorkersError,
)
from dagsterlite.execution.run import RunOutcome, drive_run
from dagsterlite.execution.undriven import fail_undriven
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.runs import DagsterRun, DagsterRunStatus
from dagsterlite_dask.clusters import open_cluster
from dagsterlite_dask.clusters.options import ClusterOptions
from dagsterlite_dask.definitions import dask_executor
from dagsterlite_dask.graph import call_graph
from dagsterlite_dask.keys import node_key
from dagsterlite_dask.on_cluster import is_wanted
from dagsterlite_dask.payload import Payload, decode_payload, encode_payload
from dagsterlite_dask.preflight import PROBED_WORKERS, check_versions
from dagsterlite_dask.session import ANSWER_SECONDS, Session
from dagsterlite_dask.versions import packages_of

_LOOK_SECONDS: Final = 0.05

_PRIORITY: Final = 1_000
"""A run's driver comes before the steps of other runs: it waits more than it works."""

#: What says how this process reaches the cluster, which its own workers know better.
_OURS: Final = frozenset({"cluster", "security", "client_kwargs", "adapt", "shutdown"})


def check_detachable(plan: ExecutionPlan, instance: DagsterInstance) -> Mapping[str, Any]:
    """Return the executor's config of a run that can be left to its cluster.

    Raises:
        DagsterInvariantViolationError: it cannot: another executor runs it, or its instance lives
            in this process only.
    """
    selected = plan.environment_config.execution
    mode = plan.pipeline.get_mode_definition(plan.environment_config.mode)
    first = mode.executor_defs[0]
    definition = first if selected is None else mode.get_executor_def(selected.name)
    if definition is not dask_executor:
        name = first.name if selected is None else selected.name
        raise DagsterInvariantViolationError(
            f"detach leaves a run to a Dask cluster, and this one's executor is '{name}'. Select "
            "the dask executor: execution: {dask: {cluster: {existing: {address: …}}}}."
        )
    if not instance.is_persistent:
        raise DagsterInvariantViolationError(
            "detach needs an instance that outlives this process and that the workers reach. "
            "Execute with instance=DagsterInstance.get(), with $DAGSTER_HOME set here and there."
        )
    config: Mapping[str, Any] = (
        dask_executor.default_config() if selected is None else selected.config
    )
    return config


def detach_run(
    pipeline: PipelineDefinition,
    run: DagsterRun,
    instance: DagsterInstance,
    config: Mapping[str, Any],
) -> None:
    """Leave a recorded run to the cluster that its config names; return once that has it.

    Where the worker that drives it dies, Dask has another one do that: it waits until the driver
    before it is surely gone, and what is left of the run goes on as a new run.

    Args:
        pipeline: The whole pipeline.
        run: The run, recorded and not started.
        instance: Where it is recorded.
        config: What :func:`check_detachable` returned.

    Raises:
        DagsterClusterError: the cluster cannot be reached, ends with this process, has no worker,
            or does not take the run.
        DagsterHomeError: a worker does not see the run: it has another instance or none.
    """
    payload = encode_payload(
        Payload(pipeline=pipeline, run=run, artifacts_dir=instance.storage_directory()),
        config["ship_code"],
    )
    with open_cluster(config.get("cluster"), ClusterOptions.from_config(config)) as cluster:
        if not cluster.is_joined:
            raise DagsterClusterError(
                "detach needs a cluster that is there without this process, and the run config "
                "makes one of its own. Name it: cluster: {existing: {address: …}}."
            )
        _check_workers(Session(cluster.client, run.run_id), run.run_id, payload)
        _hand_over(cluster.client, run.run_id, payload)


def _check_workers(session: Session, run_id: str, payload: bytes) -> None:
    workers = sorted(session.workers())
    if not workers:
        message = "The Dask cluster has no worker that could drive the run. Start one."
        raise DagsterNoWorkersError(message)
    check_versions(session, packages_of(payload))
    asked = workers[:PROBED_WORKERS]
    found = session.ask_workers(probe_driver, run_id, payload, workers=asked)
    for worker in asked:
        trouble = found.get(worker, "it did not answer in time")
        if trouble is not None:
            raise DagsterHomeError(
                f"Worker {worker} cannot drive run {run_id}: {trouble} Have $DAGSTER_HOME name "
                "this instance on every worker, on storage that all of them share."
            )


def _hand_over(client: Client, run_id: str, payload: bytes) -> None:
    key = node_key("driver", run_id)
    graph = call_graph(key, drive_detached, [run_id, payload])
    future = client.get(graph, key, sync=False, priority=_PRIORITY)
    fire_and_forget(future)
    until = time.monotonic() + ANSWER_SECONDS
    # What is sent reaches the scheduler some time; a client that is closed before takes it along.
    while not client.run_on_scheduler(is_wanted, key):
        if future.status in {"finished", "error"}:
            return
        if time.monotonic() > until:
            raise DagsterClusterError(f"The Dask scheduler does not take over run {run_id}.")
        time.sleep(_LOOK_SECONDS)


# --- on workers ----------------------------------------------------------------------------------


async def probe_driver(run_id: str, data: bytes) -> str | None:
    """Return why this process could not drive a run; None where it could."""
    return await asyncio.to_thread(_trouble, run_id, data)


def _trouble(run_id: str, data: bytes) -> str | None:
    try:
        with DagsterInstance.get() as instance:
            run = instance.require_run(run_id).dagster_run
            _plan_here(decode_payload(data).pipeline, run, instance)
    except Exception as exc:  # noqa: BLE001 - the user's modules may raise anything
        return f"{type(exc).__name__}: {exc}"
    return None


def drive_detached(run_id: str, data: bytes) -> None:
    """Drive a run from a task of its own cluster; its events tell how it ends.

    Where a driver before this one died with its worker, what it left goes on as a new run.

    Raises:
        DagsterExecutionInterruptedError: the run was canceled.
        Exception: what kept it from beginning; that is recorded as its end.
    """
    pipeline = decode_payload(data).pipeline
    with DagsterInstance.get() as instance:
        drive_resumable(
            run_id, instance, drive=partial(_drive, pipeline), pipeline_of=lambda _run: pipeline
        )


def _drive(pipeline: PipelineDefinition, run_id: str, instance: DagsterInstance) -> bool:
    run = instance.require_run(run_id).dagster_run
    outcome = RunOutcome()
    try:
        plan = _plan_here(pipeline, run, instance)
        for _event in drive_run(plan, run, instance, outcome, raise_on_error=False):
            pass
    except (Exception, SystemExit) as exc:
        fail_undriven(run, instance, exc)
        raise
    return outcome.status is DagsterRunStatus.SUCCESS


def _plan_here(
    pipeline: PipelineDefinition, run: DagsterRun, instance: DagsterInstance
) -> ExecutionPlan:
    """Compile the run's plan, whose executor joins the cluster that this worker belongs to."""
    asked = Asked(
        pipeline=pipeline,
        run_config=_joining_current(run.run_config),
        mode=run.mode,
        tags=run.tags,
        solid_selection=selection_of(run),
        instance=instance,
    )
    plan = plan_of(asked)
    if run.step_keys_to_execute is None:
        return plan
    return plan.build_subset_plan(run.step_keys_to_execute)


def _joining_current(run_config: Mapping[str, Any]) -> dict[str, Any]:
    if not run_config.get("execution"):
        return dict(run_config)
    ((name, section),) = run_config["execution"].items()
    section = section or {}
    inner = section.get("config") if "config" in section else section
    rest = {key: value for key, value in (inner or {}).items() if key not in _OURS}
    return {**run_config, "execution": {name: {"config": rest}}}

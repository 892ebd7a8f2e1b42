"""The executor that runs plans on a Dask cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from dagsterlite.events.engine import ClusterJoined, EngineEventData, StorageChosen
from dagsterlite.events.event import DagsterEvent
from dagsterlite.execution.earlier import earlier_receipts
from dagsterlite.execution.executor import Executor, PlanOrchestrationContext, RetryMode
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.runs import RunsFilter
from dagsterlite.stores import IntermediateStorage
from dagsterlite_dask.cluster_values import ClusterValues
from dagsterlite_dask.clusters import open_cluster
from dagsterlite_dask.clusters.current import place_left
from dagsterlite_dask.clusters.opened import OpenedCluster, wait_for_workers
from dagsterlite_dask.clusters.options import WHERE, ClusterOptions
from dagsterlite_dask.concurrency import TagLimits
from dagsterlite_dask.deferred_commits import DriverCommits
from dagsterlite_dask.driver import GRACE_SECONDS, Driver
from dagsterlite_dask.history import seconds_by_solid
from dagsterlite_dask.keeping import Keeping
from dagsterlite_dask.payload import Payload, encode_payload
from dagsterlite_dask.placement import Placements
from dagsterlite_dask.preflight import Preflight, Strictness, check_managers
from dagsterlite_dask.report import PerformanceReport
from dagsterlite_dask.resource_scope import ResourceScope
from dagsterlite_dask.roster import Workers
from dagsterlite_dask.session import Session


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """A cluster that was found fit for a run."""

    session: Session
    payload: bytes
    workers: Workers
    preflight: Preflight


class DaskExecutor(Executor):
    """Runs a plan as one Dask graph.

    Args:
        options: How the cluster is used.
        cluster: The kind of cluster and its config; None for the current one, or a local one where
            there is none.
        handed_over: A client, a cluster or a function that makes one, in place of ``cluster``.
        placements: Where and when steps may run.
        limits: How many steps of a kind may run at once.
        keeping: How outputs are stored, and what workers keep of what they load.
        strictness: What is done about a cluster that is not what the run needs.
        retries: What is done when a step asks to be tried again.
        ship_code: ``auto`` for all of the user's modules, ``none``, or the names of modules.
        fuses: Whether linear chains of steps are given to the cluster as one task.
        groups: Whether short siblings are, as far as the last run shows that they are short.
        is_strict: Whether the steps of runs that began before come first, where these share the
            cluster; else runs take turns.
        report_path: Where Dask's report on the run goes, if it is wanted.
        grace_seconds: How long interrupted steps have to end.
        resource_scope: Who shares the resources that are made on a worker.
    """

    def __init__(
        self,
        options: ClusterOptions,
        cluster: Mapping[str, Any] | None = None,
        handed_over: Any = None,
        *,
        placements: Placements,
        limits: TagLimits,
        keeping: Keeping,
        strictness: Strictness = Strictness.STRICT,
        retries: RetryMode = RetryMode.ENABLED,
        ship_code: str | Sequence[str] = "auto",
        fuses: bool = True,
        groups: bool = True,
        is_strict: bool = False,
        report_path: str | None = None,
        grace_seconds: float = GRACE_SECONDS,
        resource_scope: ResourceScope = ResourceScope.WORKER,
    ) -> None:
        self._options = options
        self._cluster = cluster
        self._handed_over = handed_over
        self._placements = placements
        self._limits = limits
        self._strictness = strictness
        self._retries = retries
        self._ship_code = ship_code
        self._fuses = fuses
        self._groups = groups
        self._is_strict = is_strict
        self._report_path = report_path
        self._keeping = keeping
        self._grace_seconds = grace_seconds
        self._resource_scope = resource_scope
        self._values: ClusterValues | None = None
        self._prepared: _Prepared | None = None

    @property
    def retries(self) -> RetryMode:
        return self._retries

    @property
    def needs_persistent_intermediates(self) -> bool:
        return True

    def intermediates(self, storage: IntermediateStorage) -> IntermediateStorage:
        """Return what the driver reads outputs from: workers keep what lies in memory."""
        if storage.is_persistent:
            return storage
        self._values = ClusterValues()
        return self._values

    @contextmanager
    def prepared(self, plan_context: PlanOrchestrationContext) -> Iterator[None]:
        """Have a cluster that can run the plan.

        Raises:
            DagsterUnmetExecutorRequirementsError: an IO manager keeps outputs in one process.
            DagsterInvariantViolationError: the pipeline cannot be sent to workers, or a tag is
                wrong.
            DagsterInvalidConfigError: the config of the cluster or of a placement is wrong.
            DagsterClusterError: there is no cluster, or it is not what the run needs.
            DagsterStorageNotSharedError: the workers cannot share the run's storage.
        """
        check_managers(plan_context.plan)
        self._placements.check(plan_context.plan)
        payload = encode_payload(self._payload(plan_context), self._ship_code)
        run_id = plan_context.run_id
        with ExitStack() as place, ExitStack() as stack:
            opening = open_cluster(self._cluster, self._options, self._handed_over)
            cluster = stack.enter_context(opening)
            if cluster.is_joined:
                place.enter_context(place_left())
            self._wait_for_workers(cluster, plan_context)
            session = Session(
                cluster.client, run_id, is_strict=self._is_strict, is_joined=cluster.is_joined
            )
            with session.opened(keeps_values=self._values is not None):
                _end_parent(plan_context, session)
                storage = plan_context.run_context.storage
                steps = plan_context.plan.steps
                preflight = Preflight(session, (run_id, payload), storage, self._strictness)
                workers = preflight.check_cluster(
                    steps, place=self._placements, can_grow=cluster.can_grow
                )
                if self._report_path is not None:
                    preflight.check_report()
                self._prepared = _Prepared(
                    session=session, payload=payload, workers=workers, preflight=preflight
                )
                yield
            if self._values is not None:
                self._keep(self._values, plan_context, stack, is_joined=cluster.is_joined)

    def _payload(self, plan_context: PlanOrchestrationContext) -> Payload:
        run_context = plan_context.run_context
        logs = run_context.compute_logs
        return Payload(
            pipeline=plan_context.pipeline_def,
            run=plan_context.pipeline_run,
            ignored_solids=run_context.ignored_solids,
            artifacts_dir=plan_context.instance.storage_directory(),
            # What its config reads from the environment is read where the steps run.
            compute_logs=logs if logs.inst_data is None else logs.inst_data,
            defers_commits=not run_context.storage.has_one_winner,
            retries_enabled=self._retries is not RetryMode.DISABLED,
            resource_scope=self._resource_scope,
            behind_bytes=self._keeping.behind_bytes,
            cache_bytes=self._keeping.cache_bytes,
        )

    def _wait_for_workers(
        self, cluster: OpenedCluster, plan_context: PlanOrchestrationContext
    ) -> None:
        options = self._options
        check = plan_context.run_context.interrupts.check
        wait_for_workers(cluster.client, options.wait_for_workers, options.worker_seconds, check)

    def _keep(
        self,
        values: ClusterValues,
        plan_context: PlanOrchestrationContext,
        stack: ExitStack,
        *,
        is_joined: bool,
    ) -> None:
        if self._options.closes(is_joined=is_joined):
            values.save(plan_context.instance.storage_directory(), plan_context.run_id)
        else:
            values.stay_open(stack.pop_all())

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[DagsterEvent]:
        """Submit the plan's graph and follow it; steps that fail let independent ones go on.

        Raises:
            DagsterStepExecutionFailed: steps failed, and errors are to be raised.
            DagsterClusterError: the cluster was lost, or has no workers that can run a step.
        """
        if self._prepared is None:
            with self.prepared(plan_context):
                yield from self.execute(plan_context, execution_plan)
            return
        prepared, self._prepared = self._prepared, None
        if self._values is not None:
            self._values.attach(prepared.session)
        yield _told_of_cluster(plan_context, prepared)
        yield from _told_of_storage(plan_context)
        driver = Driver(
            plan_context,
            execution_plan,
            prepared.session,
            prepared.payload,
            workers=prepared.workers,
            preflight=prepared.preflight,
            values=self._values,
            commits=_driver_commits(plan_context),
            earlier=earlier_receipts(plan_context.run_context, execution_plan),
            fuses=self._fuses,
            history=partial(seconds_by_solid, plan_context.instance, plan_context.plan)
            if self._groups
            else dict,
            worker_seconds=self._options.worker_seconds,
            place=self._placements,
            limits=self._limits,
            grace_seconds=self._grace_seconds,
        )
        yield from self._reported(plan_context, prepared.session, driver.run())

    def _reported(
        self,
        plan_context: PlanOrchestrationContext,
        session: Session,
        course: Iterator[DagsterEvent],
    ) -> Iterator[DagsterEvent]:
        """Let the run take its course, and have Dask report on it, however it ends."""
        if self._report_path is None:
            yield from course
            return
        report = PerformanceReport(session, plan_context, self._report_path)
        try:
            yield from course
        except GeneratorExit:
            raise
        except BaseException:
            yield from report.write()
            raise
        yield from report.write()


def _end_parent(plan_context: PlanOrchestrationContext, session: Session) -> None:
    """Take the run that is re-executed off the cluster, where its driver has not come to that."""
    parent = plan_context.pipeline_run.parent_run_id
    if parent is None:
        return
    records = plan_context.instance.get_run_records(RunsFilter(run_ids=[parent]))
    if records and not records[0].is_driven(time.time()):
        session.end_undriven(parent)


def _told_of_cluster(plan_context: PlanOrchestrationContext, prepared: _Prepared) -> DagsterEvent:
    """Tell where steps are executed, and where that can be watched."""
    session, workers = prepared.session, tuple(sorted(prepared.workers))
    detail = ClusterJoined(session.scheduler, workers, session.dashboard)
    watched = f"; its dashboard is {detail.dashboard}" if detail.dashboard else ""
    message = f"Steps run on the Dask cluster at {detail.scheduler} with {len(workers)} worker(s)"
    return plan_context.engine_event(f"{message}{watched}.", EngineEventData(detail=detail))


def _told_of_storage(plan_context: PlanOrchestrationContext) -> Iterator[DagsterEvent]:
    """Tell where intermediates are kept, where that is not what the run config says."""
    storage = plan_context.run_context.storage
    if not storage.has_one_winner:
        yield _told_of_commits(plan_context)
    selected = plan_context.plan.environment_config.intermediate_storage
    if not storage.is_persistent:
        name = "in_memory" if selected is None else selected.name
        reason = (
            "values stay in the cluster's memory: where a worker is lost, finished steps run again"
        )
    elif selected is None:
        name = "filesystem"
        reason = "none was selected, and the steps of this run do not share a process"
    else:
        return
    where = storage.address or "the cluster's memory"
    data = EngineEventData(detail=StorageChosen(name, storage.address, reason))
    yield plan_context.engine_event(f"Intermediates are kept in {where}: {reason}.", data)


def _told_of_commits(plan_context: PlanOrchestrationContext) -> DagsterEvent:
    address = plan_context.run_context.storage.address
    reason = (
        "the store takes no conditional writes, so that the run's driver alone commits its steps; "
        "one that ends as its driver dies runs again"
    )
    selected = plan_context.plan.environment_config.intermediate_storage
    name = "filesystem" if selected is None else selected.name
    data = EngineEventData(detail=StorageChosen(name, address, reason))
    return plan_context.engine_event(f"Outputs are committed in {address} by one: {reason}.", data)


def _driver_commits(plan_context: PlanOrchestrationContext) -> DriverCommits | None:
    storage = plan_context.run_context.storage
    return None if storage.has_one_winner else DriverCommits(storage)


def make_dask_executor(config: Mapping[str, Any], handed_over: Any = None) -> DaskExecutor:
    """Return the executor that a config, resolved, asks for.

    Args:
        config: The config of an executor of this shelf.
        handed_over: A client, a cluster or a function that makes one, in place of a kind.

    Raises:
        DagsterInvalidConfigError: an option is not what the cluster's client, or TLS, takes; a
            limit is below 1; or a size is none.
    """
    return DaskExecutor(
        ClusterOptions.from_config(config),
        config.get("cluster"),
        handed_over,
        placements=Placements(config.get("placement") or {}, f"{WHERE}.placement"),
        limits=TagLimits.from_config(
            config.get("tag_concurrency_limits") or (), f"{WHERE}.tag_concurrency_limits"
        ),
        strictness=Strictness(config.get("preflight", Strictness.STRICT)),
        retries=RetryMode.from_config(config["retries"]),
        ship_code=config.get("ship_code", "auto"),
        fuses=config.get("fuse", "linear") == "linear",
        groups=config.get("group", "auto") == "auto",
        is_strict=config.get("order", "fair") == "strict",
        report_path=config.get("performance_report"),
        keeping=Keeping.from_config(config, WHERE),
        grace_seconds=config.get("cancel_grace_seconds", GRACE_SECONDS),
        resource_scope=ResourceScope(config.get("resource_scope", ResourceScope.WORKER)),
    )

"""The executor that runs plans on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dagsterlite.events.event import DagsterEvent
from dagsterlite.execution.executor import Executor, PlanOrchestrationContext, RetryMode
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite_dask.clusters import KINDS
from dagsterlite_dask.driver import Driver
from dagsterlite_dask.payload import Payload, encode_payload


class DaskExecutor(Executor):
    """Runs a plan as one Dask graph.

    Args:
        kind: The kind of cluster, a key of ``clusters.KINDS``.
        cluster: The config of that kind.
        retries: What is done when a step asks to be tried again.
        ship_code: ``auto`` for all of the user's modules, ``none``, or the names of modules.
    """

    def __init__(
        self,
        kind: str,
        cluster: Mapping[str, Any],
        retries: RetryMode = RetryMode.ENABLED,
        ship_code: str | Sequence[str] = "auto",
    ) -> None:
        self._kind = KINDS[kind]
        self._cluster = cluster
        self._retries = retries
        self._ship_code = ship_code

    @property
    def retries(self) -> RetryMode:
        return self._retries

    @property
    def needs_persistent_intermediates(self) -> bool:
        return True

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[DagsterEvent]:
        """Submit the plan's graph and follow it; steps that fail let independent ones go on.

        Raises:
            DagsterInvariantViolationError: the pipeline cannot be sent to workers.
            DagsterStepExecutionFailed: steps failed, and errors are to be raised.
        """
        payload = encode_payload(_payload(plan_context, self._retries), self._ship_code)
        with self._kind.open(self._cluster) as client:
            yield from Driver(plan_context, execution_plan, client, payload).run()


def _payload(plan_context: PlanOrchestrationContext, retries: RetryMode) -> Payload:
    run = plan_context.pipeline_run
    definition = plan_context.pipeline_def
    configured = (run.run_config.get("solids") or run.run_config.get("ops") or {}).keys()
    return Payload(
        pipeline=definition,
        run=run,
        ignored_solids=tuple(name for name in configured if not definition.has_solid_named(name)),
        artifacts_dir=plan_context.instance.storage_directory,
        retries_enabled=retries is not RetryMode.DISABLED,
    )

"""What steps that a plan needs, and does not execute, left in the run before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dagsterlite.errors import DagsterStepNotStoredError
from dagsterlite.events.receipt import Receipt
from dagsterlite.execution.run_context import RunContext
from dagsterlite.plan.execution_plan import ExecutionPlan


def earlier_receipts(
    run_context: RunContext, plan: ExecutionPlan, known: Mapping[str, Receipt] | None = None
) -> dict[str, Receipt]:
    """Return the receipts of the steps that are needed but not executed in this plan.

    Args:
        run_context: The run.
        plan: The plan.
        known: Receipts that are at hand, of failed steps too; others are read from the storage.

    Raises:
        DagsterStepNotStoredError: the run has no stored outputs of one.
    """
    receipts: dict[str, Receipt] = {}
    _complete(run_context, plan.awaited_keys, known or {}, receipts)
    _complete(run_context, plan.resolve(receipts).needed_keys, known or {}, receipts)
    return receipts


def _complete(
    run_context: RunContext,
    keys: Iterable[str],
    known: Mapping[str, Receipt],
    receipts: dict[str, Receipt],
) -> None:
    for key in keys:
        if key in receipts:
            continue
        if key in known:
            receipts[key] = known[key]
            continue
        manifest = run_context.storage.read_manifest(key)
        if manifest is None:
            reason = f"run {run_context.run_id} has no stored outputs of it"
            raise DagsterStepNotStoredError(key, reason)
        receipts[key] = manifest.receipt

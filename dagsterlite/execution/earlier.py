"""What steps that a plan needs, and does not execute, left in the run before."""

from __future__ import annotations

from collections.abc import Mapping

from dagsterlite.errors import DagsterInvariantViolationError
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
        DagsterInvariantViolationError: the run has no stored outputs of one.
    """
    executed = frozenset(plan.step_keys_to_execute)
    needed = {key for keys in plan.upstream_keys.values() for key in keys} - executed
    receipts: dict[str, Receipt] = {}
    for key in sorted(needed):
        if known and key in known:
            receipts[key] = known[key]
            continue
        manifest = run_context.storage.read_manifest(key)
        if manifest is None:
            message = (
                f"Step '{key}' is needed but not among the steps to execute, and run "
                f"{run_context.run_id} has no stored outputs of it. Execute it too."
            )
            raise DagsterInvariantViolationError(message)
        receipts[key] = manifest.receipt
    return receipts

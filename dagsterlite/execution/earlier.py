"""What steps that a plan needs, and does not execute, left in the run before."""

from __future__ import annotations

from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.events.receipt import Receipt
from dagsterlite.execution.run_context import RunContext
from dagsterlite.plan.execution_plan import ExecutionPlan


def earlier_receipts(run_context: RunContext, plan: ExecutionPlan) -> dict[str, Receipt]:
    """Return the receipts of the steps that are needed but not executed in this plan.

    Raises:
        DagsterInvariantViolationError: the run has no stored outputs of one.
    """
    receipts: dict[str, Receipt] = {}
    fan_outs = (fan_out for step in plan.unresolved_steps for fan_out in step.fan_outs)
    _read_missing(run_context, plan, {fan_out.output.step_key for fan_out in fan_outs}, receipts)
    resolved = plan.resolve(receipts)
    needed = {key for keys in resolved.upstream_keys.values() for key in keys}
    _read_missing(run_context, resolved, needed, receipts)
    return receipts


def _read_missing(
    run_context: RunContext, plan: ExecutionPlan, keys: set[str], receipts: dict[str, Receipt]
) -> None:
    for key in sorted(keys - receipts.keys() - set(plan.step_keys_to_execute)):
        manifest = run_context.storage.read_manifest(key)
        if manifest is None:
            message = (
                f"Step '{key}' is needed but not among the steps to execute, and run "
                f"{run_context.run_id} has no stored outputs of it. Execute it too."
            )
            raise DagsterInvariantViolationError(message)
        receipts[key] = manifest.receipt

"""Parts of a plan, executed in this process in the order that an executor asks for."""

from __future__ import annotations

from collections.abc import Iterator

from dagsterlite.events.event import DagsterEvent
from dagsterlite.execution.executor import PlanOrchestrationContext
from dagsterlite.execution.in_process import Done, PlanExecution
from dagsterlite.execution.resources import ResourceManager
from dagsterlite.plan.execution_plan import ExecutionPlan


class SubPlans:
    """Executes parts of one run's plan; each part knows what the earlier ones left.

    Args:
        resources: The run's resources in this process: made when a step first needs them.
    """

    def __init__(self, resources: ResourceManager) -> None:
        self._resources = resources
        self._done = Done()

    def execute(
        self, plan_context: PlanOrchestrationContext, plan: ExecutionPlan
    ) -> Iterator[DagsterEvent]:
        """Execute a part of the plan; yield its events.

        Raises:
            DagsterInvariantViolationError: a step that is needed was not executed yet.
        """
        yield from PlanExecution(plan_context, plan, self._resources, self._done).run()

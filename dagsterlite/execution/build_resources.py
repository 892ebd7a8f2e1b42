"""Resources made outside of any run: for a test or a script that shares a run's definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagsterlite.errors import ParameterCheckError
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.loose_resources import LooseInstance, LooseResources
from dagsterlite.execution.resources import ScopedResources
from dagsterlite.execution.surroundings import console_log
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import DagsterRun

_OWNER = "build_resources"


@contextmanager
def build_resources(
    resources: Mapping[str, Any],
    instance: DagsterInstance | None = None,
    resource_config: Mapping[str, Any] | None = None,
    pipeline_run: DagsterRun | None = None,
    log_manager: DagsterLogManager | None = None,
) -> Iterator[ScopedResources]:
    """Make resources as a run would, and tear them down when the block ends.

    ::

        with build_resources({"database": database}, resource_config={"database": {…}}) as made:
            made.database.query(…)

    Args:
        resources: By key, the values or definitions. What one requires must be among them.
        instance: What ``init_context.instance`` is (default: one in memory).
        resource_config: By key, the config of definitions, with or without the ``config`` level.
        pipeline_run: What ``init_context.pipeline_run`` is (default: None).
        log_manager: What resource functions log to (default: the console).

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: a key is wrong, or a definition requires a resource that is
            not there.
        DagsterInvalidConfigError: a config does not fit; all misfits, with their paths.
        DagsterResourceFunctionError: a resource cannot be made. Those made before it are torn
            down.
    """
    if pipeline_run is not None and not isinstance(pipeline_run, DagsterRun):
        raise ParameterCheckError(_OWNER, "pipeline_run", "a PipelineRun", pipeline_run)
    if log_manager is not None and not isinstance(log_manager, DagsterLogManager):
        raise ParameterCheckError(_OWNER, "log_manager", "a DagsterLogManager", log_manager)
    made = LooseResources(
        _OWNER,
        resources,
        resource_config,
        log_manager or console_log(),
        LooseInstance(_OWNER, instance),
        pipeline_run,
    )
    try:
        made.enter()
        yield made.scoped()
    finally:
        made.tear_down()

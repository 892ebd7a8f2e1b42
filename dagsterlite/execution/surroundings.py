"""What stands, for a definition that is called directly, for what a run would have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from dagsterlite.definitions.console import colored_console_logger
from dagsterlite.definitions.logger import InitLoggerContext
from dagsterlite.errors import DagsterInvalidInvocationError, listed, near
from dagsterlite.execution.attempt_log import AttemptLog, Nowhere
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.loose_resources import LooseInstance, LooseResources
from dagsterlite.execution.resources import ScopedResources
from dagsterlite.instance import DagsterInstance

NO_RUN = "EPHEMERAL"
"""What stands for a run's id where there is no run."""


def console_log() -> DagsterLogManager:
    """Return what logs to the console, and to no event log."""
    context = InitLoggerContext(
        logger_config=colored_console_logger.default_config(), logger_def=colored_console_logger
    )
    console = colored_console_logger.logger_fn(context)
    return DagsterLogManager(AttemptLog(Nowhere(), run_id=NO_RUN, pipeline_name=""), [console])


@dataclass(frozen=True)
class Surroundings:
    """What stands in a test for what a run would have."""

    resources: LooseResources
    log: DagsterLogManager
    instance: LooseInstance

    @staticmethod
    def of(
        owner: str,
        resources: Mapping[str, Any] | None,
        resources_config: Mapping[str, Any] | None,
        instance: DagsterInstance | None,
    ) -> Surroundings:
        """Make them of what a function was given.

        Raises:
            CheckError: an argument is of the wrong type.
            DagsterInvalidConfigError: the config of a resource does not fit.
        """
        log, opened = console_log(), LooseInstance(owner, instance)
        loose = LooseResources(owner, resources, resources_config, log, opened)
        return Surroundings(loose, log, opened)


class Entered:
    """What contexts with resources have in common."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around

    def __enter__(self) -> Self:
        self.around.resources.enter()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.around.resources.tear_down()

    @property
    def resources(self) -> ScopedResources:
        """The resources that were given.

        Raises:
            DagsterInvariantViolationError: one of them is a generator, and the context is not
                entered.
        """
        return self.around.resources.scoped()

    def require(self, label: str, keys: Iterable[str]) -> ScopedResources:
        """Return the resources that a definition requires.

        Raises:
            DagsterInvalidInvocationError: one was not given.
        """
        known = self.around.resources.keys
        for key in sorted(keys):
            if key not in known:
                message = (
                    f"{label} requires resource '{key}', which the context does not have."
                    f"{near(key, known)} Its resources: {listed(known)}. Give it when the context "
                    f"is built: resources={{'{key}': …}}."
                )
                raise DagsterInvalidInvocationError(message)
        return self.around.resources.scoped(keys)

    @property
    def log(self) -> DagsterLogManager:
        """Logs to the console."""
        return self.around.log

    @property
    def instance(self) -> DagsterInstance:
        """The instance that was given, else one in memory."""
        return self.around.instance()

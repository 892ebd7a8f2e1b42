"""The contexts that a test hands to resources and loggers which it calls directly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dagsterlite.definitions.logger import InitLoggerContext, LoggerDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.resource import InitResourceContext, ResourceDefinition
from dagsterlite.errors import ParameterCheckError
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.loose_resources import resolved
from dagsterlite.execution.surroundings import Entered, Surroundings
from dagsterlite.instance import DagsterInstance


class UnboundInitResourceContext(Entered):
    """The context of a resource that is called directly.

    Made by :func:`build_init_resource_context`.
    """

    def __init__(self, around: Surroundings, config: Any) -> None:
        super().__init__(around)
        #: The config that was given.
        self.resource_config = config

    @property
    def log_manager(self) -> DagsterLogManager:
        """Logs to the console."""
        return self.around.log

    @property
    def run_id(self) -> None:
        """None: there is no run."""
        return

    @property
    def pipeline_run(self) -> None:
        """None: there is no run."""
        return

    def bind(self, definition: ResourceDefinition) -> InitResourceContext:
        """Return the context that the resource's function is given.

        Raises:
            DagsterInvalidInvocationError: a resource that it requires was not given.
            DagsterInvalidConfigError: the config does not fit.
        """
        return InitResourceContext(
            resource_config=resolved(
                definition.label, definition.config_field, self.resource_config
            ),
            resource_def=definition,
            run_id=None,
            pipeline_run=None,
            log_manager=self.log,
            resources=self.require(definition.label, definition.required_resource_keys),
            open_instance=self.around.instance,
            artifacts_dir=self.around.instance.artifacts_dir,
        )


def build_init_resource_context(
    config: Any = None,
    resources: Mapping[str, Any] | None = None,
    instance: DagsterInstance | None = None,
) -> UnboundInitResourceContext:
    """Build the context for calling a resource directly, e.g. in a test.

    Where one of the resources cleans up after itself, the context must be entered.

    Args:
        config: The resource's config.
        resources: By key, the values or definitions of the resources that it requires.
        instance: What ``init_context.instance`` is (default: one in memory).

    Raises:
        CheckError: an argument is of the wrong type.
    """
    around = Surroundings.of("build_init_resource_context", resources, None, instance)
    return UnboundInitResourceContext(around, config)


@dataclass(frozen=True, kw_only=True)
class UnboundInitLoggerContext:
    """The context of a logger that is called directly; see :func:`build_init_logger_context`."""

    logger_config: Any = None
    pipeline_def: PipelineDefinition | None = None
    run_id: str | None = None

    def bind(self, definition: LoggerDefinition) -> InitLoggerContext:
        """Return the context that the logger's function is given.

        Raises:
            DagsterInvalidConfigError: the config does not fit.
        """
        return InitLoggerContext(
            logger_config=resolved(definition.label, definition.config_field, self.logger_config),
            logger_def=definition,
            pipeline_def=self.pipeline_def,
            run_id=self.run_id,
        )


def build_init_logger_context(
    logger_config: Any = None, pipeline_def: PipelineDefinition | None = None
) -> UnboundInitLoggerContext:
    """Build the context for calling a logger directly, e.g. in a test.

    Args:
        logger_config: The logger's config.
        pipeline_def: What ``init_context.pipeline_def`` is.

    Raises:
        ParameterCheckError: ``pipeline_def`` is no pipeline.
    """
    if pipeline_def is not None and not isinstance(pipeline_def, PipelineDefinition):
        owner = "build_init_logger_context"
        raise ParameterCheckError(owner, "pipeline_def", "a PipelineDefinition", pipeline_def)
    return UnboundInitLoggerContext(logger_config=logger_config, pipeline_def=pipeline_def)

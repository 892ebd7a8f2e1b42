"""The contexts that tests hand to definitions which they call directly."""

from __future__ import annotations

import pdb  # noqa: T100 - users debug from within a solid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Self

from dagsterlite.definitions.console import colored_console_logger
from dagsterlite.definitions.logger import InitLoggerContext, LoggerDefinition
from dagsterlite.definitions.node import Solid
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.resource import InitResourceContext, ResourceDefinition
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.errors import (
    CheckError,
    DagsterInvalidInvocationError,
    DagsterInvalidPropertyError,
    ParameterCheckError,
    listed,
    near,
)
from dagsterlite.execution.attempt_log import AttemptLog, Nowhere
from dagsterlite.execution.contexts import AbstractComputeExecutionContext, TypeCheckContext
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.loose_resources import LooseInstance, LooseResources, resolved
from dagsterlite.execution.resources import ScopedResources
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import DagsterRun
from dagsterlite.types.dagster_type import DagsterType

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


class _Entered:
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


class UnboundSolidExecutionContext(_Entered, AbstractComputeExecutionContext):
    """The context of a solid that is called directly; made by :func:`build_solid_context`.

    What only a run has raises :class:`~dagsterlite.errors.DagsterInvalidPropertyError`.
    """

    def __init__(self, around: Surroundings, config: Any) -> None:
        super().__init__(around)
        self._config = config

    @property
    def solid_config(self) -> Any:
        return self._config

    @property
    def run_id(self) -> str:
        """``EPHEMERAL``: there is no run."""
        return NO_RUN

    @property
    def pdb(self) -> pdb.Pdb:
        """Allows pdb debugging from within the solid, e.g. ``context.pdb.set_trace()``."""
        return pdb.Pdb()

    @property
    def retry_number(self) -> int:
        """0: a direct call is not tried again."""
        return 0

    def has_tag(self, key: str) -> bool:
        return self.get_tag(key) is not None

    def get_tag(self, key: str) -> str | None:
        return None

    # --- what only a run, or a call, has ---

    @property
    def pipeline_def(self) -> PipelineDefinition:
        self._refuse("pipeline_def")

    @property
    def pipeline_name(self) -> str:
        """Only a run has it."""
        self._refuse("pipeline_name")

    @property
    def pipeline_run(self) -> DagsterRun:
        self._refuse("pipeline_run")

    @property
    def run_config(self) -> Mapping[str, Any]:
        """Only a run has it."""
        self._refuse("run_config")

    @property
    def mode_def(self) -> Any:
        """Only a run has it."""
        self._refuse("mode_def")

    @property
    def step_key(self) -> str:
        """Only a run has it."""
        self._refuse("step_key")

    @property
    def solid_handle(self) -> Any:
        """Only a run has it."""
        self._refuse("solid_handle")

    @property
    def solid(self) -> Solid:
        self._refuse("solid")

    @property
    def solid_def(self) -> SolidDefinition:
        self._refuse("solid_def")

    def _refuse(self, name: str) -> NoReturn:
        message = (
            f"The context has no '{name}': it belongs to no run, since the solid is called "
            "directly. Test what needs it by execute_solid or execute_pipeline."
        )
        raise DagsterInvalidPropertyError(message)


class BoundSolidExecutionContext(UnboundSolidExecutionContext):
    """The same as a solid's function is given it: with the solid, its config and its resources.

    Args:
        context: What the test handed over.
        solid_def: The solid.
        tags: The tags of the solid's place, where it was given some.

    Raises:
        DagsterInvalidInvocationError: a resource that the solid requires was not given.
        DagsterInvalidConfigError: the config does not fit.
    """

    def __init__(
        self,
        context: UnboundSolidExecutionContext,
        solid_def: SolidDefinition,
        tags: Mapping[str, str],
    ) -> None:
        config = resolved(solid_def.label, solid_def.config_field, context.solid_config)
        super().__init__(context.around, config)
        self._solid_def = solid_def
        self._tags = {**solid_def.tags, **tags}
        self._required = self.require(solid_def.label, solid_def.required_resource_keys)

    @property
    def resources(self) -> ScopedResources:
        return self._required

    @property
    def solid_def(self) -> SolidDefinition:
        return self._solid_def

    def get_tag(self, key: str) -> str | None:
        return self._tags.get(key)

    def resources_for(self, keys: Iterable[str]) -> ScopedResources:
        """Return the resources of these keys.

        Raises:
            DagsterInvalidInvocationError: one was not given.
        """
        return self.require(self._solid_def.label, keys)

    def for_type(self, dagster_type: DagsterType) -> TypeCheckContext:
        """Return the context for checking values of a type."""
        return TypeCheckContext(self, dagster_type)


def build_solid_context(
    resources: Mapping[str, Any] | None = None,
    config: Any = None,
    instance: DagsterInstance | None = None,
    *,
    solid_config: Any = None,
    resources_config: Mapping[str, Any] | None = None,
) -> UnboundSolidExecutionContext:
    """Build the context for calling a solid directly, e.g. in a test.

    A resource that cleans up after itself needs the context to be entered::

        with build_solid_context(resources={"database": database}) as context:
            assert my_solid(context, 1) == 2

    Args:
        resources: By key, values or resource definitions.
        config: The solid's config; ``solid_config`` is the same argument.
        instance: What ``context.instance`` is (default: one in memory).
        solid_config: The solid's config.
        resources_config: By key, the config of resource definitions.

    Raises:
        CheckError: an argument is of the wrong type, or the config is given twice.
        DagsterInvalidConfigError: the config of a resource does not fit.
    """
    owner = "build_solid_context"
    if config is not None and solid_config is not None:
        message = f"{owner}: 'config' and 'solid_config' are two names of one argument: give one."
        raise CheckError(message)
    around = Surroundings.of(owner, resources, resources_config, instance)
    return UnboundSolidExecutionContext(around, solid_config if config is None else config)


class UnboundInitResourceContext(_Entered):
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

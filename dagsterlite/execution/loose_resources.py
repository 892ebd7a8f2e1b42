"""Resources outside of any run: values as they are, definitions made when they are needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dagsterlite.config import Field, Shape, resolve_config
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.resource import InitResourceContext, ResourceDefinition
from dagsterlite.errors import (
    DagsterInvalidConfigError,
    DagsterInvariantViolationError,
    ParameterCheckError,
)
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ResourceManager, ScopedResources
from dagsterlite.instance import DagsterInstance
from dagsterlite.run_config.section import CONFIG, Section
from dagsterlite.runs import DagsterRun


def resolved(owner: str, field: Field | None, given: Any) -> Any:
    """Return a config checked against its schema, with its defaults; as it is without a schema.

    Raises:
        DagsterInvalidConfigError: it does not fit.
    """
    if field is None:
        return given
    sections = {} if given is None else {CONFIG: given}
    evaluation = resolve_config(Shape({CONFIG: field}), sections, root=owner)
    if not evaluation.success:
        message = f"Error in config for {owner}"
        raise DagsterInvalidConfigError(message, evaluation.errors, given)
    return evaluation.value.get(CONFIG)


class LooseResources:
    """The resources of a context that belongs to no run.

    Args:
        owner: What was given them, for messages.
        given: By key, a value or a ResourceDefinition.
        configs: The config of definitions, by key.
        log: What resource functions log to.
        instance: Opens what they find as their context's instance.
        run: What they find as their context's run.

    Raises:
        ParameterCheckError: an argument is no dict.
        DagsterInvalidDefinitionError: a key is wrong, or a definition requires one that is not
            there.
        DagsterInvalidConfigError: a config does not fit.
    """

    def __init__(
        self,
        owner: str,
        given: Mapping[str, Any] | None,
        configs: Mapping[str, Any] | None,
        log: DagsterLogManager,
        instance: LooseInstance,
        run: DagsterRun | None = None,
    ) -> None:
        self._owner = owner
        self._mode = ModeDefinition(resource_defs=_definitions(owner, given))
        resolved_configs = _configs(owner, self._mode, configs)
        self._manager = ResourceManager(self._mode, resolved_configs, self._context)
        self._log = log
        self._instance = instance
        self._run = run
        self._is_entered = False

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the resources."""
        return self._mode.resource_key_set

    def _context(self, key: str, config: Any, required: ScopedResources) -> InitResourceContext:
        return InitResourceContext(
            resource_config=config,
            resource_def=self._mode.resource_defs[key],
            run_id=None if self._run is None else self._run.run_id,
            pipeline_run=self._run,
            log_manager=self._log,
            resources=required,
            open_instance=self._instance,
            artifacts_dir=self._instance.artifacts_dir,
        )

    def scoped(self, keys: Iterable[str] | None = None) -> ScopedResources:
        """Return the resources of these keys (default: all).

        Raises:
            DagsterInvariantViolationError: one cleans up after itself, and the context is not
                entered.
            DagsterResourceFunctionError: one cannot be made.
        """
        found = self._manager.scoped(self.keys if keys is None else keys)
        if self._manager.cleans_up and not self._is_entered:
            self.tear_down()
            message = (
                f"At least one of the resources given to {self._owner} is a generator, which "
                "cleans up after itself, so its context must be entered: "
                f"with {self._owner}(…) as context: …"
            )
            raise DagsterInvariantViolationError(message)
        return found

    def enter(self) -> None:
        """Make all resources; they stay until :meth:`tear_down`."""
        self._is_entered = True
        self._manager.make(sorted(self.keys))

    def tear_down(self) -> None:
        """Let each resource clean up; raise the first error when all have."""
        errors: list[BaseException] = []
        self._manager.tear_down(lambda _key, exc: errors.append(exc))
        self._is_entered = False
        if errors:
            raise errors[0]


def _definitions(owner: str, given: Any) -> dict[str, ResourceDefinition]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ParameterCheckError(owner, "resources", "a dict", given)
    return {
        key: value
        if isinstance(value, ResourceDefinition)
        else ResourceDefinition.hardcoded_resource(value)
        for key, value in given.items()
    }


def _configs(owner: str, mode: ModeDefinition, given: Any) -> dict[str, Any]:
    if given is not None and not isinstance(given, Mapping):
        raise ParameterCheckError(owner, "resources_config", "a dict", given)
    sections = {key: Section(d) for key, d in mode.resource_defs.items()}
    evaluation = resolve_config(Shape(sections), dict(given or {}), root=owner)
    if not evaluation.success:
        message = f"Error in config for the resources of {owner}"
        raise DagsterInvalidConfigError(message, evaluation.errors, given)
    return {key: section.get(CONFIG) for key, section in evaluation.value.items()}


class LooseInstance:
    """The instance of a context that belongs to no run: the one given, else one in memory."""

    def __init__(self, owner: str, given: DagsterInstance | None) -> None:
        if given is not None and not isinstance(given, DagsterInstance):
            raise ParameterCheckError(owner, "instance", "a DagsterInstance", given)
        self._instance = given

    @property
    def artifacts_dir(self) -> str | None:
        """Where the instance keeps files, if one was given."""
        return None if self._instance is None else self._instance.storage_directory()

    def __call__(self) -> DagsterInstance:
        """Return the instance."""
        if self._instance is None:
            self._instance = DagsterInstance.ephemeral()
        return self._instance

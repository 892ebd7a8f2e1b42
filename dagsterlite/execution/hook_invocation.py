"""Calling a hook by itself, in a test: its context, made by hand, and the call."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, NoReturn, Self, cast

from dagsterlite.definitions.composition import PendingInvocation
from dagsterlite.definitions.hook import HookDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import NodeDefinition, Solid
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.resource import InitResourceContext, ResourceDefinition
from dagsterlite.errors import (
    CheckError,
    DagsterInvalidInvocationError,
    DagsterInvalidPropertyError,
    DagsterInvariantViolationError,
    ParameterCheckError,
    listed,
    near,
    shown,
)
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.execution.attempt_log import AttemptLog
from dagsterlite.execution.hook_contexts import HookContext
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ResourceManager, ScopedResources
from dagsterlite.execution.run_context import make_loggers
from dagsterlite.instance import DagsterInstance
from dagsterlite.run_config.resolved import EnvironmentConfig

NO_RUN: Final = "EPHEMERAL"
"""The run id that a context has outside a run, unless it is given one."""

_OWNER: Final = "build_hook_context"


def _only_in_run(name: str) -> Any:
    def refuse(_self: object) -> NoReturn:
        raise DagsterInvalidPropertyError(
            f"context.{name} is not known where a hook is called by itself: it belongs to a run."
        )

    return property(refuse, doc=f"Refused: ``{name}`` belongs to a run.")


def _only_if_given(name: str, argument: str, value: Any) -> Any:
    if value is None:
        raise DagsterInvalidPropertyError(
            f"context.{name} is not known where a hook is called by itself, unless it is given: "
            f"{_OWNER}({argument}=…)."
        )
    return value


class UnboundHookContext(HookContext):
    """A hook's context outside a run, made by :func:`build_hook_context`.

    It is a context manager too: at the block's end the resources that are generators clean up.
    """

    def __init__(
        self,
        resources: Mapping[str, Any],
        mode_def: ModeDefinition | None,
        solid: Solid | None,
        run_id: str | None,
        job_name: str | None,
        exception: BaseException | None,
        instance: DagsterInstance | None,
    ) -> None:
        self._mode_def = mode_def
        self._solid = solid
        self._run_id = run_id or NO_RUN
        self._job_name = job_name
        self._exception = exception
        self._instance = instance
        self._bound_to: HookDefinition | None = None
        self._is_entered = False
        mode = ModeDefinition(
            resource_defs={
                key: value
                if isinstance(value, ResourceDefinition)
                else ResourceDefinition.hardcoded_resource(value)
                for key, value in resources.items()
            }
        )
        pipeline = PipelineDefinition([], name=_OWNER, mode_defs=[mode])
        config = EnvironmentConfig.build(pipeline)
        log = AttemptLog(_Nowhere(), run_id=self._run_id, pipeline_name=job_name or _OWNER)
        self._log = DagsterLogManager(log, make_loggers(pipeline, mode, config, self._run_id))
        self._keys = frozenset(resources)
        self._manager = ResourceManager(mode, config.resources, self._init_context)

    def _init_context(
        self, key: str, config: Any, required: ScopedResources
    ) -> InitResourceContext:
        return InitResourceContext(
            resource_config=config,
            resource_def=self._manager.definition(key),
            run_id=None,
            pipeline_run=None,
            log_manager=self._log,
            resources=required,
            open_instance=lambda: self.instance,
        )

    def bound_to(self, hook_def: HookDefinition) -> UnboundHookContext:
        """Return the context as one hook sees it.

        Raises:
            DagsterInvalidInvocationError: it lacks a resource that the hook requires.
        """
        missing = hook_def.required_resource_keys - self._keys
        if missing:
            key = min(missing)
            raise DagsterInvalidInvocationError(
                f"{hook_def.label} requires resource '{key}', which the context lacks."
                f"{near(key, self._keys)} Its resources: {listed(self._keys)}. Give it: "
                f"{_OWNER}(resources={{'{key}': …}})."
            )
        bound = copy.copy(self)
        bound._bound_to = hook_def  # noqa: SLF001 - a copy of this very object
        return bound

    def __enter__(self) -> Self:
        self._is_entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._is_entered = False
        self._manager.tear_down(_raise)

    @property
    def resources(self) -> ScopedResources:
        keys = self._keys if self._bound_to is None else self._bound_to.required_resource_keys
        found = self._manager.scoped(keys)
        if self._manager.cleans_up and not self._is_entered:
            self._manager.tear_down(_raise)
            raise DagsterInvariantViolationError(
                "A resource of the context is a generator, which is to clean up: write "
                f"`with {_OWNER}(…) as context:` and use the context inside that block."
            )
        return found

    @property
    def hook_def(self) -> HookDefinition:
        if self._bound_to is None:
            raise DagsterInvalidPropertyError(
                "context.hook_def is known only to the hook that is called with the context."
            )
        return self._bound_to

    @property
    def solid(self) -> Solid:
        return cast(Solid, _only_if_given("solid", "solid", self._solid))

    @property
    def mode_def(self) -> ModeDefinition:
        return cast(ModeDefinition, _only_if_given("mode_def", "mode_def", self._mode_def))

    @property
    def run_id(self) -> str:
        return self._run_id

    @property
    def pipeline_name(self) -> str:
        return cast(str, _only_if_given("pipeline_name", "job_name", self._job_name))

    @property
    def instance(self) -> DagsterInstance:
        return cast(DagsterInstance, _only_if_given("instance", "instance", self._instance))

    step = _only_in_run("step")
    step_key = _only_in_run("step_key")
    solid_handle = _only_in_run("solid_handle")
    solid_config = _only_in_run("solid_config")
    solid_output_values = _only_in_run("solid_output_values")
    retry_number = _only_in_run("retry_number")
    pipeline_run = _only_in_run("pipeline_run")


class _Nowhere:
    """Keeps nothing: outside a run there is no event log."""

    def emit(self, entry: EventLogEntry) -> None:
        pass


def _raise(_key: str, exc: BaseException) -> None:
    raise exc


def build_hook_context(
    resources: Mapping[str, Any] | None = None,
    mode_def: ModeDefinition | None = None,
    solid: NodeDefinition | PendingInvocation | None = None,
    *,
    op: NodeDefinition | PendingInvocation | None = None,
    run_id: str | None = None,
    job_name: str | None = None,
    op_exception: BaseException | None = None,
    instance: DagsterInstance | None = None,
) -> UnboundHookContext:
    """Make the context for a hook that a test calls by itself.

    Where a resource is a generator, use it as a context manager::

        with build_hook_context(resources={"slack": slack_resource}, solid=load) as context:
            tell_of_success(context)

    Args:
        resources: Resource definitions, or the resources themselves, by key.
        mode_def: What ``context.mode_def`` is.
        solid: What ``context.solid`` is made of: a solid, perhaps with an alias, tags or hooks.
        op: The same by its newer name; give one of the two.
        run_id: What ``context.run_id`` is (default ``EPHEMERAL``).
        job_name: What ``context.pipeline_name`` is.
        op_exception: What ``context.solid_exception`` is.
        instance: What ``context.instance`` is.

    Raises:
        CheckError: an argument is of the wrong type, or contradicts another.
        DagsterInvalidConfigError: a resource needs config, which there is no way to give it here.
    """
    _check("resources", Mapping, "a dict", resources)
    _check("mode_def", ModeDefinition, "a ModeDefinition", mode_def)
    _check("run_id", str, "a text", run_id)
    _check("job_name", str, "a text", job_name)
    _check("op_exception", BaseException, "an exception", op_exception)
    _check("instance", DagsterInstance, "a DagsterInstance", instance)
    if solid is not None and op is not None:
        raise CheckError(f"{_OWNER}: 'solid' and 'op' are two names of one argument. Give one.")
    node = solid if op is None else op
    _check("solid", (NodeDefinition, PendingInvocation), "a solid", node)
    place = None if node is None else _placed(node)
    return UnboundHookContext(
        resources or {}, mode_def, place, run_id, job_name, op_exception, instance
    )


def _check(argument: str, kinds: type | tuple[type, ...], expected: str, value: Any) -> None:
    if value is not None and not isinstance(value, kinds):
        raise ParameterCheckError(_OWNER, argument, expected, value)


def _placed(node: NodeDefinition | PendingInvocation) -> Solid:
    if isinstance(node, NodeDefinition):
        return Solid(node.name, node, node.tags)
    definition = cast(NodeDefinition, node.node)
    tags = {**definition.tags, **node.tags}
    return Solid(node.name, definition, tags, node.hook_defs, node.retry_policy)


def invoke_hook(hook: HookDefinition, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Call the function that a hook was made of, with a context made by hand.

    Raises:
        DagsterInvalidInvocationError: the hook has no such function, the arguments are not what it
            takes, or the context lacks a resource that it requires.
    """
    function = hook.decorated_fn
    if function is None:
        raise DagsterInvalidInvocationError(
            f"{hook.label} was made without a decorator: there is no function of the user's to "
            "call. Only hooks made by @success_hook, @failure_hook or @event_list_hook can be "
            "called."
        )
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except TypeError as exc:
        raise DagsterInvalidInvocationError(
            f"{hook.label} was called wrongly: {exc}. Its function takes "
            f"{inspect.signature(function)}."
        ) from None
    first, context = next(iter(bound.arguments.items()))
    if not isinstance(context, HookContext):
        raise DagsterInvalidInvocationError(
            f"{hook.label} must be called with a context from {_OWNER}, not {shown(context)}."
        )
    if isinstance(context, UnboundHookContext):
        bound.arguments[first] = context.bound_to(hook)
    return function(*bound.args, **bound.kwargs)

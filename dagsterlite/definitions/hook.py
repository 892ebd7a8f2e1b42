"""Hooks: functions that are called when a step has ended, for what it is not worth a step to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeVar, overload

from dagsterlite import plugins
from dagsterlite.definitions.naming import check_name
from dagsterlite.definitions.signature import name_of
from dagsterlite.errors import DagsterInvalidDefinitionError, ParameterCheckError, shown
from dagsterlite.events.event import DagsterEvent
from dagsterlite.types.callables import check_function
from dagsterlite.types.requirements import resource_keys

HookFn = Callable[[Any, Sequence[DagsterEvent]], "HookExecutionResult"]


@dataclass(frozen=True)
class HookExecutionResult:
    """What a hook did.

    Args:
        hook_name: The hook's name.
        is_skipped: Whether it had nothing to do, e.g. because it is for another end of the step.

    Raises:
        CheckError: an argument is of the wrong type.
    """

    hook_name: str
    is_skipped: bool = False

    def __post_init__(self) -> None:
        owner = "HookExecutionResult"
        if not isinstance(self.hook_name, str):
            raise ParameterCheckError(owner, "hook_name", "a text", self.hook_name)
        if not isinstance(self.is_skipped, bool):
            raise ParameterCheckError(owner, "is_skipped", "a bool", self.is_skipped)


class Hookable(ABC):
    """What a hook may stand above as a decorator."""

    @abstractmethod
    def with_hooks(self, hook_defs: Iterable[HookDefinition]) -> Self:
        """Return the same with further hooks, which apply to every solid inside.

        Args:
            hook_defs: A set of hooks.

        Raises:
            CheckError: it holds something else.
            DagsterInvalidDefinitionError: a mode lacks a resource that a hook requires.
        """


T = TypeVar("T", bound=Hookable)


class HookDefinition:
    """A function that is called on the worker of a step when the step has ended.

    Usually made by :func:`success_hook`, :func:`failure_hook` or :func:`event_list_hook`. A hook
    runs once for the attempt that ends a step with success or failure: not for one that is tried
    again, skipped or canceled. What it raises is told by HOOK_ERRORED and changes neither the step
    nor the run. Where a step takes its worker down, its hooks run on another one.

    Args:
        name: Letters, digits and underscores.
        hook_fn: Called with a :class:`HookContext` and the events of the attempt; returns a
            :class:`HookExecutionResult`.
        required_resource_keys: The resources that ``context.resources`` has.
        decorated_fn: The user's own function, where a decorator made the hook: what a direct call
            of the hook calls.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: the name or the function's signature is wrong.
    """

    def __init__(
        self,
        name: str,
        hook_fn: HookFn,
        required_resource_keys: Iterable[str] | None = None,
        decorated_fn: Callable[..., Any] | None = None,
    ) -> None:
        self.name = check_name("hook", name)
        self.hook_fn: HookFn = check_function(
            self.label, "hook_fn", hook_fn, takes=("context", "event_list")
        )
        self.required_resource_keys = resource_keys(self.label, required_resource_keys)
        self.decorated_fn = decorated_fn

    @property
    def label(self) -> str:
        """The kind and name, for messages."""
        return f"hook '{self.name}'"

    @overload
    def __call__(self, target: T, /) -> T: ...

    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the hook to the pipeline below it, or call its function in a test.

        ``@my_hook`` above ``@pipeline`` gives every solid of the pipeline the hook.
        ``my_hook(build_hook_context(...))`` calls the function that the decorator was given, and
        returns what it returns; for a hook on event lists a list of events comes second.

        Raises:
            DagsterInvalidDefinitionError: the hook decorates something else.
            DagsterInvalidInvocationError: the arguments are not what the function takes.
        """
        target = args[0] if args else None
        if isinstance(target, Hookable):
            return target.with_hooks({self})
        if callable(target):
            message = (
                f"{self.label} decorates {shown(target)}, which is no pipeline. Put it above "
                f"@pipeline; a solid takes it by .with_hooks({{{self.name}}})."
            )
            raise DagsterInvalidDefinitionError(message)
        return plugins.load("invoke_hook")(self, args, kwargs)

    def __repr__(self) -> str:
        return f"HookDefinition({self.name!r})"


HookDefs = frozenset[HookDefinition]
"""Hooks as definitions keep them: the same one given twice is there once."""

NO_HOOKS: HookDefs = frozenset()


def check_hooks(owner: str, hook_defs: Any) -> HookDefs:
    """Return ``hook_defs`` as users give them as a frozen set; None means none.

    Raises:
        ParameterCheckError: it is no set of hooks.
    """
    if hook_defs is None:
        return NO_HOOKS
    expected = "a set of HookDefinition"
    if not isinstance(hook_defs, Iterable):
        raise ParameterCheckError(owner, "hook_defs", expected, hook_defs)
    hooks = list(hook_defs)
    for hook in hooks:
        if not isinstance(hook, HookDefinition):
            raise ParameterCheckError(owner, "hook_defs", expected, hook)
    return frozenset(hooks)


@overload
def success_hook(name: Callable[[Any], Any]) -> HookDefinition: ...


@overload
def success_hook(
    name: str | None = ..., required_resource_keys: Iterable[str] | None = ...
) -> Callable[[Callable[[Any], Any]], HookDefinition]: ...


def success_hook(
    name: str | Callable[[Any], Any] | None = None,
    required_resource_keys: Iterable[str] | None = None,
) -> HookDefinition | Callable[[Callable[[Any], Any]], HookDefinition]:
    """Make a hook that is called when a step has succeeded.

    For a step that failed it is told to be skipped::

        @success_hook(required_resource_keys={"slack"})
        def tell_of_success(context):
            context.resources.slack.post(f"{context.solid.name} is done")

    Args:
        name: The hook's name (default: the function's).
        required_resource_keys: The resources that ``context.resources`` has.

    Raises:
        CheckError: it decorates no function.
        DagsterInvalidDefinitionError: the function does not take one context.
    """
    return _on_end("@success_hook", "is_step_success", name, required_resource_keys)


@overload
def failure_hook(name: Callable[[Any], Any]) -> HookDefinition: ...


@overload
def failure_hook(
    name: str | None = ..., required_resource_keys: Iterable[str] | None = ...
) -> Callable[[Callable[[Any], Any]], HookDefinition]: ...


def failure_hook(
    name: str | Callable[[Any], Any] | None = None,
    required_resource_keys: Iterable[str] | None = None,
) -> HookDefinition | Callable[[Callable[[Any], Any]], HookDefinition]:
    """Make a hook that is called when a step has failed and is not tried again.

    For a step that succeeded it is told to be skipped. ``context.solid_exception`` is what the
    step raised.

    Args:
        name: The hook's name (default: the function's).
        required_resource_keys: The resources that ``context.resources`` has.

    Raises:
        CheckError: it decorates no function.
        DagsterInvalidDefinitionError: the function does not take one context.
    """
    return _on_end("@failure_hook", "is_step_failure", name, required_resource_keys)


@overload
def event_list_hook(name: Callable[..., HookExecutionResult]) -> HookDefinition: ...


@overload
def event_list_hook(
    name: str | None = ..., required_resource_keys: Iterable[str] | None = ...
) -> Callable[[Callable[..., HookExecutionResult]], HookDefinition]: ...


def event_list_hook(
    name: str | Callable[..., HookExecutionResult] | None = None,
    required_resource_keys: Iterable[str] | None = None,
) -> HookDefinition | Callable[[Callable[..., HookExecutionResult]], HookDefinition]:
    """Make a hook that decides from the events of the step's last attempt what to do.

    The function takes ``(context, event_list)`` and returns a :class:`HookExecutionResult`::

        @event_list_hook
        def tell_of_assets(context, event_list):
            written = [e for e in event_list if e.is_step_materialization]
            for event in written:
                context.log.info("wrote %s", event.asset_key)
            return HookExecutionResult("tell_of_assets", is_skipped=not written)

    Args:
        name: The hook's name (default: the function's).
        required_resource_keys: The resources that ``context.resources`` has.

    Raises:
        CheckError: it decorates no function.
        DagsterInvalidDefinitionError: the function does not take a context and a list.
    """
    if callable(name):
        return event_list_hook()(name)

    def wrap(fn: Callable[..., HookExecutionResult]) -> HookDefinition:
        hook_name = name_of("@event_list_hook", name, fn)
        return HookDefinition(hook_name, fn, required_resource_keys, decorated_fn=fn)

    return wrap


def _on_end(
    decorator: str,
    end: str,
    name: str | Callable[[Any], Any] | None,
    required_resource_keys: Iterable[str] | None,
) -> HookDefinition | Callable[[Callable[[Any], Any]], HookDefinition]:
    """Return what makes a hook for one end of a step, named by a property of its event."""

    def wrap(fn: Callable[[Any], Any], name: str | None = None) -> HookDefinition:
        hook_name = name_of(decorator, name, fn)
        check_function(f"{decorator} '{hook_name}'", "hook_fn", fn, takes=("context",))

        def hook_fn(context: Any, event_list: Sequence[DagsterEvent]) -> HookExecutionResult:
            is_its_end = any(getattr(event, end) for event in event_list)
            if is_its_end:
                fn(context)
            return HookExecutionResult(hook_name, is_skipped=not is_its_end)

        return HookDefinition(hook_name, hook_fn, required_resource_keys, decorated_fn=fn)

    return wrap(name) if callable(name) else lambda fn: wrap(fn, name)

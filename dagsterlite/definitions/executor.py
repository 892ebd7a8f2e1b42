"""Executors as users declare and select them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, overload

from dagsterlite.config import Field
from dagsterlite.definitions.arguments import description_of, list_of
from dagsterlite.definitions.configurable import config_field_of
from dagsterlite.definitions.configured import NamedConfigurableDefinition
from dagsterlite.definitions.naming import check_label
from dagsterlite.types.callables import check_function
from dagsterlite.types.requirements import resource_keys


class ExecutorRequirement(Enum):
    """What an executor may require of a run (seed 003)."""

    #: The pipeline can be loaded again in another process: it was given as ``reconstructable``.
    RECONSTRUCTABLE_PIPELINE = "RECONSTRUCTABLE_PIPELINE"
    #: What the instance records outlives the process.
    NON_EPHEMERAL_INSTANCE = "NON_EPHEMERAL_INSTANCE"
    #: Outputs of steps can be read from other processes.
    PERSISTENT_OUTPUTS = "PERSISTENT_OUTPUTS"

    RECONSTRUCTABLE_JOB = "RECONSTRUCTABLE_PIPELINE"


def multiple_process_executor_requirements() -> list[ExecutorRequirement]:
    """Return what an executor requires that starts a process of its own for each step (seed 003).

    The executors that come along require none of it: they send the pipeline itself to where its
    steps run.
    """
    return list(ExecutorRequirement)


class ExecutorDefinition(NamedConfigurableDefinition):
    """An executor is responsible for executing the steps of a job (seed 003).

    Args:
        name: The name that run config selects it by.
        config_schema: The schema for its config (default: any config, and none is needed).
        requirements: What a run must have; checked before it is made.
        executor_creation_fn: Should accept an ``InitExecutorContext`` and return an ``Executor``.
        required_resource_keys: Keys for the resources required by the executor.
        description: For people.
        resolves_elsewhere: Whether steps run where config is resolved again, by variables of that
            environment: the config of solids and resources may name some that are not set here.

    Raises:
        CheckError: the name is no text, ``executor_creation_fn`` no function, or ``requirements``
            no list of ``ExecutorRequirement``.
        DagsterInvalidDefinitionError: the function does not take one argument, or the schema is
            wrong.
    """

    kind = "executor"

    def __init__(
        self,
        name: str,
        config_schema: Any = None,
        requirements: Iterable[ExecutorRequirement] | None = None,
        executor_creation_fn: Callable[[Any], Any] | None = None,
        required_resource_keys: Iterable[str] | None = None,
        description: str | None = None,
        *,
        resolves_elsewhere: bool = False,
    ) -> None:
        self.name = check_label(self.kind, name)
        owner = self.label
        self.config_field: Field | None = config_field_of(owner, config_schema)
        self.requirements = tuple(list_of(owner, "requirements", requirements, ExecutorRequirement))
        self._create: Callable[[Any], Any] = check_function(
            owner, "executor_creation_fn", executor_creation_fn, takes=("init_context",)
        )
        self.required_resource_keys = resource_keys(owner, required_resource_keys)
        self.description = description_of(owner, description)
        self.resolves_elsewhere = resolves_elsewhere

    @property
    def executor_creation_fn(self) -> Callable[[Any], Any]:
        """Callable that takes an ``InitExecutorContext`` and returns an ``Executor``."""
        return self._create


@overload
def executor(name: Callable[[Any], Any]) -> ExecutorDefinition: ...


@overload
def executor(
    name: str | None = ...,
    config_schema: Any = ...,
    requirements: Iterable[ExecutorRequirement] | None = ...,
    required_resource_keys: Iterable[str] | None = ...,
    *,
    resolves_elsewhere: bool = ...,
) -> Callable[[Callable[[Any], Any]], ExecutorDefinition]: ...


def executor(
    name: str | Callable[[Any], Any] | None = None,
    config_schema: Any = None,
    requirements: Iterable[ExecutorRequirement] | None = None,
    required_resource_keys: Iterable[str] | None = None,
    *,
    resolves_elsewhere: bool = False,
) -> Any:
    """Define an executor from a function of an ``InitExecutorContext`` (seed 003).

    Args:
        name: The name of the executor (default: the function's).
        config_schema: The schema for the config (default: any config, and none is needed).
        requirements: What a run must have; checked before it is made.
        required_resource_keys: Keys for the resources required by the executor.
        resolves_elsewhere: See :class:`ExecutorDefinition`.
    """
    if callable(name):
        return executor()(name)

    def wrap(fn: Callable[[Any], Any]) -> ExecutorDefinition:
        return ExecutorDefinition(
            name or fn.__name__,
            config_schema,
            requirements,
            fn,
            required_resource_keys,
            inspect.getdoc(fn),
            resolves_elsewhere=resolves_elsewhere,
        )

    return wrap

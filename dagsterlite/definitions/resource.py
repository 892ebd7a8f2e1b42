"""Resources: what solids share, made before they run and torn down after."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, overload

from dagsterlite import plugins
from dagsterlite.config import Field, Permissive, String
from dagsterlite.definitions.arguments import description_of
from dagsterlite.definitions.configurable import config_field_of, is_bare
from dagsterlite.definitions.configured import AnonymousConfigurableDefinition
from dagsterlite.errors import DagsterInvalidDefinitionError
from dagsterlite.runs import DagsterRun
from dagsterlite.types.callables import can_take, check_function
from dagsterlite.types.requirements import resource_keys


@dataclass(frozen=True, kw_only=True)
class InitResourceContext:
    """What a resource function is given."""

    #: The resource's config, resolved.
    resource_config: Any
    resource_def: ResourceDefinition
    run_id: str | None
    pipeline_run: DagsterRun | None
    #: Logs to the run's loggers and event log.
    log_manager: Any
    #: The resources that this one requires.
    resources: Any
    #: Opens the instance that the run is recorded in.
    open_instance: Callable[[], Any]
    #: The folder below which the instance keeps each run's files; None outside a run.
    artifacts_dir: str | None = None

    @property
    def log(self) -> Any:
        """Logs to the run's loggers and event log."""
        return self.log_manager

    @property
    def dagster_run(self) -> DagsterRun | None:
        """The run; None outside of one."""
        return self.pipeline_run

    @property
    def run(self) -> DagsterRun | None:
        """The run; None outside of one."""
        return self.pipeline_run

    @property
    def instance(self) -> Any:
        """The instance that the run is recorded in."""
        return self.open_instance()


class ResourceDefinition(AnonymousConfigurableDefinition):
    """Makes a resource: a value that solids take from ``context.resources``.

    Args:
        resource_fn: Called with an :class:`InitResourceContext`; returns the resource, or yields
            it and cleans up after (also under ``@contextmanager``).
        config_schema: What ``init_context.resource_config`` must look like (default: any config,
            and none is needed).
        description: For people.
        required_resource_keys: The resources that the function needs.
        version: A name for the code's version.
        shares_files: Whether it is a ``FileManager`` of local files, which all processes of a run
            must share: a cluster's workers are asked whether they do before anything runs.

    Raises:
        CheckError: ``resource_fn`` is no function, or ``required_resource_keys`` no set of names.
        DagsterInvalidDefinitionError: the function takes more than a context, or the schema is
            wrong.
    """

    def __init__(
        self,
        resource_fn: Callable[..., Any],
        config_schema: Any = None,
        description: str | None = None,
        required_resource_keys: Iterable[str] | None = None,
        version: str | None = None,
        *,
        shares_files: bool = False,
    ) -> None:
        owner = _label(resource_fn)
        self.resource_fn: Callable[..., Any] = check_function(owner, "resource_fn", resource_fn)
        self._takes_context = can_take(resource_fn, 1)
        if not self._takes_context and not can_take(resource_fn, 0):
            message = (
                f"{owner}: its function must take the context of the resource and nothing else; it "
                f"takes {inspect.signature(resource_fn)}."
            )
            raise DagsterInvalidDefinitionError(message)
        self.config_field: Field | None = config_field_of(owner, config_schema)
        self.description = description_of(owner, description)
        self.required_resource_keys = resource_keys(owner, required_resource_keys)
        self.version = version
        self.shares_files = shares_files

    @property
    def label(self) -> str:
        return _label(self.resource_fn)

    @property
    def __name__(self) -> str:
        """The function's name: the definition stands in the place of what it decorates."""
        return _name(self.resource_fn)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the resource function directly, as in a test; return what it returns.

        Raises:
            DagsterInvalidInvocationError: the arguments are not a context that has what the
                resource requires.
        """
        return plugins.load("invoke_resource")(self, args, kwargs)

    def create(self, context: InitResourceContext) -> Any:
        """Call the resource function; a generator is returned as it is."""
        return self.resource_fn(context) if self._takes_context else self.resource_fn()

    @staticmethod
    def none_resource(description: str | None = None) -> ResourceDefinition:
        """Return a resource that is None."""
        return ResourceDefinition.hardcoded_resource(None, description)

    @staticmethod
    def hardcoded_resource(value: Any, description: str | None = None) -> ResourceDefinition:
        """Return a resource that is ``value``."""
        return ResourceDefinition(lambda _context: value, description=description)

    @staticmethod
    def mock_resource(description: str | None = None) -> ResourceDefinition:
        """Return a resource that is a mock: it takes any call (for tests)."""
        # unittest.mock takes its time to import, and belongs to tests.
        from unittest.mock import MagicMock

        return ResourceDefinition(lambda _context: MagicMock(), description=description)

    @staticmethod
    def string_resource(description: str | None = None) -> ResourceDefinition:
        """Return a resource that is the text in its config."""
        return ResourceDefinition(
            lambda context: context.resource_config, config_schema=String, description=description
        )


def _label(resource_fn: Any) -> str:
    return f"resource '{_name(resource_fn)}'"


def _name(resource_fn: Any) -> str:
    name: str = getattr(resource_fn, "__name__", "resource")
    return name


def make_values_resource(**kwargs: Any) -> ResourceDefinition:
    """Return a resource whose value is its config: values that several solids share.

    ::

        @pipeline(mode_defs=[ModeDefinition(resource_defs={
            "globals": make_values_resource(bucket=str, limit=Field(int, default_value=10)),
        })])
        def nightly(): ...

    Args:
        kwargs: The config's fields (default: any).

    Raises:
        DagsterInvalidConfigDefinitionError: a field is no config type.
    """
    return ResourceDefinition(
        lambda context: context.resource_config,
        config_schema=kwargs or Permissive(),
        description="Values that several solids share.",
    )


@overload
def resource(config_schema: Callable[..., Any]) -> ResourceDefinition: ...


@overload
def resource(
    config_schema: Any = ...,
    description: str | None = ...,
    required_resource_keys: Iterable[str] | None = ...,
    version: str | None = ...,
    *,
    shares_files: bool = ...,
) -> Callable[[Callable[..., Any]], ResourceDefinition]: ...


def resource(
    config_schema: Any = None,
    description: str | None = None,
    required_resource_keys: Iterable[str] | None = None,
    version: str | None = None,
    *,
    shares_files: bool = False,
) -> ResourceDefinition | Callable[[Callable[..., Any]], ResourceDefinition]:
    """Make a resource from a function of an :class:`InitResourceContext`.

    A generator, also under ``@contextmanager``, yields the resource once and cleans up after::

        @resource(config_schema={"url": StringSource})
        def database(init_context):
            connection = connect(init_context.resource_config["url"])
            yield connection
            connection.close()

    Args:
        config_schema: What ``init_context.resource_config`` must look like (default: any config,
            and none is needed).
        description: For people (default: the function's docstring).
        required_resource_keys: The resources that the function needs.
        version: A name for the code's version.
        shares_files: See :class:`ResourceDefinition`.
    """
    if is_bare(config_schema):
        return resource()(config_schema)

    def wrap(fn: Callable[..., Any]) -> ResourceDefinition:
        text = description or inspect.getdoc(fn)
        return ResourceDefinition(
            fn, config_schema, text, required_resource_keys, version, shares_files=shares_files
        )

    return wrap

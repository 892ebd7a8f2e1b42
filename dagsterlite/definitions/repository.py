"""Repositories: the pipelines that a project offers, made when they are asked for."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, overload

from dagsterlite.definitions.arguments import description_of
from dagsterlite.definitions.naming import check_name
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.pipeline import UNNAMED, PipelineDefinition
from dagsterlite.definitions.signature import name_of, refuse_unrun
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    ParameterCheckError,
    listed,
    near,
    shown,
    type_name,
)
from dagsterlite.types.callables import can_take, check_function

PipelineOrFunction = PipelineDefinition | Callable[[], PipelineDefinition]

_SECTIONS = ("pipelines", "jobs")
_NOT_HERE = frozenset({"schedules", "sensors", "partition_sets", "assets"})


class RepositoryDefinition:
    """Pipelines under one name, each of them made when it is first asked for.

    Usually made by :func:`repository`.

    Args:
        name: Letters, digits and underscores.
        pipelines: A list of pipelines; or by name, pipelines and functions without parameters
            that return one of that name.
        description: For people.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: a name is wrong or used twice, or two pipelines use different
            solid definitions of one name.
    """

    def __init__(
        self,
        name: str,
        pipelines: Sequence[PipelineDefinition] | Mapping[str, PipelineOrFunction],
        description: str | None = None,
    ) -> None:
        self.name = check_name("repository", name)
        self.description = description_of(self._label, description)
        self._makers = _by_name(self._label, pipelines)
        self._made: dict[str, PipelineDefinition] = {}
        #: For each name of a solid, its definition and the pipeline that it was met in.
        self._solids: dict[str, tuple[NodeDefinition, str]] = {}
        for key, pipeline in self._makers.items():
            if isinstance(pipeline, PipelineDefinition):
                self._take_up(key, pipeline)

    @property
    def _label(self) -> str:
        return f"repository '{self.name}'"

    @property
    def pipeline_names(self) -> list[str]:
        """The names of its pipelines; none is made for that."""
        return list(self._makers)

    @property
    def job_names(self) -> list[str]:
        """The names of its pipelines."""
        return self.pipeline_names

    def has_pipeline(self, name: str) -> bool:
        """Return whether it has a pipeline of that name, without making it."""
        return name in self._makers

    def get_pipeline(self, name: str) -> PipelineDefinition:
        """Return the pipeline of that name, made when it is first asked for.

        Raises:
            DagsterInvariantViolationError: there is none.
            DagsterInvalidDefinitionError: its function returned something else or a pipeline of
                another name, or it uses a solid definition whose name another pipeline uses for
                another one.
            Exception: what its function raises.
        """
        made = self._made.get(name)
        if made is not None:
            return made
        maker = self._makers.get(name)
        if maker is None:
            message = (
                f"{self._label} has no pipeline '{name}'.{near(name, self._makers)} "
                f"Its pipelines: {listed(self._makers)}."
            )
            raise DagsterInvariantViolationError(message)
        return self._take_up(name, maker())

    def get_all_pipelines(self) -> list[PipelineDefinition]:
        """Return all its pipelines, in order, made where they are not yet.

        Raises as :meth:`get_pipeline` does.
        """
        return [self.get_pipeline(name) for name in self._makers]

    has_job = has_pipeline
    get_job = get_pipeline
    get_all_jobs = get_all_pipelines

    def _take_up(self, name: str, given: Any) -> PipelineDefinition:
        """Check a pipeline that was given or made, and keep it."""
        pipeline = _checked(self._label, name, given)
        for definition in pipeline.all_solid_defs:
            known, where = self._solids.setdefault(definition.name, (definition, name))
            if known is not definition:
                raise DagsterInvalidDefinitionError(
                    f"Conflicting definitions found in {self._label}: the solids of pipelines "
                    f"'{where}' and '{name}' named '{definition.name}' are two different "
                    "definitions. Solid definition names must be unique within a repository: "
                    "rename one, or use one definition in both."
                )
        self._made[name] = pipeline
        return pipeline

    def __repr__(self) -> str:
        return f"RepositoryDefinition({self.name!r})"


def _by_name(owner: str, pipelines: Any) -> dict[str, PipelineOrFunction]:
    if isinstance(pipelines, Mapping):
        return {
            check_name(f"pipeline of {owner}", name): _maker(owner, name, maker)
            for name, maker in pipelines.items()
        }
    if isinstance(pipelines, str) or not isinstance(pipelines, Iterable):
        raise ParameterCheckError(owner, "pipelines", "a list or dict of pipelines", pipelines)
    named: dict[str, PipelineOrFunction] = {}
    for item in pipelines:
        if not isinstance(item, PipelineDefinition):
            raise ParameterCheckError(owner, "pipelines", f"a list of pipelines{_hint(item)}", item)
        if named.setdefault(item.name, item) is not item:
            message = f"{owner} holds two different pipelines named '{item.name}'. Rename one."
            raise DagsterInvalidDefinitionError(message)
    return named


def _hint(item: Any) -> str:
    is_function = inspect.isroutine(item)
    return " (functions that make them stand in a dict, under a name)" if is_function else ""


def _maker(owner: str, name: str, maker: Any) -> PipelineOrFunction:
    if isinstance(maker, PipelineDefinition):
        return maker
    what = f"pipelines['{name}']"
    expected = "a pipeline, or a function that returns one"
    if not callable(maker):
        raise ParameterCheckError(owner, what, expected, maker)
    function: PipelineOrFunction = check_function(owner, what, maker, takes=())
    return function


def _checked(owner: str, name: str, pipeline: Any) -> PipelineDefinition:
    if not isinstance(pipeline, PipelineDefinition):
        message = (
            f"{owner}: the function given for pipeline '{name}' returned {shown(pipeline)} of type "
            f"{type_name(pipeline)}; it must return a PipelineDefinition."
        )
        raise DagsterInvalidDefinitionError(message)
    if pipeline.name == UNNAMED:
        message = f"{owner}: a pipeline in a repository needs a name: give it as 'name'."
        raise DagsterInvalidDefinitionError(message)
    if pipeline.name != name:
        message = (
            f"{owner}: what stands under the name '{name}' is the pipeline '{pipeline.name}'. Give "
            "both the same name."
        )
        raise DagsterInvalidDefinitionError(message)
    return pipeline


@overload
def repository(name: Callable[[], Any]) -> RepositoryDefinition: ...


@overload
def repository(
    name: str | None = ..., description: str | None = ...
) -> Callable[[Callable[[], Any]], RepositoryDefinition]: ...


def repository(
    name: str | Callable[[], Any] | None = None, description: str | None = None
) -> RepositoryDefinition | Callable[[Callable[[], Any]], RepositoryDefinition]:
    """Make a repository from a function that returns its pipelines.

    The function returns a list of pipelines; or, for pipelines that are made when they are asked
    for, ``{"pipelines": {name: pipeline or function}}``, with ``jobs`` as another name of
    ``pipelines``::

        @repository
        def my_repository():
            return {"pipelines": {"small": small, "large": make_large}}

    Args:
        name: The repository's name (default: the function's).
        description: For people (default: the function's docstring).

    Raises:
        DagsterInvalidDefinitionError: the function or what it returns is wrong.
    """
    if callable(name):
        return repository()(name)

    def wrap(fn: Callable[[], Any]) -> RepositoryDefinition:
        repository_name = name_of("@repository", name, fn)
        owner = f"@repository '{repository_name}'"
        refuse_unrun(owner, fn)
        if not can_take(fn, 0):
            message = (
                f"{owner}: its function must take no parameters, but takes {inspect.signature(fn)}."
            )
            raise DagsterInvalidDefinitionError(message)
        pipelines = _pipelines_of(owner, fn())
        return RepositoryDefinition(repository_name, pipelines, description or inspect.getdoc(fn))

    return wrap


def _pipelines_of(owner: str, answer: Any) -> Any:
    """Return the pipelines that a repository's function returned, in either form."""
    if isinstance(answer, list | tuple):
        return answer
    if not isinstance(answer, Mapping):
        message = (
            f"{owner}: its function returned {shown(answer)} of type {type_name(answer)}. It must "
            "return a list of pipelines or {'pipelines': {name: pipeline or function}}."
        )
        raise DagsterInvalidDefinitionError(message)
    merged: dict[str, Any] = {}
    for section, pipelines in answer.items():
        _check_section(owner, section, pipelines)
        twice = merged.keys() & pipelines.keys()
        if twice:
            message = f"{owner}: {listed(twice)} stands in both 'pipelines' and 'jobs'."
            raise DagsterInvalidDefinitionError(message)
        merged.update(pipelines)
    return merged


def _check_section(owner: str, section: Any, pipelines: Any) -> None:
    if section in _NOT_HERE:
        message = (
            f"{owner}: there are no {section} in dagsterlite: a repository holds pipelines only."
        )
        raise DagsterInvalidDefinitionError(message)
    if section not in _SECTIONS:
        message = (
            f"{owner}: its function returned a dict with the key {shown(section)}."
            f"{near(section, _SECTIONS)} Its keys are {listed(_SECTIONS)}, each with a dict from "
            "name to pipeline or function."
        )
        raise DagsterInvalidDefinitionError(message)
    if not isinstance(pipelines, Mapping):
        expected = "a dict from name to pipeline or function"
        raise ParameterCheckError(owner, section, expected, pipelines)

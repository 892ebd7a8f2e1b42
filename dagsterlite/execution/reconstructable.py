"""Pipelines that another process can make anew."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from types import ModuleType
from typing import Any

from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import (
    CheckError,
    DagsterInvariantViolationError,
    DagsterPipelineLoadError,
    ParameterCheckError,
    near,
    shown,
    type_name,
)
from dagsterlite.execution.user_modules import load_file
from dagsterlite.plan.executable import IPipeline, as_selection
from dagsterlite.plan.solid_selection import selected_part
from dagsterlite.runs import PipelineOrigin
from dagsterlite.types.callables import can_take

_MAIN = "__main__"


@dataclass(frozen=True)
class ReconstructablePipeline(IPipeline):
    """A pipeline that another process makes anew from its origin (seed 001).

    Made by :func:`reconstructable` and :func:`build_reconstructable_pipeline`.
    """

    origin: PipelineOrigin
    solid_selection: Sequence[str] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # The definition, once made, stays here.
        return type(self), (self.origin, self.solid_selection)

    @cached_property
    def _definition(self) -> PipelineDefinition:
        return selected_part(_reconstruct(self.origin), self.solid_selection)

    def get_definition(self) -> PipelineDefinition:
        """Return the pipeline, made when it is first asked for.

        Raises:
            DagsterPipelineLoadError: the origin is not there.
            DagsterInvariantViolationError: what it leads to is no pipeline.
            DagsterInvalidSubsetError: the selection names no solid of the pipeline.
        """
        return self._definition

    def subset_for_execution(
        self, solid_selection: Sequence[str] | None
    ) -> ReconstructablePipeline:
        subset = replace(self, solid_selection=as_selection(solid_selection))
        subset.get_definition()
        return subset


def reconstructable(
    target: PipelineDefinition | Callable[[], PipelineDefinition],
) -> ReconstructablePipeline:
    """Create a ReconstructablePipeline from a pipeline or a function that returns one (seed 001).

    When your pipeline must cross process boundaries, e.g. when a run is launched in a process of
    its own, that process must know how to make the pipeline. The function or pipeline must stand
    under its own name at the top level of a module or of the script that runs; for others there is
    :func:`build_reconstructable_pipeline`. Executors do not need this: they send the pipeline
    itself.

    Args:
        target: A pipeline made by a function under @pipeline, or a function that returns one.

    Raises:
        ParameterCheckError: it is neither.
        DagsterInvariantViolationError: it is a lambda, stands in a nested scope, was made in a
            REPL or notebook, or is not found under its own name.
    """
    if isinstance(target, ReconstructablePipeline):
        return target
    if not isinstance(target, PipelineDefinition) and not callable(target):
        expected = "a pipeline, or a function that returns one"
        raise ParameterCheckError("reconstructable", "target", expected, target)
    module_name, name = _place(target)
    if not isinstance(target, PipelineDefinition) and not can_take(target, 0):
        raise _unfit(f"function '{name}' takes arguments, and nothing says which")
    module = sys.modules.get(module_name)
    if getattr(module, name, None) is not target:
        raise _unfit(f"'{name}' of module '{module_name}' is another object than the one given")
    is_main = module_name == _MAIN
    place: dict[str, Any] = _script(name) if is_main else {"module_name": module_name}
    return ReconstructablePipeline(
        PipelineOrigin(**place, attribute=name, working_directory=os.getcwd())
    )


def _script(name: str) -> dict[str, Any]:
    """Return where another process finds the module that this one runs as its main one.

    Raises:
        DagsterInvariantViolationError: there is no file of it.
    """
    main = sys.modules[_MAIN]
    if main.__spec__ is not None:
        return {"module_name": main.__spec__.name}
    file = _file_of(main)
    if file is None:
        raise _unfit(f"'{name}' was defined in a REPL or notebook, which no process can import")
    return {"python_file": file}


def _place(target: Any) -> tuple[str, str]:
    """Return the module and name of what is to be reconstructed.

    Raises:
        DagsterInvariantViolationError: no other process would find it there.
    """
    if isinstance(target, PipelineDefinition):
        place = target.made_from
        if place is None:
            decorator = f"@{target.words.pipeline}"
            raise _unfit(f"{target.label} was not made by a function under {decorator}")
    else:
        place = (getattr(target, "__module__", ""), getattr(target, "__qualname__", ""))
    module_name, name = place
    if name.endswith("<lambda>"):
        raise _unfit("it is a lambda, which has no name to be found by")
    if not name.isidentifier():
        raise _unfit(f"'{name}' stands in a nested scope, not at the top level of its module")
    return module_name, name


def _unfit(why: str) -> DagsterInvariantViolationError:
    return DagsterInvariantViolationError(
        f"The target cannot be reconstructed in another process: {why}. Define the pipeline, or a "
        "function without parameters that returns it, at the top level of a module, or use "
        "build_reconstructable_pipeline to say how it is made."
    )


def build_reconstructable_pipeline(
    reconstructor_module_name: str,
    reconstructor_function_name: str,
    reconstructable_args: Sequence[Any] | None = None,
    reconstructable_kwargs: Mapping[str, Any] | None = None,
) -> ReconstructablePipeline:
    """Create a ReconstructablePipeline from a function and what to call it with (seed 001).

    Args:
        reconstructor_module_name: The module that holds the function.
        reconstructor_function_name: The function; it returns a PipelineDefinition.
        reconstructable_args: Positional arguments, JSON-able.
        reconstructable_kwargs: Arguments by name, JSON-able.

    Raises:
        CheckError: an argument is of the wrong type, or not JSON-able.
    """
    owner = "build_reconstructable_pipeline"
    texts = {
        "reconstructor_module_name": reconstructor_module_name,
        "reconstructor_function_name": reconstructor_function_name,
    }
    for name, value in texts.items():
        if not isinstance(value, str):
            raise ParameterCheckError(owner, name, "a text", value)
    args: Any = [] if reconstructable_args is None else reconstructable_args
    if isinstance(args, str) or not isinstance(args, Sequence):
        raise ParameterCheckError(owner, "reconstructable_args", "a tuple or list", args)
    kwargs: Any = {} if reconstructable_kwargs is None else reconstructable_kwargs
    if not isinstance(kwargs, Mapping) or not all(isinstance(key, str) for key in kwargs):
        expected = "a dict whose keys are texts"
        raise ParameterCheckError(owner, "reconstructable_kwargs", expected, kwargs)
    return ReconstructablePipeline(
        PipelineOrigin(
            module_name=reconstructor_module_name,
            attribute=reconstructor_function_name,
            args=_json_able("reconstructable_args", list(args)),
            kwargs=_json_able("reconstructable_kwargs", dict(kwargs)),
            working_directory=os.getcwd(),
        )
    )


def _json_able(argument: str, value: Any) -> Any:
    try:
        is_same = json.loads(json.dumps(value)) == value
    except (TypeError, ValueError, RecursionError):
        is_same = False
    if not is_same:
        message = (
            f"build_reconstructable_pipeline: argument '{argument}' must hold what JSON keeps as "
            f"it is (texts, numbers, lists, dicts with texts as keys), not {shown(value)}."
        )
        raise CheckError(message)
    return value


# --- making it ------------------------------------------------------------------------------------


def _reconstruct(origin: PipelineOrigin) -> PipelineDefinition:
    module = _module(origin)
    if not hasattr(module, origin.attribute):
        public = [name for name in vars(module) if not name.startswith("_")]
        message = f"{origin}: there is no such attribute.{near(origin.attribute, public)}"
        raise DagsterPipelineLoadError(message)
    made = getattr(module, origin.attribute)
    if not isinstance(made, PipelineDefinition) and callable(made):
        made = made(*origin.args, **origin.kwargs)
    if not isinstance(made, PipelineDefinition):
        message = (
            f"{origin} must be a pipeline or a function that returns one; it gave {shown(made)} of "
            f"type {type_name(made)}."
        )
        raise DagsterInvariantViolationError(message)
    return made


def _module(origin: PipelineOrigin) -> ModuleType:
    main = sys.modules[_MAIN]
    if origin.python_file is None:
        is_main = main.__spec__ is not None and main.__spec__.name == origin.module_name
        return main if is_main else _import(origin)
    return main if _file_of(main) == origin.python_file else _loaded(origin.python_file)


@cache
def _loaded(file: str) -> ModuleType:
    # Once: what its classes make must be the same in all of this process.
    if not os.path.isfile(file):
        raise DagsterPipelineLoadError(f"There is no file {file}.")
    _have_importable(os.path.dirname(file))
    return load_file(file)


def _file_of(module: ModuleType) -> str | None:
    file = getattr(module, "__file__", None)
    return None if file is None else os.path.abspath(file)


def _import(origin: PipelineOrigin) -> ModuleType:
    assert origin.module_name is not None
    if origin.working_directory is not None:
        _have_importable(origin.working_directory)
    try:
        return importlib.import_module(origin.module_name)
    except ModuleNotFoundError as exc:
        folders = ", ".join(dict.fromkeys(filter(None, sys.path)))
        message = f"{origin} cannot be imported: {exc} (looked in: {folders})."
        raise DagsterPipelineLoadError(message) from exc


def _have_importable(folder: str) -> None:
    # To stay: solids may import further modules when they run. What Python knows comes first.
    if folder not in sys.path:
        sys.path.append(folder)

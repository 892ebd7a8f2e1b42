"""Loading pipelines out of users' files and modules."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from types import ModuleType, TracebackType
from typing import Any, TypeVar

from dagsterlite.cli.sources import PythonFile, PythonModule, Source
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.repository import RepositoryDefinition
from dagsterlite.errors import (
    DagsterPipelineLoadError,
    DagsterPipelineNotFoundError,
    listed,
    near,
    shown,
    type_name,
)
from dagsterlite.events.error_info import error_info_from_exception
from dagsterlite.execution.reconstructable import (
    ReconstructablePipeline,
    build_reconstructable_pipeline,
)
from dagsterlite.execution.user_modules import load_file
from dagsterlite.render.failures import traceback_lines

Offered = PipelineDefinition | RepositoryDefinition
T = TypeVar("T")


@dataclass(frozen=True)
class FoundPipeline:
    """A pipeline, and where it was found."""

    name: str
    place: str
    source: Source
    load: Callable[[], PipelineDefinition]

    @property
    def definition(self) -> PipelineDefinition:
        """The pipeline; one of a repository is made when it is first asked for.

        Raises:
            DagsterPipelineLoadError: the function that makes it raised an error, or returned
                something else.
        """
        return _user_code(f"{self.place}['{self.name}']", self.load)


def reconstructable_from(found: FoundPipeline) -> ReconstructablePipeline:
    """Return what makes a pipeline that was found in another process."""
    source = found.source
    folders = [os.path.abspath(folder) for folder in folders_of([source])]
    if isinstance(source, PythonFile):
        source = replace(source, path=os.path.abspath(source.path))
    return build_reconstructable_pipeline(
        __name__, make_found.__name__, [type(source).__name__, asdict(source), folders, found.name]
    )


def make_found(
    kind: str, given: Mapping[str, Any], folders: Sequence[str], name: str
) -> PipelineDefinition:
    """Return the pipeline that was found in a source by another process.

    Raises:
        DagsterPipelineLoadError: the source is not there any more, or raises an error.
        DagsterPipelineNotFoundError: it has no pipeline of that name any more.
    """
    # To stay: solids may import further modules when they run.
    sys.path[:0] = folders
    source = PythonFile(**given) if kind == PythonFile.__name__ else PythonModule(**given)
    return pick(load_pipelines(source), name, str(source)).definition


@contextmanager
def importable(folders: Iterable[str]) -> Iterator[None]:
    """Have Python find the modules of these folders first while the block runs."""
    added = [os.path.abspath(folder) for folder in folders]
    sys.path[:0] = added
    try:
        yield
    finally:
        for folder in added:
            sys.path.remove(folder)


def folders_of(sources: Iterable[Source]) -> list[str]:
    """Return the folders that the sources import from: their own, and this one."""
    folders = [source.folder for source in sources if source.folder is not None]
    return [*dict.fromkeys([*folders, os.getcwd()])]


def load_pipelines(source: Source) -> list[FoundPipeline]:
    """Return the pipelines of a source.

    They are those of its attribute; without one, of the repositories at the module's top level;
    without any, those at the top level themselves.

    Raises:
        DagsterPipelineLoadError: the module is not there or raised an error, whose traceback the
            message bears; or the attribute is neither pipeline nor repository.
    """
    module = _load(source)
    if source.attribute is not None:
        place = f"{source}:{source.attribute}"
        return _found(_from_attribute(source, module, source.attribute), place, source)
    for cls in (RepositoryDefinition, PipelineDefinition):
        named: Iterator[tuple[str, Offered]] = _at_top_level(module, cls)
        found = [
            item for name, value in named for item in _found([value], f"{source}:{name}", source)
        ]
        if found:
            return found
    return []


def _at_top_level(module: ModuleType, cls: type[T]) -> Iterator[tuple[str, T]]:
    """Yield the objects of a class at a module's top level, each once, under its first name."""
    seen: set[int] = set()
    for name, value in vars(module).items():
        if isinstance(value, cls) and id(value) not in seen:
            seen.add(id(value))
            yield name, value


def _found(items: Iterable[Offered], place: str, source: Source) -> list[FoundPipeline]:
    found: list[FoundPipeline] = []
    for item in items:
        if isinstance(item, PipelineDefinition):
            found.append(FoundPipeline(item.name, place, source, partial(_itself, item)))
        else:
            names = item.pipeline_names
            found += [FoundPipeline(n, place, source, partial(item.get_pipeline, n)) for n in names]
    return found


def _itself(definition: PipelineDefinition) -> PipelineDefinition:
    return definition


def pick(found: Iterable[FoundPipeline], name: str | None, where: str) -> FoundPipeline:
    """Return the pipeline of that name; without a name, the only one.

    Raises:
        DagsterPipelineNotFoundError: there is none, or more than one.
    """
    found = list(found)
    fitting = [item for item in found if name in {None, item.name}]
    if len(fitting) == 1:
        return fitting[0]
    names = [item.name for item in found]
    if not found:
        mend = "Define one with @pipeline or @job at the top level, or name what makes it with -a."
        raise DagsterPipelineNotFoundError(f"There is no pipeline in {where}. {mend}")
    if name is None:
        mend = "Name one of them as PIPELINE."
        message = f"There are several pipelines in {where}: {listed(names)}. {mend}"
    elif fitting:
        places = listed(item.place for item in fitting)
        message = f"Several pipelines are named '{name}': {places}. Name one's attribute with -a."
    else:
        hint = near(name, names)
        message = f"There is no pipeline '{name}' in {where}.{hint} There are: {listed(names)}."
    raise DagsterPipelineNotFoundError(message)


# --- modules -------------------------------------------------------------------------------------


def _load(source: Source) -> ModuleType:
    match source:
        case PythonFile(path):
            if not os.path.isfile(path):
                raise DagsterPipelineLoadError(_no_file(path))
            return _user_code(str(source), lambda: load_file(path))
        case PythonModule(name):
            return _user_code(str(source), lambda: importlib.import_module(name))


def _no_file(path: str) -> str:
    if os.path.isdir(path):
        return f"{path} is a folder, not a file. Name the file in it that holds the pipelines."
    folder, name = os.path.split(path)
    beside = os.listdir(folder or ".") if os.path.isdir(folder or ".") else []
    return f"There is no file {path} (the working directory is {os.getcwd()}).{near(name, beside)}"


def _user_code(place: str, call: Callable[[], T]) -> T:
    """Call what runs code of the user; make its error a message with the user's own frames."""
    try:
        return call()
    except DagsterPipelineLoadError:
        raise
    except (Exception, SystemExit) as exc:  # noqa: BLE001 - a user's module may raise anything
        traceback = _without_importing(exc.__traceback__)
        is_missing = isinstance(exc, ModuleNotFoundError) and traceback is None
        if is_missing:
            message = f"{exc} (looked in: {', '.join(dict.fromkeys(filter(None, sys.path)))})."
            raise DagsterPipelineLoadError(f"{place} cannot be imported: {message}") from None
        info = error_info_from_exception(exc.with_traceback(traceback))
        text = "\n".join(traceback_lines(info))
        raise DagsterPipelineLoadError(f"{place} raised an error:\n\n{text}") from None


def _without_importing(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the user's first frame on."""
    while traceback is not None:
        module = str(traceback.tb_frame.f_globals.get("__name__", ""))
        file = traceback.tb_frame.f_code.co_filename
        is_ours = module in {__name__, load_file.__module__}
        is_importing = is_ours or module.startswith("importlib") or "<frozen" in file
        if not is_importing:
            return traceback
        traceback = traceback.tb_next
    return None


# --- attributes ----------------------------------------------------------------------------------


def _from_attribute(source: Source, module: ModuleType, name: str) -> list[Offered]:
    if not hasattr(module, name):
        public = [key for key in vars(module) if not key.startswith("_")]
        message = f"{source} has no attribute '{name}'.{near(name, public)}"
        raise DagsterPipelineLoadError(message)
    value = getattr(module, name)
    if inspect.isroutine(value):
        value = _user_code(f"{source}:{name}", value)
    items = list(value) if isinstance(value, list | tuple) else [value]
    for item in items:
        if not isinstance(item, Offered):
            message = (
                f"{source}:{name} must be a pipeline, a list of pipelines, a repository or a "
                f"function that returns one of them; found {shown(item)} of type "
                f"{type_name(item)}."
            )
            raise DagsterPipelineLoadError(message)
    return items

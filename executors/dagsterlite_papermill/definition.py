"""Solids whose work is a notebook."""

from __future__ import annotations

import keyword
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from dagsterlite import plugins
from dagsterlite.config.composite import HasFields
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.errors import DagsterInvalidDefinitionError
from dagsterlite.execution.contexts import SolidExecutionContext
from dagsterlite_papermill.source import NotebookSource

CONTEXT: Final = "context"
"""The name that a notebook's context has in it."""

CONFIG: Final = "config"
"""The parameter for config that is no dict."""


def define_notebook_solid(
    name: str,
    notebook_path: str | os.PathLike[str],
    input_defs: Sequence[InputDefinition] | None = None,
    output_defs: Sequence[OutputDefinition] | None = None,
    config_schema: Any = None,
    required_resource_keys: Iterable[str] | None = None,
    description: str | None = None,
    tags: Mapping[str, Any] | None = None,
) -> SolidDefinition:
    """Make a solid from a notebook.

    The notebook runs in a kernel of its own, beside the process that executes the step. Its inputs
    become variables, as do the fields of its config (a config that is no dict becomes ``config``),
    in a cell that follows the one tagged ``parameters``; ``context`` is its context, as
    :func:`get_context` returns it. It yields outputs by :func:`yield_result` and other events by
    :func:`yield_event`. The notebook as executed is kept and told of as a materialization, also
    where a cell raises, of which the step then fails.

    The file is read anew for each run; workers elsewhere are sent its text.

    Args:
        name: The solid's name.
        notebook_path: The notebook, e.g. ``file_relative_path(__file__, "clean.ipynb")``.
        input_defs: The inputs; their values are pickled on their way to the kernel.
        output_defs: The outputs (default: none).
        config_schema: What ``context.solid_config`` must look like.
        required_resource_keys: The resources that ``context.resources`` has; they are made anew
            in the kernel.
        description: For people.
        tags: Text to text (or JSON-able).

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: an argument is wrong, the file is no notebook, or two
            parameters share a name.
    """
    owner = f"define_notebook_solid '{name}'"
    source = NotebookSource(owner, notebook_path)
    definition = SolidDefinition(
        name=name,
        input_defs=input_defs or [],
        compute_fn=_Compute(source),
        output_defs=output_defs or [],
        config_schema=config_schema,
        description=description or f"The notebook {source.name}.",
        tags={"kind": "ipynb", **(tags or {})},
        required_resource_keys=required_resource_keys,
    )
    _check_parameters(owner, definition)
    return definition


class _Compute:
    """What the solid does: called as any solid's function, wherever the step is executed."""

    def __init__(self, source: NotebookSource) -> None:
        self._source = source

    def __call__(self, context: SolidExecutionContext, inputs: Mapping[str, Any]) -> Iterator[Any]:
        """Run the notebook; yield what it yields."""
        events: Iterator[Any] = plugins.load("run_notebook")(self._source, context, inputs)
        return events


def parameters_of_config(definition: SolidDefinition) -> list[str]:
    """Return the parameters that a solid's config becomes: those of its fields that can be names.

    Others are reached by ``context.solid_config``.
    """
    field = definition.config_field
    if field is None:
        return []
    if not isinstance(field.config_type, HasFields):
        return [CONFIG]
    return [key for key in field.config_type.fields if key.isidentifier() and not _is_word(key)]


def _is_word(name: str) -> bool:
    return keyword.iskeyword(name) or name == CONTEXT


def _check_parameters(owner: str, definition: SolidDefinition) -> None:
    twice = sorted(set(parameters_of_config(definition)) & definition.input_dict.keys())
    if twice:
        message = (
            f"{owner}: '{twice[0]}' is the name of an input and of a config field; both would "
            "become the same variable in the notebook. Rename one."
        )
        raise DagsterInvalidDefinitionError(message)

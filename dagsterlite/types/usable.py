"""Classes that are dagster types themselves, by a decorator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, overload

from dagsterlite.errors import ParameterCheckError
from dagsterlite.types.annotations import make_python_type_usable_as_dagster_type
from dagsterlite.types.dagster_type import PythonObjectDagsterType
from dagsterlite.types.loader import DagsterTypeLoader, DagsterTypeMaterializer
from dagsterlite.types.serialization import SerializationStrategy

C = TypeVar("C", bound=type)


@overload
def usable_as_dagster_type(name: C) -> C: ...


@overload
def usable_as_dagster_type(
    name: str | None = ...,
    description: str | None = ...,
    loader: DagsterTypeLoader | None = ...,
    materializer: DagsterTypeMaterializer | None = ...,
    serialization_strategy: SerializationStrategy | None = ...,
    *,
    input_hydration_config: DagsterTypeLoader | None = ...,
    output_materialization_config: DagsterTypeMaterializer | None = ...,
) -> Callable[[C], C]: ...


def usable_as_dagster_type(
    name: C | str | None = None,
    description: str | None = None,
    loader: DagsterTypeLoader | None = None,
    materializer: DagsterTypeMaterializer | None = None,
    serialization_strategy: SerializationStrategy | None = None,
    *,
    input_hydration_config: DagsterTypeLoader | None = None,
    output_materialization_config: DagsterTypeMaterializer | None = None,
) -> C | Callable[[C], C]:
    """Let a class of yours stand for a dagster type wherever a type is wanted.

    As in::

        @usable_as_dagster_type(description="Rows of one day.", loader=load_day)
        class Day: ...

    Args:
        name: The type's name (default: the class's).
        description: For people (default: none).
        loader: How a value is made from config.
        materializer: How a value is written as config asks (default: as JSON or pickled, to a
            path).
        serialization_strategy: How values are written to intermediate storage.
        input_hydration_config: The older name of ``loader``.
        output_materialization_config: The older name of ``materializer``.

    Raises:
        CheckError: what is decorated is no class, or an argument is of the wrong type.
        DagsterInvalidDefinitionError: the class stands for a dagster type already.
    """
    if isinstance(name, type):
        return usable_as_dagster_type()(name)
    if name is not None and not isinstance(name, str):
        raise ParameterCheckError("usable_as_dagster_type", "name", "a text", name)

    def wrap(cls: C) -> C:
        dagster_type = PythonObjectDagsterType(
            cls,
            name=name,
            description=description,
            loader=loader,
            materializer=materializer,
            serialization_strategy=serialization_strategy,
            input_hydration_config=input_hydration_config,
            output_materialization_config=output_materialization_config,
        )
        make_python_type_usable_as_dagster_type(cls, dagster_type)
        return cls

    return wrap

"""The built-in scalar types, ``Any`` and ``Nothing``."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from typing import Any as AnyValue

from dagsterlite import config
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.yielded import AssetMaterialization, TypeCheck
from dagsterlite.types.dagster_type import DagsterType
from dagsterlite.types.loader import (
    DagsterTypeLoader,
    DagsterTypeMaterializer,
    FunctionLoader,
    FunctionMaterializer,
)

_PASSED = TypeCheck(success=True)
_AT_PATH = {"path": config.Field(config.String, description="The file's path.")}


def _load(_context: AnyValue, given: AnyValue) -> AnyValue:
    if not isinstance(given, dict):
        return given
    ((kind, data),) = given.items()
    if kind == "value":
        return data
    if kind == "json":
        with open(data["path"], encoding="utf-8") as file:
            return json.load(file)
    with open(data["path"], "rb") as file:
        return pickle.load(file)


def _write(_context: AnyValue, given: AnyValue, value: AnyValue) -> Iterator[AssetMaterialization]:
    ((kind, data),) = given.items()
    path = data["path"]
    if kind == "json":
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"value": value}, file)
    else:
        with open(path, "wb") as file:
            pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
    yield AssetMaterialization(path, metadata_entries=[EventMetadataEntry.fspath(path)])


def _loader(scalar: config.ConfigType) -> DagsterTypeLoader:
    forms = config.Selector({"value": config.Field(scalar), "json": _AT_PATH, "pickle": _AT_PATH})
    schema = forms if scalar is config.Any else config.ScalarUnion(scalar, forms)
    return FunctionLoader(schema, _load)


def _materializer() -> DagsterTypeMaterializer:
    return FunctionMaterializer(config.Selector({"json": _AT_PATH, "pickle": _AT_PATH}), _write)


def _scalar(
    name: str,
    python_type: type,
    scalar: config.ConfigType,
    description: str,
) -> DagsterType:
    def check(_context: AnyValue, value: AnyValue) -> TypeCheck:
        if isinstance(value, python_type):
            return _PASSED
        return TypeCheck(
            success=False,
            description=(
                f'Value "{value!s:.200}" of python type "{type(value).__name__}" must be a '
                f"{python_type.__name__}."
            ),
        )

    return DagsterType(
        check,
        name=name,
        is_builtin=True,
        description=description,
        loader=_loader(scalar),
        materializer=_materializer(),
        config_type=scalar,
    )


class _NothingType(DagsterType):
    @property
    def is_nothing(self) -> bool:
        return True


def _check_nothing(_context: AnyValue, value: AnyValue) -> TypeCheck:
    if value is None:
        return _PASSED
    return TypeCheck(success=False, description=f"Value must be None, got a {type(value)}")


Any = DagsterType(
    lambda _context, _value: _PASSED,
    name="Any",
    is_builtin=True,
    description="Any value.",
    loader=_loader(config.Any),
    materializer=_materializer(),
    config_type=config.Any,
)
Bool = _scalar("Bool", bool, config.Bool, "A Python bool.")
Float = _scalar("Float", float, config.Float, "A Python float.")
Int = _scalar("Int", int, config.Int, "A Python int.")
String = _scalar("String", str, config.String, "A Python str.")
Path = _scalar("Path", str, config.String, "A path, as a Python str.")
Nothing = _NothingType(
    _check_nothing,
    name="Nothing",
    is_builtin=True,
    description="No value: an order of execution alone.",
)

"""The built-in scalar types, ``Any`` and ``Nothing``."""

from __future__ import annotations

import json
import pickle
from typing import Any as AnyValue

from dagsterlite import config
from dagsterlite.events.yielded import TypeCheck
from dagsterlite.types.dagster_type import PASSED, DagsterType, refused
from dagsterlite.types.default_materializer import AT_PATH
from dagsterlite.types.loader import DagsterTypeLoader, FunctionLoader


def _load(_context: AnyValue, given: AnyValue) -> AnyValue:
    if not isinstance(given, dict):
        return given
    ((kind, data),) = given.items()
    if kind == "value":
        return data
    if kind == "json":
        return _read_json(data["path"])
    with open(data["path"], "rb") as file:
        return pickle.load(file)


def _read_json(path: str) -> AnyValue:
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    if not isinstance(content, dict) or "value" not in content:
        message = f'{path} must hold a JSON object with the key "value", as materializing writes it'
        raise ValueError(message)
    return content["value"]


def _loader(scalar: config.ConfigType) -> DagsterTypeLoader:
    forms = config.Selector({"value": config.Field(scalar), "json": AT_PATH, "pickle": AT_PATH})
    schema = forms if scalar is config.Any else config.ScalarUnion(scalar, forms)
    return FunctionLoader(schema, _load)


class BuiltinType(DagsterType):
    """A type of this module: pickled by its name, so that it is one object in every process."""

    def __reduce__(self) -> str:
        return self.display_name


class _NothingType(BuiltinType):
    @property
    def is_nothing(self) -> bool:
        return True


def _scalar(
    name: str, python_type: type, called: str, scalar: config.ConfigType, description: str
) -> DagsterType:
    def check(_context: AnyValue, value: AnyValue) -> TypeCheck:
        return PASSED if isinstance(value, python_type) else refused(value, called)

    return BuiltinType(
        check,
        name=name,
        is_builtin=True,
        description=description,
        loader=_loader(scalar),
        config_type=scalar,
        typing_type=python_type,
    )


def _check_nothing(_context: AnyValue, value: AnyValue) -> TypeCheck:
    if value is None:
        return PASSED
    return TypeCheck(success=False, description=f"Value must be None, got a {type(value)}")


Any = BuiltinType(
    lambda _context, _value: PASSED,
    name="Any",
    is_builtin=True,
    description="Any value.",
    loader=_loader(config.Any),
    config_type=config.Any,
)
Bool = _scalar("Bool", bool, "bool", config.Bool, "A Python bool.")
Float = _scalar("Float", float, "float", config.Float, "A Python float.")
Int = _scalar("Int", int, "int", config.Int, "A Python int.")
String = _scalar("String", str, "string", config.String, "A Python str.")
Path = _scalar("Path", str, "string", config.String, "A path, as a Python str.")
Nothing = _NothingType(
    _check_nothing,
    name="Nothing",
    is_builtin=True,
    description="No value: an order of execution alone.",
    typing_type=type(None),
)

"""Config types, and the check of config values against them."""

from __future__ import annotations

from dagsterlite.config.composite import Permissive, Selector, Shape
from dagsterlite.config.config_type import ConfigType
from dagsterlite.config.container import Array, Map, Noneable, ScalarUnion
from dagsterlite.config.describe import describe_config_type, print_config_type
from dagsterlite.config.enums import Enum, EnumValue
from dagsterlite.config.evaluation import (
    DagsterEvaluationErrorReason,
    Evaluation,
    EvaluationError,
    Unset,
    unset_in,
)
from dagsterlite.config.field import Field, convert_to_field
from dagsterlite.config.mapped import MappedConfig
from dagsterlite.config.place import PLACE, STORAGE_OPTIONS
from dagsterlite.config.resolve import resolve_to_config_type
from dagsterlite.config.scalars import Any, Bool, ConfigScalar, Float, Int, String
from dagsterlite.config.signature import arguments_of
from dagsterlite.config.snapshot import config_type_snapshot
from dagsterlite.config.source import BoolSource, IntSource, StringSource
from dagsterlite.config.validate import resolve_config, validate_config

__all__ = [
    "PLACE",
    "STORAGE_OPTIONS",
    "Any",
    "Array",
    "Bool",
    "BoolSource",
    "ConfigScalar",
    "ConfigType",
    "DagsterEvaluationErrorReason",
    "Enum",
    "EnumValue",
    "Evaluation",
    "EvaluationError",
    "Field",
    "Float",
    "Int",
    "IntSource",
    "Map",
    "MappedConfig",
    "Noneable",
    "Permissive",
    "ScalarUnion",
    "Selector",
    "Shape",
    "String",
    "StringSource",
    "Unset",
    "arguments_of",
    "config_type_snapshot",
    "convert_to_field",
    "describe_config_type",
    "print_config_type",
    "resolve_config",
    "resolve_to_config_type",
    "unset_in",
    "validate_config",
]

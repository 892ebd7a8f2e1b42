"""The arguments of a function as config, for what hands config on to a function of others."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any as AnyValue

from dagsterlite.config.composite import Permissive, Shape
from dagsterlite.config.config_type import ConfigType
from dagsterlite.config.field import Field
from dagsterlite.config.scalars import Any


def arguments_of(
    function: Callable[..., AnyValue], fields: Mapping[str, Field], without: Iterable[str] = ()
) -> ConfigType:
    """Return the config of a function's arguments, so that a misspelt one is refused early.

    Each may be left out and may be anything. A function that takes keywords of any name lets any
    stand.

    Args:
        function: The function.
        fields: What stands beside its arguments, or in place of one of the same name.
        without: Those of its arguments that config does not give.
    """
    parameters = inspect.signature(function).parameters
    named = [p for p in parameters.values() if p.kind not in _COLLECTING and p.name not in without]
    own = {p.name: Field(Any, is_required=False) for p in named if p.name not in fields}
    kinds = {p.kind for p in parameters.values()}
    make = Permissive if inspect.Parameter.VAR_KEYWORD in kinds else Shape
    return make({**fields, **own})


_COLLECTING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

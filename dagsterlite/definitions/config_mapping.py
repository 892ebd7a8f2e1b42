"""How config of the user's own form becomes that of the solids in a composite, or of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, overload

from dagsterlite.config import Field
from dagsterlite.definitions.configurable import any_config, config_field_of
from dagsterlite.types.callables import check_function


class ConfigMapping:
    """A function from config of the user's own form to what it stands for.

    Args:
        config_fn: Takes the config. For a composite solid or graph it returns a dict from solid
            name to that solid's ``{config: …, inputs: …}``; for a job, a whole run config.
        config_schema: What the config must look like; without one it is any config, or none.

    Raises:
        CheckError: ``config_fn`` is no function.
        DagsterInvalidDefinitionError: it does not take one argument, or the schema is wrong.
    """

    def __init__(
        self, config_fn: Callable[[Any], Mapping[str, Any]], config_schema: Any = None
    ) -> None:
        self.config_fn: Callable[[Any], Mapping[str, Any]] = check_function(
            "ConfigMapping", "config_fn", config_fn, takes=("config",)
        )
        self.config_field: Field = config_field_of("ConfigMapping", config_schema) or any_config()


@overload
def config_mapping(config_fn: Callable[[Any], Mapping[str, Any]]) -> ConfigMapping: ...


@overload
def config_mapping(
    *, config_schema: Any = ...
) -> Callable[[Callable[[Any], Mapping[str, Any]]], ConfigMapping]: ...


def config_mapping(
    config_fn: Callable[[Any], Mapping[str, Any]] | None = None, *, config_schema: Any = None
) -> ConfigMapping | Callable[[Callable[[Any], Mapping[str, Any]]], ConfigMapping]:
    """Make a config mapping of a function, for the ``config`` of a job or graph.

    ::

        @config_mapping(config_schema={"url": str})
        def from_url(config):
            return {"ops": {"load": {"config": {"url": config["url"], "retries": 3}}}}

    Args:
        config_fn: The function, where the decorator stands without arguments.
        config_schema: What the config that it takes must look like (default: anything).

    Raises:
        CheckError: it decorates no function.
        DagsterInvalidDefinitionError: the function does not take one argument, or the schema is
            wrong.
    """

    def wrap(fn: Callable[[Any], Mapping[str, Any]]) -> ConfigMapping:
        return ConfigMapping(fn, config_schema)

    return wrap if config_fn is None else wrap(config_fn)

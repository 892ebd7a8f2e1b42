"""How the config of a composite becomes the config of the solids inside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dagsterlite.config import Field
from dagsterlite.definitions.configurable import config_field_of
from dagsterlite.types.callables import check_function


class ConfigMapping:
    """A function from a composite's own config to the config of its solids.

    Args:
        config_fn: Takes the composite's config; returns a dict from solid name to that solid's
            ``{config: …, inputs: …}``.
        config_schema: What the composite's config must look like.

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
        self.config_field: Field | None = config_field_of("ConfigMapping", config_schema)

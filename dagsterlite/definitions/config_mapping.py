"""How the config of a composite becomes the config of the solids inside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dagsterlite.config import Field
from dagsterlite.definitions.configurable import check_function, config_field_of


class ConfigMapping:
    """A function from a composite's own config to the config of its solids.

    Args:
        config_fn: Takes the composite's config; returns a dict from solid name to that solid's
            ``{config: …, inputs: …}``.
        config_schema: What the composite's config must look like.
    """

    def __init__(
        self, config_fn: Callable[[Any], Mapping[str, Any]], config_schema: Any = None
    ) -> None:
        self.config_fn = check_function("ConfigMapping", "config_fn", config_fn)
        self.config_field: Field | None = config_field_of("ConfigMapping", config_schema)

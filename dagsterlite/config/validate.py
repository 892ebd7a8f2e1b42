"""Config values against config types: checked, filled in, resolved."""

from __future__ import annotations

import os
from collections.abc import Mapping

from dagsterlite.config.evaluation import Evaluation
from dagsterlite.config.resolve import resolve_to_config_type
from dagsterlite.config.walk import Walk


def validate_config(config_type: object, value: object, root: str = "run config") -> Evaluation:
    """Check a value and fill in defaults; environment sources and enums stay as given.

    Args:
        config_type: A config type, or whatever :func:`resolve_to_config_type` understands.
        value: The config as given. It is never changed: the result is made of new objects, but
            for values of type Any and unknown keys of a permissive dict, handed through as is.
        root: What the value is, for messages about its root: ``the root of the <root>``.

    Raises:
        DagsterInvalidConfigDefinitionError: ``config_type`` means no config type.
    """
    return _evaluate(config_type, value, Walk(root))


def resolve_config(
    config_type: object,
    value: object,
    environ: Mapping[str, str] = os.environ,
    root: str = "run config",
    *,
    leaves_unset: bool = False,
) -> Evaluation:
    """Check a value, fill in defaults, and turn each part into what it stands for.

    Enums become their Python values, sources are read from ``environ``, and the types'
    ``post_process`` hooks run. Otherwise as :func:`validate_config`.

    Args:
        config_type: As there.
        value: As there.
        environ: Where sources are read from.
        root: As there.
        leaves_unset: Whether a value may stay :class:`Unset` whose variable is not set.

    Raises:
        DagsterInvalidConfigDefinitionError: ``config_type`` means no config type.
    """
    walk = Walk(root, environ)
    walk.leaves_unset = leaves_unset
    return _evaluate(config_type, value, walk)


def _evaluate(config_type: object, value: object, walk: Walk) -> Evaluation:
    evaluated = resolve_to_config_type(config_type).evaluate(value, None, walk)
    success = not walk.errors
    return Evaluation(
        success=success,
        value=evaluated if success else None,
        errors=tuple(walk.errors),
        env_values=walk.env_values,
    )

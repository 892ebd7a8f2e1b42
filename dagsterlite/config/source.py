"""Config values that are given plainly, or read from the environment: ``{"env": "NAME"}``."""

from __future__ import annotations

from collections.abc import Callable

from dagsterlite.config import misfits
from dagsterlite.config.composite import Selector
from dagsterlite.config.container import ScalarUnion
from dagsterlite.config.path import Trail
from dagsterlite.config.scalars import Bool, ConfigScalar, Int, String
from dagsterlite.config.walk import Walk

_TRUTHS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


class Source(ScalarUnion):
    """A scalar, or the name of an environment variable whose text is read as that scalar."""

    __slots__ = ("_expected", "_parse", "name")

    def __init__(
        self, name: str, scalar_type: ConfigScalar, parse: Callable[[str], object], expected: str
    ) -> None:
        super().__init__(scalar_type, Selector({"env": String}))
        self.name = name
        self._parse = parse
        self._expected = expected

    @classmethod
    def changes_values(cls) -> bool:
        """Say that names of variables become their values."""
        return True

    def resolve(self, fitted: object, at: Trail, walk: Walk) -> object:
        """Return a plain value as it is, and read a variable from the walk's environment.

        Messages name the variable and never its text, which may be a secret.
        """
        if not isinstance(fitted, dict):
            return fitted
        name = fitted["env"]
        text = walk.read_env(name)
        if text is None:
            return misfits.not_set(walk, at, _not_set(name))
        return self._read(name, text, at, walk)

    def short_form(self) -> str:
        """Return the type's name."""
        return self.name

    def _read(self, name: str, text: str, at: Trail, walk: Walk) -> object:
        try:
            return self._parse(text)
        except (ValueError, KeyError):
            why = f'the environment variable "{name}" does not hold {self._expected}.'
            misfits.not_resolved(walk, at, why)
            return None

    def __reduce__(self) -> str:
        return self.name


def _not_set(name: str) -> str:
    return (
        f'the environment variable "{name}" is not set. Set it in the process that reads this '
        "config, or give a plain value."
    )


def _truth(text: str) -> bool:
    return _TRUTHS[text.strip().lower()]


StringSource = Source("StringSource", String, str, "a text")
"""A text, or ``{"env": "NAME"}``."""

IntSource = Source("IntSource", Int, int, "a whole number")
"""A whole number, or ``{"env": "NAME"}``."""

BoolSource = Source("BoolSource", Bool, _truth, "one of true, false, yes, no, on, off, 1, 0")
"""True or False, or ``{"env": "NAME"}``; the variable holds true, yes, on or 1, or the contrary."""

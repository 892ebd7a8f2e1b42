"""Lengths of time as they are written on the command line: ``30d``, ``12h``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import click

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FORM = re.compile(r"(\d{1,6})([smhdw])")


class Duration(click.ParamType[timedelta]):
    """A number and a unit: seconds, minutes, hours, days or weeks."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        found = _FORM.fullmatch(str(value))
        if found is None:
            message = (
                f"'{value}' is no length of time: write a number and s, m, h, d or w, e.g. 30d."
            )
            self.fail(message, param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})

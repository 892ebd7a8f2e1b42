"""Moments and spans of time as people read them."""

from __future__ import annotations

from datetime import datetime

_MINUTE = 60


def span(seconds: float | None) -> str:
    """Return seconds as a short text: ``4 ms``, ``3.2 s``, ``2:05 min``, ``1:02:05 h``."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))} ms"
    if round(seconds, 1) < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def moment(seconds: float | None) -> str:
    """Return unix seconds as local date and time, to the second."""
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def short_moment(seconds: float | None) -> str:
    """Return unix seconds as local day of the year and time, to the minute."""
    return moment(seconds)[5:16]


def time_of_day(seconds: float) -> str:
    """Return unix seconds as local time of day, to the second."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%H:%M:%S")

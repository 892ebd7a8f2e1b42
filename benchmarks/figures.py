"""Figures with their targets, and the table they are shown in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure."""

    what: str
    value: float
    unit: str
    #: The bound that is promised, in the same unit; None where nothing is.
    target: float | None = None
    #: Whether the value is to be at least the target, not at most.
    is_more_better: bool = False

    @property
    def verdict(self) -> str:
        """Return ``ok`` or ``MISSED``; nothing where there is no target."""
        if self.target is None:
            return ""
        is_met = self.value >= self.target if self.is_more_better else self.value <= self.target
        return "ok" if is_met else "MISSED"

    @property
    def bound(self) -> str:
        """Return the target as text."""
        if self.target is None:
            return ""
        return f"{'≥' if self.is_more_better else '≤'} {shown(self.target)} {self.unit}"


def shown(value: float) -> str:
    """Return a figure with three digits that say something."""
    if value >= 1000:  # noqa: PLR2004 - where thousands begin
        return f"{value:,.0f}"
    return f"{value:.3g}"


Benchmark = Callable[[], Iterator[Figure]]


def best_seconds(work: Callable[[], Any], times: int = 3) -> float:
    """Return the seconds that ``work`` takes at its best: what other processes cost is left out."""

    def once() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return min(once() for _ in range(times))


def table(figures: Iterable[Figure]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| what | measured | target | |"
    yield "|---|---|---|---|"
    for figure in figures:
        value = f"{shown(figure.value)} {figure.unit}"
        yield f"| {figure.what} | {value} | {figure.bound} | {figure.verdict} |"

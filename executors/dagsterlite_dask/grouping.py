"""Siblings that are known to be short, several in one Dask task. Pure.

What Dask does for a task takes longer than a trivial step does. Siblings need the same steps and
are needed by the same ones, so together they are as one task with many results.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from math import ceil
from typing import Final, TypeAlias

Chain: TypeAlias = tuple[str, ...]
Task: TypeAlias = tuple[Chain, ...]

GROUP_SECONDS: Final = 0.05
"""How long the steps of one task may take together, as far as is known."""

LARGEST: Final = 100
"""How many chains one task has at most."""

TASKS_A_WORKER: Final = 8
"""How many tasks each worker is to get at least, so that none is idle while others work."""


def grouped(
    chains: Sequence[Chain],
    seconds: Mapping[str, float],
    alike: Callable[[Chain], Hashable],
    workers: int,
) -> list[Task]:
    """Put chains into tasks: those that are alike and short together, others by themselves.

    Args:
        chains: The chains, in topological order.
        seconds: How long a step takes, for those of which it is known.
        alike: What chains must have in common to be together; None for one that stays alone.
        workers: How many workers there are.
    """
    siblings: dict[Hashable, list[Chain]] = {}
    tasks: list[Task] = []
    for chain in chains:
        kind = alike(chain) if all(key in seconds for key in chain) else None
        if kind is None:
            tasks.append((chain,))
        else:
            siblings.setdefault(kind, []).append(chain)
    for some in siblings.values():
        tasks += _cut(some, seconds, workers)
    return tasks


def _cut(chains: Sequence[Chain], seconds: Mapping[str, float], workers: int) -> Iterable[Task]:
    longest = max(sum(seconds[key] for key in chain) for chain in chains)
    by_time = LARGEST if longest * LARGEST <= GROUP_SECONDS else int(GROUP_SECONDS / longest)
    by_share = ceil(len(chains) / (TASKS_A_WORKER * max(workers, 1)))
    size = max(1, min(LARGEST, by_time, by_share))
    return (tuple(chains[start : start + size]) for start in range(0, len(chains), size))

"""Linear chains of steps, to be executed one after the other without asking anybody. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet


def linear_chains(
    step_keys: Iterable[str],
    upstream: Mapping[str, AbstractSet[str]],
    consumers: Mapping[str, Sequence[str]],
    may_follow: Callable[[str, str], bool],
) -> list[tuple[str, ...]]:
    """Group steps into chains: each step but the first needs the one before it, and only that.

    No other step needs one of a chain, but its last.

    Args:
        step_keys: The steps, in topological order.
        upstream: For each of them, all steps that it needs.
        consumers: For each of them, all steps that need it.
        may_follow: Whether a step may stand right behind the one that it needs.

    Returns:
        The chains, in the order of their first steps; a step without company is one by itself.
    """
    chain_of: dict[str, list[str]] = {}
    chains: list[list[str]] = []
    for key in step_keys:
        sources = upstream[key]
        source = next(iter(sources)) if len(sources) == 1 else None
        if source in chain_of and len(consumers[source]) == 1 and may_follow(source, key):
            chain = chain_of[source]
        else:
            chains.append(chain := [])
        chain.append(key)
        chain_of[key] = chain
    return [tuple(chain) for chain in chains]

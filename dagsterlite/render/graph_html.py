"""A graph as a page shows it: drawn, with what is inside composites and folds to be opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from dagsterlite.render.graph_svg import graph_drawing
from dagsterlite.render.graph_view import MOST_NODES, GraphView, Member, States, graph_view
from dagsterlite.render.html import Html, folded, joined, quiet, table, tag, text
from dagsterlite.render.looks import NOT_BEGUN, colored, look_of_step, worst
from dagsterlite.render.pipelines import PortView, SolidView

_MOST_DRAWINGS: Final = 24
"""More composites are told of, but not drawn: a page must open at once."""

_COMPOSITES_SHOWN: Final = 8
"""More are opened by one more click."""

_NAMES_SHOWN: Final = 200
_SOLIDS_LISTED: Final = 100


class _Budget:
    """How many more drawings a page may hold."""

    def __init__(self) -> None:
        self.left = _MOST_DRAWINGS

    def take(self) -> bool:
        self.left -= 1
        return self.left >= 0


def graph_parts(
    solids: Sequence[SolidView], states: States | None = None, path: str = ""
) -> Iterator[Html]:
    """Yield a graph's drawing, and below it what opens.

    Args:
        solids: The solids of the graph, in topological order.
        states: How the steps of each solid's path stand, after a run.
        path: The path of the composite that holds the graph, ending with a dot.
    """
    yield from _drawings(solids, states, path, _Budget())


def _drawings(
    solids: Sequence[SolidView], states: States | None, path: str, budget: _Budget
) -> Iterator[Html]:
    if not solids:
        yield quiet("Nothing is in it.")
        return
    view = graph_view(solids, states, path)
    yield tag("div", graph_drawing(view), cls="dl-graph")
    yield from _folds(view)
    composites = [solid for solid in solids if solid.inside]
    drawn = [_inside(solid, states, path, budget) for solid in composites if budget.take()]
    left_out = len(composites) - len(drawn)
    more = [quiet(f"… and {left_out} more composites")] if left_out else []
    if len(composites) > _COMPOSITES_SHOWN:
        yield folded(text(f"What is inside {len(composites)} composites"), *drawn, *more)
    else:
        yield from (*drawn, *more)


def _inside(solid: SolidView, states: States | None, path: str, budget: _Budget) -> Html:
    parts = _drawings(solid.inside, states, f"{path}{solid.name}.", budget)
    return folded(joined((text(f"Inside {solid.name}"), quiet(f"  {len(solid.inside)}"))), *parts)


def _folds(view: GraphView) -> Iterator[Html]:
    if not view.is_folded:
        return
    lines = [
        tag("li", text(f"{node.title}: "), _member_names(node.members))
        for node in view.nodes
        if node.members
    ]
    summary = f"{view.total} in {len(view.nodes)} boxes: what is folded"
    yield folded(text(summary), tag("ul", *lines[:MOST_NODES]))


def _member_names(members: Sequence[Member]) -> Html:
    """Return the names of what folds; of very many those that need a look, and the first ones."""
    shown = sorted(members, key=_is_well)[:_NAMES_SHOWN]
    more = f" … and {len(members) - len(shown)} more" if len(members) > len(shown) else ""
    return joined((joined(map(_member_name, shown), Html(", ")), quiet(more)))


def _is_well(member: Member) -> bool:
    return member.states is None or worst(member.states) in {"SUCCESS", "SKIPPED", NOT_BEGUN}


def _member_name(member: Member) -> Html:
    if member.states is None:
        return quiet(member.name)
    look = look_of_step(worst(member.states))
    return colored(f"{look.sign} {member.name}", look.color)


def solids_list(solids: Sequence[SolidView], words: str) -> Html:
    """Return the solids of a graph as a table, also those inside composites, to be opened.

    Args:
        solids: The solids.
        words: What they are called.
    """
    every = list(_every(solids, ""))
    rows = [_row(path, solid) for path, solid in every[:_SOLIDS_LISTED]]
    header = (words.title(), "Takes", "Gives", "Needs", "")
    more = len(every) - len(rows)
    rest = (quiet(f"… and {more} more"),) if more > 0 else ()
    return folded(text(f"{words.title()}s, inputs and outputs"), table(header, rows), *rest)


def _every(solids: Sequence[SolidView], path: str) -> Iterator[tuple[str, SolidView]]:
    for solid in solids:
        yield f"{path}{solid.name}", solid
        yield from _every(solid.inside, f"{path}{solid.name}.")


def _row(path: str, solid: SolidView) -> tuple[Html, ...]:
    name = joined((tag("b", text(path)), quiet(f" {solid.definition}" if solid.definition else "")))
    remarks = [
        f"once for each of {solid.mapped_over}" if solid.mapped_over else "",
        f"hooks: {', '.join(solid.hooks)}" if solid.hooks else "",
        "" if solid.max_retries is None else f"tried again, at most {solid.max_retries} times",
    ]
    told = "; ".join(part for part in (solid.description, *remarks) if part)
    return (
        name,
        joined(map(_port, solid.inputs), Html("<br>")),
        joined(map(_port, solid.outputs), Html("<br>")),
        text(", ".join(solid.resources)),
        quiet(told),
    )


def _port(port: PortView) -> Html:
    sources = ", ".join(map(str, port.sources))
    remark = f" ({port.remark})" if port.remark else ""
    described = f" {port.description}" if port.description else ""
    return joined(
        (
            text(f"{port.name}: {port.type_name}"),
            quiet(f"{' ← ' * bool(sources)}{sources}{remark}{described}"),
        )
    )

"""A graph of solids as it is drawn: nodes and lines; of very many, those of a kind fold into one.

Pure. What is drawn stays legible whatever the graph: in a wide layer solids of one definition fold,
or all where these are too many; in a large graph all layers do, and then layers that follow each
other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from dagsterlite.render.layered import layers_of
from dagsterlite.render.pipelines import PortView, SolidView

MOST_NODES: Final = 72
"""Larger graphs fold to at most as many nodes."""

_WIDE: Final = 8
"""Solids of one definition fold in layers with more nodes."""

_TOO_WIDE: Final = 16
"""Layers that have more nodes even so fold to one."""

_FEW: Final = 3
"""Fewer solids of a kind do not fold: nothing would be gained."""

States = Mapping[str, Mapping[str, int]]
"""For a solid's dotted path, how many of its steps are in which state."""


@dataclass(frozen=True)
class Member:
    """A solid that folds into a node with others."""

    name: str
    states: Mapping[str, int] | None


@dataclass(frozen=True, kw_only=True)
class Node:
    """A solid, or several that fold into one."""

    key: str
    title: str
    #: A second line, in small: the definition, how many are inside or folded.
    subtitle: str = ""
    description: str = ""
    inputs: Sequence[PortView] = ()
    outputs: Sequence[PortView] = ()
    is_composite: bool = False
    #: Whether it stands for several steps that are alike.
    is_many: bool = False
    #: The solids that fold into it.
    members: Sequence[Member] = ()
    #: How many steps are in which state; None where nothing ran.
    states: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Line:
    """From an output to an input."""

    source: str
    target: str
    output_name: str
    input_name: str
    #: Whether a value passes for each mapping key.
    is_dynamic: bool = False


@dataclass(frozen=True, kw_only=True)
class GraphView:
    """What is drawn of a graph."""

    #: In topological order.
    nodes: Sequence[Node]
    lines: Sequence[Line]
    #: How many solids the graph has.
    total: int = 0

    @property
    def is_folded(self) -> bool:
        """Whether a node stands for several solids."""
        return any(node.members for node in self.nodes)


def graph_view(
    solids: Sequence[SolidView],
    states: States | None = None,
    path: str = "",
    limit: int = MOST_NODES,
) -> GraphView:
    """Return what is drawn of a graph.

    Args:
        solids: Its solids, in topological order.
        states: How the steps of each path stand, after a run.
        path: The path of the composite that holds the graph, ending with a dot.
        limit: The most nodes to draw.
    """
    nodes = tuple(_node(solid, states, f"{path}{solid.name}") for solid in solids)
    view = GraphView(nodes=nodes, lines=_lines(solids), total=len(solids))
    kinds = {solid.name: solid.definition_name or solid.name for solid in solids}
    view = _fold_siblings(view, kinds, _WIDE if len(view.nodes) <= limit else 0)
    view = _fold_wide_layers(view)
    return view if len(view.nodes) <= limit else _fold_layers(view, limit)


def _node(solid: SolidView, states: States | None, path: str) -> Node:
    return Node(
        key=solid.name,
        title=solid.name,
        subtitle=_subtitle(solid),
        description=solid.description,
        inputs=solid.inputs,
        outputs=solid.outputs,
        is_composite=bool(solid.inside),
        is_many=bool(solid.mapped_over),
        states=None if states is None else _states_of(solid, states, path),
    )


def _states_of(solid: SolidView, states: States, path: str) -> Mapping[str, int]:
    """Return the states of a solid's steps; of a composite, of all steps inside."""
    if not solid.inside:
        return states.get(path, {})
    counts: Counter[str] = Counter()
    for inner in solid.inside:
        counts.update(_states_of(inner, states, f"{path}.{inner.name}"))
    return counts


def _subtitle(solid: SolidView) -> str:
    if solid.inside:
        return f"{len(solid.inside)} inside"
    if solid.mapped_over:
        return f"for each of {solid.mapped_over}"
    return solid.definition


def _lines(solids: Sequence[SolidView]) -> list[Line]:
    dynamic = {
        (solid.name, port.name)
        for solid in solids
        for port in solid.outputs
        if "dynamic" in port.remark or solid.mapped_over
    }
    return [
        Line(
            source.solid,
            solid.name,
            source.name,
            port.name,
            is_dynamic=(source.solid, source.name) in dynamic,
        )
        for solid in solids
        for port in solid.inputs
        for source in port.sources
        if source.solid
    ]


# --- folding ---


def _layers(view: GraphView) -> dict[str, int]:
    return layers_of(
        [node.key for node in view.nodes], [(line.source, line.target) for line in view.lines]
    )


def _fold_siblings(view: GraphView, kinds: Mapping[str, str], wide: int) -> GraphView:
    """Fold solids of one definition in one layer, where the layer has more than so many."""
    layers = _layers(view)
    widths = Counter(layers.values())

    def group_of(node: Node) -> Hashable:
        layer = layers[node.key]
        return (layer, kinds[node.key]) if widths[layer] > wide else node.key

    return _fold(view, group_of, _of_one_kind(kinds))


def _fold_wide_layers(view: GraphView) -> GraphView:
    layers = _layers(view)
    widths = Counter(layers.values())

    def group_of(node: Node) -> Hashable:
        layer = layers[node.key]
        return layer if widths[layer] > _TOO_WIDE else node.key

    return _fold(view, group_of, _of_some_layers)


def _of_one_kind(kinds: Mapping[str, str]) -> Callable[[Sequence[Node]], Node]:
    def merge(nodes: Sequence[Node]) -> Node:
        first = nodes[0]
        title = f"{len(_members(nodes))} of {kinds[first.key]}"
        return replace(_merged(nodes, title), inputs=first.inputs, outputs=first.outputs)

    return merge


def _fold_layers(view: GraphView, limit: int) -> GraphView:
    """Fold layers of many nodes; where there are too many layers, some that follow each other."""
    layers = _layers(view)
    count = 1 + max(layers.values())
    band = -(-count // limit)
    return _fold(view, lambda node: layers[node.key] // band, _of_some_layers, at_least=2)


def _of_some_layers(nodes: Sequence[Node]) -> Node:
    members = _members(nodes)
    return _merged(nodes, f"{len(members)} folded")


def _merged(nodes: Sequence[Node], title: str) -> Node:
    members = _members(nodes)
    states: Counter[str] | None = None
    if any(node.states is not None for node in nodes):
        states = Counter()
        for node in nodes:
            states.update(node.states or {})
    return Node(
        key=nodes[0].key,
        title=title,
        subtitle=f"{members[0].name} … {members[-1].name}",
        is_many=True,
        members=members,
        states=states,
    )


def _members(nodes: Sequence[Node]) -> tuple[Member, ...]:
    return tuple(
        member for node in nodes for member in (node.members or (Member(node.title, node.states),))
    )


def _fold(
    view: GraphView,
    group_of: Callable[[Node], Hashable],
    merge: Callable[[Sequence[Node]], Node],
    at_least: int = _FEW,
) -> GraphView:
    """Fold the nodes of each group of at least so many; lines within a group go."""
    groups: dict[Hashable, list[Node]] = {}
    for node in view.nodes:
        groups.setdefault(group_of(node), []).append(node)
    nodes: list[Node] = []
    key_of: dict[str, str] = {}
    for group in groups.values():
        folded = [merge(group)] if len(group) >= at_least else group
        nodes += folded
        into = [folded[0].key] * len(group) if len(folded) < len(group) else [n.key for n in group]
        key_of |= {node.key: key for node, key in zip(group, into, strict=True)}
    lines = dict.fromkeys(
        replace(line, source=key_of[line.source], target=key_of[line.target])
        for line in view.lines
        if key_of[line.source] != key_of[line.target]
    )
    return GraphView(nodes=_sorted(nodes, lines), lines=list(lines), total=view.total)


def _sorted(nodes: Sequence[Node], lines: Mapping[Line, None]) -> list[Node]:
    """Return nodes in topological order; groups that span layers keep the order of layers."""
    by_key = {node.key: node for node in nodes}
    below: dict[str, list[str]] = {}
    waiting = dict.fromkeys(by_key, 0)
    for line in lines:
        below.setdefault(line.source, []).append(line.target)
        waiting[line.target] += 1
    ready = [key for key, count in waiting.items() if count == 0]
    for key in ready:
        for target in below.get(key, ()):
            waiting[target] -= 1
            if waiting[target] == 0:
                ready.append(target)
    return [by_key[key] for key in ready]

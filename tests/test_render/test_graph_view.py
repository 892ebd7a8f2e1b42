"""What is drawn of a graph, and how a large one folds."""

from __future__ import annotations

from collections import Counter

import pytest

from dagsterlite import PipelineDefinition
from dagsterlite.render.graph_view import MOST_NODES, GraphView, Line, graph_view
from dagsterlite.render.pipelines import solid_views
from tests.test_render.graphs_of import knotted, long, wide
from tests.test_render.runs_of import mapped, mixed


def view_of(definition: PipelineDefinition, **more) -> GraphView:
    return graph_view(solid_views(definition.graph), **more)


def solids_in(view: GraphView) -> list[str]:
    return [
        name
        for node in view.nodes
        for name in ([member.name for member in node.members] or [node.title])
    ]


def test_a_small_graph_is_drawn_as_it_is() -> None:
    view = view_of(mixed)

    assert not view.is_folded
    assert [node.title for node in view.nodes] == list(mixed.solid_names)
    assert Line("load", "use_more", "more", "value") in view.lines


def test_lines_of_dynamic_outputs_and_of_what_is_mapped_are_told_apart() -> None:
    lines = {(line.source, line.target): line.is_dynamic for line in view_of(mapped).lines}

    assert lines == {
        ("spread", "use"): True,
        ("use", "use_again"): True,
        ("use_again", "use_all"): True,
    }


def test_sixty_solids_are_all_drawn() -> None:
    assert len(view_of(knotted(60)).nodes) == 60


def test_many_solids_of_one_definition_side_by_side_fold_into_one() -> None:
    view = view_of(wide(998))

    assert [node.title for node in view.nodes] == ["one", "998 of shard", "total"]
    assert [(line.source, line.target) for line in view.lines] == [
        ("one", "shard_0"),
        ("shard_0", "total"),
    ]


def test_a_few_side_by_side_do_not_fold() -> None:
    assert not view_of(wide(6)).is_folded


@pytest.mark.parametrize("make", [knotted, wide, long])
@pytest.mark.parametrize("count", [73, 1_000])
def test_large_graphs_fold_to_a_legible_size_and_lose_no_solid(make, count: int) -> None:
    definition = make(count)
    view = view_of(definition)

    assert len(view.nodes) <= MOST_NODES
    assert sorted(solids_in(view)) == sorted(definition.solid_names)
    assert view.total == len(definition.solid_names)


@pytest.mark.parametrize("make", [knotted, long])
def test_folded_graphs_stay_in_order_and_without_circles(make) -> None:
    view = view_of(make(1_000))
    place = {node.key: number for number, node in enumerate(view.nodes)}

    assert all(place[line.source] < place[line.target] for line in view.lines)


def test_a_fold_counts_the_states_of_all_in_it() -> None:
    states = {f"shard_{number}": Counter(SUCCESS=1) for number in range(20)}
    states["shard_7"] = Counter(FAILURE=1)

    _, folded, _ = view_of(wide(20), states=states).nodes
    assert folded.states == {"SUCCESS": 19, "FAILURE": 1}


def test_a_composite_has_the_states_of_the_steps_inside() -> None:
    definition = knotted(12)
    states = {
        "four_times_11.twice": Counter(SUCCESS=1),
        "four_times_11.twice_again": Counter(FAILURE=1),
    }

    (composite,) = (n for n in view_of(definition, states=states).nodes if n.is_composite)
    assert composite.states == {"SUCCESS": 1, "FAILURE": 1}

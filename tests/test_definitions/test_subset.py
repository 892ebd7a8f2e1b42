from __future__ import annotations

import pytest

from dagsterlite.definitions.dependency import (
    DependencyDefinition,
    MultiDependencyDefinition,
)
from dagsterlite.definitions.pipeline import pipeline
from dagsterlite.definitions.solid import lambda_solid
from dagsterlite.definitions.subset import subset_pipeline
from dagsterlite.errors import DagsterInvalidSubsetError


class Table:
    pass


@lambda_solid
def one() -> int:
    return 1


@lambda_solid
def add(num: int) -> int:
    return num + 1


@lambda_solid
def total(numbers: list[int]) -> int:
    return sum(numbers)


@lambda_solid
def makes() -> Table:
    return Table()


@lambda_solid
def takes(table: Table) -> int:
    return 1


@pipeline
def whole():
    first = one()
    total([first, add(first)])
    takes(makes())


def test_only_the_named_solids_are_left_in_their_order():
    part = subset_pipeline(whole, ["add", "one"])

    assert part.solid_names == ["one", "add"]
    assert part.graph.dependencies["add"] == {"num": DependencyDefinition("one")}
    assert part.name == whole.name
    assert len(whole.solids) == 5


def test_an_input_whose_source_is_cut_off_gets_its_value_from_config():
    assert subset_pipeline(whole, ["add"]).graph.dependencies == {"add": {}}


def test_a_fan_in_keeps_the_sources_that_are_left():
    assert subset_pipeline(whole, ["total", "add"]).graph.dependencies["total"] == {
        "numbers": MultiDependencyDefinition([DependencyDefinition("add")])
    }
    assert subset_pipeline(whole, ["total"]).graph.dependencies["total"] == {}


def test_an_input_that_can_get_no_value_any_more_is_refused():
    with pytest.raises(
        DagsterInvalidSubsetError, match=r"subset 'takes' for pipeline 'whole'.*input 'table'"
    ):
        subset_pipeline(whole, ["takes"])


def test_a_solid_that_is_not_there_is_refused_with_the_near_one():
    with pytest.raises(
        DagsterInvalidSubsetError, match=r"'whole' has no solid 'totl'. Did you mean 'total'"
    ):
        subset_pipeline(whole, ["one", "totl"])

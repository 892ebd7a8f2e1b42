from __future__ import annotations

import re

import pytest

from dagsterlite.definitions.composite import composite_solid
from dagsterlite.definitions.dependency import (
    DependencyDefinition,
    MultiDependencyDefinition,
    SolidInvocation,
)
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.mappings import MappedInputPlaceholder
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.solid import lambda_solid, solid
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    ParameterCheckError,
)
from dagsterlite.handles import SolidHandle


@lambda_solid
def one() -> int:
    return 1


@lambda_solid
def add(num: int) -> int:
    return num + 1


@lambda_solid
def total(numbers: list[int]) -> int:
    return sum(numbers)


def build(dependencies, defs=(one, add, total), name="p"):
    return PipelineDefinition(list(defs), name, dependencies=dependencies)


def test_definitions_without_dependencies_stand_in_the_graph_once():
    definition = PipelineDefinition([one, total, add], name="p")

    assert definition.solid_names == ["add", "one", "total"]
    assert all(definition.graph.dependencies[name] == {} for name in definition.solid_names)


def test_dependencies_are_keyed_by_name_or_invocation():
    definition = build(
        {
            "one": {},
            SolidInvocation("add", alias="again", tags={"k": "v"}): {
                "num": DependencyDefinition("add")
            },
            "add": {"num": DependencyDefinition(solid="one", output="result")},
            "total": {
                "numbers": MultiDependencyDefinition(
                    [DependencyDefinition("one"), DependencyDefinition("again")]
                )
            },
        }
    )

    assert definition.solid_names == ["one", "add", "again", "total"]
    assert definition.solid_named("again").definition is add
    assert definition.solid_named("again").tags == {"k": "v"}
    assert definition.graph.upstream() == {
        "one": set(),
        "add": {"one"},
        "again": {"add"},
        "total": {"one", "again"},
    }


def test_a_definition_that_is_only_aliased_does_not_stand_under_its_own_name():
    definition = build({SolidInvocation("one", alias="first"): {}}, [one])

    assert definition.solid_names == ["first"]


def test_a_source_stands_under_its_own_name_even_when_it_is_aliased_too():
    definition = build(
        {SolidInvocation("add", alias="again"): {"num": DependencyDefinition("add")}}, [add]
    )

    assert definition.solid_names == ["add", "again"]


def test_solids_are_in_topological_order_and_by_name_on_one_level():
    edges = {
        "z": {"num": DependencyDefinition("one")},
        "a": {"num": DependencyDefinition("z")},
        "m": {"num": DependencyDefinition("one")},
        "b": {"num": DependencyDefinition("z")},
    }
    defs = [solid(name)(lambda context, num: num) for name in edges]

    assert build(edges, [*defs, one]).solid_names == ["one", "m", "z", "a", "b"]


@pytest.mark.parametrize(
    ("dependencies", "words"),
    [
        ([("add", {})], "dependencies is [('add', {})] of type list"),
        ({5: {}}, "a key of dependencies is 5"),
        ({"add": DependencyDefinition("one")}, "dependencies['add'] is DependencyDefinition("),
        ({"add": {"num": "one"}}, "dependencies['add']['num'] is 'one' of type str"),
        (
            {"add": {"num": [DependencyDefinition("one")]}},
            "dependencies['add']['num'] is [DependencyDefinition(",
        ),
        (
            {"total": {"numbers": MultiDependencyDefinition(["one"])}},  # type: ignore[list-item]
            "a source of dependencies['total']['numbers'] is 'one'",
        ),
    ],
)
def test_dependencies_of_another_form_are_refused_by_their_place(dependencies, words):
    with pytest.raises(DagsterInvalidDefinitionError, match=re.escape(words)) as caught:
        build(dependencies)

    assert str(caught.value).startswith("pipeline 'p': ")
    assert "dependencies is a dict from the name of a solid" in str(caught.value)


@pytest.mark.parametrize(
    ("dependencies", "words"),
    [
        ({"ad": {}}, "has no solid 'ad'. Did you mean 'add'? It has: 'add', 'one', 'total'."),
        (
            {"add": {"nmu": DependencyDefinition("one")}},
            "solid 'add' has no input 'nmu'. Did you mean 'num'? It has: 'num'.",
        ),
        (
            {"add": {"num": DependencyDefinition("on")}},
            "depends on solid 'on', which is not there. Did you mean 'one'?",
        ),
        (
            {"add": {"num": DependencyDefinition("one", "reslut")}},
            "depends on output 'reslut' of solid 'one', which it lacks. Did you mean 'result'?",
        ),
        (
            {"add": {"num": MultiDependencyDefinition([DependencyDefinition("one")])}},
            "does not support fan-in",
        ),
        (
            {"total": {"numbers": MultiDependencyDefinition([MappedInputPlaceholder])}},
            "holds the place of an input of the composite",
        ),
        (
            {SolidInvocation("add", "a.b"): {"num": DependencyDefinition("one")}},
            "'a.b' is not a valid name for a solid alias",
        ),
        (
            {"one": {}, SolidInvocation("add", "one"): {"num": DependencyDefinition("one")}},
            "two solids named 'one'",
        ),
    ],
)
def test_an_edge_that_does_not_fit_is_refused_by_its_place(dependencies, words):
    with pytest.raises(DagsterInvalidDefinitionError, match=re.escape(words)):
        build(dependencies)


def test_a_circle_is_refused_and_shown():
    edges = {"add": {"num": DependencyDefinition("twice")}}
    twice = solid("twice")(lambda context, num: num)

    with pytest.raises(DagsterInvalidDefinitionError, match="add → add"):
        build({"add": {"num": DependencyDefinition("add")}}, [add])
    with pytest.raises(DagsterInvalidDefinitionError, match=r"add → twice|twice → add"):
        build({**edges, "twice": {"num": DependencyDefinition("add")}}, [add, twice])


@pytest.mark.parametrize(
    ("solid_defs", "words"),
    [
        ([lambda: 1], "Decorate the function with @solid"),
        ([None], "found None"),
        (one, "must be a list of solids"),
        ([one, [add]], "must be a list of solids"),
        ([one, solid("one")(lambda context: 1)], "two different definitions named 'one'"),
    ],
)
def test_solid_defs_is_a_list_of_solids_of_different_names(solid_defs, words):
    with pytest.raises(DagsterInvalidDefinitionError, match=words):
        PipelineDefinition(solid_defs, name="p")


def test_the_same_definition_given_twice_counts_once():
    assert PipelineDefinition([one, one], name="p").solid_names == ["one"]


def test_a_fan_in_is_made_of_a_list():
    for wrong in ("one", DependencyDefinition("one"), None):
        with pytest.raises(ParameterCheckError, match="MultiDependencyDefinition"):
            MultiDependencyDefinition(wrong)  # type: ignore[arg-type]


def test_solids_are_found_by_handle_also_inside_composites():
    @composite_solid
    def inner(num: int):
        add(num)

    @composite_solid
    def outer(num: int):
        inner(num)

    definition = PipelineDefinition([outer], name="p")

    found = definition.get_solid(SolidHandle.from_string("outer.inner.add"))
    assert found.definition is add
    assert {d.name for d in definition.all_solid_defs} == {"outer", "inner", "add"}
    for wrong in ("outer.add", "innner", "outer.inner.add.one"):
        with pytest.raises(DagsterInvariantViolationError):
            definition.get_solid(SolidHandle.from_string(wrong))


def test_a_solid_that_is_not_there_is_named_with_the_near_one():
    definition = build({}, [one, add])

    assert definition.has_solid_named("one")
    assert not definition.has_solid_named("onne")
    with pytest.raises(
        DagsterInvariantViolationError,
        match=r"pipeline 'p' has no solid 'onne'. Did you mean 'one'",
    ):
        definition.solid_named("onne")


def test_inputs_of_a_definition_with_the_dagster_names():
    dependency = DependencyDefinition("a", "b", "why")

    assert (dependency.solid, dependency.output, dependency.description) == ("a", "b", "why")
    assert DependencyDefinition("a").output == "result"
    assert MultiDependencyDefinition([dependency]).dependencies == (dependency,)
    assert SolidInvocation("a").node_name == "a"
    assert SolidInvocation("a", alias="b").node_name == "b"
    assert InputDefinition("x", int, "text", 5).default_value == 5

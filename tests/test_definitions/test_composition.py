from __future__ import annotations

import pytest

from dagsterlite.definitions.dependency import (
    DependencyDefinition,
    MultiDependencyDefinition,
)
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.pipeline import pipeline
from dagsterlite.definitions.solid import solid
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
)
from dagsterlite.events.yielded import Output
from dagsterlite.types.builtins import Nothing


@solid
def one(context) -> int:
    return 1


@solid
def add(context, a: int, b: int = 1) -> int:
    return a + b


@solid
def total(context, numbers: list[int]) -> int:
    return sum(numbers)


@solid(output_defs=[OutputDefinition(int, "low"), OutputDefinition(int, "high")])
def split(context):
    yield Output(1, "low")
    yield Output(9, "high")


@solid(input_defs=[InputDefinition("start", Nothing)])
def after(context):
    return 1


def composed(fn):
    return pipeline(name="p")(fn)


def edges(definition):
    return {name: dict(inputs) for name, inputs in definition.graph.dependencies.items() if inputs}


def test_handing_on_an_output_draws_an_edge():
    @pipeline
    def numbers():
        low, high = split()
        add(low, b=high)

    assert edges(numbers) == {
        "add": {
            "a": DependencyDefinition("split", "low"),
            "b": DependencyDefinition("split", "high"),
        }
    }
    assert numbers.solid_names == ["split", "add"]


def test_outputs_are_handed_on_by_name_too():
    def fn():
        outputs = split()
        add(outputs.high)

    assert edges(composed(fn)) == {"add": {"a": DependencyDefinition("split", "high")}}


def test_a_solid_placed_again_is_numbered():
    def fn():
        for _ in range(3):
            one()

    assert composed(fn).solid_names == ["one", "one_2", "one_3"]


def test_numbers_step_over_names_that_are_taken():
    def fn():
        one.alias("one_2")()
        one()
        one()
        one()

    assert sorted(composed(fn).solid_names) == ["one", "one_2", "one_3", "one_4"]


def test_an_alias_names_a_place():
    def fn():
        add.alias("again")(add(one()))

    definition = composed(fn)

    assert definition.solid_names == ["one", "add", "again"]
    assert definition.solid_named("again").definition is add
    assert edges(definition)["again"] == {"a": DependencyDefinition("add")}


def test_an_alias_is_used_once():
    def fn():
        one.alias("x")()
        one.alias("x")()

    with pytest.raises(DagsterInvalidDefinitionError, match="@pipeline 'p' has a solid named 'x'"):
        composed(fn)


@pytest.mark.parametrize("alias", ["a.b", "", "a*", "in", 5])
def test_an_alias_is_a_name(alias):
    with pytest.raises((DagsterInvalidDefinitionError, DagsterInvariantViolationError)):
        one.alias(alias)


def test_tags_of_a_place_stand_over_those_of_the_definition():
    tagged = solid("tagged", tags={"a": "1", "b": "1"})(lambda context: 1)

    def fn():
        tagged.tag({"b": "2"}).tag({"c": {"cpu": 1}}).alias("x")()
        tagged()

    definition = composed(fn)

    assert definition.solid_named("x").tags == {"a": "1", "b": "2", "c": '{"cpu": 1}'}
    assert definition.solid_named("tagged").tags == {"a": "1", "b": "1"}


def test_a_list_of_outputs_is_a_fan_in():
    def fn():
        total([one(), one(), split().high])

    assert edges(composed(fn)) == {
        "total": {
            "numbers": MultiDependencyDefinition(
                [
                    DependencyDefinition("one"),
                    DependencyDefinition("one_2"),
                    DependencyDefinition("split", "high"),
                ]
            )
        }
    }


def test_a_fan_in_needs_an_input_that_takes_a_list():
    with pytest.raises(DagsterInvalidDefinitionError, match=r"'a' .*type Int,.*not support fan-in"):
        composed(lambda: add([one(), one()]))

    @solid
    def takes_any(context, x):
        return x

    assert composed(lambda: takes_any([one(), one()])).solid_names == ["one", "one_2", "takes_any"]
    assert composed(lambda: after([one(), one()])).solid_names == ["one", "one_2", "after"]


def test_any_output_can_stand_for_nothing_but_nothing_for_no_value():
    @solid(output_defs=[OutputDefinition(Nothing)])
    def prepares(context):
        pass

    assert edges(composed(lambda: after(one()))) == {
        "after": {"start": DependencyDefinition("one")}
    }
    assert edges(composed(lambda: after(start=prepares())))
    with pytest.raises(DagsterInvalidDefinitionError, match=r"needs a value.*type Nothing"):
        composed(lambda: add(prepares()))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (lambda: add(5), "input 'a' of solid 'add' is given 5 of type int"),
        (lambda: add("one"), "is given 'one' of type str"),
        (lambda: add(one), r"a solid that was not called: write one\(\)"),
        (lambda: add(split()), "all outputs at once; pick one of them by name: 'high', 'low'"),
        (lambda: total([one(), 5]), "'numbers' of solid 'total' at position 1 is given 5"),
        (lambda: add(c=one()), "has no input 'c'.*It has: 'a', 'b'"),
        (lambda: add(one(), a=one()), "input 'a' of solid 'add' was given twice"),
        (lambda: add(one(), one(), one()), r"takes 2 input\(s\).*with 3 positional"),
        (lambda: one(one()), r"takes 0 input\(s\)"),
    ],
)
def test_a_wrong_call_names_the_solid_and_the_input(body, words):
    with pytest.raises(DagsterInvalidDefinitionError, match=words) as caught:
        composed(body)

    assert str(caught.value).startswith("@pipeline 'p'")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (lambda: list(one()), "iterated over or unpacked"),
        (lambda: one()[0], "indexed"),
        (lambda: 1 if one() else 2, "tested"),
    ],
)
def test_an_output_has_no_value_while_the_graph_is_composed(body, words):
    with pytest.raises(DagsterInvariantViolationError, match=f"'result' of solid 'one'.*{words}"):
        composed(body)


def test_outside_a_composition_a_call_runs_the_solid_itself():
    assert one(None) == 1
    assert one.alias("x")(None) == 1
    with pytest.raises(DagsterInvariantViolationError, match="Only inside a function under"):
        one()


def test_an_output_of_another_graph_is_refused():
    kept = []

    @pipeline
    def first():
        kept.append(one())

    with pytest.raises(DagsterInvalidDefinitionError, match="an output of another graph"):
        composed(lambda: add(kept[0]))


def test_two_definitions_of_one_name_are_refused():
    other = solid("one")(lambda context: 2)

    def fn():
        one()
        other.alias("two")()

    with pytest.raises(DagsterInvalidDefinitionError, match="different definitions named 'one'"):
        composed(fn)


def test_an_error_in_the_composing_function_leaves_no_graph_open():
    def broken():
        one()
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - the user's own
        composed(broken)
    assert one(None) == 1


def test_a_pipeline_can_be_composed_inside_another_function_being_composed():
    def outer():
        inner = composed(one.alias("inside"))
        assert inner.solid_names == ["inside"]
        one()

    assert composed(outer).solid_names == ["one"]


def test_output_names_that_python_cannot_write_are_handed_on_by_position():
    odd = solid("odd", output_defs=[OutputDefinition(name="1st"), OutputDefinition(name="_2")])

    @odd
    def definition(context):
        yield Output(1, "1st")

    def fn():
        first, _second = definition()
        add(first)

    assert edges(composed(fn)) == {"add": {"a": DependencyDefinition("odd", "1st")}}

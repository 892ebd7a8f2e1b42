from __future__ import annotations

import re

import pytest

from dagsterlite.definitions.composite import CompositeSolidDefinition, composite_solid
from dagsterlite.definitions.config_mapping import ConfigMapping
from dagsterlite.definitions.dependency import (
    DependencyDefinition,
    MappedInput,
    MultiDependencyDefinition,
)
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.mappings import MappedInputPlaceholder
from dagsterlite.definitions.outputs import OutputDefinition, SolidOutput
from dagsterlite.definitions.pipeline import pipeline
from dagsterlite.definitions.solid import lambda_solid, solid
from dagsterlite.errors import (
    DagsterInvalidConfigDefinitionError,
    DagsterInvalidDefinitionError,
    ParameterCheckError,
)
from dagsterlite.events.yielded import Output
from dagsterlite.types.builtins import Any, Int, Nothing


@lambda_solid
def one() -> int:
    return 1


@lambda_solid
def add(num: int) -> int:
    return num + 1


@lambda_solid
def total(numbers: list[int]) -> int:
    return sum(numbers)


@solid(output_defs=[OutputDefinition(int, "low"), OutputDefinition(int, "high")])
def split(context):
    yield Output(1, "low")
    yield Output(9, "high")


@solid(input_defs=[InputDefinition("start", Nothing)])
def after(context):
    return 1


def returns_one():
    return one()


def returns_split():
    return split()


def hands_on(start):
    return after(start)


def mapped_outputs(definition):
    return {m.definition.name: m.maps_from for m in definition.output_mappings}


def test_parameters_become_inputs_and_the_returned_output_the_output():
    @composite_solid
    def add_two(num: int) -> int:
        """Add two."""
        return add.alias("second")(add(num))  # type: ignore[no-any-return]

    assert isinstance(add_two, CompositeSolidDefinition)
    assert (add_two.name, add_two.description) == ("add_two", "Add two.")
    assert [d.dagster_type for d in add_two.input_defs] == [Int]
    assert [d.dagster_type for d in add_two.output_defs] == [Int]
    assert list(add_two.graph.solids) == ["add", "second"]
    assert add_two.graph.dependencies == {
        "add": {"num": MappedInput("num")},
        "second": {"num": DependencyDefinition("add")},
    }
    assert mapped_outputs(add_two) == {"result": SolidOutput("second")}


def test_arguments_stand_in_the_documented_order():
    @composite_solid(
        "named",
        [InputDefinition("x", int)],
        [OutputDefinition(int, "out")],
        "Described.",
        {"by": int},
        lambda config: {"add": {"config": config["by"]}},
    )
    def fn(x):
        return add(x)

    assert (fn.name, fn.description) == ("named", "Described.")
    assert mapped_outputs(fn) == {"out": SolidOutput("add")}
    assert fn.config_mapping is not None
    assert fn.config_mapping.config_field is not None
    assert fn.config_mapping.config_fn({"by": 2}) == {"add": {"config": 2}}


def test_a_composite_without_a_returned_output_has_none():
    @composite_solid
    def quiet():
        one()

    assert quiet.output_defs == []


def test_an_inferred_output_takes_any_value_without_annotation():
    @composite_solid
    def untyped():
        return one()

    assert untyped.output_def_named("result").dagster_type is Any


def test_several_outputs_are_returned_as_a_dict_or_a_tuple():
    outputs = [OutputDefinition(int, "low"), OutputDefinition(int, "high")]

    as_dict = composite_solid("c", output_defs=outputs)(
        lambda: {"low": one(), "high": split().high}
    )
    as_namedtuple = composite_solid("c", output_defs=outputs)(returns_split)

    def swapped():
        low, high = split()
        return high, low

    assert mapped_outputs(as_dict) == {
        "low": SolidOutput("one"),
        "high": SolidOutput("split", "high"),
    }
    expected = {"low": SolidOutput("split", "low"), "high": SolidOutput("split", "high")}
    assert mapped_outputs(as_namedtuple) == expected
    assert mapped_outputs(composite_solid("c", output_defs=outputs)(swapped)) == expected


@pytest.mark.parametrize(
    ("output_defs", "body", "words"),
    [
        (None, lambda: {"other": one()}, "returned an output 'other' that is not in output_defs"),
        (None, lambda: 5, "its function returned 5. Return an output of a solid"),
        (None, lambda: {"result": 5}, "the output 'result' that its function returned is 5"),
        (None, lambda: one, "its function returned"),
        (None, lambda: [one()], "its function returned"),
        (["a", "b"], returns_one, "its function returned InvokedSolidOutputHandle"),
        (["a", "b"], lambda: {"a": one()}, "does not return output 'b' of output_defs"),
        (
            ["a"],
            lambda: {"a": one(), "aa": one()},
            "an output 'aa' that is not in output_defs. Did",
        ),
        (["a"], lambda: None, "does not return output 'a' of output_defs"),
        (["low", "top"], returns_split, "an output 'high' that is not in output_defs"),
    ],
)
def test_what_is_returned_is_held_against_the_outputs(output_defs, body, words):
    defs = None if output_defs is None else [OutputDefinition(int, name) for name in output_defs]

    with pytest.raises(DagsterInvalidDefinitionError, match=words) as caught:
        composite_solid("c", output_defs=defs)(body)

    assert str(caught.value).startswith("@composite_solid 'c'")


def test_an_input_is_handed_to_as_many_solids_as_wanted():
    @composite_solid
    def both(num: int):
        add(num)
        add(num)

    assert [m.maps_to.solid_name for m in both.input_mappings] == ["add", "add_2"]
    assert [d.name for d in both.input_defs] == ["num"]


def test_an_input_that_is_handed_to_no_solid_is_refused():
    with pytest.raises(DagsterInvalidDefinitionError, match="input 'num' is handed to no solid"):

        @composite_solid
        def forgetful(num: int):
            one()


def test_an_input_is_of_the_type_of_what_it_is_handed_to():
    for annotation in ("", ": str", ": list[int]", ": int | None"):
        scope = {"add": add}
        exec(f"def fn(num{annotation}): return add(num)", scope)
        with pytest.raises(DagsterInvalidDefinitionError, match="both must be of type Int"):
            composite_solid("c")(scope["fn"])

    @composite_solid
    def lists(numbers: list[int]):
        total(numbers)

    assert lists.input_def_named("numbers").dagster_type.display_name == "[Int]"


def test_an_output_is_of_the_type_of_what_it_comes_from_or_any():
    with pytest.raises(
        DagsterInvalidDefinitionError, match=r"'result' of type String is mapped from .*type Int"
    ):

        @composite_solid
        def wrong() -> str:
            return one()  # type: ignore[no-any-return]

    typed = composite_solid("c", output_defs=[OutputDefinition(list[int])])
    lists = lambda_solid("lists")(lambda: [1])

    def returns_lists():
        return lists()

    with pytest.raises(DagsterInvalidDefinitionError, match="type Any: both"):
        typed(returns_lists)


def test_inputs_and_outputs_can_be_handed_together_to_a_fan_in():
    @composite_solid
    def sums(a: int, b: int) -> int:
        return total([a, one(), b])  # type: ignore[no-any-return]

    assert sums.graph.dependencies["total"]["numbers"] == MultiDependencyDefinition(
        [MappedInput("a"), DependencyDefinition("one"), MappedInput("b")]
    )
    assert [m.maps_to.fan_in_index for m in sums.input_mappings] == [0, 2]
    with pytest.raises(DagsterInvalidDefinitionError, match="has an item that is mapped from"):

        @composite_solid
        def mixed(a: str):
            total([a, one()])


def test_an_input_of_type_nothing_is_a_parameter_to_hand_on():
    nothing = [InputDefinition("start", Nothing)]

    made = composite_solid("c", input_defs=nothing)(hands_on)

    assert made.graph.dependencies["after"] == {"start": MappedInput("start")}
    with pytest.raises(DagsterInvalidDefinitionError, match="input_defs name 'start' but"):
        composite_solid("c", input_defs=nothing)(lambda: None)


def test_composites_stand_in_composites_and_are_placed_like_solids():
    @composite_solid
    def inner(num: int) -> int:
        return add(num)  # type: ignore[no-any-return]

    @composite_solid
    def outer(num: int) -> int:
        return inner.alias("again")(inner(num))  # type: ignore[no-any-return]

    @pipeline
    def nested():
        outer.tag({"k": "v"})(one())

    assert list(outer.graph.solids) == ["inner", "again"]
    assert nested.solid_named("outer").tags == {"k": "v"}


def test_a_composite_needs_the_resources_of_what_is_inside():
    needy = solid("needy", required_resource_keys={"db"})(lambda context: 1)

    @composite_solid
    def inner():
        needy()

    @composite_solid
    def outer():
        inner()

    assert outer.required_resource_keys == {"db"}


@pytest.mark.parametrize(
    ("config_schema", "config_fn", "words"),
    [
        ({"a": int}, None, "config_schema is given without config_fn"),
        (None, lambda config: {}, "config_fn is given without config_schema"),
    ],
)
def test_a_config_schema_and_a_config_fn_go_together(config_schema, config_fn, words):
    with pytest.raises(DagsterInvalidDefinitionError, match=words):
        composite_solid("c", config_schema=config_schema, config_fn=config_fn)(returns_one)


def test_a_config_mapping_of_no_config_is_said_so():
    made = composite_solid("c", config_schema={}, config_fn=lambda _: {})(returns_one)

    assert made.config_mapping is not None


def test_a_config_mapping_is_checked_when_it_is_made():
    with pytest.raises(ParameterCheckError, match="'config_fn' must be a function"):
        ConfigMapping({"a": 1})  # type: ignore[arg-type]
    with pytest.raises(DagsterInvalidDefinitionError, match="must take 1 positional"):
        ConfigMapping(lambda: {"a": {}})  # type: ignore[arg-type, misc]
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="ConfigMapping"):
        ConfigMapping(lambda config: {}, config_schema=5)


def test_a_function_that_yields_places_nothing_and_is_refused():
    def fn():
        yield one()

    with pytest.raises(DagsterInvalidDefinitionError, match=r"@composite_solid 'fn': .*yields"):
        composite_solid(fn)
    with pytest.raises(DagsterInvalidDefinitionError, match=r"@pipeline 'fn': .*yields"):
        pipeline(fn)


# --- made by hand ---


def by_hand(**kwargs):
    return CompositeSolidDefinition("c", [one, add, total], **kwargs)


ADD_ONE = {"add": {"num": DependencyDefinition("one")}}
FAN_IN = {
    "total": {
        "numbers": MultiDependencyDefinition([DependencyDefinition("one"), MappedInputPlaceholder])
    }
}


def test_a_composite_can_be_made_by_hand():
    made = by_hand(
        input_mappings=[InputDefinition("x", int).mapping_to("add", "num")],
        output_mappings=[OutputDefinition(int, "out").mapping_from("add")],
    )

    assert made.has_input("x")
    assert made.has_output("out")
    assert made.graph.dependencies["add"] == {"num": MappedInput("x")}
    assert mapped_outputs(made) == {"out": SolidOutput("add", "result")}


def test_a_place_of_a_fan_in_can_be_mapped_by_hand():
    made = by_hand(
        dependencies=FAN_IN,
        input_mappings=[InputDefinition("x", int).mapping_to("total", "numbers", fan_in_index=1)],
    )

    assert made.graph.dependencies["total"]["numbers"] == MultiDependencyDefinition(
        [DependencyDefinition("one"), MappedInput("x")]
    )


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        (
            {"input_mappings": [InputDefinition("x", int).mapping_to("ad", "num")]},
            "no solid 'ad'. Did",
        ),
        ({"input_mappings": [InputDefinition("x", int).mapping_to("add", "n")]}, "no input 'n'"),
        (
            {"input_mappings": [InputDefinition("x", str).mapping_to("add", "num")]},
            "be of type Int",
        ),
        (
            {
                "dependencies": ADD_ONE,
                "input_mappings": [InputDefinition("x", int).mapping_to("add", "num")],
            },
            "is mapped from input 'x' and connected elsewhere too",
        ),
        ({"dependencies": FAN_IN}, "no input mapping leads there"),
        (
            {
                "dependencies": FAN_IN,
                "input_mappings": [InputDefinition("x", int).mapping_to("total", "numbers", 0)],
            },
            "fan_in_index 0 .* taken by DependencyDefinition",
        ),
        (
            {
                "dependencies": FAN_IN,
                "input_mappings": [InputDefinition("x", int).mapping_to("total", "numbers", 7)],
            },
            "fan_in_index 7 .* outside its list of 2 sources",
        ),
        (
            {"input_mappings": [InputDefinition("x", int).mapping_to("total", "numbers", 0)]},
            "outside its list of 0 sources",
        ),
        (
            {"output_mappings": [OutputDefinition().mapping_from("ad")]},
            "solid 'ad', which is not there",
        ),
        ({"output_mappings": [OutputDefinition().mapping_from("add", "x")]}, "which it lacks"),
        (
            {"output_mappings": [OutputDefinition(str).mapping_from("add")]},
            "of type String is mapped",
        ),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused_by_its_place(kwargs, words):
    with pytest.raises(DagsterInvalidDefinitionError, match=words) as caught:
        by_hand(**kwargs)

    assert str(caught.value).startswith("composite solid 'c'")


@pytest.mark.parametrize("argument", ["input_mappings", "output_mappings", "config_mapping"])
@pytest.mark.parametrize("value", [["x"], 5])
def test_an_argument_of_the_wrong_type_is_refused_by_name(argument, value):
    with pytest.raises(ParameterCheckError, match=re.escape(f"'{argument}'")):
        by_hand(**{argument: value})


def test_a_wrong_config_mapping_is_told_with_its_composite():
    make = composite_solid("c", config_schema={"a": object()}, config_fn=lambda _: {})
    with pytest.raises(
        DagsterInvalidDefinitionError, match=r"@composite_solid 'c': .*'config_schema'"
    ):
        make(returns_one)
    make = composite_solid("c", config_schema={}, config_fn=lambda: {"a": 1})  # type: ignore[misc,arg-type]
    with pytest.raises(DagsterInvalidDefinitionError, match=r"@composite_solid 'c': .*'config_fn'"):
        make(returns_one)

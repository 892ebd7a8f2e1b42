from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Tuple  # noqa: UP035 - users may write it

import pytest

from dagsterlite import (
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    In,
    InputDefinition,
    Int,
    Nothing,
    OpDefinition,
    Out,
    Output,
    OutputDefinition,
    ParameterCheckError,
    SolidDefinition,
    String,
    build_op_context,
    op,
    pipeline,
    solid,
)
from dagsterlite.types.builtins import Any as AnyType


def types_of(definition: OpDefinition) -> tuple[dict[str, str], dict[str, str]]:
    """Return the types of a definition's inputs and outputs by name."""
    return (
        {name: item.dagster_type.display_name for name, item in definition.ins.items()},
        {name: item.dagster_type.display_name for name, item in definition.outs.items()},
    )


def yielded(definition: OpDefinition, **inputs: Any) -> list[Any]:
    return list(definition.compute_fn(None, inputs))


# --- what is read off the function ---------------------------------------------------------------


def test_an_op_is_a_solid_read_off_its_function():
    @op
    def add(a: int, b: int = 2) -> int:
        """Add two numbers."""
        return a + b

    assert isinstance(add, SolidDefinition)
    assert add.label == "op 'add'"
    assert add.description == "Add two numbers."
    assert types_of(add) == ({"a": "Int", "b": "Int"}, {"result": "Int"})
    assert add.input_def_named("b").default_value == 2
    assert yielded(add, a=1, b=2) == [Output(3)]


@pytest.mark.parametrize("name", ["context", "_context", "_", "context_"])
def test_the_context_is_handed_over_where_the_function_takes_it(name):
    scope: dict[str, Any] = {}
    exec(f"def fn({name}, x): return {name}, x", scope)
    made = op(scope["fn"])

    assert list(made.ins) == ["x"]
    assert list(made.compute_fn("the context", {"x": 1})) == [Output(("the context", 1))]


def test_an_op_may_take_nothing_at_all():
    assert types_of(op(name="one")(lambda: 1)) == ({}, {"result": "Any"})


def test_arguments_are_kept():
    @op(
        name="loads",
        description="Loads.",
        config_schema={"url": str},
        required_resource_keys={"db"},
        tags={"team": "data", "n": 1},
        code_version="3",
    )
    def fn(context):
        return None

    assert (fn.name, fn.description, fn.version) == ("loads", "Loads.", "3")
    assert fn.tags == {"team": "data", "n": "1"}
    assert fn.required_resource_keys == {"db"}
    assert fn.config_schema is not None


def test_version_is_the_older_name_of_code_version():
    @op(version="2")
    def older():
        return None

    assert older.version == older.code_version == "2"
    assert solid("s", code_version="4")(lambda context: None).version == "4"
    with pytest.raises(DagsterInvalidDefinitionError, match="'code_version', 'version' are two"):

        @op(version="2", code_version="3")
        def both():
            return None


# --- ins -----------------------------------------------------------------------------------------


def test_ins_tell_more_of_the_parameters():
    @op(ins={"b": In(description="The second.", default_value=5), "c": In(String)})
    def joins(a: int, b: int, c, d: str = "x"):
        return None

    assert types_of(joins)[0] == {"a": "Int", "b": "Int", "c": "String", "d": "String"}
    assert joins.ins["b"].description == "The second."
    assert joins.ins["b"].default_value == 5
    assert joins.ins["d"].default_value == "x"
    assert joins.positional_inputs == ("a", "b", "c", "d")


def test_a_type_in_ins_stands_in_place_of_the_annotation():
    @op(ins={"a": In(Int), "b": In(None)})
    def takes(a: NoSuchType, b: int):  # type: ignore[name-defined]  # noqa: F821
        return None

    assert takes.ins["a"].dagster_type is Int
    assert takes.ins["b"].dagster_type is AnyType


def test_an_input_of_type_nothing_stands_in_ins_alone():
    @op(ins={"start": In(Nothing)})
    def after(x: int):
        return x

    assert list(after.ins) == ["x", "start"]
    assert after.ins["start"].dagster_type is Nothing
    assert yielded(after, x=1) == [Output(1)]


def test_keywords_of_any_name_take_what_ins_names():
    @op(ins={"a": In(int), "b": In(int)})
    def sums(**numbers):
        return sum(numbers.values())

    assert yielded(sums, a=1, b=2) == [Output(3)]


@pytest.mark.parametrize(
    ("ins", "message"),
    [
        ({"y": In(int)}, r"@op 'fn': ins name 'y' but the function has no such parameter"),
        ({"x": In(Nothing)}, r"inputs 'x' of type Nothing have no value.*name them in ins alone"),
        ({"x": In("Dog")}, r"@op 'fn': input 'x': 'Dog' is not a dagster type"),
        ({"bad name": In(Nothing)}, "'bad name' is not a valid name for an input"),
        ({"x": In(Nothing, default_value=1)}, "cannot have a default value"),
    ],
)
def test_ins_that_do_not_fit_are_refused(ins, message):
    with pytest.raises(DagsterInvalidDefinitionError, match=message):

        @op(ins=ins)
        def fn(x):
            return None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ins": [In(int)]}, "'ins' must be a dict from text to In"),
        ({"ins": {"x": int}}, r"'ins\['x'\]' must be an In"),
        ({"ins": {1: In()}}, "'ins' must be a dict whose keys are texts"),
        ({"out": int}, "'out' must be a dict from text to Out"),
        ({"out": {"a": OutputDefinition()}}, r"'out\['a'\]' must be an Out"),
        ({"input_defs": {"x": In()}}, "'input_defs' must be a list of InputDefinition"),
    ],
)
def test_arguments_of_another_kind_are_refused(arguments, message):
    with pytest.raises(ParameterCheckError, match=message):

        @op(**arguments)
        def fn(x):
            return None


def test_inputs_and_outputs_may_be_given_as_lists():
    @op(input_defs=[InputDefinition("x", int)], output_defs=[OutputDefinition(int, "a")])
    def older(context, x):
        yield Output(x, "a")

    assert types_of(older) == ({"x": "Int"}, {"a": "Int"})
    with pytest.raises(DagsterInvalidDefinitionError, match="input_defs name 'y' but"):
        op(input_defs=[InputDefinition("y")])(lambda: 1)


@pytest.mark.parametrize(
    "arguments",
    [
        {"ins": {"x": In()}, "input_defs": [InputDefinition("x")]},
        {"out": Out(), "output_defs": [OutputDefinition()]},
    ],
)
def test_the_older_and_the_newer_form_are_not_mixed(arguments):
    with pytest.raises(DagsterInvalidDefinitionError, match="are two names of one argument"):

        @op(**arguments)
        def fn(x):
            return None


def test_a_variadic_parameter_is_no_input():
    with pytest.raises(DagsterInvalidDefinitionError, match=r"'\*rest'.*list them in ins"):

        @op
        def fn(*rest):
            return None


# --- outputs -------------------------------------------------------------------------------------


def test_an_output_is_typed_by_the_annotation():
    @op(out=Out(description="The sum.", is_required=False))
    def told() -> int:
        return 1

    @op
    def wrapped() -> Output[int]:
        return Output(1)

    @op
    def bare() -> Output:
        return Output(1)

    @op
    def streams() -> Iterator[Output[int]]:
        yield Output(1)

    @op(out=Out(str))
    def explicit() -> int:
        return 1

    @op
    def nothing() -> None: ...

    @op
    def pairs() -> tuple[int, str]:
        return 1, ""

    assert (told.outs["result"].description, told.outs["result"].is_required) == ("The sum.", False)
    found = [types_of(made)[1]["result"] for made in (told, wrapped, bare, streams, explicit)]
    assert found == ["Int", "Int", "Any", "Any", "String"]
    assert types_of(nothing)[1] == {"result": "Any"}
    assert types_of(pairs)[1] == {"result": "Tuple[Int,String]"}


@pytest.mark.parametrize("decorator", [op, solid])
def test_an_input_that_is_annotated_as_an_output_is_typed_by_its_value(decorator):
    @decorator
    def takes(number: Output[int], waits_for: Output): ...

    types = {item.name: item.dagster_type.display_name for item in takes.input_defs}
    assert types == {"number": "Int", "waits_for": "Any"}


def test_several_outputs_are_typed_by_an_annotated_tuple():
    @op(out={"a": Out(), "b": Out(is_required=False), "c": Out(float)})
    def three() -> tuple[int, Output[str], Any]:
        return 1, Output("x"), 2.0

    @op(out={"a": Out(), "b": Out(int)})
    def older() -> Tuple:  # type: ignore[type-arg]  # noqa: UP006
        return 1, 2

    @op(out={"a": Out(), "b": Out()})
    def unsaid():
        return 1, 2

    @op(out={"only": Out()})
    def one() -> tuple[int, int]:
        return 1, 2

    assert types_of(three)[1] == {"a": "Int", "b": "String", "c": "Float"}
    assert types_of(older)[1] == {"a": "Any", "b": "Int"}
    assert types_of(unsaid)[1] == {"a": "Any", "b": "Any"}
    assert types_of(one)[1] == {"only": "Tuple[Int,Int]"}


@pytest.mark.parametrize("annotation", ["int", "tuple[int]", "tuple[int, ...]", "list[int]"])
def test_an_annotation_that_does_not_fit_several_outputs_is_refused(annotation):
    scope: dict[str, Any] = {}
    exec(f"def fn() -> {annotation}: return 1, 2", scope)

    with pytest.raises(DagsterInvalidDefinitionError, match=r"@op 'fn': .*has 2 outputs \(a, b\)"):
        op(out={"a": Out(), "b": Out()})(scope["fn"])


def test_several_outputs_that_are_yielded_are_not_typed_by_one_annotation():
    @op(out={"capital": Out(str, is_required=False), "small": Out(is_required=False)})
    def sort_by_case(word) -> str:  # type: ignore[misc]
        yield Output(word, "capital" if word.isupper() else "small")

    capital, small = sort_by_case.output_defs
    assert capital.dagster_type.display_name == "String"
    assert small.dagster_type.display_name == "Any"


def test_a_tuple_is_the_values_of_several_outputs_in_order():
    @op(out={"a": Out(), "b": Out()})
    def two(first, second):
        return first, second

    assert yielded(two, first=1, second=None) == [Output(1, "a"), Output(None, "b")]
    assert yielded(two, first=Output(1, "a"), second=Output(2, metadata={"n": 2})) == [
        Output(1, "a"),
        Output(2, "b", metadata={"n": 2}),
    ]


# --- by hand -------------------------------------------------------------------------------------


def test_an_op_can_be_made_by_hand():
    def compute(context, inputs):
        yield Output(inputs["x"] + 1)

    made = OpDefinition(compute, "inc", ins={"x": In(int)}, config_schema={"n": int})

    assert types_of(made) == ({"x": "Int"}, {"result": "Any"})
    assert types_of(OpDefinition(compute, "inc", outs={"a": Out(int)}))[1] == {"a": "Int"}
    assert OpDefinition(compute, "inc", outs={}).outs == {}
    with pytest.raises(ParameterCheckError, match=r"op 'inc': argument 'outs' must be a dict"):
        OpDefinition(compute, "inc", outs=[Out()])  # type: ignore[arg-type]
    with pytest.raises(DagsterInvalidDefinitionError, match=r"op 'inc': input 'x': .*dagster type"):
        OpDefinition(compute, "inc", ins={"x": In("Dog")})


def test_ops_stand_in_pipelines():
    @op
    def one() -> int:
        return 1

    @op
    def inc(n: int) -> int:
        return n + 1

    @pipeline
    def mixed():
        inc(one())

    assert mixed.solid_names == ["one", "inc"]


def test_errors_of_ops_speak_of_ops():
    with pytest.raises(DagsterInvalidDefinitionError, match="not a valid name for an op"):
        op(name="bad-name")(lambda: 1)


def test_an_op_may_be_async():
    @op(out={"a": Out(), "b": Out()})
    async def two() -> tuple[int, str]:
        return 1, "x"

    assert types_of(two)[1] == {"a": "Int", "b": "String"}
    assert yielded(two) == [Output(1, "a"), Output("x", "b")]


def test_an_op_is_called_directly_with_the_context_that_it_takes():
    @op(config_schema={"n": int}, required_resource_keys={"base"})
    def scaled(context, x: int) -> int:
        return int(context.op_config["n"] * x + context.resources.base)

    @op(out={"a": Out(), "b": Out()})
    def two(x: int) -> tuple[int, int]:
        return x, x + 1

    context = build_op_context(resources={"base": 100}, op_config={"n": 3})
    assert scaled(context, 5) == 115
    assert two(4) == (4, 5)
    with pytest.raises(DagsterInvalidInvocationError, match=r"op 'scaled'.* build_op_context\("):
        scaled(5)
    with pytest.raises(DagsterInvalidInvocationError, match="under @job or @graph does a call"):
        scaled()

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator

import pytest

from dagsterlite.definitions.composite import composite_solid
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.pipeline import pipeline
from dagsterlite.definitions.solid import SolidDefinition, lambda_solid, solid
from dagsterlite.errors import (
    CheckError,
    DagsterInvalidConfigDefinitionError,
    DagsterInvalidDefinitionError,
    ParameterCheckError,
)
from dagsterlite.events.yielded import Output
from dagsterlite.types.builtins import Any, Int, Nothing, String


class Table:
    pass


def types_of(definition):
    inputs = {d.name: d.dagster_type.display_name for d in definition.input_defs}
    outputs = {d.name: d.dagster_type.display_name for d in definition.output_defs}
    return inputs, outputs


def test_a_bare_decorator_reads_everything_off_the_function():
    @solid
    def scale(context, rows: list[int], factor: float = 2.0, note=None) -> Table:
        """Multiply rows."""
        return Table()

    assert isinstance(scale, SolidDefinition)
    assert scale.name == "scale"
    assert scale.description == "Multiply rows."
    assert types_of(scale) == (
        {"rows": "[Int]", "factor": "Float", "note": "Any"},
        {"result": "Table"},
    )
    assert not scale.input_def_named("rows").has_default_value
    assert scale.input_def_named("factor").default_value == 2.0
    assert scale.input_def_named("note").default_value is None
    assert scale.positional_inputs == ("rows", "factor", "note")
    assert (scale.config_schema, scale.tags, scale.version) == (None, {}, None)


def test_arguments_stand_in_the_documented_order():
    @solid(
        "named",
        "Described.",
        [InputDefinition("x", Int)],
        [OutputDefinition(String, "out")],
        {"a": int},
        {"db"},
        {"k": "v", "n": {"cpu": 2}},
        "v1",
    )
    def fn(_, x):
        return str(x)

    assert (fn.name, fn.description, fn.version) == ("named", "Described.", "v1")
    assert types_of(fn) == ({"x": "Int"}, {"out": "String"})
    assert fn.config_schema is not None
    assert fn.config_schema.config_type.short_form() == "{a: Int}"
    assert fn.required_resource_keys == {"db"}
    assert fn.tags == {"k": "v", "n": '{"cpu": 2}'}


@pytest.mark.parametrize(
    "fn",
    [
        lambda context, x: x,
        lambda _, x: x,
        lambda _context, x: x,
        lambda context_, x: x,
    ],
)
def test_the_first_parameter_is_the_context(fn):
    assert solid("s")(fn).positional_inputs == ("x",)


def test_a_function_may_leave_out_the_context():
    @solid
    def emit() -> int:
        return 1

    @solid
    def still(x: int):
        return x + emit()

    assert (emit.positional_inputs, still.positional_inputs) == ((), ("x",))
    assert still(2) == 3


def test_annotations_of_classes_local_to_a_function_are_found():
    class Local:
        pass

    @solid
    def fn(context, x: Local, y: list[Local] | None) -> Local:
        return x

    assert types_of(fn) == ({"x": "Local", "y": "[Local]?"}, {"result": "Local"})


def test_an_annotation_that_is_no_type_is_refused_by_its_input():
    with pytest.raises(
        DagsterInvalidDefinitionError, match=r"@solid 'fn': input 'x': 'Tabel'.*No such name"
    ):

        @solid
        def fn(context, x: Tabel):  # type: ignore[name-defined]  # noqa: F821
            return x

    with pytest.raises(DagsterInvalidDefinitionError, match="output 'result'"):

        @solid
        def other(context) -> int | str:
            return 1


def test_one_unknown_annotation_leaves_the_others_known():
    with pytest.raises(DagsterInvalidDefinitionError, match="'Tabel' is not a dagster type"):

        @solid
        def fn(context, x: int, y: Tabel):  # type: ignore[name-defined]  # noqa: F821
            return x


def test_a_return_annotation_speaks_of_the_output_unless_it_speaks_of_a_generator():
    @solid
    def nothing(context) -> None: ...

    @solid
    def yields(context) -> Iterator[Output]:
        yield Output(1)

    @solid
    def typed(context) -> int:  # type: ignore[misc]
        yield Output(1)

    assert nothing.output_def_named("result").dagster_type is Any
    assert yields.output_def_named("result").dagster_type is Any
    assert typed.output_def_named("result").dagster_type is Int


def test_variadic_parameters_need_input_defs():
    for fn in (lambda context, *args: 1, lambda context, **kwargs: 1):
        with pytest.raises(DagsterInvalidDefinitionError, match="no input can be read off"):
            solid("fn")(fn)

    many = solid("many", input_defs=[InputDefinition("a"), InputDefinition("b")])
    assert many(lambda context, **kwargs: 1).positional_inputs == ("a", "b")
    with pytest.raises(DagsterInvalidDefinitionError, match=r"'\*args' cannot take them"):
        many(lambda context, *args: 1)


def test_parameters_are_held_against_input_defs():
    one = solid("one", input_defs=[InputDefinition("rows")])

    with pytest.raises(DagsterInvalidDefinitionError, match="takes parameters 'row'"):
        one(lambda context, row: 1)
    with pytest.raises(DagsterInvalidDefinitionError, match="input_defs name 'rows' but"):
        one(lambda context: 1)


def test_an_input_of_type_nothing_has_no_parameter():
    after = [InputDefinition("start", Nothing), InputDefinition("x")]

    assert solid("ok", input_defs=after)(lambda context, x: x).positional_inputs == ("x", "start")
    with pytest.raises(DagsterInvalidDefinitionError, match="'start' of type Nothing"):
        solid("bad", input_defs=after)(lambda context, start, x: x)
    with pytest.raises(DagsterInvalidDefinitionError, match="'start' of type Nothing"):

        @solid
        def inferred(context, start: Nothing):  # type: ignore[valid-type]
            return 1

    with pytest.raises(DagsterInvalidDefinitionError, match="cannot have a default"):
        InputDefinition("start", Nothing, default_value=None)


def test_a_lambda_solid_takes_its_inputs_alone():
    @lambda_solid
    def add(a: int, b: int = 1) -> int:
        """Add."""
        return a + b

    @lambda_solid(name="named", input_defs=[InputDefinition("x")], output_def=OutputDefinition(Int))
    def other(x):
        return x

    assert types_of(add) == ({"a": "Int", "b": "Int"}, {"result": "Int"})
    assert (add.name, add.description) == ("add", "Add.")
    assert (other.name, types_of(other)) == ("named", ({"x": "Any"}, {"result": "Int"}))
    assert list(add.compute_fn(None, {"a": 2, "b": 3})) == [Output(5)]


@pytest.mark.parametrize("name", ["a-b", "a.b", "a b", "", "ä", "<lambda>", "input", "in", "int"])
def test_names_hold_letters_digits_and_underscores_and_no_reserved_word(name):
    with pytest.raises(DagsterInvalidDefinitionError, match="is not a valid name for a solid"):
        solid(name)(lambda context: 1)
    with pytest.raises(DagsterInvalidDefinitionError, match="not a valid name for an input"):
        InputDefinition(name)
    with pytest.raises(DagsterInvalidDefinitionError, match="not a valid name for an output"):
        OutputDefinition(name=name)


@pytest.mark.parametrize("decorator", [solid("named"), lambda_solid("named")])
@pytest.mark.parametrize("decorated", [5, "text", None])
def test_only_functions_are_decorated(decorator, decorated):
    with pytest.raises(CheckError, match="must decorate a function, not "):
        decorator(decorated)


def test_a_solid_is_not_decorated_again():
    with pytest.raises(CheckError, match="must decorate a function, not SolidDefinition"):
        solid(solid("one")(lambda context: 1))


def test_an_async_function_is_read_like_any():
    @solid
    async def fetch(context, url: str) -> int:
        return 1

    @solid
    async def stream(context) -> AsyncIterator[Output]:
        yield Output(1)

    assert types_of(fetch) == ({"url": "String"}, {"result": "Int"})
    assert types_of(stream) == ({}, {"result": "Any"})


@pytest.mark.parametrize("decorator", [pipeline, composite_solid])
def test_an_async_function_places_no_solids(decorator):
    with pytest.raises(DagsterInvalidDefinitionError, match="'fetch': its function is async"):

        @decorator
        async def fetch():
            pass


def test_a_callable_without_a_name_needs_one():
    partial = functools.partial(lambda context, x, y: x + y, y=1)

    with pytest.raises(CheckError, match="must decorate a function"):
        solid(partial)
    assert types_of(solid("adds")(partial)) == ({"x": "Any", "y": "Any"}, {"result": "Any"})


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        ("required_resource_keys", "database", ParameterCheckError),
        ("tags", ["a"], ParameterCheckError),
        ("tags", {1: "a"}, ParameterCheckError),
        ("tags", {"a": object()}, DagsterInvalidDefinitionError),
        ("tags", {"a": (1, 2)}, DagsterInvalidDefinitionError),
        ("tags", {"a": {1: 2}}, DagsterInvalidDefinitionError),
        ("config_schema", {"a": object()}, DagsterInvalidConfigDefinitionError),
        ("config_schema", {"a": list[int]}, DagsterInvalidConfigDefinitionError),
        ("input_defs", ["x"], ParameterCheckError),
        ("input_defs", InputDefinition("x"), ParameterCheckError),
        ("output_defs", [int], ParameterCheckError),
        ("output_defs", OutputDefinition(int), ParameterCheckError),
    ],
)
def test_a_wrong_argument_is_refused_by_solid_and_argument(argument, value, error):
    with pytest.raises(error, match=r"solid 'fn'.*(tag|\b" + argument + r")"):
        solid("fn", **{argument: value})(lambda context: 1)


def test_two_inputs_or_outputs_of_one_name_are_refused():
    with pytest.raises(DagsterInvalidDefinitionError, match=r"input_defs holds two .*'x'"):
        solid("fn", input_defs=[InputDefinition("x")] * 2)(lambda context, x: x)
    with pytest.raises(DagsterInvalidDefinitionError, match=r"output_defs holds two .*'result'"):
        solid("fn", output_defs=[OutputDefinition()] * 2)(lambda context: 1)


def test_a_solid_can_be_made_from_a_compute_function():
    def compute(_context, inputs):
        yield Output(inputs["x"] + 1)

    made = SolidDefinition("adds", [InputDefinition("x", Int)], compute, [OutputDefinition(Int)])

    assert list(made.compute_fn(None, {"x": 1})) == [Output(2)]
    with pytest.raises(ParameterCheckError, match=r"solid 'adds'.*'compute_fn'"):
        SolidDefinition("adds", [], 5, [])  # type: ignore[arg-type]
    with pytest.raises(DagsterInvalidDefinitionError, match=r"\(context, inputs\)"):
        SolidDefinition("adds", [], lambda context: iter(()), [])  # type: ignore[arg-type, misc]


def test_an_unknown_input_or_output_is_named_with_the_near_one():
    @solid(output_defs=[OutputDefinition(name="rows")])
    def load(context, path):
        yield Output(1, "rows")

    with pytest.raises(DagsterInvalidDefinitionError, match=r"'paht'. Did you mean 'path'"):
        load.input_def_named("paht")
    with pytest.raises(DagsterInvalidDefinitionError, match=r"'row'. Did you mean 'rows'"):
        load.output_def_named("row")
    assert (load.has_input("path"), load.has_output("row")) == (True, False)


def test_an_output_is_required_unless_said_otherwise():
    assert OutputDefinition().is_required
    assert OutputDefinition(is_required=None).is_required
    assert OutputDefinition(is_required=False).optional


def test_no_default_is_told_from_the_default_none():
    assert InputDefinition("x", default_value=None).has_default_value
    with pytest.raises(DagsterInvalidDefinitionError, match="'x' has no default value"):
        InputDefinition("x").default_value  # noqa: B018

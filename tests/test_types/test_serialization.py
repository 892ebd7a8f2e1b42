from __future__ import annotations

import io
import pickle

import pytest

from dagsterlite import (
    JsonSerializationStrategy,
    PythonObjectDagsterType,
    SerializationStrategy,
    pipeline,
    solid,
)
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    ParameterCheckError,
)


class Lines(SerializationStrategy):
    def __init__(self, separator="\n", **modes):
        super().__init__("lines", **{"write_mode": "w", "read_mode": "r", **modes})
        self.separator = separator

    def serialize(self, value, write_file_obj):
        write_file_obj.write(self.separator.join(value))

    def deserialize(self, read_file_obj):
        return read_file_obj.read().split(self.separator)


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1.5, 10**30, "größer", [], {}, {"b": [1, {"a": None}], "a": "\ud83d\ude00"}],
    ids=repr,
)
@pytest.mark.parametrize("indent", [None, 2])
def test_json_gives_values_back_as_they_were(value, indent):
    stream = io.StringIO()
    JsonSerializationStrategy(indent).serialize(value, stream)
    stream.seek(0)
    back = JsonSerializationStrategy().deserialize(stream)

    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    "value",
    [(1, 2), [(1, 2)], {1: "a"}, {"a": float("nan")}, float("inf"), {1, 2}, object(), b"a"],
    ids=["tuple", "in a list", "number as key", "nan", "inf", "set", "object", "bytes"],
)
def test_json_refuses_what_it_would_change(value):
    with pytest.raises(CheckError, match="JSON"):
        JsonSerializationStrategy().serialize(value, io.StringIO())


def test_json_refuses_what_holds_itself():
    value: list[object] = []
    value.append(value)
    with pytest.raises(CheckError, match="JSON cannot keep"):
        JsonSerializationStrategy().serialize(value, io.StringIO())


@pytest.mark.parametrize("indent", [-1, "2", True])
def test_json_takes_a_number_of_blanks(indent):
    with pytest.raises(ParameterCheckError, match="'indent'"):
        JsonSerializationStrategy(indent)


class Packed(SerializationStrategy):
    def serialize(self, value, write_file_obj):
        write_file_obj.write(bytes(value))

    def deserialize(self, read_file_obj):
        return list(read_file_obj.read())


def test_values_come_back_from_files_of_text_and_of_bytes(tmp_path):
    path = str(tmp_path / "value")

    Lines().serialize_to_file(["ä", "b"], path)
    assert Lines().deserialize_from_file(path) == ["ä", "b"]
    with open(path, encoding="utf-8") as file:
        assert file.read() == "ä\nb"
    Packed("packed").serialize_to_file([1, 2], path)
    assert Packed("packed").deserialize_from_file(path) == [1, 2]


def test_a_strategy_has_the_documented_defaults():
    packed = Packed("packed")

    assert (packed.name, packed.write_mode, packed.read_mode) == ("packed", "wb", "rb")
    assert packed.is_binary
    assert not Lines().is_binary


def test_a_strategy_travels():
    written = io.StringIO()
    pickle.loads(pickle.dumps(Lines(";"))).serialize(["a", "b"], written)

    assert written.getvalue() == "a;b"


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": "packed", "write_mode": "xb"}, "write_mode"),
        ({"name": "packed", "read_mode": "wb"}, "read_mode"),
        ({"name": "packed", "read_mode": None}, "read_mode"),
    ],
)
def test_wrong_arguments_are_refused_by_name(arguments, argument):
    with pytest.raises(ParameterCheckError, match=f"Packed.*'{argument}'"):
        Packed(**arguments)


def test_modes_are_both_for_bytes_or_both_for_text():
    with pytest.raises(CheckError, match="one is for bytes, the other for text"):
        Packed("packed", write_mode="w")


def test_a_strategy_says_how_to_write_and_to_read():
    with pytest.raises(TypeError, match="abstract"):
        SerializationStrategy("none")  # type: ignore[abstract]


def of_types(*types):
    for number, dagster_type in enumerate(types):

        @solid(name=f"solid_{number}", output_defs=[OutputDefinition(dagster_type)])
        def yields(_context):
            return ["a"]

        yields()


def test_a_pipeline_knows_the_strategies_of_its_types():
    one = PythonObjectDagsterType(list, name="One", serialization_strategy=Lines(";"))
    same = PythonObjectDagsterType(list, name="Same", serialization_strategy=Lines(";"))

    @pipeline
    def listed():
        of_types(one, same, int)

    assert [one.name for one in listed.serialization_strategies] == ["lines"]


def test_two_different_strategies_of_one_name_are_refused():
    one = PythonObjectDagsterType(list, name="One", serialization_strategy=Lines(";"))
    other = PythonObjectDagsterType(list, name="Other", serialization_strategy=Lines(","))

    with pytest.raises(DagsterInvalidDefinitionError, match="'lines', one of them of type 'Other'"):

        @pipeline
        def listed():
            of_types(one, other)

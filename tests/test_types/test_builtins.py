from __future__ import annotations

import json
import pickle

import pytest

from dagsterlite.config import Field, Shape, validate_config
from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.events.assets import AssetKey
from dagsterlite.types import builtins
from dagsterlite.types.builtins import Any, Bool, Float, Int, Nothing, Path, String

EVERY = [Any, Bool, Float, Int, Nothing, Path, String]


def load(dagster_type, given):
    evaluation = validate_config(dagster_type.loader.schema_type, given)
    assert evaluation.success, evaluation.errors
    return dagster_type.loader.construct_from_config_value(None, evaluation.value)


def write(dagster_type, config, value):
    written = dagster_type.materializer.materialize_runtime_values(None, config, value)
    return list(written)


@pytest.mark.parametrize(
    ("dagster_type", "good", "bad"),
    [
        (Int, [0, -3, 10**30, True], [1.0, "1", None]),
        (Float, [0.5, float("nan")], [1, "1.5", None]),
        (Bool, [True, False], [0, 1, "True", None]),
        (String, ["", "a"], [1, b"a", None]),
        (Path, ["/tmp/a"], [1, None]),
        (Nothing, [None], [0, "", False]),
        (Any, [None, 1, object()], []),
    ],
    ids=lambda item: item.display_name if hasattr(item, "display_name") else "",
)
def test_each_built_in_type_takes_the_values_of_its_python_type(dagster_type, good, bad):
    assert all(dagster_type.type_check(None, value).success for value in good)
    assert not any(dagster_type.type_check(None, value).success for value in bad)


def test_a_refusal_names_the_value_its_type_and_what_is_expected():
    def refusal(dagster_type, value):
        return dagster_type.type_check(None, value).description

    assert refusal(Int, "one") == 'Value "one" of python type "str" must be an int.'
    assert refusal(String, 1) == 'Value "1" of python type "int" must be a string.'
    assert refusal(Nothing, 1) == "Value must be None, got a <class 'int'>"


def test_a_refusal_is_short_however_big_the_value_is():
    class Hostile:
        def __repr__(self):
            raise ValueError

    for value in (
        "x" * 10**6,
        list(range(10**6)),
        dict.fromkeys(range(1000), "y" * 1000),
        Hostile(),
    ):
        assert len(str(Int.type_check(None, value).description)) < 400


@pytest.mark.parametrize("dagster_type", EVERY, ids=lambda item: item.display_name)
def test_built_in_types_stay_one_object_in_every_process(dagster_type):
    assert pickle.loads(pickle.dumps(dagster_type)) is dagster_type
    assert getattr(builtins, dagster_type.display_name) is dagster_type


def test_only_nothing_has_no_value():
    assert [item for item in EVERY if item.is_nothing] == [Nothing]


def test_built_in_scalars_stand_for_config_types_too():
    schema = Shape({"n": Field(Int), "s": String, "f": Float, "b": Bool, "any": Any})

    assert schema.short_form() == "{n: Int, s: String, f: Float, b: Bool, any: Any}"


def test_a_scalar_is_loaded_as_it_stands_in_config_or_under_value():
    assert load(Int, 3) == 3
    assert load(Int, {"value": 3}) == 3
    assert load(Any, {"value": {"a": [1]}}) == {"a": [1]}
    assert Nothing.loader is None


@pytest.mark.parametrize("given", ["3", {"value": "3"}, {"value": 3, "json": {"path": "p"}}, {}])
def test_a_scalar_of_another_form_is_refused_in_config(given):
    assert Int.loader is not None
    assert not validate_config(Int.loader.schema_type, given).success


@pytest.mark.parametrize("form", ["json", "pickle"])
def test_what_was_materialized_can_be_loaded_again(tmp_path, form):
    config = {form: {"path": str(tmp_path / "value")}}

    (materialization,) = write(Any, config, {"rows": [1, 2]})

    assert load(Any, config) == {"rows": [1, 2]}
    assert materialization.asset_key == AssetKey([config[form]["path"]])
    (entry,) = materialization.metadata_entries
    assert (entry.label, entry.entry_data.path) == ("path", config[form]["path"])


def test_a_json_file_of_another_form_is_refused_by_its_path(tmp_path):
    path = tmp_path / "value.json"
    path.write_text(json.dumps([1]))

    with pytest.raises(ValueError, match="must hold a JSON object with the key"):
        load(Int, {"json": {"path": str(path)}})


def test_a_materializer_says_what_it_wrote():
    from dagsterlite.types.loader import dagster_type_materializer

    @dagster_type_materializer(str)
    def forgetful(_context, _path, _value):
        return None

    @dagster_type_materializer(str)
    def chatty(_context, path, _value):
        yield path

    for materializer in (forgetful, chatty):
        with pytest.raises(DagsterInvariantViolationError, match="must return or yield"):
            list(materializer.materialize_runtime_values(None, "p", 1))

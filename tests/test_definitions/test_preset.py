from __future__ import annotations

import pytest

from dagsterlite.definitions.config_files import merge_config
from dagsterlite.definitions.preset import PresetDefinition, file_relative_path
from dagsterlite.errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    ParameterCheckError,
)


def test_arguments_stand_in_the_documented_order():
    preset = PresetDefinition("fast", {"solids": {}}, ["*a+", "b"], "dev", {"k": {"n": 1}})

    assert preset.name == "fast"
    assert preset.run_config == {"solids": {}}
    assert list(preset.solid_selection or ()) == ["*a+", "b"]
    assert (preset.mode, preset.tags) == ("dev", {"k": '{"n": 1}'})


def test_a_preset_of_a_name_alone_changes_nothing():
    preset = PresetDefinition("plain-one")

    assert (preset.run_config, preset.solid_selection) == ({}, None)
    assert (preset.mode, preset.tags) == ("default", {})


def test_a_preset_keeps_its_run_config_when_the_given_one_changes():
    given = {"solids": {"a": {"config": [1]}}}
    preset = PresetDefinition("fast", given)
    given["solids"]["a"]["config"].append(2)

    assert preset.run_config == {"solids": {"a": {"config": [1]}}}


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("name", 5),
        ("name", " "),
        ("run_config", [1]),
        ("solid_selection", "one"),
        ("solid_selection", [5]),
        ("mode", 5),
        ("tags", "a"),
    ],
)
def test_an_argument_of_the_wrong_type_is_refused_by_name(argument, value):
    with pytest.raises(ParameterCheckError, match=f"preset.*'{argument}'"):
        PresetDefinition(**{"name": "fast", argument: value})


def test_files_are_merged_later_over_earlier(tmp_path):
    (tmp_path / "a.yaml").write_text("solids: {s: {config: {x: 1, y: 1}}}\nloggers: {}\n")
    (tmp_path / "b.yaml").write_text("solids: {s: {config: {y: 2}}}\n")
    (tmp_path / "empty.yaml").write_text("")

    by_glob = PresetDefinition.from_files("p", [str(tmp_path / "*.yaml")], mode="dev")
    by_name = PresetDefinition.from_files("p", [str(tmp_path / n) for n in ("b.yaml", "a.yaml")])

    assert by_glob.run_config == {"solids": {"s": {"config": {"x": 1, "y": 2}}}, "loggers": {}}
    assert by_glob.mode == "dev"
    assert by_name.run_config["solids"]["s"]["config"] == {"x": 1, "y": 1}
    assert PresetDefinition.from_files("p").run_config == {}


def test_environment_files_is_an_older_name_of_config_files(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1")

    preset = PresetDefinition.from_files("p", environment_files=[str(path)])

    assert preset.run_config == {"a": 1}
    with pytest.raises(CheckError, match="'config_files' and 'environment_files' are two names"):
        PresetDefinition.from_files("p", [str(path)], environment_files=[str(path)])


def test_a_path_may_begin_beside_a_file_of_python(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "dev.yaml").write_text("a: 1")
    module = str(tmp_path / "pipelines.py")

    path = file_relative_path(module, "config/*.yaml")

    assert path == str(tmp_path / "config" / "*.yaml")
    assert PresetDefinition.from_files("p", [path]).run_config == {"a": 1}
    assert file_relative_path("pipelines.py", "dev.yaml") == "dev.yaml"
    with pytest.raises(ParameterCheckError, match="'relative_path' must be a text"):
        file_relative_path(module, None)  # type: ignore[arg-type]


def test_a_file_that_is_not_there_is_refused_by_its_path(tmp_path):
    for pattern in ("missing.yaml", "*.yml"):
        with pytest.raises(DagsterInvalidDefinitionError, match=r"preset 'p'.*leads to no file"):
            PresetDefinition.from_files("p", [str(tmp_path / pattern)])
    with pytest.raises(ParameterCheckError, match="config_files"):
        PresetDefinition.from_files("p", "a.yaml")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"solids: {a: [}", "line 1, column 14 is no YAML"),
        (b"solids: {}\nsolids: {}\n", "line 2, column 1 is no YAML: the key 'solids' stands"),
        (b"- a\n- b\n", "must hold a mapping, not list"),
        (b"\xff\xfe\x00", "cannot read"),
    ],
)
def test_a_file_that_is_no_yaml_mapping_is_refused_by_its_path(tmp_path, content, words):
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)

    with pytest.raises(DagsterInvariantViolationError, match=words) as caught:
        PresetDefinition.from_files("p", [str(path)])

    assert "bad.yaml" in str(caught.value)
    assert "preset 'p'" in str(caught.value)


def test_a_folder_is_no_config_file(tmp_path):
    with pytest.raises(DagsterInvariantViolationError, match="cannot read"):
        PresetDefinition.from_files("p", [str(tmp_path)])


def test_yaml_strings_are_merged_later_over_earlier():
    preset = PresetDefinition.from_yaml_strings("p", ["a: {b: 1, c: 1}", "a: {b: 2}"], ["s"])

    assert preset.run_config == {"a": {"b": 2, "c": 1}}
    assert list(preset.solid_selection or ()) == ["s"]
    with pytest.raises(
        DagsterInvariantViolationError, match=r"preset 'p': YAML string 2, line 1, column 5 is no"
    ):
        PresetDefinition.from_yaml_strings("p", ["a: 1", "a: ["])


def test_files_inside_packages_are_read(tmp_path, monkeypatch):
    package = tmp_path / "preset_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "a.yaml").write_text("a: 1\n")
    monkeypatch.syspath_prepend(tmp_path)

    preset = PresetDefinition.from_pkg_resources("p", [("preset_package", "a.yaml")])

    assert preset.run_config == {"a": 1}
    for wrong in (("preset_package", "b.yaml"), ("no_such_package", "a.yaml")):
        with pytest.raises(DagsterInvariantViolationError, match="has no file"):
            PresetDefinition.from_pkg_resources("p", [wrong])


@pytest.mark.parametrize("wrong", ["package", [("package",)], [("package", 5)], ["ab"]])
def test_files_inside_packages_are_named_by_pairs(wrong):
    with pytest.raises(ParameterCheckError, match="'pkg_resource_defs' must be a list of"):
        PresetDefinition.from_pkg_resources("p", wrong)


def test_further_config_is_merged_over_a_presets_own():
    preset = PresetDefinition("p", {"a": {"b": 1, "c": 1}}, ["s"], "dev", {"k": "v"})

    more = preset.with_additional_config({"a": {"b": 2}, "d": 3})

    assert more.run_config == {"a": {"b": 2, "c": 1}, "d": 3}
    assert (more.name, more.mode, more.tags) == ("p", "dev", {"k": "v"})
    assert preset.with_additional_config(None) == preset
    with pytest.raises(ParameterCheckError, match=r"preset 'p'.*'run_config' must be a dict"):
        preset.with_additional_config([1])  # type: ignore[arg-type]
    assert preset.run_config == {"a": {"b": 1, "c": 1}}


def test_a_presets_config_can_be_written_as_yaml():
    assert PresetDefinition("p", {"a": {"b": [1]}}).get_environment_yaml() == "a:\n  b:\n  - 1\n"


def test_merging_replaces_what_is_no_mapping():
    assert merge_config({"a": 1, "b": {"c": 1}}, {"a": {"x": 1}, "b": 2}) == {"a": {"x": 1}, "b": 2}
    assert merge_config({"a": [1]}, {"a": [2]}) == {"a": [2]}
    assert merge_config({"a": {"b": 1}}, {"a": {}}) == {"a": {"b": 1}}
    assert merge_config({"a": {"b": 1}}, {"a": None}) == {"a": None}

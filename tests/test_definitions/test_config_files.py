from __future__ import annotations

import pytest

from dagsterlite import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    config_from_files,
    config_from_pkg_resources,
    config_from_yaml_strings,
    job,
    op,
)

MERGED = {"ops": {"s": {"config": {"x": 1, "y": 2}}}}


def test_a_job_has_the_config_of_files(tmp_path):
    (tmp_path / "a.yaml").write_text("ops: {s: {config: {x: 1, y: 1}}}")
    (tmp_path / "b.yaml").write_text("ops: {s: {config: {y: 2}}}")
    config = config_from_files([str(tmp_path / "*.yaml")])

    @op(config_schema={"x": int, "y": int})
    def s(context):
        return dict(context.op_config)

    @job(config=config)
    def configured():
        s()

    assert config == MERGED
    assert configured.execute_in_process().output_for_node("s") == {"x": 1, "y": 2}


def test_texts_and_files_of_packages_are_merged_alike(tmp_path, monkeypatch):
    package = tmp_path / "package_with_config"
    package.mkdir()
    (package / "__init__.py").write_text("")
    texts = ["ops: {s: {config: {x: 1, y: 1}}}", "ops: {s: {config: {y: 2}}}"]
    for number, text in enumerate(texts):
        (package / f"{number}.yaml").write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))

    pairs = [("package_with_config", "0.yaml"), ("package_with_config", "1.yaml")]
    assert config_from_pkg_resources(pairs) == MERGED
    assert config_from_yaml_strings(texts) == MERGED


@pytest.mark.parametrize(
    ("read", "error", "message"),
    [
        (
            lambda: config_from_files(["no-such-file.yaml"]),
            DagsterInvalidDefinitionError,
            "config_from_files: file or glob pattern 'no-such-file.yaml' .* leads to no file",
        ),
        (lambda: config_from_files("a.yaml"), CheckError, "'config_files' must be a list"),
        (
            lambda: config_from_yaml_strings(["a: {"]),
            DagsterInvariantViolationError,
            "config_from_yaml_strings: YAML string 1",
        ),
        (lambda: config_from_yaml_strings(["[1]"]), DagsterInvariantViolationError, "a mapping"),
        (
            lambda: config_from_pkg_resources([("a", 1)]),  # type: ignore[list-item]
            CheckError,
            "a list of pairs",
        ),
        (
            lambda: config_from_pkg_resources([("no_such_package_here", "a")]),
            DagsterInvariantViolationError,
            "has no file 'a'",
        ),
    ],
)
def test_what_cannot_be_read_is_told(read, error, message):
    with pytest.raises(error, match=message):
        read()

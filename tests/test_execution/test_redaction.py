# ruff: noqa: G004 - users log with f-strings

from __future__ import annotations

import logging
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    AssetMaterialization,
    AssetObservation,
    DagsterInstance,
    EventMetadataEntry,
    ExpectationResult,
    Failure,
    InputDefinition,
    ModeDefinition,
    Output,
    OutputDefinition,
    RetryRequested,
    StringSource,
    composite_solid,
    execute_pipeline,
    lambda_solid,
    logger,
    pipeline,
    resource,
    solid,
)
from dagsterlite.config.secrets import HIDDEN, redactor
from dagsterlite.definitions.console import default_loggers
from tests.event_lists import assert_gap_free, logged

SECRET = "canary-5f0e-Tüx"


def test_longer_secrets_are_replaced_before_those_inside_them() -> None:
    redact = redactor(["pass", "password-1"])
    assert redact is not None
    assert redact("a password-1 and a pass") == f"a {HIDDEN} and a {HIDDEN}"


def test_short_texts_are_no_secrets() -> None:
    assert redactor([]) is None
    assert redactor(["abc", ""]) is None


class Leak(Exception):
    pass


@resource(config_schema=StringSource)
def leaky(init_context):
    token = init_context.resource_config
    init_context.log.info(f"connecting with {token}")
    yield token
    raise Leak(f"closing {token}")


@solid(config_schema={"token": StringSource}, required_resource_keys={"db"})
def tells_all(context):
    token = context.solid_config["token"]
    assert token == context.resources.db == SECRET
    context.log.info(f"using {token}")
    context.log.warning("using %s", token)
    try:
        raise Leak(token)
    except Leak:
        context.log.exception(f"raised {token}")
    yield AssetMaterialization(
        "table", f"written with {token}", [EventMetadataEntry.text(token, f"label {token}")]
    )
    yield AssetObservation("table", f"seen with {token}")
    yield ExpectationResult(success=True, label=token, description=token)
    if not context.retry_number:
        raise RetryRequested from Leak(token)
    yield Output(len(token))


@lambda_solid(input_defs=[InputDefinition("x", str)])
def wants_text(x):
    raise NotImplementedError


@solid(config_schema={"token": StringSource}, output_defs=[OutputDefinition(int)])
def mistypes(context):
    return context.solid_config["token"]


@solid(config_schema={"token": StringSource})
def fails(context):
    token = context.solid_config["token"]
    raise Failure(f"no: {token}", [EventMetadataEntry.json({"a": [token]}, token)])


@solid(config_schema={"token": StringSource})
def breaks(context):
    raise Leak(context.solid_config["token"])


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(message)s %(dagster_meta)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


LINES = Lines()


@logger
def own_logger(_init_context):
    own = logging.Logger("own", level=logging.DEBUG)  # noqa: LOG001
    own.addHandler(LINES)
    return own


MODE = ModeDefinition(
    resource_defs={"db": leaky}, logger_defs={"own": own_logger, **default_loggers()}
)


@composite_solid(
    config_schema={}, config_fn=lambda _: {"breaks": {"config": {"token": {"env": "INNER_TOKEN"}}}}
)
def mapped():
    breaks()


@pipeline(mode_defs=[MODE])
def leaks():
    tells_all()
    mistypes()
    wants_text(mistypes.alias("again")())
    fails()
    breaks()
    mapped()


def config(tmp_path: Path) -> dict[str, Any]:
    token = {"config": {"token": {"env": "TOKEN"}}}
    names = ("tells_all", "mistypes", "again", "fails", "breaks")
    return {
        "solids": dict.fromkeys(names, token),
        "resources": {"db": {"config": {"env": "TOKEN"}}},
        "loggers": {"own": {}, "console": {"log_level": "DEBUG"}},
        "intermediate_storage": {"filesystem": {"base_dir": str(tmp_path / "values")}},
    }


def stored_bytes(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_stored_byte_and_no_line_holds_what_was_read_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKEN", SECRET)
    monkeypatch.setenv("INNER_TOKEN", f"{SECRET}-inner")
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        result = execute_pipeline(leaks, config(tmp_path), instance=instance, raise_on_error=False)
        assert not result.success
        assert_gap_free(logged(instance))
        assert result.output_for_solid("tells_all") == len(SECRET)
        texts = [e.error_info for e in logged(instance) if e.error_info is not None]
        assert any(HIDDEN in text.to_string() for text in texts)
    forms = [SECRET.encode(), pickle.dumps(SECRET)[2:-2], SECRET.encode("unicode-escape")]
    for path, content in stored_bytes(tmp_path).items():
        for form in forms:
            assert form not in content, path
    told = capfd.readouterr()
    assert "STEP_FAILURE" in told.err
    assert SECRET not in told.err + told.out
    assert LINES.lines
    assert not [line for line in LINES.lines if SECRET in line]


def test_a_secret_that_is_a_common_word_changes_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    @solid(config_schema=StringSource, output_defs=[OutputDefinition(name="table")])
    def table(context):
        yield AssetMaterialization("table", "the table")
        yield Output(context.solid_config, "table")

    @lambda_solid(input_defs=[InputDefinition("table")])
    def compute(table):
        return table

    @pipeline(name="table")
    def graph():
        compute(table())

    for word in ("table", "compute", "STEP_", "success"):
        monkeypatch.setenv("WORD", word)
        with DagsterInstance.ephemeral() as instance:
            result = execute_pipeline(
                graph, {"solids": {"table": {"config": {"env": "WORD"}}}}, instance=instance
            )
            assert result.success
            assert result.output_for_solid("compute") == word
            assert [key.path for key in instance.get_asset_keys()] == [["table"]]
            assert_gap_free(logged(instance))


def test_the_callers_exception_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", SECRET)

    @pipeline
    def graph():
        breaks()

    run_config = {"solids": {"breaks": {"config": {"token": {"env": "TOKEN"}}}}}
    with pytest.raises(Leak, match=SECRET):
        execute_pipeline(graph, run_config)
    result = execute_pipeline(graph, run_config, raise_on_error=False)
    failure = result.result_for_solid("breaks").failure_data  # type: ignore[union-attr]
    assert failure is not None
    assert failure.error is not None
    assert SECRET not in failure.error.to_string()
    assert os.environ["TOKEN"] == SECRET

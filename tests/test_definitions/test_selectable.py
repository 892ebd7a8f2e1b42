"""Loggers, executors and storages: what run config selects by name."""

from __future__ import annotations

import json
import logging

import pytest

from dagsterlite import ModeDefinition, PipelineDefinition, execute_pipeline, solid
from dagsterlite.config import Field
from dagsterlite.definitions.console import (
    colored_console_logger,
    default_loggers,
    json_console_logger,
)
from dagsterlite.definitions.executor import ExecutorDefinition, ExecutorRequirement, executor
from dagsterlite.definitions.logger import InitLoggerContext, LoggerDefinition, logger
from dagsterlite.definitions.storage import (
    IntermediateStorageDefinition,
    SystemStorageDefinition,
    intermediate_storage,
    system_storage,
)
from dagsterlite.errors import (
    DagsterInvalidConfigDefinitionError,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    ParameterCheckError,
)


def test_a_logger_is_made_with_and_without_arguments():
    @logger
    def bare(init_context):
        """Logs."""
        return logging.getLogger("bare")

    @logger({"level": Field(str, default_value="INFO")}, "Described.")
    def full(init_context):
        return logging.getLogger(init_context.logger_config["level"])

    assert isinstance(bare, LoggerDefinition)
    assert (bare.description, bare.config_schema, bare.default_config()) == ("Logs.", None, None)
    assert (full.description, full.default_config()) == ("Described.", {"level": "INFO"})


def test_the_function_of_a_logger_takes_a_context():
    with pytest.raises(DagsterInvalidDefinitionError, match=r"logger 'none'.*\(init_context\)"):

        @logger
        def none():
            return None

    with pytest.raises(ParameterCheckError, match="'logger_fn' must be a function"):
        LoggerDefinition("console")  # type: ignore[arg-type]


def test_a_level_of_the_console_that_is_none_is_refused():
    context = InitLoggerContext(
        logger_config={"log_level": "infos", "name": "mine"}, logger_def=colored_console_logger
    )

    with pytest.raises(DagsterInvalidConfigError, match=r"'infos'\. Did you mean 'INFO'\?"):
        colored_console_logger.logger_fn(context)


def test_the_console_writes_lines_to_standard_error(capsys):
    context = InitLoggerContext(
        logger_config={"log_level": "warning", "name": "mine"}, logger_def=colored_console_logger
    )

    console = colored_console_logger.logger_fn(context)
    console.info("not this")
    console.warning("but %s", "this")

    assert capsys.readouterr().err.endswith(" - mine - WARNING - but this\n")
    assert default_loggers() == {"console": colored_console_logger}
    assert colored_console_logger.default_config() == {"log_level": "INFO", "name": "dagsterlite"}


def test_a_console_of_json_writes_all_that_a_record_holds(capsys):
    @solid
    def talks(context):
        context.log.warning("but %s", "this")

    mode = ModeDefinition(logger_defs={"json": json_console_logger})
    graph = PipelineDefinition([talks], name="p", mode_defs=[mode])
    config = {"loggers": {"json": {"config": {"log_level": "DEBUG", "name": "mine"}}}}
    assert execute_pipeline(graph, config).success

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (message,) = (line for line in lines if line["levelname"] == "WARNING")
    assert message["name"] == "mine"
    assert message["msg"].endswith("talks.compute - but this")
    assert message["dagster_meta"]["solid"] == "talks"
    assert message["dagster_meta"]["orig_message"] == "but this"
    assert "STEP_SUCCESS" in {line["dagster_meta"].get("dagster_event_type") for line in lines}


def test_an_executor_is_made_with_and_without_arguments():
    @executor
    def bare(init_context):
        """Executes."""

    @executor("named", {"n": int}, [ExecutorRequirement.PERSISTENT_OUTPUTS], {"cluster"})
    def full(init_context):
        return init_context

    assert isinstance(bare, ExecutorDefinition)
    assert (bare.name, bare.description, bare.config_schema) == ("bare", "Executes.", None)
    assert (full.name, full.requirements) == ("named", (ExecutorRequirement.PERSISTENT_OUTPUTS,))
    assert full.required_resource_keys == {"cluster"}
    assert full.executor_creation_fn(5) == 5


def test_a_storage_is_made_by_a_decorator():
    @intermediate_storage({"s3"}, "named", False, {"base_dir": str})
    def storage(init_context):
        """Keeps values."""

    @system_storage()
    def older(init_context):
        return None

    assert isinstance(storage, IntermediateStorageDefinition)
    assert (storage.name, storage.description) == ("named", "Keeps values.")
    assert not storage.is_persistent
    assert storage.required_resource_keys == {"s3"}
    assert isinstance(older, SystemStorageDefinition)
    assert (older.name, older.is_persistent, older.kind) == ("older", True, "storage")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ExecutorDefinition("e"), "executor 'e'.*'executor_creation_fn'"),
        (
            lambda: IntermediateStorageDefinition("i", True),
            "intermediate_storage 'i'.*'intermediate_storage_creation_fn'",
        ),
        (
            lambda: SystemStorageDefinition("s", True, system_storage_creation_fn="fn"),  # type: ignore[arg-type]
            "storage 's'.*'system_storage_creation_fn'",
        ),
        (lambda: ExecutorDefinition(None), "executor: argument 'name'"),  # type: ignore[arg-type]
        (lambda: executor("e", required_resource_keys="db")(lambda _: 1), "required_resource_keys"),
    ],
)
def test_arguments_of_the_wrong_type_are_refused_by_name(make, words):
    with pytest.raises(ParameterCheckError, match=words):
        make()


@pytest.mark.parametrize("decorator", [executor("e"), intermediate_storage(), system_storage()])
def test_a_creation_function_takes_a_context(decorator):
    def none():
        return None

    with pytest.raises(DagsterInvalidDefinitionError, match="must take 1 positional"):
        decorator(none)


@pytest.mark.parametrize("decorator", [executor, intermediate_storage, system_storage])
def test_a_wrong_config_schema_names_the_definition(decorator):
    with pytest.raises(DagsterInvalidConfigDefinitionError, match=r"'mine'.*'config_schema'"):
        decorator(name="mine", config_schema={"a": object()})(lambda _: None)

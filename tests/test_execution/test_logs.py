from __future__ import annotations

import io
import logging
from typing import Any

import pytest

from dagsterlite import (
    CheckError,
    DagsterInstance,
    DagsterInvariantViolationError,
    DagsterLoggerFunctionError,
    ModeDefinition,
    PipelineDefinition,
    SolidDefinition,
    execute_pipeline,
    logger,
    solid,
)
from tests.event_lists import logged, told


class Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def logger_with(handler: logging.Handler, level: int = logging.DEBUG) -> Any:
    @logger
    def own(_init_context):
        made = logging.Logger("own", level=level)  # noqa: LOG001
        made.addHandler(handler)
        return made

    return own


def run_with(handler: logging.Handler, fn: Any, level: int = logging.DEBUG, **kwargs: Any) -> Any:
    mode = ModeDefinition(logger_defs={"own": logger_with(handler, level)})
    node = solid(name="talks")(fn)
    assert isinstance(node, SolidDefinition)
    graph = PipelineDefinition([node], name="p", mode_defs=[mode])
    return execute_pipeline(graph, {"loggers": {"own": {}}}, **kwargs)


def test_messages_and_events_reach_the_runs_loggers_with_its_tags() -> None:
    records = Records()

    def talks(context):
        context.log.info("hello")

    result = run_with(records, talks, tags={"team": "data"})
    texts = [r.dagster_meta["orig_message"] for r in records.records]
    assert texts[0].startswith("STEP_START - Started execution of step")
    assert "hello" in texts
    (hello,) = (r for r in records.records if r.dagster_meta["orig_message"] == "hello")
    assert hello.levelno == logging.INFO
    assert hello.msg == f"p - {result.run_id} - talks.compute - hello"
    assert hello.getMessage() == hello.msg
    assert hello.dagster_meta["team"] == "data"
    assert hello.dagster_meta["dagster_event"] is None
    events = [r.dagster_meta["dagster_event"] for r in records.records]
    assert told([e for e in events if e])[0] == "STEP_START talks.compute"


def test_a_logger_hears_what_is_at_its_level_and_the_event_log_all() -> None:
    records = Records()

    def talks(context):
        for level in ("debug", "info", "warning", "warn", "error", "critical"):
            getattr(context.log, level)(level)

    with DagsterInstance.ephemeral() as instance:
        run_with(records, talks, logging.WARNING, instance=instance)
        entries = [(e.user_message, e.level) for e in logged(instance) if e.user_message]
    heard = [r.dagster_meta["orig_message"] for r in records.records]
    assert heard == ["warning", "warn", "error", "critical"]
    assert entries == [
        ("debug", 10),
        ("info", 20),
        ("warning", 30),
        ("warn", 30),
        ("error", 40),
        ("critical", 50),
    ]


def test_an_exception_is_logged_with_its_traceback() -> None:
    records = Records()

    def talks(context):
        try:
            raise ZeroDivisionError("x")
        except ZeroDivisionError as exc:
            context.log.exception("here")
            context.log.info("there", exc_info=exc)
        context.log.info("nothing", exc_info=True)  # noqa: LOG014

    with DagsterInstance.ephemeral() as instance:
        run_with(records, talks, instance=instance)
        errors = {e.user_message: e.error_info for e in logged(instance) if e.user_message}
    assert errors["here"] is not None
    assert errors["here"].cls_name == "ZeroDivisionError"
    assert errors["there"] is not None
    assert errors["nothing"] is None
    shown = [r for r in records.records if r.exc_info and r.exc_info[1]]
    assert [r.dagster_meta["orig_message"] for r in shown] == ["here", "there"]


def test_levels_are_numbers_or_names_and_others_are_told() -> None:
    def talks(context):
        context.log.log("warning", "by name")
        context.log.log(35, "by number")
        context.log.log("LOUD", "no level")

    with DagsterInstance.ephemeral() as instance:
        with pytest.raises(CheckError, match="argument 'level' must be a level of logging"):
            run_with(Records(), talks, instance=instance)
        entries = [(e.user_message, e.level) for e in logged(instance) if e.user_message]
    assert entries == [("by name", 30), ("by number", 35)]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (("100% done",), "100% done"),
        (("%s of %d", "a", 3), "a of 3"),
        (("%d", "three"), "%d ('three',)"),
        (("no place", 1), "no place (1,)"),
        ((3,), "3"),
        (("two\nlines ü 💾",), "two\nlines ü 💾"),
        (("lone \udc80",), "lone \udc80"),
    ],
)
def test_a_slip_in_a_message_stops_nothing(
    args: tuple[object, ...], expected: str, tmp_path
) -> None:
    def talks(context):
        context.log.info(*args)

    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        run_with(Records(), talks, instance=instance)
        assert expected in [e.user_message for e in logged(instance)]


def test_extra_attributes_stand_beside_those_of_the_run() -> None:
    records = Records()

    def talks(context):
        context.log.info("hello", extra={"rows": 3})

    run_with(records, talks)
    (hello,) = (r for r in records.records if r.dagster_meta["orig_message"] == "hello")
    assert hello.rows == 3


def test_a_logger_that_raises_fails_no_step_and_is_told_on_the_terminal(capsys) -> None:
    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError("cannot connect")

    def talks(context):
        context.log.info("hello")

    assert run_with(Broken(), talks).success
    assert "Logger 'own' of a run raised" in capsys.readouterr().err


def test_a_terminal_that_is_gone_fails_no_step(monkeypatch) -> None:
    closed = io.StringIO()
    closed.close()

    @solid
    def talks(context):
        monkeypatch.setattr("sys.stderr", closed)
        context.log.error("nobody hears")

    result = execute_pipeline(PipelineDefinition([talks], name="p"))
    monkeypatch.undo()
    assert result.success


def test_without_loggers_in_the_config_the_console_tells_from_info_up(capsys) -> None:
    @solid
    def talks(context):
        context.log.info("hello")
        context.log.debug("not this")

    result = execute_pipeline(PipelineDefinition([talks], name="p"))
    err = capsys.readouterr().err
    assert f"dagsterlite - INFO - p - {result.run_id} - talks.compute - hello\n" in err
    assert "not this" not in err
    assert "STEP_START" not in err


def test_a_failed_step_is_told_on_the_console_without_being_asked(capsys) -> None:
    @solid
    def fails(_context):
        raise ValueError("x")

    execute_pipeline(PipelineDefinition([fails], name="p"), raise_on_error=False)
    told_line = 'STEP_FAILURE - Execution of step "fails.compute" failed. ValueError: x\n'
    assert told_line in capsys.readouterr().err


@pytest.mark.parametrize(
    ("made", "error", "message"),
    [
        (ZeroDivisionError("no"), DagsterLoggerFunctionError, "Error executing logger_fn 'own'"),
        (None, DagsterInvariantViolationError, "'own' must return a logging.Logger"),
    ],
)
def test_a_logger_that_cannot_be_made_fails_the_run_before_its_start(
    made: object, error: type[Exception], message: str
) -> None:
    @logger
    def own(_init_context):
        if isinstance(made, Exception):
            raise made
        return made

    @solid
    def talks(_context):
        raise NotImplementedError

    mode = ModeDefinition(logger_defs={"own": own})
    graph = PipelineDefinition([talks], name="p", mode_defs=[mode])
    with pytest.raises(error, match=message):
        execute_pipeline(graph, {"loggers": {"own": None}})
    result = execute_pipeline(graph, {"loggers": {"own": None}}, raise_on_error=False)
    assert told(result.event_list) == ["PIPELINE_INIT_FAILURE"]

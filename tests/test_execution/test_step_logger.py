from __future__ import annotations

import logging
import pickle
from typing import Any

import pytest

from dagsterlite import (
    CheckError,
    DagsterInstance,
    Output,
    get_dagster_logger,
    job,
    op,
)
from tests.event_lists import logged

LOG = get_dagster_logger("mine")


def test_functions_without_context_log_to_the_run_they_are_called_in() -> None:
    @op
    def hello():
        get_dagster_logger().debug("in %s", "debug")
        yield Output(1)
        LOG.warning("after its output")

    @op
    async def later(x):
        try:
            x / 0
        except ZeroDivisionError:
            LOG.exception("no way")
        return x

    @job
    def greets():
        later(hello())

    instance = DagsterInstance.ephemeral()
    result = greets.execute_in_process(instance=instance)

    entries = {e.user_message: e for e in logged(instance)}
    assert {"in debug", "after its output", "no way"} <= set(entries)
    assert entries["in debug"].level == logging.DEBUG
    assert entries["in debug"].step_key == "hello.compute"
    assert entries["no way"].error_info is not None
    assert result.output_for_node("later") == 1


def test_outside_a_step_it_is_an_ordinary_logger(caplog: pytest.LogCaptureFixture) -> None:
    LOG.info("nobody runs")
    assert caplog.record_tuples == [("mine", logging.INFO, "nobody runs")]


def test_it_is_one_a_name_and_travels_by_it() -> None:
    assert get_dagster_logger("mine") is LOG is pickle.loads(pickle.dumps(LOG))
    assert get_dagster_logger().name == "dagsterlite"


@pytest.mark.parametrize("name", [3, b"x"])
def test_a_name_that_is_no_text_is_refused(name: Any) -> None:
    with pytest.raises(CheckError, match="get_dagster_logger: argument 'name' must be a text"):
        get_dagster_logger(name)

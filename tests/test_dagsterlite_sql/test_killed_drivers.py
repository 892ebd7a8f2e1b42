"""Drivers killed in the middle of writing: what they recorded stands, and their runs go on."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dagsterlite import execute_pipeline, pipeline, reexecute_pipeline, solid
from dagsterlite.execution.cancel import CancelOutcome, cancel_run
from dagsterlite.settings import instance_from_home
from tests.event_lists import assert_gap_free, logged, recorded
from tests.test_dagsterlite_sql import mysql_server

KILLS = int(os.environ.get("KILLS", "5"))
"""How many drivers are killed in each kind of store."""

LENGTH = 12
MESSAGES = 10


@solid(config_schema={"told": int})
def count(context, n: int) -> int:
    """Tell whoever listens that the step has begun, and write."""
    os.write(context.solid_config["told"], b".")
    for number in range(MESSAGES):
        context.log.info("message %s", number)
    return n + 1


@solid
def zero(_) -> int:
    return 0


@pipeline
def chain():
    n = zero()
    for number in range(LENGTH):
        n = count.alias(f"count_{number}")(n)


def config(told: int) -> dict[str, Any]:
    return {
        "intermediate_storage": {"filesystem": None},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        "solids": {f"count_{n}": {"config": {"told": told}} for n in range(LENGTH)},
    }


def sqlite(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {}


def postgres(request: pytest.FixtureRequest) -> dict[str, Any]:
    parts = request.getfixturevalue("database").parameters
    url = f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}"
    return {"storage": {"postgres": {"postgres_url": url}}}


def mysql(request: pytest.FixtureRequest) -> dict[str, Any]:
    parts = request.getfixturevalue("mysql_database").parameters
    url = f"mysql://{parts['user']}@/{parts['database']}?unix_socket={parts['unix_socket']}"
    return {"storage": {"mysql": {"mysql_url": url}}}


STORES: dict[str, Callable[[pytest.FixtureRequest], dict[str, Any]]] = {
    "sqlite": sqlite,
    "postgres": postgres,
    **({"mysql": mysql} if mysql_server.PROGRAM else {}),
}


@pytest.fixture(params=STORES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    sections = STORES[request.param](request)
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(sections), encoding="utf-8")
    return str(tmp_path)


def kill_driver(home: str, steps: int) -> None:
    """Start a run in a process of its own, and kill it when so many of its steps have begun."""
    listening, telling = os.pipe()
    driver = os.fork()
    if driver == 0:
        try:
            with instance_from_home(home) as instance:
                execute_pipeline(chain, config(telling), instance=instance)
        finally:
            os._exit(1)
    os.close(telling)
    begun = 0
    while begun < steps:
        begun += len(os.read(listening, steps - begun))
    os.kill(driver, signal.SIGKILL)
    os.waitpid(driver, 0)
    os.close(listening)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.timeout(120 + 10 * KILLS)
def test_what_killed_drivers_recorded_stands_and_their_runs_are_executed_again(home: str) -> None:
    for number in range(KILLS):
        kill_driver(home, 1 + number % (LENGTH - 2))

        with instance_from_home(home) as instance:
            (run,) = instance.get_runs(limit=1)
            entries = logged(instance, run.run_id)
            assert_gap_free(entries)
            told = recorded(instance, run.run_id)
            assert told[0] == "PIPELINE_START"
            assert "PIPELINE_SUCCESS" not in told
            keys = [entry.step_key for entry in entries if entry.step_key]
            order = list(dict.fromkeys(keys))
            assert keys == [key for key in order for _ in range(keys.count(key))]
            assert run.status.value == "STARTED"

            driver = str(instance.require_run(run.run_id).driver_id)
            late = instance.run_storage.renew_lease
            assert late(run.run_id, driver, seconds=-1, now=time.time()).held
            assert cancel_run(run.run_id, instance) is CancelOutcome.CANCELED
            with open(os.devnull, "wb") as nobody:
                again = reexecute_pipeline(
                    chain, run.run_id, run_config=config(nobody.fileno()), instance=instance
                )
            assert again.success
            assert instance.get_runs_count() == 2 * (number + 1)

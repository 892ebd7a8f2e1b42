"""What workers are sent: all that steps need, and nothing that is not theirs."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import cloudpickle
import pytest

from dagsterlite import (
    Field,
    ModeDefinition,
    PipelineDefinition,
    StringSource,
    composite_solid,
    execute_pipeline,
    logger,
    pipeline,
    solid,
    success_hook,
)
from dagsterlite.definitions.executor import ExecutorDefinition
from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.execution.executor import Executor
from dagsterlite.run_config.resolved import EnvironmentConfig, Selected
from dagsterlite.runs import DagsterRun
from dagsterlite_dask.payload import Payload, decode_payload, encode_payload
from dagsterlite_dask.shipping import modules_to_ship, shipped_by_value

SECRET = "correct horse battery staple"


@solid(config_schema={"password": StringSource, "number": Field(int, default_value=1)})
def connects(context):
    return context.solid_config["number"]


@pipeline
def connecting():
    connects()


def payload_of(definition: PipelineDefinition, **run_config: Any) -> Payload:
    run = DagsterRun(pipeline_name=definition.name, run_id="run", run_config=run_config)
    return Payload(pipeline=definition, run=run, artifacts_dir="somewhere")


def test_a_payload_comes_back_as_it_was() -> None:
    sent = payload_of(connecting, solids={"connects": {"config": {"password": "p"}}})
    found = decode_payload(encode_payload(sent))

    assert found.run == sent.run
    assert found.artifacts_dir == "somewhere"
    assert found.pipeline.name == "connecting"
    assert found.pipeline.solid_names == ["connects"]


def test_no_secret_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", SECRET)
    config = {"connects": {"config": {"password": {"env": "PASSWORD"}}}}
    sent = encode_payload(payload_of(connecting, solids=config))

    assert SECRET.encode() not in sent
    assert b"PASSWORD" in sent


def test_nothing_of_the_instances_stores_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagsterlite import DagsterInstance
    from dagsterlite_dask import executor

    sent: list[bytes] = []

    def stop(payload: Payload, _ship_code: object) -> bytes:
        sent.append(encode_payload(payload))
        raise RuntimeError("far enough")

    monkeypatch.setattr(executor, "encode_payload", stop)
    with (
        DagsterInstance.local_temp(str(tmp_path)) as instance,
        pytest.raises(RuntimeError, match="far enough"),
    ):
        execute_pipeline(
            connecting,
            {
                "solids": {"connects": {"config": {"password": "p"}}},
                "execution": {"multiprocess": {}},
            },
            instance=instance,
        )
    for word in (b"Sqlite", b"RunStorage", b"EventLogStorage", b".db", b"history", b"InstanceRef"):
        assert word not in sent[0]


READ = """
import sys, cloudpickle
sys.modules["tests"] = None
pipeline = cloudpickle.loads(sys.stdin.buffer.read()).pipeline
print(pipeline.solid_named("connects").definition.compute_fn is not None)
"""


def test_a_process_without_the_users_modules_can_read_a_payload() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", READ],
        input=encode_payload(payload_of(connecting)),
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"True\n"


# --- what cannot be sent -------------------------------------------------------------------------


def test_what_cannot_be_pickled_is_told_with_its_solid() -> None:
    lock = threading.Lock()

    @solid
    def locks(_context):
        return lock.acquire()

    @pipeline
    def locking():
        locks()
        connects()

    with pytest.raises(DagsterInvariantViolationError) as raised:
        encode_payload(payload_of(locking))
    text = str(raised.value)
    assert "Pipeline 'locking' cannot be sent to workers" in text
    assert "cannot pickle '_thread.lock' object" in text
    assert "It stands with the solid 'locks'." in text


def test_what_cannot_be_pickled_is_told_with_its_hook() -> None:
    lock = threading.Lock()

    @success_hook
    def locks(_context):
        lock.acquire()

    @composite_solid
    def holds():
        connects.with_hooks({locks})()

    @pipeline
    def locking():
        holds()

    with pytest.raises(DagsterInvariantViolationError, match="the solid 'holds' and the hook 'lo"):
        encode_payload(payload_of(locking))


def test_loggers_and_executors_stay_at_home() -> None:
    lock = threading.Lock()

    def make(_context: Any) -> logging.Logger:
        with lock:
            return logging.getLogger("mine")

    def make_executor(_context: Any) -> Executor:
        with lock:
            raise AssertionError

    mode = ModeDefinition(
        logger_defs={"mine": logger(make)},
        executor_defs=[ExecutorDefinition("own", executor_creation_fn=make_executor)],
    )

    @pipeline(mode_defs=[mode])
    def with_logger():
        connects()

    found = decode_payload(encode_payload(payload_of(with_logger)))
    there = found.pipeline.get_mode_definition(None)
    assert list(there.logger_defs) == ["mine"]
    with pytest.raises(DagsterInvariantViolationError, match="by a run's driver"):
        there.logger_defs["mine"].logger_fn(None)  # type: ignore[arg-type]
    with pytest.raises(DagsterInvariantViolationError, match="by a run's driver"):
        there.executor_defs[0].executor_creation_fn(None)


def test_what_configures_loggers_and_executors_stays_at_home_too() -> None:
    lock = threading.Lock()

    def workers_of(config: Any) -> Any:
        with lock:
            return {"workers": config["n"]}

    own = ExecutorDefinition("own", {"workers": int}, executor_creation_fn=lambda _: None)
    mode = ModeDefinition(executor_defs=[own.configured(workers_of, config_schema={"n": int})])

    @pipeline(mode_defs=[mode])
    def with_executor():
        connects()

    config = {
        "solids": {"connects": {"config": {"password": "p"}}},
        "execution": {"own": {"config": {"n": 2}}},
    }
    found = decode_payload(encode_payload(payload_of(with_executor, **config)))
    there = EnvironmentConfig.build(found.pipeline, found.run.run_config)
    assert there.execution == Selected("own", {"n": 2})
    here = EnvironmentConfig.build(with_executor, config)
    assert here.execution == Selected("own", {"workers": 2})


# --- the users' modules --------------------------------------------------------------------------


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of a user's, with a lock that cannot be pickled beside a function that can."""
    (tmp_path / "users_own.py").write_text(
        "import threading\n"
        "lock = threading.Lock()\n"
        "def plain():\n    return 1\n"
        "def locks():\n    return lock.locked()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return __import__("users_own")


def test_the_users_modules_are_those_that_nobody_installed(module: ModuleType) -> None:
    names = {found.__name__ for found in modules_to_ship()}

    assert "users_own" in names
    assert __name__ in names
    assert not {name for name in names if name.startswith(("dagsterlite", "distributed", "json"))}


def test_a_module_travels_with_the_functions_that_use_it(module: ModuleType) -> None:
    with shipped_by_value([module]):
        sent = cloudpickle.dumps(module.plain)
    assert b"co_code" in sent or b"plain" in sent
    assert len(sent) > len(cloudpickle.dumps(module.plain))
    assert module.__name__ not in cloudpickle.list_registry_pickle_by_value()


def test_modules_that_cannot_travel_go_by_their_names(module: ModuleType) -> None:
    @solid
    def asks(_context):
        return module.locks()

    @pipeline
    def asking():
        asks()

    assert b"users_own" in encode_payload(payload_of(asking))


def test_named_modules_are_shipped_with_what_lies_below_them(module: ModuleType) -> None:
    assert [found.__name__ for found in modules_to_ship(["users_own"])] == ["users_own"]
    assert modules_to_ship("none") == []
    below = [found.__name__ for found in modules_to_ship("email")]
    assert "email" in below
    assert "email.message" in below


def test_a_named_module_that_is_not_there_is_told() -> None:
    with pytest.raises(DagsterInvariantViolationError, match="names the module 'no_such_module'"):
        modules_to_ship(["no_such_module"])


def test_runs_that_start_at_once_do_not_meet_in_what_they_ship(module: ModuleType) -> None:
    errors: list[BaseException] = []

    def ship() -> None:
        for _ in range(50):
            try:
                with shipped_by_value([module]):
                    assert module.__name__ in cloudpickle.list_registry_pickle_by_value()
            except BaseException as exc:  # noqa: BLE001 - told below
                errors.append(exc)

    threads = [threading.Thread(target=ship) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert module.__name__ not in cloudpickle.list_registry_pickle_by_value()

"""What is wrong with a cluster is told before anything runs on it, with the mend."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    ModeDefinition,
    PipelineDefinition,
    execute_pipeline,
    local_file_manager,
    pipeline,
    solid,
)
from dagsterlite.errors import (
    DagsterClusterError,
    DagsterClusterUnreachableError,
    DagsterInvalidConfigError,
    DagsterInvariantViolationError,
    DagsterNoWorkersError,
    DagsterRunCanceledError,
    DagsterStorageError,
    DagsterStorageNotSharedError,
    DagsterUnmetResourcesError,
    DagsterVersionSkewError,
)
from dagsterlite.runs import DagsterRunStatus
from dagsterlite.serdes import to_json
from dagsterlite_dask import session
from dagsterlite_dask.admission import admit_run, close_run, open_run
from dagsterlite_dask.preflight import Preflight, probe_run
from dagsterlite_dask.questions import SILENT_SECONDS, Questions
from dagsterlite_dask.session import PING_SECONDS, Session
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage
from tests.event_lists import logged, recorded
from tests.test_dagsterlite_dask.cluster import WITHOUT_US, Cluster, running_cluster
from tests.test_dagsterlite_dask.side import in_background, wait_until

QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


@solid
def one(_context):
    return 1


@solid(tags={"dagster-dask/resource_requirements": '{"GPU": 1}'})
def on_gpu(_context):
    return 1


@solid(tags={"dagster-dask/resource_requirements": '{"GPU": 4}'})
def on_four_gpus(_context):
    return 1


@solid(tags={"dagster-dask/resource_requirements": "GPU"})
def badly_tagged(_context):
    return 1


@pipeline
def plain():
    one()


@pipeline
def with_gpu():
    on_gpu()


@pipeline
def with_four_gpus():
    one()
    on_four_gpus()


@pipeline
def with_bad_tag():
    badly_tagged()


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as instance:
        yield instance


def assert_nothing_ran(instance: DagsterInstance) -> None:
    assert recorded(instance) == ["PIPELINE_INIT_FAILURE"]
    (run,) = instance.get_runs()
    assert run.status is DagsterRunStatus.FAILURE


def on(address: str) -> dict[str, Any]:
    cluster = {"existing": {"address": address}}
    return {"execution": {"dask": {"config": {"cluster": cluster}}}, "loggers": QUIET}


def test_an_address_where_nobody_answers_is_told_soon(
    instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagsterlite_dask.clusters.opened.CONNECT_SECONDS", 2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(DagsterClusterUnreachableError) as raised:
            execute_pipeline(plain, on(address), instance=instance)
    assert address in str(raised.value)
    assert "dask scheduler" in str(raised.value)
    assert_nothing_ran(instance)


@pytest.mark.parametrize("address", ["", "nonsense://x", "127.0.0.1:no"])
def test_an_address_that_is_none_is_told(address: str, instance: DagsterInstance) -> None:
    with pytest.raises(DagsterClusterUnreachableError, match="No Dask scheduler answers"):
        execute_pipeline(plain, on(address), instance=instance)


@pytest.fixture(scope="module")
def bare_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler that no worker has joined."""
    with running_cluster(tmp_path_factory.mktemp("bare")) as cluster:
        yield cluster


def test_a_cluster_without_workers_is_told_at_once(
    bare_cluster: Cluster, instance: DagsterInstance
) -> None:
    with pytest.raises(DagsterNoWorkersError, match="has no workers"):
        execute_pipeline(plain, on(bare_cluster.address), instance=instance)
    assert_nothing_ran(instance)


def test_a_worker_without_dagsterlite_is_told(
    bare_cluster: Cluster, instance: DagsterInstance
) -> None:
    bare_cluster.add_worker(preload=WITHOUT_US)

    with pytest.raises(DagsterVersionSkewError, match=r"dagsterlite +\S+ +none +worker tcp"):
        execute_pipeline(plain, on(bare_cluster.address), instance=instance)
    assert_nothing_ran(instance)


def test_a_worker_of_another_version_is_told(
    cluster: Cluster, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagsterlite.__version__", "99.1")

    with pytest.raises(DagsterVersionSkewError, match=r"dagsterlite +99\.1 +0"):
        execute_pipeline(plain, cluster.config(), instance=instance)
    assert_nothing_ran(instance)


@pytest.mark.parametrize("preflight", ["warn", "off"])
def test_who_wants_to_runs_on_other_versions_all_the_same(
    preflight: str, cluster: Cluster, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagsterlite.__version__", "99.1")

    result = execute_pipeline(plain, cluster.config(preflight=preflight), instance=instance)

    assert result.success
    told = [entry.message for entry in logged(instance) if "Pre-flight: " in entry.message]
    assert len(told) == (1 if preflight == "warn" else 0)
    assert all("99.1" in message for message in told)


@pytest.mark.parametrize("preflight", ["warn", "off"])
def test_without_strictness_a_run_waits_for_what_is_not_there(
    preflight: str, cluster: Cluster, instance: DagsterInstance
) -> None:
    config = cluster.config(preflight=preflight, worker_timeout=0.1)

    with pytest.raises(DagsterUnmetResourcesError):
        execute_pipeline(with_four_gpus, config, instance=instance)
    assert "PIPELINE_START" in recorded(instance)


def has_told(instance: DagsterInstance, text: str) -> bool:
    runs = instance.get_runs()
    return bool(runs) and any(text in entry.message for entry in logged(instance))


def test_a_worker_that_joins_later_is_looked_at_too(
    tmp_path: Path, instance: DagsterInstance
) -> None:
    """The step waits for a worker that has no dagsterlite and joins as it is waited for."""
    with running_cluster(tmp_path, 1) as own:
        config = own.config(preflight="warn")
        with in_background(
            lambda: execute_pipeline(with_gpu, config, instance=instance), instance
        ) as found:
            wait_until(lambda: has_told(instance, "waits for"))
            own.add_worker(preload=WITHOUT_US)
            wait_until(lambda: has_told(instance, "none"))
            own.add_worker(resources={"GPU": 1})
        assert found[0].success


def test_a_resource_that_no_worker_offers_is_told(
    cluster: Cluster, instance: DagsterInstance
) -> None:
    with pytest.raises(DagsterUnmetResourcesError) as raised:
        execute_pipeline(with_four_gpus, cluster.config(), instance=instance)
    text = str(raised.value)
    assert "'on_four_gpus.compute' asks for worker resources GPU=4" in text
    assert "the workers offer GPU=2; none" in text
    assert '--resources "GPU=4"' in text
    assert_nothing_ran(instance)


def test_a_step_runs_where_its_resource_is(cluster: Cluster, instance: DagsterInstance) -> None:
    assert execute_pipeline(with_gpu, cluster.config(), instance=instance).success


def test_a_tag_that_is_no_object_is_told(cluster: Cluster, instance: DagsterInstance) -> None:
    with pytest.raises(DagsterInvariantViolationError, match="must be a JSON object"):
        execute_pipeline(with_bad_tag, cluster.config(), instance=instance)
    assert_nothing_ran(instance)


def test_storage_that_is_not_shared_is_told(cluster: Cluster, instance: DagsterInstance) -> None:
    # Each process has a memory of its own.
    storage = {"filesystem": {"config": {"base_dir": "memory://here"}}}

    with pytest.raises(DagsterStorageNotSharedError, match="the two do not share that place"):
        execute_pipeline(
            plain, {**cluster.config(), "intermediate_storage": storage}, instance=instance
        )
    assert_nothing_ran(instance)


def test_looking_at_shared_storage_leaves_nothing_there(
    cluster: Cluster, instance: DagsterInstance, tmp_path: Path
) -> None:
    storage = {"filesystem": {"config": {"base_dir": str(tmp_path)}}}
    config = {**cluster.config(), "intermediate_storage": storage}
    assert execute_pipeline(plain, config, instance=instance).success

    assert [path for path in tmp_path.rglob("*") if "probe" in str(path) and path.is_file()] == []


@solid(required_resource_keys={"files"})
def writes_file(context):
    return context.resources.files.write_data(b"foo")


@pipeline(mode_defs=[ModeDefinition(resource_defs={"files": local_file_manager})])
def with_files():
    writes_file()


# A worker whose local files nobody else sees.
APART = """
from dagsterlite_fsspec import disk, local
local.write_file = lambda path, parts, **more: disk.write_file("{folder}" + path, parts, **more)
"""


def test_local_files_that_are_not_shared_are_told(
    instance: DagsterInstance, tmp_path: Path
) -> None:
    preload = APART.format(folder=tmp_path / "apart")
    with running_cluster(tmp_path, 1, preload=preload) as own:
        config = {**own.config(), "intermediate_storage": {"in_memory": {}}}
        with pytest.raises(
            DagsterStorageNotSharedError, match=r"'files' keeps files of worker tcp"
        ):
            execute_pipeline(with_files, config, instance=instance)
        assert_nothing_ran(instance)
        assert execute_pipeline(plain, config, instance=instance).success


def test_looking_at_shared_local_files_leaves_nothing_there(
    cluster: Cluster, tmp_path: Path
) -> None:
    resources = {"files": {"config": {"base_dir": str(tmp_path)}}}
    result = execute_pipeline(with_files, {**cluster.config(), "resources": resources})

    assert list(tmp_path.iterdir()) == [Path(result.output_for_solid("writes_file").path)]


class Unloadable:
    """Can be pickled, and loaded on no worker."""

    def __reduce__(self):
        return __import__, ("tests.test_dagsterlite_dask.cluster",)


def unloadable() -> PipelineDefinition:
    held = Unloadable()

    @solid
    def refers(_context):
        return held

    @pipeline(name="unloadable")
    def made():
        refers()

    return made


def test_a_pipeline_that_a_worker_cannot_load_is_told(
    cluster: Cluster, instance: DagsterInstance
) -> None:
    with pytest.raises(DagsterClusterError, match=r"cannot prepare the run: .*tests"):
        execute_pipeline(unloadable(), cluster.config(), instance=instance)
    assert_nothing_ran(instance)


@pytest.mark.parametrize(
    ("local", "told"),
    [
        ({"n_worker": 1}, "Did you mean 'n_workers'"),
        ({"n_workers": 0}, "must be 1 or more, not 0"),
        ({"threads_per_worker": -1}, "must be 1 or more, not -1"),
    ],
)
def test_an_argument_that_no_local_cluster_takes_is_told(
    local: dict[str, Any], told: str, instance: DagsterInstance
) -> None:
    config = {"execution": {"dask": {"config": {"cluster": {"local": local}}}}, "loggers": QUIET}
    with pytest.raises(DagsterInvalidConfigError, match=told):
        execute_pipeline(plain, config, instance=instance)
    assert_nothing_ran(instance)


def test_a_worker_that_hangs_is_given_a_few_seconds_in_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: dict[str, list[float]] = {}
    ask = Questions._ask

    async def noted(self: Questions, worker: str, function: Any, args: Any, seconds: float) -> Any:
        allowed = min(seconds, SILENT_SECONDS) if worker in self._silent else seconds
        waited.setdefault(worker, []).append(allowed)
        return await ask(self, worker, function, args, seconds)

    monkeypatch.setattr(Questions, "_ask", noted)
    with running_cluster(tmp_path, 1) as cluster:
        known = cluster.facts()
        hanging = cluster.add_worker()
        (silent,) = cluster.facts().keys() - known
        os.kill(hanging.pid, signal.SIGSTOP)
        with pytest.raises(DagsterUnmetResourcesError):
            execute_pipeline(with_gpu, {**cluster.config(), "loggers": QUIET})
        with pytest.raises(DagsterClusterError, match="cannot prepare the run"):
            execute_pipeline(unloadable(), {**cluster.config(), "loggers": QUIET})
    refused, unprepared = waited[silent][:3], waited[silent][3:]
    # Its resources are looked at first; then it is asked once more, and told the end of the run.
    assert refused == [PING_SECONDS, SILENT_SECONDS, SILENT_SECONDS]
    assert unprepared[0] == PING_SECONDS
    assert set(unprepared[1:]) == {SILENT_SECONDS}
    assert sum(unprepared) < 10


def test_a_worker_that_was_slow_once_has_all_its_time_to_tear_down(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_time: list[tuple[str, bool]] = []
    ask = Questions._ask

    async def noted(self: Questions, worker: str, function: Any, args: Any, seconds: float) -> Any:
        if worker == slow:
            given_time.append((function.__name__, worker not in self._silent))
        return await ask(self, worker, function, args, seconds)

    slow, *_ = cluster.facts()
    asking = Session(cluster.client, "a-run")
    asking._questions._silent.add(slow)
    monkeypatch.setattr(Questions, "_ask", noted)
    asking.end()

    assert given_time == [("is_there", False), ("end_run", True)]


class Hiccup(FsspecIntermediateStorage):
    """A storage that cannot be read just now."""

    def read_output(self, step_key: str, output: Any) -> Any:
        raise DagsterStorageError(f"{output.address} cannot be reached: slow down")


def test_storage_that_cannot_be_reached_is_not_told_to_be_unshared(tmp_path: Path) -> None:
    storage = Hiccup(str(tmp_path), "a-run")
    stored = to_json(storage.write_output("probe", "attempt", "token", "token"))
    asked: Any = SimpleNamespace(
        ask_workers=lambda function, *_, **__: (
            {"tcp://w": (stored, {}, None)} if function is probe_run else {}
        ),
        on_scheduler=lambda *_: None,
    )

    with pytest.raises(DagsterStorageError, match="slow down") as raised:
        Preflight(asked, ("a-run", b""), storage).check_workers(["tcp://w"])
    assert not isinstance(raised.value, DagsterStorageNotSharedError)


def test_nobody_waits_for_a_worker_that_the_scheduler_has_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that hangs when it is asked, and dies before it answers."""
    monkeypatch.setattr(session, "PING_SECONDS", 3600.0)
    ask = Questions._ask

    async def killed(self: Questions, worker: str, *given: Any) -> Any:
        if worker == silent and dying.poll() is None:
            asyncio.get_running_loop().call_later(0.2, dying.kill)
        return await ask(self, worker, *given)

    with running_cluster(tmp_path, 1) as cluster:
        (well,) = cluster.facts()
        dying = cluster.add_worker()
        (silent,) = cluster.facts().keys() - {well}
        os.kill(dying.pid, signal.SIGSTOP)
        monkeypatch.setattr(Questions, "_ask", killed)
        assert execute_pipeline(plain, {**cluster.config(), "loggers": QUIET}).success
    dying.wait()


def test_a_task_that_comes_before_its_run_is_let_in_waits_for_that() -> None:
    run_id = "a-run-of-this-test"
    with in_background(lambda: open_run(run_id, b"no payload", None)) as found:  # type: ignore[arg-type]
        admit_run(run_id)
        wait_until(lambda: found)
    assert isinstance(found[0], pickle.UnpicklingError)
    close_run(run_id)
    with pytest.raises(DagsterRunCanceledError):
        open_run(run_id, b"no payload", None)  # type: ignore[arg-type]

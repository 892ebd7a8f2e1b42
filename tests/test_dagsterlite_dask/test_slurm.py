"""Jobs of a real batch system: Slurm, with this host as its one node."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite.errors import DagsterClusterUnreachableError
from tests.test_dagsterlite_dask.side import wait_until
from tests.test_dagsterlite_dask.simple_runs import is_gone, killed_driver_on, run_on
from tests.test_dagsterlite_dask.slurm_server import Slurm


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    slurm = Slurm(tmp_path_factory.mktemp("slurm"))
    with slurm.running():
        yield slurm


@pytest.fixture
def slurm(installed: Slurm, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slurm]:
    """Slurm, which a test must leave without jobs."""
    monkeypatch.setenv("SLURM_CONF", str(installed.config))
    yield installed
    wait_until(lambda: installed.jobs() == "")


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    return {
        "cores": 1,
        "memory": "1GB",
        "local_directory": str(tmp_path),
        "log_directory": str(tmp_path),
        "scheduler_options": {"dashboard_address": ":0"},
    }


@pytest.mark.parametrize("asked", ["jobs", "n_workers"])
def test_a_run_goes_in_jobs_that_end_with_it(
    asked: str, slurm: Slurm, config: dict[str, Any]
) -> None:
    worker = run_on({"slurm": {**config, asked: 1}})

    assert worker != os.getpid()
    wait_until(lambda: is_gone(worker))


def test_jobs_come_with_the_work(slurm: Slurm, config: dict[str, Any]) -> None:
    worker = run_on({"slurm": config}, adapt={"minimum": 0, "maximum": 2})

    assert worker != os.getpid()
    wait_until(lambda: is_gone(worker))


def test_jobs_end_after_a_driver_that_is_killed(
    slurm: Slurm, config: dict[str, Any], tmp_path: Path
) -> None:
    cluster = {"slurm": {**config, "jobs": 1, "death_timeout": 20}}
    with killed_driver_on(cluster, tmp_path) as worker:
        assert slurm.jobs()

    wait_until(lambda: is_gone(worker))


@pytest.mark.parametrize("asked", ["jobs", "n_workers"])
def test_a_job_that_is_refused_is_told(asked: str, slurm: Slurm, config: dict[str, Any]) -> None:
    cluster = {"slurm": {**config, asked: 1, "queue": "no_such_partition"}}

    with pytest.raises(DagsterClusterUnreachableError, match=r"cluster\.slurm") as raised:
        run_on(cluster, worker_timeout=20.0)
    assert "invalid partition" in str(raised.value)

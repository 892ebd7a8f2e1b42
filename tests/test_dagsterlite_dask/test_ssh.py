"""Clusters over SSH, by a real server."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagsterlite.errors import DagsterClusterUnreachableError
from tests.test_dagsterlite_dask import ssh_server
from tests.test_dagsterlite_dask.side import wait_until
from tests.test_dagsterlite_dask.simple_runs import is_gone, killed_driver_on, run_on
from tests.test_dagsterlite_dask.ssh_server import SSHServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SSHServer]:
    with ssh_server.running(tmp_path_factory.mktemp("ssh")) as server:
        yield server


def test_a_run_goes_on_hosts_and_leaves_nothing_there(server: SSHServer) -> None:
    worker = run_on(server.config(2))

    assert worker != os.getpid()
    wait_until(lambda: is_gone(worker))
    wait_until(lambda: server.started() == [])


def test_nothing_is_left_on_the_hosts_of_a_driver_that_is_killed(
    server: SSHServer, tmp_path: Path
) -> None:
    with killed_driver_on(server.config(2), tmp_path) as worker:
        started = {process.pid for process in server.started()}
        assert worker in started

    wait_until(lambda: all(map(is_gone, started)))


def test_what_a_host_says_is_told_and_the_other_hosts_are_left_clean(server: SSHServer) -> None:
    interpreters = [*[shlex.quote(sys.executable)] * 2, "/no/python"]
    config = server.config(3, remote_python=interpreters)

    with pytest.raises(DagsterClusterUnreachableError, match=r"cluster\.ssh") as raised:
        run_on(config)
    assert "/no/python" in str(raised.value)
    wait_until(lambda: server.started() == [])


def test_a_host_that_lets_nobody_in_is_told(server: SSHServer) -> None:
    config = server.config(2)
    config["ssh"]["connect_options"]["client_keys"] = []

    with pytest.raises(DagsterClusterUnreachableError, match="Permission denied"):
        run_on(config)

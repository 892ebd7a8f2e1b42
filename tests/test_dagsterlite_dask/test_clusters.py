"""Kinds of clusters, each opened as the executor and the resource open it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster

from dagsterlite import (
    DagsterInstance,
    ModeDefinition,
    dask_executor_on,
    dask_resource,
    execute_pipeline,
    execute_solid,
    pipeline,
    solid,
)
from dagsterlite.config import resolve_config
from dagsterlite.errors import (
    DagsterClusterUnreachableError,
    DagsterInvalidConfigError,
    DagsterInvariantViolationError,
    DagsterNoWorkersError,
    MissingExtraError,
)
from dagsterlite_dask.cluster_config import cluster_fields
from dagsterlite_dask.clusters import batch, gateway, open_cluster
from dagsterlite_dask.clusters.options import ClusterOptions
from tests.test_dagsterlite_dask import batch_fakes
from tests.test_dagsterlite_dask.cluster import Cluster, running_cluster
from tests.test_dagsterlite_dask.side import wait_until
from tests.test_dagsterlite_dask.simple_runs import QUIET, is_gone, pid, run_on

THREADS = {"n_workers": 1, "threads_per_worker": 1, "processes": False, "dashboard_address": ":0"}


def make_threads(**arguments: Any) -> LocalCluster:
    """Make a cluster in this process, as a user's own class would."""
    return LocalCluster(**{**THREADS, **arguments})


def make_nothing() -> int:
    return 1


def refuse() -> None:
    raise OSError("no machine is free")


@pytest.fixture(scope="module")
def threads() -> Iterator[LocalCluster]:
    with make_threads() as cluster:
        yield cluster


def free_address() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{taken.getsockname()[1]}"


# --- existing ---


def test_addresses_are_tried_in_turn(threads: LocalCluster) -> None:
    addresses = [free_address(), threads.scheduler_address, free_address()]

    found = run_on({"existing": {"addresses": addresses}}, client_kwargs={"timeout": 2})

    assert found == os.getpid()
    assert threads.status.name == "running"


def test_where_no_address_answers_each_is_told() -> None:
    addresses = [free_address(), free_address()]

    with pytest.raises(DagsterClusterUnreachableError, match="any of 2 addresses") as raised:
        run_on({"existing": {"addresses": addresses}}, client_kwargs={"timeout": 1})
    assert all(address in str(raised.value) for address in addresses)
    assert "cluster.existing.addresses" in str(raised.value)


def test_an_address_where_another_language_is_spoken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _address = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(DagsterClusterUnreachableError, match="is no scheduler of Dask"):
            run_on({"existing": {"address": address}})
        thread.join()


def test_a_scheduler_file_is_read(threads: LocalCluster, tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps({"address": threads.scheduler_address}))

    assert run_on({"existing": {"scheduler_file": str(file)}}) == os.getpid()


@pytest.mark.parametrize("text", [None, "no JSON", "{}", "[]"])
def test_a_scheduler_file_that_is_none_is_told(text: str | None, tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(DagsterClusterUnreachableError, match="--scheduler-file") as raised:
        run_on({"existing": {"scheduler_file": str(file)}})
    assert str(file) in str(raised.value)


@pytest.mark.parametrize("config", [{}, {"addresses": []}, {"address": "a", "scheduler_file": "b"}])
def test_an_existing_cluster_is_named_in_one_way(config: dict[str, Any]) -> None:
    with pytest.raises(DagsterInvalidConfigError, match="must have one of address, addresses"):
        run_on({"existing": config})


# --- made ---


def test_a_class_of_ones_own_makes_the_cluster() -> None:
    custom = {"class": f"{__name__}:make_threads", "config": {"n_workers": 1}}

    assert run_on({"custom": custom}) == os.getpid()


@pytest.mark.parametrize(
    ("path", "config", "message"),
    [
        ("nowhere", {}, 'must be "module:Class"'),
        ("no_such_module:Class", {}, "cannot be imported"),
        (f"{__name__}:no_such_class", {}, "cannot be imported"),
        (f"{__name__}:make_nothing", {}, "must make one of Dask's clusters"),
        (f"{__name__}:make_nothing", {"more": 1}, "makes no cluster: .*make_nothing says"),
    ],
)
def test_a_class_that_makes_no_cluster_is_told(
    path: str, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(DagsterInvalidConfigError, match=message) as raised:
        run_on({"custom": {"class": path, "config": config}})
    assert "execution.dask.config.cluster.custom" in str(raised.value)


def test_a_cluster_that_does_not_come_up_is_told() -> None:
    with pytest.raises(DagsterClusterUnreachableError, match="no machine is free"):
        run_on({"custom": {"class": f"{__name__}:refuse"}})


def test_a_local_cluster_takes_each_argument_of_its_class() -> None:
    assert run_on({"local": {**THREADS, "name": "mine", "timeout": 70}}) == os.getpid()


@pytest.mark.parametrize("sizes", [THREADS, {"n_workers": 1}])
def test_a_local_cluster_has_the_time_to_answer_that_its_config_says(sizes: dict[str, Any]) -> None:
    with open_cluster({"local": {**sizes, "timeout": 70}}, ClusterOptions()) as opened:
        assert opened.client._timeout == 70


def test_a_local_cluster_grows_with_the_work() -> None:
    more = {"adapt": {"minimum": 0, "maximum": 1, "interval": "50ms"}}

    assert run_on({"local": {**THREADS, "n_workers": 0}}, **more) == os.getpid()


@pytest.mark.parametrize(
    ("adapt", "message"),
    [({"maximun": 1}, "maximum"), ({"minimum": 2, "maximum": 1}, "a minimum above its maximum")],
)
def test_adapt_takes_what_dask_takes(adapt: dict[str, int], message: str) -> None:
    with pytest.raises(DagsterInvalidConfigError, match=message) as raised:
        run_on({"local": THREADS}, adapt=adapt)
    assert "execution.dask.config.adapt" in str(raised.value)


def test_a_joined_cluster_is_not_sized(threads: LocalCluster) -> None:
    with pytest.raises(DagsterInvalidConfigError, match="make it adaptive"):
        run_on({"existing": {"address": threads.scheduler_address}}, adapt={"maximum": 2})


# --- how a cluster is used ---


def test_a_run_waits_for_as_many_workers_as_it_is_told(threads: LocalCluster) -> None:
    existing = {"existing": {"address": threads.scheduler_address}}

    assert run_on(existing, wait_for_workers=1) == os.getpid()
    with pytest.raises(DagsterNoWorkersError, match="fewer than 2 workers after 1 seconds"):
        run_on(existing, wait_for_workers=2, worker_timeout=1.0)


def test_arguments_of_the_client_are_handed_on(threads: LocalCluster) -> None:
    existing = {"existing": {"address": threads.scheduler_address}}

    assert run_on(existing, client_kwargs={"name": "ours"}) == os.getpid()
    for name, message in [("timeuot", "timeout"), ("security", "said elsewhere")]:
        with pytest.raises(DagsterInvalidConfigError, match=message):
            run_on(existing, client_kwargs={name: 1})


@pytest.mark.parametrize("shutdown", ["auto", "always", "never"])
def test_what_was_joined_is_left_unless_it_is_to_be_shut_down(shutdown: str) -> None:
    with make_threads() as cluster:
        run_on({"existing": {"address": cluster.scheduler_address}}, shutdown=shutdown)

        is_closed = cluster.scheduler.status.name == "closed"
        assert is_closed is (shutdown == "always")


MADE: list[LocalCluster] = []


def make_and_remember() -> LocalCluster:
    MADE.append(make_threads())
    return MADE[-1]


@pytest.mark.parametrize("shutdown", ["auto", "always", "never"])
def test_what_was_made_is_closed_unless_it_is_to_be_left(shutdown: str) -> None:
    run_on({"custom": {"class": f"{__name__}:make_and_remember"}}, shutdown=shutdown)

    cluster = MADE.pop()
    assert (cluster.status.name == "running") is (shutdown == "never")
    cluster.close()


LEFT_OPEN = """
from distributed import Client
from dagsterlite_dask.clusters import open_cluster
from dagsterlite_dask.clusters.options import ClusterOptions, Shutdown

options = ClusterOptions(shutdown=Shutdown.NEVER)
with open_cluster({"local": {"n_workers": 1}}, options) as cluster:
    address = cluster.client.scheduler.address
with Client(address, timeout=5) as client:
    print(client.submit(int, "7").result())
"""


def test_a_local_cluster_that_is_left_ends_with_its_process(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(LEFT_OPEN)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr


# --- handed over by Python code ---


@solid
def name_of_worker(_context):
    return os.getpid()


def on(cluster: Any) -> Any:
    mode = ModeDefinition(executor_defs=[dask_executor_on(cluster)])

    @pipeline(mode_defs=[mode])
    def handed_over():
        pid()

    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(handed_over, {"loggers": QUIET}, instance=instance)
        return result.output_for_solid("pid")


def test_a_run_uses_the_cluster_or_client_that_it_is_handed(threads: LocalCluster) -> None:
    with Client(threads, set_as_default=False) as client:
        assert on(threads) == os.getpid()
        assert on(client) == os.getpid()
        assert client.submit(int, "1").result() == 1


def test_a_run_closes_what_a_function_made_for_it() -> None:
    assert on(make_and_remember) == os.getpid()
    assert MADE.pop().status.name == "closed"


@pytest.mark.parametrize("given", [7, "tcp://here:1", make_nothing])
def test_something_else_than_a_cluster_is_told(given: Any) -> None:
    with pytest.raises(DagsterInvariantViolationError, match="a Client or a cluster of Dask's"):
        on(given)


def test_an_asynchronous_cluster_is_told() -> None:
    class Asynchronous:
        asynchronous = True
        scheduler_address = "tcp://127.0.0.1:1"

    with pytest.raises(DagsterInvariantViolationError, match="asynchronous=False"):
        on(Asynchronous())


def test_a_client_that_is_closed_is_told(threads: LocalCluster) -> None:
    client = Client(threads, set_as_default=False)
    client.close()

    with pytest.raises((DagsterInvariantViolationError, DagsterClusterUnreachableError)):
        on(client)


# --- the resource ---


@solid(required_resource_keys={"dask"})
def asks_the_cluster(context):
    return context.resources.dask.submit(os.getpid).result()


def resource_result(config: dict[str, Any]) -> Any:
    return execute_solid(
        asks_the_cluster,
        mode_def=ModeDefinition(resource_defs={"dask": dask_resource}),
        run_config={"resources": {"dask": {"config": config}}, "loggers": QUIET},
    ).output_value()


def test_a_resource_gives_steps_a_client(threads: LocalCluster) -> None:
    existing = {"existing": {"address": threads.scheduler_address}}

    assert resource_result({"cluster": existing}) == os.getpid()
    with Client(threads):
        assert resource_result({}) == os.getpid()
    assert resource_result({"cluster": {"local": {"n_workers": 1}}}) != os.getpid()


def test_a_resource_tells_its_own_config_in_errors() -> None:
    with pytest.raises(
        DagsterInvalidConfigError, match=r"resources\.<dask_resource>\.config\.adapt"
    ):
        resource_result(
            {"cluster": {"existing": {"address": "tcp://nowhere:1"}}, "adapt": {"maximum": 1}}
        )


# --- TLS ---


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An authority of our own, and one key and certificate for all."""
    folder = tmp_path_factory.mktemp("tls")
    names = {name: str(folder / f"{name}.pem") for name in ("cert", "key")}
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=d -keyout {names['key']} "
        f"-out {names['cert']}",
        shell=True,
        check=True,
        capture_output=True,
    )
    roles = ("client", "worker", "scheduler")
    return {
        "tls_ca_file": names["cert"],
        **{f"tls_{role}_{what}": names[what] for role in roles for what in ("cert", "key")},
    }


def test_a_cluster_is_made_and_joined_by_tls(tls: dict[str, str]) -> None:
    options = ClusterOptions(security={**tls, "require_encryption": True})
    with open_cluster({"local": {**THREADS, "protocol": "tls://"}}, options) as cluster:
        address = cluster.client.scheduler_info()["address"]
        assert address.startswith("tls://")
        existing = {"existing": {"address": address}}

        assert run_on(existing, security=tls) == os.getpid()
        with pytest.raises(DagsterClusterUnreachableError, match="No Dask scheduler answers"):
            run_on(existing, client_kwargs={"timeout": 1})


def test_files_of_tls_that_are_not_there_are_told(tls: dict[str, str]) -> None:
    with pytest.raises(DagsterInvalidConfigError, match=r"security\.tls_client_key names /no"):
        run_on({"existing": {"address": "tls://x:1"}}, security={"tls_client_key": "/no/file"})


# --- kinds that other packages bring ---


@pytest.mark.parametrize(
    ("system", "directive"),
    [
        ("slurm", "#SBATCH -p fast"),
        ("pbs", "#PBS -q fast"),
        ("sge", "#$ -q fast"),
        ("lsf", "#BSUB -q fast"),
        ("oar", "#OAR -q fast"),
        ("moab", "#PBS -q fast"),
    ],
)
def test_a_batch_system_gets_a_script(system: str, directive: str) -> None:
    config = {
        system: {
            "cores": 2,
            "memory": "1GB",
            "queue": "fast",
            "walltime": "00:10",
            "scheduler_options": {"dashboard_address": ":0"},
            "shebang": "#!/bin/sh",
            **({"memory_per_core_property_name": "memcore"} if system == "oar" else {}),
        }
    }
    options = ClusterOptions(adapt={"maximum": 2})
    wanted = resolved({"cluster": config, "adapt": {"maximum": 2}})["cluster"][system]

    with batch.recipe(system, wanted, options).cluster(options) as cluster:
        script = cluster.job_script()

    assert directive in script
    assert "distributed.cli.dask_worker" in script
    assert "--nthreads" in script


def test_an_interpreter_whose_path_holds_a_space_is_one_word_of_the_script(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.executable", "/a place/bin/python")
    options = ClusterOptions(adapt={"maximum": 2})
    wanted = {"cores": 1, "memory": "1GB", "scheduler_options": {"dashboard_address": ":0"}}

    with batch.recipe("slurm", wanted, options).cluster(options) as cluster:
        assert "'/a place/bin/python' -m distributed" in cluster.job_script()
    named = {**wanted, "python": "python3"}
    with batch.recipe("slurm", named, options).cluster(options) as cluster:
        assert "python3 -m distributed" in cluster.job_script()


def test_condor_gets_a_description() -> None:
    options = ClusterOptions(adapt={"maximum": 2})
    wanted = {
        "cores": 2,
        "memory": "1GB",
        "disk": "1GB",
        "scheduler_options": {"dashboard_address": ":0"},
    }

    with batch.recipe("htcondor", wanted, options).cluster(options) as cluster:
        assert "RequestCpus" in cluster.job_script()


def batch_config(system: str, folder: Path) -> dict[str, Any]:
    """Return config of one job, whose files lie in a folder."""
    more: dict[str, Any] = {
        "oar": {"memory_per_core_property_name": "memcore"},
        "htcondor": {"disk": "1GB"},
    }
    return {
        "cores": 1,
        "memory": "1GB",
        "jobs": 1,
        "local_directory": str(folder),
        "scheduler_options": {"dashboard_address": ":0", "host": "127.0.0.1"},
        **more.get(system, {}),
    }


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose commands are found before others."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


@pytest.mark.parametrize("system", batch.SYSTEMS)
def test_a_batch_system_runs_the_workers(system: str, commands: Path) -> None:
    fake = batch_fakes.SYSTEMS[system]
    fake.install(commands)

    worker = run_on({system: batch_config(system, commands)})

    assert worker != os.getpid()
    wait_until(lambda: is_gone(worker))
    assert len(fake.canceled(commands)) == 1


@pytest.mark.parametrize("system", batch.SYSTEMS)
def test_a_job_that_a_batch_system_refuses_is_told(system: str, commands: Path) -> None:
    fake = batch_fakes.SYSTEMS[system]
    fake.install_refusing(commands)

    with pytest.raises(DagsterClusterUnreachableError, match=rf"cluster\.{system}") as raised:
        run_on({system: batch_config(system, commands)})
    # What LSF's command says is thrown away by dask-jobqueue.
    assert ("no such queue" in str(raised.value)) is (system != "lsf")
    assert fake.submit in str(raised.value)


def test_an_answer_of_a_batch_system_that_names_no_job_is_told(commands: Path) -> None:
    fake = replace(batch_fakes.SYSTEMS["pbs"], read="echo true", answer="thank you")
    fake.install(commands)

    with pytest.raises(DagsterClusterUnreachableError, match="thank you"):
        run_on({"pbs": batch_config("pbs", commands)})
    assert len(list(commands.glob("qsub.*.log"))) == 1


@pytest.mark.parametrize(
    ("system", "command"), [("slurm", "sbatch"), ("lsf", "bsub"), ("htcondor", "condor_submit")]
)
def test_a_batch_system_that_is_not_there_is_told(
    system: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(DagsterClusterUnreachableError, match=f"no command '{command}'"):
        run_on({system: {"n_workers": 1}})


@pytest.mark.parametrize("kind", [*batch.SYSTEMS, "gateway"])
def test_a_cluster_that_would_never_have_workers_is_told(kind: str) -> None:
    with pytest.raises(DagsterInvalidConfigError, match=rf"cluster\.{kind} asks for no workers"):
        run_on({kind: {}})


def test_a_gateway_that_does_not_answer_is_told() -> None:
    address = free_address().replace("tcp", "http")

    for more in ({"n_workers": 1}, {"cluster_name": "mine"}):
        with pytest.raises(DagsterClusterUnreachableError, match=r"cluster\.gateway"):
            run_on({"gateway": {"address": address, **more}})


def test_a_gateway_is_asked_for_workers_after_its_cluster_is_there() -> None:
    made = gateway.recipe({"n_workers": 2, "address": "http://g"}, ClusterOptions())

    assert made.arguments == {"address": "http://g"}


def test_a_host_without_ssh_is_told() -> None:
    ssh = {"hosts": ["127.0.0.1", "127.0.0.1"], "connect_options": {"port": 1}}

    with pytest.raises(DagsterClusterUnreachableError, match=r"cluster\.ssh"):
        run_on({"ssh": ssh})
    with pytest.raises(DagsterInvalidConfigError, match=r"ssh\.hosts must name"):
        run_on({"ssh": {"hosts": ["127.0.0.1"]}})


def test_a_package_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (
        "dask_yarn",
        "dask_jobqueue",
        "dask_gateway",
        "dask_kubernetes.operator",
        "asyncssh",
    ):
        monkeypatch.setitem(sys.modules, module, None)
    kinds = {
        "yarn": "yarn",
        "slurm": "jobqueue",
        "gateway": "gateway",
        "kube": "kube",
        "ssh": "ssh",
    }

    for kind, extra in kinds.items():
        with pytest.raises(MissingExtraError, match=rf"dagsterlite\[{extra}\]"):
            run_on({kind: {"hosts": ["a", "b"]} if kind == "ssh" else {"n_workers": 1}})


@pytest.mark.parametrize("kind", ["yarn", "kube", "gateway"])
def test_tls_is_refused_where_the_cluster_brings_its_own(kind: str) -> None:
    with pytest.raises(DagsterInvalidConfigError, match="brings its own"):
        run_on({kind: {"n_workers": 1}}, security={})


def resolved(config: dict[str, Any]) -> Any:
    result = resolve_config(cluster_fields(), config)
    assert result.success, result.errors
    return result.value


def test_a_cluster_that_was_left_has_nothing_of_the_run(cluster: Cluster) -> None:
    """The fixture looks."""
    run_on({"existing": {"address": cluster.address}}, shutdown="never")


def test_a_real_scheduler_is_shut_down_when_asked(tmp_path: Path) -> None:
    with running_cluster(tmp_path, 1) as cluster:
        run_on({"existing": {"address": cluster.address}}, shutdown="always")

        wait_until(lambda: cluster.scheduler.poll() is not None)

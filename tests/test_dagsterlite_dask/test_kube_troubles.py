"""A cluster of one's own in Kubernetes, whose API server and network have their bad moments."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite.errors import DagsterClusterUnreachableError, DagsterInvalidConfigError
from dagsterlite.execution import away
from dagsterlite_dask.clusters import kube, kube_api, kube_join, kube_owners, kube_start
from dagsterlite_dask.clusters.kube_owners import DRIVER
from dagsterlite_dask.clusters.options import ClusterOptions, Shutdown
from tests.test_dagsterlite_dask.cluster import running_cluster
from tests.test_dagsterlite_dask.kube_server import (
    LOST,
    NAMESPACE,
    PAGE,
    SILENCE,
    KubeServer,
    scheduler_pod,
    serving,
    stranger,
)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a scheduler of Dask."""
    with running_cluster(tmp_path_factory.mktemp("scheduler"), 0) as cluster:
        yield int(cluster.address.rpartition(":")[2])


@pytest.fixture
def server(scheduler: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[KubeServer]:
    monkeypatch.setattr(away, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(kube, "JOIN_SECONDS", 0)
    for module in (kube_start, kube_join):
        monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    with serving(scheduler) as fake:
        monkeypatch.setenv("KUBECONFIG", fake.kubeconfig(tmp_path))
        yield fake


CONFIG = {"worker_groups": [{"name": "gpu"}]}
ADAPT = {"minimum": 1, "maximum": 2}


def run_on(server: KubeServer, **options: Any) -> None:
    """Do what a run does with its cluster."""
    with kube.open_cluster(CONFIG, ClusterOptions(adapt=ADAPT, **options)) as opened:
        assert len(server.clusters()) == 1
        assert opened.client.scheduler_info()["type"] == "Scheduler"
        assert opened.can_grow
    assert [one["spec"]["minimum"] for one in server.objects["daskautoscalers"].values()] == [1]
    assert len(server.objects["daskworkergroups"]) == 1


def open_on(config: dict[str, Any] | None = None, **options: Any) -> None:
    with kube.open_cluster({"resource_timeout": 0, **(config or {})}, ClusterOptions(**options)):
        pass


def own(name: str, **annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "kubernetes.dask.org/v1",
        "kind": "DaskCluster",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {
            "scheduler": {"spec": {"containers": [{"args": []}]}},
            "worker": {"replicas": 1, "spec": {"containers": [{"image": "mine:1"}]}},
        },
    }


def loops() -> set[threading.Thread]:
    """Return the threads that talk to clusters."""
    return {one for one in threading.enumerate() if one.name == "IO loop"}


# --- what passes by itself ---


def test_a_cluster_is_made_used_and_deleted_and_leaves_no_thread(server: KubeServer) -> None:
    before = loops()

    run_on(server)

    assert server.clusters() == {}
    assert server.asked[-3:] == ["GET daskclusters", "DELETE daskclusters", "GET daskclusters"]
    assert loops() <= before


# Where a kind cannot be looked up kr8s warns, and goes on.
@pytest.mark.filterwarnings("ignore:Server error '503:UserWarning")
def test_no_single_answer_that_fails_fails_a_run(server: KubeServer) -> None:
    run_on(server)
    count = len(server.asked)

    for number in range(1, count + 1):
        server.forget()
        server.trouble_of = {number: 503}
        run_on(server)
        assert server.clusters() == {}, server.asked[number - 1]


CHANGES = ["POST daskclusters", "POST daskworkergroups", "POST daskautoscalers"]


@pytest.mark.parametrize("trouble", [429, PAGE])
@pytest.mark.parametrize("call", [*CHANGES, "GET version", "DELETE daskclusters"])
def test_two_bad_answers_of_any_kind_fail_no_run(
    server: KubeServer, call: str, trouble: int | str
) -> None:
    server.troubles[call] = [trouble, trouble]

    run_on(server)

    assert server.troubles[call] == []
    assert server.clusters() == {}


@pytest.mark.parametrize("call", [*CHANGES, "PATCH daskautoscalers", "DELETE daskclusters"])
def test_what_was_done_is_done_although_the_answer_was_lost(server: KubeServer, call: str) -> None:
    server.troubles[call] = [LOST]

    run_on(server)

    assert server.troubles[call] == []
    assert server.clusters() == {}


def test_a_service_that_leads_elsewhere_for_a_moment_is_tried_again(
    server: KubeServer, caplog: pytest.LogCaptureFixture
) -> None:
    with stranger(server):
        run_on(server)

    assert "does not answer as a Dask scheduler does" in caplog.text


def test_a_scheduler_that_is_replaced_has_two_pods_for_a_while(
    server: KubeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.pods.append(scheduler_pod("scheduler-2"))
    told: list[str] = []

    def note(_message: str, _name: str, words: str) -> None:
        told.append(words)
        del server.pods[1:]

    monkeypatch.setattr(kube_join._logger, "warning", note)

    run_on(server)

    (words,) = told
    assert "Expected exactly one Pod" in words


def test_a_server_that_never_answers_is_asked_again(
    server: KubeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (kube_api, kube_join):
        monkeypatch.setattr(module, "ANSWER_SECONDS", 0.2)
    calls = ["GET daskclusters", "POST daskclusters", "GET version", "GET services"]
    calls += ["POST daskworkergroups", "DELETE daskclusters"]
    for call in calls:
        server.troubles[call] = [SILENCE]

    run_on(server)

    assert [server.troubles[call] for call in calls] == [[] for _ in calls]
    assert server.clusters() == {}


def test_inside_of_the_cluster_a_name_that_is_not_known_yet_is_waited_for(
    server: KubeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kube_join, "own_namespace", lambda: NAMESPACE)

    with pytest.raises(
        DagsterClusterUnreachableError, match=r"scheduler is not reached: \[Errno -"
    ):
        open_on()


# --- what does not ---


def test_a_start_that_fails_leaves_no_cluster_and_tells_its_own_reason(
    server: KubeServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.pods.clear()
    server.troubles["DELETE daskclusters"] = [503, LOST]

    with pytest.raises(DagsterClusterUnreachableError, match="scheduler's pod is not ready"):
        open_on(shutdown=Shutdown.NEVER)

    assert server.clusters() == {}
    assert "may still be there" not in caplog.text


def test_a_cluster_whose_making_was_never_answered_is_deleted_too(server: KubeServer) -> None:
    server.troubles["POST daskclusters"] = [LOST]

    with pytest.raises(DagsterClusterUnreachableError, match="Kubernetes cannot be reached"):
        open_on({"resource_timeout": -1})

    assert server.asked.count("DELETE daskclusters") == 1
    assert server.clusters() == {}


def test_a_cluster_that_cannot_be_joined_leaves_no_thread(
    server: KubeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait(_cluster: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(kube_join, "TRY_SECONDS", 0.01)
    monkeypatch.setattr(kube_join.JoinedCluster, "_try_to_join", wait)
    before = loops()

    with pytest.raises(DagsterClusterUnreachableError, match="reached: nobody answers in time"):
        open_on()

    assert loops() <= before
    assert server.clusters() == {}


def test_a_cluster_that_may_not_be_looked_at_is_not_tried_again(server: KubeServer) -> None:
    server.troubles["GET services"] = [422]
    before = loops()

    with pytest.raises(DagsterClusterUnreachableError, match="told"):
        open_on({"resource_timeout": 60})

    assert loops() <= before
    assert server.clusters() == {}


@pytest.mark.parametrize(
    ("call", "options"),
    [("POST daskworkergroups", {}), ("PATCH daskautoscalers", {"adapt": ADAPT})],
)
def test_what_kubernetes_refuses_is_told_and_leaves_nothing(
    server: KubeServer, call: str, options: dict[str, Any]
) -> None:
    server.troubles[call] = [422]
    before = loops()

    with pytest.raises(DagsterClusterUnreachableError, match="told"):
        open_on({**CONFIG, "resource_timeout": 60}, **options)

    assert server.clusters() == {}
    assert loops() <= before


@pytest.mark.parametrize("answers", [[], [503], [LOST]])
def test_a_cluster_of_somebody_else_is_neither_used_nor_deleted(
    server: KubeServer, answers: list[int | str]
) -> None:
    theirs = own("mine")
    server.clusters()["mine"] = theirs
    server.troubles["POST daskclusters"] = answers

    with pytest.raises(DagsterClusterUnreachableError, match="already exists"):
        open_on({"custom_cluster_spec": own("mine"), "resource_timeout": 60})

    assert server.clusters() == {"mine": theirs}
    assert "DELETE daskclusters" not in server.asked


def test_a_cluster_that_is_to_be_left_is_left(server: KubeServer) -> None:
    with pytest.MonkeyPatch.context() as patch:
        kept: list[Any] = []
        patch.setattr("atexit.register", kept.append)
        open_on({"custom_cluster_spec": own("mine")}, shutdown=Shutdown.NEVER)
        for close in kept:
            close()

    assert server.clusters().keys() == {"mine"}


def test_a_scheduler_without_args_is_refused(server: KubeServer) -> None:
    spec = own("mine")
    spec["spec"]["scheduler"]["spec"]["containers"] = [{"command": ["dask", "scheduler"]}]

    with pytest.raises(
        DagsterInvalidConfigError, match=r"scheduler\.spec\.containers\[0\] lacks args"
    ):
        open_on({"custom_cluster_spec": spec})

    assert server.asked == []


# --- whose clusters are ---


def test_a_cluster_whose_driver_is_gone_is_deleted(server: KubeServer) -> None:
    server.clusters()["left"] = own("left", **{DRIVER: f"{NAMESPACE}/gone/1"})
    server.clusters()["theirs"] = own("theirs", **{DRIVER: f"{NAMESPACE}/scheduler-1/1"})
    server.pods[0]["metadata"]["uid"] = "1"

    kube_owners.remove_leftovers(None)

    assert server.clusters().keys() == {"theirs"}

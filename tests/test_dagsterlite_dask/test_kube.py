"""Clusters of the Kubernetes operator: what it is asked for, and what becomes of left ones."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import httpx
import kr8s
import pytest

from dagsterlite.errors import DagsterClusterUnreachableError, DagsterInvalidConfigError
from dagsterlite_dask.clusters import kube, kube_owners, kube_start
from dagsterlite_dask.clusters.kube_owners import DRIVER, own_namespace, owner, remove_leftovers
from dagsterlite_dask.clusters.kube_spec import (
    OURS,
    cluster_spec,
    marked,
    token_of,
    worker_groups,
)
from dagsterlite_dask.clusters.options import ClusterOptions, Shutdown
from dagsterlite_dask.clusters.packages import load_class

make_cluster_spec = load_class("dask_kubernetes.operator:make_cluster_spec", "kube")


def parts(spec: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the pods of the scheduler and of the workers."""
    return spec["spec"]["scheduler"]["spec"], spec["spec"]["worker"]["spec"]


# --- the specification ---


def test_a_cluster_calls_the_commands_that_dask_has() -> None:
    options = ClusterOptions(shutdown=Shutdown.NEVER)
    config = {"image": "mine:1", "n_workers": 3, "namespace": "dask", "env": {"A": "b"}}

    arguments = kube.recipe(config, options).arguments

    spec = arguments["custom_cluster_spec"]
    assert arguments == {
        "namespace": "dask",
        "resource_timeout": 300,
        "quiet": True,
        "custom_cluster_spec": spec,
    }
    for pod, command in zip(parts(spec), ("scheduler", "worker"), strict=True):
        (container,) = pod["containers"]
        assert container["args"][:2] == ["dask", command]
        assert container["image"] == "mine:1"
        assert container["env"] == [{"name": "A", "value": "b"}]
    assert spec["spec"]["worker"]["replicas"] == 3


def test_what_is_said_of_pods_and_containers_is_laid_over_each() -> None:
    pod = {"serviceAccountName": "dask", "securityContext": {"runAsNonRoot": True}}
    container = {"envFrom": [{"secretRef": {"name": "keys"}}], "resources": {"limits": {"cpu": 1}}}

    spec = cluster_spec({"pod_spec": pod, "container_spec": container}, make_cluster_spec)

    for made in parts(spec):
        (one,) = made["containers"]
        assert {name: made[name] for name in pod} == pod
        assert {name: one[name] for name in container} == container
        assert one["args"][0] == "dask"


def test_a_group_of_workers_is_like_the_others_but_for_what_it_says() -> None:
    config = {
        "image": "mine:1",
        "n_workers": 2,
        "pod_spec": {"serviceAccountName": "dask"},
        "worker_groups": [
            {
                "name": "gpu",
                "n_workers": 1,
                "worker_command": "dask worker --resources GPU=1",
                "container_spec": {"resources": {"limits": {"vendor.example/gpu": 1}}},
            }
        ],
    }

    groups = worker_groups(config, make_cluster_spec)

    assert groups.keys() == {"gpu"}
    group = groups["gpu"]
    (container,) = group["spec"]["containers"]
    assert group["replicas"] == 1
    assert group["spec"]["serviceAccountName"] == "dask"
    assert container["image"] == "mine:1"
    assert container["args"][:4] == ["dask", "worker", "--resources", "GPU=1"]
    assert container["resources"] == {"limits": {"vendor.example/gpu": 1}}


class FakeCluster:
    """dask-kubernetes' cluster."""

    done: ClassVar[list[Any]] = []

    def __init__(self, **arguments: Any) -> None:
        self.done.append(arguments)

    def add_group(self, name: str, _spec: Any) -> None:
        self.done.append(name)
        if name == "bad":
            raise RuntimeError("quota")

    def close(self) -> None:
        self.done.append("closed")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is done in Kubernetes, in order."""
    made = {"JoinedCluster": FakeCluster, "make_cluster_spec": make_cluster_spec}
    monkeypatch.setattr(kube, "load_class", lambda path, _extra: made[path.partition(":")[2]])

    def start(spec: dict[str, Any], namespace: str | None, seconds: float) -> Any:
        FakeCluster.done.append((spec["metadata"]["labels"], namespace, seconds))
        return SimpleNamespace(name="mine", namespace="pipelines")

    monkeypatch.setattr(kube, "start", start)
    FakeCluster.done = []
    return FakeCluster.done


def test_a_cluster_is_created_and_then_joined(done: list[Any]) -> None:
    config = {"resource_timeout": 50, "worker_groups": [{"name": "good"}]}
    recipe = kube.recipe(config, ClusterOptions())

    recipe.make(**recipe.arguments)

    started, arguments, group = FakeCluster.done
    assert (started, group) == ((OURS, None, 50), "good")
    assert 30 <= arguments.pop("seconds") <= 50
    assert arguments == {"name": "mine", "namespace": "pipelines", "quiet": True}


def test_a_cluster_whose_workers_are_refused_is_closed(done: list[Any]) -> None:
    config = {"worker_groups": [{"name": "bad"}]}
    recipe = kube.recipe(config, ClusterOptions())

    with pytest.raises(DagsterClusterUnreachableError, match=r"cluster\.kube.*quota"):
        recipe.cluster(ClusterOptions())

    assert FakeCluster.done[2:] == ["bad", "closed"]


def without_token(spec: dict[str, Any]) -> dict[str, Any]:
    assert spec["metadata"]["annotations"].pop("dagsterlite/token")
    return spec


def test_a_specification_of_ones_own_is_only_marked() -> None:
    own = {"metadata": {"name": "mine", "labels": {"a": "b"}}, "spec": {}}

    arguments = kube.recipe({"custom_cluster_spec": own}, ClusterOptions()).arguments

    assert without_token(arguments["custom_cluster_spec"]) == without_token(marked(own, {}))
    assert without_token(marked(own, {DRIVER: "x"})) == {
        "metadata": {"name": "mine", "labels": {**OURS, "a": "b"}, "annotations": {DRIVER: "x"}},
        "spec": {},
    }


def test_each_specification_has_a_token_of_its_own() -> None:
    own = {"metadata": {"name": "mine"}}
    first, second = (token_of(marked(own, {})) for _ in range(2))

    assert first is not None
    assert first != second
    assert token_of(own) is None


def test_a_specification_may_lie_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "cluster.yaml"
    file.write_text("metadata: {name: mine}")

    arguments = kube.recipe({"custom_cluster_spec": str(file)}, ClusterOptions()).arguments

    assert arguments["custom_cluster_spec"]["metadata"]["name"] == "mine"
    for text, message in (("a: [", "cannot be read"), ("text", "holds no DaskCluster")):
        file.write_text(text)
        with pytest.raises(DagsterInvalidConfigError, match=message):
            kube.recipe({"custom_cluster_spec": str(file)}, ClusterOptions())
    with pytest.raises(DagsterInvalidConfigError, match="No such file"):
        kube.recipe({"custom_cluster_spec": str(tmp_path / "none.yaml")}, ClusterOptions())


def test_a_specification_without_a_name_gets_one_of_its_own() -> None:
    first, second = (marked({"spec": {}}, {})["metadata"]["name"] for _ in range(2))

    assert first.startswith("dagsterlite-")
    assert first != second


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"custom_cluster_spec": {}, "pod_spec": {"a": 1}}, r"kube\.pod_spec is of no use beside"),
        ({"custom_cluster_spec": {}, "container_spec": {}}, r"kube\.container_spec is of no use"),
        ({"pod_spec": {"containers": []}}, r"kube\.pod_spec\.containers stands for"),
    ],
)
def test_what_would_be_overlooked_is_refused(config: dict[str, Any], message: str) -> None:
    with (
        pytest.raises(DagsterInvalidConfigError, match=message),
        kube.open_cluster(config, ClusterOptions()),
    ):
        pass


def test_an_adaptive_cluster_has_a_minimum_and_a_maximum() -> None:
    options = ClusterOptions(adapt={"maximum": 4})
    with (
        pytest.raises(DagsterInvalidConfigError, match=r"dask\.adapt needs a minimum and"),
        kube.open_cluster({}, options),
    ):
        pass


# --- its start ---


def scheduler(*conditions: dict[str, str], **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "s"}, "status": {"conditions": list(conditions), **status}}


READY = scheduler({"type": "Ready", "status": "True"})


def wait(pods: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_start, "_scheduler_pods", lambda _cluster: pods)
    kube_start._wait_for_scheduler(None, -1)


class Restarting:
    """An API server that answers from some time on."""

    def __init__(self, answer: Any) -> None:
        self.refusals = 2
        self.answer = answer

    def __call__(self, *_arguments: Any) -> Any:
        self.refusals -= 1
        if self.refusals >= 0:
            raise ConnectionError("All connection attempts failed")
        return self.answer


@pytest.fixture
def restarting(monkeypatch: pytest.MonkeyPatch) -> Restarting:
    monkeypatch.setattr(kube_start, "LOOK_SECONDS", 0)
    return Restarting([READY])


SPEC = {"metadata": {"name": "mine"}}


def test_a_cluster_is_there_when_its_scheduler_is(monkeypatch: pytest.MonkeyPatch) -> None:
    wait([READY], monkeypatch)


def test_a_start_outlives_a_restart_of_the_api_server(
    restarting: Restarting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kube_start, "_scheduler_pods", restarting)
    kube_start._wait_for_scheduler(None, 60)

    restarting.refusals = 2
    with pytest.raises(ConnectionError):
        kube_start._wait_for_scheduler(None, -1)


def test_a_cluster_is_deleted_once_the_api_server_is_back(
    restarting: Restarting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kube_start, "_is_removed", restarting)
    kube_start.see_removed(SPEC, None, 60)
    assert restarting.refusals < 0
    assert not caplog.text

    restarting.refusals = 2
    kube_start.see_removed(SPEC, None, -1)
    assert "Dask cluster mine may still be there" in caplog.text


def test_a_cluster_that_may_not_be_deleted_is_told_at_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_spec: dict[str, Any], _namespace: str | None) -> bool:
        raise kr8s.ServerError("no such right", response=httpx.Response(403))

    monkeypatch.setattr(kube_start, "_is_removed", refuse)

    kube_start.see_removed(SPEC, None, 60)

    assert "Dask cluster mine may still be there" in caplog.text
    assert "no such right" in caplog.text


@pytest.mark.parametrize(
    ("pods", "reason"),
    [
        ([], "no such pod. Is the operator of Dask running"),
        ([scheduler(phase="Pending")], "pod s: Pending"),
        (
            [
                scheduler(
                    {"type": "PodScheduled", "status": "False", "message": "0/1 nodes"},
                    containerStatuses=[{"state": {"waiting": {"message": "cannot pull"}}}],
                )
            ],
            "pod s: 0/1 nodes, cannot pull",
        ),
    ],
)
def test_what_keeps_a_scheduler_from_its_start_is_told(
    pods: list[dict[str, Any]], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TimeoutError, match=re.escape(reason)):
        wait(pods, monkeypatch)


@pytest.mark.parametrize(
    ("code", "message"), [(404, "install the operator"), (409, "refuses the DaskCluster: told")]
)
def test_what_kubernetes_refuses_is_told(code: int, message: str) -> None:
    class Refused(Exception):
        response = SimpleNamespace(status_code=code)

    assert message in kube_start._refusal(Refused("told"))


def test_a_cluster_that_nobody_knows_of_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/nowhere")

    with pytest.raises(ValueError, match="credentials"):
        kube_start.start(SPEC, None, 60)


# --- whose clusters are ---


class Cluster:
    """A DaskCluster, as kr8s gives it."""

    def __init__(self, name: str, driver: str | None) -> None:
        self.name = name
        self.annotations = {} if driver is None else {DRIVER: driver}
        self.is_deleted = False

    def delete(self) -> None:
        self.is_deleted = True


def pod(uid: str, phase: str = "Running") -> Any:
    return SimpleNamespace(metadata=SimpleNamespace(uid=uid), status={"phase": phase})


@pytest.fixture
def pods(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], Any]:
    """The pods of the cluster, by namespace and name."""
    known: dict[tuple[str, str], Any] = {}
    monkeypatch.setattr(kube_owners, "_pod", lambda *place: known.get(place))
    return known


def have(clusters: list[Cluster], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kube_owners, "_clusters", lambda _namespace: clusters)


def test_clusters_whose_drivers_are_gone_are_deleted(
    pods: dict[tuple[str, str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pods["ns", "alive"] = pod("1")
    pods["ns", "again"] = pod("2")
    pods["ns", "killed"] = pod("3", "Failed")
    clusters = [
        Cluster("kept", "ns/alive/1"),
        Cluster("nobody's", None),
        Cluster("gone", "ns/gone/0"),
        Cluster("of an earlier pod of that name", "ns/again/1"),
        Cluster("ended", "ns/killed/3"),
    ]
    have(clusters, monkeypatch)

    remove_leftovers("ns")

    assert [one.name for one in clusters if not one.is_deleted] == ["kept", "nobody's"]


def test_a_run_does_not_fail_for_clusters_that_cannot_be_looked_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_namespace: str | None) -> Any:
        raise PermissionError("cannot list daskclusters")

    monkeypatch.setattr(kube_owners, "_clusters", refuse)

    remove_leftovers("ns")

    assert "were not looked for" in caplog.text


def test_a_process_outside_of_pods_owns_no_cluster() -> None:
    assert own_namespace() is None
    assert owner() == {}


def test_a_cluster_tells_which_pod_made_it(
    tmp_path: Path, pods: dict[tuple[str, str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "namespace"
    file.write_text("pipelines\n")
    monkeypatch.setattr(kube_owners, "_NAMESPACE_FILE", str(file))
    monkeypatch.setattr("socket.gethostname", lambda: "driver-1")

    assert owner() == {}
    pods["pipelines", "driver-1"] = pod("7")
    assert owner() == {DRIVER: "pipelines/driver-1/7"}
    assert kube.recipe({}, ClusterOptions()).arguments["namespace"] == "pipelines"

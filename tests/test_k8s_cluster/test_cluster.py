"""Runs on a real cluster, from its first pod to its last: in the order of k8s/README.md."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.test_house.checkout import ROOT
from tests.test_k8s_cluster.cluster import (
    PATIENCE,
    RESTART_API,
    SHARED,
    GatedRun,
    dagsterlite,
    in_look,
    kubectl,
    launch,
    names,
    objects,
    runs,
    wait_for,
    wait_for_services,
    wait_until,
)
from tests.test_k8s_cluster.conftest import Applied

pytestmark = [pytest.mark.timeout(1200), pytest.mark.usefixtures("applied")]

WORKERS = "dask.org/cluster-name=dask,dask.org/component=worker"
OURS = "app.kubernetes.io/managed-by=dagsterlite"


def own_cluster() -> Any:
    """Return the config of a Dask cluster for one run, as k8s/run has it."""
    config = yaml.safe_load((ROOT / "k8s/run/own-cluster.yaml").read_text())
    return config["execution"]["dask"]["cluster"]


def dask_clusters() -> set[str]:
    return {one["metadata"]["name"] for one in objects("daskclusters.kubernetes.dask.org")}


def test_the_readme_leads_to_a_finished_run(applied: Applied) -> None:
    launched, driven, looked = (applied.readme.follow("5. A run", block) for block in range(3))
    told = re.search(r"^Run (\S+) is \w+\.$", launched, re.MULTILINE)
    assert told is not None, launched
    run_id = told[1]

    assert f"job.batch/dagster-run-{run_id} condition met" in driven
    assert run_id in looked
    assert "SUCCESS" in looked
    assert "load_flights" in dagsterlite("run", "show", run_id)
    assert "flights" in dagsterlite("run", "outputs", run_id)


def test_the_flights_have_a_dask_cluster_of_their_own() -> None:
    config = yaml.safe_load((ROOT / "k8s/run/flights.yaml").read_text())
    config["execution"] = {"dask": {"cluster": own_cluster(), "wait_for_workers": 1}}
    run_id = launch(config, "-m", "dagsterlite.demo.flights", "--mode", "local", tags={})
    job = f"job/dagster-run-{run_id}"
    wait_for("complete", job)

    run = runs()[run_id]
    assert run["status"] == "SUCCESS", "\n".join(run["log"])
    assert dask_clusters() == {"dask"}


def test_a_run_goes_on_when_its_worker_is_killed() -> None:
    run = GatedRun(SHARED)
    kubectl("delete", "pod", "--selector", WORKERS, "--force", "--grace-period", "0")
    run.wait_for(2, "wait")
    run.go_on()

    assert run.line() == ["SUCCESS"]
    assert (run.count("begin"), run.count("wait"), run.count("end")) == (1, 2, 1)


def test_another_pod_takes_over_from_a_driver_that_is_told_to_end() -> None:
    run = GatedRun(SHARED)
    kubectl("delete", "pod", run.pod())
    run.go_on()

    assert run.line() == ["CANCELED", "SUCCESS"]
    assert (run.count("begin"), run.count("end")) == (1, 1)


def test_another_pod_takes_over_from_a_driver_that_is_killed_with_its_dask_cluster() -> None:
    run = GatedRun(own_cluster())
    (left,) = dask_clusters() - {"dask"}
    run.kill_driver()
    run.wait_for(2, "wait")

    assert left not in dask_clusters()
    assert f"Dask cluster {left} is deleted: its driver is gone." in run.log()
    run.go_on()
    assert run.line() == ["FAILURE", "SUCCESS"]
    assert (run.count("begin"), run.count("end")) == (1, 1)
    assert dask_clusters() == {"dask"}


def test_another_pod_takes_over_when_a_node_is_drained() -> None:
    run = GatedRun(SHARED)
    driver = run.pod()
    node = json.loads(kubectl("get", "pod", driver, "--output", "json"))["spec"]["nodeName"]
    try:
        options = ("--pod-selector", run.driver, "--delete-emptydir-data", "--force")
        told = kubectl("drain", node, "--ignore-daemonsets", *options, "--timeout", f"{PATIENCE}s")
        assert f"pod/{driver} evicted" in told
    finally:
        kubectl("uncordon", node)
    run.go_on()

    assert run.line() == ["CANCELED", "SUCCESS"]
    assert (run.count("begin"), run.count("end")) == (1, 1)


HOLDS: dict[str, dict[str, Any]] = {name: {"name": name} for name in ("left", "middle", "right")}


def test_a_step_finds_the_group_of_workers_that_has_what_it_asks_for() -> None:
    kube = own_cluster()["kube"]
    command = [*kube["worker_command"], "--resources", "SPECIAL=1"]
    groups = [{"name": "special", "n_workers": 1, "worker_command": command}]
    solids = {"begin": {}, "special": {}, **HOLDS}
    run = GatedRun(
        {"kube": {**kube, "worker_groups": groups}}, solids, pipeline="grouped", begun=()
    )
    for name in HOLDS:
        run.open(f"open-{name}")
    run.wait_for_job()

    assert run.line() == ["SUCCESS"]
    (worker,) = run.workers("special")
    assert "-special-worker-" in worker
    assert dask_clusters() == {"dask"}


def test_a_cluster_grows_and_shrinks_with_its_steps_and_ends_none() -> None:
    run = GatedRun(
        own_cluster(),
        {"begin": {}, **HOLDS},
        pipeline="spread",
        # Each takes a worker, and the cluster begins with one.
        begun=tuple(HOLDS),
        adapt={"minimum": 1, "maximum": 3},
    )
    (name,) = dask_clusters() - {"dask"}
    workers = f"dask.org/workergroup-name={name}-default"
    assert len(names("deployments", workers)) == len(HOLDS)
    *first, last = HOLDS
    for gate in first:
        run.open(f"open-{gate}")
    # The operator leaves one more than need be, and takes them one by one.
    wait_until(lambda: len(names("deployments", workers)) < len(HOLDS), "the cluster shrinks")
    run.go_on(f"open-{last}")

    assert run.line() == ["SUCCESS"]
    assert [run.count(hold) for hold in HOLDS] == [1, 1, 1]
    assert dask_clusters() == {"dask"}


def test_a_run_is_canceled_from_anywhere() -> None:
    run = GatedRun(SHARED)
    assert "Asked the driver" in dagsterlite("run", "cancel", run.id)
    run.wait_for_job()

    assert run.line() == ["CANCELED"]
    assert run.count("end") == 0


if RESTART_API is not None:

    def test_a_run_does_not_need_the_api_server() -> None:
        run = GatedRun(own_cluster())
        subprocess.run(str(RESTART_API), shell=True, check=True)
        wait_for_services()
        run.go_on()

        assert run.line() == ["SUCCESS"]
        assert (run.count("begin"), run.count("wait"), run.count("end")) == (1, 1, 1)
        assert dask_clusters() == {"dask"}


_LAUNCH = """
import json, sys, time
from dagsterlite import DagsterInstance
from dagsterlite.api.launching import launch_pipeline
from dagsterlite.execution.reconstructable import reconstructable
from dagsterlite.demo.flights import flights_pipeline
cases, until = json.loads(sys.argv[1]), time.monotonic() + float(sys.argv[2])

def told(run_id):
    return [entry.message for entry in instance.all_logs(run_id)]

with DagsterInstance.get() as instance:
    for case in cases:
        tags = {"dagster-k8s/config": case["config"]}
        run = launch_pipeline(
            reconstructable(flights_pipeline), instance, preset="local", tags=tags
        )
        case["id"] = run.run_id
    for case in cases:
        while not any(case["told"] in text for text in told(case["id"])):
            assert time.monotonic() < until, (case, told(case["id"]))
            time.sleep(0.5)
        if not case["ends"]:
            assert instance.run_launcher.terminate(case["id"])
    assert instance.run_launcher.join(until - time.monotonic())
    print(json.dumps([case["id"] for case in cases]))
"""


def launched(*cases: dict[str, Any]) -> list[Any]:
    """Launch runs by a launcher that stays, until each is told to be in trouble; return them.

    Args:
        cases: What is particular to the Job of a run, what is told of it, and whether it ends by
            that; those that do not are terminated.
    """
    ids = in_look(_LAUNCH, json.dumps(cases), str(PATIENCE))
    known = runs()
    return [known[run_id] for run_id in ids]


def memory(request: str, limit: str) -> dict[str, Any]:
    resources = {"requests": {"memory": request}, "limits": {"memory": limit}}
    return {"container_config": {"resources": resources}}


def test_a_run_whose_pod_cannot_start_or_dies_of_its_memory_says_so() -> None:
    without_image = {"container_config": {"image": "localhost/nobody-has-this:1"}}
    missing, killed, too_large = launched(
        {"config": without_image, "told": "The image cannot be pulled", "ends": True},
        {
            "config": {**memory("16Mi", "64Mi"), "job_spec_config": {"backoff_limit": 0}},
            "told": "used more memory than its limit",
            "ends": True,
        },
        {"config": memory("9000Gi", "9000Gi"), "told": "Insufficient memory", "ends": False},
    )

    for run in (missing, killed):
        assert run["status"] == "FAILURE"
        assert "DagsterLaunchFailedError" in run["errors"]
    assert "localhost/nobody-has-this:1" in "\n".join(missing["log"])
    assert "resources.limits.memory (now 64Mi)" in "\n".join(killed["log"])
    assert too_large["status"] == "CANCELED"
    for run in (missing, too_large):
        assert names("jobs", f"dagster/run=dagster-run-{run['id']}") == set()


def test_a_run_that_a_quota_keeps_from_its_start_says_so() -> None:
    kubectl("create", "quota", "no-pods", "--hard", "pods=0")
    try:
        quota = ("get", "quota", "no-pods", "--output", "jsonpath={.status.hard.pods}")
        wait_until(lambda: kubectl(*quota) == "0", "the quota holds")
        (run,) = launched({"config": {}, "told": "exceeded quota: no-pods", "ends": False})
    finally:
        kubectl("delete", "quota", "no-pods")

    assert run["status"] == "CANCELED"
    assert names("jobs", f"dagster/run=dagster-run-{run['id']}") == set()


def test_nothing_is_left(applied: Applied) -> None:
    applied.take_down()

    kinds = (
        "pods,jobs,services,statefulsets,configmaps,daskclusters,daskautoscalers,serviceaccounts"
    )
    for selector in (OURS, "app.kubernetes.io/part-of=dagsterlite"):
        assert objects(kinds, "--all-namespaces", "--selector", selector) == []
    assert "namespace/dagsterlite" not in kubectl("get", "namespaces", "--output", "name").split()

"""Runs on a real cluster, from its first pod to its last: in the order of k8s/README.md."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
import yaml

from tests.test_house.checkout import ROOT
from tests.test_k8s_cluster.cluster import (
    DRIVER,
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
)
from tests.test_k8s_cluster.conftest import Applied

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("applied")]

WORKERS = "dask.org/cluster-name=dask,dask.org/component=worker"
OURS = "app.kubernetes.io/managed-by=dagsterlite"


def own_cluster() -> Any:
    """Return the config of a Dask cluster for one run, as k8s/run has it."""
    config = yaml.safe_load((ROOT / "k8s/run/own-cluster.yaml").read_text())
    return config["execution"]["dask"]["cluster"]


def dask_clusters() -> set[str]:
    return {one["metadata"]["name"] for one in objects("daskclusters.kubernetes.dask.org")}


def test_the_readme_leads_to_a_finished_run(applied: Applied) -> None:
    kubectl("apply", "-k", applied.run)
    kubectl("wait", "--for", "condition=complete", "job/launch-flights", "--timeout", "5m")
    run_id = kubectl("logs", "job/launch-flights").split()[1]
    kubectl("wait", "--for", "condition=complete", "job", "-l", DRIVER, "--timeout", "5m")

    assert "SUCCESS" in dagsterlite("run", "list")
    assert "load_flights" in dagsterlite("run", "show", run_id)
    assert "flights" in dagsterlite("run", "outputs", run_id)


def test_the_flights_have_a_dask_cluster_of_their_own() -> None:
    config = yaml.safe_load((ROOT / "k8s/run/flights.yaml").read_text())
    config["execution"] = {"dask": {"cluster": own_cluster(), "wait_for_workers": 1}}
    run_id = launch(config, "-m", "dagsterlite.demo.flights", "--mode", "local", tags={})
    job = f"job/dagster-run-{run_id}"
    kubectl("wait", "--for", "condition=complete", job, "--timeout", "5m")

    assert runs()[run_id]["status"] == "SUCCESS", kubectl("logs", job)
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
        told = kubectl("drain", node, "--ignore-daemonsets", *options, "--timeout", "2m")
        assert f"pod/{driver} evicted" in told
    finally:
        kubectl("uncordon", node)
    run.go_on()

    assert run.line() == ["CANCELED", "SUCCESS"]
    assert (run.count("begin"), run.count("end")) == (1, 1)


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
        run.go_on()
        # A server that was away takes pods for gone that it has not heard of, also the database.
        kubectl("rollout", "status", "statefulset/postgres", "--timeout", "5m")

        assert run.line() == ["SUCCESS"]
        assert (run.count("begin"), run.count("wait"), run.count("end")) == (1, 1, 1)
        assert dask_clusters() == {"dask"}


_LAUNCH_WITHOUT_IMAGE = """
import json, sys
from dagsterlite import DagsterInstance
from dagsterlite.api.launching import launch_pipeline
from dagsterlite.execution.reconstructable import reconstructable
from dagsterlite.demo.flights import flights_pipeline
tags = {"dagster-k8s/config": {"container_config": {"image": "localhost/nobody-has-this:1"}}}
with DagsterInstance.get() as instance:
    run = launch_pipeline(
        reconstructable(flights_pipeline), instance, preset="local", tags=tags
    )
    assert instance.run_launcher.join(240)
    print(json.dumps(run.run_id))
"""


def test_a_run_whose_image_is_not_there_fails_and_says_so() -> None:
    run_id = in_look(_LAUNCH_WITHOUT_IMAGE)

    run = runs()[run_id]
    assert run["status"] == "FAILURE"
    assert "localhost/nobody-has-this:1" in "\n".join(run["log"])
    assert names("jobs", f"dagster/run=dagster-run-{run_id}") == set()


def test_nothing_is_left(applied: Applied) -> None:
    applied.take_down()

    kinds = (
        "pods,jobs,services,statefulsets,configmaps,daskclusters,daskautoscalers,serviceaccounts"
    )
    for selector in (OURS, "app.kubernetes.io/part-of=dagsterlite"):
        assert objects(kinds, "--all-namespaces", "--selector", selector) == []
    assert "namespace/dagsterlite" not in kubectl("get", "namespaces", "--output", "name").split()

"""The cluster that $KUBECONFIG names, by kubectl, and our runs on it, by the pod `look`."""

from __future__ import annotations

import json
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.test_house.checkout import ROOT, project

NAMESPACE = "dagsterlite"
DRIVER = "app.kubernetes.io/component=run-driver"
IMAGE = os.environ.get("K8S_IMAGE") or f"dagsterlite:{project()['project']['version']}"
"""The image, where the cluster can have it."""
OVERLAY = ROOT / (os.environ.get("K8S_OVERLAY") or "k8s/overlays/kind")
"""The overlay that is applied: one with a database and an object store."""
RESTART_API = os.environ.get("K8S_RESTART_API")
"""A command that restarts the API server; where there is none, that is not tested."""

GATED = "/tmp/pipelines/gated.py"
"""Where the pods see the pipelines that wait."""

PATIENCE = 480
"""Seconds that anything may take on a cluster whose machine has much else to do."""

SHARED = {"existing": {"address": "tcp://dask-scheduler:8786"}}

GATED_SOLIDS: dict[str, dict[str, Any]] = {"begin": {}, "wait": {}, "end": {}}

_RUNS = """
import json
from dagsterlite import DagsterInstance
from dagsterlite.events.event_type import DagsterEventType
with DagsterInstance.get() as instance:
    print(json.dumps([
        {"id": run.run_id, "status": run.status.value, "tags": dict(run.tags),
         "log": [entry.message for entry in instance.all_logs(run.run_id)],
         "errors": [
             data.error.cls_name
             for entry in instance.all_logs(run.run_id, DagsterEventType.PIPELINE_FAILURE)
             if (data := entry.get_dagster_event().event_specific_data) and data.error
         ]}
        for run in instance.get_runs()
    ]))
"""

_FIND = """
import json, sys
import fsspec
store = fsspec.filesystem("s3")
print(json.dumps([path.split("/")[-2:] for path in store.find(sys.argv[1])]))
"""

_LOG = """
import json, sys
from dagsterlite import DagsterInstance
with DagsterInstance.get() as instance:
    print(json.dumps(instance.run_launcher.get_run_log(sys.argv[1])))
"""

_WAIT = """
import sys, time
import fsspec
store = fsspec.filesystem("s3")
until = time.monotonic() + float(sys.argv[3])
while len(store.find(sys.argv[1])) < int(sys.argv[2]):
    assert time.monotonic() < until, "it did not come"
    time.sleep(0.5)
    store.invalidate_cache()
"""

_WRITE = """
import sys, time
import fsspec
until = time.monotonic() + float(sys.argv[2])
while True:
    try:
        fsspec.filesystem("s3", skip_instance_cache=True).pipe_file(sys.argv[1], b"")
        break
    except Exception:
        # The cluster's DNS may still be on its way back.
        if time.monotonic() > until:
            raise
    time.sleep(1)
"""


def kubectl(*arguments: str) -> str:
    """Call kubectl in our namespace; return what it prints."""
    done = subprocess.run(
        ["kubectl", "--namespace", NAMESPACE, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE + 60,
        cwd=ROOT,
    )
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def wait_for(condition: str, *what: str) -> None:
    """Wait until objects are in a condition."""
    kubectl("wait", "--for", f"condition={condition}", *what, "--timeout", f"{PATIENCE}s")


def wait_for_services() -> None:
    """Wait until the database and the object store, and the node they are on, can be reached.

    A node that was not heard of for a while is taken for lost, and its pods for not ready: no
    Service leads to them, until it is heard of again.
    """
    wait_for("ready", "node", "--all")
    for name in ("postgres", "object-store"):
        kubectl("rollout", "status", f"statefulset/{name}", "--timeout", f"{PATIENCE}s")
    wait_for("ready", "pod/look")


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Look again and again until something is so."""
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, f"it did not come: {what}"
        time.sleep(1)


def objects(kind: str, *arguments: str) -> list[Any]:
    """Return the objects of a kind, or of several."""
    found: list[Any] = json.loads(kubectl("get", kind, "--output", "json", *arguments))["items"]
    return found


def names(kind: str, selector: str) -> set[str]:
    """Return the names of the objects that bear labels."""
    return {one["metadata"]["name"] for one in objects(kind, "--selector", selector)}


def with_our_image(folder: Path, into: Path) -> str:
    """Write a kustomization that changes a folder's image to the one that is tested."""
    name, _, tag = IMAGE.rpartition(":")
    settings = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(folder, into)],
        "images": [{"name": "dagsterlite", "newName": name, "newTag": tag}],
        "patches": [
            {
                "target": {"kind": "ConfigMap", "name": "dagster-settings"},
                "patch": yaml.safe_dump(
                    [{"op": "replace", "path": "/data/DAGSTER_IMAGE", "value": IMAGE}]
                ),
            }
        ],
    }
    into.mkdir()
    (into / "kustomization.yaml").write_text(yaml.safe_dump(settings))
    return str(into)


def in_look(code: str, *arguments: str) -> Any:
    """Execute Python in the pod `look`; return the JSON that it prints, if any."""
    printed = kubectl("exec", "look", "--", "python", "-c", code, *arguments)
    return json.loads(printed) if printed else None


def write_in_look(path: str, text: str) -> None:
    """Write a file in the pod `look`."""
    script = 'mkdir -p "$(dirname "$1")" && printf %s "$2" > "$1"'
    kubectl("exec", "look", "--", "sh", "-c", script, "sh", path, text)


def dagsterlite(*arguments: str) -> str:
    """Call the command in the pod `look`."""
    return kubectl("exec", "look", "--", "dagsterlite", *arguments)


def runs() -> dict[str, Any]:
    """Return all runs by id, the newest first: status, tags, log, classes of errors."""
    return {run["id"]: run for run in in_look(_RUNS)}


def launch(config: dict[str, Any], *arguments: str, tags: dict[str, Any]) -> str:
    """Launch a run from the pod `look`; return its id."""
    file = f"/tmp/{uuid.uuid4().hex}.yaml"
    write_in_look(file, yaml.safe_dump(config))
    options = ("-c", file, "--tags", json.dumps(tags))
    printed = dagsterlite("pipeline", "launch", *arguments, *options)
    return printed.split()[1]


class GatedRun:
    """A run that waits in its midst until it is told to go on.

    Args:
        cluster: The cluster that its steps run on, as config has it.
        solids: The solids of its pipeline, and what config each has beside the place of its marks.
        pipeline: The name of the pipeline.
        begun: The solids that must have begun before a test goes on.
        **dask: Further options of the executor.
    """

    def __init__(
        self,
        cluster: dict[str, Any],
        solids: Mapping[str, Mapping[str, Any]] = GATED_SOLIDS,
        *,
        pipeline: str = "gated",
        begun: Sequence[str] = ("wait",),
        **dask: Any,
    ) -> None:
        self.where = f"dagster/{uuid.uuid4().hex}"
        config = {
            "execution": {"dask": {"cluster": cluster, "wait_for_workers": 1, **dask}},
            "intermediate_storage": {"filesystem": {"base_dir": "s3://dagster/intermediates"}},
            "solids": {
                name: {"config": {"where": self.where, **more}} for name, more in solids.items()
            },
        }
        pods = {
            "pod_spec_config": {
                "volumes": [{"name": "pipelines", "configMap": {"name": "pipelines"}}]
            },
            "container_config": {
                "env": [{"name": "DIE_WHEN", "value": f"{self.where}/die"}],
                "volumeMounts": [{"name": "pipelines", "mountPath": os.path.dirname(GATED)}],
            },
        }
        tags = {"dagster-k8s/config": pods}
        self.id = launch(config, "-f", GATED, "-a", pipeline, tags=tags)
        self.job = f"dagster-run-{self.id}"
        self.driver = f"dagster/run={self.job}"
        for name in begun:
            self.wait_for(1, name)

    def count(self, name: str) -> int:
        """Return how often a solid's code ran."""
        return len(in_look(_FIND, f"{self.where}/{name}"))

    def workers(self, name: str) -> list[str]:
        """Return the hosts of the workers that a solid told of."""
        return [host for host, _ in in_look(_FIND, f"{self.where}/{name}")]

    def wait_for(self, times: int, name: str) -> None:
        """Wait until a solid's code has been begun so often."""
        in_look(_WAIT, f"{self.where}/{name}", str(times), str(PATIENCE))

    def open(self, gate: str) -> None:
        """Open a gate."""
        in_look(_WRITE, f"{self.where}/{gate}", str(PATIENCE))

    def go_on(self, gate: str = "open") -> None:
        """Open the last gate, and wait for the end of the run's Job."""
        self.open(gate)
        self.wait_for_job()

    def kill_driver(self) -> None:
        """Have the driver's process end without any clearing up."""
        self.open("die")

    def wait_for_job(self) -> None:
        """Wait for the end of the run's Job."""
        wait_for("complete", f"job/{self.job}")

    def log(self) -> str:
        """Return what the driver in the last pod printed."""
        text: str = in_look(_LOG, self.id)
        return text

    def pod(self) -> str:
        """Return the pod of the driver that is at work."""
        pods = objects("pods", "--selector", self.driver)
        (found,) = [
            pod["metadata"]["name"]
            for pod in pods
            if pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]
        ]
        name: str = found
        return name

    def line(self) -> list[str]:
        """Return the states of this run and of those that took over, in their order."""
        known = runs()
        heirs = {run["tags"].get("dagsterlite/takes_over"): run_id for run_id, run in known.items()}
        run_id: str | None = self.id
        states = []
        while run_id is not None:
            states.append(known[run_id]["status"])
            run_id = heirs.get(run_id)
        return states

"""The cluster that $KUBECONFIG names, by kubectl, and our runs on it, by the pod `look`."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
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
"""Where the pods see the pipeline that waits."""

SHARED = {"existing": {"address": "tcp://dask-scheduler:8786"}}

SOLIDS = ("begin", "wait", "end")

_RUNS = """
import json
from dagsterlite import DagsterInstance
with DagsterInstance.get() as instance:
    print(json.dumps([
        {"id": run.run_id, "status": run.status.value, "tags": dict(run.tags),
         "log": [entry.message for entry in instance.all_logs(run.run_id)]}
        for run in instance.get_runs()
    ]))
"""

_COUNT = """
import json, sys
import fsspec
store = fsspec.filesystem("s3")
print(json.dumps(len(store.find(sys.argv[1]))))
"""

_WAIT = """
import sys, time
import fsspec
store = fsspec.filesystem("s3")
until = time.monotonic() + 240
while len(store.find(sys.argv[1])) < int(sys.argv[2]):
    assert time.monotonic() < until, "it did not come"
    time.sleep(0.2)
    store.invalidate_cache()
"""

_WRITE = """
import sys, time
import fsspec
until = time.monotonic() + 120
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


def kubectl(*arguments: str, seconds: float = 330) -> str:
    """Call kubectl in our namespace; return what it prints."""
    done = subprocess.run(
        ["kubectl", "--namespace", NAMESPACE, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
        cwd=ROOT,
    )
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


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
    """Return all runs by id, the newest first: status, tags, log."""
    return {run["id"]: run for run in in_look(_RUNS)}


def launch(config: dict[str, Any], *arguments: str, tags: dict[str, Any]) -> str:
    """Launch a run from the pod `look`; return its id."""
    file = f"/tmp/{uuid.uuid4().hex}.yaml"
    write_in_look(file, yaml.safe_dump(config))
    options = ("-c", file, "--tags", json.dumps(tags))
    printed = dagsterlite("pipeline", "launch", *arguments, *options)
    return printed.split()[1]


class GatedRun:
    """A run of the pipeline that waits in its midst until it is told to go on."""

    def __init__(self, cluster: dict[str, Any]) -> None:
        self.where = f"dagster/{uuid.uuid4().hex}"
        config = {
            "execution": {"dask": {"cluster": cluster, "wait_for_workers": 1}},
            "intermediate_storage": {"filesystem": {"base_dir": "s3://dagster/intermediates"}},
            "solids": {name: {"config": {"where": self.where}} for name in SOLIDS},
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
        self.id = launch(config, "-f", GATED, tags={"dagster-k8s/config": pods})
        self.job = f"dagster-run-{self.id}"
        self.driver = f"dagster/run={self.job}"
        self.wait_for(1, "wait")

    def count(self, name: str) -> int:
        """Return how often a solid's code ran."""
        found: int = in_look(_COUNT, f"{self.where}/{name}")
        return found

    def wait_for(self, times: int, name: str) -> None:
        """Wait until a solid's code has been begun so often."""
        in_look(_WAIT, f"{self.where}/{name}", str(times))

    def go_on(self) -> None:
        """Open the gate, and wait for the end of the run's Job."""
        in_look(_WRITE, f"{self.where}/open")
        self.wait_for_job()

    def kill_driver(self) -> None:
        """Have the driver's process end without any clearing up."""
        in_look(_WRITE, f"{self.where}/die")

    def wait_for_job(self) -> None:
        """Wait for the end of the run's Job."""
        kubectl("wait", "--for", "condition=complete", f"job/{self.job}", "--timeout", "240s")

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

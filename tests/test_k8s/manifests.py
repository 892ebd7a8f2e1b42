"""The manifests of `k8s/`, as they stand in their files and as kustomize puts them together."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.test_house.checkout import ROOT

K8S = ROOT / "k8s"
OVERLAYS = ("overlays/kind", "overlays/production")
FOLDERS = (*OVERLAYS, "run", "look")
KUBECTL = shutil.which("kubectl")

Manifest = dict[str, Any]


def written(folder: Path) -> list[Manifest]:
    """Return the manifests that a kustomization names, without its changes."""
    settings = yaml.safe_load((folder / "kustomization.yaml").read_text())
    found: list[Manifest] = []
    for name in settings.get("resources", ()):
        path = (folder / name).resolve()
        found += written(path) if path.is_dir() else yaml.safe_load_all(path.read_text())
    return found


def rendered(folder: Path) -> list[Manifest]:
    """Return what would be applied."""
    assert KUBECTL is not None
    output = subprocess.run(
        [KUBECTL, "kustomize", str(folder)], capture_output=True, text=True, check=True
    ).stdout
    return list(yaml.safe_load_all(output))


def generated(folder: Path) -> set[str]:
    """Return the names of the ConfigMaps that a kustomization makes, and those below it."""
    settings = yaml.safe_load((folder / "kustomization.yaml").read_text())
    names = {one["name"] for one in settings.get("configMapGenerator", ())}
    for name in settings.get("resources", ()):
        path = (folder / name).resolve()
        names |= generated(path) if path.is_dir() else set()
    return names


def pods(manifest: Manifest) -> Iterator[tuple[str, Manifest]]:
    """Yield the pods that a manifest leads to, by name: their specs."""
    name, spec = f"{manifest['kind']}/{manifest['metadata']['name']}", manifest.get("spec", {})
    match manifest["kind"]:
        case "Pod":
            yield name, spec
        case "Job" | "StatefulSet":
            yield name, spec["template"]["spec"]
        case "DaskCluster":
            yield f"{name}/scheduler", spec["scheduler"]["spec"]
            yield f"{name}/worker", spec["worker"]["spec"]


def all_written() -> list[Manifest]:
    """Return each manifest once."""
    base = written(K8S / "base")
    others = [one for folder in FOLDERS for one in written(K8S / folder)]
    return [*base, *(one for one in others if one not in base)]


def all_pods() -> dict[str, Manifest]:
    """Return the specs of all pods, by name."""
    return dict(pod for manifest in all_written() for pod in pods(manifest))

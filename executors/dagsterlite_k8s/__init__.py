"""Runs as Kubernetes Jobs: each has its driver in a pod of its own."""

from __future__ import annotations

from dagsterlite_k8s.launcher import K8sRunLauncher

__all__ = ["K8sRunLauncher"]

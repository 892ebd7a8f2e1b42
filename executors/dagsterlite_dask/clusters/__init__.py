"""The kinds of clusters that a run can use: one small file a kind, one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from distributed import Client

from dagsterlite_dask.clusters import current, existing, local

OpenCluster = Callable[[Mapping[str, Any]], AbstractContextManager[Client]]


@dataclass(frozen=True)
class ClusterKind:
    """A kind of cluster."""

    #: Opens a client on the cluster that a config describes, and closes what it opened.
    open: OpenCluster
    #: Whether the cluster was there before the run and stays after it.
    is_joined: bool


KINDS: Final[Mapping[str, ClusterKind]] = {
    "current": ClusterKind(current.open_client, is_joined=True),
    "existing": ClusterKind(existing.open_client, is_joined=True),
    "local": ClusterKind(local.open_client, is_joined=False),
}


def default_kind() -> str:
    """Return the kind of cluster for a run that names none."""
    return "current" if current.is_there() else "local"

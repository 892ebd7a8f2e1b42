"""A cluster that Python code hands over: a client, a cluster, or a function that makes either."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from distributed import Client

from dagsterlite.errors import DagsterInvariantViolationError, shown, type_name
from dagsterlite_dask.clusters.current import client_beside
from dagsterlite_dask.clusters.made import Recipe, open_made
from dagsterlite_dask.clusters.opened import OpenedCluster, connect
from dagsterlite_dask.clusters.options import ClusterOptions

_MEND: Final = "Hand over one that is connected and open."
_KINDS: Final = "a Client or a cluster of Dask's, or a function that returns one"


@contextmanager
def open_given(given: Any, options: ClusterOptions) -> Iterator[OpenedCluster]:
    """Open a client on what is given; what a function makes is closed after.

    Args:
        given: A client, a cluster, or a function without arguments that returns one.
        options: How it is used.

    Raises:
        DagsterInvariantViolationError: it is something else, or asynchronous.
        DagsterClusterUnreachableError: no scheduler answers there.
    """
    if is_cluster(given) or isinstance(given, Client):
        with _joined(given, options) as opened:
            yield opened
    elif callable(given):
        recipe = Recipe(kind="given", make=_checked(given), arguments={}, can_grow=True)
        with open_made(recipe, options) as opened:
            yield opened
    else:
        raise _no_cluster(given, "was given")


def is_cluster(value: Any) -> bool:
    """Return whether a value is one of Dask's clusters, of whatever package."""
    return not isinstance(value, type) and hasattr(value, "scheduler_address")


@contextmanager
def _joined(given: Any, options: ClusterOptions) -> Iterator[OpenedCluster]:
    options.refuse_adapt("given")
    _check_synchronous(given)
    if not isinstance(given, Client):
        with connect(given, _MEND, **options.client_options()) as client:
            yield OpenedCluster(client=client, is_joined=True)
        return
    if given.scheduler is None:
        raise DagsterInvariantViolationError(f"The Dask client is not connected. {_MEND}")
    with client_beside(given, _MEND, options) as client:
        yield OpenedCluster(client=client, is_joined=True)


def _checked(make: Callable[[], Any]) -> Callable[[], Any]:
    def made(**arguments: Mapping[str, Any]) -> Any:
        cluster = make(**arguments)
        if not is_cluster(cluster) and not isinstance(cluster, Client):
            raise _no_cluster(cluster, f"was returned by {shown(make)}")
        _check_synchronous(cluster)
        return cluster

    return made


def _check_synchronous(given: Any) -> None:
    if getattr(given, "asynchronous", False):
        raise DagsterInvariantViolationError(
            f"{shown(given)} is asynchronous, and a run is not. Make it with asynchronous=False."
        )


def _no_cluster(found: Any, how: str) -> DagsterInvariantViolationError:
    return DagsterInvariantViolationError(
        f"{shown(found)} of type {type_name(found)} {how} as the cluster; it must be {_KINDS}."
    )

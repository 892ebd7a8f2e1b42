"""Clusters that are made for a use, whichever package makes them."""

from __future__ import annotations

import atexit
import inspect
import logging
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final

from distributed import Adaptive, SpecCluster
from distributed.deploy.cluster import Cluster

from dagsterlite.errors import (
    DagsterClusterUnreachableError,
    DagsterError,
    DagsterInvalidConfigError,
    near,
)
from dagsterlite_dask.clusters.opened import OpenedCluster, connect, reason_of
from dagsterlite_dask.clusters.options import ClusterOptions, Shutdown

_logger = logging.getLogger(__name__)

CLOSE_SECONDS: Final = 60.0
"""How long a cluster has to close: one whose workers cannot be started may never come to it."""

CONNECT_SECONDS: Final = 60.0
"""How long its scheduler has to answer: it may be far away, and just begin."""

_MEND: Final = "Its own logs say more; mend its config, or execute again."


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a cluster of some kind is made."""

    #: The kind, as config names it.
    kind: str
    #: Makes one of Dask's clusters.
    make: Callable[..., Any]
    #: The arguments.
    arguments: Mapping[str, Any]
    #: Whether its workers come when they come.
    can_grow: bool = False

    def cluster(self, options: ClusterOptions) -> Any:
        """Make the cluster.

        Raises:
            DagsterInvalidConfigError: what makes it does not take the arguments.
            DagsterClusterUnreachableError: it does not come up.
        """
        place = f"cluster.{self.kind}"
        try:
            return self.make(**self.arguments)
        except DagsterError:
            raise
        except (TypeError, ValueError) as exc:
            name = getattr(self.make, "__name__", repr(self.make))
            message = f"makes no cluster: {name} says: {reason_of(exc)}."
            raise options.misfit(place, message, dict(self.arguments)) from exc
        except Exception as exc:
            message = f"{options.where}.{place}: the cluster does not come up: {reason_of(exc)}."
            raise DagsterClusterUnreachableError(f"{message} {_MEND}") from exc


@contextmanager
def open_made(recipe: Recipe, options: ClusterOptions) -> Iterator[OpenedCluster]:
    """Make a cluster and open a client on it; close both, as far as ``shutdown`` says.

    Raises:
        DagsterInvalidConfigError: what makes it does not take the arguments, or ``adapt``'s.
        DagsterClusterUnreachableError: it does not come up.
    """
    with ExitStack() as stack:
        cluster = recipe.cluster(options)
        stack.callback(_close, cluster)
        _adapt(cluster, options)
        client_options = {"timeout": CONNECT_SECONDS, **options.client_options()}
        client = stack.enter_context(connect(cluster, _MEND, **client_options))
        can_grow = recipe.can_grow or options.adapt is not None
        with kept(stack, options):
            yield OpenedCluster(client=client, is_joined=False, can_grow=can_grow)


@contextmanager
def kept(stack: ExitStack, options: ClusterOptions) -> Iterator[None]:
    """Leave what is on a stack to the end of the process, where it is not to be closed before."""
    if options.shutdown is Shutdown.NEVER:
        atexit.register(stack.pop_all().close)
    yield


def _close(cluster: Any) -> None:
    # What the run came to is told; a cluster that cannot be closed would hide it.
    limit = {"timeout": CLOSE_SECONDS} if isinstance(cluster, Cluster) else {}
    try:
        cluster.close(**limit)
    except Exception:
        _logger.warning("A Dask cluster that was made for a run was not closed.", exc_info=True)


def _adapt(cluster: Any, options: ClusterOptions) -> None:
    if options.adapt is None:
        return
    _check_adapt(cluster, options.adapt, options)
    try:
        cluster.adapt(**options.adapt)
    except (TypeError, ValueError, AttributeError, NotImplementedError) as exc:
        message = f"is not what {type(cluster).__name__}.adapt takes: {reason_of(exc)}."
        raise options.misfit("adapt", message, dict(options.adapt)) from exc
    except Exception as exc:
        message = f"{options.where}.adapt: the cluster cannot be made adaptive: {reason_of(exc)}."
        raise DagsterClusterUnreachableError(f"{message} {_MEND}") from exc


def _check_adapt(cluster: Any, adapt: Mapping[str, Any], options: ClusterOptions) -> None:
    """Refuse what Dask would overlook."""
    known = {
        name
        for function in (type(cluster).adapt, SpecCluster.adapt, Adaptive)
        for name in inspect.signature(function).parameters
    } - {"self", "cluster", "args", "kwargs"}
    for name in adapt:
        if name not in known:
            message = f"is no argument of {type(cluster).__name__}.adapt.{near(name, known)}"
            raise options.misfit(f"adapt.{name}", message, name)
    if adapt.get("minimum", 0) > adapt.get("maximum", math.inf):
        raise options.misfit("adapt", "asks for a minimum above its maximum.", dict(adapt))


OpenCluster = Callable[[Mapping[str, Any], ClusterOptions], AbstractContextManager[OpenedCluster]]


def asks_for_workers(
    kind: str, config: Mapping[str, Any], options: ClusterOptions, names: tuple[str, ...]
) -> None:
    """Refuse a cluster that would never have a worker.

    Raises:
        DagsterInvalidConfigError: neither ``adapt`` nor one of ``names`` asks for one.
    """
    if options.adapt is None and not any(config.get(name) for name in names):
        raise DagsterInvalidConfigError(
            f"{options.where}.cluster.{kind} asks for no workers: give {' or '.join(names)} there, "
            f"or adapt beside cluster.",
            (),
            dict(config),
        )

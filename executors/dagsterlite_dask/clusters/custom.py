"""Any class or function that makes one of Dask's clusters, named by config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagsterlite.errors import DagsterInvalidConfigError, shown, type_name
from dagsterlite.plugins import load_path
from dagsterlite_dask.clusters.given import is_cluster
from dagsterlite_dask.clusters.made import Recipe, open_made
from dagsterlite_dask.clusters.opened import OpenedCluster
from dagsterlite_dask.clusters.options import ClusterOptions


@contextmanager
def open_cluster(config: Mapping[str, Any], options: ClusterOptions) -> Iterator[OpenedCluster]:
    """Make a cluster by what is named.

    Args:
        config: ``class``, where it is as ``module:Class``; ``config``, its arguments.
        options: How it is used.

    Raises:
        DagsterInvalidConfigError: there is no such class, it does not take the arguments, or what
            it makes is no cluster.
        DagsterClusterUnreachableError: the cluster does not come up.
    """
    path = config["class"]
    make = _load(path, options)

    def checked(**arguments: Any) -> Any:
        made = make(**arguments)
        if not is_cluster(made):
            raise options.misfit(
                "cluster.custom.class",
                f"names {path}, which returned {shown(made)} of type {type_name(made)}; it must "
                "make one of Dask's clusters.",
                path,
            )
        return made

    checked.__name__ = path
    arguments = dict(config.get("config") or {})
    if options.security is not None:
        arguments["security"] = options.tls()
    recipe = Recipe(kind="custom", make=checked, arguments=arguments, can_grow=True)
    with open_made(recipe, options) as opened:
        yield opened


def _load(path: str, options: ClusterOptions) -> Any:
    place = "cluster.custom.class"
    module, _, attribute = path.partition(":")
    if not module or not attribute.isidentifier():
        raise options.misfit(place, f'must be "module:Class", not {shown(path)}.', path)
    try:
        return load_path(path)
    except (ImportError, AttributeError) as exc:
        raise _unknown(path, exc, options) from exc


def _unknown(path: str, exc: Exception, options: ClusterOptions) -> DagsterInvalidConfigError:
    message = f"names {path}, which cannot be imported: {exc}"
    return options.misfit("cluster.custom.class", message, path)

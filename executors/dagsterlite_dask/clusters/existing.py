"""A cluster that is there: joined by where its scheduler is, and left as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from distributed import Client

from dagsterlite.errors import DagsterClusterUnreachableError
from dagsterlite_dask.clusters.opened import OpenedCluster, connect, reason_of
from dagsterlite_dask.clusters.options import ClusterOptions


@contextmanager
def open_cluster(config: Mapping[str, Any], options: ClusterOptions) -> Iterator[OpenedCluster]:
    """Give out a client on the scheduler that is named.

    Args:
        config: One of ``address``; ``addresses``, tried in turn; ``scheduler_file``.
        options: How it is used.

    Raises:
        DagsterInvalidConfigError: none of the three is given, or several.
        DagsterClusterUnreachableError: no scheduler answers there within ten seconds each.
    """
    options.refuse_adapt("existing")
    with _first(_addresses(config, options), config, options) as client:
        yield OpenedCluster(client=client, is_joined=True)


def _addresses(config: Mapping[str, Any], options: ClusterOptions) -> Sequence[str]:
    given = [name for name, value in config.items() if value is not None]
    if len(given) != 1 or config.get("addresses") == []:
        message = (
            "must have one of address, addresses (one or more) and scheduler_file, not "
            f"{' and '.join(given) if len(given) != 1 and given else 'none'}."
        )
        raise options.misfit("cluster.existing", message, dict(config))
    if "scheduler_file" in given:
        return [_written_in(config["scheduler_file"], options)]
    addresses: Sequence[str] = config.get("addresses") or [config["address"]]
    return addresses


def _written_in(path: str, options: ClusterOptions) -> str:
    """Return the address that a scheduler wrote into its file."""
    try:
        with open(path, encoding="utf-8") as file:
            return str(json.load(file)["address"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise DagsterClusterUnreachableError(
            f"{options.where}.cluster.existing.scheduler_file: {path} does not hold a scheduler's "
            f"address ({type(exc).__name__}: {reason_of(exc)}). Start one with `dask scheduler "
            f"--scheduler-file {path}`, on a file system that this process shares."
        ) from exc


def _first(addresses: Sequence[str], config: Mapping[str, Any], options: ClusterOptions) -> Client:
    """Return a client on the first scheduler that answers."""
    (name,) = config
    mend = f"Start one with `dask scheduler`, or mend {options.where}.cluster.existing.{name}."
    errors: list[DagsterClusterUnreachableError] = []
    for address in addresses:
        try:
            return connect(address, mend, **options.client_options())
        except DagsterClusterUnreachableError as exc:
            errors.append(exc)
    if len(errors) == 1:
        raise errors[0]
    reasons = "; ".join(
        f"{address}: {reason_of(error.__cause__ or error)}"
        for address, error in zip(addresses, errors, strict=True)
    )
    message = f"No Dask scheduler answers at any of {len(addresses)} addresses ({reasons}). {mend}"
    raise DagsterClusterUnreachableError(message) from errors[-1]

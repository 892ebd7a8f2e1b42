"""Hosts that are reached by SSH: a scheduler on the first, workers on the others.

What is started there ends with the connection: Dask's own processes would stay on the hosts of a
driver that was killed.
"""

from __future__ import annotations

import base64
import logging
import shlex
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final

from distributed import SSHCluster

from dagsterlite.errors import DagsterClusterUnreachableError
from dagsterlite_dask.clusters.made import Recipe, open_made
from dagsterlite_dask.clusters.opened import OpenedCluster, reason_of
from dagsterlite_dask.clusters.options import ClusterOptions
from dagsterlite_dask.clusters.packages import load_class

CONNECT_SECONDS: Final = 30
"""How long a host has to take the connection, where ``connect_options`` do not say."""

LINES: Final = 8
"""How many of the last lines from the hosts an error tells."""


@contextmanager
def open_cluster(config: Mapping[str, Any], options: ClusterOptions) -> Iterator[OpenedCluster]:
    """Start a scheduler and workers over SSH.

    Args:
        config: ``hosts``, and the other arguments of Dask's ``SSHCluster``.
        options: How it is used.

    Raises:
        MissingExtraError: asyncssh is not installed.
        DagsterInvalidConfigError: fewer than two hosts are named, or an argument is wrong.
        DagsterClusterUnreachableError: a host cannot be reached, or its command does not start.
    """
    load_class("asyncssh:connect", "ssh")
    if len(config["hosts"]) < 2:  # noqa: PLR2004 - one for the scheduler, one for a worker
        message = "must name the scheduler's host and at least one worker's (maybe the same)."
        raise options.misfit("cluster.ssh.hosts", message, config["hosts"])
    with open_made(recipe(config, options), options) as opened:
        yield opened


def recipe(config: Mapping[str, Any], options: ClusterOptions) -> Recipe:
    """Return how a cluster over SSH is made."""
    arguments = {
        **config,
        "connect_options": _each(config.get("connect_options") or {}, _in_time),
        "remote_python": _each(
            config.get("remote_python") or shlex.quote(sys.executable), _ending_with_connection
        ),
    }
    if options.security is not None:
        arguments["security"] = options.tls()

    def make(**arguments: Any) -> Any:
        with _heard() as lines:
            try:
                return SSHCluster(**arguments)
            except (TypeError, ValueError):
                raise
            except Exception as exc:
                said = f"\nThe last lines from there:\n{chr(10).join(lines)}" if lines else ""
                raise DagsterClusterUnreachableError(
                    f"{options.where}.cluster.ssh: the cluster does not come up: {reason_of(exc)}. "
                    f"Mend its config, or what is wrong on the hosts, and execute again.{said}"
                ) from exc

    make.__name__ = "SSHCluster"
    return Recipe(kind="ssh", make=make, arguments=arguments)


def _each(given: Any, change: Any) -> Any:
    """Change what stands for all hosts, or for each in a list."""
    return [change(one) for one in given] if isinstance(given, list) else change(given)


def _in_time(connect_options: Mapping[str, Any]) -> dict[str, Any]:
    return {"connect_timeout": CONNECT_SECONDS, **connect_options}


def _ending_with_connection(python: str) -> str:
    """Return a command that takes what ``python`` takes, and ends when its input does."""
    text = files(__package__).joinpath("member.py").read_bytes()
    # One word for each login shell: some know no line break within quotes.
    code = f'import base64; exec(base64.b64decode("{base64.b64encode(text).decode()}"))'
    return f"{python} -c {shlex.quote(code)}"


@contextmanager
def _heard() -> Iterator[Sequence[str]]:
    """Give out the last lines that Dask logs of those that the hosts' processes write."""
    logger = logging.getLogger("distributed.deploy.ssh")
    last = _Last()
    logger.addHandler(last)
    try:
        yield last.lines
    finally:
        logger.removeHandler(last)


class _Last(logging.Handler):
    """Keeps the last lines that are logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=LINES)

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

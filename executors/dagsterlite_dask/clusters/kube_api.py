"""Kubernetes as kr8s calls it: a client whose calls end, and the errors that pass by themselves."""

from __future__ import annotations

import json
from typing import Any, Final

ANSWER_SECONDS: Final = 30.0
"""How long the API server may take to answer; kr8s itself would wait without end."""

NOT_FOUND: Final = 404
CONFLICT: Final = 409

_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERRORS: Final = 500


def client() -> Any:
    """Return a client of the cluster that the environment tells of.

    Raises:
        ValueError: it tells of none.
    """
    import kr8s

    # Its factory asks the server for its version, and that call has no end yet.
    made = kr8s.Api(bypass_factory=True)
    made.timeout = ANSWER_SECONDS
    made.reauthenticate()
    return made


def cluster_class() -> Any:
    """Return the class of DaskCluster objects."""
    from kr8s.objects import new_class

    return new_class("DaskCluster", "kubernetes.dask.org/v1")


def is_passing(error: Exception) -> bool:
    """Return whether an error says that the API server, or the way to it, is away for a while."""
    import httpx
    import kr8s

    if isinstance(error, kr8s.ServerError):
        status = status_of(error)
        return status == _TOO_MANY_REQUESTS or status >= _SERVER_ERRORS
    # A balancer's page is no JSON.
    away = (httpx.TransportError, kr8s.APITimeoutError, ConnectionError, json.JSONDecodeError)
    return isinstance(error, away)


def status_of(error: Any) -> int:
    """Return the status of HTTP in an error of kr8s; 0 where there was no answer."""
    return 0 if error.response is None else int(error.response.status_code)

"""How a cluster is used, of whatever kind it is."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from distributed import Client, Security

from dagsterlite.errors import DagsterInvalidConfigError, near

WHERE: Final = "execution.dask"

WORKER_SECONDS: Final = 300.0
"""How long a run waits for a worker that can run a step."""

_TAKEN: Final = frozenset(
    {"address", "asynchronous", "scheduler_file", "security", "self", "set_as_default"}
)


class Shutdown(Enum):
    """What becomes of a cluster when it is not needed any more."""

    #: What was made is closed, what was joined is left.
    AUTO = "auto"
    #: It is shut down.
    ALWAYS = "always"
    #: It is left; what lives in this process, as long as that.
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """How a cluster is used."""

    #: The path of the config that says so, for messages.
    where: str = WHERE
    #: Arguments of the cluster's ``adapt``.
    adapt: Mapping[str, Any] | None = None
    #: How many workers must be there before the start.
    wait_for_workers: int = 0
    #: Seconds that workers have to come.
    worker_seconds: float = WORKER_SECONDS
    #: Arguments of Dask's ``Security``.
    security: Mapping[str, Any] | None = None
    client_kwargs: Mapping[str, Any] = field(default_factory=dict)
    shutdown: Shutdown = Shutdown.AUTO

    @staticmethod
    def from_config(config: Mapping[str, Any], where: str = WHERE) -> ClusterOptions:
        """Return the options that a config, resolved, stands for.

        Raises:
            DagsterInvalidConfigError: an option is not what the client, or TLS, takes.
        """
        options = ClusterOptions(
            where=where,
            adapt=config.get("adapt"),
            wait_for_workers=config.get("wait_for_workers") or 0,
            worker_seconds=config.get("worker_timeout", WORKER_SECONDS),
            security=config.get("security"),
            client_kwargs=config.get("client_kwargs") or {},
            shutdown=Shutdown(config.get("shutdown", Shutdown.AUTO)),
        )
        _check_client_kwargs(options)
        _check_files(options)
        return options

    def tls(self) -> Security | None:
        """Return what Dask needs to know of TLS, if TLS is wanted."""
        return None if self.security is None else Security(**self.security)

    def client_options(self) -> dict[str, Any]:
        """Return the further arguments of the client."""
        security = {} if self.security is None else {"security": self.tls()}
        return {**security, **self.client_kwargs}

    def closes(self, *, is_joined: bool) -> bool:
        """Return whether a cluster is closed at the end."""
        return self.shutdown is Shutdown.ALWAYS or (
            self.shutdown is Shutdown.AUTO and not is_joined
        )

    def refuse_adapt(self, kind: str) -> None:
        """Refuse to size a cluster that was there before.

        Raises:
            DagsterInvalidConfigError: ``adapt`` is given.
        """
        if self.adapt is not None:
            raise self.misfit(
                "adapt",
                f"sizes clusters that are made for it, and a cluster of kind '{kind}' is joined. "
                "Have whoever runs it make it adaptive.",
                self.adapt,
            )

    def refuse_security(self, kind: str) -> None:
        """Refuse TLS of ours for a kind that brings its own.

        Raises:
            DagsterInvalidConfigError: ``security`` is given.
        """
        if self.security is not None:
            message = f"is of no use: a cluster of kind '{kind}' brings its own. Leave it out."
            raise self.misfit("security", message, dict(self.security))

    def misfit(self, place: str, message: str, value: Any) -> DagsterInvalidConfigError:
        """Return the error that a part of the config is wrong.

        Args:
            place: The part.
            message: What is wrong with it, as the rest of a sentence that begins with its path.
            value: What stands there.
        """
        return DagsterInvalidConfigError(f"{self.where}.{place} {message}", (), value)


def _check_client_kwargs(options: ClusterOptions) -> None:
    found = inspect.signature(Client).parameters.values()
    known = {p.name for p in found if p.kind is not inspect.Parameter.VAR_KEYWORD} - _TAKEN
    for name in options.client_kwargs:
        if name in _TAKEN:
            raise options.misfit(
                f"client_kwargs.{name}", "is said elsewhere: by cluster or security.", name
            )
        if name not in known:
            message = f"is no argument of Dask's Client.{near(name, known)}"
            raise options.misfit(f"client_kwargs.{name}", message, name)


def _check_files(options: ClusterOptions) -> None:
    for name, value in (options.security or {}).items():
        is_file = name.endswith(("_file", "_cert", "_key"))
        if is_file and "\n" not in value and not os.path.isfile(value):
            message = f"names {value}, and there is no such file. Give a path, or the file's text."
            raise options.misfit(f"security.{name}", message, value)

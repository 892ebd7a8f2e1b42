"""A cluster on this machine, started for the run and closed after it.

Its workers are processes of their own that never import the user's main module, so a script
without a main guard works.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from distributed import Client
from distributed.deploy.subprocess import SubprocessCluster


@contextmanager
def open_client(config: Mapping[str, Any]) -> Iterator[Client]:
    """Start a scheduler and workers, and open a client on them.

    Args:
        config: ``n_workers`` and ``threads_per_worker``, both optional; other arguments go to the
            workers as they are.
    """
    options = dict(config)
    workers = options.pop("n_workers", None)
    threads = options.pop("threads_per_worker", 1 if workers is not None else None)
    with (
        SubprocessCluster(
            n_workers=workers,
            threads_per_worker=threads,
            worker_kwargs=options,
            dashboard_address=":0",
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        client.wait_for_workers(len(cluster.worker_spec))
        yield client

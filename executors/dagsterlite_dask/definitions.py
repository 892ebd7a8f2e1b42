"""The executors of this shelf as users select them; Dask is imported only when one is made."""

from __future__ import annotations

import os
from typing import Final

from dagsterlite import plugins
from dagsterlite.config import (
    Array,
    Field,
    Float,
    Noneable,
    Permissive,
    ScalarUnion,
    Selector,
    String,
    StringSource,
)
from dagsterlite.config import Int as IntConfig
from dagsterlite.definitions.executor import executor
from dagsterlite.execution.executor import Executor, InitExecutorContext, RetryMode, retries_field

CLUSTER: Final = Selector(
    {
        "existing": Field(
            {"address": Field(StringSource, description="The scheduler's address.")},
            description="A cluster that is there: joined, and left as it was.",
        ),
        "local": Field(
            Permissive(
                {
                    "n_workers": Field(
                        IntConfig, is_required=False, description="How many worker processes."
                    ),
                    "threads_per_worker": Field(
                        IntConfig, is_required=False, description="How many threads in each."
                    ),
                }
            ),
            is_required=False,
            description="A cluster on this machine, started for the run.",
        ),
    }
)

SHIP_CODE: Final = Field(
    ScalarUnion(String, Array(String)),
    default_value="auto",
    description="Which of the user's modules travel to the workers: auto, none, or their names.",
)


@executor(
    name="dask",
    config_schema={
        "cluster": Field(
            CLUSTER,
            is_required=False,
            description="By default the one that this process has a Dask client of, else local.",
        ),
        "ship_code": SHIP_CODE,
        "worker_timeout": Field(
            Float,
            default_value=300.0,
            description="Seconds to wait where no worker can run a step any more.",
        ),
        "cancel_grace_seconds": Field(
            Float, default_value=5.0, description="Seconds that interrupted steps have to end."
        ),
        "retries": retries_field(),
    },
    resolves_elsewhere=True,
)
def dask_executor(init_context: InitExecutorContext) -> Executor:
    """Execute steps on a Dask cluster, each where its inputs are (seed 002)."""
    config = init_context.executor_config
    kind, cluster = next(iter(config.get("cluster", {}).items()), (None, None))
    made: Executor = plugins.load("make_dask_executor")(
        kind,
        cluster,
        RetryMode.from_config(config["retries"]),
        config["ship_code"],
        worker_seconds=config["worker_timeout"],
        grace_seconds=config["cancel_grace_seconds"],
    )
    return made


@executor(
    name="multiprocess",
    config_schema={
        "max_concurrent": Field(
            Noneable(IntConfig),
            default_value=None,
            description="How many processes may run at once; by default, and for 0, one a core.",
        ),
        "retries": retries_field(),
    },
)
def multiprocess_executor(init_context: InitExecutorContext) -> Executor:
    """Execute steps in several processes of this machine (seed 001)."""
    config = init_context.executor_config
    workers = config["max_concurrent"] or os.cpu_count() or 1
    cluster = {"n_workers": workers, "threads_per_worker": 1}
    made: Executor = plugins.load("make_dask_executor")(
        "local", cluster, RetryMode.from_config(config["retries"]), "auto"
    )
    return made

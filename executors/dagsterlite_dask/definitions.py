"""The executors and resources of this shelf as users select them; Dask is imported only in use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

from dagsterlite import plugins
from dagsterlite.config import (
    Array,
    Bool,
    ConfigScalar,
    Enum,
    EnumValue,
    Field,
    Float,
    Map,
    Noneable,
    ScalarUnion,
    Shape,
    String,
    StringSource,
)
from dagsterlite.config import Int as IntConfig
from dagsterlite.definitions.executor import ExecutorDefinition, executor
from dagsterlite.definitions.resource import InitResourceContext, resource
from dagsterlite.errors import PostProcessingError
from dagsterlite.execution.executor import Executor, InitExecutorContext, retries_field
from dagsterlite_dask.cluster_config import cluster_fields, option_fields

LIMITS: Final = Field(
    Array(
        {
            "key": Field(String, description="The tag."),
            "value": Field(
                ScalarUnion(String, Shape({"applyLimitPerUniqueValue": Field(Bool)})),
                is_required=False,
                description="Its value; by default any, all of them together.",
            ),
            "limit": Field(IntConfig, description="How many steps with it may run at once."),
        }
    ),
    is_required=False,
    description="Limits for steps by the tags of their solids, for this run.",
)

PLACEMENT: Final = Field(
    Map(
        String,
        Shape(
            {
                "priority": Field(IntConfig, is_required=False, description="Higher first."),
                "resources": Field(
                    Map(String, Float), is_required=False, description="Worker resources it needs."
                ),
                "workers": Field(
                    Array(StringSource),
                    is_required=False,
                    description="Addresses, hosts or names of workers that may run it.",
                ),
                "allow_other_workers": Field(
                    Bool, is_required=False, description="Whether others may, where those do not."
                ),
            }
        ),
        key_label_name="solid",
    ),
    is_required=False,
    description="Where and when solids may run, by their paths; stands over their tags.",
)

SIZE: Final = ConfigScalar("Size", (str, int))
"""An amount of memory: ``"256 MiB"``, or a number of bytes."""


class _CountFromZero(ConfigScalar):
    """A whole number that is not negative."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("Int", (int,))

    def post_process(self, value: Any) -> Any:
        if value < 0:
            raise PostProcessingError(f"it must be 0 or more, not {value}")
        return value


KEEPING_FIELDS: Final = {
    "persist": Field(
        Enum(
            "Persist",
            [
                EnumValue("through", description="Before the steps that need it begin."),
                EnumValue("behind", description="While they run, with what memory holds of it."),
            ],
        ),
        default_value="through",
        description="When a step's outputs are committed to the intermediate storage.",
    ),
    "persist_buffer": Field(
        SIZE,
        default_value="256 MiB",
        description="How much a worker process may hold that is to be stored behind.",
    ),
    "input_cache": Field(
        SIZE,
        default_value="256 MiB",
        description="How much of what steps load from storage a worker process keeps for others "
        "of the run; 0 for nothing.",
    ),
}

RUN_FIELDS: Final = {
    **KEEPING_FIELDS,
    "placement": PLACEMENT,
    "tag_concurrency_limits": LIMITS,
    "preflight": Field(
        Enum(
            "Preflight",
            [
                EnumValue("strict", description="A cluster that is not fit fails the run."),
                EnumValue("warn", description="What is not fit is told, and the run goes on."),
                EnumValue("off", description="Nobody looks."),
            ],
        ),
        default_value="strict",
        description="Whether workers, resources, versions and storage are looked at first.",
    ),
    "ship_code": Field(
        ScalarUnion(String, Array(String)),
        default_value="auto",
        description="Which of your modules travel to the workers: auto, none, or their names.",
    ),
    "fuse": Field(
        Enum("Fuse", [EnumValue("linear"), EnumValue("none")]),
        default_value="linear",
        description="Whether steps in a row, each alone needing the last, are one Dask task.",
    ),
    "group": Field(
        Enum("Group", [EnumValue("auto"), EnumValue("off")]),
        default_value="auto",
        description="Whether siblings that were short in the last run are one Dask task.",
    ),
    "order": Field(
        Enum(
            "Order",
            [
                EnumValue("fair", description="Runs that begin within a minute take turns."),
                EnumValue("strict", description="The run that began first comes first."),
            ],
        ),
        default_value="fair",
        description="Whose steps of equal priority go first where runs share a cluster.",
    ),
    "performance_report": Field(
        StringSource,
        is_required=False,
        description="Where Dask's own report on the run goes: a path or URL, or a name in the "
        "run's folder.",
    ),
    "cancel_grace_seconds": Field(
        Float, default_value=5.0, description="Seconds that interrupted steps have to end."
    ),
    "resource_scope": Field(
        Enum(
            "ResourceScope",
            [
                EnumValue("worker", description="All steps in a worker's process share them."),
                EnumValue("thread", description="Each thread of a worker has its own."),
                EnumValue("step", description="Each step has its own, torn down at its end."),
            ],
        ),
        default_value="worker",
        description="Who shares the resources that are made on a worker.",
    ),
    "retries": retries_field(),
}


@executor(name="dask", config_schema={**cluster_fields(), **RUN_FIELDS}, resolves_elsewhere=True)
def dask_executor(init_context: InitExecutorContext) -> Executor:
    """Execute steps on a Dask cluster, each where its inputs are.

    A solid's tags say where and when Dask may run it: ``dagster/priority`` (higher first);
    ``dagsterlite/dask``, a dict with some of ``priority``, ``resources`` (amounts by worker
    resource), ``workers`` and ``allow_other_workers``; ``dagster-dask/resource_requirements``, the
    resources alone. ``placement`` in the config stands over them.
    """
    made: Executor = plugins.load("make_dask_executor")(init_context.executor_config)
    return made


def dask_executor_on(cluster: Any, name: str = "dask") -> ExecutorDefinition:
    """Return an executor that runs steps on a cluster that Python code hands over.

    Args:
        cluster: A ``Client`` or a cluster of Dask's, joined and left as it was; or a function
            without arguments that makes one, called at each run and closed after it.
        name: The name that run config selects the executor by; its config is that of the
            ``dask`` executor without ``cluster``.

    Raises:
        DagsterInvariantViolationError: (when a run begins) ``cluster`` is something else.
    """
    handed_over = _AtHome(cluster)

    def create(init_context: InitExecutorContext) -> Executor:
        make = plugins.load("make_dask_executor")
        made: Executor = make(init_context.executor_config, handed_over.value)
        return made

    fields = {**option_fields(), **RUN_FIELDS}
    description = "Execute steps on the Dask cluster that is given in Python."
    return ExecutorDefinition(
        name, fields, None, create, description=description, resolves_elsewhere=True
    )


class _AtHome:
    """Holds what is of use in this process only; where a pipeline is sent, it stays behind."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __reduce__(self) -> str:
        raise TypeError("A cluster that was handed over stays in the process of the run's driver.")


@executor(
    name="multiprocess",
    config_schema={
        "max_concurrent": Field(
            Noneable(_CountFromZero()),
            default_value=None,
            description="How many processes may run at once; by default, and for 0, one a core.",
        ),
        "tag_concurrency_limits": LIMITS,
        **KEEPING_FIELDS,
        "retries": retries_field(),
    },
)
def multiprocess_executor(init_context: InitExecutorContext) -> Executor:
    """Execute steps in several processes of this machine."""
    config = init_context.executor_config
    workers = config["max_concurrent"] or os.cpu_count() or 1
    cluster = {"local": {"n_workers": workers, "threads_per_worker": 1}}
    made: Executor = plugins.load("make_dask_executor")({**config, "cluster": cluster})
    return made


@resource(config_schema=cluster_fields())
def dask_resource(init_context: InitResourceContext) -> Iterator[Any]:
    """Give solids a client of a Dask cluster (``distributed.Client``).

    Its config is that of the ``dask`` executor as far as it speaks of the cluster. By default it is
    the cluster of this process's own client, on a worker the one that the step runs on, and where
    there is neither a local one. A solid that waits for work on the very cluster that it runs on
    should use ``context.dask_client``, which leaves its worker's thread to that work.
    """
    with plugins.load("open_dask_client")(init_context.resource_config) as client:
        yield client

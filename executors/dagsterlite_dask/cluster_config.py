"""What config may say of a cluster: the same for the executor and for the resource.

Imports no Dask: a pipeline that may run on a cluster is defined without it.
"""

from __future__ import annotations

from typing import Any, Final

from dagsterlite.config import (
    Array,
    Bool,
    Enum,
    EnumValue,
    Field,
    Float,
    Int,
    Permissive,
    Selector,
    Shape,
    String,
    StringSource,
)

_MANY: Final = "Further ones are handed to the class as they are."

_SIZED: Final = {
    "n_workers": Field(Int, is_required=False, description="How many workers to ask for."),
}

_BATCH: Final = {
    **_SIZED,
    "jobs": Field(Int, is_required=False, description="How many jobs to ask for."),
    "cores": Field(Int, is_required=False, description="Cores of each job."),
    "memory": Field(StringSource, is_required=False, description='Memory of each job: "16GB".'),
    "processes": Field(Int, is_required=False, description="Worker processes in each job."),
    "queue": Field(StringSource, is_required=False, description="The queue or partition."),
    "walltime": Field(StringSource, is_required=False, description='Of each job: "02:00:00".'),
}


def _batch(system: str) -> Field:
    return Field(
        Permissive(_BATCH),
        is_required=False,
        description=f"Jobs of {system}, by dask-jobqueue. {_MANY}",
    )


def _laid_over(part: str) -> Field:
    return Field(
        Permissive(),
        is_required=False,
        description=f"What is laid over each {part}, in Kubernetes' own form.",
    )


CLUSTER: Final = Selector(
    {
        "existing": Field(
            {
                "address": Field(
                    StringSource, is_required=False, description="The scheduler's address."
                ),
                "addresses": Field(
                    Array(StringSource),
                    is_required=False,
                    description="Addresses that are tried in turn; the first that answers is it.",
                ),
                "scheduler_file": Field(
                    StringSource,
                    is_required=False,
                    description="The file that `dask scheduler --scheduler-file` writes.",
                ),
            },
            description="A cluster that is there: joined, and left as it was.",
        ),
        "local": Field(
            Permissive(
                {
                    "n_workers": Field(
                        Int, is_required=False, description="How many worker processes."
                    ),
                    "threads_per_worker": Field(
                        Int, is_required=False, description="How many threads in each."
                    ),
                    "timeout": Field(
                        Float,
                        is_required=False,
                        description="How many seconds its scheduler has to answer.",
                    ),
                }
            ),
            is_required=False,
            description=(
                "A cluster on this machine. Takes each argument of Dask's workers and LocalCluster."
            ),
        ),
        "ssh": Field(
            Permissive(
                {"hosts": Field(Array(StringSource), description="The scheduler's, then workers'.")}
            ),
            description=f"Hosts that are reached by SSH. {_MANY}",
        ),
        "slurm": _batch("Slurm"),
        "pbs": _batch("PBS"),
        "sge": _batch("Grid Engine"),
        "lsf": _batch("LSF"),
        "oar": _batch("OAR"),
        "moab": _batch("Moab"),
        "htcondor": _batch("HTCondor"),
        "yarn": Field(
            Permissive(_SIZED),
            is_required=False,
            description=f"Containers of Hadoop YARN, by dask-yarn. {_MANY}",
        ),
        "kube": Field(
            Permissive(
                {
                    **_SIZED,
                    "image": Field(
                        StringSource,
                        is_required=False,
                        description="The image; it must hold dagsterlite for the workers.",
                    ),
                    "namespace": Field(StringSource, is_required=False),
                    "pod_spec": _laid_over("pod"),
                    "container_spec": _laid_over("container"),
                    "worker_groups": Field(
                        Array(
                            Permissive(
                                {
                                    **_SIZED,
                                    "name": StringSource,
                                    "pod_spec": _laid_over("pod"),
                                    "container_spec": _laid_over("container"),
                                }
                            )
                        ),
                        is_required=False,
                        description=(
                            "Further groups of workers, e.g. with a GPU and a worker_command of "
                            '"dask worker --resources GPU=1". What one does not say is as with '
                            "the other workers."
                        ),
                    ),
                }
            ),
            is_required=False,
            description=f"A DaskCluster of the dask-kubernetes operator. {_MANY}",
        ),
        "gateway": Field(
            Permissive(
                {
                    **_SIZED,
                    "address": Field(
                        StringSource, is_required=False, description="The gateway's address."
                    ),
                    "cluster_name": Field(
                        StringSource,
                        is_required=False,
                        description="A cluster of the gateway that is there: joined, not made.",
                    ),
                }
            ),
            is_required=False,
            description=f"A cluster of Dask Gateway. {_MANY}",
        ),
        "custom": Field(
            {
                "class": Field(
                    String, description='What is called with config to make it: "module:Class".'
                ),
                "config": Field(Permissive(), is_required=False, description="Its arguments."),
            },
            description="Any class, or function, that makes a cluster of Dask's.",
        ),
    }
)

SECURITY: Final = Shape(
    {
        "tls_ca_file": Field(StringSource, is_required=False, description="The authority's file."),
        "tls_client_cert": Field(StringSource, is_required=False),
        "tls_client_key": Field(StringSource, is_required=False),
        "tls_worker_cert": Field(StringSource, is_required=False),
        "tls_worker_key": Field(StringSource, is_required=False),
        "tls_scheduler_cert": Field(StringSource, is_required=False),
        "tls_scheduler_key": Field(StringSource, is_required=False),
        "tls_ciphers": Field(StringSource, is_required=False),
        "require_encryption": Field(Bool, default_value=True),
    }
)

SHUTDOWN: Final = Enum(
    "ClusterShutdown",
    [
        EnumValue("auto", description="What was made for this is closed, what was joined is left."),
        EnumValue("always", description="The cluster is shut down, also one that was joined."),
        EnumValue("never", description="It is left; what lives in this process, as long as that."),
    ],
)


def option_fields() -> dict[str, Any]:
    """Return the fields for how a cluster, of whatever kind, is used."""
    return {
        "adapt": Field(
            Permissive(
                {
                    "minimum": Field(Int, is_required=False, description="The fewest workers."),
                    "maximum": Field(Int, is_required=False, description="The most workers."),
                }
            ),
            is_required=False,
            description="Has the number of workers follow the work; for clusters that are made.",
        ),
        "wait_for_workers": Field(
            Int, is_required=False, description="How many workers must be there before the start."
        ),
        "worker_timeout": Field(
            Float,
            default_value=300.0,
            description="Seconds to wait where no worker can run a step (any more).",
        ),
        "security": Field(
            SECURITY,
            is_required=False,
            description="TLS: each file by its path, or as the text that is in it.",
        ),
        "client_kwargs": Field(
            Permissive(), is_required=False, description="Further arguments of Dask's Client."
        ),
        "shutdown": Field(
            SHUTDOWN, default_value="auto", description="What becomes of the cluster at the end."
        ),
    }


def cluster_fields() -> dict[str, Any]:
    """Return the fields that say which cluster is used, and how."""
    return {
        "cluster": Field(
            CLUSTER,
            is_required=False,
            description="By default the one that this process has a Dask client of, else local.",
        ),
        **option_fields(),
    }

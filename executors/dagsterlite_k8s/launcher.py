"""The launcher: a Kubernetes Job for each run, with the run's driver in its pod."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any

from dagsterlite.configurable import ConfigurableClass, ConfigurableClassData
from dagsterlite.errors import DagsterLaunchFailedError
from dagsterlite.events.engine import EngineEventData
from dagsterlite.execution.cancel import CancelOutcome, cancel_run
from dagsterlite.execution.heirs import launched_as
from dagsterlite.execution.launching import without_origin
from dagsterlite.execution.undriven import record_engine_event
from dagsterlite.run_launching import LaunchRunContext, RunLauncher
from dagsterlite.runs import PipelineOrigin
from dagsterlite_k8s.api import KubernetesApi
from dagsterlite_k8s.manifest import job_manifest, job_name
from dagsterlite_k8s.options import SCHEMA, LauncherOptions, read_options
from dagsterlite_k8s.troubles import JobView
from dagsterlite_k8s.watch import JobWatch


class K8sRunLauncher(RunLauncher, ConfigurableClass):
    """Launches each run as a Kubernetes Job.

    In ``dagster.yaml``::

        run_launcher:
          module: dagsterlite_k8s
          class: K8sRunLauncher
          config:
            job_image: my-image:1
            job_namespace: pipelines
            service_account_name: run-driver
            instance_config_map: dagster-instance
            env_secrets: [dagster-secrets]

    The Job's pod opens the instance of its own ``$DAGSTER_HOME`` and drives the run. A pod that is
    evicted, or whose node dies, is started again: once its lease has run out, what is left of the
    run goes on as a new run that re-executes it. What is particular to the Job of one run stands in
    the run's tag ``dagster-k8s/config``, as JSON of the form of ``run_k8s_config``.

    While the launcher's process lives, it looks after the Jobs: what keeps a pod from its start
    (image, quota, no node) is told by engine events, and a run whose Job failed, or did not start
    in time, is recorded as failed, with the reason.

    Args:
        options: What ``dagster.yaml`` says.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.
    """

    def __init__(
        self, options: LauncherOptions, inst_data: ConfigurableClassData | None = None
    ) -> None:
        self._options = options
        self._inst_data = inst_data
        self._lock = threading.Lock()
        self._made_api: KubernetesApi | None = None
        self._watch: JobWatch | None = None

    @classmethod
    def config_type(cls) -> Any:
        return SCHEMA

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> K8sRunLauncher:
        return cls(read_options(config_value), inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Create the run's Job; one that is there already is left as it is.

        Raises:
            DagsterLaunchFailedError: no other process can make the run's pipeline, the run's tag is
                wrong, or the cluster refuses the Job or cannot be reached.
        """
        run = context.pipeline_run
        if not isinstance(run.external_pipeline_origin, PipelineOrigin):
            raise DagsterLaunchFailedError(without_origin(run))
        manifest = job_manifest(run, self._options, os.environ)
        if self._api.create_job(manifest):
            where = f"Job {job_name(run.run_id)} in namespace {self._options.namespace}"
            text = f"Kubernetes has the run as {where}."
            record_engine_event(run, self.instance, text, EngineEventData())
        self._watching().add(run)

    def terminate(self, run_id: str) -> bool:
        """Stop a run; return whether it could still be stopped.

        A driver that is at work stops by itself; where none is, the Job is deleted.

        Raises:
            DagsterRunNotFoundError: there is no such run.
            DagsterLaunchFailedError: the run is canceled, and its Job cannot be deleted.
        """
        outcome = cancel_run(run_id, self.instance)
        if outcome is CancelOutcome.CANCELED:
            self._api.delete_job(self._job_of(run_id))
        return outcome is not CancelOutcome.ENDED

    def can_terminate(self, run_id: str) -> bool:
        run = self.instance.get_run_by_id(run_id)
        return run is not None and not run.is_finished

    def get_job(self, run_id: str) -> JobView | None:
        """Return the Job of a run as it stands, with its pods and their events; None without one.

        Raises:
            DagsterLaunchFailedError: the cluster refuses to tell, or cannot be reached.
        """
        return self._api.view(self._job_of(run_id))

    def get_run_log(self, run_id: str) -> str:
        """Return the last of what the driver in the latest pod of a run printed.

        Raises:
            DagsterLaunchFailedError: the cluster refuses to tell, or cannot be reached.
        """
        return self._api.log(self._job_of(run_id))

    def join(self, timeout: float = 30) -> bool:
        """Wait for the runs that were launched here; return whether all ended in that time."""
        watch = self._watch
        return watch is None or watch.join_runs(timeout)

    def dispose(self) -> None:
        with self._lock:
            watch, self._watch = self._watch, None
            api, self._made_api = self._made_api, None
        if watch is not None:
            watch.close()
            watch.join()
        if api is not None:
            api.close()

    def _job_of(self, run_id: str) -> str:
        return job_name(launched_as(run_id, self.instance))

    @property
    def _api(self) -> KubernetesApi:
        with self._lock:
            return self._opened_api()

    def _opened_api(self) -> KubernetesApi:
        if self._made_api is None:
            self._made_api = KubernetesApi(
                self._options.namespace,
                load_incluster_config=self._options.load_incluster_config,
                kubeconfig_file=self._options.kubeconfig_file,
            )
        return self._made_api

    def _watching(self) -> JobWatch:
        with self._lock:
            if self._watch is None:
                seconds = self._options.start_timeout_seconds
                self._watch = JobWatch(
                    self.instance, self._opened_api(), start_timeout_seconds=seconds
                )
                self._watch.start()
            return self._watch

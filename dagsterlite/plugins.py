"""The only table of names that lie on a higher floor or outside the core, as text.

A short name leads to ``module:attribute`` and to the extra that installs what the import needs.
Third parties add names by the entry-point group ``dagsterlite.plugins``.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

from dagsterlite.errors import DagsterInvariantViolationError, MissingExtraError, listed, near

ENTRY_POINT_GROUP = "dagsterlite.plugins"


class Plugin(NamedTuple):
    """Where a name lies."""

    #: ``module:attribute``.
    path: str
    #: The extra of this distribution that installs what the module imports, if any.
    extra: str | None = None


PLUGINS = {
    # What a lower floor's method does on a higher one.
    "ephemeral_run_storage": Plugin("dagsterlite.memory:InMemoryRunStorage"),
    "ephemeral_event_log_storage": Plugin("dagsterlite.memory:InMemoryEventLogStorage"),
    "instance_from_home": Plugin("dagsterlite.settings:instance_from_home"),
    "instance_from_ref": Plugin("dagsterlite.settings:instance_from_ref"),
    "schedule_storage_from_ref": Plugin("dagsterlite.settings:schedule_storage_from_ref"),
    "create_run_for_pipeline": Plugin("dagsterlite.api:create_run_for_pipeline"),
    "invoke_solid": Plugin("dagsterlite.execution.invocation:invoke_solid"),
    "invoke_resource": Plugin("dagsterlite.execution.invocation:invoke_resource"),
    "invoke_logger": Plugin("dagsterlite.execution.invocation:invoke_logger"),
    "default_executors": Plugin("dagsterlite.execution.defaults:default_executors"),
    "default_intermediate_storage_defs": Plugin(
        "dagsterlite.execution.defaults:default_intermediate_storage_defs"
    ),
    "default_system_storage_defs": Plugin(
        "dagsterlite.execution.defaults:default_system_storage_defs"
    ),
    "display_pipeline": Plugin("dagsterlite.render.pipeline_html:pipeline_html"),
    "display_graph": Plugin("dagsterlite.render.pipeline_html:graph_html"),
    "display_plan": Plugin("dagsterlite.render.pipeline_html:plan_html"),
    "display_config": Plugin("dagsterlite.render.schema_html:config_html"),
    "display_result": Plugin("dagsterlite.render.run_html:result_html"),
    "display_instance": Plugin("dagsterlite.render.instance_html:instance_html"),
    "notebook_display": Plugin("dagsterlite.render.notebook_display:display_in_notebook"),
    "invoke_hook": Plugin("dagsterlite.execution.hook_invocation:invoke_hook"),
    "submit_run": Plugin("dagsterlite.execution.launching:submit_run"),
    "launch_run": Plugin("dagsterlite.execution.launching:launch_run"),
    "default_run_coordinator": Plugin("dagsterlite.execution.launching:DefaultRunCoordinator"),
    "default_run_launcher": Plugin("dagsterlite.execution.launching:DefaultRunLauncher"),
    "in_memory_intermediates": Plugin("dagsterlite.memory:InMemoryIntermediateStorage"),
    "local_artifact_storage": Plugin("dagsterlite.instance:LocalArtifactStorage"),
    # What stands on the shelves.
    "dask_executor": Plugin("dagsterlite_dask.definitions:dask_executor"),
    "multiprocess_executor": Plugin("dagsterlite_dask.definitions:multiprocess_executor"),
    "dask_executor_on": Plugin("dagsterlite_dask.definitions:dask_executor_on"),
    "dask_resource": Plugin("dagsterlite_dask.definitions:dask_resource"),
    "check_detachable": Plugin("dagsterlite_dask.detached:check_detachable"),
    "detach_run": Plugin("dagsterlite_dask.detached:detach_run"),
    "make_dask_executor": Plugin("dagsterlite_dask.executor:make_dask_executor"),
    "open_step_client": Plugin("dagsterlite_dask.step_client:open_step_client"),
    "open_dask_client": Plugin("dagsterlite_dask.client_resource:open_dask_client"),
    "run_notebook": Plugin("dagsterlite_papermill.execution:run_notebook", "notebook"),
    "k8s_run_launcher": Plugin("dagsterlite_k8s.launcher:K8sRunLauncher", "k8s"),
    "sqlite_run_storage": Plugin("dagsterlite_sql.sqlite_runs:SqliteRunStorage"),
    "sqlite_event_log_storage": Plugin("dagsterlite_sql.sqlite_events:SqliteEventLogStorage"),
    "consolidated_sqlite_event_log_storage": Plugin(
        "dagsterlite_sql.sqlite_consolidated:ConsolidatedSqliteEventLogStorage"
    ),
    "sqlite_schedule_storage": Plugin("dagsterlite_sql.sqlite_schedules:SqliteScheduleStorage"),
    "mysql_schedule_storage": Plugin("dagsterlite_sql.mysql_schedules:MySQLScheduleStorage"),
    "postgres_schedule_storage": Plugin(
        "dagsterlite_sql.postgres_schedules:PostgresScheduleStorage"
    ),
    "postgres_run_storage": Plugin("dagsterlite_sql.postgres_runs:PostgresRunStorage"),
    "postgres_event_log_storage": Plugin("dagsterlite_sql.postgres_events:PostgresEventLogStorage"),
    "mysql_run_storage": Plugin("dagsterlite_sql.mysql_runs:MySQLRunStorage"),
    "mysql_event_log_storage": Plugin("dagsterlite_sql.mysql_events:MySQLEventLogStorage"),
    "fs_intermediate_storage": Plugin("dagsterlite_fsspec.definitions:fs_intermediate_storage"),
    "fs_system_storage": Plugin("dagsterlite_fsspec.definitions:fs_system_storage"),
    "run_files": Plugin("dagsterlite_fsspec.removal:RunFiles"),
    # How values are written: `codec.<name>`, and `codec_of.<package>.<class>` chooses one.
    "codec.npy": Plugin("dagsterlite_fsspec.arrays:ARRAY", "demo"),
    "codec.strategy:json": Plugin("dagsterlite_fsspec.strategies:JSON"),
    "codec.dagsterlite_pandas.arrow": Plugin("dagsterlite_pandas.codecs:ARROW", "pandas"),
    "codec.dagsterlite_dask.parquet": Plugin("dagsterlite_dask.frames:PARQUET", "dataframe"),
    "codec_of.dask.DataFrame": Plugin("dagsterlite_dask.frames:codec_for_frame", "dataframe"),
    "codec_of.numpy.ndarray": Plugin("dagsterlite_fsspec.arrays:codec_for_array"),
    "codec_of.pandas.DataFrame": Plugin("dagsterlite_pandas.codecs:codec_for_frame", "pandas"),
    "local_compute_log_manager": Plugin("dagsterlite_fsspec.compute_logs:LocalComputeLogManager"),
    "fsspec_compute_log_manager": Plugin("dagsterlite_fsspec.compute_logs:FsspecComputeLogManager"),
    "s3_compute_log_manager": Plugin("dagsterlite_fsspec.compute_logs:S3ComputeLogManager"),
    "no_op_compute_log_manager": Plugin("dagsterlite.compute_logs:NoOpComputeLogManager"),
    "fs_file_manager": Plugin("dagsterlite_fsspec.file_manager:FsspecFileManager"),
    "s3_file_manager": Plugin("dagsterlite_fsspec.file_manager:make_s3_file_manager"),
    "gcs_file_manager": Plugin("dagsterlite_fsspec.file_manager:make_gcs_file_manager"),
    "local_file_manager": Plugin("dagsterlite_fsspec.file_manager:make_local_file_manager"),
    "make_fs_io_manager": Plugin("dagsterlite_fsspec.io_managers:FilesystemIOManager"),
    "make_custom_path_fs_io_manager": Plugin("dagsterlite_fsspec.io_managers:CustomPathIOManager"),
    "fs_intermediates": Plugin("dagsterlite_fsspec.intermediates:FsspecIntermediateStorage"),
}


def is_known(name: str) -> bool:
    """Return whether ``name`` stands for an object."""
    return name in PLUGINS or name in _third_party()


def load(name: str) -> Any:
    """Return the object that ``name`` stands for.

    Raises:
        MissingExtraError: its module needs a package that is not installed.
        DagsterInvariantViolationError: no such name is known.
    """
    plugin = PLUGINS.get(name)
    if plugin is not None:
        return load_path(plugin.path, plugin.extra)
    entry_point = _third_party().get(name)
    if entry_point is not None:
        return entry_point.load()
    known = {*PLUGINS, *_third_party()}
    message = f"No plugin is named '{name}'.{near(name, known)} Known: {listed(known)}."
    raise DagsterInvariantViolationError(message)


def load_path(path: str, extra: str | None = None) -> Any:
    """Return the attribute at ``module:attribute``.

    Raises:
        MissingExtraError: the module, or one that it imports, is not installed.
    """
    module, _, attribute = path.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as exc:
        raise MissingExtraError(path, exc.name or module, extra) from exc


@cache
def _third_party() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINT_GROUP)}

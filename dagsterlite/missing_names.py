"""Names of the programming model that dagsterlite does not have, and what takes their place."""

from __future__ import annotations

import sys

_SCHEDULING = (
    "there are no schedules, sensors and partition sets here. Start runs from cron or any other "
    "scheduler by `dagsterlite pipeline launch`, or from Python by execute_pipeline"
)
_ASSETS = (
    "assets are told of by the solids and ops that write them: yield an AssetMaterialization, or "
    "give an output an asset_key"
)
_QUEUE = (
    "runs in a queue wait for a daemon, which there is none of here. Use DefaultRunCoordinator, "
    "the default, which has each run launched at once: runs that share a Dask cluster take turns "
    "on it. Or write a RunCoordinator that launches runs when you see fit"
)
_INTERNAL = "it is no part of the documented programming model"
_RESULTS = "yield an Output for each output"

_NAMES_OF = {
    _SCHEDULING: (
        "DailyPartitionsDefinition",
        "DefaultScheduleStatus",
        "DefaultSensorStatus",
        "HourlyPartitionsDefinition",
        "MonthlyPartitionsDefinition",
        "Partition",
        "PartitionScheduleDefinition",
        "PartitionSetDefinition",
        "PartitionedConfig",
        "PipelineFailureSensorContext",
        "RunFailureSensorContext",
        "RunRequest",
        "RunStatusSensorContext",
        "ScheduleDefinition",
        "ScheduleEvaluationContext",
        "ScheduleExecutionContext",
        "SensorDefinition",
        "SensorEvaluationContext",
        "SensorExecutionContext",
        "SkipReason",
        "WeeklyPartitionsDefinition",
        "asset_sensor",
        "build_run_status_sensor_context",
        "build_schedule_context",
        "build_schedule_from_partitioned_job",
        "build_sensor_context",
        "create_offset_partition_selector",
        "daily_partitioned_config",
        "daily_schedule",
        "date_partition_range",
        "dynamic_partitioned_config",
        "hourly_partitioned_config",
        "hourly_schedule",
        "identity_partition_selector",
        "make_email_on_pipeline_failure_sensor",
        "make_email_on_run_failure_sensor",
        "monthly_partitioned_config",
        "monthly_schedule",
        "pipeline_failure_sensor",
        "run_failure_sensor",
        "run_status_sensor",
        "schedule",
        "sensor",
        "static_partitioned_config",
        "weekly_partitioned_config",
        "weekly_schedule",
    ),
    _ASSETS: (
        "AssetGroup",
        "AssetIn",
        "AssetOut",
        "AssetSelection",
        "AssetsDefinition",
        "Definitions",
        "SourceAsset",
        "asset",
        "define_asset_job",
        "load_assets_from_modules",
        "load_assets_from_package_module",
        "materialize",
        "multi_asset",
        "with_resources",
    ),
    _QUEUE: ("QueuedRunCoordinator",),
    _INTERNAL: ("check", "seven"),
    _RESULTS: ("MultipleOutputs", "MultipleResults", "Result"),
    "execute_pipeline takes the mode": ("execute_pipeline_with_mode",),
    "execute_pipeline takes the preset": ("execute_pipeline_with_preset",),
    "use PythonObjectDagsterType, or decorate the class with usable_as_dagster_type": (
        "as_dagster_type",
        "dagster_type",
    ),
    "use SolidInvocation": ("SolidInstance",),
    "use Permissive": ("PermissiveDict",),
    "use Shape": ("NamedDict",),
    "use Selector": ("NamedSelector",),
    "use fs_io_manager": ("fs_asset_store",),
    "use mem_io_manager": ("mem_asset_store",),
    "use RunsFilter": ("PipelineRunsFilter",),
    "subclassing Config is a later way to write a config_schema: give op, solid or resource one": (
        "Config",
        "ConfigurableResource",
        "RunConfig",
    ),
}

_HINTS = {name: hint for hint, names in _NAMES_OF.items() for name in names}


def hint_for(name: str) -> str | None:
    """Return what takes the place of a name that users of the model may know; None for others."""
    return _HINTS.get(name)


def error_for(name: str) -> Exception:
    """Return the error that tells of a name which dagsterlite does not have.

    A name that users of the model may know is an ImportError, which ``from dagsterlite import``
    shows as it is: of any other error it keeps nothing but the name.
    """
    hint = hint_for(name)
    if hint is None:
        message = f"module 'dagsterlite' has no attribute '{name}'"
        # With both, Python suggests the name that was probably meant.
        return AttributeError(message, name=name, obj=sys.modules["dagsterlite"])
    message = f"dagsterlite has no '{name}': {hint}."
    return ImportError(message, name="dagsterlite")

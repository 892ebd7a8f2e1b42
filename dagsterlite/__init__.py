"""A Dask-native distributed execution framework with Dagster's programming model.

Names are loaded when they are first used: importing the package loads none of its parts.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_NAMES_OF = {
    "dagsterlite.api": (
        "create_execution_plan",
        "create_run_for_pipeline",
        "execute_pipeline",
        "execute_pipeline_iterator",
        "execute_run",
        "validate_run_config",
    ),
    "dagsterlite.config": (
        "Array",
        "BoolSource",
        "Enum",
        "EnumValue",
        "Field",
        "IntSource",
        "Map",
        "Noneable",
        "Permissive",
        "ScalarUnion",
        "Selector",
        "Shape",
        "StringSource",
    ),
    "dagsterlite.configurable": (
        "ConfigurableClass",
        "ConfigurableClassData",
    ),
    "dagsterlite.definitions.composite": (
        "CompositeSolidDefinition",
        "composite_solid",
    ),
    "dagsterlite.definitions.config_mapping": ("ConfigMapping",),
    "dagsterlite.definitions.console": (
        "colored_console_logger",
        "default_loggers",
    ),
    "dagsterlite.definitions.dependency": (
        "DependencyDefinition",
        "DynamicCollectDependencyDefinition",
        "MultiDependencyDefinition",
        "SolidInvocation",
    ),
    "dagsterlite.definitions.executor": (
        "ExecutorDefinition",
        "executor",
    ),
    "dagsterlite.definitions.inputs": (
        "InputDefinition",
        "InputMapping",
    ),
    "dagsterlite.definitions.logger": (
        "InitLoggerContext",
        "LoggerDefinition",
        "logger",
    ),
    "dagsterlite.definitions.mappings": ("MappedInputPlaceholder",),
    "dagsterlite.definitions.mode": ("ModeDefinition",),
    "dagsterlite.definitions.outputs": (
        "DynamicOutputDefinition",
        "OutputDefinition",
        "OutputMapping",
    ),
    "dagsterlite.definitions.pipeline": (
        "PipelineDefinition",
        "pipeline",
    ),
    "dagsterlite.definitions.preset": ("PresetDefinition",),
    "dagsterlite.definitions.resource": (
        "InitResourceContext",
        "ResourceDefinition",
        "resource",
    ),
    "dagsterlite.definitions.solid": (
        "SolidDefinition",
        "lambda_solid",
        "solid",
    ),
    "dagsterlite.definitions.storage": (
        "InitIntermediateStorageContext",
        "IntermediateStorageDefinition",
        "SystemStorageDefinition",
        "intermediate_storage",
        "system_storage",
    ),
    "dagsterlite.errors": (
        "CheckError",
        "DagsterConfigMappingFunctionError",
        "DagsterCorruptObjectError",
        "DagsterError",
        "DagsterExecutionInterruptedError",
        "DagsterExecutionStepExecutionError",
        "DagsterExecutionStepNotFoundError",
        "DagsterHomeError",
        "DagsterInstanceMigrationRequired",
        "DagsterInvalidConfigDefinitionError",
        "DagsterInvalidConfigError",
        "DagsterInvalidDefinitionError",
        "DagsterInvalidSubsetError",
        "DagsterInvariantViolationError",
        "DagsterLeaseLostError",
        "DagsterLoggerFunctionError",
        "DagsterResourceFunctionError",
        "DagsterRunAlreadyExists",
        "DagsterRunCanceledError",
        "DagsterRunConflict",
        "DagsterRunNotFoundError",
        "DagsterSerdesError",
        "DagsterSettingsError",
        "DagsterStepExecutionFailed",
        "DagsterStepOutputNotFoundError",
        "DagsterStorageError",
        "DagsterTypeCheckDidNotPass",
        "DagsterTypeCheckError",
        "DagsterTypeLoadingError",
        "DagsterTypeMaterializationError",
        "DagsterUnknownCodecError",
        "DagsterUnknownResourceError",
        "DagsterUnmetExecutorRequirementsError",
        "DagsterUnpicklableOutputError",
        "DagsterUserCodeExecutionError",
        "HookExecutionError",
        "MissingExtraError",
        "ParameterCheckError",
        "PostProcessingError",
        "user_code_error_boundary",
    ),
    "dagsterlite.events.assets": ("AssetKey",),
    "dagsterlite.events.error_info": ("SerializableErrorInfo",),
    "dagsterlite.events.event": ("DagsterEvent",),
    "dagsterlite.events.event_type": ("DagsterEventType",),
    "dagsterlite.events.log_entry": ("EventLogEntry",),
    "dagsterlite.events.metadata": (
        "EventMetadataEntry",
        "FloatMetadataEntryData",
        "IntMetadataEntryData",
        "JsonMetadataEntryData",
        "MarkdownMetadataEntryData",
        "PathMetadataEntryData",
        "PythonArtifactMetadataEntryData",
        "TextMetadataEntryData",
        "UrlMetadataEntryData",
    ),
    "dagsterlite.events.yielded": (
        "AssetMaterialization",
        "AssetObservation",
        "DynamicOutput",
        "ExpectationResult",
        "Failure",
        "Materialization",
        "Output",
        "RetryRequested",
        "TypeCheck",
    ),
    "dagsterlite.execution.contexts": (
        "AbstractComputeExecutionContext",
        "SolidExecutionContext",
        "StepExecutionContext",
        "TypeCheckContext",
    ),
    "dagsterlite.execution.defaults": (
        "default_executors",
        "default_intermediate_storage_defs",
        "default_system_storage_defs",
        "mem_intermediate_storage",
        "mem_system_storage",
    ),
    "dagsterlite.execution.executor": (
        "Executor",
        "InitExecutorContext",
        "PlanOrchestrationContext",
        "RetryMode",
    ),
    "dagsterlite.execution.in_process": ("in_process_executor",),
    "dagsterlite.execution.log_manager": ("DagsterLogManager",),
    "dagsterlite.execution.results": (
        "CompositeSolidExecutionResult",
        "PipelineExecutionResult",
        "SolidExecutionResult",
    ),
    "dagsterlite.handles": ("SolidHandle",),
    "dagsterlite.instance": (
        "DagsterInstance",
        "InstanceType",
        "LocalArtifactStorage",
    ),
    "dagsterlite.plan.execution_plan": ("ExecutionPlan",),
    "dagsterlite.plan.step": ("ExecutionStep",),
    "dagsterlite.runs": (
        "DagsterRun",
        "DagsterRunStatus",
        "PipelineRun",
        "RunRecord",
        "RunsFilter",
    ),
    "dagsterlite.stores": (
        "EventLogRecord",
        "EventLogStorage",
        "EventRecordsFilter",
        "IntermediateStorage",
        "RunStorage",
        "StepManifest",
    ),
    "dagsterlite.types.annotations": (
        "Dict",
        "List",
        "Optional",
        "Set",
        "Tuple",
        "make_python_type_usable_as_dagster_type",
    ),
    "dagsterlite.types.builtins": (
        "Any",
        "Bool",
        "Float",
        "Int",
        "Nothing",
        "Path",
        "String",
    ),
    "dagsterlite.types.dagster_type": (
        "DagsterType",
        "PythonObjectDagsterType",
    ),
    "dagsterlite.types.loader": (
        "DagsterTypeLoader",
        "DagsterTypeMaterializer",
        "dagster_type_loader",
        "dagster_type_materializer",
    ),
    "dagsterlite_fsspec.definitions": (
        "fs_intermediate_storage",
        "fs_system_storage",
    ),
}

_MODULE_OF = {name: module for module, names in _NAMES_OF.items() for name in names}

__all__ = sorted(_MODULE_OF)  # noqa: PLE0605 - the names stand in one table


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is None:
        message = f"module 'dagsterlite' has no attribute '{name}'"
        raise AttributeError(message)
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]

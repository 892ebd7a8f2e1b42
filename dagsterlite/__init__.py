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
        "scaffold_run_config",
        "validate_run_config",
    ),
    "dagsterlite.api.graph": (
        "GraphDefinition",
        "graph",
        "job",
    ),
    "dagsterlite.api.job": (
        "JobDefinition",
        "execute_job",
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
    "dagsterlite.definitions.config_mapping": (
        "ConfigMapping",
        "config_mapping",
    ),
    "dagsterlite.definitions.configured": ("configured",),
    "dagsterlite.definitions.console": (
        "colored_console_logger",
        "default_loggers",
    ),
    "dagsterlite.definitions.dependency": (
        "DependencyDefinition",
        "MultiDependencyDefinition",
        "SolidInvocation",
    ),
    "dagsterlite.definitions.executor": (
        "ExecutorDefinition",
        "ExecutorRequirement",
        "executor",
        "multiple_process_executor_requirements",
    ),
    "dagsterlite.definitions.hook": (
        "HookDefinition",
        "HookExecutionResult",
        "event_list_hook",
        "failure_hook",
        "success_hook",
    ),
    "dagsterlite.definitions.inputs": (
        "InputDefinition",
        "InputMapping",
    ),
    "dagsterlite.definitions.ins_outs": (
        "GraphIn",
        "GraphOut",
        "In",
        "Out",
    ),
    "dagsterlite.definitions.io_context": (
        "InputContext",
        "OutputContext",
    ),
    "dagsterlite.definitions.io_manager": (
        "IOManager",
        "IOManagerDefinition",
        "InputManager",
        "InputManagerDefinition",
        "RootInputManager",
        "RootInputManagerDefinition",
        "input_manager",
        "io_manager",
        "root_input_manager",
    ),
    "dagsterlite.definitions.logger": (
        "InitLoggerContext",
        "LoggerDefinition",
        "logger",
    ),
    "dagsterlite.definitions.mappings": ("MappedInputPlaceholder",),
    "dagsterlite.definitions.mode": ("ModeDefinition",),
    "dagsterlite.definitions.op": (
        "OpDefinition",
        "op",
    ),
    "dagsterlite.definitions.outputs": (
        "OutputDefinition",
        "OutputMapping",
    ),
    "dagsterlite.definitions.pipeline": (
        "PipelineDefinition",
        "pipeline",
    ),
    "dagsterlite.definitions.preset": (
        "PresetDefinition",
        "file_relative_path",
    ),
    "dagsterlite.definitions.repository": (
        "RepositoryDefinition",
        "repository",
    ),
    "dagsterlite.definitions.resource": (
        "InitResourceContext",
        "ResourceDefinition",
        "resource",
    ),
    "dagsterlite.definitions.retry_policy": (
        "Backoff",
        "Jitter",
        "RetryPolicy",
    ),
    "dagsterlite.definitions.solid": (
        "SolidDefinition",
        "lambda_solid",
        "solid",
    ),
    "dagsterlite.definitions.storage": (
        "InitIntermediateStorageContext",
        "InitSystemStorageContext",
        "IntermediateStorageDefinition",
        "SystemStorageData",
        "SystemStorageDefinition",
        "intermediate_storage",
        "system_storage",
    ),
    "dagsterlite.errors": (
        "CheckError",
        "DagsterConfigMappingFunctionError",
        "DagsterCorruptObjectError",
        "DagsterError",
        "DagsterExecutionHandleOutputError",
        "DagsterExecutionInterruptedError",
        "DagsterExecutionLoadInputError",
        "DagsterExecutionStepExecutionError",
        "DagsterExecutionStepNotFoundError",
        "DagsterFileNotFoundError",
        "DagsterHomeError",
        "DagsterInstanceMigrationRequired",
        "DagsterInvalidConfigDefinitionError",
        "DagsterInvalidConfigError",
        "DagsterInvalidDefinitionError",
        "DagsterInvalidInvocationError",
        "DagsterInvalidPropertyError",
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
        "DagsterAssetMetadataEntryData",
        "DagsterPipelineRunMetadataEntryData",
        "EventMetadata",
        "EventMetadataEntry",
        "FloatMetadataEntryData",
        "IntMetadataEntryData",
        "JsonMetadataEntryData",
        "MarkdownMetadataEntryData",
        "MetadataValue",
        "PathMetadataEntryData",
        "PythonArtifactMetadataEntryData",
        "TextMetadataEntryData",
        "UrlMetadataEntryData",
    ),
    "dagsterlite.events.payloads": ("ObjectStoreOperationType",),
    "dagsterlite.events.yielded": (
        "AssetMaterialization",
        "AssetObservation",
        "ExpectationResult",
        "Failure",
        "Materialization",
        "Output",
        "RetryRequested",
        "TypeCheck",
    ),
    "dagsterlite.execution.build_io_contexts": (
        "build_input_context",
        "build_output_context",
    ),
    "dagsterlite.execution.contexts": (
        "AbstractComputeExecutionContext",
        "OpExecutionContext",
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
    "dagsterlite.execution.hook_contexts": ("HookContext",),
    "dagsterlite.execution.hook_invocation": ("build_hook_context",),
    "dagsterlite.execution.in_process": ("in_process_executor",),
    "dagsterlite.execution.job_results": (
        "ExecuteInProcessResult",
        "JobExecutionResult",
    ),
    "dagsterlite.execution.log_manager": ("DagsterLogManager",),
    "dagsterlite.execution.mem_io_manager": ("mem_io_manager",),
    "dagsterlite.execution.object_store": (
        "ObjectStore",
        "ObjectStoreOperation",
        "build_intermediate_storage_from_object_store",
    ),
    "dagsterlite.execution.requirements": ("check_cross_process_constraints",),
    "dagsterlite.execution.results": (
        "CompositeSolidExecutionResult",
        "PipelineExecutionResult",
        "SolidExecutionResult",
    ),
    "dagsterlite.execution.step_launcher": ("StepLauncher",),
    "dagsterlite.execution.step_run_ref": (
        "StepRunRef",
        "run_step_from_ref",
        "step_context_to_step_run_ref",
        "step_run_ref_to_step_context",
    ),
    "dagsterlite.file_manager": (
        "FileHandle",
        "FileManager",
        "LocalFileHandle",
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
    "dagsterlite.types.checking": ("check_dagster_type",),
    "dagsterlite.types.dagster_type": (
        "DagsterType",
        "PythonObjectDagsterType",
    ),
    "dagsterlite.types.loader": (
        "DagsterTypeLoader",
        "DagsterTypeMaterializer",
        "dagster_type_loader",
        "dagster_type_materializer",
        "input_hydration_config",
        "output_materialization_config",
    ),
    "dagsterlite.types.serialization": ("SerializationStrategy",),
    "dagsterlite.types.usable": ("usable_as_dagster_type",),
    "dagsterlite_fsspec.definitions": (
        "custom_path_fs_io_manager",
        "fs_intermediate_storage",
        "fs_io_manager",
        "fs_system_storage",
        "fsspec_file_manager",
        "gcs_intermediate_storage",
        "gcs_system_storage",
        "local_file_manager",
        "s3_intermediate_storage",
        "s3_system_storage",
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

from dagsterlite.api import (
    create_execution_plan as create_execution_plan,
)
from dagsterlite.api import (
    create_run_for_pipeline as create_run_for_pipeline,
)
from dagsterlite.api import (
    execute_pipeline as execute_pipeline,
)
from dagsterlite.api import (
    execute_pipeline_iterator as execute_pipeline_iterator,
)
from dagsterlite.api import (
    execute_run as execute_run,
)
from dagsterlite.api import (
    validate_run_config as validate_run_config,
)
from dagsterlite.config import (
    Array as Array,
)
from dagsterlite.config import (
    BoolSource as BoolSource,
)
from dagsterlite.config import (
    Enum as Enum,
)
from dagsterlite.config import (
    EnumValue as EnumValue,
)
from dagsterlite.config import (
    Field as Field,
)
from dagsterlite.config import (
    IntSource as IntSource,
)
from dagsterlite.config import (
    Map as Map,
)
from dagsterlite.config import (
    Noneable as Noneable,
)
from dagsterlite.config import (
    Permissive as Permissive,
)
from dagsterlite.config import (
    ScalarUnion as ScalarUnion,
)
from dagsterlite.config import (
    Selector as Selector,
)
from dagsterlite.config import (
    Shape as Shape,
)
from dagsterlite.config import (
    StringSource as StringSource,
)
from dagsterlite.configurable import (
    ConfigurableClass as ConfigurableClass,
)
from dagsterlite.configurable import (
    ConfigurableClassData as ConfigurableClassData,
)
from dagsterlite.definitions.composite import (
    CompositeSolidDefinition as CompositeSolidDefinition,
)
from dagsterlite.definitions.composite import (
    composite_solid as composite_solid,
)
from dagsterlite.definitions.config_mapping import (
    ConfigMapping as ConfigMapping,
)
from dagsterlite.definitions.console import (
    colored_console_logger as colored_console_logger,
)
from dagsterlite.definitions.console import (
    default_loggers as default_loggers,
)
from dagsterlite.definitions.dependency import (
    DependencyDefinition as DependencyDefinition,
)
from dagsterlite.definitions.dependency import (
    DynamicCollectDependencyDefinition as DynamicCollectDependencyDefinition,
)
from dagsterlite.definitions.dependency import (
    MultiDependencyDefinition as MultiDependencyDefinition,
)
from dagsterlite.definitions.dependency import (
    SolidInvocation as SolidInvocation,
)
from dagsterlite.definitions.executor import (
    ExecutorDefinition as ExecutorDefinition,
)
from dagsterlite.definitions.executor import (
    executor as executor,
)
from dagsterlite.definitions.inputs import (
    InputDefinition as InputDefinition,
)
from dagsterlite.definitions.inputs import (
    InputMapping as InputMapping,
)
from dagsterlite.definitions.logger import (
    InitLoggerContext as InitLoggerContext,
)
from dagsterlite.definitions.logger import (
    LoggerDefinition as LoggerDefinition,
)
from dagsterlite.definitions.logger import (
    logger as logger,
)
from dagsterlite.definitions.mappings import (
    MappedInputPlaceholder as MappedInputPlaceholder,
)
from dagsterlite.definitions.mode import (
    ModeDefinition as ModeDefinition,
)
from dagsterlite.definitions.outputs import (
    DynamicOutputDefinition as DynamicOutputDefinition,
)
from dagsterlite.definitions.outputs import (
    OutputDefinition as OutputDefinition,
)
from dagsterlite.definitions.outputs import (
    OutputMapping as OutputMapping,
)
from dagsterlite.definitions.pipeline import (
    PipelineDefinition as PipelineDefinition,
)
from dagsterlite.definitions.pipeline import (
    pipeline as pipeline,
)
from dagsterlite.definitions.preset import (
    PresetDefinition as PresetDefinition,
)
from dagsterlite.definitions.resource import (
    InitResourceContext as InitResourceContext,
)
from dagsterlite.definitions.resource import (
    ResourceDefinition as ResourceDefinition,
)
from dagsterlite.definitions.resource import (
    resource as resource,
)
from dagsterlite.definitions.solid import (
    SolidDefinition as SolidDefinition,
)
from dagsterlite.definitions.solid import (
    lambda_solid as lambda_solid,
)
from dagsterlite.definitions.solid import (
    solid as solid,
)
from dagsterlite.definitions.storage import (
    InitIntermediateStorageContext as InitIntermediateStorageContext,
)
from dagsterlite.definitions.storage import (
    IntermediateStorageDefinition as IntermediateStorageDefinition,
)
from dagsterlite.definitions.storage import (
    SystemStorageDefinition as SystemStorageDefinition,
)
from dagsterlite.definitions.storage import (
    intermediate_storage as intermediate_storage,
)
from dagsterlite.definitions.storage import (
    system_storage as system_storage,
)
from dagsterlite.errors import (
    CheckError as CheckError,
)
from dagsterlite.errors import (
    DagsterConfigMappingFunctionError as DagsterConfigMappingFunctionError,
)
from dagsterlite.errors import (
    DagsterCorruptObjectError as DagsterCorruptObjectError,
)
from dagsterlite.errors import (
    DagsterError as DagsterError,
)
from dagsterlite.errors import (
    DagsterExecutionInterruptedError as DagsterExecutionInterruptedError,
)
from dagsterlite.errors import (
    DagsterExecutionStepExecutionError as DagsterExecutionStepExecutionError,
)
from dagsterlite.errors import (
    DagsterExecutionStepNotFoundError as DagsterExecutionStepNotFoundError,
)
from dagsterlite.errors import (
    DagsterHomeError as DagsterHomeError,
)
from dagsterlite.errors import (
    DagsterInstanceMigrationRequired as DagsterInstanceMigrationRequired,
)
from dagsterlite.errors import (
    DagsterInvalidConfigDefinitionError as DagsterInvalidConfigDefinitionError,
)
from dagsterlite.errors import (
    DagsterInvalidConfigError as DagsterInvalidConfigError,
)
from dagsterlite.errors import (
    DagsterInvalidDefinitionError as DagsterInvalidDefinitionError,
)
from dagsterlite.errors import (
    DagsterInvalidSubsetError as DagsterInvalidSubsetError,
)
from dagsterlite.errors import (
    DagsterInvariantViolationError as DagsterInvariantViolationError,
)
from dagsterlite.errors import (
    DagsterLeaseLostError as DagsterLeaseLostError,
)
from dagsterlite.errors import (
    DagsterLoggerFunctionError as DagsterLoggerFunctionError,
)
from dagsterlite.errors import (
    DagsterResourceFunctionError as DagsterResourceFunctionError,
)
from dagsterlite.errors import (
    DagsterRunAlreadyExists as DagsterRunAlreadyExists,
)
from dagsterlite.errors import (
    DagsterRunCanceledError as DagsterRunCanceledError,
)
from dagsterlite.errors import (
    DagsterRunConflict as DagsterRunConflict,
)
from dagsterlite.errors import (
    DagsterRunNotFoundError as DagsterRunNotFoundError,
)
from dagsterlite.errors import (
    DagsterSerdesError as DagsterSerdesError,
)
from dagsterlite.errors import (
    DagsterSettingsError as DagsterSettingsError,
)
from dagsterlite.errors import (
    DagsterStepExecutionFailed as DagsterStepExecutionFailed,
)
from dagsterlite.errors import (
    DagsterStepOutputNotFoundError as DagsterStepOutputNotFoundError,
)
from dagsterlite.errors import (
    DagsterStorageError as DagsterStorageError,
)
from dagsterlite.errors import (
    DagsterTypeCheckDidNotPass as DagsterTypeCheckDidNotPass,
)
from dagsterlite.errors import (
    DagsterTypeCheckError as DagsterTypeCheckError,
)
from dagsterlite.errors import (
    DagsterTypeLoadingError as DagsterTypeLoadingError,
)
from dagsterlite.errors import (
    DagsterTypeMaterializationError as DagsterTypeMaterializationError,
)
from dagsterlite.errors import (
    DagsterUnknownCodecError as DagsterUnknownCodecError,
)
from dagsterlite.errors import (
    DagsterUnknownResourceError as DagsterUnknownResourceError,
)
from dagsterlite.errors import (
    DagsterUnmetExecutorRequirementsError as DagsterUnmetExecutorRequirementsError,
)
from dagsterlite.errors import (
    DagsterUnpicklableOutputError as DagsterUnpicklableOutputError,
)
from dagsterlite.errors import (
    DagsterUserCodeExecutionError as DagsterUserCodeExecutionError,
)
from dagsterlite.errors import (
    HookExecutionError as HookExecutionError,
)
from dagsterlite.errors import (
    MissingExtraError as MissingExtraError,
)
from dagsterlite.errors import (
    ParameterCheckError as ParameterCheckError,
)
from dagsterlite.errors import (
    PostProcessingError as PostProcessingError,
)
from dagsterlite.errors import (
    user_code_error_boundary as user_code_error_boundary,
)
from dagsterlite.events.assets import (
    AssetKey as AssetKey,
)
from dagsterlite.events.error_info import (
    SerializableErrorInfo as SerializableErrorInfo,
)
from dagsterlite.events.event import (
    DagsterEvent as DagsterEvent,
)
from dagsterlite.events.event_type import (
    DagsterEventType as DagsterEventType,
)
from dagsterlite.events.log_entry import (
    EventLogEntry as EventLogEntry,
)
from dagsterlite.events.metadata import (
    EventMetadataEntry as EventMetadataEntry,
)
from dagsterlite.events.metadata import (
    FloatMetadataEntryData as FloatMetadataEntryData,
)
from dagsterlite.events.metadata import (
    IntMetadataEntryData as IntMetadataEntryData,
)
from dagsterlite.events.metadata import (
    JsonMetadataEntryData as JsonMetadataEntryData,
)
from dagsterlite.events.metadata import (
    MarkdownMetadataEntryData as MarkdownMetadataEntryData,
)
from dagsterlite.events.metadata import (
    PathMetadataEntryData as PathMetadataEntryData,
)
from dagsterlite.events.metadata import (
    PythonArtifactMetadataEntryData as PythonArtifactMetadataEntryData,
)
from dagsterlite.events.metadata import (
    TextMetadataEntryData as TextMetadataEntryData,
)
from dagsterlite.events.metadata import (
    UrlMetadataEntryData as UrlMetadataEntryData,
)
from dagsterlite.events.yielded import (
    AssetMaterialization as AssetMaterialization,
)
from dagsterlite.events.yielded import (
    AssetObservation as AssetObservation,
)
from dagsterlite.events.yielded import (
    DynamicOutput as DynamicOutput,
)
from dagsterlite.events.yielded import (
    ExpectationResult as ExpectationResult,
)
from dagsterlite.events.yielded import (
    Failure as Failure,
)
from dagsterlite.events.yielded import (
    Materialization as Materialization,
)
from dagsterlite.events.yielded import (
    Output as Output,
)
from dagsterlite.events.yielded import (
    RetryRequested as RetryRequested,
)
from dagsterlite.events.yielded import (
    TypeCheck as TypeCheck,
)
from dagsterlite.execution.contexts import (
    AbstractComputeExecutionContext as AbstractComputeExecutionContext,
)
from dagsterlite.execution.contexts import (
    SolidExecutionContext as SolidExecutionContext,
)
from dagsterlite.execution.contexts import (
    StepExecutionContext as StepExecutionContext,
)
from dagsterlite.execution.contexts import (
    TypeCheckContext as TypeCheckContext,
)
from dagsterlite.execution.defaults import (
    default_executors as default_executors,
)
from dagsterlite.execution.defaults import (
    default_intermediate_storage_defs as default_intermediate_storage_defs,
)
from dagsterlite.execution.defaults import (
    default_system_storage_defs as default_system_storage_defs,
)
from dagsterlite.execution.defaults import (
    mem_intermediate_storage as mem_intermediate_storage,
)
from dagsterlite.execution.defaults import (
    mem_system_storage as mem_system_storage,
)
from dagsterlite.execution.executor import (
    Executor as Executor,
)
from dagsterlite.execution.executor import (
    InitExecutorContext as InitExecutorContext,
)
from dagsterlite.execution.executor import (
    PlanOrchestrationContext as PlanOrchestrationContext,
)
from dagsterlite.execution.executor import (
    RetryMode as RetryMode,
)
from dagsterlite.execution.in_process import (
    in_process_executor as in_process_executor,
)
from dagsterlite.execution.log_manager import (
    DagsterLogManager as DagsterLogManager,
)
from dagsterlite.execution.results import (
    CompositeSolidExecutionResult as CompositeSolidExecutionResult,
)
from dagsterlite.execution.results import (
    PipelineExecutionResult as PipelineExecutionResult,
)
from dagsterlite.execution.results import (
    SolidExecutionResult as SolidExecutionResult,
)
from dagsterlite.handles import (
    SolidHandle as SolidHandle,
)
from dagsterlite.instance import (
    DagsterInstance as DagsterInstance,
)
from dagsterlite.instance import (
    InstanceType as InstanceType,
)
from dagsterlite.instance import (
    LocalArtifactStorage as LocalArtifactStorage,
)
from dagsterlite.plan.execution_plan import (
    ExecutionPlan as ExecutionPlan,
)
from dagsterlite.plan.step import (
    ExecutionStep as ExecutionStep,
)
from dagsterlite.runs import (
    DagsterRun as DagsterRun,
)
from dagsterlite.runs import (
    DagsterRunStatus as DagsterRunStatus,
)
from dagsterlite.runs import (
    PipelineRun as PipelineRun,
)
from dagsterlite.runs import (
    RunRecord as RunRecord,
)
from dagsterlite.runs import (
    RunsFilter as RunsFilter,
)
from dagsterlite.stores import (
    EventLogRecord as EventLogRecord,
)
from dagsterlite.stores import (
    EventLogStorage as EventLogStorage,
)
from dagsterlite.stores import (
    EventRecordsFilter as EventRecordsFilter,
)
from dagsterlite.stores import (
    IntermediateStorage as IntermediateStorage,
)
from dagsterlite.stores import (
    RunStorage as RunStorage,
)
from dagsterlite.stores import (
    StepManifest as StepManifest,
)
from dagsterlite.types.annotations import (
    Dict as Dict,
)
from dagsterlite.types.annotations import (
    List as List,
)
from dagsterlite.types.annotations import (
    Optional as Optional,
)
from dagsterlite.types.annotations import (
    Set as Set,
)
from dagsterlite.types.annotations import (
    Tuple as Tuple,
)
from dagsterlite.types.annotations import (
    make_python_type_usable_as_dagster_type as make_python_type_usable_as_dagster_type,
)
from dagsterlite.types.builtins import (
    Any as Any,
)
from dagsterlite.types.builtins import (
    Bool as Bool,
)
from dagsterlite.types.builtins import (
    Float as Float,
)
from dagsterlite.types.builtins import (
    Int as Int,
)
from dagsterlite.types.builtins import (
    Nothing as Nothing,
)
from dagsterlite.types.builtins import (
    Path as Path,
)
from dagsterlite.types.builtins import (
    String as String,
)
from dagsterlite.types.dagster_type import (
    DagsterType as DagsterType,
)
from dagsterlite.types.dagster_type import (
    PythonObjectDagsterType as PythonObjectDagsterType,
)
from dagsterlite.types.loader import (
    DagsterTypeLoader as DagsterTypeLoader,
)
from dagsterlite.types.loader import (
    DagsterTypeMaterializer as DagsterTypeMaterializer,
)
from dagsterlite.types.loader import (
    dagster_type_loader as dagster_type_loader,
)
from dagsterlite.types.loader import (
    dagster_type_materializer as dagster_type_materializer,
)
from dagsterlite_fsspec.definitions import (
    fs_intermediate_storage as fs_intermediate_storage,
)
from dagsterlite_fsspec.definitions import (
    fs_system_storage as fs_system_storage,
)

__version__: str
__all__ = [
    "AbstractComputeExecutionContext",
    "Any",
    "Array",
    "AssetKey",
    "AssetMaterialization",
    "AssetObservation",
    "Bool",
    "BoolSource",
    "CheckError",
    "CompositeSolidDefinition",
    "CompositeSolidExecutionResult",
    "ConfigMapping",
    "ConfigurableClass",
    "ConfigurableClassData",
    "DagsterConfigMappingFunctionError",
    "DagsterCorruptObjectError",
    "DagsterError",
    "DagsterEvent",
    "DagsterEventType",
    "DagsterExecutionInterruptedError",
    "DagsterExecutionStepExecutionError",
    "DagsterExecutionStepNotFoundError",
    "DagsterHomeError",
    "DagsterInstance",
    "DagsterInstanceMigrationRequired",
    "DagsterInvalidConfigDefinitionError",
    "DagsterInvalidConfigError",
    "DagsterInvalidDefinitionError",
    "DagsterInvalidSubsetError",
    "DagsterInvariantViolationError",
    "DagsterLeaseLostError",
    "DagsterLogManager",
    "DagsterLoggerFunctionError",
    "DagsterResourceFunctionError",
    "DagsterRun",
    "DagsterRunAlreadyExists",
    "DagsterRunCanceledError",
    "DagsterRunConflict",
    "DagsterRunNotFoundError",
    "DagsterRunStatus",
    "DagsterSerdesError",
    "DagsterSettingsError",
    "DagsterStepExecutionFailed",
    "DagsterStepOutputNotFoundError",
    "DagsterStorageError",
    "DagsterType",
    "DagsterTypeCheckDidNotPass",
    "DagsterTypeCheckError",
    "DagsterTypeLoader",
    "DagsterTypeLoadingError",
    "DagsterTypeMaterializationError",
    "DagsterTypeMaterializer",
    "DagsterUnknownCodecError",
    "DagsterUnknownResourceError",
    "DagsterUnmetExecutorRequirementsError",
    "DagsterUnpicklableOutputError",
    "DagsterUserCodeExecutionError",
    "DependencyDefinition",
    "Dict",
    "DynamicCollectDependencyDefinition",
    "DynamicOutput",
    "DynamicOutputDefinition",
    "Enum",
    "EnumValue",
    "EventLogEntry",
    "EventLogRecord",
    "EventLogStorage",
    "EventMetadataEntry",
    "EventRecordsFilter",
    "ExecutionPlan",
    "ExecutionStep",
    "Executor",
    "ExecutorDefinition",
    "ExpectationResult",
    "Failure",
    "Field",
    "Float",
    "FloatMetadataEntryData",
    "HookExecutionError",
    "InitExecutorContext",
    "InitIntermediateStorageContext",
    "InitLoggerContext",
    "InitResourceContext",
    "InputDefinition",
    "InputMapping",
    "InstanceType",
    "Int",
    "IntMetadataEntryData",
    "IntSource",
    "IntermediateStorage",
    "IntermediateStorageDefinition",
    "JsonMetadataEntryData",
    "List",
    "LocalArtifactStorage",
    "LoggerDefinition",
    "Map",
    "MappedInputPlaceholder",
    "MarkdownMetadataEntryData",
    "Materialization",
    "MissingExtraError",
    "ModeDefinition",
    "MultiDependencyDefinition",
    "Noneable",
    "Nothing",
    "Optional",
    "Output",
    "OutputDefinition",
    "OutputMapping",
    "ParameterCheckError",
    "Path",
    "PathMetadataEntryData",
    "Permissive",
    "PipelineDefinition",
    "PipelineExecutionResult",
    "PipelineRun",
    "PlanOrchestrationContext",
    "PostProcessingError",
    "PresetDefinition",
    "PythonArtifactMetadataEntryData",
    "PythonObjectDagsterType",
    "ResourceDefinition",
    "RetryMode",
    "RetryRequested",
    "RunRecord",
    "RunStorage",
    "RunsFilter",
    "ScalarUnion",
    "Selector",
    "SerializableErrorInfo",
    "Set",
    "Shape",
    "SolidDefinition",
    "SolidExecutionContext",
    "SolidExecutionResult",
    "SolidHandle",
    "SolidInvocation",
    "StepExecutionContext",
    "StepManifest",
    "String",
    "StringSource",
    "SystemStorageDefinition",
    "TextMetadataEntryData",
    "Tuple",
    "TypeCheck",
    "TypeCheckContext",
    "UrlMetadataEntryData",
    "colored_console_logger",
    "composite_solid",
    "create_execution_plan",
    "create_run_for_pipeline",
    "dagster_type_loader",
    "dagster_type_materializer",
    "default_executors",
    "default_intermediate_storage_defs",
    "default_loggers",
    "default_system_storage_defs",
    "execute_pipeline",
    "execute_pipeline_iterator",
    "execute_run",
    "executor",
    "fs_intermediate_storage",
    "fs_system_storage",
    "in_process_executor",
    "intermediate_storage",
    "lambda_solid",
    "logger",
    "make_python_type_usable_as_dagster_type",
    "mem_intermediate_storage",
    "mem_system_storage",
    "pipeline",
    "resource",
    "solid",
    "system_storage",
    "user_code_error_boundary",
    "validate_run_config",
]

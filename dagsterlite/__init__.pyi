from dagsterlite.api import attach_run as attach_run
from dagsterlite.api import create_execution_plan as create_execution_plan
from dagsterlite.api import create_run_for_pipeline as create_run_for_pipeline
from dagsterlite.api import execute_pipeline as execute_pipeline
from dagsterlite.api import execute_pipeline_iterator as execute_pipeline_iterator
from dagsterlite.api import execute_plan as execute_plan
from dagsterlite.api import execute_plan_iterator as execute_plan_iterator
from dagsterlite.api import execute_run as execute_run
from dagsterlite.api import execute_run_iterator as execute_run_iterator
from dagsterlite.api import execute_solid as execute_solid
from dagsterlite.api import execute_solid_within_pipeline as execute_solid_within_pipeline
from dagsterlite.api import execute_solids_within_pipeline as execute_solids_within_pipeline
from dagsterlite.api import load_run_result as load_run_result
from dagsterlite.api import reexecute_pipeline as reexecute_pipeline
from dagsterlite.api import reexecute_pipeline_iterator as reexecute_pipeline_iterator
from dagsterlite.api import scaffold_run_config as scaffold_run_config
from dagsterlite.api import validate_run_config as validate_run_config
from dagsterlite.api.graph import GraphDefinition as GraphDefinition
from dagsterlite.api.graph import graph as graph
from dagsterlite.api.graph import job as job
from dagsterlite.api.job import JobDefinition as JobDefinition
from dagsterlite.api.job import execute_job as execute_job
from dagsterlite.compute_logs import CapturedLogContext as CapturedLogContext
from dagsterlite.compute_logs import CapturedLogData as CapturedLogData
from dagsterlite.compute_logs import CapturedLogMetadata as CapturedLogMetadata
from dagsterlite.compute_logs import ComputeIOType as ComputeIOType
from dagsterlite.compute_logs import ComputeLogManager as ComputeLogManager
from dagsterlite.compute_logs import ComputeLogSubscription as ComputeLogSubscription
from dagsterlite.compute_logs import NoOpComputeLogManager as NoOpComputeLogManager
from dagsterlite.config import Array as Array
from dagsterlite.config import BoolSource as BoolSource
from dagsterlite.config import Enum as Enum
from dagsterlite.config import EnumValue as EnumValue
from dagsterlite.config import Field as Field
from dagsterlite.config import IntSource as IntSource
from dagsterlite.config import Map as Map
from dagsterlite.config import Noneable as Noneable
from dagsterlite.config import Permissive as Permissive
from dagsterlite.config import ScalarUnion as ScalarUnion
from dagsterlite.config import Selector as Selector
from dagsterlite.config import Shape as Shape
from dagsterlite.config import StringSource as StringSource
from dagsterlite.configurable import ConfigurableClass as ConfigurableClass
from dagsterlite.configurable import ConfigurableClassData as ConfigurableClassData
from dagsterlite.definitions.composite import CompositeSolidDefinition as CompositeSolidDefinition
from dagsterlite.definitions.composite import composite_solid as composite_solid
from dagsterlite.definitions.config_files import config_from_files as config_from_files
from dagsterlite.definitions.config_files import (
    config_from_pkg_resources as config_from_pkg_resources,
)
from dagsterlite.definitions.config_files import (
    config_from_yaml_strings as config_from_yaml_strings,
)
from dagsterlite.definitions.config_mapping import ConfigMapping as ConfigMapping
from dagsterlite.definitions.config_mapping import config_mapping as config_mapping
from dagsterlite.definitions.configured import configured as configured
from dagsterlite.definitions.console import colored_console_logger as colored_console_logger
from dagsterlite.definitions.console import default_loggers as default_loggers
from dagsterlite.definitions.console import json_console_logger as json_console_logger
from dagsterlite.definitions.dependency import DependencyDefinition as DependencyDefinition
from dagsterlite.definitions.dependency import (
    DynamicCollectDependencyDefinition as DynamicCollectDependencyDefinition,
)
from dagsterlite.definitions.dependency import (
    MultiDependencyDefinition as MultiDependencyDefinition,
)
from dagsterlite.definitions.dependency import NodeInvocation as NodeInvocation
from dagsterlite.definitions.dependency import SolidInvocation as SolidInvocation
from dagsterlite.definitions.executor import ExecutorDefinition as ExecutorDefinition
from dagsterlite.definitions.executor import ExecutorRequirement as ExecutorRequirement
from dagsterlite.definitions.executor import executor as executor
from dagsterlite.definitions.executor import (
    multiple_process_executor_requirements as multiple_process_executor_requirements,
)
from dagsterlite.definitions.hook import HookDefinition as HookDefinition
from dagsterlite.definitions.hook import HookExecutionResult as HookExecutionResult
from dagsterlite.definitions.hook import event_list_hook as event_list_hook
from dagsterlite.definitions.hook import failure_hook as failure_hook
from dagsterlite.definitions.hook import success_hook as success_hook
from dagsterlite.definitions.inputs import InputDefinition as InputDefinition
from dagsterlite.definitions.inputs import InputMapping as InputMapping
from dagsterlite.definitions.ins_outs import DynamicOut as DynamicOut
from dagsterlite.definitions.ins_outs import GraphIn as GraphIn
from dagsterlite.definitions.ins_outs import GraphOut as GraphOut
from dagsterlite.definitions.ins_outs import In as In
from dagsterlite.definitions.ins_outs import Out as Out
from dagsterlite.definitions.io_context import InputContext as InputContext
from dagsterlite.definitions.io_context import OutputContext as OutputContext
from dagsterlite.definitions.io_manager import InputManager as InputManager
from dagsterlite.definitions.io_manager import InputManagerDefinition as InputManagerDefinition
from dagsterlite.definitions.io_manager import IOManager as IOManager
from dagsterlite.definitions.io_manager import IOManagerDefinition as IOManagerDefinition
from dagsterlite.definitions.io_manager import RootInputManager as RootInputManager
from dagsterlite.definitions.io_manager import (
    RootInputManagerDefinition as RootInputManagerDefinition,
)
from dagsterlite.definitions.io_manager import input_manager as input_manager
from dagsterlite.definitions.io_manager import io_manager as io_manager
from dagsterlite.definitions.io_manager import root_input_manager as root_input_manager
from dagsterlite.definitions.logger import InitLoggerContext as InitLoggerContext
from dagsterlite.definitions.logger import LoggerDefinition as LoggerDefinition
from dagsterlite.definitions.logger import logger as logger
from dagsterlite.definitions.mappings import MappedInputPlaceholder as MappedInputPlaceholder
from dagsterlite.definitions.mode import ModeDefinition as ModeDefinition
from dagsterlite.definitions.op import OpDefinition as OpDefinition
from dagsterlite.definitions.op import op as op
from dagsterlite.definitions.outputs import DynamicOutputDefinition as DynamicOutputDefinition
from dagsterlite.definitions.outputs import OutputDefinition as OutputDefinition
from dagsterlite.definitions.outputs import OutputMapping as OutputMapping
from dagsterlite.definitions.pipeline import PipelineDefinition as PipelineDefinition
from dagsterlite.definitions.pipeline import pipeline as pipeline
from dagsterlite.definitions.preset import PresetDefinition as PresetDefinition
from dagsterlite.definitions.preset import file_relative_path as file_relative_path
from dagsterlite.definitions.repository import RepositoryDefinition as RepositoryDefinition
from dagsterlite.definitions.repository import repository as repository
from dagsterlite.definitions.resource import InitResourceContext as InitResourceContext
from dagsterlite.definitions.resource import ResourceDefinition as ResourceDefinition
from dagsterlite.definitions.resource import make_values_resource as make_values_resource
from dagsterlite.definitions.resource import resource as resource
from dagsterlite.definitions.retry_policy import Backoff as Backoff
from dagsterlite.definitions.retry_policy import Jitter as Jitter
from dagsterlite.definitions.retry_policy import RetryPolicy as RetryPolicy
from dagsterlite.definitions.solid import SolidDefinition as SolidDefinition
from dagsterlite.definitions.solid import lambda_solid as lambda_solid
from dagsterlite.definitions.solid import solid as solid
from dagsterlite.definitions.storage import (
    InitIntermediateStorageContext as InitIntermediateStorageContext,
)
from dagsterlite.definitions.storage import InitSystemStorageContext as InitSystemStorageContext
from dagsterlite.definitions.storage import (
    IntermediateStorageDefinition as IntermediateStorageDefinition,
)
from dagsterlite.definitions.storage import SystemStorageData as SystemStorageData
from dagsterlite.definitions.storage import SystemStorageDefinition as SystemStorageDefinition
from dagsterlite.definitions.storage import intermediate_storage as intermediate_storage
from dagsterlite.definitions.storage import system_storage as system_storage
from dagsterlite.errors import CheckError as CheckError
from dagsterlite.errors import (
    DagsterConfigMappingFunctionError as DagsterConfigMappingFunctionError,
)
from dagsterlite.errors import DagsterCorruptObjectError as DagsterCorruptObjectError
from dagsterlite.errors import DagsterError as DagsterError
from dagsterlite.errors import (
    DagsterExecutionHandleOutputError as DagsterExecutionHandleOutputError,
)
from dagsterlite.errors import DagsterExecutionInterruptedError as DagsterExecutionInterruptedError
from dagsterlite.errors import DagsterExecutionLoadInputError as DagsterExecutionLoadInputError
from dagsterlite.errors import (
    DagsterExecutionStepExecutionError as DagsterExecutionStepExecutionError,
)
from dagsterlite.errors import (
    DagsterExecutionStepNotFoundError as DagsterExecutionStepNotFoundError,
)
from dagsterlite.errors import DagsterFileNotFoundError as DagsterFileNotFoundError
from dagsterlite.errors import DagsterHomeError as DagsterHomeError
from dagsterlite.errors import DagsterInstanceMigrationRequired as DagsterInstanceMigrationRequired
from dagsterlite.errors import (
    DagsterInvalidConfigDefinitionError as DagsterInvalidConfigDefinitionError,
)
from dagsterlite.errors import DagsterInvalidConfigError as DagsterInvalidConfigError
from dagsterlite.errors import DagsterInvalidDefinitionError as DagsterInvalidDefinitionError
from dagsterlite.errors import DagsterInvalidInvocationError as DagsterInvalidInvocationError
from dagsterlite.errors import DagsterInvalidPropertyError as DagsterInvalidPropertyError
from dagsterlite.errors import DagsterInvalidSubsetError as DagsterInvalidSubsetError
from dagsterlite.errors import DagsterInvariantViolationError as DagsterInvariantViolationError
from dagsterlite.errors import DagsterLaunchFailedError as DagsterLaunchFailedError
from dagsterlite.errors import DagsterLeaseLostError as DagsterLeaseLostError
from dagsterlite.errors import DagsterLoggerFunctionError as DagsterLoggerFunctionError
from dagsterlite.errors import DagsterOutputsNotStoredError as DagsterOutputsNotStoredError
from dagsterlite.errors import DagsterOutputsUnreachableError as DagsterOutputsUnreachableError
from dagsterlite.errors import DagsterResourceFunctionError as DagsterResourceFunctionError
from dagsterlite.errors import DagsterRunAlreadyExists as DagsterRunAlreadyExists
from dagsterlite.errors import DagsterRunCanceledError as DagsterRunCanceledError
from dagsterlite.errors import DagsterRunConflict as DagsterRunConflict
from dagsterlite.errors import DagsterRunNotDeletedError as DagsterRunNotDeletedError
from dagsterlite.errors import DagsterRunNotFoundError as DagsterRunNotFoundError
from dagsterlite.errors import DagsterSerdesError as DagsterSerdesError
from dagsterlite.errors import DagsterSettingsError as DagsterSettingsError
from dagsterlite.errors import DagsterStepExecutionFailed as DagsterStepExecutionFailed
from dagsterlite.errors import DagsterStepNotStoredError as DagsterStepNotStoredError
from dagsterlite.errors import DagsterStepOutputNotFoundError as DagsterStepOutputNotFoundError
from dagsterlite.errors import DagsterStorageError as DagsterStorageError
from dagsterlite.errors import DagsterTerminatedError as DagsterTerminatedError
from dagsterlite.errors import DagsterTypeCheckDidNotPass as DagsterTypeCheckDidNotPass
from dagsterlite.errors import DagsterTypeCheckError as DagsterTypeCheckError
from dagsterlite.errors import DagsterTypeLoadingError as DagsterTypeLoadingError
from dagsterlite.errors import DagsterTypeMaterializationError as DagsterTypeMaterializationError
from dagsterlite.errors import DagsterUnknownCodecError as DagsterUnknownCodecError
from dagsterlite.errors import DagsterUnknownResourceError as DagsterUnknownResourceError
from dagsterlite.errors import (
    DagsterUnmetExecutorRequirementsError as DagsterUnmetExecutorRequirementsError,
)
from dagsterlite.errors import DagsterUnpicklableOutputError as DagsterUnpicklableOutputError
from dagsterlite.errors import DagsterUserCodeExecutionError as DagsterUserCodeExecutionError
from dagsterlite.errors import ExperimentalWarning as ExperimentalWarning
from dagsterlite.errors import HookExecutionError as HookExecutionError
from dagsterlite.errors import MissingExtraError as MissingExtraError
from dagsterlite.errors import ParameterCheckError as ParameterCheckError
from dagsterlite.errors import PostProcessingError as PostProcessingError
from dagsterlite.errors import user_code_error_boundary as user_code_error_boundary
from dagsterlite.events.assets import AssetKey as AssetKey
from dagsterlite.events.error_info import SerializableErrorInfo as SerializableErrorInfo
from dagsterlite.events.event import DagsterEvent as DagsterEvent
from dagsterlite.events.event_type import DagsterEventType as DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry as EventLogEntry
from dagsterlite.events.metadata import EventMetadata as EventMetadata
from dagsterlite.events.metadata import EventMetadataEntry as EventMetadataEntry
from dagsterlite.events.metadata import MetadataEntry as MetadataEntry
from dagsterlite.events.metadata import MetadataValue as MetadataValue
from dagsterlite.events.metadata_values import BoolMetadataValue as BoolMetadataValue
from dagsterlite.events.metadata_values import (
    DagsterAssetMetadataEntryData as DagsterAssetMetadataEntryData,
)
from dagsterlite.events.metadata_values import (
    DagsterAssetMetadataValue as DagsterAssetMetadataValue,
)
from dagsterlite.events.metadata_values import (
    DagsterPipelineRunMetadataEntryData as DagsterPipelineRunMetadataEntryData,
)
from dagsterlite.events.metadata_values import DagsterRunMetadataValue as DagsterRunMetadataValue
from dagsterlite.events.metadata_values import FloatMetadataEntryData as FloatMetadataEntryData
from dagsterlite.events.metadata_values import FloatMetadataValue as FloatMetadataValue
from dagsterlite.events.metadata_values import IntMetadataEntryData as IntMetadataEntryData
from dagsterlite.events.metadata_values import IntMetadataValue as IntMetadataValue
from dagsterlite.events.metadata_values import JsonMetadataEntryData as JsonMetadataEntryData
from dagsterlite.events.metadata_values import JsonMetadataValue as JsonMetadataValue
from dagsterlite.events.metadata_values import (
    MarkdownMetadataEntryData as MarkdownMetadataEntryData,
)
from dagsterlite.events.metadata_values import MarkdownMetadataValue as MarkdownMetadataValue
from dagsterlite.events.metadata_values import NotebookMetadataValue as NotebookMetadataValue
from dagsterlite.events.metadata_values import NullMetadataValue as NullMetadataValue
from dagsterlite.events.metadata_values import PathMetadataEntryData as PathMetadataEntryData
from dagsterlite.events.metadata_values import PathMetadataValue as PathMetadataValue
from dagsterlite.events.metadata_values import (
    PythonArtifactMetadataEntryData as PythonArtifactMetadataEntryData,
)
from dagsterlite.events.metadata_values import (
    PythonArtifactMetadataValue as PythonArtifactMetadataValue,
)
from dagsterlite.events.metadata_values import TableMetadataEntryData as TableMetadataEntryData
from dagsterlite.events.metadata_values import TableMetadataValue as TableMetadataValue
from dagsterlite.events.metadata_values import (
    TableSchemaMetadataEntryData as TableSchemaMetadataEntryData,
)
from dagsterlite.events.metadata_values import TableSchemaMetadataValue as TableSchemaMetadataValue
from dagsterlite.events.metadata_values import TextMetadataEntryData as TextMetadataEntryData
from dagsterlite.events.metadata_values import TextMetadataValue as TextMetadataValue
from dagsterlite.events.metadata_values import TimestampMetadataValue as TimestampMetadataValue
from dagsterlite.events.metadata_values import UrlMetadataEntryData as UrlMetadataEntryData
from dagsterlite.events.metadata_values import UrlMetadataValue as UrlMetadataValue
from dagsterlite.events.payloads import ObjectStoreOperationType as ObjectStoreOperationType
from dagsterlite.events.table_metadata import TableColumn as TableColumn
from dagsterlite.events.table_metadata import TableColumnConstraints as TableColumnConstraints
from dagsterlite.events.table_metadata import TableConstraints as TableConstraints
from dagsterlite.events.table_metadata import TableRecord as TableRecord
from dagsterlite.events.table_metadata import TableSchema as TableSchema
from dagsterlite.events.tick import InstigatorTick as InstigatorTick
from dagsterlite.events.tick import TickData as TickData
from dagsterlite.events.tick import TickStatus as TickStatus
from dagsterlite.events.yielded import AssetMaterialization as AssetMaterialization
from dagsterlite.events.yielded import AssetObservation as AssetObservation
from dagsterlite.events.yielded import DynamicOutput as DynamicOutput
from dagsterlite.events.yielded import ExpectationResult as ExpectationResult
from dagsterlite.events.yielded import Failure as Failure
from dagsterlite.events.yielded import Materialization as Materialization
from dagsterlite.events.yielded import Output as Output
from dagsterlite.events.yielded import RetryRequested as RetryRequested
from dagsterlite.events.yielded import TypeCheck as TypeCheck
from dagsterlite.execution.build_io_contexts import build_input_context as build_input_context
from dagsterlite.execution.build_io_contexts import build_output_context as build_output_context
from dagsterlite.execution.build_resources import build_resources as build_resources
from dagsterlite.execution.contexts import (
    AbstractComputeExecutionContext as AbstractComputeExecutionContext,
)
from dagsterlite.execution.contexts import OpExecutionContext as OpExecutionContext
from dagsterlite.execution.contexts import SolidExecutionContext as SolidExecutionContext
from dagsterlite.execution.defaults import default_executors as default_executors
from dagsterlite.execution.defaults import (
    default_intermediate_storage_defs as default_intermediate_storage_defs,
)
from dagsterlite.execution.defaults import (
    default_system_storage_defs as default_system_storage_defs,
)
from dagsterlite.execution.defaults import mem_intermediate_storage as mem_intermediate_storage
from dagsterlite.execution.defaults import mem_system_storage as mem_system_storage
from dagsterlite.execution.executor import Executor as Executor
from dagsterlite.execution.executor import InitExecutorContext as InitExecutorContext
from dagsterlite.execution.executor import PlanOrchestrationContext as PlanOrchestrationContext
from dagsterlite.execution.executor import RetryMode as RetryMode
from dagsterlite.execution.hook_contexts import HookContext as HookContext
from dagsterlite.execution.hook_invocation import build_hook_context as build_hook_context
from dagsterlite.execution.in_process import in_process_executor as in_process_executor
from dagsterlite.execution.job_results import ExecuteInProcessResult as ExecuteInProcessResult
from dagsterlite.execution.job_results import JobExecutionResult as JobExecutionResult
from dagsterlite.execution.launching import DefaultRunCoordinator as DefaultRunCoordinator
from dagsterlite.execution.launching import DefaultRunLauncher as DefaultRunLauncher
from dagsterlite.execution.log_manager import DagsterLogManager as DagsterLogManager
from dagsterlite.execution.mem_io_manager import mem_io_manager as mem_io_manager
from dagsterlite.execution.object_store import ObjectStore as ObjectStore
from dagsterlite.execution.object_store import ObjectStoreOperation as ObjectStoreOperation
from dagsterlite.execution.object_store import (
    build_intermediate_storage_from_object_store as build_intermediate_storage_from_object_store,
)
from dagsterlite.execution.reconstructable import ReconstructablePipeline as ReconstructablePipeline
from dagsterlite.execution.reconstructable import (
    build_reconstructable_pipeline as build_reconstructable_pipeline,
)
from dagsterlite.execution.reconstructable import reconstructable as reconstructable
from dagsterlite.execution.requirements import (
    check_cross_process_constraints as check_cross_process_constraints,
)
from dagsterlite.execution.results import (
    CompositeSolidExecutionResult as CompositeSolidExecutionResult,
)
from dagsterlite.execution.results import PipelineExecutionResult as PipelineExecutionResult
from dagsterlite.execution.solid_result import SolidExecutionResult as SolidExecutionResult
from dagsterlite.execution.step_context import StepExecutionContext as StepExecutionContext
from dagsterlite.execution.step_context import (
    SystemComputeExecutionContext as SystemComputeExecutionContext,
)
from dagsterlite.execution.step_launcher import StepLauncher as StepLauncher
from dagsterlite.execution.step_logger import get_dagster_logger as get_dagster_logger
from dagsterlite.execution.step_run_ref import StepRunRef as StepRunRef
from dagsterlite.execution.step_run_ref import run_step_from_ref as run_step_from_ref
from dagsterlite.execution.step_run_ref import (
    step_context_to_step_run_ref as step_context_to_step_run_ref,
)
from dagsterlite.execution.step_run_ref import (
    step_run_ref_to_step_context as step_run_ref_to_step_context,
)
from dagsterlite.execution.type_check_context import (
    DagsterTypeLoaderContext as DagsterTypeLoaderContext,
)
from dagsterlite.execution.type_check_context import (
    DagsterTypeMaterializerContext as DagsterTypeMaterializerContext,
)
from dagsterlite.execution.type_check_context import TypeCheckContext as TypeCheckContext
from dagsterlite.execution.unbound_contexts import (
    UnboundSolidExecutionContext as UnboundSolidExecutionContext,
)
from dagsterlite.execution.unbound_contexts import build_op_context as build_op_context
from dagsterlite.execution.unbound_contexts import build_solid_context as build_solid_context
from dagsterlite.execution.unbound_init_contexts import (
    UnboundInitLoggerContext as UnboundInitLoggerContext,
)
from dagsterlite.execution.unbound_init_contexts import (
    UnboundInitResourceContext as UnboundInitResourceContext,
)
from dagsterlite.execution.unbound_init_contexts import (
    build_init_logger_context as build_init_logger_context,
)
from dagsterlite.execution.unbound_init_contexts import (
    build_init_resource_context as build_init_resource_context,
)
from dagsterlite.file_manager import FileHandle as FileHandle
from dagsterlite.file_manager import FileManager as FileManager
from dagsterlite.file_manager import LocalFileHandle as LocalFileHandle
from dagsterlite.handles import SolidHandle as SolidHandle
from dagsterlite.instance import DagsterInstance as DagsterInstance
from dagsterlite.instance import InstanceType as InstanceType
from dagsterlite.instance import LocalArtifactStorage as LocalArtifactStorage
from dagsterlite.instance.records import AssetEntry as AssetEntry
from dagsterlite.instance.records import AssetRecord as AssetRecord
from dagsterlite.instance.records import AssetRecordsFilter as AssetRecordsFilter
from dagsterlite.instance.records import EventRecordsResult as EventRecordsResult
from dagsterlite.instance.records import (
    RunStatusChangeRecordsFilter as RunStatusChangeRecordsFilter,
)
from dagsterlite.instigators import InstigatorState as InstigatorState
from dagsterlite.instigators import InstigatorStatus as InstigatorStatus
from dagsterlite.instigators import InstigatorType as InstigatorType
from dagsterlite.instigators import ScheduleInstigatorData as ScheduleInstigatorData
from dagsterlite.instigators import SensorInstigatorData as SensorInstigatorData
from dagsterlite.partitions import AssetPartitionStatus as AssetPartitionStatus
from dagsterlite.partitions import DynamicPartitionsDefinition as DynamicPartitionsDefinition
from dagsterlite.partitions import PartitionsDefinition as PartitionsDefinition
from dagsterlite.partitions import StaticPartitionsDefinition as StaticPartitionsDefinition
from dagsterlite.plan.executable import IPipeline as IPipeline
from dagsterlite.plan.execution_plan import ExecutionPlan as ExecutionPlan
from dagsterlite.plan.step import ExecutionStep as ExecutionStep
from dagsterlite.run_launching import LaunchRunContext as LaunchRunContext
from dagsterlite.run_launching import RunCoordinator as RunCoordinator
from dagsterlite.run_launching import RunLauncher as RunLauncher
from dagsterlite.run_launching import Scheduler as Scheduler
from dagsterlite.run_launching import SubmitRunContext as SubmitRunContext
from dagsterlite.runs import DagsterRun as DagsterRun
from dagsterlite.runs import DagsterRunStatus as DagsterRunStatus
from dagsterlite.runs import PipelineOrigin as PipelineOrigin
from dagsterlite.runs import PipelineRun as PipelineRun
from dagsterlite.runs import PipelineRunStatus as PipelineRunStatus
from dagsterlite.runs import RunRecord as RunRecord
from dagsterlite.runs import RunsFilter as RunsFilter
from dagsterlite.settings.ref import InstanceRef as InstanceRef
from dagsterlite.stores import DagsterStorage as DagsterStorage
from dagsterlite.stores import EventLogRecord as EventLogRecord
from dagsterlite.stores import EventLogStorage as EventLogStorage
from dagsterlite.stores import EventRecordsFilter as EventRecordsFilter
from dagsterlite.stores import IntermediateStorage as IntermediateStorage
from dagsterlite.stores import RunShardedEventsCursor as RunShardedEventsCursor
from dagsterlite.stores import RunStorage as RunStorage
from dagsterlite.stores import ScheduleStorage as ScheduleStorage
from dagsterlite.stores import StepManifest as StepManifest
from dagsterlite.types.annotations import Dict as Dict
from dagsterlite.types.annotations import List as List
from dagsterlite.types.annotations import Optional as Optional
from dagsterlite.types.annotations import Set as Set
from dagsterlite.types.annotations import Tuple as Tuple
from dagsterlite.types.annotations import (
    make_python_type_usable_as_dagster_type as make_python_type_usable_as_dagster_type,
)
from dagsterlite.types.builtins import Any as Any
from dagsterlite.types.builtins import Bool as Bool
from dagsterlite.types.builtins import Float as Float
from dagsterlite.types.builtins import Int as Int
from dagsterlite.types.builtins import Nothing as Nothing
from dagsterlite.types.builtins import Path as Path
from dagsterlite.types.builtins import String as String
from dagsterlite.types.checking import check_dagster_type as check_dagster_type
from dagsterlite.types.dagster_type import DagsterType as DagsterType
from dagsterlite.types.dagster_type import PythonObjectDagsterType as PythonObjectDagsterType
from dagsterlite.types.loader import DagsterTypeLoader as DagsterTypeLoader
from dagsterlite.types.loader import DagsterTypeMaterializer as DagsterTypeMaterializer
from dagsterlite.types.loader import dagster_type_loader as dagster_type_loader
from dagsterlite.types.loader import dagster_type_materializer as dagster_type_materializer
from dagsterlite.types.loader import input_hydration_config as input_hydration_config
from dagsterlite.types.loader import output_materialization_config as output_materialization_config
from dagsterlite.types.serialization import JsonSerializationStrategy as JsonSerializationStrategy
from dagsterlite.types.serialization import SerializationStrategy as SerializationStrategy
from dagsterlite.types.usable import usable_as_dagster_type as usable_as_dagster_type
from dagsterlite_dask.definitions import dask_executor as dask_executor
from dagsterlite_dask.definitions import dask_executor_on as dask_executor_on
from dagsterlite_dask.definitions import dask_resource as dask_resource
from dagsterlite_dask.definitions import multiprocess_executor as multiprocess_executor
from dagsterlite_fsspec.compute_logs import FsspecComputeLogManager as FsspecComputeLogManager
from dagsterlite_fsspec.compute_logs import LocalComputeLogManager as LocalComputeLogManager
from dagsterlite_fsspec.compute_logs import S3ComputeLogManager as S3ComputeLogManager
from dagsterlite_fsspec.definitions import custom_path_fs_io_manager as custom_path_fs_io_manager
from dagsterlite_fsspec.definitions import fs_intermediate_storage as fs_intermediate_storage
from dagsterlite_fsspec.definitions import fs_io_manager as fs_io_manager
from dagsterlite_fsspec.definitions import fs_system_storage as fs_system_storage
from dagsterlite_fsspec.definitions import fsspec_file_manager as fsspec_file_manager
from dagsterlite_fsspec.definitions import gcs_file_manager as gcs_file_manager
from dagsterlite_fsspec.definitions import gcs_intermediate_storage as gcs_intermediate_storage
from dagsterlite_fsspec.definitions import gcs_system_storage as gcs_system_storage
from dagsterlite_fsspec.definitions import local_file_manager as local_file_manager
from dagsterlite_fsspec.definitions import s3_file_manager as s3_file_manager
from dagsterlite_fsspec.definitions import s3_intermediate_storage as s3_intermediate_storage
from dagsterlite_fsspec.definitions import s3_system_storage as s3_system_storage
from dagsterlite_fsspec.file_handles import FsspecFileHandle as FsspecFileHandle
from dagsterlite_fsspec.file_handles import GCSFileHandle as GCSFileHandle
from dagsterlite_fsspec.file_handles import S3FileHandle as S3FileHandle

__all__ = [
    "AbstractComputeExecutionContext",
    "Any",
    "Array",
    "AssetEntry",
    "AssetKey",
    "AssetMaterialization",
    "AssetObservation",
    "AssetPartitionStatus",
    "AssetRecord",
    "AssetRecordsFilter",
    "Backoff",
    "Bool",
    "BoolMetadataValue",
    "BoolSource",
    "CapturedLogContext",
    "CapturedLogData",
    "CapturedLogMetadata",
    "CheckError",
    "CompositeSolidDefinition",
    "CompositeSolidExecutionResult",
    "ComputeIOType",
    "ComputeLogManager",
    "ComputeLogSubscription",
    "ConfigMapping",
    "ConfigurableClass",
    "ConfigurableClassData",
    "DagsterAssetMetadataEntryData",
    "DagsterAssetMetadataValue",
    "DagsterConfigMappingFunctionError",
    "DagsterCorruptObjectError",
    "DagsterError",
    "DagsterEvent",
    "DagsterEventType",
    "DagsterExecutionHandleOutputError",
    "DagsterExecutionInterruptedError",
    "DagsterExecutionLoadInputError",
    "DagsterExecutionStepExecutionError",
    "DagsterExecutionStepNotFoundError",
    "DagsterFileNotFoundError",
    "DagsterHomeError",
    "DagsterInstance",
    "DagsterInstanceMigrationRequired",
    "DagsterInvalidConfigDefinitionError",
    "DagsterInvalidConfigError",
    "DagsterInvalidDefinitionError",
    "DagsterInvalidInvocationError",
    "DagsterInvalidPropertyError",
    "DagsterInvalidSubsetError",
    "DagsterInvariantViolationError",
    "DagsterLaunchFailedError",
    "DagsterLeaseLostError",
    "DagsterLogManager",
    "DagsterLoggerFunctionError",
    "DagsterOutputsNotStoredError",
    "DagsterOutputsUnreachableError",
    "DagsterPipelineRunMetadataEntryData",
    "DagsterResourceFunctionError",
    "DagsterRun",
    "DagsterRunAlreadyExists",
    "DagsterRunCanceledError",
    "DagsterRunConflict",
    "DagsterRunMetadataValue",
    "DagsterRunNotDeletedError",
    "DagsterRunNotFoundError",
    "DagsterRunStatus",
    "DagsterSerdesError",
    "DagsterSettingsError",
    "DagsterStepExecutionFailed",
    "DagsterStepNotStoredError",
    "DagsterStepOutputNotFoundError",
    "DagsterStorage",
    "DagsterStorageError",
    "DagsterTerminatedError",
    "DagsterType",
    "DagsterTypeCheckDidNotPass",
    "DagsterTypeCheckError",
    "DagsterTypeLoader",
    "DagsterTypeLoaderContext",
    "DagsterTypeLoadingError",
    "DagsterTypeMaterializationError",
    "DagsterTypeMaterializer",
    "DagsterTypeMaterializerContext",
    "DagsterUnknownCodecError",
    "DagsterUnknownResourceError",
    "DagsterUnmetExecutorRequirementsError",
    "DagsterUnpicklableOutputError",
    "DagsterUserCodeExecutionError",
    "DefaultRunCoordinator",
    "DefaultRunLauncher",
    "DependencyDefinition",
    "Dict",
    "DynamicCollectDependencyDefinition",
    "DynamicOut",
    "DynamicOutput",
    "DynamicOutputDefinition",
    "DynamicPartitionsDefinition",
    "Enum",
    "EnumValue",
    "EventLogEntry",
    "EventLogRecord",
    "EventLogStorage",
    "EventMetadata",
    "EventMetadataEntry",
    "EventRecordsFilter",
    "EventRecordsResult",
    "ExecuteInProcessResult",
    "ExecutionPlan",
    "ExecutionStep",
    "Executor",
    "ExecutorDefinition",
    "ExecutorRequirement",
    "ExpectationResult",
    "ExperimentalWarning",
    "Failure",
    "Field",
    "FileHandle",
    "FileManager",
    "Float",
    "FloatMetadataEntryData",
    "FloatMetadataValue",
    "FsspecComputeLogManager",
    "FsspecFileHandle",
    "GCSFileHandle",
    "GraphDefinition",
    "GraphIn",
    "GraphOut",
    "HookContext",
    "HookDefinition",
    "HookExecutionError",
    "HookExecutionResult",
    "IOManager",
    "IOManagerDefinition",
    "IPipeline",
    "In",
    "InitExecutorContext",
    "InitIntermediateStorageContext",
    "InitLoggerContext",
    "InitResourceContext",
    "InitSystemStorageContext",
    "InputContext",
    "InputDefinition",
    "InputManager",
    "InputManagerDefinition",
    "InputMapping",
    "InstanceRef",
    "InstanceType",
    "InstigatorState",
    "InstigatorStatus",
    "InstigatorTick",
    "InstigatorType",
    "Int",
    "IntMetadataEntryData",
    "IntMetadataValue",
    "IntSource",
    "IntermediateStorage",
    "IntermediateStorageDefinition",
    "Jitter",
    "JobDefinition",
    "JobExecutionResult",
    "JsonMetadataEntryData",
    "JsonMetadataValue",
    "JsonSerializationStrategy",
    "LaunchRunContext",
    "List",
    "LocalArtifactStorage",
    "LocalComputeLogManager",
    "LocalFileHandle",
    "LoggerDefinition",
    "Map",
    "MappedInputPlaceholder",
    "MarkdownMetadataEntryData",
    "MarkdownMetadataValue",
    "Materialization",
    "MetadataEntry",
    "MetadataValue",
    "MissingExtraError",
    "ModeDefinition",
    "MultiDependencyDefinition",
    "NoOpComputeLogManager",
    "NodeInvocation",
    "Noneable",
    "NotebookMetadataValue",
    "Nothing",
    "NullMetadataValue",
    "ObjectStore",
    "ObjectStoreOperation",
    "ObjectStoreOperationType",
    "OpDefinition",
    "OpExecutionContext",
    "Optional",
    "Out",
    "Output",
    "OutputContext",
    "OutputDefinition",
    "OutputMapping",
    "ParameterCheckError",
    "PartitionsDefinition",
    "Path",
    "PathMetadataEntryData",
    "PathMetadataValue",
    "Permissive",
    "PipelineDefinition",
    "PipelineExecutionResult",
    "PipelineOrigin",
    "PipelineRun",
    "PipelineRunStatus",
    "PlanOrchestrationContext",
    "PostProcessingError",
    "PresetDefinition",
    "PythonArtifactMetadataEntryData",
    "PythonArtifactMetadataValue",
    "PythonObjectDagsterType",
    "ReconstructablePipeline",
    "RepositoryDefinition",
    "ResourceDefinition",
    "RetryMode",
    "RetryPolicy",
    "RetryRequested",
    "RootInputManager",
    "RootInputManagerDefinition",
    "RunCoordinator",
    "RunLauncher",
    "RunRecord",
    "RunShardedEventsCursor",
    "RunStatusChangeRecordsFilter",
    "RunStorage",
    "RunsFilter",
    "S3ComputeLogManager",
    "S3FileHandle",
    "ScalarUnion",
    "ScheduleInstigatorData",
    "ScheduleStorage",
    "Scheduler",
    "Selector",
    "SensorInstigatorData",
    "SerializableErrorInfo",
    "SerializationStrategy",
    "Set",
    "Shape",
    "SolidDefinition",
    "SolidExecutionContext",
    "SolidExecutionResult",
    "SolidHandle",
    "SolidInvocation",
    "StaticPartitionsDefinition",
    "StepExecutionContext",
    "StepLauncher",
    "StepManifest",
    "StepRunRef",
    "String",
    "StringSource",
    "SubmitRunContext",
    "SystemComputeExecutionContext",
    "SystemStorageData",
    "SystemStorageDefinition",
    "TableColumn",
    "TableColumnConstraints",
    "TableConstraints",
    "TableMetadataEntryData",
    "TableMetadataValue",
    "TableRecord",
    "TableSchema",
    "TableSchemaMetadataEntryData",
    "TableSchemaMetadataValue",
    "TextMetadataEntryData",
    "TextMetadataValue",
    "TickData",
    "TickStatus",
    "TimestampMetadataValue",
    "Tuple",
    "TypeCheck",
    "TypeCheckContext",
    "UnboundInitLoggerContext",
    "UnboundInitResourceContext",
    "UnboundSolidExecutionContext",
    "UrlMetadataEntryData",
    "UrlMetadataValue",
    "attach_run",
    "build_hook_context",
    "build_init_logger_context",
    "build_init_resource_context",
    "build_input_context",
    "build_intermediate_storage_from_object_store",
    "build_op_context",
    "build_output_context",
    "build_reconstructable_pipeline",
    "build_resources",
    "build_solid_context",
    "check_cross_process_constraints",
    "check_dagster_type",
    "colored_console_logger",
    "composite_solid",
    "config_from_files",
    "config_from_pkg_resources",
    "config_from_yaml_strings",
    "config_mapping",
    "configured",
    "create_execution_plan",
    "create_run_for_pipeline",
    "custom_path_fs_io_manager",
    "dagster_type_loader",
    "dagster_type_materializer",
    "dask_executor",
    "dask_executor_on",
    "dask_resource",
    "default_executors",
    "default_intermediate_storage_defs",
    "default_loggers",
    "default_system_storage_defs",
    "event_list_hook",
    "execute_job",
    "execute_pipeline",
    "execute_pipeline_iterator",
    "execute_plan",
    "execute_plan_iterator",
    "execute_run",
    "execute_run_iterator",
    "execute_solid",
    "execute_solid_within_pipeline",
    "execute_solids_within_pipeline",
    "executor",
    "failure_hook",
    "file_relative_path",
    "fs_intermediate_storage",
    "fs_io_manager",
    "fs_system_storage",
    "fsspec_file_manager",
    "gcs_file_manager",
    "gcs_intermediate_storage",
    "gcs_system_storage",
    "get_dagster_logger",
    "graph",
    "in_process_executor",
    "input_hydration_config",
    "input_manager",
    "intermediate_storage",
    "io_manager",
    "job",
    "json_console_logger",
    "lambda_solid",
    "load_run_result",
    "local_file_manager",
    "logger",
    "make_python_type_usable_as_dagster_type",
    "make_values_resource",
    "mem_intermediate_storage",
    "mem_io_manager",
    "mem_system_storage",
    "multiple_process_executor_requirements",
    "multiprocess_executor",
    "op",
    "output_materialization_config",
    "pipeline",
    "reconstructable",
    "reexecute_pipeline",
    "reexecute_pipeline_iterator",
    "repository",
    "resource",
    "root_input_manager",
    "run_step_from_ref",
    "s3_file_manager",
    "s3_intermediate_storage",
    "s3_system_storage",
    "scaffold_run_config",
    "solid",
    "step_context_to_step_run_ref",
    "step_run_ref_to_step_context",
    "success_hook",
    "system_storage",
    "usable_as_dagster_type",
    "user_code_error_boundary",
    "validate_run_config",
]

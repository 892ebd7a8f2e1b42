"""What users name of this shelf; what it needs is imported when it is made."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, TypeVar

from dagsterlite import plugins
from dagsterlite.config import STORAGE_OPTIONS, Bool, Field, StringSource
from dagsterlite.definitions.io_manager import IOManager, io_manager
from dagsterlite.definitions.resource import InitResourceContext, resource
from dagsterlite.definitions.storage import (
    InitIntermediateStorageContext,
    IntermediateStorageDefinition,
    SystemStorageDefinition,
)
from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.file_manager import FileManager
from dagsterlite.stores import IntermediateStorage

D = TypeVar("D", IntermediateStorageDefinition, SystemStorageDefinition)

CONFIG: Final = {
    "base_dir": Field(
        StringSource,
        is_required=False,
        description="The folder or fsspec URL below which each run has its own folder. "
        "By default the instance's.",
    ),
    "storage_options": STORAGE_OPTIONS,
}


def _create(context: InitIntermediateStorageContext) -> IntermediateStorage:
    base = context.intermediate_storage_config.get("base_dir") or context.artifacts_dir
    return _storage_below(base, context)


def _storage_below(base: str, context: InitIntermediateStorageContext) -> IntermediateStorage:
    storage: IntermediateStorage = plugins.load("fs_intermediates")(
        base,
        context.pipeline_run.run_id,
        context.intermediate_storage_config.get("storage_options"),
        strategies=context.serialization_strategies,
    )
    return storage


fs_intermediate_storage = IntermediateStorageDefinition(
    "filesystem",
    is_persistent=True,
    config_schema=CONFIG,
    intermediate_storage_creation_fn=_create,
    description="Keeps intermediates as files.",
)

fs_system_storage = SystemStorageDefinition(
    "filesystem",
    is_persistent=True,
    config_schema=CONFIG,
    system_storage_creation_fn=_create,
    description="Keeps intermediates as files.",
)


def _bucket_config(store: str, holds: str) -> dict[str, Field]:
    return {
        f"{store}_bucket": Field(StringSource, description="The bucket."),
        f"{store}_prefix": Field(
            StringSource,
            default_value="dagster",
            description=f"The folder of the bucket {holds}.",
        ),
    }


def _create_in_bucket(store: str, scheme: str) -> Callable[[Any], IntermediateStorage]:
    def create(context: InitIntermediateStorageContext) -> IntermediateStorage:
        config = context.intermediate_storage_config
        prefix = config[f"{store}_prefix"].strip("/")
        base = f"{scheme}://{config[f'{store}_bucket']}/{prefix}"
        return _storage_below(base, context)

    return create


def _bucket_storage(cls: type[D], store: str, scheme: str, description: str) -> D:
    create = _create_in_bucket(store, scheme)
    config = _bucket_config(store, "below which each run has its own")
    config["storage_options"] = STORAGE_OPTIONS
    return cls(store, True, None, config, create, description)


_S3: Final = "Keeps intermediates in a bucket of S3, with the environment's credentials by default."
_GCS: Final = (
    "Keeps intermediates in a bucket of Google's, by default with the environment's credentials."
)

s3_intermediate_storage = _bucket_storage(IntermediateStorageDefinition, "s3", "s3", _S3)
s3_system_storage = _bucket_storage(SystemStorageDefinition, "s3", "s3", _S3)
gcs_intermediate_storage = _bucket_storage(IntermediateStorageDefinition, "gcs", "gs", _GCS)
gcs_system_storage = _bucket_storage(SystemStorageDefinition, "gcs", "gs", _GCS)


@io_manager(
    config_schema={
        "base_dir": Field(
            StringSource,
            is_required=False,
            description="The folder or fsspec URL below which each run has its own folder. By "
            "default the instance's.",
        )
    }
)
def fs_io_manager(init_context: InitResourceContext) -> IOManager:
    """Keep each output as a pickle at ``<base_dir>/<run id>/<step key>/<output>``."""
    base = init_context.resource_config.get("base_dir") or init_context.artifacts_dir
    if base is None:
        message = "fs_io_manager is made outside of a run: its config must name a base_dir."
        raise DagsterInvariantViolationError(message)
    manager: IOManager = plugins.load("make_fs_io_manager")(base)
    return manager


@io_manager(
    config_schema={
        "base_dir": Field(StringSource, description="The folder or fsspec URL of all paths.")
    }
)
def custom_path_fs_io_manager(init_context: InitResourceContext) -> IOManager:
    """Keep each output as a pickle at ``<base_dir>/<path>``, its definition's ``metadata``."""
    manager: IOManager = plugins.load("make_custom_path_fs_io_manager")(
        init_context.resource_config["base_dir"]
    )
    return manager


@resource(
    config_schema={
        "base_dir": Field(
            StringSource,
            is_required=False,
            description="The folder of the files; by default storage/file_manager in the "
            "instance's artifact folder.",
        )
    },
    shares_files=True,
)
def local_file_manager(init_context: InitResourceContext) -> FileManager:
    """Keep files in a folder of this machine, or one that all of a run share (seed 003)."""
    base = init_context.resource_config.get("base_dir")
    if base is None:
        folder = init_context.artifacts_dir or init_context.instance.storage_directory()
        base = os.path.join(folder, "file_manager")
    manager: FileManager = plugins.load("local_file_manager")(base)
    return manager


@resource(
    config_schema={
        **_bucket_config("s3", "that holds the files"),
        "use_unsigned_session": Field(
            Bool, default_value=False, description="Whether the bucket is read without credentials."
        ),
        "region_name": Field(StringSource, is_required=False, description="The bucket's region."),
        "endpoint_url": Field(
            StringSource,
            is_required=False,
            description="The address of another store that speaks S3.",
        ),
        "profile_name": Field(
            StringSource,
            is_required=False,
            description="The profile of the credentials file whose credentials are used.",
        ),
    }
)
def s3_file_manager(init_context: InitResourceContext) -> FileManager:
    """Keeps files in a bucket of S3, with the credentials of the environment.

    Implements the ``FileManager`` API (seed 003); its handles are :class:`S3FileHandle`.
    """
    manager: FileManager = plugins.load("s3_file_manager")(init_context.resource_config)
    return manager


@resource(
    config_schema={
        **_bucket_config("gcs", "that holds the files"),
        "project": Field(StringSource, is_required=False, description="The bucket's project."),
    }
)
def gcs_file_manager(init_context: InitResourceContext) -> FileManager:
    """Keeps files in a bucket of Google's, with the credentials of the environment.

    Implements the ``FileManager`` API (seed 003); its handles are :class:`GCSFileHandle`.
    """
    manager: FileManager = plugins.load("gcs_file_manager")(init_context.resource_config)
    return manager


@resource(
    config_schema={
        "base_url": Field(
            StringSource, description="The folder of the files: a path, or s3://…, gs://…, …"
        ),
        "storage_options": STORAGE_OPTIONS,
    }
)
def fsspec_file_manager(init_context: InitResourceContext) -> FileManager:
    """Keeps files on any file system that fsspec knows.

    Implements the ``FileManager`` API (seed 003).
    """
    config = init_context.resource_config
    options = config.get("storage_options")
    manager: FileManager = plugins.load("fs_file_manager")(config["base_url"], options)
    return manager

"""The examples of seed 003 that are written with ops and jobs, as they stand there."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from dagsterlite import (
    DagsterInstance,
    ExecutorDefinition,
    InitExecutorContext,
    LocalFileHandle,
    execute_job,
    executor,
    in_process_executor,
    job,
    local_file_manager,
    op,
)


# The document reads "foo" from the second file, a slip: "bar" was written.
@op(required_resource_keys={"file_manager"})
def write_files(context):
    fh_1 = context.resources.file_manager.write_data(b"foo")

    with tempfile.NamedTemporaryFile("w+") as fd:
        fd.write("bar")
        fd.seek(0)
        fh_2 = context.resources.file_manager.write(fd, mode="w", ext=".txt")

    return (fh_1, fh_2)


@op(required_resource_keys={"file_manager"})
def read_files(context, file_handles):
    fh_1, fh_2 = file_handles
    assert context.resources.file_manager.read_data(fh_1) == b"foo"
    fd = context.resources.file_manager.read(fh_2, mode="r")
    assert fd.read() == "bar"
    fd.close()


def test_files_are_handed_from_op_to_op() -> None:
    @job(resource_defs={"file_manager": local_file_manager})
    def files_pipeline():
        read_files(write_files())

    with DagsterInstance.ephemeral() as instance:
        result = files_pipeline.execute_in_process(instance=instance)
        first, second = result.output_for_node("write_files")
        folder = instance.local_artifact_storage.file_manager_dir

    assert result.success
    assert isinstance(first, LocalFileHandle)
    assert {os.path.dirname(first.path), os.path.dirname(second.path)} == {folder}
    assert second.path.endswith(".txt")


def test_the_folder_of_the_files_is_given_ahead_of_any_run(tmp_path: Path) -> None:
    @job(resource_defs={"file_manager": local_file_manager.configured({"base_dir": str(tmp_path)})})
    def files_pipeline():
        read_files(write_files())

    result = files_pipeline.execute_in_process()

    handles = result.output_for_node("write_files")
    assert {handle.path for handle in handles} == {str(path) for path in tmp_path.iterdir()}


def test_an_executor_is_told_of_the_job_that_it_executes() -> None:
    told: list[InitExecutorContext] = []

    @executor(name="telling", config_schema={"word": str})
    def telling(init_context: InitExecutorContext):
        told.append(init_context)
        return in_process_executor.executor_creation_fn(
            replace(
                init_context,
                executor_def=in_process_executor,
                executor_config=in_process_executor.default_config(),
            )
        )

    @job(executor_def=telling)
    def files_pipeline():
        write_files.alias("not_run")

    assert isinstance(telling, ExecutorDefinition)
    with DagsterInstance.ephemeral() as instance:
        config = {"execution": {"config": {"word": "hello"}}}
        assert execute_job(files_pipeline, instance, config).success
    (context,) = told
    assert context.job.get_definition() is files_pipeline
    assert context.executor_def is telling
    assert context.executor_config == {"word": "hello"}
    assert context.instance is instance


def test_configured_ops_stand_in_jobs() -> None:
    @op(config_schema={"n": int})
    def scaled(context) -> int:
        return 10 * int(context.op_config["n"])

    by_two = scaled.configured({"n": 2}, name="by_two")

    @job
    def flow():
        return by_two()

    assert by_two.label == "op 'by_two'"
    assert flow.execute_in_process().output_value() == 20

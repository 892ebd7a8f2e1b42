"""A step as a message: what another process needs to execute it, and executing it there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import cloudpickle

from dagsterlite.config.secrets import redactor
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.receipt import StoredOutput
from dagsterlite.execution.attempt import StepAttempt
from dagsterlite.execution.attempt_log import AttemptLog, Nowhere
from dagsterlite.execution.earlier import earlier_receipts
from dagsterlite.execution.executor import RetryMode
from dagsterlite.execution.inputs import Upstream
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.run_context import (
    RunContext,
    logging_tags,
    make_loggers,
    make_resource_manager,
)
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.execution.storages import make_intermediates
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.run_config.resolved import EnvironmentConfig
from dagsterlite.runs import DagsterRun
from dagsterlite.stores import IntermediateStorage, StepManifest


@dataclass(frozen=True, kw_only=True)
class StepRunRef:
    """What is needed to execute a step in another process (seed 003); it can be pickled.

    Made by :func:`step_context_to_step_run_ref`. Config travels as given: ``{env: NAME}`` is read
    where the step is executed.
    """

    run_config: Mapping[str, Any]
    pipeline_run: DagsterRun
    run_id: str
    retry_mode: RetryMode
    step_key: str
    #: How often the step was tried before in this run.
    prior_attempts_count: int
    #: The pipeline, by cloudpickle: its modules are imported where the step is executed.
    pipeline: bytes = field(repr=False)
    #: Solids of the whole pipeline that are not selected: their config is not looked at.
    ignored_solids: tuple[str, ...] = ()
    #: The folder below which the instance keeps each run's files.
    artifacts_dir: str


def step_context_to_step_run_ref(
    step_context: StepExecutionContext, prior_attempts_count: int | None = None
) -> StepRunRef:
    """Return what another process needs to execute the step of a context.

    Args:
        step_context: What ``StepLauncher.launch_step`` was given.
        prior_attempts_count: How often the step was tried before (default: as the context says).

    Raises:
        DagsterInvariantViolationError: the pipeline cannot be pickled.
    """
    run_context = step_context.run_context
    number = step_context.retry_number if prior_attempts_count is None else prior_attempts_count
    definition = run_context.pipeline_def
    return StepRunRef(
        run_config=run_context.run.run_config,
        pipeline_run=run_context.run,
        run_id=run_context.run_id,
        retry_mode=RetryMode.ENABLED if run_context.retries_enabled else RetryMode.DISABLED,
        step_key=step_context.step.key,
        prior_attempts_count=number,
        pipeline=_pickled(definition),
        ignored_solids=run_context.ignored_solids,
        artifacts_dir=run_context.artifacts_dir,
    )


def _pickled(definition: PipelineDefinition) -> bytes:
    try:
        data: bytes = cloudpickle.dumps(definition)
    except Exception as exc:
        message = (
            f"Pipeline '{definition.name}' cannot be sent to another process: something that its "
            f"functions refer to cannot be pickled: {type(exc).__name__}: {exc}. Make such objects "
            "(connections, locks, open files) inside a solid or a resource."
        )
        raise DagsterInvariantViolationError(message) from exc
    return data


def run_step_from_ref(
    step_run_ref: StepRunRef, instance: DagsterInstance | None = None
) -> Iterator[DagsterEvent]:
    """Execute a step in this process; yield its events, for ``launch_step`` to yield on.

    Its outputs are stored, and count once the process that launched it has taken up the events.
    What the step logs goes to the run's loggers as this process makes them.

    Args:
        step_run_ref: The step.
        instance: What ``context.instance`` is (default: the one that ``$DAGSTER_HOME`` names).

    Raises:
        DagsterInvariantViolationError: a step that is needed has left no outputs.
    """
    with step_run_ref_to_step_context(step_run_ref, instance) as context:
        plan = context.run_context.plan.build_subset_plan([step_run_ref.step_key])
        upstream = Upstream(earlier_receipts(context.run_context, plan))
        yield from StepAttempt(context, upstream, may_be_launched=False).run()


@contextmanager
def step_run_ref_to_step_context(
    step_run_ref: StepRunRef, instance: DagsterInstance | None = None
) -> Iterator[StepExecutionContext]:
    """Give out the context of a step in this process, and tear down its resources at the end.

    Args:
        step_run_ref: The step.
        instance: What ``context.instance`` is (default: the one that ``$DAGSTER_HOME`` names).

    Raises:
        DagsterInvalidConfigError: the run config does not fit here: a variable may be missing.
    """
    run = step_run_ref.pipeline_run
    definition: PipelineDefinition = cloudpickle.loads(step_run_ref.pipeline)
    config = EnvironmentConfig.build(
        definition, step_run_ref.run_config, run.mode, step_run_ref.ignored_solids
    )
    mode = definition.get_mode_definition(config.mode)
    opener = DagsterInstance.get if instance is None else lambda: instance
    redact = redactor(sorted(config.secrets))
    attempt_log = AttemptLog(
        Nowhere(),
        run_id=run.run_id,
        pipeline_name=run.pipeline_name,
        tags=logging_tags(run),
        redact=redact,
    )
    loggers = make_loggers(definition, mode, config, run.run_id)
    interrupts = Interrupts()
    log = DagsterLogManager(attempt_log, loggers, interrupts)
    folder = step_run_ref.artifacts_dir
    resources = make_resource_manager(mode, config, run, log, interrupts, opener, folder)
    plan = ExecutionPlan.build(definition, config)
    try:
        storage = make_intermediates(
            plan,
            run,
            folder,
            prefers_persistent=True,
            resources=resources.scoped,
            open_instance=opener,
        )
        run_context = RunContext(
            plan=plan,
            mode_def=mode,
            run=run,
            storage=_Uncommitted(storage),
            sink=Nowhere(),
            interrupts=interrupts,
            loggers=loggers,
            open_instance=opener,
            artifacts_dir=folder,
            retries_enabled=not step_run_ref.retry_mode.disabled,
            redact=redact,
            tags=logging_tags(run),
        )
        step = plan.get_step_by_key(step_run_ref.step_key)
        yield StepExecutionContext(
            run_context,
            step,
            run_context.step_log(step),
            resources,
            step_run_ref.prior_attempts_count,
        )
    finally:
        resources.tear_down(lambda key, exc: log.error("Teardown of resource %r: %s", key, exc))


class _Uncommitted(IntermediateStorage):
    """Leaves commits to the process that launched the step: it records what the step told."""

    def __init__(self, storage: IntermediateStorage) -> None:
        self._storage = storage

    @property
    def is_persistent(self) -> bool:
        return self._storage.is_persistent

    @property
    def address(self) -> str | None:
        return self._storage.address

    def write_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        return self._storage.write_output(step_key, attempt_id, output_name, value, codec)

    def read_output(self, step_key: str, output: StoredOutput) -> Any:
        return self._storage.read_output(step_key, output)

    def commit(self, manifest: StepManifest) -> StepManifest:
        return manifest

    def read_manifest(self, step_key: str) -> StepManifest | None:
        return self._storage.read_manifest(step_key)

    def discard(self, step_key: str, outputs: Iterable[StoredOutput]) -> None:
        self._storage.discard(step_key, outputs)

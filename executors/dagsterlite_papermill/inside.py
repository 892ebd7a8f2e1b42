"""What the cells of a notebook call: the same inside a run and while the notebook is developed."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Final

import cloudpickle

from dagsterlite.definitions.compute import SIDE_EVENTS
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.errors import CheckError, ParameterCheckError
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.yielded import DynamicOutput, Failure, Output, RetryRequested
from dagsterlite.execution.attempt_log import AttemptLog, EventSink
from dagsterlite.execution.contexts import (
    AbstractComputeExecutionContext,
    SolidExecutionContext,
)
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.execution.step_run_ref import step_run_ref_to_step_context
from dagsterlite.execution.unbound_contexts import build_solid_context
from dagsterlite_papermill.job import OUTBOX, STEP, STEP_VARIABLE, StepFile
from dagsterlite_papermill.outbox import Begun, Logged, Outbox, Raised, Told

_EVENTS: Final = (Output, DynamicOutput, *SIDE_EVENTS)


class NotebookExecutionContext(SolidExecutionContext):
    """The context inside a notebook that a run executes.

    Args:
        step_context: The step, as this kernel knows it.
        inputs: The values of its inputs.
        outbox: The way to the step's own process.
    """

    def __init__(
        self, step_context: StepExecutionContext, inputs: Mapping[str, Any], outbox: Outbox
    ) -> None:
        super().__init__(step_context)
        #: The values of the step's inputs, by name.
        self.inputs = dict(inputs)
        attempt = AttemptLog(
            _Relay(outbox),
            run_id=self.run_id,
            pipeline_name=self.pipeline_run.pipeline_name,
            step_key=self.step_key,
            tags=step_context.attempt_log.tags,
            redact=step_context.attempt_log.redact,
        )
        self._relayed = DagsterLogManager(attempt, step_context.run_context.loggers)

    @property
    def log(self) -> DagsterLogManager:
        return self._relayed


class _Relay(EventSink):
    """Sends what cells log to the step's own process, which records it."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def emit(self, entry: EventLogEntry) -> None:
        error = "" if entry.error_info is None else f"\n{entry.error_info.to_string()}"
        self._outbox.put(Logged(entry.level, f"{entry.user_message}{error}"))


class _Step:
    """The step that this kernel was started for, opened when a cell first asks for it."""

    def __init__(self, folder: str) -> None:
        self.outbox = Outbox(os.path.join(folder, OUTBOX))
        self._stack = ExitStack()
        file = StepFile.read(os.path.join(folder, STEP))
        sys.path += [entry for entry in file.path if entry not in sys.path]
        step_context = self._stack.enter_context(
            step_run_ref_to_step_context(cloudpickle.loads(file.ref))
        )
        inputs = cloudpickle.loads(file.inputs)
        self.context = NotebookExecutionContext(step_context, inputs, self.outbox)
        self.outbox.put(Begun(os.getpid()))

    def leave(self) -> None:
        """Tear the resources down."""
        self._stack.close()


class _Development:
    """The context of a notebook that is developed: one at a time has resources."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def enter(
        self, config: Any, resources: Mapping[str, Any] | None, configs: Mapping[str, Any] | None
    ) -> AbstractComputeExecutionContext:
        """Return a new context; the resources of the one before are torn down."""
        self._stack.close()
        context = build_solid_context(resources, config, resources_config=configs)
        return self._stack.enter_context(context)


_development = _Development()
_steps: list[_Step] = []
"""The step of this kernel, once it is open."""


def _step() -> _Step | None:
    """Return the step that this kernel was started for; None while a notebook is developed."""
    # Processes that cells start are no kernels of the step.
    folder = os.environ.pop(STEP_VARIABLE, None)
    if folder is not None:
        _steps.append(_Step(folder))
        _watch_cells(_steps[0])
    return _steps[0] if _steps else None


def _watch_cells(step: _Step) -> None:
    from IPython import get_ipython

    find: Any = get_ipython
    shell = find()
    if shell is not None:
        shell.events.register("post_run_cell", lambda result: _tell_error(step, result))


def _tell_error(step: _Step, result: Any) -> None:
    """Tell what a cell raised, which ends the notebook."""
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return
    is_request = isinstance(error, (Failure, RetryRequested))
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__") != "__main__":
        trace = trace.tb_next
    lines = traceback.format_exception(type(error), error, trace)
    headline = "".join(traceback.format_exception_only(error)).strip()
    step.outbox.put(Raised(headline, "".join(lines), error if is_request else None))
    step.leave()


def leave_step() -> None:
    """End the step in this kernel: a cell that the run adds calls it, no user need."""
    for step in _steps:
        step.leave()


# --- for users ---


def get_context(
    solid_config: Any = None,
    mode_def: ModeDefinition | None = None,
    run_config: Mapping[str, Any] | None = None,
    *,
    resources: Mapping[str, Any] | None = None,
) -> AbstractComputeExecutionContext:
    """Return the context of the notebook's step.

    While the notebook is developed, outside of any run, it is made of the arguments; a run's own
    context stands in their place. So a cell tagged ``parameters`` may hold::

        context = dagsterlite_papermill.get_context(solid_config={"rows": 10})

    Args:
        solid_config: What ``context.solid_config`` is, in development.
        mode_def: A mode whose resources ``context.resources`` has, in development.
        run_config: A run config whose section ``resources`` they are configured by.
        resources: The resources by key, values or definitions, in place of a mode's.

    Raises:
        CheckError: an argument is of the wrong type, or resources are given twice.
        DagsterInvalidConfigError: the config of a resource does not fit.
    """
    owner = "get_context"
    if mode_def is not None and not isinstance(mode_def, ModeDefinition):
        raise ParameterCheckError(owner, "mode_def", "a ModeDefinition", mode_def)
    if run_config is not None and not isinstance(run_config, Mapping):
        raise ParameterCheckError(owner, "run_config", "a dict", run_config)
    if mode_def is not None and resources is not None:
        raise CheckError(
            f"{owner}: resources are given by 'mode_def' and by 'resources': give one."
        )
    step = _step()
    if step is not None:
        return step.context
    given = resources if mode_def is None else mode_def.resource_defs
    configs = (run_config or {}).get("resources")
    return _development.enter(solid_config, given, configs)


def yield_result(value: Any, output_name: str = "result") -> Any:
    """Yield an output of the notebook's step; return the value.

    Args:
        value: The value; it is pickled on its way out of the kernel.
        output_name: The output.

    Raises:
        DagsterInvariantViolationError: the value cannot be pickled.
    """
    yield_event(Output(value, output_name))
    return value


def yield_event(event: Any) -> Any:
    """Yield an event of the notebook's step; return it.

    Args:
        event: An ``AssetMaterialization``, ``AssetObservation``, ``ExpectationResult``, ``Output``
            or ``DynamicOutput``. ``Failure`` and ``RetryRequested`` are raised instead.

    Raises:
        CheckError: it is something else.
        DagsterInvariantViolationError: it holds what cannot be pickled.
    """
    if not isinstance(event, _EVENTS):
        expected = (
            "an Output, DynamicOutput, AssetMaterialization, AssetObservation or ExpectationResult"
        )
        raise ParameterCheckError("yield_event", "event", expected, event)
    step = _step()
    if step is not None:
        step.outbox.put(Told(event))
    return event

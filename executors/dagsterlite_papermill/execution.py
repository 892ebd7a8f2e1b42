"""Executing a notebook for a step: in processes of its own, which end with the step."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

import fsspec

from dagsterlite.events.metadata import EventMetadata
from dagsterlite.events.yielded import AssetMaterialization
from dagsterlite.execution.contexts import SolidExecutionContext
from dagsterlite.execution.step_run_ref import step_context_to_step_run_ref
from dagsterlite_papermill import member
from dagsterlite_papermill.definition import CONFIG, parameters_of_config
from dagsterlite_papermill.failures import NotebookCellError, NotebookKernelError, indented
from dagsterlite_papermill.job import (
    EXECUTED,
    LOG,
    OUTBOX,
    PREPARED,
    STEP,
    STEP_VARIABLE,
    StepFile,
)
from dagsterlite_papermill.outbox import Begun, Inbox, Logged, Raised, Told
from dagsterlite_papermill.prepare import is_injected, prepared, without_leaving
from dagsterlite_papermill.source import NotebookSource

LOOK_SECONDS: Final = 0.05
GRACE_SECONDS: Final = 5.0
"""How long an interrupted notebook has to clean up."""

_FOLDER: Final = "notebooks"
_LOG_LINES: Final = 20
_SAID_BY_OTHERS: Final = ("[IPKernelApp] WARNING", "Kernel died while waiting")

Process = subprocess.Popen[bytes]


def run_notebook(
    source: NotebookSource, context: SolidExecutionContext, inputs: Mapping[str, Any]
) -> Iterator[Any]:
    """Execute a notebook; yield what its cells yield, then where it is kept as executed.

    Args:
        source: The notebook.
        context: The step's context.
        inputs: The values of the step's inputs.

    Raises:
        Failure: a cell raised it.
        RetryRequested: a cell raised it.
        NotebookCellError: a cell raised something else.
        NotebookKernelError: the kernel could not be started, or died.
        DagsterInvariantViolationError: an input cannot be pickled.
    """
    with tempfile.TemporaryDirectory(
        prefix="dagsterlite-notebook-", ignore_cleanup_errors=True
    ) as folder:
        _write(folder, source, context, inputs)
        running = _Running(folder)
        with _process(folder, source.folder or folder, running) as process:
            for message in running.followed(process):
                match message:
                    case Told(event):
                        yield event
                    case Logged(level, text):
                        context.log.log(level, text)
        yield from _kept(folder, source, context)
        running.check(process, source)


def _write(
    folder: str, source: NotebookSource, context: SolidExecutionContext, inputs: Mapping[str, Any]
) -> None:
    names = parameters_of_config(context.solid_def)
    whole = CONFIG if names == [CONFIG] and not isinstance(context.solid_config, Mapping) else None
    notebook = prepared(source.cells(), inputs, () if whole else names, whole)
    with open(os.path.join(folder, PREPARED), "w", encoding="utf-8") as file:
        json.dump(notebook, file)
    ref = step_context_to_step_run_ref(context.get_step_execution_context())
    # The run's loggers are told by this process, of all that the notebook logs.
    config = {name: part for name, part in ref.run_config.items() if name != "loggers"}
    ref = replace(ref, run_config=config)
    StepFile.of(ref, dict(inputs)).write(os.path.join(folder, STEP))


class _Running:
    """A notebook that is under way, as its messages tell of it."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._inbox = Inbox(os.path.join(folder, OUTBOX))
        #: The process of the kernel, once it is known.
        self.kernel: int | None = None
        self.raised: Raised | None = None

    def followed(self, process: Process) -> Iterator[Told | Logged]:
        """Yield what cells yield and log, until the process has ended."""
        has_ended = False
        while not has_ended:
            has_ended = process.poll() is not None
            yield from self.new()
            if not has_ended:
                time.sleep(LOOK_SECONDS)

    def new(self) -> Iterator[Told | Logged]:
        """Yield what cells have yielded and logged by now."""
        for message in self._inbox.new():
            match message:
                case Begun(pid):
                    self.kernel = pid
                case Raised():
                    self.raised = message
                case Told() | Logged():
                    yield message

    def check(self, process: Process, source: NotebookSource) -> None:
        """Return if the notebook came to its end.

        Raises:
            BaseException: what it failed of.
        """
        if process.returncode == 0:
            return
        if process.returncode != member.CELL_RAISED:
            raise NotebookKernelError(_died(self._folder, source, process.returncode))
        if self.raised is not None and self.raised.exception is not None:
            raise self.raised.exception
        raise _cell_error(self._folder, source, self.raised)


@contextmanager
def _process(folder: str, cwd: str, running: _Running) -> Iterator[Process]:
    command = [sys.executable, "-m", member.__name__, folder, cwd]
    paths = [entry or os.getcwd() for entry in sys.path if not entry.startswith(sys.base_prefix)]
    variables = {STEP_VARIABLE: folder, "PYTHONPATH": os.pathsep.join(paths)}
    with open(os.path.join(folder, LOG), "wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            env={**os.environ, **variables},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process, running)
        if process.stdin is not None:
            process.stdin.close()


def _end(process: Process, running: _Running) -> None:
    """End what still runs: the cell is interrupted first, so that it can clean up."""
    if process.poll() is not None:
        return
    for _ in running.new():
        pass
    if running.kernel is not None:
        with suppress(ProcessLookupError):
            os.kill(running.kernel, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if running.kernel is not None:
        with suppress(ProcessLookupError):
            os.kill(running.kernel, signal.SIGKILL)


# --- what it leaves ---


def _kept(
    folder: str, source: NotebookSource, context: SolidExecutionContext
) -> Iterator[AssetMaterialization]:
    """Keep the notebook as executed with the run's files, and tell of it."""
    executed = _executed(folder)
    if executed is None:
        return
    key = context.step_key
    base = context.get_step_execution_context().run_context.artifacts_dir
    name = f"{quote(key, safe='')}.{secrets.token_hex(4)}.ipynb"
    path = "/".join((base.rstrip("/"), context.run_id, _FOLDER, name))
    with fsspec.open(path, "w", encoding="utf-8", auto_mkdir=True) as file:
        json.dump(executed, file, indent=1)
    yield AssetMaterialization(
        asset_key=["notebook", context.pipeline_run.pipeline_name, *context.solid_handle.path],
        description=f"The notebook {source.name} as step {key} executed it.",
        metadata={
            "path": EventMetadata.path(path),
            "source": EventMetadata.path(source.path),
        },
    )


def _executed(folder: str) -> dict[str, Any] | None:
    try:
        with open(os.path.join(folder, EXECUTED), encoding="utf-8") as file:
            return without_leaving(json.load(file))
    except (FileNotFoundError, ValueError):
        return None


def _cell_error(folder: str, source: NotebookSource, raised: Raised | None) -> NotebookCellError:
    traceback = "" if raised is None else raised.traceback
    number = 0
    for number, cell in _cells(folder):
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                headline = f"{output['ename']}: {output['evalue']}"
                text = "".join(cell["source"])
                return NotebookCellError(source.path, number, text, headline, traceback)
    headline = "an error" if raised is None else raised.headline
    return NotebookCellError(source.path, number, "", headline, traceback)


def _cells(folder: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the cells as executed, with the number of the code cell that each is, or follows."""
    number = 0
    for cell in (_executed(folder) or {"cells": []})["cells"]:
        number += cell["cell_type"] == "code" and not is_injected(cell)
        yield number, cell


def _died(folder: str, source: NotebookSource, code: int) -> str:
    with open(os.path.join(folder, LOG), encoding="utf-8", errors="replace") as file:
        lines = [line for line in file if not line.startswith(_SAID_BY_OTHERS)]
    said = "".join(lines[-_LOG_LINES:]).strip()
    last = f"What it said last:\n{said}" if said else ""
    if code != member.KERNEL_DIED:
        return f"The kernel of {source.path} could not be started (exit code {code}). {last}"
    died = f"The kernel of {source.path} died before the notebook's end. It may have run out of "
    parts = [f"{died}memory, or a cell ended it.", last]
    cells = [(number, cell) for number, cell in _cells(folder) if _has_begun(cell)]
    if cells:
        number, cell = cells[-1]
        parts[1:1] = [f"Code cell {number} ran then:", indented("".join(cell["source"]))]
    return "\n\n".join(filter(None, parts))


def _has_begun(cell: Mapping[str, Any]) -> bool:
    return cell["cell_type"] == "code" and bool(
        cell["metadata"].get("papermill", {}).get("start_time")
    )

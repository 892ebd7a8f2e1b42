"""The main module of the process that has papermill execute a notebook, beside the step's own.

Its arguments are the folder of :mod:`dagsterlite_papermill.job` and the working directory. It ends
when its standard input ends, and so with the step's process, however that came to an end; the
kernel ends with it.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, Final

from dagsterlite_papermill.job import EXECUTED, PREPARED

CELL_RAISED: Final = 3
"""The exit code that says that a cell raised."""

KERNEL_DIED: Final = 4
"""The exit code that says that the kernel ended while a cell ran."""


def _end_with_starter() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


def _kernel_manager() -> type[Any]:
    """Return what starts kernels of this very interpreter, whatever else is installed."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class ThisInterpreter(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            own = KernelSpecManager(kernel_dirs=[])
            super().__init__(**{**options, "kernel_spec_manager": own, "kernel_name": "python3"})

    return ThisInterpreter


def main(folder: str, cwd: str) -> int:
    """Execute the notebook of a folder; return the process's exit code."""
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    try:
        papermill.execute_notebook(
            os.path.join(folder, PREPARED),
            os.path.join(folder, EXECUTED),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            cwd=cwd,
            kernel_manager_class=_kernel_manager(),
        )
    except PapermillExecutionError:
        return CELL_RAISED
    except DeadKernelError:
        return KERNEL_DIED
    return 0


if __name__ == "__main__":
    threading.Thread(target=_end_with_starter, daemon=True).start()
    sys.exit(main(*sys.argv[1:]))

"""The main module of a process of a cluster that was started for a run.

Takes what the interpreter takes to run one of Dask's modules: ``-m distributed.cli.dask_spec …``.
Ends when its standard input ends, and so with whoever started it, however that came to an end.
Needs nothing but the standard library: its text is also sent to hosts without dagsterlite.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time
from typing import Final

SECONDS_TO_CLOSE: Final = 2.0


def _end_with_starter() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SECONDS_TO_CLOSE)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_end_with_starter, daemon=True).start()
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)

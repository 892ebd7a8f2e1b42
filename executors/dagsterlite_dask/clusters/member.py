"""The main module of a process of a cluster that was started for a run.

Takes what ``dask spec`` takes. Ends when its standard input ends, and so with whoever started it,
however that came to an end.
"""

from __future__ import annotations

import os
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
    from distributed.cli.dask_spec import main

    threading.Thread(target=_end_with_starter, daemon=True).start()
    main()

"""Stands for MinIO: an S3 server at the port that its arguments name, with what its probes ask for.

It keeps what it is given in memory, and looks at no credentials.
"""

from __future__ import annotations

import sys
import threading

import s3fs
from moto.server import ThreadedMotoServer


def main() -> None:
    """Serve until the process ends: ``server FOLDER --address :PORT``."""
    port = int(sys.argv[sys.argv.index("--address") + 1].removeprefix(":"))
    ThreadedMotoServer("0.0.0.0", port).start()
    store = s3fs.S3FileSystem(key="probe", secret="probe", endpoint_url=f"http://127.0.0.1:{port}")
    store.mkdir("minio")
    for name in ("ready", "live"):
        store.pipe_file(f"minio/health/{name}", b"", ACL="public-read")
    threading.Event().wait()


main()

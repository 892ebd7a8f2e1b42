"""A server of Dask Gateway of one's own, whose clusters are processes of this host."""

from __future__ import annotations

import base64
import getpass
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

_START_SECONDS = 60

_CONFIG = """
c.DaskGateway.address = "127.0.0.1:{ports[0]}"
c.DaskGateway.backend_class = "dask_gateway_server.backends.local.UnsafeLocalBackend"
c.DaskGateway.authenticator_class = "dask_gateway_server.auth.SimpleAuthenticator"
c.Proxy.address = "127.0.0.1:{ports[1]}"
c.Proxy.tcp_address = "127.0.0.1:{ports[2]}"
c.UnsafeLocalBackend.clusters_directory = "{folder}"
c.ClusterConfig.scheduler_cmd = [{python!r}, "-m", "distributed.cli.dask_scheduler"]
c.ClusterConfig.worker_cmd = [{python!r}, "-m", "distributed.cli.dask_worker"]
c.ClusterConfig.idle_timeout = {idle_seconds}
"""


class GatewayServer:
    """A server, its proxy, and the clusters that it starts."""

    def __init__(self, folder: Path, idle_seconds: float) -> None:
        with ExitStack() as stack:
            taken = [
                stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
                for _ in range(3)
            ]
            ports = [one.getsockname()[1] for one in taken]
        self.config = {
            "address": f"http://127.0.0.1:{ports[1]}",
            "proxy_address": f"gateway://127.0.0.1:{ports[2]}",
        }
        file = folder / "config.py"
        wanted = {"ports": ports, "folder": folder, "python": sys.executable}
        file.write_text(_CONFIG.format(**wanted, idle_seconds=idle_seconds))
        self._log = folder / "log"
        command = [sys.executable, "-m", "dask_gateway_server", "--config", str(file)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=folder, start_new_session=True
            )

    def wait(self) -> None:
        """Wait until the server answers through its proxy."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.1)

    def _answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.config['address']}/api/health") as r:
            return bool(json.load(r)["status"] == "pass")
        return False

    def clusters(self) -> list[str]:
        """Return the names of the clusters that are there or come up."""
        request = urllib.request.Request(f"{self.config['address']}/api/v1/clusters/")
        user = base64.b64encode(f"{getpass.getuser()}:".encode()).decode()
        request.add_header("Authorization", f"Basic {user}")
        with urllib.request.urlopen(request) as answer:
            return list(json.load(answer))

    def stop(self) -> None:
        """Have the server stop its clusters, and itself."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


@contextmanager
def running(folder: Path, idle_seconds: float = 0) -> Iterator[GatewayServer]:
    """Start a server that keeps its clusters in a folder, and stop it at the end.

    Args:
        folder: The folder.
        idle_seconds: After how long it ends clusters that do nothing; 0 for never.
    """
    server = GatewayServer(folder, idle_seconds)
    try:
        server.wait()
        yield server
    finally:
        server.stop()

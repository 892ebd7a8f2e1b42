"""An SSH server of one's own, from Debian's package, that lets in whoever runs the tests."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

PROGRAM = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin")
"""The server, where it is installed."""

_START_SECONDS = 30

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
"""


class SSHServer:
    """A server on a port of this host."""

    def __init__(self, folder: Path) -> None:
        self._key = folder / "user"
        for name in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(command, check=True)
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port: int = free.getsockname()[1]
        config = folder / "sshd_config"
        config.write_text(_CONFIG.format(port=self.port, folder=folder))
        if os.geteuid() == 0:
            # Debian's service makes it; the server does not go without it for root.
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
        self._log = folder / "log"
        with self._log.open("wb") as log:
            command = [str(PROGRAM), "-D", "-e", "-f", str(config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def wait(self) -> None:
        """Wait until the server takes connections."""
        deadline = time.monotonic() + _START_SECONDS
        while "Server listening" not in self._log.read_text():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def config(self, hosts: int, **more: Any) -> dict[str, Any]:
        """Return the config of a cluster on as many hosts, all of them this one."""
        options = {
            "port": self.port,
            "username": getpass.getuser(),
            "known_hosts": None,
            "client_keys": [str(self._key)],
        }
        scheduler = {"dashboard_address": ":0"}
        ssh = {"connect_options": options, "scheduler_options": scheduler, **more}
        return {"ssh": {"hosts": ["127.0.0.1"] * hosts, **ssh}}

    def started(self) -> list[Any]:
        """Return the processes that run for those who are logged in."""
        return list(psutil.Process(self._process.pid).children(recursive=True))

    def stop(self) -> None:
        """Stop the server and what it started."""
        started = self.started()
        self._process.terminate()
        self._process.wait()
        for process in started:
            if process.is_running():
                process.kill()


@contextmanager
def running(folder: Path) -> Iterator[SSHServer]:
    """Start a server that keeps its keys in a folder, and stop it at the end."""
    server = SSHServer(folder)
    try:
        server.wait()
        yield server
    finally:
        server.stop()

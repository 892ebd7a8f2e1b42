"""A batch system of one's own: Slurm on one node, this one, from Debian's packages."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

_PATH = os.environ["PATH"] + ":/usr/sbin"
_PROGRAMS = {name: shutil.which(name, path=_PATH) for name in ("munged", "slurmctld", "slurmd")}

IS_THERE = all(_PROGRAMS.values())
"""Whether all of it is installed."""

_START_SECONDS = 60

_CONFIG = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={control_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={socket}
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
MpiDefault=none
KillWait=5
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=16000 State=UNKNOWN
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class Slurm:
    """A controller, a node, and what they know each other by."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.config = folder / "slurm.conf"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run it while the block does."""
        # A socket's path may be no longer than some hundred characters.
        munge = f"/tmp/dagsterlite-{uuid.uuid4().hex}.munge"
        self._write_config(munge)
        key = self._folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        files = {
            "key-file": key,
            "socket": munge,
            "pid-file": f"{munge}.pid",
            "log-file": self._folder / "munged.log",
            "seed-file": self._folder / "munge.seed",
        }
        options = [f"--{name}={file}" for name, file in files.items()]
        with ExitStack() as stack:
            stack.enter_context(self._process("munged", "--foreground", "--force", *options))
            for name in ("slurmctld", "slurmd"):
                stack.enter_context(self._process(name, "-D", "-f", str(self.config)))
            self._wait()
            yield
            self.command("scancel", "--user", getpass.getuser())

    def _write_config(self, munge: str) -> None:
        for name in ("state", "spool"):
            (self._folder / name).mkdir()
        with ExitStack() as stack:
            taken = [
                stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
                for _ in range(2)
            ]
            control_port, node_port = (one.getsockname()[1] for one in taken)
        self.config.write_text(
            _CONFIG.format(
                host=socket.gethostname().partition(".")[0],
                control_port=control_port,
                node_port=node_port,
                user=getpass.getuser(),
                socket=munge,
                folder=self._folder,
            )
        )

    @contextmanager
    def _process(self, name: str, *arguments: str) -> Iterator[None]:
        with (self._folder / f"{name}.out").open("wb") as log:
            process = subprocess.Popen(
                [str(_PROGRAMS[name]), *arguments], stdout=log, stderr=log, env=self._environment()
            )
        try:
            yield
        finally:
            process.terminate()
            process.wait()

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "SLURM_CONF": str(self.config)}

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self.command("sinfo", "--noheader", "--format=%t") != "idle":
            assert time.monotonic() < deadline, self._said()
            time.sleep(0.1)

    def _said(self) -> str:
        return "\n".join(file.read_text() for file in sorted(self._folder.glob("*.out")))

    def command(self, *command: str) -> str:
        """Return what one of Slurm's commands says."""
        done = subprocess.run(
            command, env=self._environment(), capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    def jobs(self) -> str:
        """Return the jobs that wait, run or end just now."""
        return self.command("squeue", "--noheader")

"""Commands of batch systems that run each job at once, as a process group of this host."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

_SUBMIT = """#!/bin/sh
# The number of a job is its process group.
for last; do :; done
job="$0.$$"
{read} > "$job"
setsid sh "$job" > "$job.log" 2>&1 &
echo "{answer}"
"""

_CANCEL = """#!/bin/sh
for last; do :; done
echo "$last" >> "$0.told"
kill -TERM -- "-${last%.*}"
"""

_REFUSE = """#!/bin/sh
echo "there is no such queue" >&2
exit 1
"""

# Makes a shell's text of the one line of a description that says what is executed. In it single
# quotes enclose an argument, and two stand for one.
_READ_CONDOR = r"""
import re, shlex, sys
text = open(sys.argv[1]).read()
line = re.search(r'^Arguments = "(.*)"$', text, re.M).group(1).replace('""', '"')
words = [
    (quoted.replace("''", "'") if quoted else plain)
    for quoted, plain in re.findall(r"'((?:[^']|'')*)'|(\S+)", line)
]
print(shlex.join([re.search("^Executable = (.*)$", text, re.M).group(1), *words]))
"""

_OF_FILE = 'cat "$last"'


@dataclass(frozen=True, kw_only=True)
class BatchSystem:
    """How jobs come to a batch system, and what it answers."""

    submit: str
    cancel: str
    #: The shell's words that print the job's script.
    read: str = _OF_FILE
    answer: str = "$!.server"

    def install(self, folder: Path) -> None:
        """Write the commands into a folder."""
        self._write(folder / self.submit, _SUBMIT.format(read=self.read, answer=self.answer))
        self._write(folder / self.cancel, _CANCEL)

    def install_refusing(self, folder: Path) -> None:
        """Write commands of which one takes no job."""
        self._write(folder / self.submit, _REFUSE)
        self._write(folder / self.cancel, _CANCEL)

    @staticmethod
    def _write(command: Path, text: str) -> None:
        command.write_text(text)
        command.chmod(0o755)

    def canceled(self, folder: Path) -> list[str]:
        """Return the jobs that were canceled."""
        told = folder / f"{self.cancel}.told"
        return told.read_text().split() if told.exists() else []


SYSTEMS = {
    "slurm": BatchSystem(submit="sbatch", cancel="scancel", answer="Submitted batch job $!"),
    "pbs": BatchSystem(submit="qsub", cancel="qdel"),
    "sge": BatchSystem(
        submit="qsub", cancel="qdel", answer='Your job $! (\\"dask-worker\\") has been submitted'
    ),
    "lsf": BatchSystem(
        submit="bsub", cancel="bkill", read="cat", answer="Job <$!> is submitted to queue <fast>."
    ),
    "oar": BatchSystem(
        submit="oarsub",
        cancel="oardel",
        read="printf '%s\\n' \"$last\"",
        answer="OAR_JOB_ID=$!",
    ),
    "moab": BatchSystem(submit="msub", cancel="canceljob", answer="$!"),
    "htcondor": BatchSystem(
        submit="condor_submit",
        cancel="condor_rm",
        read=f'{shlex.quote(sys.executable)} -c {shlex.quote(_READ_CONDOR)} "$last"',
        answer="1 job(s) submitted to cluster $!.",
    ),
}

"""What README.md prints is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

README = Path(__file__).parent.parent / "README.md"


def blocks(language: str) -> list[str]:
    found: list[str] = re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)
    return found


def run_script(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    script = folder / "word_count.py"
    script.write_text(code)
    command = [sys.executable, str(script)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def test_the_first_pipeline_runs_as_printed(tmp_path):
    (code,) = blocks("python")

    done = run_script(tmp_path, code)

    assert (done.returncode, done.stdout) == (0, "{'a': 2, 'b': 1}\n"), done.stderr
    assert "counting 3 words" in done.stderr


def test_its_config_for_several_processes_runs_as_printed(tmp_path):
    (code,) = blocks("python")
    fragment, _ = blocks("yaml")[0].split("# or\n")
    execution = yaml.safe_load(fragment.replace("max_concurrent: 4", "max_concurrent: 1"))
    changed = code.replace("run_config=config", f"run_config={{**config, **{execution!r}}}")

    done = run_script(tmp_path, changed)

    assert (done.returncode, done.stdout) == (0, "{'a': 2, 'b': 1}\n"), done.stderr

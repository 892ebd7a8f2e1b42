"""What README.md prints is true."""

from __future__ import annotations

import os
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
    code, _ = blocks("python")

    done = run_script(tmp_path, code)

    assert (done.returncode, done.stdout) == (0, "{'a': 2, 'b': 1}\n"), done.stderr
    assert "counting 3 words" in done.stderr


def test_the_job_runs_as_printed(tmp_path):
    _, code = blocks("python")

    done = run_script(tmp_path, code)

    assert (done.returncode, done.stdout) == (0, "{'a': 2, 'b': 1}\n"), done.stderr


def test_its_config_for_several_processes_runs_as_printed(tmp_path):
    code, _ = blocks("python")
    fragment, _ = blocks("yaml")[0].split("# or\n")
    execution = yaml.safe_load(fragment.replace("max_concurrent: 4", "max_concurrent: 1"))
    changed = code.replace("run_config=config", f"run_config={{**config, **{execution!r}}}")

    done = run_script(tmp_path, changed)

    assert (done.returncode, done.stdout) == (0, "{'a': 2, 'b': 1}\n"), done.stderr


def test_the_commands_run_one_after_the_other(tmp_path):
    code, _ = blocks("python")
    (commands,) = blocks("sh")
    (config,) = re.findall(r"^`(solids: .*)`:$", README.read_text(), re.MULTILINE)
    (tmp_path / "word_count.py").write_text(code)
    (tmp_path / "run.yaml").write_text(config)
    # The command of this checkout, under the name that a reader calls it by.
    dagsterlite = f'dagsterlite() {{ "{sys.executable}" -m dagsterlite "$@"; }}'

    done = subprocess.run(
        ["sh", "-ec", f"{dagsterlite}\n{commands}"],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "words: [String]" in done.stdout
    assert "SUCCESS  word_count  2 of 2 steps succeeded" in done.stdout
    assert re.search(r"^[0-9a-f-]{36} +word_count +default +SUCCESS", done.stdout, re.MULTILINE)
    assert "No run is FAILURE." in done.stdout
    assert (tmp_path / "dagster-home" / "history").is_dir()


def test_every_file_that_it_names_is_there():
    names = re.findall(r"`(dagsterlite/[a-z_]+/)`|\]\((\w+\.md)\)", README.read_text())

    assert names
    for folder, page in names:
        assert (README.parent / (folder or page)).exists()

"""The notebooks that come with the project: short, true, kept without outputs.

Each is executed in a real kernel; what it shows is drawn by a browser, where there is one, into the
folder of the test.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.test_house.checkout import ROOT
from tests.test_notebooks.browser import browser, dom_of, page_of, screenshot
from tests.test_notebooks.kernel import Cell, Kernel, running_kernel

FOLDER = ROOT / "notebooks"
ALL = sorted(path.relative_to(FOLDER) for path in FOLDER.rglob("*.ipynb"))

pytestmark = pytest.mark.timeout(300)

Executed = list[tuple[str, Cell]]


def read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads((FOLDER / path).read_text(encoding="utf-8"))
    return notebook


def code_of(path: Path) -> list[str]:
    cells = read(path)["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the notebooks."""
    shutil.copytree(FOLDER, tmp_path / "notebooks")
    return tmp_path / "notebooks"


@pytest.fixture
def own_kernel(folder: Path) -> Iterator[Kernel]:
    """A fresh kernel in the notebooks' folder."""
    with running_kernel(folder) as kernel:
        yield kernel


@pytest.fixture
def execute(own_kernel: Kernel, tmp_path: Path) -> Callable[[str], Executed]:
    """Execute a notebook from its first cell to its last, and look at it."""

    def run(name: str) -> Executed:
        cells = [(source, own_kernel.must(source)) for source in code_of(Path(f"{name}.ipynb"))]
        if browser() is not None:
            look(page_of(cells), tmp_path / f"{name}.png")
        return cells

    return run


def look(page: str, picture: Path) -> None:
    """Draw a page, and see that there is something to see in it."""
    screenshot(page, picture)
    with Image.open(picture) as drawn:
        box = drawn.convert("L").point(lambda value: 255 * (value < 200)).getbbox()
        colors = drawn.convert("RGB").getcolors(1 << 24)
    assert box is not None
    assert box[3] - box[1] > 300
    assert colors is not None
    assert len(colors) > 20


def value(kernel: Kernel, expression: str) -> Any:
    """Return the value of an expression in a kernel."""
    return json.loads(kernel.must(f"import json; print(json.dumps({expression}))").printed)


def shown(cells: Executed) -> str:
    """Return all HTML that stands in an executed notebook."""
    return "\n".join(part for _, cell in cells for part in cell.last_html)


# --- as they are kept ---


def test_there_are_notebooks() -> None:
    assert [str(path) for path in ALL] == [
        "01_first_pipeline.ipynb",
        "02_flights_on_a_local_cluster.ipynb",
        "03_remote_scheduler.ipynb",
        "04_failures_and_reexecution.ipynb",
        "05_notebook_steps.ipynb",
        "steps/summarize.ipynb",
    ]


@pytest.mark.parametrize("path", ALL, ids=str)
def test_they_are_kept_without_outputs(path: Path) -> None:
    notebook = read(path)

    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) <= {"tags"}
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)


# --- as they run ---


def test_01_first_pipeline(execute: Callable[[str], Executed], own_kernel: Kernel) -> None:
    cells = execute("01_first_pipeline")

    counts = {"to": 2, "be": 2, "or": 1, "not": 1}
    assert value(own_kernel, "result.output_for_solid('count')") == counts
    assert "Did you mean 'text'" in value(own_kernel, "refused")
    assert "counting 6 words" in shown(cells)
    assert shown(cells).count("<svg") == 2


def test_02_flights_on_a_local_cluster(
    execute: Callable[[str], Executed], own_kernel: Kernel
) -> None:
    cells = execute("02_flights_on_a_local_cluster")

    findings = value(own_kernel, "[result.success, findings]")
    assert findings[0] is True
    assert len(findings[1]) >= 3
    page = shown(cells)
    assert "12 of join_month" in page
    assert "Dask dashboard" in page
    assert page.count("127.0.0.1:") >= 4


def test_03_remote_scheduler(execute: Callable[[str], Executed], own_kernel: Kernel) -> None:
    cells = execute("03_remote_scheduler")

    assert value(own_kernel, "[first.success, second.success]") == [True, True]
    values = [text for _, cell in cells for text in cell.plain_results]
    assert values == ["'hello worker'", "'good evening worker'"]
    assert value(own_kernel, "[p.poll() is not None for p in (worker, scheduler)]") == [True, True]


def test_04_failures_and_reexecution(
    execute: Callable[[str], Executed], own_kernel: Kernel
) -> None:
    cells = execute("04_failures_and_reexecution")

    assert value(
        own_kernel, "[failed.success, mended.success, mended.output_for_solid('publish')]"
    ) == [False, True, "6 in 3"]
    steps = value(own_kernel, "sorted({e.step_key for e in mended.step_event_list})")
    assert steps == ["check.compute", "publish.compute"]
    assert "ValueError: 3 is more than 2" in shown(cells)
    assert shown(cells).count("↩") == 2
    assert "2 runs" in shown(cells)


def test_05_notebook_steps(execute: Callable[[str], Executed], own_kernel: Kernel) -> None:
    cells = execute("05_notebook_steps")

    assert value(own_kernel, "result.output_for_solid('report')") == "mean 3.88, median 3.5"
    kept = json.loads(Path(value(own_kernel, "executed")).read_text(encoding="utf-8"))
    assert all(cell["execution_count"] for cell in kept["cells"] if cell["cell_type"] == "code")
    assert "summarized 8 numbers" in shown(cells)


def test_the_notebook_of_a_step_runs_by_itself(
    execute: Callable[[str], Executed], own_kernel: Kernel
) -> None:
    for source in code_of(Path("steps/summarize.ipynb")):
        own_kernel.must(source)

    assert value(own_kernel, "summary") == {"mean": 2.3, "median": 2}


# --- as a hostile user would have them ---

HOSTILE = """
from dagsterlite import *
touch = "document.title='touched'"
evil = f"</pre></svg><script>{touch}</script><img src=x onerror={touch}>"

@solid(description=evil, config_schema={"x": Field(str, default_value=evil, description=evil)})
def solid_of_evil(context):
    context.log.info(evil)
    yield AssetMaterialization(evil, evil, metadata={evil: evil, "url": EventMetadata.url(evil)})
    raise ValueError(evil)

@pipeline(description=evil)
def hostile():
    solid_of_evil()

quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
instance = DagsterInstance.ephemeral()
result = execute_pipeline(
    hostile, quiet, tags={"t": evil}, instance=instance, raise_on_error=False
)
"""


def test_a_browser_runs_nothing_that_users_wrote(own_kernel: Kernel, tmp_path: Path) -> None:
    shows = (HOSTILE, "hostile", "result", "instance", "create_execution_plan(hostile)")
    cells = [("", own_kernel.must(source)) for source in shows]
    assert all(cell.last_html for _, cell in cells)
    if browser() is not None:
        assert "<title>untouched</title>" in dom_of(page_of(cells), tmp_path)


def test_a_browser_would_run_a_script(tmp_path: Path) -> None:
    data = {"text/html": "<script>document.title='ran'</script>"}
    cell = Cell([("display_data", {"data": data})])
    if browser() is not None:
        assert "<title>ran</title>" in dom_of(page_of([("", cell)]), tmp_path)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_displays_can_be_read_on_light_and_on_dark(
    own_kernel: Kernel, tmp_path: Path, theme: str
) -> None:
    own_kernel.must("from tests.test_render.runs_of import mixed; from dagsterlite import *")
    cell = own_kernel.must("execute_pipeline(mixed, raise_on_error=False)")
    if browser() is not None:
        look_in(theme, page_of([("", cell)], theme), tmp_path / "mixed.png")


def look_in(theme: str, page: str, picture: Path) -> None:
    """Draw a page, and see that enough of it stands out from its background."""
    screenshot(page, picture, height=1_400)
    with Image.open(picture) as drawn:
        gray = drawn.convert("L")
        counts = gray.histogram()
    total = sum(counts)
    written = sum(counts[:140]) if theme == "light" else sum(counts[110:])
    assert 0.002 < written / total < 0.5

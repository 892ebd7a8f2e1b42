"""A headless browser that looks at what notebooks show."""

from __future__ import annotations

import html
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.test_notebooks.kernel import Cell

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 110

PAGE = """<!doctype html><meta charset="utf-8"><title>untouched</title>
<style>body{{font:14px/1.5 system-ui,"DejaVu Sans",sans-serif;margin:24px;max-width:1000px;
background:{background};color:{color}}} .in{{background:rgba(128,128,128,.12);padding:8px}}</style>
{body}"""

COLORS = {"light": ("#ffffff", "#222222"), "dark": ("#111418", "#d8dbe0")}


def browser() -> str | None:
    """Return the browser's program; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def page_of(cells: Sequence[tuple[str, Cell]], theme: str = "light") -> str:
    """Return a page with cells and what each showed last, as a reader of the notebook sees them."""
    background, color = COLORS[theme]
    body = "".join(_shown(source, cell) for source, cell in cells)
    return PAGE.format(background=background, color=color, body=body)


def _shown(source: str, cell: Cell) -> str:
    printed = f"<pre>{html.escape(cell.printed)}</pre>" if cell.printed else ""
    shown = "".join(f"<div>{part}</div>" for part in cell.last_html)
    values = "".join(f"<pre>{html.escape(text)}</pre>" for text in cell.plain_results)
    return f"<pre class=in>{html.escape(source)}</pre>{printed}{shown}{values}"


def screenshot(page: str, picture: Path, height: int = 4_000) -> None:
    """Have the browser draw a page into a file."""
    _run(page, picture, f"--window-size=1080,{height}", f"--screenshot={picture}")


def dom_of(page: str, folder: Path) -> str:
    """Return the page as the browser has it once its scripts, if there are any, have run."""
    return _run(page, folder / "page.html", "--dump-dom")


def _run(page: str, beside: Path, *options: str) -> str:
    program = browser()
    assert program is not None
    file = beside.with_suffix(".html")
    file.write_text(page, encoding="utf-8")
    profile = beside.with_suffix(".profile")
    command = [
        program,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
        *options,
        file.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    shutil.rmtree(profile, ignore_errors=True)
    return done.stdout

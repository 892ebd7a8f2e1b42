"""HTML as it stands in a notebook's output: whatever users wrote is escaped, nothing is a script.

Colors follow the theme of JupyterLab, nbconvert and VS Code, each of which says in the page which
it is; elsewhere they are those around the output, or tones that can be read on light and on dark.
JupyterLab takes style sheets and drawings away from a notebook that is not trusted: what is left
must still read well, and a picture stands for each drawing.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import NewType

from dagsterlite.render.safe_text import cut, lines_of, one_line

Html = NewType("Html", str)
"""A text that may stand in a page as it is."""

LONGEST = 300
"""No user's text is shown at more than this length, so that none can push the rest away."""

_WEB = ("http://", "https://")
_VOID = frozenset({"img"})
_PRE_LINES = 400
_PRE_WIDTH = 2_000

# Twice the class, where JupyterLab's own rules for tables would count more otherwise.
_STYLE = """
[data-jp-theme-light="true"] .dagsterlite,.vscode-light .dagsterlite,
.vscode-high-contrast-light .dagsterlite{
  --dl-good:#1d7544;--dl-bad:#b83230;--dl-odd:#82590a;--dl-busy:#1c66ab;--dl-quiet:#5f656d}
[data-jp-theme-light="false"] .dagsterlite,.vscode-dark .dagsterlite,
.vscode-high-contrast:not(.vscode-high-contrast-light) .dagsterlite{
  --dl-good:#56c98b;--dl-bad:#f4817d;--dl-odd:#dcae55;--dl-busy:#74b6ef;--dl-quiet:#a4aab3}
.dagsterlite{font:13px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
  max-width:100%;padding:2px 0 10px}
.dagsterlite .dl-head{display:flex;flex-wrap:wrap;gap:2px 12px;align-items:baseline;
  margin:4px 0 6px}
.dagsterlite .dl-name{font-size:15px;font-weight:600;overflow-wrap:anywhere}
.dagsterlite .dl-quiet{opacity:.68;overflow-wrap:anywhere}
.dagsterlite .dl-title{font-weight:600;margin:12px 0 4px}
.dagsterlite .dl-scroll{overflow:auto;max-width:100%;max-height:560px}
.dagsterlite .dl-graph{overflow:auto;max-width:100%;max-height:860px;box-sizing:border-box;
  border:1px solid rgba(128,128,128,.3);border-radius:6px;padding:10px}
.dagsterlite.dagsterlite .dl-drawn{display:block!important}
.dagsterlite.dagsterlite .dl-still{display:none!important}
.dagsterlite svg{display:block;margin:0 auto}
.dagsterlite .dl-badge{border:1px solid currentColor;border-radius:10px;padding:0 8px;
  font-size:12px;font-weight:600}
.dagsterlite table{border-collapse:collapse;table-layout:auto;margin:0;font-size:12.5px;
  border:0;width:auto}
.dagsterlite.dagsterlite th,.dagsterlite.dagsterlite td{text-align:left;border:0;
  padding:3px 14px 3px 0;background:none;vertical-align:top;max-width:420px;
  overflow-wrap:break-word;white-space:normal}
.dagsterlite th{font-weight:600;opacity:.68;white-space:nowrap;
  border-bottom:1px solid rgba(128,128,128,.4)}
.dagsterlite.dagsterlite thead,.dagsterlite.dagsterlite tr:nth-child(n){background:none}
.dagsterlite tbody tr+tr td{border-top:1px solid rgba(128,128,128,.16)}
.dagsterlite.dagsterlite .dl-number{text-align:right;white-space:nowrap;
  font-variant-numeric:tabular-nums}
.dagsterlite.dagsterlite .dl-short{white-space:nowrap}
.dagsterlite details{margin:6px 0 0}
.dagsterlite summary{cursor:pointer;overflow-wrap:anywhere}
.dagsterlite details>:not(summary){margin-left:14px}
.dagsterlite pre,.dagsterlite code{color:inherit;
  font:12px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.dagsterlite.dagsterlite pre{white-space:pre;overflow:auto;max-height:420px;margin:4px 0 8px;
  padding:8px 10px;background:rgba(128,128,128,.1);border-left:3px solid rgba(128,128,128,.5)}
.dagsterlite :not(pre)>code{background:none;padding:0;overflow-wrap:anywhere}
.dagsterlite a{color:var(--jp-content-link-color,var(--vscode-textLink-foreground,#3b86c8))}
.dagsterlite .dl-alarm{color:var(--dl-bad,#d9534f);font-weight:600}
.dagsterlite .dl-lane{position:relative;width:150px;min-width:90px;height:10px;margin-top:5px;
  background:rgba(128,128,128,.14);border-radius:2px}
.dagsterlite .dl-span{position:absolute;top:0;height:10px;min-width:2px;border-radius:2px}
.dagsterlite .dl-bar{display:flex;overflow:hidden;height:8px;width:320px;max-width:100%;
  margin:4px 0;background:rgba(128,128,128,.22);border-radius:4px}
.dagsterlite ul{margin:2px 0;padding-left:18px}
"""


def text(value: object, width: int = LONGEST) -> Html:
    """Return a user's text on one line, escaped, cut at a width."""
    return Html(html.escape(cut(one_line(str(value)), width)))


def tag(name: str, *inside: Html, **attributes: str | float | None) -> Html:
    """Return an element. ``cls`` stands for ``class``, and ``_`` in attributes for ``-``.

    Attributes that are None are left out, the values of the others escaped.
    """
    written = "".join(
        f' {_attribute(key)}="{html.escape(_value(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    start = Html(f"<{name}{written}>")
    return start if name in _VOID else Html(f"{start}{''.join(inside)}</{name}>")


def _attribute(key: str) -> str:
    return "class" if key == "cls" else key.replace("_", "-")


def _value(value: str | float) -> str:
    return f"{value:.5g}" if isinstance(value, float) else one_line(str(value))


def joined(parts: Iterable[Html], between: Html = Html("")) -> Html:
    """Return parts one after the other."""
    return Html(between.join(parts))


def quiet(value: object) -> Html:
    """Return a text that stands back."""
    return tag("span", text(value), cls="dl-quiet")


def link(url: str, label: str | None = None) -> Html:
    """Return a link; a text where it leads to anything but a web page, which may be code."""
    if not url.lower().startswith(_WEB):
        return tag("code", text(url))
    return tag("a", text(label or url), href=url, target="_blank", rel="noopener noreferrer")


def heading(*parts: Html) -> Html:
    """Return the first line of what is shown, with blanks between its parts."""
    return tag("div", joined(parts, Html(" ")), cls="dl-head")


def title(value: object) -> Html:
    """Return the title of a section."""
    return tag("div", text(value), cls="dl-title")


def preformatted(lines: Sequence[str]) -> Html:
    """Return lines in a box of their own; of very many the first and the last."""
    if len(lines) > _PRE_LINES:
        half = _PRE_LINES // 2
        left_out = f"… {len(lines) - 2 * half} more lines …"
        lines = [*lines[:half], left_out, *lines[-half:]]
    shown = (html.escape(cut(line, _PRE_WIDTH)) for line in lines_of("\n".join(lines)))
    return tag("pre", Html("\n".join(shown)))


def folded(summary: Html, *inside: Html, is_open: bool = False) -> Html:
    """Return what is seen when its summary is clicked on."""
    return tag("details", tag("summary", summary), *inside, open="" if is_open else None)


def table(
    header: Sequence[str], rows: Iterable[Sequence[Html]], numbers: int = 0, short: int = 0
) -> Html:
    """Return a table.

    Args:
        header: What stands above the columns.
        rows: A cell a column.
        numbers: A bit mask of the columns that hold numbers.
        short: One of the others that stay on one line.
    """

    def cell(name: str, column: int, inside: Html) -> Html:
        kind = "dl-number" if numbers >> column & 1 else "dl-short" if short >> column & 1 else None
        return tag(name, inside, cls=kind)

    head = joined(cell("th", number, text(name)) for number, name in enumerate(header))
    body = joined(
        tag("tr", *(cell("td", number, inside) for number, inside in enumerate(row)))
        for row in rows
    )
    whole = tag("table", tag("thead", tag("tr", head)), tag("tbody", body))
    return tag("div", whole, cls="dl-scroll")


def display(*parts: Html) -> Html:
    """Return what a notebook shows: the parts, with the style that they need."""
    return tag("div", tag("style", Html(_STYLE.strip())), *parts, cls="dagsterlite")

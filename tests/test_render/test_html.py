"""HTML that no user's text can break out of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite.render.html import LONGEST, display, folded, preformatted, table, tag, text
from tests.test_render.html_of import Page

HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=y>",
    "\x1b[31mred\x07",
    "a" * 10_000,
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_text_is_shown_as_what_it_is(value: str) -> None:
    page = Page(tag("b", text(value), title=value))

    assert [name for name, _ in page.tags] == ["b"]
    assert "\x1b" not in page.html
    assert len(page.text) <= LONGEST


@given(st.text())
def test_no_text_leaves_its_element_or_attribute(value: str) -> None:
    page = Page(tag("p", text(value), tag("b", text(value), title=value)))

    assert [name for name, _ in page.tags] == ["p", "b"]


def test_attributes_are_written_as_html_names_them() -> None:
    assert tag("rect", cls="a", stroke_width=1.5, x=None) == (
        '<rect class="a" stroke-width="1.5"></rect>'
    )


def test_lines_keep_their_blanks_and_lose_their_escapes() -> None:
    assert preformatted(["  a < b", "\x1b[0m"]) == "<pre>  a &lt; b\n\\x1b[0m</pre>"


def test_of_very_many_lines_the_first_and_last_are_shown() -> None:
    lines = Page(preformatted([str(number) for number in range(10_000)])).text.split("\n")

    assert (lines[0], lines[-1], len(lines)) == ("0", "9999", 401)
    assert "… 9600 more lines …" in lines


def test_a_table_puts_numbers_to_the_right() -> None:
    page = Page(table(("name", "rows"), [(text("a"), text(3))], numbers=0b10))

    assert [cell.get("class") for cell in page.named("td")] == [None, "dl-number"]


def test_a_display_carries_its_style_and_no_script() -> None:
    page = Page(display(folded(text("more"), text("inside"), is_open=True)))

    assert {name for name, _ in page.tags} == {"div", "style", "details", "summary"}
    assert page.named("details") == [{"open": ""}]

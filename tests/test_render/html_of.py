"""Reading HTML that was rendered: its elements, texts and whether it is well-formed."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "img"}


@dataclass
class Page(HTMLParser):
    """What stands in a page; a tag that is not closed in its place is an error."""

    html: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        """All that can be read, a part a line."""
        return "\n".join(self.words)

    def named(self, name: str) -> list[dict[str, str | None]]:
        """Return the attributes of the elements of a kind."""
        return [attributes for tag, attributes in self.tags if tag == name]


def page_of(shown: object) -> Page:
    """Return what a notebook shows of an object."""
    html = shown._repr_html_()  # type: ignore[attr-defined]
    return Page(html)

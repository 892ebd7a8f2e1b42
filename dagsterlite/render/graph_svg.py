"""A graph drawn as SVG, by our own hand: boxes with their inputs above and their outputs below."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from dagsterlite.render.graph_view import GraphView, Node
from dagsterlite.render.html import Html, joined, tag, text
from dagsterlite.render.layered import Box, Link, Point, place
from dagsterlite.render.looks import QUIET, ink, look_of_step, worst
from dagsterlite.render.pipelines import PortView
from dagsterlite.render.safe_text import cut, one_line

_FONT: Final = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"
_TITLE_SIZE: Final = 13
_SMALL_SIZE: Final = 11
_EM: Final = 0.6
"""How wide a letter is at most on the average, in sizes of its font."""

_PAD: Final = 10.0
_CHIP_HEIGHT: Final = 18.0
_TITLE_HEIGHT: Final = 20.0
_SUBTITLE_HEIGHT: Final = 15.0
_MARGIN: Final = 8.0
_BEHIND: Final = 4.0

_SMALLEST: Final = 0.66
"""A drawing shrinks to this part of its size where the page is narrow; beyond that it scrolls."""

_TITLE_LETTERS: Final = 30
_PORT_LETTERS: Final = 20
_PORTS_SHOWN: Final = 5


@dataclass(frozen=True)
class _Chip:
    """A port as it stands in the edge of its box."""

    label: str
    #: What is told when the mouse rests there.
    told: str
    names: frozenset[str]

    @cached_property
    def width(self) -> float:
        return _width(self.label, _SMALL_SIZE) + _PAD


@dataclass(frozen=True)
class _Drawn:
    """A node with the sizes of its parts."""

    node: Node
    inputs: Sequence[_Chip]
    outputs: Sequence[_Chip]

    @cached_property
    def title(self) -> str:
        return cut(one_line(self.node.title), _TITLE_LETTERS)

    @cached_property
    def subtitle(self) -> str:
        return cut(one_line(self.node.subtitle), _TITLE_LETTERS + 4)

    @cached_property
    def width(self) -> float:
        sign = 36.0 if self.node.states is not None else 0.0
        return max(
            _width(self.title, _TITLE_SIZE) + 2 * _PAD + sign,
            _width(self.subtitle, _SMALL_SIZE) + 2 * _PAD,
            *(sum(chip.width for chip in chips) for chips in (self.inputs, self.outputs)),
            90.0,
        )

    @cached_property
    def head(self) -> float:
        """How far down the title's part begins."""
        return _CHIP_HEIGHT if self.inputs else 0.0

    @cached_property
    def body(self) -> float:
        return _TITLE_HEIGHT + (_SUBTITLE_HEIGHT if self.subtitle else 0.0) + 6

    @cached_property
    def height(self) -> float:
        return self.head + self.body + (_CHIP_HEIGHT if self.outputs else 0.0)

    def offset(self, chips: Sequence[_Chip], name: str) -> float:
        """Return where the line of a port meets the box, from its left side."""
        for left, width, chip in self.spread(chips):
            if name in chip.names:
                return left + width / 2
        return self.width / 2

    def spread(self, chips: Sequence[_Chip]) -> Iterator[tuple[float, float, _Chip]]:
        """Yield the left side and width of chips that fill the box's."""
        more = (self.width - sum(chip.width for chip in chips)) / max(1, len(chips))
        left = 0.0
        for chip in chips:
            yield left, chip.width + more, chip
            left += chip.width + more


_STILL_COLOR: Final = "#7c828b"
"""A picture does not know the page that it stands in, so its texts can be read on any."""


def graph_drawing(view: GraphView) -> Html:
    """Return a graph's drawing, and the picture that stands for it where drawings are taken away.

    The style shows the one and hides the other; without it, it is the other way round.
    """
    picture = base64.b64encode(graph_svg(view, _STILL_COLOR).encode()).decode()
    still = tag(
        "img",
        cls="dl-still",
        alt=f"A graph of {len(view.nodes)} boxes",
        src=f"data:image/svg+xml;base64,{picture}",
    )
    return joined((tag("div", graph_svg(view), cls="dl-drawn", style="display:none"), still))


def graph_svg(view: GraphView, color: str = "inherit") -> Html:
    """Return a graph as SVG.

    Args:
        view: The graph.
        color: That of texts and frames.
    """
    drawn = {node.key: _drawn(node) for node in view.nodes}
    links = [
        Link(
            line.source,
            line.target,
            drawn[line.source].offset(drawn[line.source].outputs, line.output_name),
            drawn[line.target].offset(drawn[line.target].inputs, line.input_name),
        )
        for line in view.lines
    ]
    layout = place([Box(key, one.width, one.height) for key, one in drawn.items()], links)
    lines = [
        _line(points, is_dynamic=line.is_dynamic)
        for line, points in zip(view.lines, layout.lines, strict=True)
    ]
    boxes = [_box(one, layout.boxes[key]) for key, one in drawn.items()]
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN
    return tag(
        "svg",
        *lines,
        *boxes,
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        style=f"width:100%;max-width:{width:.0f}px;min-width:{_SMALLEST * width:.0f}px;height:auto",
        viewBox=f"{-_MARGIN:g} {-_MARGIN:g} {width:.5g} {height:.5g}",
        font_family=_FONT,
        role="img",
        color=color,
    )


def _drawn(node: Node) -> _Drawn:
    return _Drawn(node, _chips(node.inputs), _chips(node.outputs))


def _chips(ports: Sequence[PortView]) -> list[_Chip]:
    shown = ports if len(ports) <= _PORTS_SHOWN else ports[: _PORTS_SHOWN - 1]
    chips = [_chip(port, is_only=len(ports) == 1) for port in shown]
    rest = ports[len(shown) :]
    if rest:
        names = frozenset(port.name for port in rest)
        told = ", ".join(_told(port) for port in rest)
        chips.append(_Chip(f"+{len(rest)}", cut(told, 1_000), names))
    return chips


def _chip(port: PortView, *, is_only: bool) -> _Chip:
    optional = "?" if "optional" in port.remark else ""
    many = " [ ]" if "dynamic" in port.remark else ""
    plain = is_only and port.name == "result"
    label = port.type_name if plain else f"{port.name}{optional}: {port.type_name}"
    if not plain and port.type_name == "Any":
        label = f"{port.name}{optional}"
    label = cut(one_line(label), _PORT_LETTERS) + many
    return _Chip(label, _told(port), frozenset({port.name}))


def _told(port: PortView) -> str:
    remark = f" ({port.remark})" if port.remark else ""
    description = f": {port.description}" if port.description else ""
    return f"{port.name}: {port.type_name}{remark}{description}"


def _width(label: str, size: int) -> float:
    letters = sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in label)
    return letters * size * _EM


def _line(points: Sequence[Point], *, is_dynamic: bool) -> Html:
    (x, y), *_ = points
    path = [f"M{x:.1f},{y:.1f}"]
    for (left, top), (right, bottom) in pairwise(points):
        middle = (top + bottom) / 2
        path.append(f"C{left:.1f},{middle:.1f} {right:.1f},{middle:.1f} {right:.1f},{bottom:.1f}")
    return tag(
        "path",
        d=" ".join(path),
        fill="none",
        stroke=QUIET,
        stroke_width=1.4,
        stroke_opacity=0.85,
        stroke_dasharray="5 3" if is_dynamic else None,
    )


def _box(drawn: _Drawn, at: Point) -> Html:
    node = drawn.node
    state = None if node.states is None else worst(node.states)
    color = None if state is None else look_of_step(state).color
    parts = [
        tag("title", text(_told_of(node), 1_000)),
        *_frames(drawn, color),
        *_ports(drawn, drawn.inputs, 0.0, drawn.head),
        *_ports(drawn, drawn.outputs, drawn.height - _CHIP_HEIGHT, drawn.height - _CHIP_HEIGHT),
        *_labels(drawn),
        *_signs(drawn, state, color),
    ]
    x, y = at
    return tag("g", *parts, transform=f"translate({x:.1f} {y:.1f})")


def _told_of(node: Node) -> str:
    counts = ", ".join(f"{count} {state}" for state, count in (node.states or {}).items() if count)
    return ". ".join(part for part in (node.title, node.subtitle, node.description, counts) if part)


def _frames(drawn: _Drawn, color: str | None) -> Iterator[Html]:
    stroke = color or "currentColor"
    opacity = 0.95 if color else 0.45
    size: dict[str, float] = {"width": drawn.width, "height": drawn.height, "rx": 5}
    line: dict[str, str | float] = {"stroke": stroke, "stroke_opacity": opacity}
    if drawn.node.is_many:
        behind = f"M{_BEHIND:g},{-_BEHIND:g} H{drawn.width + _BEHIND:.1f} "
        behind += f"V{drawn.height - _BEHIND:.1f}"
        yield tag("path", d=behind, fill="none", stroke_width=1.2, **line)
    yield tag("rect", **size, fill=color or QUIET, fill_opacity=0.1, stroke_width=1.2, **line)
    if drawn.node.is_composite:
        inner: dict[str, float] = {
            "x": 3, "y": 3, "width": drawn.width - 6, "height": drawn.height - 6, "rx": 3,
        }  # fmt: skip
        yield tag("rect", **inner, fill="none", stroke_width=0.8, **line)


def _ports(drawn: _Drawn, chips: Sequence[_Chip], top: float, edge: float) -> Iterator[Html]:
    if not chips:
        return
    rule: dict[str, str | float] = {"stroke": "currentColor", "stroke_opacity": 0.2}
    yield tag("path", d=f"M0,{edge:.1f} H{drawn.width:.1f}", fill="none", **rule)
    for left, width, chip in drawn.spread(chips):
        if left:
            down = f"M{left:.1f},{top:.1f} v{_CHIP_HEIGHT:g}"
            yield tag("path", d=down, fill="none", **rule)
        label = tag(
            "text",
            text(chip.label),
            tag("title", text(chip.told, 1_000)),
            x=left + width / 2,
            y=top + 13,
            font_size=_SMALL_SIZE,
            text_anchor="middle",
            fill="currentColor",
            fill_opacity=0.72,
        )
        yield label


def _labels(drawn: _Drawn) -> Iterator[Html]:
    middle = drawn.width / 2
    yield tag(
        "text",
        text(drawn.title),
        x=middle,
        y=drawn.head + 18,
        font_size=_TITLE_SIZE,
        font_weight=600,
        text_anchor="middle",
        fill="currentColor",
    )
    if drawn.subtitle:
        yield tag(
            "text",
            text(drawn.subtitle),
            x=middle,
            y=drawn.head + 33,
            font_size=_SMALL_SIZE,
            text_anchor="middle",
            fill="currentColor",
            fill_opacity=0.72,
        )


def _signs(drawn: _Drawn, state: str | None, color: str | None) -> Iterator[Html]:
    if state is None or color is None:
        return
    yield tag(
        "text",
        text(look_of_step(state).sign),
        x=drawn.width - 8,
        y=drawn.head + 18,
        font_size=_TITLE_SIZE,
        font_weight=700,
        text_anchor="end",
        fill=color,
    )


def legend(counts: Mapping[str, int]) -> Html:
    """Return what the states in a drawing mean, with how many steps are in each."""
    return joined(
        (
            tag(
                "span",
                text(f"{look_of_step(state).sign} {count} {state.lower().replace('_', ' ')}"),
                style=f"{ink(look_of_step(state).color)};margin-right:14px",
            )
            for state, count in counts.items()
            if count
        ),
        Html(" "),
    )

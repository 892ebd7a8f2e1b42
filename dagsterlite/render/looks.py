"""How states look in drawings and pages: a color, a sign and a word, so that no color is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dagsterlite.render.html import Html, tag, text
from dagsterlite.render.runs import LOST


@dataclass(frozen=True)
class Look:
    """How a state looks."""

    #: Of middle brightness: it can be read on light and on dark.
    color: str
    sign: str


GOOD: Final = "#2f9e62"
BAD: Final = "#d9534f"
ODD: Final = "#b9872a"
BUSY: Final = "#3b86c8"
QUIET: Final = "#8b9099"

_VARIABLES: Final[Mapping[str, str]] = {
    GOOD: "--dl-good",
    BAD: "--dl-bad",
    ODD: "--dl-odd",
    BUSY: "--dl-busy",
    QUIET: "--dl-quiet",
}
"""What the style calls each color where it knows the page's theme."""

NOT_BEGUN: Final = "NOT BEGUN"

TAKEN: Final = "TAKEN OVER"
"""What a step left in an earlier run was taken from there."""

#: Worst first: a group is shown in the first of these states that one of its members is in.
_STEPS: Final[Mapping[str, Look]] = {
    "FAILURE": Look(BAD, "✗"),
    "UNFINISHED": Look(ODD, "…"),
    "RUNNING": Look(BUSY, "▸"),
    "WAITING_FOR_RETRY": Look(ODD, "↻"),
    "ABANDONED": Look(ODD, "∅"),
    NOT_BEGUN: Look(QUIET, "·"),
    "SUCCESS": Look(GOOD, "✓"),
    TAKEN: Look(QUIET, "↩"),
    "SKIPPED": Look(ODD, "↷"),
}

_RUNS: Final[Mapping[str, Look]] = {
    "SUCCESS": Look(GOOD, "✓"),
    "FAILURE": Look(BAD, "✗"),
    "CANCELED": Look(ODD, "∅"),
    "CANCELING": Look(ODD, "…"),
    "STARTED": Look(BUSY, "▸"),
    LOST: Look(BAD, "?"),
}

_PLAIN: Final = Look(QUIET, "·")


def look_of_step(state: str) -> Look:
    """Return how a step's state looks."""
    return _STEPS.get(state, _PLAIN)


def look_of_run(status: str) -> Look:
    """Return how a run's status looks."""
    return _RUNS.get(status, _PLAIN)


def worst(states: Mapping[str, int]) -> str:
    """Return the state that stands for several steps; each is counted under its own."""
    return next((state for state in _STEPS if states.get(state)), NOT_BEGUN)


def ink(color: str) -> str:
    """Return the style of a text in a color: that of the page's theme, where it is known.

    The color itself stands first, for readers that know no variables.
    """
    return f"color:{color};color:var({_VARIABLES[color]},{color})"


def colored(value: object, color: str) -> Html:
    """Return a text in a color."""
    return tag("span", text(value), style=ink(color))


def badge(value: object, look: Look) -> Html:
    """Return a text as a badge with its sign."""
    return tag("span", text(f"{look.sign} {value}"), cls="dl-badge", style=ink(look.color))

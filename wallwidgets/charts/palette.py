"""The colours of the charts, in one place, with a dark twin.

Only data takes its colour from here in JupyterLab; text, grid and hover box follow Lab's theme (see
``lab_style``). An exported page takes all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from wallwidgets.schemas.assays import ResultStatus


@dataclass(frozen=True)
class Palette:
    """One set of colours.

    Attributes:
        baseline: Baseline and score line.
        window: The window, and what is selected.
        warning_text: Warning, where it is a word.
        band: How opaque the no-drift band is, in the baseline's colour.
        text: Words and the frame of a selection.
        muted: Ticks and notes.
        ground: The page of an export; figures are transparent.
        classes: Of the heat map, from inside the no-drift band to twice the alert threshold.
    """

    baseline: str
    window: str
    ok: str
    warning: str
    warning_text: str
    alert: str
    band: float
    text: str
    muted: str
    ground: str
    classes: tuple[str, str, str, str, str]

    def of(self, status: ResultStatus) -> str:
        """The colour of a status."""
        states = {ResultStatus.WARNING: self.warning, ResultStatus.ALERT: self.alert}
        return states.get(status, self.ok)


LIGHT = Palette(
    baseline="#6b7785",
    window="#1769bf",
    ok="#14806a",
    warning="#c05f00",
    warning_text="#9f5100",
    alert="#c62828",
    band=0.17,
    text="#3d3d3d",
    muted="#5e5e5e",
    ground="#ffffff",
    classes=("#f2f4f6", "#d3e6e0", "#f6c77d", "#dd6b3a", "#8f1d1d"),
)
DARK = Palette(
    baseline="#98a3af",
    window="#5aa9f5",
    ok="#43c3a3",
    warning="#ffab40",
    warning_text="#ffab40",
    alert="#ff7269",
    band=0.20,
    text="#e0e0e0",
    muted="#adadad",
    ground="#111111",
    classes=("#2a2d30", "#23514a", "#a8680f", "#e0603f", "#ff9e94"),
)


def palette(dark: bool) -> Palette:
    """The set for a theme."""
    return DARK if dark else LIGHT


def rgb(colour: str) -> tuple[int, int, int]:
    """The parts of ``#rrggbb``.

    Example:
        >>> rgb("#1769bf")
        (23, 105, 191)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def faint(colour: str, opacity: float) -> str:
    """The colour, see-through.

    Example:
        >>> faint("#1769bf", 0.1)
        'rgba(23, 105, 191, 0.1)'
    """
    return f"rgba({', '.join(map(str, rgb(colour)))}, {opacity:g})"


def steps_of(colours: tuple[str, ...]) -> list[list[float | str]]:
    """A colour scale without transitions."""
    number = len(colours)
    return [[(at + end) / number, colour] for at, colour in enumerate(colours) for end in (0, 1)]

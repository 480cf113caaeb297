"""What all figures share: fonts, margins, axes, mode bar, and the empty state."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import plotly.graph_objects as go

from wallwidgets.charts.palette import Palette, faint
from wallwidgets.charts.records import Times
from wallwidgets.schemas.safe_html import figure_text

FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
TEXT, SMALL = 12, 11
LEFT = 48
WIDE_PX, HALF_PX, NARROW_PX = 1_200, 640, 240
"""How wide figures are expected to be, where it is not known before they are drawn."""
_DAY_PX, _HOUR_PX, _SHORT_PX, _VALUE_PX = 64, 100, 38, 50
_MOST_TIMES, _MOST_VALUES = 12, 8

# "Share chart" would send the data to a cloud; the others repeat what the five that stay do.
REMOVED = (
    "sendChartToCloud",
    "sendDataToCloud",
    "editInChartStudio",
    "zoomIn2d",
    "zoomOut2d",
    "autoScale2d",
    "lasso2d",
    "hoverClosestCartesian",
    "hoverCompareCartesian",
    "toggleSpikelines",
)
_TIME_FORMATS = (
    (None, 1_000, "%H:%M:%S.%L"),
    (1_000, 60_000, "%H:%M:%S"),
    (60_000, 86_400_000, "%d %b %H:%M"),
    (86_400_000, "M1", "%d %b"),
    ("M1", "M12", "%b %Y"),
    ("M12", None, "%Y"),
)


def figure(
    traces: Iterable[dict[str, Any]],
    look: Palette,
    *,
    height: int,
    margin: tuple[int, int, int, int],
    select: bool = False,
    **layout: Any,
) -> dict[str, Any]:
    """A figure in the house's style, as ``go.Figure`` takes it.

    Margins are left, right, top and bottom.
    """
    removed = list(REMOVED) if select else [*REMOVED, "select2d"]
    sides = dict(zip("lrtb", margin, strict=True))
    common = {
        "template": go.layout.Template(),
        "height": height,
        "margin": {**sides, "pad": 0, "autoexpand": False},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": TEXT, "color": look.text},
        "showlegend": False,
        "dragmode": "select" if select else "zoom",
        "hovermode": "closest",
        "hoverlabel": {
            "bgcolor": look.ground,
            "bordercolor": look.baseline,
            "align": "left",
            "font": {"family": FONT, "size": TEXT, "color": look.text},
        },
        "modebar": {
            "remove": removed,
            "bgcolor": "rgba(0,0,0,0)",
            "color": look.muted,
            "activecolor": look.window,
        },
        "annotations": [],
        "shapes": [],
    }
    return {"data": [_with_texts(trace) for trace in traces], "layout": common | layout}


def _with_texts(trace: dict[str, Any]) -> dict[str, Any]:
    """Times as text: Jupyter takes longer to write a thousand times than Plotly to draw them."""
    x = trace["x"]
    is_time = x.dtype.kind == "M"
    return trace | {"x": np.datetime_as_string(x).astype(object)} if is_time else trace


def axis(look: Palette, narrow: bool, **options: Any) -> dict[str, Any]:
    """An axis without a line, with ticks outside."""
    common = {
        "automargin": False,
        "showline": False,
        "zeroline": False,
        "showgrid": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": faint(look.text, 0.3),
        "tickfont": {"size": SMALL if narrow else TEXT, "color": look.muted},
    }
    return common | options


def value_axis(look: Palette, narrow: bool, **options: Any) -> dict[str, Any]:
    """A y axis: about five ticks with lines across."""
    lines = {"showgrid": True, "gridcolor": faint(look.text, 0.13), "gridwidth": 1, "ticklen": 0}
    return axis(look, narrow, nticks=5, **lines) | options


def time_axis(
    look: Palette,
    narrow: bool,
    between: tuple[datetime, datetime] | None,
    room_px: float,
    **options: Any,
) -> dict[str, Any]:
    """An x axis of true time, so many pixels long; its ticks follow a zoom."""
    stops = [
        {"dtickrange": [low, high], "value": _short(form) if narrow else form}
        for low, high, form in _TIME_FORMATS
    ]
    ends = [_iso(moment) for moment in between] if between else None
    line = {"showline": True, "linecolor": faint(look.text, 0.3), "linewidth": 1}
    return axis(
        look, narrow, type="date", tickformatstops=stops, range=ends,
        nticks=_times(room_px, narrow, between), visible=between is not None, **line, **options,
    )  # fmt: skip


def _times(room_px: float, narrow: bool, between: tuple[datetime, datetime] | None) -> int:
    """How many times have room, whose texts are longer where they are less than a day apart."""
    days = between and (between[1] - between[0]) / timedelta(days=1)
    by_day = max(room_px // (_SHORT_PX if narrow else _DAY_PX), 2)
    # The axis takes the next round step, so half a day becomes a whole one.
    longer = not narrow and days is not None and days < by_day / 2
    return int(min(max(room_px // _HOUR_PX, 2) if longer else by_day, _MOST_TIMES))


def values_shown(room_px: float) -> int:
    """How many numbers have room along an axis."""
    return int(min(max(room_px // _VALUE_PX, 2), _MOST_VALUES))


def _short(form: str) -> str:
    """Days without their month, and hours without their day, where there is little room."""
    return {"%d %b": "%d", "%d %b %H:%M": "%H:%M"}.get(form, form)


def _iso(moment: datetime) -> str:
    """A time as a layout takes it: never a numpy time, never an offset."""
    return moment.replace(tzinfo=None).isoformat()


def iso(times: Times) -> list[str]:
    """Times as a layout takes them."""
    return [str(time) for time in times]


def around(starts: Iterable[datetime], ends: Iterable[datetime]) -> tuple[datetime, datetime]:
    """The times to show, with a little room at both ends."""
    first, last = min(starts), max(ends)
    room = max((last - first) * 0.015, timedelta(milliseconds=1))
    return first - room, last + room


def span(first: Any, last: Any, colour: str) -> dict[str, Any]:
    """A range of x, marked from top to bottom behind everything."""
    return {
        "type": "rect", "yref": "paper", "y0": 0, "y1": 1, "layer": "below",
        "x0": first, "x1": last, "fillcolor": colour, "line": {"width": 0},
    }  # fmt: skip


def note(text: str, look: Palette, **place: Any) -> dict[str, Any]:
    """Words on a figure that are no data; the text is ours or already safe."""
    size, colour = place.pop("size", SMALL), place.pop("color", look.muted)
    common = {"showarrow": False, "font": {"size": size, "color": colour}, "text": text}
    return common | place


def gap_notes(middles: Times, look: Palette, **place: Any) -> list[dict[str, Any]]:
    """The words "no rows", upright, in gaps."""
    place = {"yref": "paper", "textangle": -90, **place}
    return [note("no rows", look, x=middle, **place) for middle in iso(middles)]


def empty_note(text: str, look: Palette) -> dict[str, Any]:
    """The sentence in the middle of a figure that has nothing to draw."""
    place = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
    return note(figure_text(text), look, size=TEXT, **place)

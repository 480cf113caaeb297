"""The charts of AssayChart, made from its state and kept until what they show changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wallwidgets.schemas.assays import AssayResult, ResultStatus

if TYPE_CHECKING:
    from wallwidgets.charts import Chart
    from wallwidgets.panels.assay_selection import WindowSelection

SCORES, BINS, SPREAD, FEATURES = "scores", "bins", "distribution", "features"
_PAIR_FROM_PX, _GAP_PX, _PARTS = 720, 24, {BINS: 1.25 / 2.25, SPREAD: 1 / 2.25}
"""How panel.css puts two charts side by side."""
_KINDS = {ResultStatus.OK: "ok", ResultStatus.WARNING: "warning", ResultStatus.ALERT: "alert"}
"""Signs of the states, from the best to the worst; of a baseline run there are no windows."""


class Pictures:
    """Makes each chart of a state when it is asked for, once per change.

    Args:
        state: Whose windows.

    Example:
        >>> from wallwidgets.panels.assay_selection import WindowSelection
        >>> Pictures(WindowSelection()).get(SCORES).summary
        'There are no windows.'
    """

    def __init__(self, state: WindowSelection):
        self._state = state
        self._made: dict[str, tuple[tuple[Any, ...], Chart]] = {}
        self._chip: tuple[Any, tuple[str, str]] = (None, ("", ""))

    def get(self, kind: str) -> Chart | None:
        """The chart as it should look now; None where there is nothing to draw."""
        found, look = self._maker(kind), self._look(kind)
        if found is None:
            return None
        key, make = (*found[0], *look.values()), found[1]
        kept = self._made.get(kind)
        if kept is None or not _same(kept[0], key):
            # Plotly takes half a second to import, so not before something is drawn.
            from wallwidgets import charts

            kept = self._made[kind] = (key, make(charts, look))
        return kept[1]

    def page(self, kind: str) -> Chart | None:
        """The chart as a page of its own has it, whatever the screen."""
        from wallwidgets import charts

        found = self._maker(kind)
        return None if found is None else found[1](charts, {})

    def _maker(self, kind: str) -> tuple[tuple[Any, ...], Callable[[Any, Any], Chart]] | None:
        """What a chart depends on beside its look, and how it is made."""
        makers: dict[str, Callable[[], Any]] = {
            SCORES: self._scores, BINS: self._bins, SPREAD: self._spread, FEATURES: self._features,
        }  # fmt: skip
        found: tuple[tuple[Any, ...], Callable[[Any, Any], Chart]] | None = makers[kind]()
        return found

    def chip(self, results: Any) -> tuple[str, str]:
        """What the chip says of windows, and its kind; found once for the same windows."""
        if self._chip[0] is not results:
            self._chip = (results, since(results))
        return self._chip[1]

    def _look(self, kind: str) -> dict[str, Any]:
        """For which screen a chart of this kind is drawn."""
        state, width = self._state, float(self._state.width_px)
        if kind in (BINS, SPREAD) and width >= _PAIR_FROM_PX:
            width = (width - _GAP_PX) * _PARTS[kind]
        return {"dark": state.dark, "narrow": state.narrow, "width_px": width or None}

    def _scores(self) -> Any:
        results, chosen = self._state.results or (), self._state.value
        return (results, chosen), lambda c, look: c.scores(results, selected=chosen, **look)

    def _bins(self) -> Any:
        chosen = self._state.value
        return None if chosen is None else ((chosen,), lambda c, look: c.bins(chosen, **look))

    def _spread(self) -> Any:
        if self._state.values is None:
            return None
        baseline, window, result = self._state.values
        brushed = self._state.brushed

        def make(charts: Any, look: Any) -> Chart:
            chart: Chart = charts.distribution(
                baseline,
                window if len(window) else None,
                result.window_summary.edges,
                name=label(result.iopath or ""),
                window_name=name_of(result),
                selected=brushed,
                **look,
            )
            return chart

        return (self._state.values, brushed), make

    def _features(self) -> Any:
        scan, chosen = self._state.scan, self._state.value
        if scan is None:
            return None
        return (scan, chosen), lambda c, look: c.features(scan.results, selected=chosen, **look)


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """By identity first: comparing a thousand results would take longer than drawing them."""
    return len(one) == len(other) and all(
        a is b or (isinstance(a, int | float | tuple) and not _holds(a) and a == b)
        for a, b in zip(one, other, strict=True)
    )


def _holds(value: Any) -> bool:
    return isinstance(value, tuple) and not all(isinstance(each, float) for each in value)


def label(iopath: str) -> str:
    """A short name of a column, as charts have it."""
    from wallwidgets.charts.records import Track

    return Track(iopath, []).label


def name_of(result: AssayResult) -> str:
    """A window by its start, as charts have it."""
    from wallwidgets.charts.wording import window_name

    return window_name(result.window_start, result.window_summary.end or result.window_start)


def since(results: Any) -> tuple[str, str]:
    """What the chip says of windows, and its kind: the state of the last one, and since when.

    Of several columns it is the worst state of any, since the first of those that have it.

    Example:
        >>> since([])
        ('', 'off')
    """
    from wallwidgets.charts.finding import since_text
    from wallwidgets.charts.records import tracks
    from wallwidgets.drift import onset

    found = tracks(results)
    if not found:
        return "", "off"
    worst = max((track.status[-1] for track in found), key=list(_KINDS).index)
    begun = [(first.window_start, track) for track in found
             if track.status[-1] is worst and (first := onset(track.results))]  # fmt: skip
    text = since_text(min(begun, key=lambda pair: pair[0])[1]) if begun else ""
    return f"{worst.value} {text}".strip(), _KINDS[worst]

"""The seven settings of AssayChart as fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ipywidgets import Box, Dropdown, Text, VBox

from wallwidgets.panels.assay_form import BINS, METRICS, WINDOWS
from wallwidgets.panels.assay_preview import AssayPreview
from wallwidgets.panels.parts.fields import Field, show
from wallwidgets.panels.parts.visible import short_text
from wallwidgets.panels.parts.wishes import Mute

OTHER = "Other …"
_LONG, _LONG_CHOICE = 22, 16
"""Longer texts do not fit the field where seven share a row; they stand below it."""


class Choice(VBox):
    """A list of usual values, and a text field for any other.

    Args:
        name: Its label.
        options: The usual values.
        chosen: Called with what the user chose or typed.

    Example:
        >>> choice = Choice("Bins", ["5 quantile bins", "no bins"], print)
        >>> choice.show("7 equal bins", "")
        >>> choice.list.value
        '7 equal bins'
    """

    def __init__(self, name: str, options: Sequence[str], chosen: Callable[[str], object]):
        self._options, self._chosen, self._mute = list(options), chosen, Mute()
        self._typing = False
        self.list = Dropdown(description=name, options=[*options, OTHER])
        self.text = Text(description=name)
        self._fields = (Field(self.list), Field(self.text))
        super().__init__(list(self._fields))
        self.list.observe(self._listed, "value")
        self.text.observe(self._typed, "value")
        self._swap(False)

    def show(self, value: str, error: str, *, off: bool = False) -> None:
        """Show what is set."""
        with self._mute:
            self.list.disabled = self.text.disabled = off
            if value != self.text.value:
                self.text.value = value
                self._swap(False)
            options = [*([] if value in self._options else [value]), *self._options, OTHER]
            if not self._typing:
                if list(self.list.options) != options:
                    self.list.options = options
                self.list.value = value
            for field in self._fields:
                field.error, field.help = error, value if len(value) > _LONG_CHOICE else ""

    def _swap(self, typing: bool) -> None:
        self._typing = typing
        for field, shown in zip(self._fields, (not typing, typing), strict=True):
            show(field, shown)

    def _listed(self, change: Any) -> None:
        if self._mute.here:
            return
        if change["new"] == OTHER:
            self._swap(True)
            self.text.focus()
        else:
            self._chosen(change["new"])

    def _typed(self, change: Any) -> None:
        if not self._mute.here:
            self._chosen(change["new"])


class Settings(Box):
    """Pipeline, column, baseline, windows, bins, metric and thresholds of a state.

    Args:
        state: Whose settings.

    Example:
        >>> Settings(AssayPreview()).windows.list.value
        '24 h every 24 h'
    """

    def __init__(self, state: AssayPreview):
        self._state, self._mute = state, Mute()
        self._listed: tuple[Any, Any] = (None, None)
        self._labels: list[tuple[str, int]] = []
        self.pipeline = Dropdown(description="Pipeline")
        self.column = Dropdown(description="Column")
        self.metric = Dropdown(description="Metric", options=METRICS)
        self.baseline = Text(description="Baseline", placeholder="1 Jan – 2 Jan 2022")
        self.thresholds = Text(description="Warn / alert at", placeholder="0.10 / 0.25")
        self.windows = Choice("Windows", WINDOWS, lambda text: self._set("windows", text))
        self.bins = Choice("Bins", BINS, lambda text: self._set("bins", text))
        names = ("pipeline", "column", "baseline", "metric", "thresholds")
        self._fields = {name: Field(getattr(self, name)) for name in names}
        fields = self._fields
        super().__init__(
            [fields["pipeline"], fields["column"], fields["baseline"], self.windows, self.bins,
             fields["metric"], fields["thresholds"]]
        )  # fmt: skip
        self.add_class("ww-drift")
        for name in names:
            getattr(self, name).observe(self._chosen, "value")
        self.draw()

    def draw(self) -> None:
        """Show the state."""
        state = self._state
        with self._mute:
            ids = [pipeline.id for _, pipeline in state.pipelines]
            chosen = ids.index(state.pipeline.id) if state.pipeline is not None else None
            _offer(self.pipeline, self._pipelines(), chosen)
            columns = [(short_text(path), path) for path in state.columns]
            _offer(self.column, columns, state.column if state.column in state.columns else None)
            for name in ("baseline", "metric", "thresholds"):
                control = getattr(self, name)
                if control.value != getattr(state, name):
                    control.value = getattr(state, name)
            off = state.client is None
            for name in ("windows", "bins"):
                error = state.refused.get(name, "")
                getattr(self, name).show(getattr(state, name), error, off=off)
            for name, field in self._fields.items():
                field.error = state.refused.get(name, "")
                field.control.disabled = off
            self._fields["baseline"].help = state.baseline if len(state.baseline) > _LONG else ""

    def _pipelines(self) -> list[tuple[str, int]]:
        """Pipelines to choose, then workspaces, whose pipelines are read if one is chosen."""
        lists = (self._state.pipelines, self._state.others)
        # Ten thousand workspaces may be in there, and it is asked at every change of anything.
        if any(old is not new for old, new in zip(self._listed, lists, strict=True)):
            self._listed = lists
            names = [name for name, _ in lists[0]]
            names += [f"{each.name} · {len(each.pipelines)} to read …" for each in lists[1]]
            self._labels = [(short_text(name), at) for at, name in enumerate(names)]
        return self._labels

    def _chosen(self, change: Any) -> None:
        if self._mute.here or change["new"] is None:
            return
        name = next(each for each in self._fields if getattr(self, each) is change["owner"])
        value, state = change["new"], self._state
        if name == "pipeline" and value >= len(state.pipelines):
            state.select(state.others[value - len(state.pipelines)])
        else:
            self._set(name, state.pipelines[value][1] if name == "pipeline" else value)

    def _set(self, name: str, value: Any) -> None:
        setattr(self._state, name, value)


def _offer(control: Dropdown, options: list[tuple[str, Any]], value: Any) -> None:
    if list(control.options) != options:
        control.options = options
    if control.value != value:
        control.value = value

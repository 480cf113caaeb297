"""The settings of an assay as one types them, and as ``client.assays`` takes them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from wallwidgets.errors import InvalidRequest
from wallwidgets.panels.assay_times import range_text, read_range, read_windows, short_length
from wallwidgets.schemas.assays import AssayConfig, BinMode, Metric

WINDOWS = ("24 h every 24 h", "24 h every 6 h", "12 h every 12 h", "6 h every 6 h",
           "1 h every 1 h", "7 d every 1 d", "7 d every 7 d")  # fmt: skip
BINS = ("5 quantile bins", "10 quantile bins", "20 quantile bins", "5 equal bins", "10 equal bins",
        "20 equal bins", "no bins")  # fmt: skip
METRICS = tuple(metric.value for metric in (Metric.PSI, Metric.SUM_DIFF, Metric.MAX_DIFF))

_NUMBER = r"[-−]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_BINS = re.compile(
    rf"(\d+)\s+(quantile|equal)(?:\s+bins?)?(?:\s*,?\s+(?:from\s+)?({_NUMBER})\s+to\s+({_NUMBER}))?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Bins:
    """How many bins of which kind, in which range of the baseline's values.

    Example:
        >>> str(Bins(BinMode.QUANTILE, 5, within=(11.5, 14.0)))
        '5 quantile bins, 11.5 to 14'
    """

    mode: BinMode
    number: int = 5
    within: tuple[float, float] | None = None
    edges: tuple[float, ...] = ()

    def __str__(self) -> str:
        if self.mode is BinMode.NONE:
            return "no bins"
        if self.mode is BinMode.PROVIDED:
            return f"edges {', '.join(f'{edge:g}' for edge in self.edges)}"
        text = f"{self.number} {self.mode.value.lower()} bins"
        return f"{text}, {self.within[0]:.6g} to {self.within[1]:.6g}" if self.within else text


@dataclass(frozen=True)
class Form:
    """The settings beside pipeline and column, as texts.

    Example:
        >>> Form("1 Jan – 2 Jan 2022").read()[0]["width"]
        '24 hours'
    """

    baseline: str = ""
    windows: str = WINDOWS[0]
    bins: str = BINS[0]
    metric: str = METRICS[0]
    thresholds: str = "0.10 / 0.25"

    def read(self) -> tuple[dict[str, Any], Bins, dict[str, str]]:
        """The settings, the bins, and a sentence for every field that cannot be used."""
        readers: dict[str, Callable[[str], Any]] = {
            "baseline": read_range,
            "windows": read_windows,
            "bins": read_bins,
            "thresholds": read_thresholds,
        }
        found: dict[str, Any] = {}
        refused = {}
        for name, read in readers.items():
            try:
                found[name] = read(getattr(self, name))
            except InvalidRequest as error:
                told = refused_field(error.message)
                refused[name] = told[1] if told else error.message
        bins = found.get("bins", Bins(BinMode.QUANTILE))
        if refused:
            return {}, bins, refused
        start, end = (moment.isoformat() for moment in found["baseline"])
        width, interval = found["windows"]
        warning, alert = found["thresholds"]
        settings: dict[str, Any] = {"baseline": (start, end), "width": width}
        settings |= {"interval": interval} if interval else {}
        settings |= {"bin_mode": bins.mode.value}
        settings |= {"num_bins": bins.number} if bins.mode is not BinMode.NONE else {}
        settings |= {"edges": list(bins.edges)} if bins.edges else {}
        settings |= {"metric": self.metric, "warning_threshold": warning, "alert_threshold": alert}
        return settings, bins, {}

    @classmethod
    def of(cls, config: AssayConfig) -> Form:
        """What an assay's configuration looks like; a baseline that moves is left empty."""
        fixed, summarizer = config.baseline.fixed, config.summarizer
        edges = tuple(summarizer.provided_edges or ())
        number = summarizer.num_bins or max(len(edges) - 1, 1)
        width = short_length(config.window.width)
        interval = short_length(config.window.interval or config.window.width)
        limits = [f"{config.alert_threshold:.2f}"]
        if config.warning_threshold is not None:
            limits.insert(0, f"{config.warning_threshold:.2f}")
        return cls(
            range_text(fixed.start_at, fixed.end_at) if fixed else "",
            f"{width} every {interval}",
            str(Bins(summarizer.bin_mode, number, edges=edges)),
            summarizer.metric.value,
            " / ".join(limits),
        )


def kept(config: AssayConfig) -> dict[str, Any]:
    """The settings of a configuration that have no field, so that they are not lost."""
    found: dict[str, Any] = {
        "model": config.window.model or config.window.model_name,
        "start": config.window.start.isoformat() if config.window.start else None,
        "until": config.run_until.isoformat() if config.run_until else None,
        "weights": config.summarizer.bin_weights,
    }
    found = {name: value for name, value in found.items() if value is not None}
    aggregation = config.summarizer.aggregation.value
    return found if aggregation == "Density" else found | {"aggregation": aggregation}


def read_bins(text: str) -> Bins:
    """The bins that a text names.

    Example:
        >>> read_bins("10 equal bins").mode.value, read_bins("edges 1, 2, 3").number
        ('Equal', 2)
    """
    plain = text.strip()
    if plain.lower() in ("no bins", "none", "no"):
        return Bins(BinMode.NONE)
    if plain.lower().startswith("edges"):
        return _edges(plain[5:])
    match = _BINS.fullmatch(plain)
    if match is None:
        raise InvalidRequest(
            "Bins are a number and a kind, such as 5 quantile bins, 10 equal bins, or no bins."
        )
    number = int(match[1])
    if not 1 <= number <= 1000:
        raise InvalidRequest("The number of bins is from 1 to 1000.")
    within = None
    if match[3]:
        within = (_number(match[3]), _number(match[4]))
        if not within[0] < within[1]:
            raise InvalidRequest("The range of the bins begins below its end.")
    return Bins(BinMode(match[2].capitalize()), number, within)


def _edges(text: str) -> Bins:
    try:
        edges = tuple(_number(part) for part in text.split(",") if part.strip())
    except ValueError:
        edges = ()
    if len(edges) < 2 or any(a >= b for a, b in pairwise(edges)):
        raise InvalidRequest("Edges are two numbers or more that rise, such as edges 1, 2, 3.")
    return Bins(BinMode.PROVIDED, len(edges) - 1, edges=edges)


def _number(text: str) -> float:
    return float(text.strip().replace("−", "-"))


def read_thresholds(text: str) -> tuple[float | None, float]:
    """Warning and alert; one number is the alert.

    Example:
        >>> read_thresholds("0.10 / 0.25"), read_thresholds("0.3")
        ((0.1, 0.25), (None, 0.3))
    """
    try:
        limits = [_number(part) for part in text.split("/")]
    except ValueError:
        limits = []
    if not 1 <= len(limits) <= 2 or not all(map(math.isfinite, limits)):
        raise InvalidRequest("Thresholds are a warning and an alert, such as 0.10 / 0.25.")
    if limits[0] > limits[-1]:
        raise InvalidRequest("The warning is not above the alert, such as 0.10 / 0.25.")
    return (limits[0] if len(limits) == 2 else None), limits[-1]


_FIELDS = {
    "baseline": ("start_at", "end_at"),
    "windows": ("width", "interval", "window", "start", "run_until"),
    "bins": ("num_bins", "bin_mode", "edges", "provided_edges", "bin_weights", "summarizer"),
    "metric": ("aggregation",),
    "thresholds": ("warning_threshold", "alert_threshold"),
    "column": ("iopath",),
    "pipeline": ("pipeline_id", "pipeline_name"),
}
_FIELD_OF = {wire: name for name, wires in _FIELDS.items() for wire in (name, *wires)}


def refused_field(message: str) -> tuple[str, str] | None:
    """The field that the service's refusal names, and its sentence.

    Example:
        >>> refused_field("Bad request: width: '0 s' is not longer than zero")
        ('windows', '“0 s” is not longer than zero.')
    """
    wire, colon, rest = message.removeprefix("Bad request: ").partition(": ")
    name = _FIELD_OF.get(wire.split(".")[0])
    if not colon or name is None:
        return None
    rest = re.sub(r"'([^']*)'", "“\\1”", rest).rstrip(".")
    return name, f"{rest[:1].upper()}{rest[1:]}."


def settings_names() -> list[str]:
    """The fields of the form."""
    return [field.name for field in fields(Form)]

"""The Python that does what AssayChart shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wallwidgets.panels.assay_pictures import BINS, SCORES, label, name_of
from wallwidgets.panels.assay_reads import MOST_ROWS
from wallwidgets.schemas.assays import AssayResult
from wallwidgets.schemas.pipelines import PipelineRecord

Settings = Mapping[str, Any]


def call(function: str, *arguments: str, settings: Mapping[str, Any]) -> str:
    """The Python of one call, an argument per line."""
    lines = [*arguments, *(f"{name}={value!r}" for name, value in settings.items())]
    return f"{function}(\n{''.join(f'    {line},{chr(10)}' for line in lines)})"


def begin(pipeline: PipelineRecord) -> str:
    """What all else needs."""
    at = f"{pipeline.workspace_id}, {pipeline.name!r}"
    return f"import wallwidgets as ww\n\npipeline = client.pipelines.get({at})\n"


def scan(pipeline: PipelineRecord, settings: Settings) -> str:
    """All columns, and their chart."""
    run = call("scan = client.assays.scan", "pipeline", settings=settings)
    return f"{begin(pipeline)}{run}\nww.charts.features(scan.results)"


def chart(
    kind: str,
    pipeline: PipelineRecord,
    column: str,
    settings: Settings,
    chosen: AssayResult | None,
    brushed: tuple[float, float] | None = None,
) -> str:
    """The windows of a column, and a chart of them or of the chosen one."""
    run = call("results = client.assays.run", "pipeline", repr(column), settings=settings)
    start = chosen and chosen.window_start.isoformat()
    if kind == SCORES or chosen is None:
        selected = f", selected={start!r}" if start else ""
        return f"{begin(pipeline)}{run}\nww.charts.scores(results{selected})"
    which = f"each for each in results if each.window_start.isoformat() == {start!r}"
    code = f"{begin(pipeline)}{run}\nchosen = next({which})\n"
    if kind == BINS:
        return f"{code}ww.charts.bins(chosen)"
    summary = chosen.window_summary
    ends = [summary.start or chosen.window_start, summary.end or chosen.window_start]
    for name, between in (("baseline", settings["baseline"]),
                          ("window", [each.isoformat() for each in ends])):  # fmt: skip
        asked = {"start": between[0], "end": between[1], "limit": MOST_ROWS}
        asked |= {"model": settings["model"]} if "model" in settings else {}
        values = call(f"{name} = client.assays.values", "pipeline", repr(column), settings=asked)
        code += f'{values}.to_arrow()["value"]\n'
    names: dict[str, Any] = {"name": label(column), "window_name": name_of(chosen)}
    names |= {"selected": brushed} if brushed else {}
    edges = "chosen.window_summary.edges"
    return code + call("ww.charts.distribution", "baseline", "window", edges, settings=names)

"""What AssayChart reads beside results: pipelines, their columns, and values for a distribution."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wallwidgets.api.assay_scan import SAMPLE_ROWS, columns, values_of
from wallwidgets.api.client import Client
from wallwidgets.api.frames import Frame
from wallwidgets.schemas.assays import AssayConfig
from wallwidgets.schemas.iopath import IoPath
from wallwidgets.schemas.pipelines import DeploymentRecord, PipelineRecord
from wallwidgets.schemas.workspaces import WorkspaceRecord

MOST_WORKSPACES = 40
MOST_ROWS = 100_000
_KEPT = 16

Named = tuple[str, PipelineRecord]


def pipelines(client: Client, workspace: Any = None) -> tuple[list[Named], list[WorkspaceRecord]]:
    """The pipelines one may see, by names that differ, and the workspaces that were not asked.

    The service tells them workspace by workspace, so of very many workspaces some are not asked.
    """
    spaces = [client.workspaces.get(workspace)] if workspace is not None else [
        each for each in client.workspaces.list() if each.pipelines
    ]  # fmt: skip
    found = [
        (space.name, pipeline)
        for space in spaces[:MOST_WORKSPACES]
        for pipeline in client.pipelines.list(space)
    ]
    names = [pipeline.name for _, pipeline in found]
    named = [
        (name if names.count(name) == 1 else f"{name} · {space}", pipeline)
        for name, (space, pipeline) in zip(names, found, strict=True)
    ]
    return named, spaces[MOST_WORKSPACES:]


def within(client: Client, space: WorkspaceRecord, named: Iterable[Named]) -> list[Named]:
    """The list with the pipelines of a workspace in it, new ones first."""
    there = list(named)
    known = {pipeline.id for _, pipeline in there}
    new = [each for each in client.pipelines.list(space) if each.id not in known]
    return [*((f"{each.name} · {space.name}", each) for each in new), *there]


def the_pipeline(assay: PipelineRecord | DeploymentRecord | AssayConfig) -> PipelineRecord:
    """The pipeline that an assay, or a deployment, is of."""
    if isinstance(assay, PipelineRecord):
        return assay
    name = assay.pipeline_name if isinstance(assay, AssayConfig) else assay.deploy_id
    return PipelineRecord(id=assay.pipeline_id, name=name, workspace_id=assay.workspace_id)


def add(named: Iterable[Named], pipeline: PipelineRecord) -> tuple[list[Named], PipelineRecord]:
    """The list with this pipeline in it, and its record there."""
    there = list(named)
    for _, each in there:
        if each.id == pipeline.id:
            return there, each
    return [(pipeline.name, pipeline), *there], pipeline


def sample(
    client: Client, pipeline: PipelineRecord, model: str | None
) -> tuple[list[str], datetime | None]:
    """The columns of a pipeline's first records, outputs first, and when they begin."""
    records = client.assays.baseline_records(pipeline, model=model, limit=SAMPLE_ROWS)
    if not len(records):
        return [], None
    paths = [path for path, _ in columns(records)]
    ordered = sorted(paths, key=lambda path: path.side != "output")
    return [str(path) for path in ordered], records.to_arrow()["time"][0].as_py()


class Samples:
    """Values of records, kept for the ranges that were looked at lately.

    Args:
        client: Who reads them.

    Example:
        >>> def median(client: Client, pipeline: PipelineRecord, start: datetime, end: datetime):
        ...     return np.median(Samples(client).values(pipeline, "input x 0", start, end))
    """

    def __init__(self, client: Client):
        self._client = client
        self._kept: OrderedDict[tuple[Any, ...], Frame] = OrderedDict()

    def values(
        self,
        pipeline: PipelineRecord,
        iopath: str,
        start: datetime,
        end: datetime,
        model: str | None = None,
    ) -> NDArray[np.floating[Any]]:
        """The values of a range, at most the first 100,000 of them."""
        key = (pipeline.id, start, end, model)
        if key not in self._kept:
            self._kept[key] = self._client.assays.baseline_records(
                pipeline, start=start, end=end, model=model, limit=MOST_ROWS
            )
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        records = self._kept[key]
        if not len(records):
            return np.zeros(0)
        frame = values_of(records, IoPath.parse(iopath))
        return np.asarray(frame.to_arrow()["value"].to_numpy())

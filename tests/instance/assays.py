"""A pipeline with four days of records of two models, and assays over them, by plain requests."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from tests.conftest import log_in
from tests.instance.pipelines import upload
from tests.models import linear_model
from wallwidgets.drift import results, run
from wallwidgets.instance.config import InstanceConfig
from wallwidgets.instance.context import Context

DAY = timedelta(days=1)
BEGIN = datetime(2022, 1, 1, tzinfo=UTC)
DAYS = 4
PER_DAY = 200
MODELS = ("first", "second")
NOW = BEGIN + DAYS * DAY
SUMMARIZER = {
    "type": "UnivariateContinuous",
    "bin_mode": "Quantile",
    "aggregation": "Density",
    "metric": "PSI",
    "num_bins": 5,
    "bin_weights": None,
    "provided_edges": None,
}


class Clock:
    """The time of an instance; it stands still until a test moves it."""

    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        return self.now


def millis(time):
    return int(time.timestamp() * 1000)


def rows(number, seed=1):
    """Columns of records: three inputs, of which the first drifts, and a text; one output."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((number, 3)).astype(np.float32)
    values[:, 0] += np.linspace(0, 2, number, dtype=np.float32)
    return {
        "in.tensor": pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), 3),
        "in.text": pa.FixedSizeListArray.from_arrays(pa.array(["a"] * number), 1),
        "out.variable": pa.FixedSizeListArray.from_arrays(pa.array(values.sum(axis=1)), 1),
    }


class Watched:
    """A workspace with a pipeline whose records an assay can watch.

    Args:
        instance: Where it is.
        folder: For the model's file.
        name: Of the workspace and of the pipeline.
        records: Whether it begins with four days of records.
    """

    def __init__(self, instance, folder, name="watched", records=True):
        creds = json.loads(instance.credentials_file.read_text())
        self.raw = log_in(instance.url, creds["username"], creds["password"])
        self.context = instance.context
        self.name = name
        self.workspace_id = self.raw.ok("workspaces/create", {"workspace_name": name})[
            "workspace_id"
        ]
        path = linear_model(folder / "linear.onnx")
        self.versions = [upload(self.raw, self.workspace_id, path, model) for model in MODELS]
        body = {"pipeline_id": name, "workspace_id": self.workspace_id}
        self.pipeline_id = self.raw.ok("pipelines/create", body)["pipeline_pk_id"]
        if records:
            number = DAYS * PER_DAY
            self.times = millis(BEGIN) + np.arange(number) * (DAYS * 86_400_000 // number)
            self.columns = rows(number)
            self.made_by = np.arange(number) % 3 > 0  # a third by the first model
            self.log(self.columns, self.times, np.array(MODELS)[self.made_by.astype(int)])

    def log(self, columns, times, models):
        """Append records; ``models`` names the one of each, or the one of all."""
        texts = {name: json.dumps({"model_name": name, "model_sha": "0"}) for name in MODELS}
        constants = {"metadata.last_model": "", "metadata.partition": f"engine-{self.pipeline_id}"}
        if isinstance(models, str):
            constants["metadata.last_model"] = texts[models]
        else:
            columns = {**columns, "metadata.last_model": pa.array([texts[each] for each in models])}
        self.context.log.append(self.pipeline_id, columns, constants, [1, 2], np.asarray(times))

    def config(self, **changes):
        """A body that runs as it is; ``baseline`` and ``window`` are merged into its own."""
        model = changes.pop("model", None)
        fixed = {
            "pipeline": self.name,
            "model": model,
            "start_at": BEGIN.isoformat(),
            "end_at": (BEGIN + DAY).isoformat(),
            **changes.pop("fixed", {}),
        }
        window = {
            "pipeline": self.name,
            "model": model,
            "width": "24 hours",
            "start": None,
            "interval": None,
            **changes.pop("window", {}),
        }
        return {
            "name": "assay",
            "pipeline_id": self.pipeline_id,
            "pipeline_name": self.name,
            "active": True,
            "status": "active",
            "iopath": "input tensor 0",
            "baseline": {"Fixed": fixed},
            "window": window,
            "summarizer": {**SUMMARIZER, **changes.pop("summarizer", {})},
            "warning_threshold": 0,
            "alert_threshold": 0.1,
            "run_until": None,
            "workspace_id": self.workspace_id,
            **changes,
        }

    def create(self, **changes):
        return self.raw.ok("assays/create", self.config(**changes))["assay_id"]

    def run(self, **changes):
        return self.raw.ok("assays/run_interactive", self.config(**changes))

    def refusal(self, call="run_interactive", **changes):
        """The message of a 400."""
        answer = self.raw.post(f"assays/{call}", self.config(**changes))
        assert answer.status_code == 400, answer.text
        return answer.json()["msg"]

    def results(self, assay_id, **options):
        return self.raw.ok("assays/get_results", {"assay_id": assay_id, **options})

    def record(self, assay_id):
        return self.raw.ok("assays/get_assay_by_id", {"id": assay_id})

    def frame(self, field="in.tensor", index=0, mask=slice(None)):
        """Times and values of a column, as ``drift.run`` takes them."""
        column = self.columns[field]
        values = np.asarray(column.flatten()).reshape(len(column), -1)[:, index]
        return {"time": self.times[mask], "value": values[mask]}


def expected(frame, **options):
    """What the arithmetic says about a frame, as records of the wire."""
    options = {"baseline": (BEGIN, BEGIN + DAY), "until": NOW, **options}
    options.setdefault("warning_threshold", 0)
    options.setdefault("alert_threshold", 0.1)
    found = results(run(frame, "value", **options))
    return [each.model_dump(mode="json") for each in found]


def numbers(result):
    """What the arithmetic decides about a result."""
    names = (
        "window_start", "score", "scores", "bin_index", "status", "baseline_summary",
        "window_summary", "warning_threshold", "alert_threshold",
    )  # fmt: skip
    return {name: result[name] for name in names}


def context_of(folder, clock):
    """The parts of an instance on a folder, without a server and a thread of the scheduler."""
    return Context(InstanceConfig(folder, "http://127.0.0.1", clock=clock))

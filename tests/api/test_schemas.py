"""The recorded answers of the contract, as the schemas read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from tests.recorded import FOLDER, needs_recordings
from wallwidgets.schemas.assay_baselines import Baseline, FixedBaseline
from wallwidgets.schemas.assays import (
    AssayConfig,
    AssayRecord,
    AssayResult,
    AssayWindow,
)
from wallwidgets.schemas.auth import TokenAnswer
from wallwidgets.schemas.models import (
    ModelsAnswer,
    ModelUploaded,
    ModelVersionRecord,
    ModelWithConfig,
)
from wallwidgets.schemas.pipelines import DeploymentStatus
from wallwidgets.schemas.users import UsersAnswer
from wallwidgets.schemas.workspaces import WorkspacesAnswer

USERS = {
    "users": {
        "7d02": {
            "access": {"impersonate": False, "manage": True}, "createdTimestamp": 1682624828069,
            "disableableCredentialTypes": [], "email": "u@x", "emailVerified": True,
            "enabled": True, "firstName": "A", "id": "7d02", "lastName": "B", "notBefore": 0,
            "requiredActions": [], "username": "u@x", "federatedIdentities": [],
        },
        "gone": None,
    }
}  # fmt: skip
MODELS_2023 = {
    "models": [
        {
            "id": 6, "name": "m2", "owner_id": '""',
            "created_at": "2023-04-27T19:50:22.609013+00:00",
            "updated_at": "2023-04-27T19:50:22.609013+00:00",
        }
    ]
}  # fmt: skip
MODELS_2025 = {
    "models": [
        {
            "model": MODELS_2023["models"][0] | {"workspace_id": 4},
            "model_versions": [{"model_version": {}, "config": {}}],
            "workspace": {"id": 4, "name": "w"},
        }
    ]
}
STARTING = {"status": "Starting", "details": [], "engines": [], "engine_lbs": [], "sidekicks": []}
RUNNING = {
    "status": "Running", "details": [],
    "engines": [
        {
            "ip": "10.244.3.145", "name": "engine-797d", "status": "Running", "reason": None,
            "details": [],
            "pipeline_statuses": {"pipelines": [{"id": "mypipe", "status": "Running"}]},
            "model_statuses": {
                "models": [{"name": "m", "version": "bdfc", "sha": "bc85", "status": "Running"}]
            },
        }
    ],
    "engine_lbs": [
        {"ip": "1", "name": "engine-lb", "status": "Running", "reason": None, "details": []}
    ],
    "sidekicks": [],
}  # fmt: skip
ASSAY = {
    "id": 5, "name": "a", "active": True, "status": "created", "warning_threshold": 0.0,
    "alert_threshold": 0.1, "pipeline_id": 1, "pipeline_name": "p", "last_run": None,
    "next_run": "2023-05-19T17:26:51.743327+00:00", "run_until": None,
    "updated_at": "2023-05-19T17:26:51.745495+00:00",
    "baseline": {
        "Fixed": {
            "pipeline": "p", "model": "m", "start_at": "2023-01-01T00:00:00-05:00",
            "end_at": "2023-01-02T00:00:00-05:00",
        }
    },
    "window": {"pipeline": "p", "model": "m", "width": "24 hours", "start": None, "interval": None},
    "summarizer": {
        "type": "UnivariateContinuous", "bin_mode": "Quantile", "aggregation": "Density",
        "metric": "PSI", "num_bins": 5, "bin_weights": None, "provided_edges": None,
    },
}  # fmt: skip
_EDGES = [12.0025, 12.526, 12.7728, 12.9609, 13.2469, 14.0957, None]
RESULT = {
    "id": None, "assay_id": 1, "window_start": "2023-01-02T05:00:00Z",
    "analyzed_at": "2023-05-17T20:54:19.568121901Z", "elapsed_millis": 578,
    "iopath": "output dense_2 0", "pipeline_id": None,
    "baseline_summary": {
        "count": 181, "min": 12.0025, "max": 14.0957, "mean": 12.8928, "median": 12.8626,
        "std": 0.42594, "edges": _EDGES,
        "edge_names": ["left_outlier", "q_20", "q_40", "q_60", "q_80", "q_100", "right_outlier"],
        "aggregated_values": [0.0, 0.198895, 0.198895, 0.204420, 0.198895, 0.198895, 0.0],
        "aggregation": "Density", "start": "2023-01-01T05:00:00Z", "end": "2023-01-02T05:00:00Z",
    },
    "window_summary": {
        "count": 182, "min": 12.0372, "max": 14.7128, "mean": 12.9663, "median": 12.8951,
        "std": 0.47053, "edges": _EDGES,
        "edge_names": ["left_outlier", "e_1.25e1", "e_1.28e1", "e_1.30e1", "e_1.32e1", "e_1.41e1",
                       "right_outlier"],
        "aggregated_values": [0.0, 0.17033, 0.175824, 0.236264, 0.197802, 0.197802, 0.021978],
        "aggregation": "Density", "start": "2023-01-02T05:00:00Z", "end": "2023-01-03T05:00:00Z",
    },
    "warning_threshold": 0.0, "alert_threshold": 0.1, "score": 0.0370332,
    "scores": [0.0, 0.0044288, 0.0028445, 0.0046101, 6.0211e-06, 6.0211e-06, 0.0251377],
    "bin_index": None,
    "summarizer": {
        "type": "UnivariateContinuous", "bin_mode": "Quantile", "aggregation": "Density",
        "metric": "PSI", "num_bins": 5, "bin_weights": None, "provided_edges": None,
    },
    "status": "Warning", "created_at": None,
}  # fmt: skip


def test_users():
    user = UsersAnswer.model_validate(USERS).users["7d02"]
    assert user.first_name == "A"
    assert user.created_at == datetime(2023, 4, 27, 19, 47, 8, 69_000, UTC)
    assert json.loads(user.model_dump_json()) | USERS["users"]["7d02"] == json.loads(
        user.model_dump_json()
    )


def test_workspaces_keep_keys_of_a_later_service():
    row = {
        "id": 1, "name": "w", "created_at": "2023-04-25T21:50:28.682984+00:00",
        "created_by": "1e3e", "archived": False, "models": [1], "pipelines": [1], "new": {"a": 1},
    }  # fmt: skip
    record = WorkspacesAnswer.model_validate({"workspaces": [row]}).workspaces[0]
    assert record.created_at.tzinfo is UTC
    assert json.loads(record.model_dump_json()) == row


def test_models_of_2023_and_2025_are_the_same_records():
    old, new = (ModelsAnswer.model_validate(answer).models for answer in (MODELS_2023, MODELS_2025))
    assert (old[0].id, old[0].name, old[0].updated_at) == (
        new[0].id,
        new[0].name,
        new[0].updated_at,
    )


def test_uploaded():
    answer = {"insert_models": {"returning": [{"models": [{"id": 5}]}]}}
    assert ModelUploaded.model_validate(answer).version_id == 5


def test_a_model_with_and_without_a_configuration():
    head = {"id": 5, "owner_id": '""', "name": "m"}
    for configuration in (None, {"id": 1, "runtime": "flight", "tensor_fields": None}):
        found = ModelWithConfig.model_validate(head | {"model_config": configuration})
        assert (found.configuration is None) == (configuration is None)


def test_a_version_by_id():
    outer = {
        "model_version": {
            "name": "m", "id": 7, "status": "ready",
            "file_info": {"version": "v", "sha": "s", "file_name": "m.onnx", "size": 5},
        },
        "config": None,
    }  # fmt: skip
    record = ModelVersionRecord.model_validate(outer)
    assert (record.id, record.version, record.sha, record.file_name) == (7, "v", "s", "m.onnx")


@pytest.mark.parametrize("answer", [STARTING, RUNNING, RUNNING | {"helm": [], "new": 1}])
def test_statuses(answer):
    assert DeploymentStatus.model_validate(answer).status == answer["status"]


def test_tokens_hide_in_reprs():
    answer = {
        "access_token": "canary1", "expires_in": 3600, "refresh_expires_in": 1800,
        "refresh_token": "canary2", "token_type": "Bearer", "not-before-policy": 0,
        "session_state": "x", "scope": "profile email",
    }  # fmt: skip
    assert "canary" not in repr(TokenAnswer.model_validate(answer))


def test_an_assay():
    record = AssayRecord.model_validate(ASSAY)
    assert record.window.width == "24 hours"
    assert record.baseline.fixed.start_at == datetime(2023, 1, 1, 5, tzinfo=UTC)
    assert record.last_run is None
    assert list(record.baseline.model_dump()) == ["Fixed"]


def test_an_assay_with_a_baseline_of_2024():
    later = {"calculated": {"fixed_window": {"path": "output dense_2 0"}}}
    assert AssayRecord.model_validate(ASSAY | {"baseline": later}).baseline.calculated
    unknown = {"Rolling": {"width": 1}}
    assert AssayRecord.model_validate(ASSAY | {"baseline": unknown}).baseline == unknown


def test_a_result():
    result = AssayResult.model_validate(RESULT)
    assert result.analyzed_at == datetime(2023, 5, 17, 20, 54, 19, 568_121, UTC)
    assert result.window_summary.edges[-1] is None
    assert sum(result.scores) == pytest.approx(result.score, abs=1e-6)


@needs_recordings
def test_recorded_results():
    results = TypeAdapter(list[AssayResult]).validate_json(
        (FOLDER / "assay_results.json").read_bytes()
    )
    assert len(results) == 5
    assert all(len(result.scores) == len(result.window_summary.edges) for result in results)


def test_a_configuration_on_the_wire():
    fixed = FixedBaseline(
        pipeline="p", start_at="2022-01-01T00:00:00+01:00", end_at="2022-01-02T00:00:00Z"
    )
    config = AssayConfig(
        name="a", pipeline_id=1, pipeline_name="p", workspace_id=4, iopath="output dense_2 0",
        baseline=Baseline(fixed=fixed), window=AssayWindow(pipeline="p", width="24 hours"),
    )  # fmt: skip
    assert json.loads(config.model_dump_json(by_alias=True, exclude_none=True)) == {
        "name": "a", "pipeline_id": 1, "pipeline_name": "p", "active": True, "status": "created",
        "iopath": "output dense_2 0", "workspace_id": 4, "alert_threshold": 0.25,
        "baseline": {
            "Fixed": {
                "pipeline": "p", "start_at": "2021-12-31T23:00:00+00:00",
                "end_at": "2022-01-02T00:00:00+00:00",
            }
        },
        "window": {"pipeline": "p", "width": "24 hours"},
        "summarizer": {
            "type": "UnivariateContinuous", "bin_mode": "Quantile", "aggregation": "Density",
            "metric": "PSI", "num_bins": 5,
        },
    }  # fmt: skip


@pytest.mark.parametrize("baseline", [{}, {"Fixed": None}, {"Sliding": {}, "Fixed": {}}])
def test_a_baseline_is_one_variant(baseline):
    with pytest.raises(ValidationError):
        Baseline.model_validate(baseline)

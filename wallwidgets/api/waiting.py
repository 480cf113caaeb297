"""Waiting for a state: ask again and again, at first quickly, until it is reached or time is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from wallwidgets.api.faults import Redactor
from wallwidgets.errors import (
    Cancelled,
    DeploymentFailed,
    InvalidRequest,
    NotFound,
    ServiceError,
    TimedOut,
)
from wallwidgets.schemas import models, pipelines
from wallwidgets.schemas.models import ModelVersionRecord
from wallwidgets.schemas.pipelines import DeploymentStatus

T = TypeVar("T")

FIRST_WAIT_S = 0.05


@dataclass(frozen=True)
class Wait(Generic[T]):
    """How a caller wants to wait.

    Example:
        >>> wait = Wait(timeout_s=45, poll_s=1)
        >>> next(wait.states(lambda: "Running"))
        'Running'
    """

    timeout_s: float
    poll_s: float
    progress: Callable[[T], object] | None = None
    cancel: threading.Event | None = None

    def states(self, ask: Callable[[], T | None]) -> Iterator[T]:
        """What ``ask`` gives, None apart, until the time is up.

        Raises:
            Cancelled: ``cancel`` was set; it ends a wait at once.
        """
        cancel = self.cancel or threading.Event()
        ends_at = time.monotonic() + self.timeout_s
        wait_s = min(FIRST_WAIT_S, self.poll_s)
        while not cancel.is_set():
            state = ask()
            if state is not None:
                if self.progress is not None:
                    self.progress(state)
                yield state
            left_s = ends_at - time.monotonic()
            if left_s <= 0:
                return
            cancel.wait(min(wait_s, left_s))
            wait_s = min(2 * wait_s, self.poll_s)
        raise Cancelled("The wait was cancelled.")


def until_ready(
    ask: Callable[[], ModelVersionRecord], wait: Wait[ModelVersionRecord], redactor: Redactor
) -> ModelVersionRecord:
    """Ask for a version until its conversion is done."""
    for state in wait.states(ask):
        status = (state.status or "").lower()
        if status == models.READY:
            return state
        if status == models.ERROR:
            why = str((state.model_extra or {}).get("error_summary") or "no reason given")
            raise InvalidRequest(
                f"The model {state.name!r} cannot be converted: {redactor.show(why)}."
            )
    raise TimedOut(f"The model was not ready within {wait.timeout_s:g} s.", remedy="Wait again.")


def until_running(
    ask: Callable[[], DeploymentStatus],
    name: str,
    wait: Wait[DeploymentStatus],
    redactor: Redactor,
) -> DeploymentStatus:
    """Ask for the status of a deployment until it takes inferences."""

    def status_so_far() -> DeploymentStatus | None:
        try:
            return ask()
        except (NotFound, ServiceError):
            return None

    last = "the service does not know it yet"
    for state in wait.states(status_so_far):
        if state.status == pipelines.RUNNING:
            return state
        if state.status == pipelines.ERROR:
            why = redactor.show(_reasons(state)) or "no reason given"
            raise DeploymentFailed(f"The deployment {name!r} failed: {why}.")
        last = f"it is {state.status}"
    raise DeploymentFailed(
        f"The deployment {name!r} did not run within {wait.timeout_s:g} s: {last}.",
        remedy="Wait longer with timeout_s=, or look at its status.",
    )


def _reasons(state: DeploymentStatus) -> str:
    """Why a deployment failed, from its details and those of its processes."""
    pods = [*state.engines, *state.engine_lbs, *state.sidekicks]
    found = [*state.details, *(part for pod in pods for part in (pod.reason, *pod.details))]
    return "; ".join(str(part) for part in found if part)

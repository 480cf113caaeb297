"""The instance itself: health, features and settings (contract 7.4 and 7.5)."""

from __future__ import annotations

from fastapi import APIRouter

from wallwidgets.instance.context import User
from wallwidgets.schemas.base import Envelope
from wallwidgets.schemas.platform import ConfigAnswer, FeaturesAnswer

router = APIRouter(tags=["platform"])


@router.get("/health")
async def health() -> dict[str, str]:
    """Answers when the instance takes requests."""
    return {"status": "ok"}


@router.get("/v1/api/config", response_model=ConfigAnswer)
async def config() -> ConfigAnswer:
    """What the official SDK asks for before it logs in."""
    return ConfigAnswer()


@router.post(
    "/v1/api/features/list",
    response_model=FeaturesAnswer,
    responses={401: {"model": Envelope}, 403: {"model": Envelope}},
)
async def features(user: User) -> FeaturesAnswer:
    """What this instance can do; the values are texts."""
    return FeaturesAnswer(features={"plateau": "true"}, name="wallwidgets embedded instance")

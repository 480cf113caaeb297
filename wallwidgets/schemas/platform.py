"""The instance itself (api-contract section 7.4 and 7.5)."""

from __future__ import annotations

from pydantic import Field

from wallwidgets.schemas.base import Answer


class FeaturesAnswer(Answer):
    """What an instance can do; the values are texts such as ``"true"``."""

    features: dict[str, str] = Field(default_factory=dict)
    name: str = ""
    is_auth_enabled: bool = True


class ConfigAnswer(Answer):
    """Settings that the official SDK asks for before it logs in."""

    default_arch: str = "x86"

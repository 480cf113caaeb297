"""Data connections (api-contract section 12). Their details are secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, Field

from wallwidgets.schemas.base import Answer, Id, Name, Request, Text, Timestamp


class Details(dict[str, Any]):
    """Connection details: an ordinary dict whose repr shows the keys and masks the values.

    Example:
        >>> Details(host="db", password="canary")
        {'host': '***', 'password': '***'}
    """

    def __repr__(self) -> str:
        return repr(dict.fromkeys(self, "***"))

    __str__ = __repr__


def _masked(details: Mapping[str, Any]) -> Details:
    return Details(details)


MaskedDetails = Annotated[dict[str, Any], AfterValidator(_masked)]


class ConnectionCreate(Request):
    name: Name
    type: Name
    details: MaskedDetails | None = None


class ConnectionCreated(Answer):
    id: str


class ConnectionsList(Request):
    workspace_id: Id | None = None


class ConnectionByName(Request):
    name: Text


class ConnectionById(Request):
    id: Text


class ConnectionLink(Request):
    workspace_id: Id
    connection_id: Text


class ConnectionLinked(Answer):
    id: str


class ConnectionDelete(Request):
    """The tutorial calls the field ``connection_name``."""

    name: Text = Field(validation_alias=AliasChoices("name", "connection_name"))


class ConnectionRecord(Answer):
    """A connection; ``details`` are masked in reprs and frames, and readable as a dict."""

    id: str
    name: str
    type: str
    created_at: Timestamp
    workspace_names: list[str] = Field(default_factory=list)
    details: MaskedDetails | None = None


class ConnectionsAnswer(Answer):
    connections: list[ConnectionRecord]

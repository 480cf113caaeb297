"""The tables of the instance's database."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Dialect,
    ForeignKey,
    String,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as microseconds since 1970: SQLite keeps no time zones."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


def new_uuid() -> str:
    return str(uuid.uuid4())


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcTime, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012  SQLAlchemy's


class Numbered:
    """Ids that are never used again, not even after a delete."""

    __table_args__: Any = {"sqlite_autoincrement": True}  # noqa: RUF012  SQLAlchemy's form
    id: Mapped[int] = mapped_column(primary_key=True)


class AccountRow(Base):
    __tablename__ = "account"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_uuid)
    username: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None] = mapped_column(unique=True)
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    password_hash: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=True)
    is_admin: Mapped[bool] = mapped_column(default=False)
    required_actions: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]


class SessionRow(Base):
    """A login: the family of refresh tokens that follow one another."""

    __tablename__ = "login_session"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_uuid)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    client_id: Mapped[str]
    current_jti: Mapped[str]
    expires_at: Mapped[datetime]


class DeviceGrantRow(Base):
    __tablename__ = "device_grant"
    device_code_hash: Mapped[str] = mapped_column(primary_key=True)
    user_code: Mapped[str] = mapped_column(unique=True)
    client_id: Mapped[str]
    expires_at: Mapped[datetime]
    account_id: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    polled_at: Mapped[datetime | None]


class WorkspaceRow(Numbered, Base):
    __tablename__ = "workspace"
    name: Mapped[str] = mapped_column(unique=True)
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    archived: Mapped[bool] = mapped_column(default=False)
    members: Mapped[list[MemberRow]] = relationship(
        back_populates="workspace", order_by="MemberRow.id"
    )
    models: Mapped[list[ModelRow]] = relationship(
        back_populates="workspace", order_by="ModelRow.id"
    )
    pipelines: Mapped[list[PipelineRow]] = relationship(
        back_populates="workspace", order_by="PipelineRow.id"
    )


class MemberRow(Numbered, Base):
    __tablename__ = "workspace_member"
    __table_args__ = (UniqueConstraint("workspace_id", "user_id"), Numbered.__table_args__)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    user_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    user_type: Mapped[str]
    workspace: Mapped[WorkspaceRow] = relationship(back_populates="members")


class ModelRow(Numbered, Base):
    """A model (parent): one per name and workspace."""

    __tablename__ = "model"
    __table_args__ = (UniqueConstraint("workspace_id", "name"), Numbered.__table_args__)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    name: Mapped[str]
    owner_id: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    workspace: Mapped[WorkspaceRow] = relationship(back_populates="models")
    versions: Mapped[list[ModelVersionRow]] = relationship(
        back_populates="model", order_by="ModelVersionRow.id"
    )


class ModelVersionRow(Numbered, Base):
    """One upload of a model; its bytes are in the content store under their hash."""

    __tablename__ = "model_version"
    model_id: Mapped[int] = mapped_column(ForeignKey("model.id"), index=True)
    version: Mapped[str] = mapped_column(unique=True, default=new_uuid)
    sha: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    file_name: Mapped[str | None]
    visibility: Mapped[str]
    status: Mapped[str]
    signature: Mapped[dict[str, Any]]
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    model: Mapped[ModelRow] = relationship(back_populates="versions")
    configs: Mapped[list[ModelConfigRow]] = relationship(
        back_populates="version", order_by="ModelConfigRow.id"
    )


class ModelConfigRow(Numbered, Base):
    """How a version runs; the newest counts."""

    __tablename__ = "model_config"
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_version.id"), index=True)
    runtime: Mapped[str]
    tensor_fields: Mapped[list[str] | None] = mapped_column(JSON)
    filter_threshold: Mapped[float | None]
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[ModelVersionRow] = relationship(back_populates="configs")


class PipelineRow(Numbered, Base):
    __tablename__ = "pipeline"
    __table_args__ = (UniqueConstraint("workspace_id", "name"), Numbered.__table_args__)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    name: Mapped[str]
    owner_id: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    workspace: Mapped[WorkspaceRow] = relationship(back_populates="pipelines")
    versions: Mapped[list[PipelineVersionRow]] = relationship(
        back_populates="pipeline", order_by="PipelineVersionRow.id"
    )
    deployment: Mapped[DeploymentRow | None] = relationship(back_populates="pipeline")


class PipelineVersionRow(Numbered, Base):
    """An immutable version of a pipeline's steps."""

    __tablename__ = "pipeline_version"
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipeline.id"), index=True)
    version: Mapped[str] = mapped_column(unique=True, default=new_uuid)
    definition: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    pipeline: Mapped[PipelineRow] = relationship(back_populates="versions")


class DeploymentRow(Numbered, Base):
    """The one deployment of a pipeline; deploying again keeps its id."""

    __tablename__ = "deployment"
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipeline.id"), unique=True)
    pipeline_version_id: Mapped[int] = mapped_column(ForeignKey("pipeline_version.id"))
    deploy_id: Mapped[str]
    deployed: Mapped[bool]
    model_version_ids: Mapped[list[int]] = mapped_column(JSON)
    engine_config: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    pipeline: Mapped[PipelineRow] = relationship(back_populates="deployment")
    pipeline_version: Mapped[PipelineVersionRow] = relationship()


class ConnectionRow(Base):
    __tablename__ = "connection"
    id: Mapped[str] = mapped_column(primary_key=True, default=new_uuid)
    name: Mapped[str] = mapped_column(unique=True)
    type: Mapped[str]
    details: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_by: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    links: Mapped[list[WorkspaceConnectionRow]] = relationship(
        back_populates="connection", cascade="all, delete-orphan"
    )


class WorkspaceConnectionRow(Base):
    __tablename__ = "workspace_connection"
    __table_args__ = (UniqueConstraint("workspace_id", "connection_id"),)
    id: Mapped[str] = mapped_column(primary_key=True, default=new_uuid)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    connection_id: Mapped[str] = mapped_column(ForeignKey("connection.id"))
    connection: Mapped[ConnectionRow] = relationship(back_populates="links")
    workspace: Mapped[WorkspaceRow] = relationship()


class AssayRow(Numbered, Base):
    """An assay and its configuration as it was sent."""

    __tablename__ = "assay"
    pipeline_id: Mapped[int] = mapped_column(ForeignKey("pipeline.id"), index=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    name: Mapped[str]
    active: Mapped[bool]
    config: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    last_run: Mapped[datetime | None]
    next_run: Mapped[datetime]
    pipeline: Mapped[PipelineRow] = relationship()
    workspace: Mapped[WorkspaceRow] = relationship()


class AssayResultRow(Numbered, Base):
    """What an active assay found in one window.

    Attributes:
        result: The rest of the record, as it is answered.
    """

    __tablename__ = "assay_result"
    __table_args__ = (
        UniqueConstraint("assay_id", "window_start"),
        {"sqlite_autoincrement": True},
    )
    assay_id: Mapped[int] = mapped_column(ForeignKey("assay.id"))
    window_start: Mapped[datetime]
    status: Mapped[str]
    result: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]

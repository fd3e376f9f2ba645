"""Who changed what, when and why."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from models.columns import BigKey, Json, UtcDateTime


class AuditEntry(SQLModel, table=True):
    __tablename__ = "audit_entry"

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True, autoincrement=True))
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    actor: str = Field(max_length=100)  # the person or process
    action: str = Field(max_length=60)  # for example "mapping.set", "site.pause", "jobs.retry"
    subject: str = Field(default="", max_length=250)
    before: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))
    after: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))
    reason: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))

"""Going live: what people have confirmed about a site, and the test scenarios it has passed."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel

from models.columns import Json, UtcDateTime

#: Names of confirmations. `first_run.<data type>` is one per data type.
CUSTOMERS_REVIEWED = "customers.reviewed"  # existing customers are mapped: new ones may be exported
LICENCE = "licence"  # AIMS360 tier Designer or Luxury, with API access
AIMS_SCHEDULE_OFF = "aims_schedule_off"  # AIMS360's own JOOR order schedule is off: two importers would race
FIRST_RUN = "first_run."


class Confirmation(SQLModel, table=True):
    """Something a person has confirmed about a site; taken back by deleting the row (the audit keeps both)."""

    __tablename__ = "confirmation"

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    name: str = Field(primary_key=True, max_length=60)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(default="", max_length=100)
    reason: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    detail: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))


class Certification(SQLModel, table=True):
    """One run of the test scenarios for a site, against its sandbox account. `report` is the whole dated report as JSON.

    `passed` False while it runs and when it was cut off. `settings_digest` is of the settings and code pairs it was run with.
    """

    __tablename__ = "certification"

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    sandbox_id: int = Field(foreign_key="site.id")  # the site whose account was used; the same for a site that is itself a sandbox
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    passed: bool = False
    started_by: str = Field(default="", max_length=100)
    settings_digest: str = Field(default="", max_length=64)
    report: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))

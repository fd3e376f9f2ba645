"""How far each scan has read, and when each schedule is due next."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from models.columns import Json, UtcDateTime


class Cursor(SQLModel, table=True):
    """`name` is for example "orders.modified", "inventory.full" or "timetable.orders". `at` is aware UTC."""

    __tablename__ = "cursor"

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    name: str = Field(primary_key=True, max_length=60)
    at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    position: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))

"""AIMS360 rows that orders refer to by GUID, remembered per tenant and refreshed on a miss."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from models.columns import Json, UtcDateTime

#: Cursor of a site: when the code lists of both sides were last read. `position`: tenant, and unread (kind -> why).
LISTS_READ = "lists.read"
#: MappingKind -> kind of the code table that has its AIMS360 side.
TABLES = {kind: kind for kind in ("term", "ship_via", "division", "season", "warehouse", "country", "sales_rep")} | {
    "price_label": "currency"
}


class Lookup(SQLModel, table=True):
    """`kind`: division, season, term, ship_via, country, warehouse, customer, store, style_color, currency, sales_rep.
    `code` is the business code: for style_color `STYLE|COLOR`, for store `CUSTOMERACCOUNT|STORE`. Kind style_absent: no such style."""

    __tablename__ = "lookup"

    tenant: str = Field(primary_key=True, max_length=100)  # digest of AIMS360 URL and account
    kind: str = Field(primary_key=True, max_length=20)
    code: str = Field(primary_key=True, max_length=200)
    aims_id: str = Field(max_length=64)
    name: str = Field(default="", max_length=300)
    extra: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))
    fetched_at: datetime = Field(sa_type=UtcDateTime)

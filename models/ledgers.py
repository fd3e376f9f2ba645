"""What we told the remote systems, row by row, so that nothing is told twice and everything can be explained."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import BigKey, Json, Money, UtcDateTime

IMMEDIATE = "IMMEDIATE"


class InventoryPosition(SQLModel, table=True):
    """One JOOR inventory bucket: (site, JOOR warehouse, SKU, date). Quantities are pieces, absolute.

    `sku_key` is the UPC, or `style|identifier|colour|size` where a SKU has none. `bucket` is IMMEDIATE or YYYY-MM-DD.
    wanted/wanted_version: what the newest reading of AIMS360 says. sent/sent_version: what JOOR was last told; sent_version None: never;
    sent None with a sent_version: a call went out and its end was not recorded, so it is in doubt and is sent again.
    A version is the reading's start time in microseconds; an older version never overwrites a newer one.
    """

    __tablename__ = "inventory_position"
    __table_args__ = (Index("ix_position_style", "site_id", "style"),)

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    warehouse: str = Field(primary_key=True, max_length=150)
    sku_key: str = Field(primary_key=True, max_length=250)
    bucket: str = Field(primary_key=True, max_length=10)
    upc: str | None = Field(default=None, max_length=20)
    style: str = Field(max_length=100)
    identifier: str = Field(max_length=100)
    color: str = Field(max_length=60)
    size: str = Field(max_length=40)
    wanted: int
    wanted_version: int = Field(sa_column=Column(BigInteger, nullable=False))
    wanted_at: datetime = Field(sa_type=UtcDateTime)
    vanished: bool = False  # no longer in AIMS360: wanted is 0
    explain: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))  # the inputs the rule saw
    sent: int | None = None
    sent_version: int | None = Field(default=None, sa_column=Column(BigInteger))
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    refused: str | None = Field(default=None, sa_column=Column(Text))  # JOOR's words for this position
    refused_quantity: int | None = None  # not offered again until the quantity differs or a full push is asked for


class OrderState(StrEnum):
    DOWNLOADED = "downloaded"  # the raw order is stored
    CHECKED = "checked"  # every reference resolves; `problems` is empty
    BLOCKED = "blocked"  # `problems` lists everything that is missing
    SENDING = "sending"  # a create may be on its way; see the parts
    UNKNOWN = "unknown"  # a create whose answer was lost
    IMPORTED = "imported"
    REMOVED = "removed"  # a person removed the download; it can be fetched again
    IGNORED = "ignored"  # before go-live, or a status this site does not import
    REFUSED = "refused"  # AIMS360 or a rule refused it; a person changes something, then retries


class OrderImport(SQLModel, table=True):
    """One JOOR order on its way into AIMS360. Unique per (site, JOOR order id)."""

    __tablename__ = "order_import"
    __table_args__ = (UniqueConstraint("site_id", "joor_order_id", name="uq_order_import"), Index("ix_order_state", "site_id", "state"))

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True, autoincrement=True))
    site_id: int = Field(foreign_key="site.id")
    joor_order_id: str = Field(max_length=40)
    state: str = Field(default=OrderState.DOWNLOADED, max_length=12)
    raw: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))  # exactly as JOOR sent it
    raw_digest: str = Field(max_length=64)
    joor_status: str = Field(default="", max_length=20)
    customer_name: str = Field(default="", max_length=200)
    joor_modified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    downloaded_at: datetime = Field(sa_type=UtcDateTime)
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    imported_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    imported_raw: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))  # the raw order as imported, for the difference
    problems: list[dict[str, str]] | None = Field(default=None, sa_column=Column(Json))  # Missing rows
    currency: str = Field(default="", max_length=3)
    joor_total: Decimal | None = Field(default=None, sa_type=Money)
    aims_total: Decimal | None = Field(default=None, sa_type=Money)
    difference: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(Json))  # field, imported, now
    changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # edited on JOOR after import
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # cancelled on JOOR after import
    export_state: str = Field(default="UNDEFINED", max_length=10)  # what JOOR was last told: UNDEFINED | SUCCESS | FAILED
    export_wanted: str = Field(default="UNDEFINED", max_length=10)
    export_description: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    export_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class PartState(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"  # written and committed before the POST
    UNKNOWN = "unknown"
    CREATED = "created"
    ADOPTED = "adopted"  # found by our reference: an earlier try had got through


class OrderPart(SQLModel, table=True):
    """One AIMS360 order made of a JOOR order: the whole order, or one division of it. `reference` is its thirdPartyOrderID for ever."""

    __tablename__ = "order_part"
    __table_args__ = (UniqueConstraint("site_id", "reference", name="uq_order_part_reference"),)

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True, autoincrement=True))
    order_import_id: int = Field(sa_column=Column(BigKey, ForeignKey("order_import.id", ondelete="CASCADE"), nullable=False, index=True))
    site_id: int = Field(foreign_key="site.id")
    division: str = Field(default="", max_length=40)
    reference: str = Field(max_length=100)
    state: str = Field(default=PartState.PLANNED, max_length=10)
    body: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    body_digest: str = Field(max_length=64)
    aims_order: str | None = Field(default=None, max_length=40)
    total: Decimal | None = Field(default=None, sa_type=Money)
    sends: int = 0  # POSTs that left us
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ManualTask(SQLModel, table=True):
    """Something only a person can do or decide, with the clicks: a stale WIP date on JOOR, a new ship-to, a customer code to type in."""

    __tablename__ = "manual_task"
    __table_args__ = (UniqueConstraint("site_id", "kind", "key", name="uq_manual_task"),)

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    data_type: str = Field(max_length=20)
    kind: str = Field(max_length=30)  # wip_date | ship_to | customer_code | order_changed | style_removal | style_rekey | style_gone | ...
    key: str = Field(max_length=250)
    summary: str = Field(sa_column=Column(Text, nullable=False))
    steps: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    detail: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))
    created_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str | None = Field(default=None, max_length=100)

"""Customers: what AIMS360 says of one, what JOOR was told of it and how far that is, and the connections that JOOR shows."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from models.columns import Json, UtcDateTime


class CustomerSource(SQLModel, table=True):
    """One AIMS360 customer as a site last read it: exports, matching and lists work from it without asking again.

    `row` is JSON of `clients.aims360.types.Customer`, `stores` of its ship-tos. An older reading never overwrites a newer one (`read_at`).
    `gone`: a whole reading did not have it any more. `exported_digest`: digest and configuration that the last complete export saw.
    """

    __tablename__ = "customer_source"

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    account: str = Field(primary_key=True, max_length=60)
    aims_id: str = Field(max_length=64)
    name: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=200)
    phone: str = Field(default="", max_length=60)
    postal_code: str = Field(default="", max_length=40)  # of the bill-to, else of the first open store
    status: str = Field(default="Active", max_length=20)  # Active | Inactive | No Shipment
    gone: bool = False
    row: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    stores: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    digest: str = Field(max_length=64)  # of row and stores
    exported_digest: str | None = Field(default=None, max_length=64)
    read_at: datetime = Field(sa_type=UtcDateTime)


class CustomerState(StrEnum):
    """How far a customer is on JOOR (joor-api facts 3.2). Who has to act stands beside it."""

    SENDING = "sending"  # a bulk call may be on its way: repeatable, as JOOR updates by customer code
    SENT = "sent"  # JOOR works on the bulk job
    AWAITING = "awaiting"  # the job is finished; JOOR Data Services match a new customer by hand, in business days
    VISIBLE = "visible"  # JOOR knows the code; what it shows is not all that we sent
    ACTIVE = "active"  # JOOR shows what we sent


class CustomerCard(SQLModel, table=True):
    """What JOOR was told of one customer. `code` is JOOR's customer code: the AIMS360 account, or what a pair says.

    `digest` is the fingerprint of what JOOR shows to have; None: not known, so it is sent. `sent` is the draft last sent, `sent_digest` its
    fingerprint, `job` a bulk job that is not finished ({"id": text, "since": iso time}). Times are aware UTC.
    """

    __tablename__ = "customer_card"
    __table_args__ = (Index("ix_customer_card_account", "site_id", "account"), Index("ix_customer_card_state", "site_id", "state"))

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    code: str = Field(primary_key=True, max_length=50)
    account: str = Field(max_length=60)
    state: str = Field(max_length=10)
    is_new: bool = True  # JOOR did not know the code when it was first sent
    connection_id: str | None = Field(default=None, max_length=60)
    digest: str | None = Field(default=None, max_length=64)
    sent: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))
    sent_digest: str | None = Field(default=None, max_length=64)
    job: dict[str, Any] | None = Field(default=None, sa_column=Column(Json))
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    awaiting_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)  # JOOR's stated time ends; later it is escalated
    escalated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    active_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class JoorConnection(SQLModel, table=True):
    """A retailer of the brand as JOOR last showed it, whoever made it. `customer_code` is "" for one that connected by himself."""

    __tablename__ = "joor_connection"
    __table_args__ = (Index("ix_joor_connection_code", "site_id", "customer_code"),)

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    connection_id: str = Field(primary_key=True, max_length=60)
    customer_code: str = Field(default="", max_length=200)
    name: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=200)
    phone: str = Field(default="", max_length=60)
    postal_code: str = Field(default="", max_length=40)  # of the bill-to, else of the first ship-to
    raw: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    gone: bool = False  # a whole reading did not have it any more
    read_at: datetime = Field(sa_type=UtcDateTime)


class JoorCode(SQLModel, table=True):
    """A code that JOOR was seen to use: in its lists, on connections or on orders. Its Order Settings cannot be listed by API but for price
    types (facts 3.1), so this is how the other side of a pair is known. `kind` is a MappingKind."""

    __tablename__ = "joor_code"

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    kind: str = Field(primary_key=True, max_length=20)
    code: str = Field(primary_key=True, max_length=200)
    name: str = Field(default="", max_length=200)
    origin: str = Field(default="", max_length=20)  # list | connection | order: the best there is
    seen: int = 0  # on how many connections and orders at the last reading
    last_seen_at: datetime = Field(sa_type=UtcDateTime)


class ShipToOffer(SQLModel, table=True):
    """A ship-to that came with an order and that the customer does not have in AIMS360: offered, never added by itself."""

    __tablename__ = "ship_to_offer"

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id", index=True)
    account: str = Field(max_length=60)
    digest: str = Field(max_length=64)  # of the address
    joor_code: str = Field(default="", max_length=60)  # shipping code on JOOR, "" for none
    store_code: str = Field(default="", max_length=40)  # chosen when accepted
    address: dict[str, Any] = Field(sa_column=Column(Json, nullable=False))
    orders: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))  # JOOR order ids that went there
    state: str = Field(default="open", max_length=10)  # open | accepted | added | refused
    words: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))  # why it could not be added
    created_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str = Field(default="", max_length=100)

"""Rows that all processes share to keep to the remote limits, and the switches that hold a lane."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import BigKey, UtcDateTime


class CreditWindow(SQLModel, table=True):
    """JOOR's credit ledger, one row per JOOR account: 300 credits per fixed window of 300 s. Times are JOOR's clock.

    `window_started_at` and `spent` are our best guess of JOOR's own window. What may be spent is decided by the `CreditSpend` rows, which
    need no guess; whoever adds one holds this row's lock.
    """

    __tablename__ = "credit_window"

    account: str = Field(primary_key=True, max_length=200)  # JOOR base URL + account
    window_started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    spent: int = 0
    exhausted_until: datetime | None = Field(default=None, sa_type=UtcDateTime)  # set by a 429
    clock_offset_ms: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))  # JOOR's clock minus ours


class CreditSpend(SQLModel, table=True):
    """A call that JOOR may still be counting, until `expires_at` (JOOR's clock): whenever its window began, the call is out of it then."""

    __tablename__ = "credit_spend"
    __table_args__ = (Index("ix_credit_spend", "account", "expires_at"),)

    id: int | None = Field(default=None, sa_column=Column(BigKey, primary_key=True, autoincrement=True))
    account: str = Field(max_length=200)
    cost: int
    sent_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class RateLimit(SQLModel, table=True):
    """GCRA: one row per AIMS360 connection. `tat_us` is the theoretical arrival time, microseconds since the epoch."""

    __tablename__ = "rate_limit"

    connection: str = Field(primary_key=True, max_length=200)
    tat_us: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    held_until: datetime | None = Field(default=None, sa_type=UtcDateTime)  # a Retry-After


class RateSlot(SQLModel, table=True):
    """One of the calls in flight at a time to an AIMS360 connection; a holder that died is replaced after `expires_at`."""

    __tablename__ = "rate_slot"

    connection: str = Field(primary_key=True, max_length=200)
    slot: int = Field(primary_key=True)
    holder: str | None = Field(default=None, max_length=60)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Breaker(SQLModel, table=True):
    """An endpoint that keeps failing holds its lane until `open_until`, then one try decides."""

    __tablename__ = "breaker"

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    endpoint: str = Field(primary_key=True, max_length=100)
    failures: int = 0
    open_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_summary: str | None = Field(default=None, sa_column=Column(Text))
    updated_at: datetime = Field(sa_type=UtcDateTime)


class LanePause(SQLModel, table=True):
    """A lane held by a person, or until a time by a Retry-After. A whole site is paused on its own row."""

    __tablename__ = "lane_pause"
    __table_args__ = (UniqueConstraint("site_id", "data_type", name="uq_lane_pause"),)

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id")
    data_type: str = Field(max_length=20)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)  # None: until a person resumes it
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
    paused_by: str = Field(default="", max_length=100)
    paused_at: datetime = Field(sa_type=UtcDateTime)

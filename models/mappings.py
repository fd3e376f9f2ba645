"""Stored pairs between JOOR and AIMS360, and the fingerprint of what was last sent for a record. "Mapping" never means a transformation."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import UtcDateTime


class MappingKind(StrEnum):
    CUSTOMER = "customer"
    STYLE = "style"
    WAREHOUSE = "warehouse"
    TERM = "term"  # JOOR payment method -> AIMS360 term
    SHIP_VIA = "ship_via"  # JOOR shipping method -> AIMS360 ship via
    DIVISION = "division"
    SEASON = "season"
    SIZE = "size"
    COUNTRY = "country"
    PRICE_LABEL = "price_label"  # JOOR label ("US Dollars") -> CURRENCY or CURRENCY/PRICE LEVEL of AIMS360 ("USD", "EUR/Wholesale")
    SALES_REP = "sales_rep"
    STORE = "store"  # CUSTOMERCODE|SHIPPINGCODE -> ACCOUNT|STORE


class Mapping(SQLModel, table=True):
    """One pair. A JOOR code may have several AIMS360 codes (stock summed over warehouses); `is_primary` marks the one orders use.
    `ignored` with an empty other side says that this code is deliberately left out."""

    __tablename__ = "mapping"
    __table_args__ = (
        UniqueConstraint("site_id", "kind", "joor_code", "aims_code", name="uq_mapping"),
        Index("ix_mapping_aims", "site_id", "kind", "aims_code"),
    )

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id")
    kind: str = Field(max_length=20)
    joor_code: str = Field(default="", max_length=200)
    joor_name: str = Field(default="", max_length=200)
    aims_code: str = Field(default="", max_length=200)
    aims_id: str | None = Field(default=None, max_length=64)
    is_primary: bool = True
    ignored: bool = False
    uses: int = 0
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_by: str = Field(default="", max_length=100)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)


class Fingerprint(SQLModel, table=True):
    """Hash of what we last sent for one record (or one part of it). Equal means nothing to send."""

    __tablename__ = "fingerprint"

    site_id: int = Field(foreign_key="site.id", primary_key=True)
    data_type: str = Field(primary_key=True, max_length=20)
    key: str = Field(primary_key=True, max_length=200)
    part: str = Field(default="", primary_key=True, max_length=40)
    digest: str = Field(max_length=64)
    remote_id: str | None = Field(default=None, max_length=200)
    sent_at: datetime = Field(sa_type=UtcDateTime)


class ProposalState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Proposal(SQLModel, table=True):
    """A pair that may be right: only a person makes it one. `score` is 0 to 100, `why` one human sentence."""

    __tablename__ = "proposal"
    __table_args__ = (UniqueConstraint("site_id", "kind", "joor_code", "aims_code", name="uq_proposal"),)

    id: int | None = Field(default=None, primary_key=True)
    site_id: int = Field(foreign_key="site.id")
    kind: str = Field(max_length=20)  # a MappingKind
    joor_code: str = Field(max_length=200)
    joor_name: str = Field(default="", max_length=200)
    aims_code: str = Field(default="", max_length=200)  # "": nothing similar was found
    aims_name: str = Field(default="", max_length=200)
    score: int = 0
    why: str = Field(default="", max_length=300)
    state: str = Field(default=ProposalState.OPEN, max_length=10)
    created_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str = Field(default="", max_length=100)

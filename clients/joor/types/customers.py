"""Customers as JOOR knows them: connections (joor-api facts section 3), v2 alone."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ConnectionAddress:
    """A bill-to or ship-to. Customers' addresses say `state` where orders say `region`."""

    code: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""  # of ship-tos only
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True)
class CodeName:
    """A payment method, shipping method, warehouse, customer group or company number."""

    code: str
    name: str = ""


@dataclass(frozen=True)
class PriceTypeName:
    """Label and currency must equal those of styles to the letter (facts 3.1)."""

    label: str
    currency: str
    retail_currency: str = ""


@dataclass(frozen=True)
class ConnectionDraft:
    """What should be true of a connection on JOOR. Empty parts are not sent, so JOOR keeps what it has there."""

    customer_code: str
    customer_name: str
    alias: str = ""
    email: str = ""
    contact_name: str = ""
    group: CodeName | None = None
    company_number: CodeName | None = None
    sales_rep_code: str = ""
    warehouses: tuple[CodeName, ...] = ()
    buyers: tuple[tuple[str, str], ...] = ()  # (name, e-mail)
    billing: tuple[ConnectionAddress, ...] = ()
    payment_methods: tuple[CodeName, ...] = ()
    shipping: tuple[ConnectionAddress, ...] = ()
    shipping_methods: tuple[CodeName, ...] = ()
    price_types: tuple[PriceTypeName, ...] = ()
    create_doors: bool = False


@dataclass(frozen=True)
class Connection:
    """One retailer of the brand, as GET shows it. `customer_code` is "" for one that connected by himself. `shown` is everything that a
    draft can say, so that it can be compared with what was sent."""

    connection_id: str
    customer_code: str
    customer_name: str
    email: str
    shipping_codes: tuple[str, ...]
    shown: ConnectionDraft | None = None
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class BulkConnectionJob:
    """Progress, never results: what became of each record is seen at the connection (facts 3.4). Times are aware UTC."""

    id: str
    finished: bool
    status: str
    records: int | None = None
    done: int | None = None
    created: datetime | None = None

"""What the pretend AIMS360 remembers beside the brand: tokens, orders, jobs, documents; and a switch for whatever nobody could read."""

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.brand import Brand, Customer, OpenOrderLine, Picture, Stock, Store, StyleColor
from sandbox.faults import Memory

DEFAULT_SWITCHES: dict[str, Any] = {
    "auth_failure_status": 401,  # 401 | 403; UNKNOWN (3.2), 401 by A-14
    "extra_operators": {"clerk@brand.example": "clerk-password"},  # operators beside the brand's own, with their passwords
    "operators_without_permission": [],  # their calls answer 403 (1, licence gate)
    "odata_extra": False,  # understand what is not proven in 4.1
    "page_size": 100,
    "page_cap": 250,
    "next_link_on_last_page": True,  # 4.2
    "next_link_host": "https://apieast1.aims360.rest",  # "" is this server
    "error_request_id": True,  # error bodies carry requestId
    "absent_routes": [],  # catalogue paths, e.g. "POST /customers/v1.0/customer", that answer 404
    "absent_fields": [],  # e.g. "Orders.thirdPartyOrderID": the tenant's model lacks it
    "customer_fields": "full",  # full | known: a tenant that shows of a customer its id, account, name and status alone (9.1: UNKNOWN)
    "store_create_path": "",  # where POST adds a store, e.g. "/customers/v1.0/store"; UNKNOWN (7, 9.2), "" is nowhere
    "create_status": 200,  # 200 or 201 is UNKNOWN (6.3)
    "duplicate_third_party_order": "accept",  # accept | reject (409); UNKNOWN (10)
    "duplicate_style_color": "refuse",  # refuse | accept two lines of one style-colour; the server's rule is UNKNOWN (9.7)
    "store_id_member": "customerStoreID",  # A-05; or storeStoreID
    "refuse_unorderable": True,  # ASSUMED: an order for an inactive or No Shipment customer or store is refused
    "line_division": True,  # ASSUMED: a line's style must be of the order's division
    "job_polls": 2,  # polls a job stays unfinished
    "job_outcome": "Completed",  # Completed | Failed
    "job_can_rerun": "Yes",  # Yes | No
    "inline_rows": 0,  # results of at most so many rows come inside the job's `response` (9.9)
    "publish_link_host": "",  # "" is this server
    "unknown_view": "400",  # 400 | failed (a job that fails); UNKNOWN
    "document_list": "array",  # array, as in the sample, or the OData envelope (9.9)
    "image_reference_separator": "|",  # ASSUMED: aimsReference of a picture is STYLE, or STYLE and COLOR with this between
    "image_scope": "",  # "" is each picture's own; or Public | PeopleInOrganization | Private for all
    "awkward_images": False,  # a large, a broken, a wrongly named picture and others are listed too
    "aqua_columns": {},  # column -> new name (null: left out), for all sources or {source: {column: new name}}
}
RETENTION = timedelta(days=30)  # from a job's creation to its purge (9.9)


@dataclass
class Token:
    operator: str
    revoked: bool = False


@dataclass
class OrderLine:
    style_color_id: str
    warehouse_id: str
    price: Decimal
    sizes: list[OpenOrderLine]  # the very rows the brand holds: stock reads count them
    note: str = ""
    discount_percentage: Decimal = Decimal(0)


@dataclass
class Order:
    """One AIMS360 order; `body` is what a client posted, None for an order that stood there before."""

    id: str
    number: str
    customer: Customer
    division_id: str
    status: str
    entered: date
    start: date
    complete: date
    last_modified: datetime
    lines: list[OrderLine]
    third_party_order_id: str | None = None
    customer_purchase_order: str | None = None
    body: dict[str, Any] | None = None


@dataclass
class Job:
    id: str
    operator: str
    source: str
    view: str
    format: str
    scope: str
    document_id: str
    link: str
    created: datetime
    modified: datetime
    can_rerun: str
    polls_left: int
    outcome: str
    status: str = "Queued"
    response: str = ""
    completed: datetime | None = None
    inline: bool = False


@dataclass
class Document:
    """A published result. `content` is None until a first job run has completed."""

    id: str
    operator: str
    scope: str
    anonymous_token: str
    media_type: str
    content: bytes | None = None


@dataclass
class World:
    """Used with the listener's lock held; not thread-safe by itself."""

    brand: Brand
    memory: Memory
    switches: dict[str, Any]
    tokens: dict[str, Token] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)  # by number
    jobs: dict[str, Job] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.colors: dict[str, StyleColor] = {}
        self.styles: dict[str, list[StyleColor]] = {}
        for color in self.brand.style_colors:
            self.know(color)
        self._adopt_seeded_orders()

    def know(self, color: StyleColor) -> None:
        """Make a style-colour of the brand findable by its id and by its style number."""
        self.colors[color.id] = color
        self.styles.setdefault(color.style, []).append(color)

    def now(self) -> datetime:
        return self.memory.clock.now()

    def _adopt_seeded_orders(self) -> None:
        """The brand's open orders as orders: the seed names no customer, so they take the customers in turn."""
        by_number: dict[str, dict[tuple[str, str], list[OpenOrderLine]]] = {}
        for row in self.brand.open_orders:
            by_number.setdefault(row.order, {}).setdefault((row.style_color_id, row.warehouse_id), []).append(row)
        now = self.now()
        for index, (number, groups) in enumerate(by_number.items()):
            lines = [OrderLine(color, warehouse, self.colors[color].wholesale, rows) for (color, warehouse), rows in groups.items()]
            first = lines[0]
            self.orders[number] = Order(
                id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.brand.seed}:{number}")),
                number=number,
                customer=self.brand.customers[index % len(self.brand.customers)],
                division_id=self.colors[first.style_color_id].division_id,
                status="Open",
                entered=(now - timedelta(days=30)).date(),
                start=first.sizes[0].complete - timedelta(days=20),
                complete=first.sizes[0].complete,
                last_modified=now - timedelta(days=30),
                lines=lines,
            )

    def next_order_number(self) -> str:
        return str(1 + max((int(number) for number in self.orders), default=120_000))

    def issue_token(self, operator: str) -> str:
        """A JWT as seen in 3.2: HMAC-SHA512, `eat` some 99 years away as ISO text, no `exp`."""
        now = self.now()
        claims = {
            "jti": str(uuid.uuid4()),
            "name": operator,
            "Email": operator,
            "iss": "https://api.aims360.rest",
            "iat": now.isoformat(),
            "eat": (now + timedelta(days=36_135)).isoformat(),
        }
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "HS512", "typ": "JWT"}, claims)]
        signed = b".".join(parts)
        digest = hmac.new(self.brand.client_secret.encode(), signed, hashlib.sha512).digest()
        token = (signed + b"." + base64.urlsafe_b64encode(digest).rstrip(b"=")).decode()
        self.tokens[token] = Token(operator)
        return token

    def effect(self, effect: str, key: str, **detail: Any) -> None:
        self.memory.effect("aims360", effect, key, **detail)

    def customer(self, account: str) -> Customer | None:
        return next((customer for customer in self.brand.customers if customer.account == account), None)

    def color(self, style: str, color: str) -> StyleColor | None:
        return next((row for row in self.styles.get(style, []) if row.color == color), None)

    def currencies(self) -> dict[str, str]:
        """The currency of a style's first price, by division id: that of the JOOR account which has the division."""
        codes = {code: account.currency for account in self.brand.accounts.values() for code in account.division_codes}
        return {division.id: codes.get(division.code, "USD") for division in self.brand.divisions}

    def picture(self, picture_id: str) -> Picture | None:
        return next((picture for picture in self.pictures() if picture.id == picture_id.lower()), None)

    def pictures(self) -> list[Picture]:
        return [*self.brand.pictures, *(self.brand.awkward_pictures if self.switches["awkward_images"] else [])]

    def stores(self) -> list[tuple[Customer, Store]]:
        return [(customer, store) for customer in self.brand.customers for store in customer.stores]

    def wanted(self) -> dict[tuple[str, str, str], int]:
        """Units that open orders (Open and Hold) want and nothing is allocated to, by (style-colour id, size, warehouse id)."""
        units: dict[tuple[str, str, str], int] = {}
        for row in self.brand.open_orders:
            key = (row.style_color_id, row.size, row.warehouse_id)
            units[key] = units.get(key, 0) + row.quantity - row.allocated
        return units


def open_to_sell(stock: Stock, wanted: int) -> int:
    """OTS (immediate) by assumption A-09."""
    return max(0, stock.on_hand) - stock.allocated - stock.pick_tickets - wanted

"""What the pretend brand is made of: plain records, no behaviour. `stock.py` fills them from a seed; `joor.py` and `aims360.py` serve them.

Money is Decimal, quantities are int, dates are `datetime.date`, times are aware UTC.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sandbox.joor_records import JoorLinesheet, JoorPrice, JoorPriceType, JoorSeason


@dataclass
class Code:
    """A row of an AIMS360 code table (division, season, term, ship via, country, currency, sales rep, discount reason)."""

    id: str  # GUID
    code: str
    name: str
    enabled: bool = True


@dataclass
class Warehouse:
    id: str
    name: str
    state: str
    active: bool = True


@dataclass
class Store:
    id: str
    code: str
    name: str
    address1: str
    city: str
    state: str
    zip_code: str
    country_id: str
    address2: str = ""
    active: bool = True
    no_shipment: bool = False


@dataclass
class Customer:
    id: str
    account: str
    name: str
    email: str
    phone: str
    status: str = "Active"  # Active | Inactive | No Shipment
    term_id: str | None = None
    ship_via_id: str | None = None
    stores: list[Store] = field(default_factory=list)
    last_modified: datetime | None = None
    sales_rep_id: str | None = None
    currency: str = ""  # code
    price_level: str = ""
    group: str = ""
    contact: str = ""
    address1: str = ""  # of the bill-to
    address2: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    country_id: str | None = None


@dataclass
class Size:
    name: str
    upc: str | None  # can be missing


@dataclass
class StyleColor:
    id: str
    style_id: str
    style: str
    color: str
    color_description: str
    description: str
    body_code: str
    body_description: str
    brand_name: str
    origin_country: str
    fabric_content: str
    wholesale: Decimal
    retail: Decimal
    division_id: str
    season_id: str
    sizes: list[Size]
    active: bool = True
    kind: str = "Inventory"  # Inventory | Non-Inventory | Service
    last_modified: datetime | None = None
    other_prices: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)  # currency beside the own one -> (wholesale, retail)


@dataclass
class Picture:
    """A document of category Images. `form` says how its bytes are made when somebody asks; `content` are bytes a person put there."""

    id: str  # GUID
    name: str
    style: str
    color: str  # "" at style level
    form: str  # jpeg | png | noisy | broken
    shade: int
    size: int  # bytes
    uploaded: datetime
    scope: str = "Public"  # Public | PeopleInOrganization | Private
    anonymous_token: str = ""
    case: str = ""  # why it is awkward
    content: bytes | None = None


@dataclass
class Stock:
    """Units of one (style-colour, size) in one warehouse."""

    on_hand: int  # can be negative
    allocated: int = 0
    pick_tickets: int = 0


@dataclass
class POLine:
    style_color_id: str
    warehouse_id: str
    in_warehouse_date: date | None  # None is served as 1899-12-30
    x_factory_date: date | None
    open_by_size: dict[str, int]


@dataclass
class PurchaseOrder:
    number: str
    vendor: str
    status: str  # Open | Completed | Cancelled
    last_modified: datetime
    lines: list[POLine]
    type: str = "Style"


@dataclass
class OpenOrderLine:
    """An order already open in AIMS360 before we came (seeded), one row per style-colour and size."""

    order: str
    style_color_id: str
    warehouse_id: str
    size: str
    quantity: int
    complete: date
    allocated: int = 0
    wip_reference: str | None = None  # allocated to this purchase order number when set


@dataclass
class JoorSku:
    """Ids are JOOR's and opaque; the pretend JOOR gives them when it is started with a record that has none."""

    color_code: str
    color_name: str
    size: str
    upc: str | None
    sku_id: str = ""
    external_id: str = ""
    sku_identifier: str = ""
    size_code: str = ""
    color_active: bool = True
    size_active: bool = True
    color_order: int | None = None
    size_order: int | None = None
    color_minimum: int | None = None
    size_minimum: int | None = None
    multiplier: int = 1  # units per case pack
    identifiers: list[dict[str, str]] = field(default_factory=list)  # beside the UPC
    prices: dict[str, JoorPrice] = field(default_factory=dict)  # by price type id

    @property
    def active(self) -> bool:
        return self.color_active and self.size_active


@dataclass
class JoorStyle:
    style_id: int
    style_number: str
    style_identifier: str
    name: str
    price: Decimal
    skus: list[JoorSku]
    hand_made: bool = False
    deleted: bool = False
    retail: Decimal | None = None
    description: str = ""
    external_id: str = ""
    order_minimum: int | None = None
    category_ids: list[str] = field(default_factory=list)
    traits: dict[str, tuple[str, str]] = field(default_factory=dict)  # trait name -> value, external id
    tags: list[dict[str, str]] = field(default_factory=list)
    color_ids: dict[str, int] = field(default_factory=dict)  # JOOR's number of each colour, never given twice
    created: datetime | None = None
    modified: datetime | None = None


@dataclass
class JoorAccount:
    """One JOOR brand account. `orders` and `connections` are stored in the v2 JSON field names of the fact sheet (values already as
    strings where JOOR sends strings); `joor.py` renders empty lists and numbers by its switches."""

    account_id: str
    name: str
    token: str  # v2 static token, before Base64
    client_id: str
    client_secret: str
    username: str
    password: str
    division_codes: list[str]
    currency: str
    price_label: str
    warehouses: list[str]  # names that exist in JOOR's Order Settings
    payment_methods: list[tuple[str, str]]  # (code, name)
    shipping_methods: list[tuple[str, str]]
    sales_reps: list[tuple[str, str, str]] = field(default_factory=list)  # (code, name, e-mail)
    styles: dict[str, JoorStyle] = field(default_factory=dict)  # by style_identifier
    price_types: list[JoorPriceType] = field(default_factory=list)
    seasons: list[JoorSeason] = field(default_factory=list)
    linesheets: list[JoorLinesheet] = field(default_factory=list)
    connections: list[dict[str, Any]] = field(default_factory=list)
    orders: dict[int, dict[str, Any]] = field(default_factory=dict)  # by order_id
    export_state: dict[int, str] = field(default_factory=dict)  # order_id -> UNDEFINED | SUCCESS | FAILED
    exported_at: dict[int, datetime] = field(default_factory=dict)


@dataclass
class Brand:
    seed: int
    name: str
    # AIMS360 tenant
    client_id: str
    client_secret: str
    username: str
    password: str
    divisions: list[Code] = field(default_factory=list)
    seasons: list[Code] = field(default_factory=list)
    terms: list[Code] = field(default_factory=list)
    ship_vias: list[Code] = field(default_factory=list)
    countries: list[Code] = field(default_factory=list)
    currencies: list[Code] = field(default_factory=list)
    sales_reps: list[Code] = field(default_factory=list)
    discount_reasons: list[Code] = field(default_factory=list)
    order_status_reasons: list[Code] = field(default_factory=list)
    warehouses: list[Warehouse] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    style_colors: list[StyleColor] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    awkward_pictures: list[Picture] = field(default_factory=list)  # shown when a switch says so
    stock: dict[tuple[str, str, str], Stock] = field(default_factory=dict)  # (style-colour id, size, warehouse id)
    purchase_orders: list[PurchaseOrder] = field(default_factory=list)
    open_orders: list[OpenOrderLine] = field(default_factory=list)
    # JOOR accounts by a short key ("us", "eu")
    accounts: dict[str, JoorAccount] = field(default_factory=dict)
    cases: dict[str, list[int]] = field(default_factory=dict)  # awkward case name -> JOOR order ids that show it
    customer_cases: dict[str, list[str]] = field(default_factory=dict)  # awkward case name -> AIMS360 customer accounts that show it
    # what the brand's people know and no system says: "us.warehouses" -> {JOOR name or code: AIMS360 name or code}; also .terms, .ship_vias
    # and .sales_reps
    counterparts: dict[str, dict[str, str]] = field(default_factory=dict)

"""What a JOOR account's catalogue is made of beside its cards: price types, prices, seasons, linesheets and pictures. Plain records, no
behaviour; money is Decimal, dates are `datetime.date`, times are aware UTC."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal


@dataclass
class JoorPriceType:
    """An account setting: a currency and a label, the pair unique (JOOR facts 3.1). No API call makes one."""

    id: str  # opaque
    label: str
    currency: str
    retail_currency: str


@dataclass
class JoorPrice:
    """The price of one SKU in one price type."""

    id: str
    wholesale: Decimal
    retail: Decimal | None = None


@dataclass
class JoorSeason:
    id: str
    name: str
    year: int | None = None
    external_id: str = ""


@dataclass
class JoorLinesheetItem:
    """One card on a linesheet. `sku_ids` None is every SKU of the card, less the colours excluded."""

    order_number: int | None = None
    sku_ids: list[str] | None = None
    excluded_colors: list[str] = field(default_factory=list)
    by_hand: bool = False
    comments: str = ""


@dataclass
class JoorLinesheet:
    """v2's delivery, v4's collection. Without a start and an end it is IMMEDIATE (5.2)."""

    id: str
    name: str
    code: str = ""
    season_id: str = ""
    start: date | None = None
    complete: date | None = None
    cancel: date | None = None
    minimum_window: int | None = None  # days
    public: bool = False
    hand_made: bool = False
    items: dict[str, JoorLinesheetItem] = field(default_factory=dict)  # by style identifier


@dataclass
class JoorAsset:
    """A picture of a card or of one of its colours."""

    id: str
    identifier: str  # of the card
    kind: str  # image | swatch | video
    filename: str  # as sent
    stored_as: str  # as JOOR shows it
    color_code: str = ""  # empty: of the whole card
    sha256: str = ""  # of the bytes; empty when nothing was fetched
    display_order: int | None = None
    source: str = ""  # the address it was fetched from, or "upload"
    external_id: str = ""

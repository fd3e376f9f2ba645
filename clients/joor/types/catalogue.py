"""The catalogue: what should be true on JOOR (drafts), what came of a call, what JOOR shows."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

Part = Literal["product", "skus", "prices"]
PARTS: tuple[Part, ...] = ("product", "skus", "prices")  # in the order they can be sent


@dataclass(frozen=True)
class TraitDraft:
    """A product trait (v4: `product_trait_values`; v2: a field of the style, see `clients.joor.v2_styles`)."""

    name: str  # as JOOR names it: "Division", "Fabrication Name", "Country of Origin", ...
    value: str
    code: str = ""


@dataclass(frozen=True)
class TagDraft:
    group: str
    name: str
    value: str
    code: str = ""


@dataclass(frozen=True)
class PriceDraft:
    """One price type of a SKU: label and currency together name it, to the letter."""

    label: str
    currency: str
    wholesale: Decimal
    retail: Decimal | None = None


@dataclass(frozen=True)
class SkuDraft:
    color_code: str
    color_name: str
    size: str  # JOOR's size name, case-sensitive
    upc: str | None = None
    color_order: int = 0
    size_order: int = 0
    active: bool = True
    multiplier: int = 1  # units per case pack; packs are set up in JOOR first
    prices: tuple[PriceDraft, ...] = ()

    @property
    def key(self) -> str:
        """COLOUR|SIZE: how `StyleCard.ids` names it."""
        return f"{self.color_code}|{self.size}"


@dataclass(frozen=True)
class StyleDraft:
    """One style card as it should be on JOOR. `identifier` is the key; `skus` is the whole colour x size matrix, inactive ones included."""

    identifier: str
    number: str
    name: str
    description: str = ""
    order_minimum: int | None = None
    traits: tuple[TraitDraft, ...] = ()
    categories: tuple[str, ...] = ()  # JOOR category ids
    tags: tuple[TagDraft, ...] = ()
    skus: tuple[SkuDraft, ...] = ()


@dataclass(frozen=True)
class CardIds:
    """JOOR's ids of a card, as far as they are known. Keys of `skus`: COLOUR|SIZE; of `prices`: COLOUR|SIZE|LABEL|CURRENCY."""

    joor_id: str | None = None
    skus: dict[str, str] = field(default_factory=dict)
    prices: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CardWork:
    """One card to bring up to date: only `parts` are sent. `doubt`: an earlier call may have got through unseen, so JOOR is looked at
    before anything is created. `before` is the draft JOOR was last told, None when never: v4 sends only SKUs and prices that differ
    from it. `pending_job`: a v2 bulk job that was started for exactly this work and not seen to its end."""

    draft: StyleDraft
    ids: CardIds
    parts: frozenset[Part]
    doubt: bool = False
    before: StyleDraft | None = None
    pending_job: str | None = None


@dataclass(frozen=True)
class Saved:
    """What one call did for one card. `parts` are now as in the draft. `ids` are all ids known now (to be stored at once). `refused` maps a
    part to JOOR's words (the parts not sent because of it are not in `parts`). `adopted`: the card was on JOOR already. `job`: a v2 bulk
    job is on its way for this card and nothing is confirmed yet."""

    identifier: str
    ids: CardIds
    parts: frozenset[Part] = frozenset()
    refused: dict[Part, str] = field(default_factory=dict)
    adopted: bool = False
    job: str | None = None


@dataclass(frozen=True)
class PriceType:
    """A price type of the JOOR account (v4 `GET /price_types`): a setting of the account, not creatable by API."""

    id: str
    label: str
    currency: str
    retail_currency: str = ""


@dataclass(frozen=True)
class JoorSku:
    color_code: str
    color_name: str
    size: str
    upc: str = ""
    id: str = ""
    active: bool = True


@dataclass(frozen=True)
class JoorStyleCard:
    """A style card as JOOR shows it. `skus` is empty where the list does not carry them (v4; ask `skus_of`). `deliveries`: (code, name) of
    the linesheets it is on, v2 only."""

    joor_id: str
    identifier: str
    number: str
    name: str
    skus: tuple[JoorSku, ...] = ()
    deliveries: tuple[tuple[str, str], ...] = ()
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class LinesheetDraft:
    """The head of a linesheet. No start and no complete date: immediate (facts 5.2). Dates are calendar days."""

    code: str
    name: str
    season_code: str = ""
    season_name: str = ""
    season_year: int | None = None
    start: date | None = None
    complete: date | None = None
    cancel: date | None = None
    minimum_window: int | None = None  # days
    public: bool = True  # v2 only


@dataclass(frozen=True)
class LinesheetEntry:
    """A card on a linesheet. `sku_ids` empty: all SKUs (v4). `excluded`: colour codes left out, (code, name) (v2). `draft` is the card as
    JOOR was last told it: the v2 route has to send it along."""

    identifier: str
    joor_id: str
    order_number: int | None = None
    sku_ids: tuple[str, ...] = ()
    excluded: tuple[tuple[str, str], ...] = ()
    draft: StyleDraft | None = None


@dataclass(frozen=True)
class JoorLinesheet:
    """A linesheet as JOOR shows it. `items` maps a card's JOOR id to its SKU ids ("" or empty: all)."""

    joor_id: str
    code: str
    name: str
    season_id: str = ""
    items: dict[str, tuple[str, ...]] = field(default_factory=dict)
    raw: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class ImageDraft:
    """One image for JOOR. Exactly one of `url` (JOOR fetches it) and `content` (JPEG or PNG bytes) is set. `color` (code) is set for levels
    color and swatch. `filename` is unique and fits both routes' limits."""

    identifier: str
    number: str  # style number
    joor_id: str
    level: Literal["style", "color", "swatch"]
    filename: str
    color: str = ""
    display_order: int = 1
    url: str | None = None
    content: bytes | None = field(default=None, repr=False)
    content_type: str = "image/jpeg"

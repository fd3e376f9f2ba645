"""Reading a style record of v2, alone or in a bulk call, before anything of it is applied (fact sheet 4.3)."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.joor_records import JoorPriceType
from sandbox.joor_reference import CATEGORY_IDS, MATERIALS, V2_TRAITS
from sandbox.joor_v2_fields import Record, Unfit, rows_of, text_of
from sandbox.joor_world import Account

LONGEST = {"style_identifier": 100, "style_number": 45, "style_name": 100, "style_description": 500}
OVERWRITES = ("1", "2", "3", "4")


@dataclass
class Color:
    code: str
    name: str
    minimum: int | None


@dataclass
class SizeRow:
    name: str
    code: str
    multiplier: int | None


@dataclass
class Delivery:
    """One linesheet a style is to be on, or by `delivery_overwrite` 4 to be off."""

    name: str
    code: str
    order: int | None
    season: tuple[str, int | None, str] | None  # name, year, code
    window: tuple[date, date] | None
    cancel: date | None
    comments: str
    public: bool | None
    excluded: list[str]


@dataclass
class StyleRecord:
    """A record that can be applied. `None` where the record said nothing, so that the card keeps what it has (ASSUMED)."""

    identifier: str
    number: str
    name: str
    description: str | None
    minimum: int | None
    traits: dict[str, tuple[str, str]]
    categories: list[str] | None
    tags: list[dict[str, str]] | None
    prices: list[tuple[JoorPriceType, Decimal, Decimal | None]]
    colors: list[Color]
    sizes: list[SizeRow]
    upcs: dict[tuple[str, str], str]  # colour code, size
    deliveries: list[Delivery] = field(default_factory=list)
    overwrite: str = OVERWRITES[0]


def read_record(account: Account, record: Any) -> StyleRecord:
    """Raises Unfit."""
    if not isinstance(record, dict):
        raise Unfit("a style is an object")
    fixed = {name: text_of(record, name, LONGEST[name]) for name in LONGEST}
    for name in ("style_identifier", "style_number", "style_name"):
        if not fixed[name].strip():
            raise Unfit(f"{name} is required")
    overwrite = text_of(record, "delivery_overwrite") or OVERWRITES[0]
    if overwrite not in OVERWRITES:
        raise Unfit(f"delivery_overwrite is one of {', '.join(OVERWRITES)}")
    colors, sizes = [_color(row) for row in rows_of(record, "colors")], [_size(row) for row in rows_of(record, "sizes")]
    return StyleRecord(
        identifier=fixed["style_identifier"],
        number=fixed["style_number"],
        name=fixed["style_name"],
        description=fixed["style_description"] if "style_description" in record else None,
        minimum=_whole(record, "minimum"),
        traits=_traits(record),
        categories=_categories(record) if "categories" in record else None,
        tags=[_tag(row) for row in rows_of(record, "tags")] if "tags" in record else None,
        prices=[_price(account, row) for row in rows_of(record, "prices")],
        colors=colors,
        sizes=sizes,
        upcs={(text_of(row, "sku_color_code"), text_of(row, "sku_size")): text_of(row, "upc") for row in rows_of(record, "skus")},
        deliveries=[_delivery(row) for row in rows_of(record, "deliveries")],
        overwrite=overwrite,
    )


def _traits(record: Record) -> dict[str, tuple[str, str]]:
    found = {}
    for field_name, (trait, code_field) in V2_TRAITS.items():
        if field_name in record:
            found[trait] = (text_of(record, field_name), text_of(record, code_field) if code_field else "")
    if "materials" in record:
        found[MATERIALS] = (", ".join(text_of(row, "material") for row in rows_of(record, "materials")), "")
    return found


def _categories(record: Record) -> list[str]:
    found = [text_of(row, "category_id") for row in rows_of(record, "categories")]
    if unknown := [category_id for category_id in found if category_id not in CATEGORY_IDS]:
        raise Unfit(f"unknown category_id {', '.join(unknown)}")
    return found


def _tag(row: Record) -> dict[str, str]:
    names = {"tag_group": "group", "tag_name": "name", "tag_value": "value", "tag_value_code": "code"}
    return {shown: text_of(row, name) for name, shown in names.items() if row.get(name) is not None}


def _price(account: Account, row: Record) -> tuple[JoorPriceType, Decimal, Decimal | None]:
    label, currency = text_of(row, "price_label"), text_of(row, "price_currency")
    price_type = account.catalogue.price_type(label, currency)
    if price_type is None:
        raise Unfit(f"price label {label} with currency {currency} does not exist in this account")
    wholesale = _amount(row, "price_wholesale")
    if wholesale is None:
        raise Unfit("price_wholesale is required")
    return price_type, wholesale, _amount(row, "price_retail")


def _color(row: Record) -> Color:
    """ASSUMED: a colour without a code goes by its name."""
    code = text_of(row, "color_code") or text_of(row, "color_name")
    if not code:
        raise Unfit("a colour needs color_name and color_code")
    return Color(code, text_of(row, "color_name") or code, _whole(row, "minimum"))


def _size(row: Record) -> SizeRow:
    if not text_of(row, "size_name"):
        raise Unfit("size_name is required")
    return SizeRow(text_of(row, "size_name"), text_of(row, "size_code"), _whole(row, "size_multiplier"))


def _delivery(row: Record) -> Delivery:
    name, code = text_of(row, "delivery_name"), text_of(row, "delivery_code")
    if not name and not code:
        raise Unfit("a delivery needs delivery_name or delivery_code")
    start, end = _day(row, "date_delivery_start"), _day(row, "date_delivery_end")
    if (start is None) != (end is None):
        raise Unfit("date_delivery_start and date_delivery_end must be given together")
    if start and end and start > end:
        raise Unfit("date_delivery_start may not be later than date_delivery_end")
    season = (text_of(row, "season_name"), _whole(row, "season_year"), text_of(row, "season_code"))
    return Delivery(
        name=name or code,
        code=code,
        order=_whole(row, "style_display_order"),
        season=season if season[0] or season[2] else None,
        window=(start, end) if start and end else None,
        cancel=_day(row, "date_cancel"),
        comments=text_of(row, "style_comments"),
        public=text_of(row, "public").lower() in ("1", "true") if "public" in row else None,
        excluded=[text_of(color, "color_code") or text_of(color, "color_name") for color in rows_of(row, "color_exclusions")],
    )


def _whole(record: Record, name: str) -> int | None:
    text = text_of(record, name)
    if text and not text.isdecimal():
        raise Unfit(f"{name} is a whole number")
    return int(text) if text else None


def _amount(record: Record, name: str) -> Decimal | None:
    text = text_of(record, name)
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Unfit(f"{name} {text} is no number") from None
    if not number.is_finite() or number < 0:
        raise Unfit(f"{name} {text} is no price")
    return number


def _day(record: Record, name: str) -> date | None:
    """A date; of a date-time the first ten characters."""
    text = text_of(record, name)
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Unfit(f"{name} {text} is no date") from None

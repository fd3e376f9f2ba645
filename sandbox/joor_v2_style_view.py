"""A card as v2 shows it (fact sheet 4.3). The names of the groups `skus`, `images` and of a colour's swatch are ASSUMED."""

from typing import Any

from sandbox.brand import JoorSku, JoorStyle
from sandbox.joor_catalogue import money
from sandbox.joor_linesheets import season_of, skus_on
from sandbox.joor_records import JoorLinesheet
from sandbox.joor_reference import CATEGORIES, MATERIALS, V2_TRAITS
from sandbox.joor_world import DEFAULT_WAREHOUSE, IMMEDIATE, Account, iso

_CATEGORIES = {row["id"]: row for row in CATEGORIES}


def style_shown(account: Account, style: JoorStyle) -> dict[str, Any]:
    return {
        "style_id": style.style_id,
        "style_name": style.name,
        "style_number": style.style_number,
        "style_identifier": style.style_identifier,
        "style_description": style.description,
        "minimum": style.order_minimum or "",
        **_traits(style),
        "date_created": iso(style.created) if style.created else "",
        "date_modified": iso(style.modified) if style.modified else "",
        "categories": [_category(category_id) for category_id in style.category_ids],
        "materials": [{"material": style.traits[MATERIALS][0]}] if MATERIALS in style.traits else [],
        "prices": _prices(account, style),
        "deliveries": [_delivery(account, row, style) for row in account.record.linesheets if style.style_identifier in row.items],
        "colors": [_color(account, style, sku) for sku in {sku.color_code: sku for sku in style.skus}.values()],
        "sizes": [_size(sku) for sku in {sku.size: sku for sku in style.skus}.values()],
        "skus": [_sku(account, style, sku) for sku in style.skus],
        "tags": [_tag(tag) for tag in style.tags],
        "images": [
            {"upload_id": asset.id, "filename": asset.stored_as, "display_order": asset.display_order}
            for asset in account.assets.of(style.style_identifier, "", "image")
        ],
        "best_seller": "",
    }


def _traits(style: JoorStyle) -> dict[str, str]:
    shown = {}
    for field_name, (trait, code_field) in V2_TRAITS.items():
        value, code = style.traits.get(trait, ("", ""))
        shown[field_name] = value
        if code_field:
            shown[code_field] = code
    return shown


def _category(category_id: str) -> dict[str, str]:
    row = _CATEGORIES[category_id]
    return {"category_id": category_id, "category_name": row["name"], "category_parent": row["parent_name"]}


def _prices(account: Account, style: JoorStyle) -> list[dict[str, str]]:
    """The card's prices. Where v4 gave its SKUs different ones, v2 shows those of the first (ASSUMED)."""
    shown: dict[str, dict[str, str]] = {}
    for sku in style.skus:
        for type_id, price in sku.prices.items():
            price_type = account.catalogue.price_types[type_id]
            row = {
                "price_label": price_type.label,
                "price_currency": price_type.currency,
                "price_wholesale": money(price.wholesale),
                "price_retail": money(price.retail),
                "price_currency_retail": price_type.retail_currency,
            }
            shown.setdefault(type_id, row)
    return list(shown.values())


def _delivery(account: Account, linesheet: JoorLinesheet, style: JoorStyle) -> dict[str, Any]:
    season, item = season_of(account, linesheet), linesheet.items[style.style_identifier]
    on_it = {sku.color_code for sku in skus_on(linesheet, style)}
    excluded = {sku.color_code: sku.color_name for sku in style.skus if sku.color_code not in on_it}
    return {
        "delivery_name": linesheet.name,
        "delivery_code": linesheet.code,
        "style_display_order": "" if item.order_number is None else item.order_number,
        "season_name": season.name if season else "",
        "season_year": (season.year or "") if season else "",
        "season_code": season.external_id if season else "",
        "date_delivery_start": linesheet.start.isoformat() if linesheet.start else "",
        "date_delivery_end": linesheet.complete.isoformat() if linesheet.complete else "",
        "date_cancel": linesheet.cancel.isoformat() if linesheet.cancel else "",
        "style_comments": item.comments,
        "public": int(linesheet.public),
        "color_exclusions": [{"color_name": name, "color_code": code} for code, name in excluded.items()],
    }


def _color(account: Account, style: JoorStyle, sku: JoorSku) -> dict[str, Any]:
    def stored(kind: str) -> str:
        return next((asset.stored_as for asset in account.assets.of(style.style_identifier, sku.color_code, kind)), "")

    return {
        "color_name": sku.color_name,
        "color_code": sku.color_code,
        "color_hex": "",
        "color_image": stored("image"),
        "color_swatch": stored("swatch"),
        "minimum": "" if sku.color_minimum is None else sku.color_minimum,
    }


def _size(sku: JoorSku) -> dict[str, Any]:
    return {"size_name": sku.size, "size_code": sku.size_code, "size_description": "", "size_multiplier": sku.multiplier}


def _sku(account: Account, style: JoorStyle, sku: JoorSku) -> dict[str, Any]:
    """`inventory_available` as the stock on hand of all warehouses together (ASSUMED); empty when there is none."""
    key = (style.style_identifier, sku.color_code, sku.size)
    places = (*account.record.warehouses, DEFAULT_WAREHOUSE)
    units = [account.inventory[key, place, IMMEDIATE] for place in places if (key, place, IMMEDIATE) in account.inventory]
    shown = sum(units) if units else ""
    return {"sku_color_code": sku.color_code, "sku_size": sku.size, "upc": sku.upc or "", "inventory_available": shown}


def _tag(tag: dict[str, str]) -> dict[str, str]:
    names = {"tag_group": "group", "tag_name": "name", "tag_value": "value", "tag_value_code": "code"}
    return {shown: tag.get(name, "") for shown, name in names.items()}

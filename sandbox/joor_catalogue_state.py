"""The catalogue as `/_state` shows it: cards, linesheets and pictures, whoever made them."""

from typing import Any

from sandbox.brand import JoorSku, JoorStyle
from sandbox.joor_assets import asset_fields
from sandbox.joor_catalogue import money
from sandbox.joor_linesheets import season_of, skus_on
from sandbox.joor_world import Account

Row = dict[str, Any]


def products(account: Account, identifier: str = "") -> list[Row]:
    """One row per card, deleted ones too. `prices` of a SKU are by label; those of the card are the labels all its SKUs agree on."""
    return [_product(account, style) for name, style in account.record.styles.items() if identifier in ("", name)]


def _product(account: Account, style: JoorStyle) -> Row:
    skus = [_sku(account, sku) for sku in style.skus]
    agreed = dict(skus[0]["prices"]) if skus else {}
    for sku in skus:
        agreed = {label: price for label, price in agreed.items() if sku["prices"].get(label) == price}
    return {
        "id": str(style.style_id),
        "identifier": style.style_identifier,
        "number": style.style_number,
        "name": style.name,
        "description": style.description,
        "order_minimum": style.order_minimum,
        "traits": {name: {"value": value, "external_id": code} for name, (value, code) in style.traits.items()},
        "categories": list(style.category_ids),
        "tags": [dict(tag) for tag in style.tags],
        "skus": skus,
        "prices": agreed,
        "deleted": style.deleted,
        "hand_made": style.hand_made,
    }


def _sku(account: Account, sku: JoorSku) -> Row:
    labels = account.catalogue.price_types
    return {
        "id": sku.sku_id,
        "color_code": sku.color_code,
        "color_name": sku.color_name,
        "size": sku.size,
        "status": "ACTIVE" if sku.active else "INACTIVE",
        "color_status": "ACTIVE" if sku.color_active else "INACTIVE",
        "size_status": "ACTIVE" if sku.size_active else "INACTIVE",
        "upc": sku.upc,
        "external_id": sku.external_id,
        "sku_identifier": sku.sku_identifier,
        "color_order": sku.color_order,
        "size_order": sku.size_order,
        "multiplier": sku.multiplier,
        "prices": {
            labels[type_id].label: {
                "currency": labels[type_id].currency,
                "wholesale": money(price.wholesale),
                "retail": money(price.retail),
            }
            for type_id, price in sku.prices.items()
        },
    }


def linesheets(account: Account) -> list[Row]:
    rows = []
    for linesheet in account.record.linesheets:
        season = season_of(account, linesheet)
        items = []
        for identifier, item in linesheet.items.items():
            style = account.catalogue.style(identifier)
            shown = skus_on(linesheet, style) if style else []
            items.append(
                {
                    "identifier": identifier,
                    "order_number": item.order_number,
                    "skus": [f"{sku.color_code}|{sku.size}" for sku in shown],
                    "all_skus": style is not None and len(shown) == len(style.skus),
                    "by_hand": item.by_hand,
                }
            )
        rows.append(
            {
                "id": linesheet.id,
                "name": linesheet.name,
                "code": linesheet.code,
                "season": {"name": season.name, "year": season.year, "code": season.external_id} if season else None,
                "start": linesheet.start.isoformat() if linesheet.start else None,
                "complete": linesheet.complete.isoformat() if linesheet.complete else None,
                "cancel": linesheet.cancel.isoformat() if linesheet.cancel else None,
                "minimum_window": linesheet.minimum_window,
                "immediate": linesheet.start is None and linesheet.complete is None,
                "public": linesheet.public,
                "hand_made": linesheet.hand_made,
                "items": items,
            }
        )
    return rows


def assets(account: Account) -> list[Row]:
    return [{"id": asset.id, "filename": asset.filename, **asset_fields(asset)} for asset in account.assets.all()]

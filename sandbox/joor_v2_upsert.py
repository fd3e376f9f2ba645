"""Applying a v2 style record: made when its identifier is new, else changed where it differs (fact sheet 4.1, 4.3, 10 pitfall 10).

A v2 price is a fact of the card: it becomes the price of each of its SKUs. Colours and sizes a record leaves out stay (ASSUMED: taking
them away is what DELETE is for); those it adds are crossed with all that are there.
"""

from decimal import Decimal
from typing import Any

from sandbox.brand import JoorSku, JoorStyle
from sandbox.joor_catalogue import money
from sandbox.joor_records import JoorPriceType
from sandbox.joor_v2_deliveries import place_on_linesheets
from sandbox.joor_v2_record import Color, SizeRow, StyleRecord
from sandbox.joor_v4_skus import name_of
from sandbox.joor_world import Account, World


def upsert(world: World, account: Account, record: StyleRecord, *, via: str, call: int) -> JoorStyle:
    detail = {"via": via, "call": call}
    style = account.catalogue.style(record.identifier)
    before = None if style is None else _head(style)
    if style is None:
        style = _new(world, account, record)
    _fill(style, record)
    if before is None:
        world.effect("product_created", account, style.style_identifier, **detail)
    elif changed := [name for name, value in _head(style).items() if before[name] != value]:
        world.effect("product_updated", account, style.style_identifier, changed=changed, **detail)
    own = [(account.catalogue.price_types[key], price.wholesale, price.retail) for key, price in _prices_of(style).items()]
    new = _matrix(world, account, style, record, detail)
    _set_prices(world, account, style, style.skus, record.prices, detail)
    sent = {price_type.id for price_type, _, _ in record.prices}
    _set_prices(world, account, style, new, [row for row in own if row[0].id not in sent], detail)
    place_on_linesheets(world, account, style, record, **detail)
    style.modified = world.now()
    return style


def _new(world: World, account: Account, record: StyleRecord) -> JoorStyle:
    style = JoorStyle(account.catalogue.new_style_id(), record.number, record.identifier, record.name, Decimal(0), [])
    style.external_id, style.created = record.number, world.now()
    account.catalogue.add_style(style)
    return style


def _fill(style: JoorStyle, record: StyleRecord) -> None:
    style.style_number, style.name = record.number, record.name
    style.description = style.description if record.description is None else record.description
    style.order_minimum = style.order_minimum if record.minimum is None else record.minimum
    style.category_ids = style.category_ids if record.categories is None else record.categories
    style.tags = style.tags if record.tags is None else record.tags
    style.traits = {name: value for name, value in {**style.traits, **record.traits}.items() if value[0]}


def _head(style: JoorStyle) -> dict[str, Any]:
    names = ("style_number", "name", "description", "order_minimum", "category_ids", "tags", "traits")
    return {name: getattr(style, name) for name in names}


def _prices_of(style: JoorStyle) -> dict[str, Any]:
    """What the card costs before the record is applied; a colour it adds costs that too."""
    return dict(style.skus[0].prices) if style.skus else {}


def _matrix(world: World, account: Account, style: JoorStyle, record: StyleRecord, detail: dict[str, Any]) -> list[JoorSku]:
    """Every colour in every size. Returns the SKUs that are new."""
    old = {(sku.color_code, sku.size): sku for sku in style.skus}
    colors = {sku.color_code: Color(sku.color_code, sku.color_name, None) for sku in style.skus}
    colors |= {color.code: color for color in record.colors}
    sizes = {sku.size: SizeRow(sku.size, "", None) for sku in style.skus} | {size.name: size for size in record.sizes}
    new = []
    for color in colors.values():
        for size in sizes.values():
            upc = record.upcs.get((color.code, size.name)) or None
            sku = old.get((color.code, size.name))
            if sku is not None:
                before = _sku_fields(sku)
                _fill_sku(account, style, sku, color, size, upc)
                if changed := [name for name, value in _sku_fields(sku).items() if before[name] != value]:
                    world.effect("sku_updated", account, name_of(style, sku), changed=changed, **detail)
                continue
            sku = JoorSku(color.code, color.name, size.name, upc)
            account.catalogue.add_sku(style, sku)
            _fill_sku(account, style, sku, color, size, upc)
            new.append(sku)
            world.effect("sku_created", account, name_of(style, sku), upc=sku.upc, **detail)
    return new


def _fill_sku(account: Account, style: JoorStyle, sku: JoorSku, color: Color, size: SizeRow, upc: str | None) -> None:
    """What the record does not give stays, a UPC too (ASSUMED)."""
    sku.color_name = color.name
    sku.color_minimum = sku.color_minimum if color.minimum is None else color.minimum
    sku.size_code = size.code or sku.size_code
    sku.multiplier = size.multiplier or sku.multiplier
    if upc and sku.upc != upc:
        account.catalogue.set_upc(style, sku, upc)


def _sku_fields(sku: JoorSku) -> dict[str, Any]:
    return {name: getattr(sku, name) for name in ("color_name", "color_minimum", "size_code", "multiplier", "upc")}


def _set_prices(
    world: World,
    account: Account,
    style: JoorStyle,
    skus: list[JoorSku],
    prices: list[tuple[JoorPriceType, Decimal, Decimal | None]],
    detail: dict[str, Any],
) -> None:
    for price_type, wholesale, retail in prices:
        for sku in skus:
            if effect := account.catalogue.set_price(style, sku, price_type, wholesale, retail):
                amounts = {"wholesale": money(wholesale), "retail": money(retail), "currency": price_type.currency}
                world.effect(effect, account, f"{name_of(style, sku)}|{price_type.label}", **amounts, **detail)

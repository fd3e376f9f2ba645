"""v4 prices: one per SKU and price type (fact sheet 4.7)."""

from typing import Any

from sandbox.joor_catalogue import Priced, money
from sandbox.joor_envelope import v4_answer
from sandbox.joor_records import JoorPriceType
from sandbox.joor_v4_items import Item, Refusal, amount, answer_each, comma_list, paged, text
from sandbox.joor_v4_products import price_type_fields
from sandbox.joor_v4_skus import name_of
from sandbox.joor_world import Account, World
from sandbox.messages import Request, Response


def prices(world: World, account: Account, request: Request) -> Response:
    """GET /v4/prices, of some SKUs or of all."""
    catalogue = account.catalogue
    wanted = comma_list(request, "sku_ids")
    pairs = [catalogue.by_sku_id[sku_id] for sku_id in wanted if sku_id in catalogue.by_sku_id] if wanted else catalogue.skus.values()
    rows = [catalogue.prices[price.id] for _, sku in pairs for price in sku.prices.values()]
    return v4_answer([_shown(priced) for priced in paged(world, rows, request)])


def create(world: World, account: Account, request: Request) -> Response:
    """POST /v4/prices/bulk_create. A SKU that has the price type already is DUPLICATED, and the error's details name it."""

    def one(item: Item) -> Item:
        sku_id = text(item, "sku_id", required=True)
        if sku_id not in account.catalogue.by_sku_id:
            raise Refusal(f"SKU {sku_id} not found")
        style, sku = account.catalogue.by_sku_id[sku_id]
        price_type = _price_type(account, item)
        wholesale, retail = amount(item, "wholesale_value", required=True), amount(item, "retail_value")
        if price_type.id in sku.prices:
            words = f"SKU {sku_id} has a price of type {price_type.label} ({price_type.currency})"
            raise Refusal(words, "DUPLICATED", documented=True, sku_id=sku_id)
        assert wholesale is not None
        account.catalogue.set_price(style, sku, price_type, wholesale, retail)
        style.modified = world.now()
        priced = account.catalogue.prices[sku.prices[price_type.id].id]
        world.effect("price_created", account, _name(priced), **_amounts(priced), via="v4", call=request.call)
        return _shown(priced)

    return answer_each(world, request, one)


def update(world: World, account: Account, request: Request) -> Response:
    """POST /v4/prices/bulk_update, by the price's `id`. A retail value that is not sent stays (ASSUMED)."""

    def one(item: Item) -> Item:
        price_id = text(item, "id", required=True)
        if price_id not in account.catalogue.prices:
            raise Refusal(f"Price {price_id} not found")
        priced = account.catalogue.prices[price_id]
        wholesale = amount(item, "wholesale_value", required=True)
        retail = amount(item, "retail_value") if "retail_value" in item else priced.price.retail
        assert wholesale is not None
        changed = account.catalogue.set_price(priced.style, priced.sku, priced.price_type, wholesale, retail)
        priced.style.modified = world.now()
        detail = {**_amounts(priced), "changed": bool(changed)}
        world.effect("price_updated", account, _name(priced), **detail, via="v4", call=request.call)
        return _shown(priced)

    return answer_each(world, request, one)


def _price_type(account: Account, item: Item) -> JoorPriceType:
    """By id, or by name and currency to the letter. Raises Refusal."""
    if price_type_id := text(item, "price_type_id"):
        if price_type_id not in account.catalogue.price_types:
            raise Refusal(f"Price type {price_type_id} not found")
        return account.catalogue.price_types[price_type_id]
    label, currency = text(item, "price_type_name"), text(item, "price_type_currency_code")
    if not label or not currency:
        raise Refusal("price_type_id, or price_type_name with price_type_currency_code, is required")
    found = account.catalogue.price_type(label, currency)
    if found is None:
        raise Refusal(f"Price type {label} ({currency}) not found")
    return found


def _shown(priced: Priced) -> dict[str, Any]:
    return {
        "id": priced.price.id,
        "sku_id": priced.sku.sku_id,
        "price_type": price_type_fields(priced.price_type),
        "wholesale_value": money(priced.price.wholesale),
        "retail_value": money(priced.price.retail) or None,
    }


def _name(priced: Priced) -> str:
    return f"{name_of(priced.style, priced.sku)}|{priced.price_type.label}"


def _amounts(priced: Priced) -> dict[str, str]:
    return {"wholesale": money(priced.price.wholesale), "retail": money(priced.price.retail), "currency": priced.price_type.currency}

"""Writing inventory through v2: bulk and single SKU (fact sheet 7). Numbers are absolute; each (SKU, warehouse, date) is a bucket."""

import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sandbox.brand import JoorSku, JoorStyle
from sandbox.joor_catalogue import SkuKey
from sandbox.joor_envelope import empty_list, v2_error, v2_response
from sandbox.joor_world import DEFAULT_WAREHOUSE, IMMEDIATE, Account, World
from sandbox.messages import Request, Response, json_response

STYLE_KEYS = ("style_id", "style_number", "style_identifier", "style_identifer")  # the vendor's page misspells the last
SKU_KEYS = (*STYLE_KEYS, "color_code", "style_color_id", "size", "size_code")
SINGLE_FIELDS = (*SKU_KEYS, "upc", "warehouse", "inventory_date", "inventory", "made_to_order")


class BadItem(Exception):
    """One item of a call that cannot be applied; becomes its `fail` entry in the log (the wording is ASSUMED)."""


@dataclass
class Position:
    key: SkuKey
    style: JoorStyle
    sku: JoorSku
    warehouse: str
    date: str
    inventory: int
    made_to_order: bool
    ignored: bool = False  # an unknown warehouse, silently passed


def bulk_inventory(world: World, account: Account, request: Request) -> Response:
    """POST or PUT /v2/bulk-inventory. Done when it answers (that it is synchronous, and the shape of the answer, are ASSUMED: 7.4)."""
    overwrite, dec_pending = request.param("overwrite") or "0", request.param("dec_pending") or "0"
    if overwrite not in ("0", "1") or dec_pending not in ("0", "1"):
        return v2_error(world, "inventory", "overwrite and dec_pending are 0 or 1")
    try:
        items = _items(request.json())
    except ValueError as error:
        return v2_error(world, "inventory", f"the body cannot be read: {error}")
    return _apply(world, account, items, overwrite=overwrite == "1", dec_pending=dec_pending == "1", call=request.call)


def single_inventory(world: World, account: Account, request: Request, style_number: str, style_identifier: str) -> Response:
    """PUT /v2/style-number/{style_number}/{style_identifier}/inventory/: one SKU, its values in the query string."""
    item: dict[str, Any] = {name: request.param(name) for name in SINGLE_FIELDS if request.param(name)}
    item |= {"style_number": style_number, "style_identifier": style_identifier}
    return _apply(world, account, [item], overwrite=False, dec_pending=request.param("dec_pending") == "1", call=request.call)


def _items(body: Any) -> list[Any]:
    """Both roots: `{"inventory_items": [..]}` and `{"inventory_items": {"inventory_item": [..]}}`. Raises ValueError for anything else."""
    items = body.get("inventory_items") if isinstance(body, dict) else None
    if isinstance(items, dict):
        items = items.get("inventory_item")
        items = [items] if isinstance(items, dict) else items
    if not isinstance(items, list):
        raise ValueError("inventory_items is missing or no list")
    return items


def _apply(world: World, account: Account, items: list[Any], *, overwrite: bool, dec_pending: bool, call: int) -> Response:
    finder = _Finder(world, account)
    pending = _pending(account) if dec_pending else {}
    log, positions = [], []
    for item in items:
        try:
            position = finder.position(item)
            positions.append(position)
            status = "pass"
        except BadItem as bad:
            status = f"fail: {bad}"
        log.append({"sku": _sku_text(item), "inventory_log_id": str(uuid.uuid4()), "status": status})
    stored = [position for position in positions if not position.ignored]
    if overwrite:
        _clear_omitted(world, account, stored, call)
    for position in stored:
        _store(world, account, position, pending, call, overwrite)
    answer = {"response": v2_response(world), "sku_count": len(positions), "inventory_log": log or empty_list(world)}
    return json_response({"inventory": answer})


class _Finder:
    """Resolves one item's keys, warehouse, date and number against the account as it is at the start of the call."""

    def __init__(self, world: World, account: Account) -> None:
        self._unknown = world.choice("unknown_warehouse", "ignore", "error", "default")
        self._warehouses = {*account.record.warehouses, DEFAULT_WAREHOUSE}
        self._catalogue = account.catalogue

    def position(self, item: Any) -> Position:
        if not isinstance(item, dict):
            raise BadItem("an item is an object")
        key = self._key(item)
        style, sku = self._catalogue.skus[key]
        warehouse, ignored = self._warehouse(_text(item, "warehouse"))
        made_to_order = _text(item, "made_to_order").lower() in ("true", "1")
        inventory = 0 if made_to_order else _units(item)
        return Position(key, style, sku, warehouse, _date(_text(item, "inventory_date")), inventory, made_to_order, ignored)

    def _key(self, item: dict[str, Any]) -> SkuKey:
        """`upc` wins; else one style key, one colour key and one size key (7.2)."""
        if upc := _text(item, "upc"):
            if upc not in self._catalogue.by_upc:
                raise BadItem(f"unknown upc {upc}")
            return self._catalogue.by_upc[upc]
        style = self._style(item)
        colour = _text(item, "color_code") or self._colour(style, _text(item, "style_color_id"))
        # ASSUMED: a size's code is its name, in this brand. Sizes are case-sensitive.
        size = _text(item, "size") or _text(item, "size_code")
        if not colour or not size:
            raise BadItem("a colour key and a size key are needed when there is no upc")
        key = (style.style_identifier, colour, size)
        if key not in self._catalogue.skus:
            raise BadItem(f"unknown sku {' '.join(key)}")
        return key

    def _style(self, item: dict[str, Any]) -> JoorStyle:
        if style_id := _text(item, "style_id"):
            style = self._catalogue.by_style_id.get(style_id)
        else:
            number = _text(item, "style_number")
            identifier = _text(item, "style_identifier") or _text(item, "style_identifer")
            if not number or not identifier:
                raise BadItem("upc, style_id or style_number with style_identifier is needed")
            style = self._catalogue.style(identifier)
            style = style if style and style.style_number == number else None
        if style is None:
            raise BadItem("unknown style")
        return style

    def _colour(self, style: JoorStyle, style_color_id: str) -> str:
        return next((code for code, number in style.color_ids.items() if str(number) == style_color_id), "")

    def _warehouse(self, name: str) -> tuple[str, bool]:
        """The bucket's warehouse and whether the item is dropped without a word (7.3: unknown ones give unexpected results)."""
        if not name or name in self._warehouses:
            return name or DEFAULT_WAREHOUSE, False
        if self._unknown == "error":
            raise BadItem(f"unknown warehouse {name}")
        return (DEFAULT_WAREHOUSE, False) if self._unknown == "default" else (name, True)


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    return "" if value is None else str(value)


def _units(item: dict[str, Any]) -> int:
    """`inventory` is an integer; text that is one is taken too (ASSUMED, the single-SKU call can send nothing else)."""
    text = _text(item, "inventory")
    if isinstance(item.get("inventory"), bool) or not re.fullmatch(r"-?\d+", text):
        raise BadItem("inventory must be an integer")
    return int(text)


def _date(text: str) -> str:
    """ISO date of a dated bucket, or IMMEDIATE. Forms: YYYY-MM-DD, MM-DD-YYYY, the word IMMEDIATE, nothing (7.2)."""
    if text in ("", IMMEDIATE):
        return IMMEDIATE
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return date.fromisoformat(text).isoformat()
        if re.fullmatch(r"\d{2}-\d{2}-\d{4}", text):
            return datetime.strptime(text, "%m-%d-%Y").date().isoformat()  # noqa: DTZ007 - a calendar date has no zone
    except ValueError:
        pass
    raise BadItem(f"inventory_date {text} is no date")


def _sku_text(item: Any) -> str:
    """The log's `sku`: "joined key text" (7.4); the joiner is ASSUMED."""
    if not isinstance(item, dict):
        return ""
    names = ("upc",) if _text(item, "upc") else SKU_KEYS
    return "|".join(_text(item, name) for name in names if _text(item, name))


def _pending(account: Account) -> dict[tuple[SkuKey, str], int]:
    """Units on the brand's Pending orders by SKU and the order's warehouse. ASSUMED: `item_quantity` counts packs (8.5)."""
    by_upc = account.catalogue.by_upc
    units: dict[tuple[SkuKey, str], int] = {}
    for order in account.record.orders.values():
        if str(order["order_type"]) != "3":
            continue
        for line in order.get("line_items") or []:
            if line.get("_cancelled"):
                continue
            named = (str(line.get("item_style_identifier")), str(line.get("item_color_code")), str(line.get("item_size")))
            key = by_upc.get(line.get("item_upc") or "", named)
            place = (key, str(order.get("warehouse_name") or DEFAULT_WAREHOUSE))
            units[place] = units.get(place, 0) + int(line.get("item_quantity") or 0) * int(line.get("item_multiplier") or 1)
    return units


def _store(world: World, account: Account, position: Position, pending: dict[tuple[SkuKey, str], int], call: int, overwrite: bool) -> None:
    if position.made_to_order:
        for bucket in [bucket for bucket in account.inventory if bucket[0] == position.key]:
            del account.inventory[bucket]
        _make_to_order(world, account, position.key, position.style, position.sku, call, "asked for")
        return
    # ASSUMED: pending units are taken from each number sent for that SKU and warehouse, and nothing stops at zero (7.3 does not say).
    quantity = position.inventory - pending.get((position.key, position.warehouse), 0)
    account.inventory[(position.key, position.warehouse, position.date)] = quantity
    account.made_to_order.discard(position.key)
    detail = {**sku_fields(position.style, position.sku), "warehouse": position.warehouse, "date": position.date}
    name = position.sku.upc or "|".join(position.key)
    key = f"{account.key}/{name}/{position.warehouse}/{position.date}"
    world.effect("inventory_set", account, key, **detail, quantity=quantity, sent=position.inventory, call=call, overwrite=overwrite)


def _clear_omitted(world: World, account: Account, positions: list[Position], call: int) -> None:
    """`overwrite=1`: what is in scope and not in the call is cleared, and a SKU left out becomes made to order (7.3).

    Scope `account`: every bucket, and every SKU of the account the call leaves out. Scope `warehouses`: the buckets of the warehouses in
    the call, and the SKUs left without a bucket by that. Dated buckets stay, since no integration can remove one; a switch lets them go.
    """
    scope = world.choice("overwrite_scope", "account", "warehouses")
    sent = {(position.key, position.warehouse, position.date) for position in positions}
    warehouses = {position.warehouse for position in positions}
    in_scope = {bucket: None for bucket in account.inventory if bucket not in sent and (scope == "account" or bucket[1] in warehouses)}
    for bucket in in_scope:
        if bucket[2] == IMMEDIATE or world.switches["overwrite_clears_dates"]:
            del account.inventory[bucket]
            name = "/".join((account.key, "|".join(bucket[0]), *bucket[1:]))
            world.effect("inventory_cleared", account, name, warehouse=bucket[1], date=bucket[2], call=call)
    skus = account.catalogue.skus
    elsewhere = {bucket[0] for bucket in account.inventory if bucket not in in_scope}
    omitted = set(skus) if scope == "account" else {bucket[0] for bucket in in_scope} - elsewhere
    for key in sorted((omitted & set(skus)) - {position.key for position in positions}):
        _make_to_order(world, account, key, *skus[key], call, "left out under overwrite=1")


def _make_to_order(world: World, account: Account, key: SkuKey, style: JoorStyle, sku: JoorSku, call: int, why: str) -> None:
    if key in account.made_to_order:
        return
    account.made_to_order.add(key)
    world.effect("made_to_order", account, f"{account.key}/{sku.upc or '|'.join(key)}", **sku_fields(style, sku), why=why, call=call)


def sku_fields(style: JoorStyle, sku: JoorSku) -> dict[str, Any]:
    return {
        "upc": sku.upc,
        "style_number": style.style_number,
        "style_identifier": style.style_identifier,
        "color_code": sku.color_code,
        "size": sku.size,
    }

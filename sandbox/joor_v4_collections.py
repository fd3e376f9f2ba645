"""v4 seasons and collections (fact sheet 5.1, 5.2). Updates replace the items unless the call says otherwise: the trap of this page."""

from collections.abc import Callable
from typing import Any

from sandbox.joor_envelope import v4_answer, v4_error
from sandbox.joor_linesheets import drop_items, key_of, new_linesheet, new_season, put_items, season_of, skus_on
from sandbox.joor_records import JoorLinesheet, JoorLinesheetItem, JoorSeason
from sandbox.joor_v4_items import Item, Refusal, answer_each, day, objects, paged, text, whole
from sandbox.joor_v4_products import product
from sandbox.joor_world import Account, World
from sandbox.messages import Request, Response

ACTIONS = ("REPLACE_ITEMS", "ADD_ITEMS", "REMOVE_ITEMS")


def seasons(world: World, account: Account, request: Request) -> Response:
    """GET /v4/seasons."""
    return v4_answer([_season(season) for season in paged(world, account.record.seasons, request)])


def create_seasons(world: World, account: Account, request: Request) -> Response:
    """POST /v4/seasons/bulk_create. Nothing is known to be unique about a season: sent twice, it is there twice (ASSUMED)."""

    def one(item: Item) -> Item:
        season = new_season(account, text(item, "name", required=True), whole(item, "year"), text(item, "external_id"))
        world.effect("season_created", account, season.external_id or season.name, year=season.year, via="v4", call=request.call)
        return _season(season)

    return answer_each(world, request, one)


def update_seasons(world: World, account: Account, request: Request) -> Response:
    """POST /v4/seasons/bulk_update, by JOOR's `id`."""

    def one(item: Item) -> Item:
        season = _known_season(account, text(item, "id", required=True))
        year = whole(item, "year")
        if "name" in item:
            season.name = text(item, "name", required=True)
        season.year = year if "year" in item else season.year
        season.external_id = text(item, "external_id") if "external_id" in item else season.external_id
        world.effect("season_updated", account, season.external_id or season.name, year=season.year, via="v4", call=request.call)
        return _season(season)

    return answer_each(world, request, one)


def _known_season(account: Account, season_id: str) -> JoorSeason:
    season = next((season for season in account.record.seasons if season.id == season_id), None)
    if season is None:
        raise Refusal(f"Season {season_id} not found")
    return season


def _season(season: JoorSeason) -> dict[str, Any]:
    return {"id": season.id, "name": season.name, "year": season.year, "external_id": season.external_id}


def collections(world: World, account: Account, request: Request) -> Response:
    """GET /v4/collections: those made by hand too."""
    return v4_answer([_shown(account, linesheet) for linesheet in paged(world, account.record.linesheets, request)])


def create(world: World, account: Account, request: Request) -> Response:
    """POST /v4/collections/bulk_create. v4 creates cannot be repeated (10, pitfall 10): by default a second one is made."""
    unique = world.choice("collection_recreate", "allow", "refuse") == "refuse"

    def one(item: Item) -> Item:
        name, code = text(item, "name", required=True), text(item, "external_id", required=True)
        if unique and any(linesheet.code == code for linesheet in account.record.linesheets):
            raise Refusal(f"Collection with external_id {code} already exists", "DUPLICATED")
        trial = JoorLinesheet("", name)
        _fill(account, trial, item)
        items = _items(account, item)
        linesheet = new_linesheet(account, name, code)
        _fill(account, linesheet, item)
        world.effect("collection_created", account, code, name=name, via="v4", call=request.call)
        put_items(world, account, linesheet, items, via="v4", call=request.call)
        return _shown(account, linesheet)

    return answer_each(world, request, one)


def update(world: World, account: Account, request: Request) -> Response:
    """POST /v4/collections/bulk_update, by JOOR's `id`."""

    def found(item: Item) -> JoorLinesheet:
        wanted = text(item, "id", required=True)
        known = next((linesheet for linesheet in account.record.linesheets if linesheet.id == wanted), None)
        if known is None:
            raise Refusal(f"Collection {wanted} not found")
        return known

    return _update(world, account, request, found)


def update_by_external_id(world: World, account: Account, request: Request) -> Response:
    """POST /v4/collections/bulk_update_by_external_id (path ASSUMED); the first of several with that external id (ASSUMED)."""

    def found(item: Item) -> JoorLinesheet:
        wanted = text(item, "external_id", required=True)
        known = next((linesheet for linesheet in account.record.linesheets if linesheet.code == wanted), None)
        if known is None:
            raise Refusal(f"Collection with external_id {wanted} not found")
        return known

    return _update(world, account, request, found)


def _update(world: World, account: Account, request: Request, find: Callable[[Item], JoorLinesheet]) -> Response:
    action = request.param(str(world.switches["collection_action_param"])) or ACTIONS[0]
    if action not in ACTIONS:
        return v4_answer([], [v4_error(f"The action must be one of {', '.join(ACTIONS)}")], 400)

    def one(item: Item) -> Item:
        linesheet = find(item)
        text(item, "name", required=True)
        before = _head(account, linesheet)
        trial = JoorLinesheet("", "", start=linesheet.start, complete=linesheet.complete)
        _fill(account, trial, item)
        items = _items(account, item)
        linesheet.name = text(item, "name")
        if "id" in item and text(item, "external_id"):
            linesheet.code = text(item, "external_id")
        _fill(account, linesheet, item)
        changed_items = _apply(world, account, linesheet, item, items, action, request.call)
        changed = [name for name, value in _head(account, linesheet).items() if before[name] != value]
        detail = {"changed": changed, "changed_items": changed_items, "action": action}
        world.effect("collection_updated", account, key_of(linesheet), **detail, via="v4", call=request.call)
        return _shown(account, linesheet)

    return answer_each(world, request, one)


def _apply(
    world: World, account: Account, linesheet: JoorLinesheet, item: Item, items: dict[str, JoorLinesheetItem], action: str, call: int
) -> list[str]:
    """Add, replace or remove the items. Returns the identifiers whose item was changed in its place."""
    detail = {"action": action, "via": "v4", "call": call}
    if action == "REMOVE_ITEMS":
        drop_items(world, account, linesheet, list(items), **detail)
        return []
    if action == "REPLACE_ITEMS":
        if "items" not in item and world.choice("missing_items", "remove", "keep") == "keep":
            return []
        drop_items(world, account, linesheet, [identifier for identifier in linesheet.items if identifier not in items], **detail)
    return put_items(world, account, linesheet, items, **detail)


def _fill(account: Account, linesheet: JoorLinesheet, item: Item) -> None:
    """Season and ship window, where sent. Raises Refusal; the wording is that of an order's window (1.5)."""
    if "season_id" in item:
        season_id = text(item, "season_id")
        linesheet.season_id = _known_season(account, season_id).id if season_id else ""
    delivery = item.get("delivery")
    if delivery is None:
        return
    if not isinstance(delivery, dict):
        raise Refusal("delivery must be an object")
    start, complete, cancel = (day(delivery, name) for name in ("start_ship_date", "complete_ship_date", "cancel_date"))
    if (start is None) != (complete is None):
        raise Refusal("start_ship_date and complete_ship_date must be given together")
    if start and complete and start > complete:
        raise Refusal("start_ship_date may not be later than complete_ship_date")
    linesheet.start, linesheet.complete, linesheet.cancel = start, complete, cancel
    linesheet.minimum_window = whole(delivery, "minimum_shipping_window")


def _items(account: Account, item: Item) -> dict[str, JoorLinesheetItem]:
    """Raises Refusal for a product or a SKU that is not there; no `sku_ids` is every SKU of the product."""
    found = {}
    for row in objects(item, "items"):
        style = product(account, text(row, "product_id", required=True))
        sku_ids = row.get("sku_ids") or None
        if sku_ids is not None:
            if not isinstance(sku_ids, list):
                raise Refusal("sku_ids must be an array")
            own = {sku.sku_id for sku in style.skus}
            if unknown := [str(sku_id) for sku_id in sku_ids if str(sku_id) not in own]:
                raise Refusal(f"SKU {', '.join(unknown)} not found on product {style.style_id}")
            sku_ids = [str(sku_id) for sku_id in sku_ids]
        found[style.style_identifier] = JoorLinesheetItem(whole(row, "order_number"), sku_ids)
    return found


def _head(account: Account, linesheet: JoorLinesheet) -> dict[str, Any]:
    season = season_of(account, linesheet)
    return {
        "id": linesheet.id,
        "name": linesheet.name,
        "external_id": linesheet.code or None,
        "season": _season(season) if season else None,
        "delivery": {
            "start_ship_date": linesheet.start.isoformat() if linesheet.start else None,
            "complete_ship_date": linesheet.complete.isoformat() if linesheet.complete else None,
            "cancel_date": linesheet.cancel.isoformat() if linesheet.cancel else None,
            "minimum_shipping_window": linesheet.minimum_window,
        },
        "visibility": "OWNER",
    }


def _shown(account: Account, linesheet: JoorLinesheet) -> dict[str, Any]:
    """As the facts list it; that an item always lists the SKUs it shows is ASSUMED."""
    items = []
    for identifier, item in linesheet.items.items():
        style = account.catalogue.style(identifier)
        if style is not None:
            sku_ids = [sku.sku_id for sku in skus_on(linesheet, style)]
            items.append({"product_id": str(style.style_id), "order_number": item.order_number, "sku_ids": sku_ids})
    return {**_head(account, linesheet), "items": items}

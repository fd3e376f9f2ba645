"""What the two APIs and people do to linesheets: v2 calls them deliveries, v4 collections (fact sheet 4.4, 5)."""

from typing import Any

from sandbox.brand import JoorSku, JoorStyle
from sandbox.joor_catalogue import opaque
from sandbox.joor_records import JoorLinesheet, JoorLinesheetItem, JoorSeason
from sandbox.joor_world import Account, World


def key_of(linesheet: JoorLinesheet) -> str:
    """A linesheet's key in the ledger: its code, or its name when people gave it none."""
    return linesheet.code or linesheet.name


def new_linesheet(account: Account, name: str, code: str = "", *, hand_made: bool = False) -> JoorLinesheet:
    linesheet = JoorLinesheet(opaque(f"Collection:{account.catalogue.new_number()}"), name, code, hand_made=hand_made)
    account.record.linesheets.append(linesheet)
    return linesheet


def new_season(account: Account, name: str, year: int | None, external_id: str) -> JoorSeason:
    season = JoorSeason(opaque(f"Season:{account.catalogue.new_number()}"), name, year, external_id)
    account.record.seasons.append(season)
    return season


def season_of(account: Account, linesheet: JoorLinesheet) -> JoorSeason | None:
    return next((season for season in account.record.seasons if season.id == linesheet.season_id), None)


def skus_on(linesheet: JoorLinesheet, style: JoorStyle) -> list[JoorSku]:
    """The SKUs of a card that its linesheet shows."""
    item = linesheet.items[style.style_identifier]
    chosen = None if item.sku_ids is None else set(item.sku_ids)
    return [sku for sku in style.skus if sku.color_code not in item.excluded_colors and (chosen is None or sku.sku_id in chosen)]


def put_items(world: World, account: Account, linesheet: JoorLinesheet, items: dict[str, JoorLinesheetItem], **detail: Any) -> list[str]:
    """Add items or take the place of those that are there, a hand-added one staying one. Returns the identifiers whose item changed;
    the ledger has those that were added."""
    added, changed = [], []
    for identifier, item in items.items():
        old = linesheet.items.get(identifier)
        item.by_hand = item.by_hand or bool(old and old.by_hand)
        if old is None:
            added.append(identifier)
        elif old != item:
            changed.append(identifier)
        linesheet.items[identifier] = item
    if added:
        world.effect("collection_items_added", account, key_of(linesheet), products=added, **detail)
    return changed


def drop_items(world: World, account: Account, linesheet: JoorLinesheet, identifiers: list[str], **detail: Any) -> None:
    gone = [identifier for identifier in identifiers if linesheet.items.pop(identifier, None)]
    if gone:
        world.effect("collection_items_removed", account, key_of(linesheet), products=gone, **detail)

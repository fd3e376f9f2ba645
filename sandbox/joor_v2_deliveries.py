"""v2's deliveries: which linesheets a style record puts its card on, and takes it off (fact sheet 4.3, 4.4). The default takes off."""

from typing import Any

from sandbox.brand import JoorStyle
from sandbox.joor_linesheets import drop_items, key_of, new_linesheet, new_season, put_items
from sandbox.joor_records import JoorLinesheet, JoorLinesheetItem
from sandbox.joor_v2_record import Delivery, StyleRecord
from sandbox.joor_world import Account, World

EXACTLY, EXACTLY_BUT_MANUAL, ADD, REMOVE = "1", "2", "3", "4"


def place_on_linesheets(world: World, account: Account, style: JoorStyle, record: StyleRecord, **detail: Any) -> None:
    """Do what `delivery_overwrite` says:

    1 (default) exactly those listed, off every other one, manual ones too; 2 the same, manual ones left alone; 3 add only; 4 off those
    listed only. A record that lists none is off all of them under 1, by the letter.
    """
    identifier = style.style_identifier
    if record.overwrite == REMOVE:
        for delivery in record.deliveries:
            known = _find(account, delivery)
            if known is not None:
                drop_items(world, account, known, [identifier], **detail)
        return
    listed = [_place(world, account, style, delivery, detail).id for delivery in record.deliveries]
    for linesheet in account.record.linesheets:
        spared = record.overwrite == ADD or (record.overwrite == EXACTLY_BUT_MANUAL and linesheet.hand_made)
        if linesheet.id not in listed and not spared:
            drop_items(world, account, linesheet, [identifier], **detail)


def _find(account: Account, delivery: Delivery) -> JoorLinesheet | None:
    """By its code, else by its name (ASSUMED)."""
    rows = account.record.linesheets
    if delivery.code:
        return next((row for row in rows if row.code == delivery.code), None)
    return next((row for row in rows if row.name == delivery.name), None)


def _place(world: World, account: Account, style: JoorStyle, delivery: Delivery, detail: dict[str, Any]) -> JoorLinesheet:
    linesheet = _find(account, delivery)
    if linesheet is None:
        linesheet = new_linesheet(account, delivery.name, delivery.code)
        _fill(world, account, linesheet, delivery, detail)
        world.effect("collection_created", account, key_of(linesheet), name=linesheet.name, **detail)
        changed = []
    else:
        before = _head(linesheet)
        _fill(world, account, linesheet, delivery, detail)
        changed = [name for name, value in _head(linesheet).items() if before[name] != value]
    item = JoorLinesheetItem(delivery.order, None, list(delivery.excluded), comments=delivery.comments)
    changed_items = put_items(world, account, linesheet, {style.style_identifier: item}, **detail)
    if changed or changed_items:
        world.effect("collection_updated", account, key_of(linesheet), changed=changed, changed_items=changed_items, **detail)
    return linesheet


def _fill(world: World, account: Account, linesheet: JoorLinesheet, delivery: Delivery, detail: dict[str, Any]) -> None:
    """The name, season and dates a record gives become the linesheet's (ASSUMED); what it leaves out stays."""
    linesheet.name = delivery.name if delivery.name != delivery.code else linesheet.name
    if delivery.season is not None:
        linesheet.season_id = _season_id(world, account, *delivery.season, detail)
    if delivery.window is not None:
        linesheet.start, linesheet.complete = delivery.window
    linesheet.cancel = delivery.cancel or linesheet.cancel
    linesheet.public = linesheet.public if delivery.public is None else delivery.public


def _season_id(world: World, account: Account, name: str, year: int | None, code: str, detail: dict[str, Any]) -> str:
    """By its code, else by name and year; made when it is new (ASSUMED)."""
    for season in account.record.seasons:
        if (code and season.external_id == code) or (not code and (season.name, season.year) == (name, year)):
            return season.id
    season = new_season(account, name or code, year, code)
    world.effect("season_created", account, code or name, year=year, **detail)
    return season.id


def _head(linesheet: JoorLinesheet) -> dict[str, Any]:
    return {name: getattr(linesheet, name) for name in ("name", "season_id", "start", "complete", "cancel", "public")}

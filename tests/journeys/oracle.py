"""What JOOR and AIMS360 should hold, worked out from the sandbox's raw state in the plainest way, sharing nothing with our rules."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.journeys.town import Town

Position = tuple[str, str, str, str, str]  # JOOR warehouse, style, colour, size, date or IMMEDIATE


def expected_inventory(town: Town, site: str, horizon_days: int = 365) -> dict[Position, int]:
    """Positive quantities by A-09 with the default settings: OTS as AIMS360 gives it, WIP by in-warehouse date less what is promised."""
    account = town.brand["accounts"][site]
    joor_name = {aims: joor for joor, aims in town.brand["brand"]["counterparts"][f"{site}.warehouses"].items()}
    stock, orders = town.state("stock", system="aims360"), town.state("open_orders", system="aims360")
    wanted: dict[tuple[str, ...], int] = defaultdict(int)
    from_wip: dict[tuple[str, ...], int] = defaultdict(int)
    for row in orders:
        sku = (row["style"], row["color"], row["size"])
        if row["wip_reference"]:
            from_wip[(row["wip_reference"], row["warehouse"], *sku)] += row["quantity"]
        else:
            wanted[(row["warehouse"], *sku)] += row["quantity"] - row["allocated"]
    on_joor = known_to_joor(town, site)
    mine = {
        sku
        for row in stock
        if row["division"] in account["division_codes"] and row["active"] and row["kind"] == "Inventory"
        if (sku := (row["style"], row["color"], row["size"])) in on_joor
    }
    found: dict[Position, int] = {}
    owed: dict[tuple[str, ...], int] = {}  # what orders want beyond the stock: the next arrivals go to them
    for row in stock:
        sku = (row["style"], row["color"], row["size"])
        if sku not in mine or row["warehouse"] not in joor_name:
            continue
        ots = max(0, row["on_hand"]) - row["allocated"] - row["pick_tickets"] - wanted[(row["warehouse"], *sku)]
        if ots > 0:
            found[(joor_name[row["warehouse"]], *sku, "IMMEDIATE")] = ots
        elif ots < 0:
            owed[(joor_name[row["warehouse"]], *sku)] = -ots
    in_stock = {(row["warehouse"], row["style"], row["color"], row["size"]) for row in stock}
    for (warehouse, *sku), pieces in wanted.items():
        if (warehouse, *sku) not in in_stock and warehouse in joor_name and pieces > 0:
            owed[(joor_name[warehouse], *sku)] = pieces
    today = datetime.now(UTC).date()
    last = (today + timedelta(days=horizon_days)).isoformat()
    arriving: dict[Position, int] = defaultdict(int)
    for row in town.state("wip", system="aims360"):
        when = row["in_warehouse_date"]
        if row["status"] != "Open" or not when or not today.isoformat() < when <= last:
            continue
        sku = (row["style"], row["color"], row["size"])
        if sku not in mine or row["warehouse"] not in joor_name:
            continue
        free = row["open"] - from_wip.pop((row["number"], row["warehouse"], *sku), 0)
        arriving[(joor_name[row["warehouse"]], *sku, when)] += max(0, free)
    for position in sorted(arriving, key=lambda key: key[-1]):
        taken = min(owed.get(position[:-1], 0), arriving[position])
        if taken:
            owed[position[:-1]] -= taken
            arriving[position] -= taken
    return found | {position: pieces for position, pieces in arriving.items() if pieces > 0}


def known_to_joor(town: Town, site: str) -> set[tuple[str, str, str]]:
    """SKUs that a card on JOOR has and that can be named: by UPC, or by style where the card is the style's."""
    return {
        (card["style_number"], sku["color_code"], sku["size"])
        for card in town.state("styles", account=site)
        if not card["deleted"]
        for sku in card["skus"]
        if sku["upc"] or card["style_identifier"] == card["style_number"]
    }


def joor_inventory(town: Town, site: str) -> dict[Position, int]:
    """What the pretend JOOR holds now, positive quantities."""
    held: dict[Position, int] = {}
    for row in town.state("inventory", account=site):
        if row["inventory"] > 0:
            held[(row["warehouse"], row["style_number"], row["color_code"], row["size"], row["date"])] = row["inventory"]
    return held


def lines_of(order: dict[str, Any]) -> dict[tuple[str, str, str], tuple[int, str]]:
    """(style, colour, size) -> (pieces, price) of an order that the pretend AIMS360 holds."""
    return {(row["style"], row["color"], row["size"]): (row["quantity"], row["price"]) for row in order["lines"]}

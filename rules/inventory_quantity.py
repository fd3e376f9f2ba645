"""The arithmetic of open-to-sell: from what AIMS360 counts to what JOOR shows, with every step kept for "why is this 42?".

Facts: aims360-api 9.5 (labels of AIMS360's own report) and A-09 (our formula; ASSUMED until compared with a tenant's report). All numbers
are pieces. One call of `buckets` is one SKU in one JOOR warehouse.

Two decisions that the facts leave open:

* Shortage and safety stock are taken once, from the earliest pieces there are. Stock of -5 means that five pieces of the next arrival are
  sold already; a safety stock of 10 that the stock cannot cover is kept back from what arrives. So with 100 percent, no cap and no
  minimum, the "arriving" numbers add up to the last "cumulative" one.
* Percentage, cap and minimum shape each bucket on its own, in this order.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from models.settings import InventorySettings


class Stock(NamedTuple):
    """One SKU in one AIMS360 warehouse, as read."""

    warehouse: str
    on_hand: int
    allocated: int
    pick_tickets: int
    open_orders: int
    ots: int | None


class Arrival(NamedTuple):
    """Open quantity of one WIP line; `on` is the date for JOOR (lead days included)."""

    on: date
    reference: str
    open_quantity: int
    allocated: int


class Bucket(NamedTuple):
    """`on` is None for immediate stock. `explain` holds inputs and steps, ready for JSON."""

    on: date | None
    quantity: int
    explain: dict[str, Any]


def counted(stock: Stock, settings: InventorySettings) -> int:
    """What one AIMS360 warehouse adds; may be negative (oversold). "given" takes OTS as it is: AIMS360 has subtracted already.

    A negative allocation, pick ticket or open order counts as 0: odd data never adds pieces. Raises ValueError for "given" without OTS.
    """
    if settings.arithmetic == "given":
        if stock.ots is None:
            raise ValueError(f"no open-to-sell number for warehouse {stock.warehouse!r}")
        return stock.ots
    on_hand = max(0, stock.on_hand) if settings.ignore_negative_stock else stock.on_hand
    return on_hand - sum(taken for _, taken in _taken(stock, settings))


def arrives(arrival: Arrival, settings: InventorySettings) -> int:
    """What one WIP line brings: its open quantity, less what is allocated to orders; never below 0."""
    allocated = max(0, arrival.allocated) if settings.subtract_wip_allocated else 0
    return max(0, arrival.open_quantity - allocated)


def shown(left: int, settings: InventorySettings) -> int:
    """Percentage rounded down, cap, minimum to show."""
    return _shown(left, settings, [])


def buckets(stocks: Sequence[Stock], arrivals: Sequence[Arrival], settings: InventorySettings) -> Iterator[Bucket]:
    """The immediate bucket and one per date of arrival, by the settings. The order of the inputs does not matter."""
    stocks = sorted(stocks)
    running = sum(counted(stock, settings) for stock in stocks)
    sellable = max(0, running - settings.safety_stock)
    if settings.immediate:
        yield _immediate(stocks, running, sellable, settings)
    if not settings.future:
        return
    for on in sorted({arrival.on for arrival in arrivals}):
        lines = sorted(arrival for arrival in arrivals if arrival.on == on)
        bucket, running, sellable = _future(on, lines, running, sellable, settings)
        yield bucket


def _immediate(stocks: Sequence[Stock], total: int, sellable: int, settings: InventorySettings) -> Bucket:
    steps = [_stock_step(stock, settings) for stock in stocks] or ["no stock row: 0"]
    if len(stocks) > 1:
        steps.append(" + ".join(stock.warehouse for stock in stocks) + f" = {total}")
    if total < 0:
        steps.append("below zero shows as 0")
    elif settings.safety_stock:
        steps.append(f"safety stock {settings.safety_stock} kept back = {sellable}")
    quantity = _shown(sellable, settings, steps)
    inputs = {stock.warehouse: _stock_inputs(stock) for stock in stocks}
    return Bucket(None, quantity, {"stock": inputs, "steps": steps})


def _future(on: date, lines: Sequence[Arrival], before: int, sellable_before: int, settings: InventorySettings) -> tuple[Bucket, int, int]:
    after = before + sum(arrives(line, settings) for line in lines)
    sellable = max(0, after - settings.safety_stock)
    steps = [_arrival_step(line, settings) for line in lines]
    if settings.future_quantity == "cumulative":
        left = sellable
        steps.append(f"with the {before} there before = {after}")
        if settings.safety_stock:
            steps.append(f"safety stock {settings.safety_stock} kept back = {left}")
    else:
        left = sellable - sellable_before
        if left != after - before:
            steps.append(f"{after - before - left} go to orders already short or to the safety stock = {left}")
    quantity = _shown(left, settings, steps)
    inputs = [[line.reference, line.open_quantity, line.allocated] for line in lines]
    return Bucket(on, quantity, {"wip": inputs, "before": before, "steps": steps}), after, sellable


def _shown(left: int, settings: InventorySettings, steps: list[str]) -> int:
    if settings.percentage != 100:
        left = left * settings.percentage // 100
        steps.append(f"{settings.percentage} percent, rounded down = {left}")
    if settings.cap is not None and left > settings.cap:
        left = settings.cap
        steps.append(f"capped = {left}")
    if 0 < left < settings.minimum_to_show:
        steps.append(f"less than the minimum to show, {settings.minimum_to_show} = 0")
        left = 0
    return left


def _taken(stock: Stock, settings: InventorySettings) -> list[tuple[str, int]]:
    switches = (
        ("allocated", stock.allocated, settings.subtract_allocated),
        ("pick tickets", stock.pick_tickets, settings.subtract_pick_tickets),
        ("open orders", stock.open_orders, settings.subtract_open_orders),
    )
    return [(name, max(0, pieces)) for name, pieces, subtract in switches if subtract]


def _stock_step(stock: Stock, settings: InventorySettings) -> str:
    if settings.arithmetic == "given":
        return f"{stock.warehouse}: open to sell {stock.ots}"
    words = f"{stock.warehouse}: on hand {stock.on_hand}"
    if stock.on_hand < 0 and settings.ignore_negative_stock:
        words += " (counts as 0)"
    words += "".join(f" - {name} {pieces}" for name, pieces in _taken(stock, settings) if pieces)
    return f"{words} = {counted(stock, settings)}"


def _arrival_step(line: Arrival, settings: InventorySettings) -> str:
    words = f"{line.reference}: {line.open_quantity} to come"
    if settings.subtract_wip_allocated and line.allocated > 0:
        words += f" - allocated {line.allocated}"
    return f"{words} = {arrives(line, settings)}"


def _stock_inputs(stock: Stock) -> dict[str, int | None]:
    return {key: value for key, value in stock._asdict().items() if key != "warehouse"}

"""What deleting and deactivating do to orders (fact sheet 4.5): far-reaching, and done without asking.

Deleting a card, a colour or a size cancels its lines on Notes and Pending orders and on Approved ones not yet exported. Making a colour or
a size INACTIVE takes its lines off all orders, Approved and Cancelled included; ACTIVE puts them back. ASSUMED: the order's total follows
and its `date_modified` moves.
"""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.joor_catalogue import SkuKey
from sandbox.joor_world import Account, World

CANCELLED = "_cancelled"  # why a line is off its order; the envelope leaves such lines out of v2 answers
DELETED, INACTIVE = "deleted", "inactive"
NOTES, PENDING, APPROVED = "6", "3", "4"

Line = dict[str, Any]


def cancel_deleted(world: World, account: Account, gone: set[SkuKey], call: int) -> None:
    """Cancel the lines of SKUs that were deleted."""

    def open_order(order_id: int, order_type: str) -> bool:
        return order_type in (NOTES, PENDING) or (order_type == APPROVED and account.export_state(order_id) != "SUCCESS")

    _mark(world, account, lambda line: _key(line) in gone and not line.get(CANCELLED), DELETED, call, open_order)


def follow_status(world: World, account: Account, changed: set[SkuKey], call: int) -> None:
    """Take the lines of SKUs that are INACTIVE now off every order; put back those that are ACTIVE again."""
    if not changed:
        return
    active = {key for key in changed if key in account.catalogue.skus and account.catalogue.skus[key][1].active}
    _mark(world, account, lambda line: _key(line) in changed - active and not line.get(CANCELLED), INACTIVE, call)
    _mark(world, account, lambda line: _key(line) in active and line.get(CANCELLED) == INACTIVE, "", call)


def _mark(
    world: World,
    account: Account,
    chosen: Callable[[Line], bool],
    why: str,
    call: int,
    touches: Callable[[int, str], bool] = lambda _id, _type: True,
) -> None:
    for order_id, order in account.record.orders.items():
        lines = [line for line in order.get("line_items") or [] if chosen(line)]
        if not lines or not touches(order_id, str(order["order_type"])):
            continue
        for line in lines:
            line[CANCELLED] = why
        _retotal(order, lines, -1 if why else 1)
        account.touch(order_id, world.now())
        effect = "order_lines_removed" if why else "order_lines_restored"
        world.effect(effect, account, str(order_id), lines=["|".join(_key(line)) for line in lines], why=why or "active", call=call)


def _key(line: Line) -> SkuKey:
    return (str(line.get("item_style_identifier")), str(line.get("item_color_code")), str(line.get("item_size")))


def _retotal(order: dict[str, Any], lines: list[Line], sign: int) -> None:
    if not order.get("order_total"):
        return
    units = sum((Decimal(str(line.get("item_price_extended") or 0)) for line in lines), Decimal(0))
    share = 1 - Decimal(str(order.get("order_discount_percent") or 0)) / 100
    total = Decimal(str(order["order_total"])) + sign * units * share
    order["order_total"] = str(total.quantize(Decimal("0.01"), ROUND_HALF_UP))

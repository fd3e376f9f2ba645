"""The awkward JOOR orders: each case changes one plain order. A case answers False, changing nothing, when its account cannot show it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from sandbox.stock_desk import Desk, Order, money, total_up
from sandbox.stock_draw import iso
from sandbox.stock_joor import UNMAPPED_SHIP_VIA, UNMAPPED_TERM, UNMAPPED_WAREHOUSE

NEW_ADDRESS = {
    "code": "",
    "name": "Fresh Corner Shop",
    "phone": "",
    "address_1": "77 New Road",
    "address_2": "",
    "city": "Halifax",
    "region": "NS",
    "postal_code": "B3H 1A1",
    "country": "Canada",
    "country_iso_two": "CA",
    "country_iso_three": "CAN",
}
DAYS_BEFORE_GO_LIVE = 400


def empty_lists(_: Desk, order: Order) -> bool:
    order |= {"order_divisions": [], "order_doors": []}
    return True


def missing_customer_code(_: Desk, order: Order) -> bool:
    order["customer_code"] = ""
    return True


def unknown_customer_code(desk: Desk, order: Order) -> bool:
    """A retailer AIMS360 has never heard of, with an address of its own."""
    name = "Fresh Corner Shop"
    order |= {"customer_code": f"NEW{desk.draw.digits(4)}", "customer_name": name, "company_name": name, "order_doors": []}
    return _ship_elsewhere(order, "shipping", "billing")


def unknown_size(_: Desk, order: Order) -> bool:
    order["line_items"][0] |= {"item_size": "6XL", "item_upc": ""}
    return True


def unknown_style(desk: Desk, order: Order) -> bool:
    """A line of a style made by hand on JOOR."""
    card = next(card for card in desk.account.styles.values() if card.hand_made)
    order["line_items"].append(desk.line(card, card.skus[0], 3))
    total_up(order)
    return True


def two_divisions(desk: Desk, order: Order) -> bool:
    if len(desk.by_division) < 2:
        return False
    desk.set_lines(order, [desk.draw.one(cards) for cards in list(desk.by_division.values())[:2]])
    return True


def new_ship_to(_: Desk, order: Order) -> bool:
    order["order_doors"] = []
    return _ship_elsewhere(order, "shipping")


def _ship_elsewhere(order: Order, *kinds: str) -> bool:
    order |= {f"{kind}_{name}": value for kind in kinds for name, value in NEW_ADDRESS.items()}
    return True


def discount_percent(_: Desk, order: Order) -> bool:
    order["order_discount_percent"] = "10"
    total_up(order)
    return True


def discount_amount(_: Desk, order: Order) -> bool:
    order["order_discount"] = "15.00"
    total_up(order)
    return True


def case_pack(_: Desk, order: Order) -> bool:
    for line in _first_style(order):
        line |= {"item_multiplier": "6", "item_quantity": "2"}
    total_up(order)
    return True


def price_adjustment(_: Desk, order: Order) -> bool:
    for line in _first_style(order):
        line["item_price_adjustment"] = "-5.00"
    total_up(order)
    return True


def _first_style(order: Order) -> list[dict[str, str]]:
    """JOOR adjusts prices and sells packs by style, so all lines of one style change together."""
    style = order["line_items"][0]["item_style_identifier"]
    return [line for line in order["line_items"] if line["item_style_identifier"] == style]


def price_difference(_: Desk, order: Order) -> bool:
    """The order's total is not what its lines come to."""
    order["order_total"] = money(Decimal(order["order_total"]) + Decimal("7.50"))
    return True


def unmapped_term(_: Desk, order: Order) -> bool:
    order |= {"payment_method_code": UNMAPPED_TERM[0], "payment_method_name": UNMAPPED_TERM[1]}
    return True


def unmapped_ship_via(_: Desk, order: Order) -> bool:
    order |= {"shipping_method_code": UNMAPPED_SHIP_VIA[0], "shipping_method_name": UNMAPPED_SHIP_VIA[1]}
    return True


def unmapped_warehouse(_: Desk, order: Order) -> bool:
    order |= {"warehouse_name": UNMAPPED_WAREHOUSE, "warehouse_code": UNMAPPED_WAREHOUSE}
    return True


def deleted_style(desk: Desk, order: Order) -> bool:
    """A line of a style deleted on JOOR after the order was approved; AIMS360 still has it."""
    order_divisions = {entry["division_code"] for entry in order["order_divisions"]}
    deleted = [card for card in desk.account.styles.values() if card.deleted]
    card = next((card for card in deleted if desk.division_of(card).code in order_divisions), None)
    if card is not None:
        order["line_items"].append(desk.line(card, card.skus[0], 2))
        total_up(order)
    elif deleted:
        desk.set_lines(order, deleted[:1])
    return bool(deleted)


def non_ascii(desk: Desk, order: Order) -> bool:
    foreign = [customer for customer in desk.with_status("Active") if not customer.name.isascii()]
    if foreign:
        desk.set_customer(order, foreign[0])
    order["order_comments"] = "Grüße aus Köln – doručit ráno, 午前中に配達 🧵"
    return True


def no_shipment_customer(desk: Desk, order: Order) -> bool:
    return _buy_as(desk, order, "No Shipment")


def inactive_customer(desk: Desk, order: Order) -> bool:
    return _buy_as(desk, order, "Inactive")


def _buy_as(desk: Desk, order: Order, status: str) -> bool:
    customers = desk.with_status(status)
    if customers:
        desk.set_customer(order, customers[0])
    return bool(customers)


def missing_upc_lines(_: Desk, order: Order) -> bool:
    for line in order["line_items"]:
        line["item_upc"] = ""
    return True


def before_go_live(desk: Desk, order: Order) -> bool:
    old = desk.now - timedelta(days=DAYS_BEFORE_GO_LIVE)
    order |= {"date_created": iso(old - timedelta(days=1)), "date_approved": iso(old), "date_modified": iso(old)}
    order |= {"date_ship_start": str((old + timedelta(days=30)).date()), "date_ship_end": str((old + timedelta(days=60)).date())}
    return True


CASES: dict[str, Callable[[Desk, Order], bool]] = {
    case.__name__: case
    for case in (
        empty_lists,
        missing_customer_code,
        unknown_customer_code,
        unknown_size,
        unknown_style,
        two_divisions,
        new_ship_to,
        discount_percent,
        discount_amount,
        case_pack,
        price_adjustment,
        price_difference,
        unmapped_term,
        unmapped_ship_via,
        unmapped_warehouse,
        deleted_style,
        non_ascii,
        no_shipment_customer,
        inactive_customer,
        missing_upc_lines,
        before_go_live,
    )
}

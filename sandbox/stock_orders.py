"""All JOOR orders of the pretend brand: mostly plain ones, with every awkward case among them."""

from datetime import datetime

from sandbox.brand import Brand
from sandbox.stock_cases import CASES
from sandbox.stock_desk import Desk
from sandbox.stock_draw import Draw
from sandbox.stock_joor import add_connections

FIRST_ORDER_ID = 7_700_001
AWKWARD_SHARE = 0.15


def add_joor_orders(brand: Brand, count: int, accounts: tuple[str, ...], now: datetime) -> None:
    """`count` orders, the accounts in turn. Awkward ones are approved orders at places drawn by chance; a case an account cannot show
    (no inactive customer, one division only) leaves its order plain."""
    for key in accounts:
        add_connections(brand, key, accounts)
    desks = [desk for desk in (Desk(brand, key, accounts, now) for key in accounts) if desk.cards]
    brand.cases = {name: [] for name in CASES}
    awkward = min(max(len(CASES), round(count * AWKWARD_SHARE)), count // 2)
    places = sorted(Draw(brand.seed, "awkward orders").some(range(count), awkward))
    names = {place: list(CASES)[number % len(CASES)] for number, place in enumerate(places)}
    for number in range(count if desks else 0):
        desk = desks[number % len(desks)]
        order = desk.plain(FIRST_ORDER_ID + number)
        if name := names.get(number):
            order["order_type"] = "4"
            if CASES[name](desk, order):
                brand.cases[name].append(order["order_id"])
        desk.account.orders[order["order_id"]] = order

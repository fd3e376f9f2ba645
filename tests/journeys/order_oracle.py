"""Which AIMS360 orders there should be, order by order, worked out from JOOR's raw orders in the plainest way."""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from tests.journeys.town import Town

#: The awkward cases (sandbox/stock_cases.py) that need a person before they may be imported.
NEED_A_PERSON = frozenset(
    {
        "missing_customer_code",
        "unknown_customer_code",
        "unknown_size",
        "unknown_style",
        "discount_amount",
        "price_difference",
        "unmapped_term",
        "unmapped_ship_via",
        "unmapped_warehouse",
        "no_shipment_customer",
        "inactive_customer",
    }
)
#: Cases whose lines say something else than "quantity at item_price".
OTHER_LINES = frozenset({"case_pack", "price_adjustment", "discount_percent", "discount_amount", "price_difference"})
Lines = dict[tuple[str, str, str], tuple[int, Decimal]]


def references(town: Town) -> Counter[str]:
    """How often each thirdPartyOrderID was created in AIMS360. More than once is money lost."""
    return Counter(effect["thirdPartyOrderID"] for effect in town.effects("order_created"))


def check_orders(town: Town, *sites: str) -> Counter[str]:
    """Every approved or shipped JOOR order is in AIMS360 exactly once, piece by piece, or waits for a person. Returns counts by case."""
    case_of = {order_id: case for case, ids in town.brand["brand"]["cases"].items() for order_id in ids}
    made = defaultdict(list)
    for order in town.state("orders", system="aims360"):
        made[order["thirdPartyOrderID"].split("-")[1]].append(order)
    assert max(references(town).values(), default=0) <= 1, "an order was doubled"
    seen: Counter[str] = Counter()
    for site in sites:
        for row in town.state("orders", account=site):
            raw, order_id = row["order"], int(row["order_id"])
            case = case_of.get(order_id, "plain")
            found = made.pop(str(order_id), [])
            if str(raw["order_type"]) not in ("4", "5"):
                assert not found, f"{order_id} is neither approved nor shipped"
                continue
            seen[case] += 1
            if case in NEED_A_PERSON:
                assert not found, f"{order_id} ({case}) went through"
                assert row["state"] == "FAILED", f"{order_id} ({case}): JOOR was told {row['state']}"
                assert row["description"]
                continue
            assert found, f"{order_id} ({case}) is lost"
            assert row["state"] == "SUCCESS", f"{order_id} ({case}): JOOR was told {row['state']}"
            assert {order["customerPurchaseOrder"] for order in found} == {raw["customer_purchase_order"]}
            if case not in OTHER_LINES:
                assert _made(found) == _wanted(raw), f"{order_id} ({case})"
            if case == "two_divisions":
                assert len(found) == 2
    assert not made, f"AIMS360 has orders that JOOR never had: {sorted(made)}"
    return seen


def _wanted(raw: dict[str, Any]) -> Lines:
    lines: Lines = {}
    for line in raw["line_items"] or []:
        key = (line["item_number"], line["item_color_code"], line["item_size"])
        pieces = int(line["item_quantity"]) * int(line["item_multiplier"] or 1)
        lines[key] = (lines.get(key, (0, Decimal(0)))[0] + pieces, Decimal(line["item_price"]))
    return lines


def _made(orders: list[dict[str, Any]]) -> Lines:
    return {
        (row["style"], row["color"], row["size"]): (row["quantity"], Decimal(row["price"])) for order in orders for row in order["lines"]
    }

"""What changed on JOOR since an order was imported, field by field, and what a person does about it. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from clients.joor.types import Address, JoorOrder, OrderLine

#: Header fields of JoorOrder that reach the AIMS360 order, with the words for a person.
_FIELDS = (
    ("customer_code", "customer code"),
    ("customer_name", "customer name"),
    ("purchase_order", "purchase order"),
    ("currency", "currency"),
    ("discount_percent", "order discount %"),
    ("discount", "order discount"),
    ("shipping_total", "shipping charge"),
    ("total", "order total"),
    ("ship_start", "ship window start"),
    ("ship_end", "ship window end"),
    ("payment_method_code", "payment method"),
    ("shipping_method_code", "shipping method"),
    ("warehouse_code", "warehouse"),
    ("season_code", "season"),
    ("comments", "comments"),
    ("internal_comments", "internal comments"),
    ("buyer_name", "buyer"),
    ("sales_rep", "sales representative"),
)
_ADDRESS = ("code", "name", "phone", "email", "address_1", "address_2", "city", "region", "postal_code", "country_iso_two")
_LINE = (
    ("quantity", "quantity"),
    ("multiplier", "units per pack"),
    ("price", "price"),
    ("price_adjustment", "price adjustment"),
    ("comment", "comment"),
    ("color_comment", "colour comment"),
)
#: Approved turning shipped is the order's normal life, not an edit.
_ALIVE = ("approved", "shipped")

Difference = dict[str, Any]


def difference(imported: JoorOrder, now: JoorOrder) -> list[Difference]:
    """Rows of {field, imported, now}, values as text; empty when nothing that matters changed."""
    rows = []
    if imported.status != now.status and not (imported.status in _ALIVE and now.status in _ALIVE):
        rows.append(_row("status", imported.status, now.status))
    rows += [_row(words, getattr(imported, name), getattr(now, name)) for name, words in _FIELDS]
    rows += _address("ship-to", imported.shipping, now.shipping)
    rows.append(_row("divisions", _codes(imported), _codes(now)))
    rows += _lines(imported.lines, now.lines)
    return [row for row in rows if row["imported"] != row["now"]]


def unreadable(words: str) -> list[Difference]:
    """For an imported order whose newest JOOR row cannot be parsed."""
    return [_row("order", "as imported", f"cannot be read: {words}")]


def change_steps(order_id: str, aims_orders: Sequence[str], rows: Sequence[Difference]) -> list[str]:
    """What to do in AIMS360: it is never changed by us."""
    orders = " and ".join(aims_orders)
    return [
        f"Open order {orders} in AIMS360 (JOOR order {order_id}).",
        *(f"Change {row['field']} from {row['imported'] or 'nothing'} to {row['now'] or 'nothing'}." for row in rows),
        "Save it, and mark this task as done.",
    ]


def cancel_steps(order_id: str, aims_orders: Sequence[str]) -> list[str]:
    return [
        f"Ask the sales team whether JOOR order {order_id} is really cancelled.",
        f"Cancel order {' and '.join(aims_orders)} in AIMS360.",
        "Mark this task as done.",
    ]


def _address(what: str, imported: Address, now: Address) -> list[Difference]:
    return [_row(f"{what} {name.replace('_', ' ')}", getattr(imported, name), getattr(now, name)) for name in _ADDRESS]


def _lines(imported: Sequence[OrderLine], now: Sequence[OrderLine]) -> list[Difference]:
    """Lines are told apart by style, colour and size, and by place among equals (one SKU may be there twice)."""
    before, after = _keyed(imported), _keyed(now)
    rows = []
    for key in dict.fromkeys([*before, *after]):
        name = "line " + " / ".join(key[:3]) + (f" ({key[3] + 1})" if key[3] else "")
        old, new = before.get(key), after.get(key)
        if old is None or new is None:
            rows.append(_row(name, _summary(old), _summary(new)))
            continue
        rows += [_row(f"{name}: {words}", getattr(old, field), getattr(new, field)) for field, words in _LINE]
    return rows


def _keyed(lines: Sequence[OrderLine]) -> dict[tuple[str, str, str, int], OrderLine]:
    made: dict[tuple[str, str, str, int], OrderLine] = {}
    for line in lines:
        place = 0
        while (key := (line.style_identifier or line.style_number, line.color_code, line.size, place)) in made:
            place += 1
        made[key] = line
    return made


def _summary(line: OrderLine | None) -> str:
    return "" if line is None else f"{line.quantity} at {_text(line.price)}"


def _codes(order: JoorOrder) -> str:
    return ", ".join(sorted(code or name for code, name in order.divisions))


def _row(field: str, imported: Any, now: Any) -> Difference:
    return {"field": field, "imported": _text(imported), "now": _text(now)}


def _text(value: Any) -> str:
    """Equal values read equal: 110 and 110.00 are one price."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value else "0"
    return str(value)

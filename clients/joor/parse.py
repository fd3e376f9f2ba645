"""JOOR's v2 orders and connections into types (facts 3.5, 8.3, 8.5). Raises ValueError naming the field for what cannot be read."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from clients.joor.types import (
    Address,
    CodeName,
    Connection,
    ConnectionAddress,
    ConnectionDraft,
    JoorOrder,
    OrderLine,
    OrderStatus,
    PriceTypeName,
)
from clients.jsontext import storable

#: `order_type` INSIDE an order; the request filter has another list (facts 8.3).
_STATUSES: dict[str, OrderStatus] = {
    "0": "cancelled",
    "1": "in_progress",
    "6": "notes",
    "3": "pending",
    "4": "approved",
    "5": "shipped",
}

Row = dict[str, Any]


def parse_order(raw: Any) -> JoorOrder:
    """One v2 order. `raw` of the result is JSON-storable: the order as it came, exact numbers as text. Parsing it again gives the same."""
    if not isinstance(raw, dict):
        raise ValueError(f"an order must be an object, not {type(raw).__name__}")
    if "line_items" not in raw:
        raise ValueError("line_items is missing")
    order_id = text(raw, "order_id").strip()
    if not order_id:
        raise ValueError("order_id is empty")
    return JoorOrder(
        order_id=order_id,
        status=_STATUSES.get(text(raw, "order_type").strip(), "unknown"),
        currency=text(raw, "order_currency"),
        price_label=text(raw, "order_currency_name"),
        total=money(raw, "order_total"),
        discount=money(raw, "order_discount") or Decimal(0),
        discount_percent=money(raw, "order_discount_percent") or Decimal(0),
        shipping_total=money(raw, "order_shipping_total") or Decimal(0),
        customer_code=text(raw, "customer_code"),
        customer_name=text(raw, "customer_name"),
        company_name=text(raw, "company_name"),
        company_code=text(raw, "company_code"),
        purchase_order=text(raw, "customer_purchase_order"),
        shipping=_address(raw, "shipping"),
        billing=_address(raw, "billing"),
        payment_method_code=text(raw, "payment_method_code"),
        payment_method_name=text(raw, "payment_method_name"),
        shipping_method_code=text(raw, "shipping_method_code"),
        shipping_method_name=text(raw, "shipping_method_name"),
        warehouse_code=text(raw, "warehouse_code"),
        warehouse_name=text(raw, "warehouse_name"),
        divisions=tuple((text(row, "division_code"), text(row, "division_name")) for row in rows(raw, "order_divisions", "order_division")),
        season_code=text(raw, "order_season_code"),
        delivery_name=text(raw, "order_delivery_name"),
        delivery_code=text(raw, "order_delivery_code"),
        date_created=moment(raw, "date_created"),
        date_approved=moment(raw, "date_approved"),
        date_modified=moment(raw, "date_modified"),
        ship_start=day(raw, "date_ship_start"),
        ship_end=day(raw, "date_ship_end"),
        comments=text(raw, "order_comments"),
        internal_comments=text(raw, "order_internal_comments"),
        buyer_name=text(raw, "customer_buyer_name"),
        sales_rep=text(raw, "sales_representative"),
        sales_rep_code=text(raw, "sales_representative_code"),
        lines=tuple(_line(row, place) for place, row in enumerate(rows(raw, "line_items", "line_item"), start=1)),
        raw=storable(raw),
    )


def parse_connection(raw: Any) -> Connection:
    """One v2 connection (facts 3.3, 3.5). Its JOOR id is returned as `customer_account_id`."""
    if not isinstance(raw, dict):
        raise ValueError(f"a connection must be an object, not {type(raw).__name__}")
    raw = storable(raw)
    shown = _shown(raw)
    return Connection(
        connection_id=text(raw, "customer_account_id") or text(raw, "connection_id"),
        customer_code=shown.customer_code,
        customer_name=shown.customer_name,
        email=shown.email,
        shipping_codes=tuple(address.code for address in shown.shipping if address.code),
        shown=shown,
        raw=raw,
    )


def _shown(raw: Row) -> ConnectionDraft:
    billing, shipping = _node(raw, "billing"), _node(raw, "shipping")
    buyers = _said(raw, "buyers", "buyer")
    price_types = _said(raw, "price_types", "price_type")
    return ConnectionDraft(
        customer_code=text(raw, "customer_code"),
        customer_name=text(raw, "customer_name"),
        alias=text(raw, "customer_alias"),
        email=text(raw, "customer_contact_email") or text(raw, "customer_email"),
        contact_name=text(raw, "customer_contact_name"),
        group=_code_name(raw, "customer_group"),
        company_number=_code_name(raw, "company_number"),
        sales_rep_code=text(raw, "sales_rep_code"),
        warehouses=_code_names(raw, "warehouse"),
        buyers=tuple((text(row, "buyer_name"), text(row, "buyer_email")) for row in buyers),
        billing=_places(billing, "billing"),
        payment_methods=_code_names(billing, "payment_method"),
        shipping=_places(shipping, "shipping"),
        shipping_methods=_code_names(shipping, "shipping_method"),
        price_types=tuple(
            PriceTypeName(*(text(row, f"price_type_{name}") for name in ("label", "currency_code", "retail_currency_code")))
            for row in price_types
        ),
    )


def _node(raw: Row, name: str) -> Row:
    """`billing` or `shipping`; the connection itself where the lists stand there."""
    value = raw.get(name)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, dict) else raw


def _places(node: Row, kind: str) -> tuple[ConnectionAddress, ...]:
    """Addresses of a connection say `state` where those of orders say `region`."""
    names = ("code", "name", "phone", "email", "address_1", "address_2", "city", "state", "postal_code", "country")
    found = _said(node, f"{kind}_addresses", f"{kind}_address")
    return tuple(ConnectionAddress(**{name: text(row, f"{kind}_{name}") for name in names}) for row in found)


def _code_names(node: Row, kind: str) -> tuple[CodeName, ...]:
    return tuple(found for row in _said(node, f"{kind}s", kind) if (found := _code_name(row, kind)))


def _code_name(row: Row, kind: str) -> CodeName | None:
    code, name = text(row, f"{kind}_code"), text(row, f"{kind}_name")
    return CodeName(code, name) if code or name else None


def _said(node: Row, plural: str, singular: str) -> list[Row]:
    """Rows without the empty ones."""
    return [row for row in rows(node, plural, singular) if any(value not in (None, "", [], {}) for value in row.values())]


def _line(row: Row, place: int) -> OrderLine:
    try:
        quantity = count(row, "item_quantity")
        if quantity is None:
            raise ValueError("item_quantity is empty")
        return OrderLine(
            style_number=text(row, "item_number"),
            style_identifier=text(row, "item_style_identifier"),
            style_id=text(row, "item_style_id"),
            name=text(row, "item_name"),
            color=text(row, "item_color"),
            color_code=text(row, "item_color_code"),
            size=text(row, "item_size"),
            size_code=text(row, "item_size_code"),
            upc=text(row, "item_upc"),
            unit_price=money(row, "item_unit_price"),
            price=money(row, "item_price"),
            price_adjustment=money(row, "item_price_adjustment") or Decimal(0),
            quantity=quantity,
            multiplier=count(row, "item_multiplier") or 1,
            price_extended=money(row, "item_price_extended"),
            comment=text(row, "item_comment"),
            color_comment=text(row, "item_color_comment"),
        )
    except ValueError as exc:
        raise ValueError(f"line {place}: {exc}") from None


def _address(raw: Row, kind: str) -> Address:
    names = ("code", "name", "phone", "email", "address_1", "address_2", "city", "region", "postal_code", "country")
    iso = {f"country_iso_{word}": text(raw, f"{kind}_country_iso_{word}") for word in ("two", "three")}
    return Address(**{name: text(raw, f"{kind}_{name}") for name in names}, **iso)


def text(row: Row, name: str) -> str:
    """Absent text is "" (facts 8.5)."""
    value = row.get(name)
    if value is None or value is False:
        return ""
    if isinstance(value, dict | list):
        if value:
            raise ValueError(f"{name} must be text, not {type(value).__name__}")
        return ""
    return str(value)


def money(row: Row, name: str) -> Decimal | None:
    """Text or number; empty is None."""
    value = text(row, name).strip()
    if not value:
        return None
    try:
        amount = Decimal(value)
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite():
        raise ValueError(f"{name} is not a number: {value[:40]!r}")
    return amount


def count(row: Row, name: str) -> int | None:
    """A whole number as text or number; empty is None."""
    amount = money(row, name)
    if amount is None:
        return None
    if amount != amount.to_integral_value() or abs(amount) > 10**9:
        raise ValueError(f"{name} is not a whole number: {amount}")
    return int(amount)


def moment(row: Row, name: str) -> datetime | None:
    """Aware UTC. Shorter than 10 characters means none (facts 8.5); without a zone it is UTC (facts 1.2)."""
    value = text(row, name).strip()
    if len(value) < 10 or value.startswith("0000-00-00"):
        return None
    try:
        parsed = datetime.fromisoformat(value)
        return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{name} is not a date: {value[:40]!r}") from None


def day(row: Row, name: str) -> date | None:
    """The calendar day as written: a ship date has no time zone to move it."""
    value = text(row, name).strip()
    if len(value) < 10 or value.startswith("0000-00-00"):
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise ValueError(f"{name} is not a date: {value[:40]!r}") from None


def rows(row: Row, plural: str, singular: str) -> list[Row]:
    """A list of objects: an empty one arrives as "", a list of one as the object, XML habits as plural > singular (facts 1.5, 8.5)."""
    value = row.get(plural)
    if isinstance(value, dict):
        value = value[singular] if set(value) == {singular} else [value]
    if isinstance(value, dict):
        value = [value]
    if value is None or (isinstance(value, str) and not value.strip()):
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"{plural} is not a list of objects")
    return value

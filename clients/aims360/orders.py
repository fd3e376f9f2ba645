"""AIMS360 orders: the create body (facts 9.7) and the search that must precede every create (facts 10)."""

from datetime import date, timedelta
from typing import Any

from clients.aims360.contract import Contract
from clients.aims360.odata import ODataReader, quoted
from clients.aims360.parse import order_row
from clients.aims360.types import OneTimeAddress, OrderDraft, OrderDraftLine, OrderRow
from models.errors import NotPossible

_A_DAY = timedelta(days=1)


def order_body(draft: OrderDraft, contract: Contract) -> dict[str, Any]:
    """The JSON of POST order: empty members left out, money as Decimal, dates yyyy-MM-dd. Raises ValueError for a contradictory draft."""
    body: dict[str, Any] = {
        contract["order.customer_id"]: draft.customer_id,
        contract["order.division_id"]: draft.division_id,
        contract["order.season_id"]: draft.season_id,
        contract["order.term_id"]: draft.term_id,
        contract["order.ship_via_id"]: draft.ship_via_id,
        contract["order.third_party_order_id"]: draft.reference,
        contract["order.customer_purchase_order"]: draft.purchase_order,
        contract["order.status"]: draft.status,
        contract["order.entered"]: _day(draft.entered),
        contract["order.start"]: _day(draft.start),
        contract["order.complete"]: _day(draft.complete),
        contract["order.store"]: _store(draft, contract),
        contract["order.discounts"]: _discounts(draft, contract),
        contract["order.lines"]: [_line(line, contract) for line in draft.lines],
    }
    clash = sorted(set(body) & set(draft.header))
    if clash:
        raise ValueError(f"header fields {clash} are set by the draft itself")
    return without_empty({**body, **draft.header})


def _store(draft: OrderDraft, contract: Contract) -> dict[str, Any] | None:
    """A store id wins: AIMS360 ignores the address then (facts 9.7), so sending both would hide one."""
    if draft.store_id and draft.ship_to:
        raise ValueError("an order goes to a store or to a one-time address, not to both")
    if draft.store_id:
        return {contract["order.store_id"]: draft.store_id}
    return {contract["order.address"]: address_body(draft.ship_to)} if draft.ship_to else None


def address_body(address: OneTimeAddress) -> dict[str, Any]:
    """Of a one-time address (facts 9.7); new customers and stores have the same by analogy."""
    return without_empty(
        {
            "name": address.name,
            "address1": address.address1,
            "address2": address.address2,
            "address3": address.address3,
            "city": address.city,
            "state": address.state,
            "zipCode": address.zip_code,
            "countryID": address.country_id,
        }
    )


def _discounts(draft: OrderDraft, contract: Contract) -> dict[str, Any] | None:
    by_line = any(line.discount_percentage for line in draft.lines)
    if by_line and draft.net_discount_percentage:
        raise ValueError("an order has a net discount or line discounts, not both: AIMS360 takes one discount type")
    if by_line:
        return {contract["order.line_item_discount"]: {contract["order.discount_type"]: contract["order.discount_line"]}}
    if not draft.net_discount_percentage:
        return None
    net = {
        contract["order.discount_type"]: contract["order.discount_net"],
        contract["order.net_discount_percentage"]: draft.net_discount_percentage,
    }
    return {contract["order.line_item_discount"]: net}


def _line(line: OrderDraftLine, contract: Contract) -> dict[str, Any]:
    return without_empty(
        {
            contract["order.line_style_color_id"]: line.style_color_id,
            contract["order.line_warehouse_id"]: line.warehouse_id,
            contract["order.line_price"]: line.price,
            contract["order.line_note"]: line.note,
            contract["order.line_discount_percentage"]: line.discount_percentage or None,
            contract["order.line_sizes"]: [
                {contract["order.line_size_name"]: name, contract["order.line_quantity"]: quantity} for name, quantity in line.sizes
            ],
        }
    )


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def without_empty(members: dict[str, Any]) -> dict[str, Any]:
    """Zero prices stay: only None, "" and empty objects go."""
    return {name: value for name, value in members.items() if value is not None and value not in ("", {})}


class OrderSearch:
    """Finds orders by our reference (A-06), or by customer and purchase order when AIMS360 does not understand that filter."""

    def __init__(self, reader: ODataReader, contract: Contract, site: str) -> None:
        self._reader = reader
        self._contract = contract
        self._site = site

    def find(self, reference: str, customer_account: str | None, purchase_order: str | None, entered: date | None) -> list[OrderRow]:
        """Rows whose third_party_order_id equals `reference` are ours; a row with None is a candidate that a person must judge.

        An empty list means that AIMS360 answered a question it understood with none. Raises NotPossible when it cannot be asked.
        """
        what = f"looking for order {reference}"
        rows = self._ask(what, "third_party_order_id", reference)
        if rows is not None and not any(row.third_party_order_id not in (None, reference) for row in rows):
            return rows
        # refused, or accepted and ignored: rows of other references came back
        candidates = self._by_customer(what, customer_account, purchase_order)
        return [row for row in candidates if _may_be(row, reference, purchase_order, entered)]

    def _by_customer(self, what: str, account: str | None, purchase_order: str | None) -> list[OrderRow]:
        if account:
            account_filter = f"{self._contract.names('order_row.customer_account')[0]} eq {quoted(account)}"
            po_name = self._contract.names("order_row.customer_purchase_order")[0]
            if purchase_order:
                rows = self._reader.search("path.orders", what, filter=f"{account_filter} and {po_name} eq {quoted(purchase_order)}")
                if rows is not None:
                    return [order_row(row) for row in rows]
            return [order_row(row) for row in self._reader.rows("path.orders", what, id_key="order_row.order", filter=account_filter)]
        raise NotPossible(
            f"AIMS360, {what}: it cannot be searched by our reference, and no customer account is known to search by",
            fix=[
                f"Look in AIMS360 whether an order with the reference {what.removeprefix('looking for order ')} exists.",
                *self._contract.what_to_do("order_row.third_party_order_id", self._site),
            ],
        )

    def _ask(self, what: str, name: str, value: str) -> list[OrderRow] | None:
        field = self._contract.names(f"order_row.{name}")[0]
        rows = self._reader.search("path.orders", what, filter=f"{field} eq {quoted(value)}")
        return None if rows is None else [order_row(row) for row in rows]


def _may_be(row: OrderRow, reference: str, purchase_order: str | None, entered: date | None) -> bool:
    if row.third_party_order_id is not None:
        return row.third_party_order_id == reference
    if purchase_order and row.customer_purchase_order is not None and row.customer_purchase_order != purchase_order:
        return False
    return not (entered and row.entered and abs(row.entered - entered) > _A_DAY)

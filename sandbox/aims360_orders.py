"""Creating orders (AIMS360 facts 9.7). Whatever is wrong is refused with one opaque message, as far as is known."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.aims360_world import Order, OrderLine, World
from sandbox.brand import Customer, OpenOrderLine, Store, StyleColor

DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Refusal(Exception):
    """A call AIMS360 refuses: HTTP status, error code, words."""

    def __init__(self, message: str, status: int = 400, code: str = "InvalidInput") -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class Body:
    """A JSON object read member by member; member names match case-insensitively, unknown members are passed over."""

    members: dict[str, Any]
    owner: str = ""

    @classmethod
    def of(cls, value: Any, owner: str = "") -> "Body":
        if not isinstance(value, dict):
            raise Refusal(f"{owner or 'The request body'} must be a JSON object.")
        return cls({name.lower(): member for name, member in value.items() if member is not None}, owner)

    def has(self, name: str) -> bool:
        return name.lower() in self.members

    def text(self, name: str, default: str = "") -> str:
        value = self.members.get(name.lower(), default)
        if not isinstance(value, str):
            raise Refusal(f"{self.owner}{name} must be text.")
        return value

    def number(self, name: str, default: Decimal = Decimal(0)) -> Decimal:
        value = self.members.get(name.lower(), default)
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or value < 0:
            raise Refusal(f"{self.owner}{name} must be a number that is not negative.")
        return Decimal(str(value))

    def day(self, name: str, default: date) -> date:
        text = self.text(name, default.isoformat())
        try:
            if not DATE.fullmatch(text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            raise Refusal(f"{self.owner}{name} must be a date in the form yyyy-MM-dd.") from None

    def child(self, name: str) -> "Body | None":
        return Body.of(self.members[name.lower()], f"{self.owner}{name}.") if self.has(name) else None

    def children(self, name: str) -> list["Body"]:
        value = self.members.get(name.lower(), [])
        if not isinstance(value, list):
            raise Refusal(f"{self.owner}{name} must be a list.")
        return [Body.of(item, f"{self.owner}{name}[{place}].") for place, item in enumerate(value)]

    def reference(self, name: str, known: Iterable[str], *, required: bool = False) -> str | None:
        """A GUID member that must be one of `known`."""
        if not self.has(name):
            if required:
                raise Refusal(f"{self.owner}{name} is required.")
            return None
        wanted = self.text(name).lower()
        for identifier in known:
            if identifier.lower() == wanted:
                return identifier
        raise Refusal(f"{self.owner}{name}: nothing found for the given {name}.")


def create_order(world: World, posted: Any, call: int) -> Order:
    """Raises Refusal; then nothing was created."""
    body, brand = Body.of(posted), world.brand
    customer = _customer(world, body)
    division = body.reference("divisionID", (row.id for row in brand.divisions), required=True)
    _check_header(world, body, customer)
    lines = body.children("lineItems")
    if not lines:
        raise Refusal("lineItems is required.")
    reference = body.text("thirdPartyOrderID") or None
    taken = reference and any(order.third_party_order_id == reference for order in world.orders.values())
    if taken and world.switches["duplicate_third_party_order"] == "reject":
        raise Refusal(f"An order with thirdPartyOrderID {reference} already exists.", 409, "ResourceAlreadyExists")
    today = world.now().date()
    order = Order(
        id=str(uuid.uuid4()),
        number=world.next_order_number(),
        customer=customer,
        division_id=str(division),
        status=_status(body),
        entered=body.day("entered", today),
        start=body.day("start", today),
        complete=body.day("complete", today),
        last_modified=world.now(),
        lines=[],
        third_party_order_id=reference,
        customer_purchase_order=body.text("customerPurchaseOrder") or None,
        body=posted,
    )
    order.lines = [_line(world, order, line) for line in lines]
    _refuse_repeated_style_colors(world, order)
    world.orders[order.number] = order
    brand.open_orders += [row for line in order.lines for row in line.sizes]
    world.effect("order_created", order.number, thirdPartyOrderID=reference, body=posted, call=call)
    return order


def _customer(world: World, body: Body) -> Customer:
    customer_id = body.reference("customerID", (row.id for row in world.brand.customers), required=True)
    customer = next(row for row in world.brand.customers if row.id == customer_id)
    if world.switches["refuse_unorderable"] and customer.status != "Active":
        raise Refusal(f"Customer {customer.account} is {customer.status}.")
    return customer


def _status(body: Body) -> str:
    status = body.text("status", "Open")
    if status not in ("Open", "Hold"):
        raise Refusal("status must be Open or Hold.")
    return status


def _check_header(world: World, body: Body, customer: Customer) -> None:
    brand = world.brand
    body.reference("seasonID", (row.id for row in brand.seasons))
    body.reference("termID", (row.id for row in brand.terms))
    body.reference("shipviaID", (row.id for row in brand.ship_vias))
    body.reference("orderStatusReasonID", (row.id for row in brand.order_status_reasons))
    body.reference("specialInstructionID", ())
    body.reference("userCodeID", ())
    for name in (
        "vendor",
        "department",
        "buyer",
        "phone",
        "fax",
        "email",
        "note1",
        "note2",
        "notes",
        "shippingInstructions",
        "packingNotes",
    ):
        body.text(name)
    _check_ship_to(world, body, customer)
    if bill_to := body.child("billTo"):
        _address(world, bill_to, customer, "billToStoreID")
    _check_discounts(world, body)
    if commissions := body.child("salesRepCommissions"):
        for name in ("salesRep1Commission", "salesRep2Commission"):
            if commission := commissions.child(name):
                commission.reference("salesRepID", (row.id for row in brand.sales_reps), required=True)


def _check_ship_to(world: World, body: Body, customer: Customer) -> None:
    store = body.child("store")
    if store is None:
        raise Refusal("store is required.")
    chosen = _address(world, store, customer, str(world.switches["store_id_member"]))
    if chosen and world.switches["refuse_unorderable"] and (chosen.no_shipment or not chosen.active):
        raise Refusal(f"Store {chosen.code} of customer {customer.account} takes no shipments.")


def _address(world: World, body: Body, customer: Customer, id_member: str) -> Store | None:
    """The store named by its id (its address block is then ignored), else None after a look at the one-time address."""
    if store_id := body.reference(id_member, (store.id for store in customer.stores)):
        return next(store for store in customer.stores if store.id == store_id)
    address = body.child("address")
    if address is None:
        raise Refusal(f"{body.owner}{id_member} or {body.owner}address is required.")
    for name in ("name", "address1", "address2", "address3", "city", "state", "zipCode"):
        address.text(name)
    address.reference("countryID", (row.id for row in world.brand.countries))
    return None


def _check_discounts(world: World, body: Body) -> None:
    discounts = body.child("discounts")
    if discounts and (line_discount := discounts.child("lineItemDiscount")):
        if line_discount.text("discountType") not in ("NET", "LINEITEMDISCOUNT"):
            raise Refusal("discounts.lineItemDiscount.discountType must be NET or LINEITEMDISCOUNT.")
        line_discount.number("netDiscountPercentage")
    if discounts and (discretionary := discounts.child("discretionaryDiscount")):
        discretionary.number("discountPercentage")
        discretionary.reference("discountReasonID", (row.id for row in world.brand.discount_reasons))


def _line(world: World, order: Order, body: Body) -> OrderLine:
    color = world.colors[str(body.reference("styleColorID", world.colors, required=True))]
    warehouse = str(body.reference("warehouseID", (row.id for row in world.brand.warehouses), required=True))
    if world.switches["line_division"] and color.division_id != order.division_id:
        raise Refusal(f"{body.owner}styleColorID: style {color.style} is not of the order's division.")
    if not body.has("price"):
        raise Refusal(f"{body.owner}price is required.")
    body.reference("lineItemDiscountReasonID", (row.id for row in world.brand.discount_reasons))
    if prepack := body.child("prepack"):
        prepack.reference("prepackID", (), required=True)  # the brand sells no prepacks
    discount = body.number("lineItemDiscountPercentage")
    sizes = _sizes(order, body, color, warehouse)
    return OrderLine(color.id, warehouse, body.number("price"), sizes, body.text("lineNote"), discount)


def _sizes(order: Order, body: Body, color: StyleColor, warehouse: str) -> list[OpenOrderLine]:
    known, rows = {size.name for size in color.sizes}, []
    for size in body.children("sizes"):
        name, quantity = size.text("sizeName"), size.members.get("orderquantity")
        if name not in known:
            raise Refusal(f"{size.owner}sizeName: size '{name}' not found for style {color.style} color {color.color}.")
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
            raise Refusal(f"{size.owner}orderQuantity must be a whole number above 0.")
        known.discard(name)  # a size given twice is then not found either
        rows.append(OpenOrderLine(order.number, color.id, warehouse, name, quantity, order.complete))
    if not rows:
        raise Refusal(f"{body.owner}sizes is required.")
    return rows


def _refuse_repeated_style_colors(world: World, order: Order) -> None:
    ids = [line.style_color_id for line in order.lines]
    if len(set(ids)) != len(ids) and world.switches["duplicate_style_color"] == "refuse":
        raise Refusal("lineItems: the same styleColorID is given in two lines.")

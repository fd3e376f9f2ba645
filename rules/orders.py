"""One JOOR order into the AIMS360 order or orders it becomes. Pure: every reference is already an AIMS360 id.

What cannot be done at all raises NotPossible with the steps for a person; what differs but can be done is in `OrderPlan.totals` and
`OrderPlan.remarks`, and the flow decides by the site's settings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal

from clients.aims360.types import OneTimeAddress, OrderDraft, OrderDraftLine
from clients.joor.types import JoorOrder
from models.errors import NotPossible
from models.settings import OrderSettings
from rules.order_lines import LineReference, NumberedLine, PricedLine, merge, priced_line, to_cents
from rules.order_totals import Discount, Totals, after_discount, compare, decide_discount, lines_total

#: Plain text fields of the AIMS360 order header (AIMS360 facts 9.7) that a JOOR field may be written to.
NOTE_FIELDS = ("notes", "note1", "note2", "shippingInstructions", "packingNotes", "department", "buyer", "vendor", "phone", "fax", "email")
IMPORTED_STATUSES = {"approved": ("approved",), "shipped": ("shipped",), "both": ("approved", "shipped")}


@dataclass(frozen=True)
class References:
    """Everything the order points to, as AIMS360 ids. `lines` are the wanted lines in JOOR's order."""

    customer_id: str
    warehouse_id: str
    division_ids: Mapping[str, str]  # AIMS360 division code -> id, for every division of `lines`
    lines: tuple[tuple[NumberedLine, LineReference], ...]
    term_id: str | None = None
    ship_via_id: str | None = None
    season_id: str | None = None
    store_id: str | None = None
    ship_to: OneTimeAddress | None = None


@dataclass(frozen=True)
class PlannedPart:
    """One AIMS360 order. `total` is what it will come to, in cents."""

    division: str
    draft: OrderDraft
    total: Decimal


@dataclass(frozen=True)
class OrderPlan:
    parts: tuple[PlannedPart, ...]
    totals: Totals
    remarks: tuple[str, ...]


def reference(order_id: str, division: str | None = None) -> str:
    """The AIMS360 order's thirdPartyOrderID, for ever: `JOOR-7700123`, or `JOOR-7700123-01` for one division of several."""
    return f"JOOR-{order_id}" if division is None else f"JOOR-{order_id}-{division}"


def why_not(order: JoorOrder, settings: OrderSettings) -> str | None:
    """Why this site does not import the order now; None when it does. A status JOOR's fact sheet does not know is imported-or-failed by
    the flow, never left aside in silence."""
    if order.status != "unknown" and order.status not in IMPORTED_STATUSES[settings.statuses]:
        return f"its JOOR status is {order.status}; this site imports {' and '.join(IMPORTED_STATUSES[settings.statuses])} orders"
    approved = order.date_approved or order.date_created
    if settings.go_live and approved is not None and approved.astimezone(UTC).date() < settings.go_live:
        return f"it was approved on {approved.astimezone(UTC):%Y-%m-%d}, before go-live on {settings.go_live}"
    return None


def plan(order: JoorOrder, references: References, settings: OrderSettings) -> OrderPlan:
    """Raises NotPossible, listing every reason."""
    lines = _priced(order, references, settings)
    groups = _by_division(order, lines, settings)
    try:
        discount = decide_discount(order, lines_total(lines), settings)
    except ValueError as error:
        raise _cannot(order, [str(error)]) from None
    totals = compare(order, lines, discount, settings.total_tolerance)
    header, remarks = _header(order, discount, settings)
    parts = []
    for division, group in groups.items():
        name = reference(order.order_id, division if len(groups) > 1 else None)
        draft = _draft(
            order, references, settings, division, name, _merged(order, group, references.warehouse_id, discount.fold), header, discount
        )
        parts.append(PlannedPart(division, draft, to_cents(after_discount(group, discount))))
    return OrderPlan(tuple(parts), totals, tuple(remarks))


def _priced(order: JoorOrder, references: References, settings: OrderSettings) -> list[PricedLine]:
    priced, problems = [], []
    for numbered, where in references.lines:
        try:
            priced.append(priced_line(numbered, where, settings))
        except ValueError as error:
            problems.append(str(error))
    if not references.lines:
        problems.append("it has no lines with a quantity")
    if problems:
        raise _cannot(order, problems)
    return priced


def _by_division(order: JoorOrder, lines: Sequence[PricedLine], settings: OrderSettings) -> dict[str, list[PricedLine]]:
    groups: dict[str, list[PricedLine]] = {}
    for line in lines:
        groups.setdefault(line.where.division, []).append(line)
    if len(groups) > 1 and settings.several_divisions == "refuse":
        raise NotPossible(
            f"JOOR order {order.order_id} has lines of several divisions ({', '.join(groups)}) and this site refuses such orders",
            fix=[
                "Split the order on JOOR into one order per division, or",
                "let the site split orders: set the order setting several_divisions to split, then retry the job.",
            ],
        )
    return groups


def _merged(
    order: JoorOrder, group: Sequence[PricedLine], warehouse_id: str, fold: Callable[[Decimal], Decimal]
) -> tuple[OrderDraftLine, ...]:
    try:
        return tuple(merge(group, warehouse_id, fold))
    except ValueError as error:
        raise _cannot(order, [str(error)]) from None


def _draft(
    order: JoorOrder,
    references: References,
    settings: OrderSettings,
    division: str,
    name: str,
    lines: tuple[OrderDraftLine, ...],
    header: dict[str, str],
    discount: Discount,
) -> OrderDraft:
    return OrderDraft(
        reference=name,
        customer_id=references.customer_id,
        division_id=references.division_ids[division],
        status=settings.import_status,
        purchase_order=order.purchase_order,
        lines=lines,
        term_id=references.term_id,
        ship_via_id=references.ship_via_id,
        season_id=references.season_id,
        entered=entered_on(order),
        start=order.ship_start,
        complete=order.ship_end,
        store_id=references.store_id,
        ship_to=None if references.store_id else references.ship_to,
        net_discount_percentage=discount.percentage,
        header=header,
    )


def entered_on(order: JoorOrder) -> date | None:
    """The day (UTC) the order was approved, else made: AIMS360's `entered`, and part of the fallback look-up."""
    moment = order.date_approved or order.date_created
    return moment.astimezone(UTC).date() if moment else None


def _header(order: JoorOrder, discount: Discount, settings: OrderSettings) -> tuple[dict[str, str], list[str]]:
    """AIMS360's note fields by the site's mapping, and remarks about what no field carries."""
    unknown = sorted(set(settings.notes.values()) - set(NOTE_FIELDS))
    if unknown:
        raise NotPossible(
            f"AIMS360 has no order note field {', '.join(map(repr, unknown))}",
            fix=[f"Correct the order setting notes; a field is one of: {', '.join(NOTE_FIELDS)}."],
        )
    texts: dict[str, list[str]] = {}
    for joor_field, aims_field in settings.notes.items():
        texts.setdefault(aims_field, []).append(str(order.raw.get(joor_field) or "").strip())
    for aims_field, value in (("buyer", order.buyer_name), ("phone", order.shipping.phone), ("email", order.shipping.email)):
        texts.setdefault(aims_field, []).append(value.strip())
    if settings.cancel_date_note and order.ship_end:
        texts.setdefault("shippingInstructions", []).append(f"Cancel date {order.ship_end.isoformat()}")
    remarks = [discount.remark] if discount.remark else []
    if discount.amount and discount.percentage is None and discount.factor is None:
        texts.setdefault("notes", []).append(f"JOOR discount {discount.amount} {order.currency} is not in the prices")
    if order.shipping_total:
        charge = f"JOOR shipping charge {order.shipping_total} {order.currency}"
        texts.setdefault("shippingInstructions", []).append(charge)
        remarks.append(f"{charge} is not part of the AIMS360 order")
    if order.ship_start is None or order.ship_end is None:
        remarks.append("JOOR gives no full ship window: AIMS360 fills a missing start or complete date with today")
    joined = {name: "\n".join(dict.fromkeys(text for text in values if text)) for name, values in texts.items()}
    return {name: text for name, text in joined.items() if text}, remarks


def _cannot(order: JoorOrder, problems: Sequence[str]) -> NotPossible:
    return NotPossible(
        f"JOOR order {order.order_id} cannot become an AIMS360 order: {'; '.join(problems)}",
        fix=[
            *(f"On JOOR order {order.order_id}, put right {problem}." for problem in problems),
            "The corrected order is read again by itself; or enter it in AIMS360 by hand and remove it here "
            f"(joorsync orders remove {order.order_id}).",
        ],
    )

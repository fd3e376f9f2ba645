"""JOOR order lines into AIMS360 pieces and prices. Pure.

JOOR sends one row per style, colour and size with `item_quantity`, `item_multiplier` (units per case pack) and `item_price_extended`
(JOOR facts 8.5). Two things are UNKNOWN there and decided here, in one place:

* What `item_quantity` counts when the multiplier is above 1: the site's `quantity_rule` says (packs, ASSUMED; or units).
* Whether the price is then per pack or per piece: `item_price_extended` says. With packs, extended = price x quantity means a price per
  pack (one piece costs price / multiplier), extended = price x quantity x multiplier means a price per piece. With units, only price x
  quantity fits. Anything else, or no extended price on a case pack, is not guessed. The order's total is checked on top of it.

ASSUMED: AIMS360 keeps prices in cents, so a finer price is rounded half up; what that costs shows in the totals.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from clients.aims360.types import OrderDraftLine
from clients.joor.types import JoorOrder, OrderLine
from models.settings import OrderSettings

CENT = Decimal("0.01")


@dataclass(frozen=True)
class LineReference:
    """Where one JOOR line goes in AIMS360. `division` is the AIMS360 division code its part belongs to."""

    style_color_id: str
    style: str
    color: str
    size: str
    division: str
    wholesale: Decimal | None = None


@dataclass(frozen=True)
class NumberedLine:
    """A JOOR line with its place in the order, 1 for the first."""

    number: int
    line: OrderLine


@dataclass(frozen=True)
class PricedLine:
    """`price` is per piece, before the order's discount."""

    number: int
    where: LineReference
    pieces: int
    price: Decimal
    note: str = ""


def wanted_lines(order: JoorOrder) -> list[NumberedLine]:
    """The lines that ask for something. A quantity of 0 needs no reference and makes no AIMS360 line."""
    return [NumberedLine(number, line) for number, line in enumerate(order.lines, start=1) if line.quantity != 0]


def priced_line(numbered: NumberedLine, where: LineReference, settings: OrderSettings) -> PricedLine:
    """Raises ValueError, in words for a person, when pieces or price cannot be known."""
    line = numbered.line
    if line.quantity < 0:
        raise ValueError(f"line {numbered.number}: the quantity is {line.quantity}; a return cannot become an AIMS360 order")
    try:
        price = _price_per_piece(line, where, settings)
    except ValueError as error:
        raise ValueError(f"line {numbered.number}: {error}") from None
    pack = line.multiplier if settings.quantity_rule == "packs" else 1
    note = " / ".join(dict.fromkeys(text.strip() for text in (line.comment, line.color_comment) if text.strip()))
    return PricedLine(numbered.number, where, line.quantity * max(pack, 1), price, note)


def _price_per_piece(line: OrderLine, where: LineReference, settings: OrderSettings) -> Decimal:
    if settings.price_rule == "aims":
        if where.wholesale is None:
            raise ValueError(f"AIMS360 has no wholesale price for {where.style} {where.color}")
        return to_cents(where.wholesale)
    pieces_per_price = _pieces_per_price(line, settings)
    stated = line.unit_price if settings.price_rule == "joor_unit" else stated_price(line)
    if stated is None:
        raise ValueError("JOOR gives no price")
    price = to_cents(stated / pieces_per_price)
    if price < 0:
        raise ValueError(f"the price comes to {price}, below zero")
    return price


def stated_price(line: OrderLine) -> Decimal | None:
    """JOOR's price with its adjustment, per whatever one `item_quantity` is."""
    return None if line.price is None else line.price + line.price_adjustment


def _pieces_per_price(line: OrderLine, settings: OrderSettings) -> int:
    """How many pieces JOOR's price pays for: 1, or the case pack. See the module's docstring."""
    stated = stated_price(line)
    if line.multiplier <= 1 or stated is None:
        return 1
    extended = line.price_extended
    if extended is None:
        raise ValueError(f"a case pack of {line.multiplier} without an extended price: the price could be per pack or per piece")
    by_quantity = abs(extended - stated * line.quantity) <= CENT
    by_piece = abs(extended - stated * line.quantity * line.multiplier) <= CENT
    if settings.quantity_rule == "units" and by_quantity:
        return 1
    if settings.quantity_rule == "packs" and by_piece:
        return 1
    if settings.quantity_rule == "packs" and by_quantity:
        return line.multiplier
    raise ValueError(
        f"a case pack of {line.multiplier}: {line.quantity} at {stated} should come to {stated * line.quantity} or "
        f"{stated * line.quantity * line.multiplier}, JOOR says {extended}; quantity rule {settings.quantity_rule!r} cannot read that"
    )


def merge(lines: Sequence[PricedLine], warehouse_id: str, folded: Callable[[Decimal], Decimal]) -> list[OrderDraftLine]:
    """One AIMS360 line per style-colour with all its sizes, in JOOR's order; the same size twice is summed.

    `folded` turns a price into the price to send (identity, or less the order's discount). Raises ValueError when one style-colour has
    several prices: an AIMS360 line has one price, and whether a style-colour may appear on two lines is UNKNOWN (AIMS360 facts 9.7: a
    public client refuses it).
    """
    groups: dict[str, list[PricedLine]] = {}
    for line in lines:
        groups.setdefault(line.where.style_color_id, []).append(line)
    problems, made = [], []
    for style_color_id, group in groups.items():
        prices = dict.fromkeys(folded(line.price) for line in group)
        if len(prices) > 1:
            where, numbers = group[0].where, ", ".join(str(line.number) for line in group)
            problems.append(f"lines {numbers}: {where.style} {where.color} has several prices ({', '.join(map(str, prices))})")
            continue
        sizes: dict[str, int] = {}
        for line in group:
            sizes[line.where.size] = sizes.get(line.where.size, 0) + line.pieces
        note = " / ".join(dict.fromkeys(line.note for line in group if line.note))
        made.append(OrderDraftLine(style_color_id, warehouse_id, next(iter(prices)), tuple(sizes.items()), note))
    if problems:
        raise ValueError("; ".join(problems))
    return made


def to_cents(amount: Decimal) -> Decimal:
    """Half up, as invoices do."""
    return amount.quantize(CENT, ROUND_HALF_UP)

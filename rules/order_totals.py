"""Order discounts, and the comparison of JOOR's total with what AIMS360 will come to. Pure; money is Decimal.

Whether JOOR's `order_total` includes the discount and the shipping charge is UNKNOWN (JOOR facts 8.5). A total agrees when it equals one
of the readings below and the whole discount is carried; `Totals.reading` says which. The shipping charge is never part of the AIMS360
order (its create body has no field for it).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from clients.joor.types import JoorOrder
from models.settings import OrderSettings
from rules.order_lines import CENT, PricedLine, to_cents

ZERO = Decimal(0)
HUNDRED = Decimal(100)
#: A NET discount percentage is carried only when it says the amount exactly with this many decimals.
PERCENTAGE_STEP = Decimal("0.0001")


@dataclass(frozen=True)
class Discount:
    """What JOOR takes off the whole order. Exactly one of `percentage` and `factor` is set when it is carried; neither: it is not."""

    amount: Decimal = ZERO
    percentage: Decimal | None = None  # sent as AIMS360's NET discount
    factor: Decimal | None = None  # every price is multiplied by it
    remark: str = ""

    def fold(self, price: Decimal) -> Decimal:
        return price if self.factor is None else to_cents(price * self.factor)


@dataclass(frozen=True)
class Totals:
    """`lines`: AIMS360 prices x pieces, before the order's discount. `aims`: what AIMS360 will come to, in cents."""

    lines: Decimal
    discount: Decimal  # JOOR's
    carried: Decimal  # what AIMS360 takes off, exact
    shipping: Decimal  # JOOR's charge
    aims: Decimal
    joor: Decimal | None
    reading: str | None  # None: JOOR's total equals no reading, or there is none
    words: str

    @property
    def agree(self) -> bool:
        return self.reading is not None

    @property
    def difference(self) -> Decimal | None:
        """AIMS360 less JOOR; not zero in every agreeing reading (a shipping charge explains itself)."""
        return None if self.joor is None else self.aims - self.joor


def lines_total(lines: Sequence[PricedLine]) -> Decimal:
    return sum((line.price * line.pieces for line in lines), ZERO)


def decide_discount(order: JoorOrder, total: Decimal, settings: OrderSettings) -> Discount:
    """`total` is `lines_total`. A percentage wins over an amount: JOOR sends both for one discount. When they disagree the amount stays in
    `Discount.amount`, so that the totals differ and a person sees it. Raises ValueError for a discount below 0 or above the order."""
    percent, amount = order.discount_percent, order.discount
    if not percent and not amount:
        return Discount()
    if percent < 0 or percent > HUNDRED or amount < 0 or amount > total + CENT:
        raise ValueError(f"the order discount ({percent} %, {amount} {order.currency}) is not between nothing and the whole order")
    if total <= 0:
        return Discount(amount, remark=f"JOOR's discount of {amount} has no price to come off" if amount else "")
    if not percent:
        return _amount_only(amount, total, settings)
    by_percent = total * percent / HUNDRED
    bases = [by_percent, _extended_total(order) * percent / HUNDRED]
    agrees = not amount or any(abs(amount - base) <= CENT for base in bases)
    remark = "" if agrees else f"JOOR gives {percent} % and {amount}; {percent} % of the lines is {to_cents(by_percent)}"
    return _carry(by_percent if agrees else amount, percent, settings, remark)


def _amount_only(amount: Decimal, total: Decimal, settings: OrderSettings) -> Discount:
    if settings.discount_rule == "fold_into_price":
        return Discount(amount, factor=1 - amount / total)
    percentage = (amount * HUNDRED / total).quantize(PERCENTAGE_STEP, ROUND_HALF_UP)
    if percentage * total == amount * HUNDRED:
        return Discount(amount, percentage=percentage.normalize())
    return Discount(amount, remark=f"JOOR's discount of {amount} is no exact percentage of {total}: it is not in the AIMS360 order")


def _carry(amount: Decimal, percent: Decimal, settings: OrderSettings, remark: str) -> Discount:
    if settings.discount_rule == "fold_into_price":
        return Discount(amount, factor=1 - percent / HUNDRED, remark=remark)
    return Discount(amount, percentage=percent, remark=remark)


def _extended_total(order: JoorOrder) -> Decimal:
    return sum((line.price_extended or ZERO for line in order.lines), ZERO)


def after_discount(lines: Sequence[PricedLine], discount: Discount) -> Decimal:
    """What AIMS360 takes for these lines, exact: NET percentage off, or folded prices."""
    folded = sum((discount.fold(line.price) * line.pieces for line in lines), ZERO)
    return folded if discount.percentage is None else folded * (1 - discount.percentage / HUNDRED)


def compare(order: JoorOrder, lines: Sequence[PricedLine], discount: Discount, tolerance: Decimal) -> Totals:
    """`tolerance` is an amount of money, allowed both for the total and for the discount that is carried."""
    total, net = lines_total(lines), after_discount(lines, discount)
    carried, shipping = total - net, order.shipping_total
    joor, source = _joor_total(order)
    reading = None
    if joor is not None and abs(carried - discount.amount) <= tolerance:
        reading = next((name for name, value in _readings(total, discount.amount, shipping) if abs(joor - value) <= tolerance), None)
    aims = to_cents(net)
    return Totals(total, discount.amount, carried, shipping, aims, joor, reading, _words(aims, joor, reading, source, discount, order))


def _readings(total: Decimal, discount: Decimal, shipping: Decimal) -> list[tuple[str, Decimal]]:
    """Without a discount or a shipping charge several readings are the same number; the plainest name comes first."""
    made = [("lines", total)]
    if discount:
        made.append(("lines less discount", total - discount))
    if shipping:
        made.append(("lines and shipping", total + shipping))
    if discount and shipping:
        made.append(("lines less discount and shipping", total - discount + shipping))
    return made


def _joor_total(order: JoorOrder) -> tuple[Decimal | None, str]:
    if order.total is not None:
        return order.total, "order_total"
    extended = [line.price_extended for line in order.lines]
    if not extended or any(value is None for value in extended):
        return None, ""
    return _extended_total(order), "sum of item_price_extended (JOOR sends no order_total)"


def _words(aims: Decimal, joor: Decimal | None, reading: str | None, source: str, discount: Discount, order: JoorOrder) -> str:
    if joor is None:
        return f"AIMS360 comes to {aims} {order.currency}; JOOR sends no total to compare"
    if reading is not None:
        return f"AIMS360 comes to {aims} {order.currency}; JOOR's {joor} ({source}) is {reading}"
    reason = f" ({discount.remark})" if discount.remark else ""
    return f"AIMS360 would come to {aims} {order.currency}, JOOR says {joor} ({source}): a difference of {aims - joor}{reason}"

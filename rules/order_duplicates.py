"""Is one of the AIMS360 orders that a look-up found the order we are about to create, or did create? Pure.

A look-up by `thirdPartyOrderID` may not be possible (whether the read model has the field is UNKNOWN, A-06): then AIMS360 rows come by
customer, purchase order and day, and say nothing about the reference. Such a row is never adopted and never ignored by guess.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from clients.aims360.types import OrderRow


@dataclass(frozen=True)
class Lookup:
    """`found` is our order's number. `candidates` are numbers that might be it. Both empty: cleanly none."""

    found: str | None = None
    candidates: tuple[str, ...] = ()


def judge(
    rows: Sequence[OrderRow], reference: str, purchase_order: str, *, was_sent: bool, spoken_for: Collection[str], not_ours: Collection[str]
) -> Lookup:
    """`spoken_for`: numbers recorded for other orders or parts; `not_ours`: numbers a person has ruled out.

    Several rows with our reference are candidates: something has been doubled. A row whose reference cannot be read is a candidate when
    this part was sent before; when it never was, only if it carries the same (not empty) purchase order: somebody may have typed it in.
    """
    ours = list(dict.fromkeys(row.order for row in rows if row.third_party_order_id == reference))
    if len(ours) == 1:
        return Lookup(found=ours[0])
    if ours:
        return Lookup(candidates=tuple(ours))
    unreadable = [row for row in rows if not row.third_party_order_id and row.order not in spoken_for and row.order not in not_ours]
    if not was_sent:
        unreadable = [row for row in unreadable if purchase_order and row.customer_purchase_order == purchase_order]
    return Lookup(candidates=tuple(dict.fromkeys(row.order for row in unreadable)))

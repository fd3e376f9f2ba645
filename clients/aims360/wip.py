"""Work in process: open quantities by purchase-order line and size, less what customer orders have allocated (facts 9.6, A-10, A-11)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from clients.aims360.contract import Contract
from clients.aims360.odata import ODataReader, quoted
from clients.aims360.rows import Row
from clients.aims360.types import WipRow

_WHAT = "reading work in process"
_LAST = date.max


class WipReader:
    """Field names of lines are ASSUMED (A-11); the look-up of allocations by wipReference is C (facts 4.1), its quantity field ASSUMED."""

    def __init__(self, reader: ODataReader, contract: Contract) -> None:
        self._reader = reader
        self._contract = contract
        self._closed = frozenset(word.strip().lower() for word in contract["wip.closed_statuses"].split(","))

    def rows(self, *, with_allocations: bool) -> Iterator[WipRow]:
        sources = [("path.purchase_orders", self._contract["wip.filter"], self._contract["wip.expand"])]
        if self._contract["wip.cut_tickets"].strip().lower() == "yes":
            sources.append(("path.cut_tickets", "", self._contract["wip.cut_expand"]))
        ask = with_allocations and self._contract["wip.allocations"].strip().lower() == "orders"
        for path, wanted, expand in sources:
            for header in self._reader.rows(path, _WHAT, id_key="wip.reference", filter=wanted or None, expand=expand or None):
                rows, told = self._of(header)
                yield from self._less_allocated(header.text("wip.reference"), rows) if rows and ask and not told else rows

    def _of(self, header: Row) -> tuple[list[WipRow], bool]:
        """Rows with a quantity, and whether the lines themselves say what is allocated. None of a closed purchase order."""
        if header.text("wip.status").lower() in self._closed:
            return [], True
        rows: list[WipRow] = []
        told = False
        for line in header.rows("wip.lines", needed=True):
            for size in line.rows("wip.sizes", needed=True):
                quantity = size.count("wip.open_quantity", needed=True)
                told = told or size.has("wip.allocated")
                if quantity:
                    rows.append(_row(header, line, size, quantity))
        return rows, told

    def _less_allocated(self, reference: str, rows: list[WipRow]) -> list[WipRow]:
        """Allocations name style-colour and size but no line: they are spread over the lines, the earliest first."""
        left = self._allocations(reference)
        result: dict[int, WipRow] = {}
        for place, row in sorted(enumerate(rows), key=lambda pair: pair[1].in_warehouse_date or _LAST):
            taken = min(left[row.style_color_id, row.size], max(row.open_quantity, 0))
            left[row.style_color_id, row.size] -= taken
            result[place] = replace(row, allocated=taken)
        return [result[place] for place in range(len(rows))]

    def _allocations(self, reference: str) -> Counter[tuple[str, str]]:
        lines, allocations, field = (self._contract.names(f"allocation.{name}")[0] for name in ("lines", "allocations", "reference"))
        wanted = f"{lines}/any(l: l/{allocations}/any(a: a/{field} eq {quoted(reference)}))"
        found: Counter[tuple[str, str]] = Counter()
        orders = self._reader.rows("path.orders", _WHAT, id_key="order_row.order", filter=wanted, expand=f"{lines}($expand={allocations})")
        for order in orders:
            for line in order.rows("allocation.lines", needed=True):
                for row in line.rows("allocation.allocations"):
                    if row.text("allocation.reference") == reference:
                        key = (line.text("allocation.style_color_id", needed=True), row.text("allocation.size_name", needed=True))
                        found[key] += row.count("allocation.quantity", needed=True)
        return found


def _row(header: Row, line: Row, size: Row, quantity: int) -> WipRow:
    return WipRow(
        reference=header.text("wip.reference", needed=True),
        style_color_id=line.text("wip.style_color_id", needed=True),
        warehouse_id=line.text_or_none("wip.warehouse_id"),
        size=size.text("wip.size_name", needed=True),
        in_warehouse_date=line.day("wip.in_warehouse_date"),
        x_factory_date=line.day("wip.x_factory_date"),
        open_quantity=quantity,
        allocated=size.count("wip.allocated"),
    )

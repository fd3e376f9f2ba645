"""Stock by style, colour, size and warehouse, from the tenant's Aqua view or from the assumed REST source (A-08)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from clients.aims360.aqua import Columns
from clients.aims360.rows import Row
from clients.aims360.types import StockRow, StyleColor
from models.errors import Rejected
from models.settings import InventorySettings

_TEXTS = ("style", "color", "size", "warehouse")
_COUNTS = ("on_hand", "allocated", "pick_tickets", "open_orders")


def needed_fields(settings: InventorySettings) -> set[str]:
    """What the arithmetic of these settings cannot do without."""
    needed = set(_TEXTS)
    if settings.arithmetic == "given":
        return needed | {"ots"}
    subtracted = {
        "allocated": settings.subtract_allocated,
        "pick_tickets": settings.subtract_pick_tickets,
        "open_orders": settings.subtract_open_orders,
    }
    return needed | {"on_hand"} | {field for field, wanted in subtracted.items() if wanted}


def from_view(rows: list[dict[str, Any]], settings: InventorySettings, columns: Columns) -> Iterator[StockRow]:
    """Rows of the view, all checked before the first is given. An empty result gives none: the caller decides what it means."""
    if not rows:
        return iter(())
    header = list(dict.fromkeys(name for row in rows[:50] for name in row))
    found = columns.resolve(header, needed_fields(settings))
    return iter([_stock_row(row, found, place, settings.aqua_view) for place, row in enumerate(rows, start=1)])


def _stock_row(row: Mapping[str, Any], columns: Mapping[str, str], place: int, view: str) -> StockRow:
    def text(field: str) -> str:
        value = row.get(columns[field]) if field in columns else None
        return "" if value is None else str(value).strip()

    def count(field: str) -> int:
        value = text(field).replace(",", "")
        try:
            amount = Decimal(value or "0")
            if amount == amount.to_integral_value():
                return int(amount)
        except (InvalidOperation, ValueError, OverflowError):
            pass
        raise Rejected(
            f"Row {place} of the AIMS360 view {view!r} holds {value[:40]!r} in column {columns[field]!r}, which is not a whole number",
            field=field,
            fix=[
                f"Look at the column {columns[field]!r} in AIMS360, or name another one for `{field}` in the inventory setting `columns`."
            ],
        )

    for field in _TEXTS:
        if not text(field):
            raise Rejected(
                f"Row {place} of the AIMS360 view {view!r} has nothing in column {columns[field]!r}",
                field=field,
                fix=["Take rows without style, colour, size or warehouse out of the view (totals, for example)."],
            )
    return StockRow(
        style=text("style"),
        color=text("color"),
        size=text("size"),
        warehouse=text("warehouse"),
        style_color_id=text("style_color_id") or None,
        upc=text("upc") or None,
        division=text("division") or None,
        season=text("season") or None,
        **{field: count(field) for field in _COUNTS},
        ots=count("ots") if "ots" in columns else None,
    )


def from_rest(rows: Iterator[Row], styles: Mapping[str, StyleColor], warehouses: Mapping[str, str]) -> Iterator[StockRow]:
    """Rows of A-08 joined with style-colours by id and warehouse names by id. Raises Rejected for an id that neither knows."""
    for row in rows:
        style_id = row.text("inventory.style_color_id", needed=True)
        warehouse_id = row.text("inventory.warehouse_id", needed=True)
        style = styles.get(style_id)
        if style is None or warehouse_id not in warehouses:
            what, which = ("style-colour", style_id) if style is None else ("warehouse", warehouse_id)
            raise Rejected(f"AIMS360's inventory names the {what} {which}, which AIMS360's own list does not have", field=which)
        upcs = {size.name: size.upc for size in style.sizes}
        for size in row.rows("inventory.sizes", needed=True):
            name = size.text("inventory.size_name", needed=True)
            yield StockRow(
                style=style.style,
                color=style.color,
                size=name,
                warehouse=warehouses[warehouse_id],
                style_color_id=style_id,
                upc=upcs.get(name),
                on_hand=size.count("inventory.on_hand", needed=True),
                allocated=size.count("inventory.allocated"),
                ots=size.count("inventory.ots") if size.has("inventory.ots") else None,
            )

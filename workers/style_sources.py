"""AIMS360's styles as last read, in SQL: rows to JSON and back."""

from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from clients.aims360.types import PriceRow, SizeRow, StyleColor
from clients.jsontext import storable
from models.catalogue import StyleSource


def color_json(row: StyleColor) -> dict[str, Any]:
    """Exact numbers and times as text."""
    found: dict[str, Any] = storable(asdict(row) | {"last_modified": row.last_modified.isoformat() if row.last_modified else None})
    return found


def color_from(row: dict[str, Any]) -> StyleColor:
    money = {name: None if row.get(name) is None else Decimal(row[name]) for name in ("wholesale_price", "retail_price")}
    at = row.get("last_modified")
    sizes = tuple(SizeRow(**size) for size in row.get("sizes") or ())
    return StyleColor(**{**row, **money, "sizes": sizes, "last_modified": datetime.fromisoformat(at) if at else None})


def style_colors_of(source: StyleSource) -> tuple[StyleColor, ...]:
    return tuple(color_from(row) for row in source.rows)


def price_json(row: PriceRow) -> dict[str, Any]:
    found: dict[str, Any] = storable(asdict(row))
    return found


def prices_of(source: StyleSource) -> tuple[PriceRow, ...]:
    """Rows of other price levels; empty where the site does not read them."""
    rows = source.prices or []
    money = ("wholesale", "retail")
    return tuple(PriceRow(**{**row, **{name: None if row.get(name) is None else Decimal(row[name]) for name in money}}) for row in rows)

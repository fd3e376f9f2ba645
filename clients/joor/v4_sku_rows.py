"""A SKU on the v4 wire: exactly one Color and one Size (facts 4.7), and what JOOR shows of it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clients.joor.types import JoorSku, SkuDraft, StyleDraft
from clients.joor.v4_answers import Names, Row, named, rows_in, text

Status = str  # ACTIVE | INACTIVE
ACTIVE, INACTIVE = "ACTIVE", "INACTIVE"
#: Documented ids of the two SKU traits, for rows that show no name.
_COLOR_ID, _SIZE_ID = "U0tVVHJhaXQ6U3R5bGVDb2xvcg==", "U0tVVHJhaXQ6U2l6ZQ=="


def external_id(identifier: str, sku: SkuDraft) -> str:
    """Our key of a SKU on JOOR: IDENTIFIER|COLOUR|SIZE."""
    return f"{identifier}|{sku.color_code}|{sku.size}"


def bodies_of(draft: StyleDraft, references: tuple[Row, Row], *, scope: str) -> dict[str, Row]:
    """By COLOUR|SIZE the body of each SKU, without `id` and `product_id`. The case pack's multiplier has no field in v4 (facts 4.7)."""
    color, size = references
    statuses = statuses_of(draft.skus, scope)
    return {
        sku.key: {
            "external_id": external_id(draft.identifier, sku),
            "trait_values": [
                {
                    **color,
                    "value": sku.color_name or sku.color_code,
                    "external_id": sku.color_code,
                    "order_nbr": sku.color_order,
                    "status": statuses[sku.key][0],
                },
                {**size, "value": sku.size, "order_nbr": sku.size_order, "status": statuses[sku.key][1]},
            ],
            **({"sku_identifier": sku.upc, "identifiers": [{"type": "upc", "value": sku.upc}]} if sku.upc else {}),
        }
        for sku in draft.skus
    }


def statuses_of(skus: Iterable[SkuDraft], scope: str) -> dict[str, tuple[Status, Status]]:
    """Which trait of each SKU says that it is off: of the colour when the whole colour is, of the size when the whole size is.

    Status sits on the trait value (facts 4.5, 4.7). While it may count for the whole card (scope `value`), one SKU out of a colour and a
    size that others still have cannot be taken off without them, and is left on. With scope `sku` both its traits are marked.
    """
    skus = list(skus)
    on_colors = {sku.color_code for sku in skus if sku.active}
    on_sizes = {sku.size for sku in skus if sku.active}
    found = {}
    for sku in skus:
        color_on = sku.color_code in on_colors
        size_on = sku.size in on_sizes or not on_sizes
        if scope == "sku" and not sku.active and color_on and size_on:
            color_on = size_on = False
        found[sku.key] = (ACTIVE if color_on else INACTIVE, ACTIVE if size_on else INACTIVE)
    return found


def update_body(sku_id: str, body: Row, before: Row | None) -> Row:
    """A UPC that JOOR was told and that is no more is taken back; without `before` nothing is."""
    gone = before is not None and "identifiers" in before and "identifiers" not in body
    return {"id": sku_id, **body, **({"sku_identifier": "", "identifiers": []} if gone else {})}


def body_names(product_id: str, body: Row) -> Names:
    """How an answer may name a SKU that was sent."""
    color, size = body["trait_values"]
    place = _place(product_id, text(color, "external_id"), text(size, "value"))
    return {**named(body, "id"), "place": place, **named(body, "external_id", "sku_identifier"), "product_id": product_id}


class SkuReader:
    """Reads SKUs as JOOR shows them. `color` and `size` are the names of the two traits."""

    def __init__(self, color: str, size: str) -> None:
        self._kinds = {color.casefold(): 0, size.casefold(): 1, _COLOR_ID.casefold(): 0, _SIZE_ID.casefold(): 1}

    def traits(self, row: Row) -> tuple[Row, Row]:
        """Its Color and its Size; empty where the row has none."""
        found: list[Row] = [{}, {}]
        for value in rows_in(row.get("trait_values")):
            if isinstance(value, dict) and (kind := self._kind(value)) is not None:
                found[kind] = value
        return found[0], found[1]

    def sku(self, row: Row) -> JoorSku:
        color, size = self.traits(row)
        upcs = [text(item, "value") for item in rows_in(row.get("identifiers")) if _is_upc(item)]
        return JoorSku(
            color_code=text(color, "external_id"),
            color_name=text(color, "value"),
            size=text(size, "value"),
            upc=upcs[0] if upcs else "",
            id=text(row, "id"),
            active=INACTIVE not in (text(color, "status").upper(), text(size, "status").upper()),
        )

    def names(self, row: Row) -> Names:
        sku = self.sku(row)
        place = _place(text(row, "product_id"), sku.color_code, sku.size)
        return {**named(row, "id"), "place": place, **named(row, "external_id", "sku_identifier")}

    def _kind(self, value: Row) -> int | None:
        trait = value.get("trait")
        names = [
            text(node, field)
            for node in (trait if isinstance(trait, dict) else {}, value)
            for field in ("name", "trait_name", "id", "trait_id")
        ]
        return next((self._kinds[name.casefold()] for name in names if name.casefold() in self._kinds), None)


def matched(draft: StyleDraft, shown: Sequence[JoorSku]) -> dict[str, str]:
    """JOOR ids by COLOUR|SIZE: by the colour's code, else, where JOOR's colour has none, by its name; sizes to the letter."""
    by_code = {(sku.color_code, sku.size): sku.id for sku in shown if sku.color_code and sku.id}
    by_name = {(sku.color_name, sku.size): sku.id for sku in shown if not sku.color_code and sku.id}
    found = {}
    for sku in draft.skus:
        sku_id = by_code.get((sku.color_code, sku.size)) or by_name.get((sku.color_name or sku.color_code, sku.size))
        if sku_id:
            found[sku.key] = sku_id
    return found


def _is_upc(item: Any) -> bool:
    return isinstance(item, Mapping) and str(item.get("type") or "").lower() == "upc" and bool(item.get("value"))


def _place(product_id: str, color_code: str, size: str) -> str:
    return f"{product_id}|{color_code}|{size}"

"""Reading one SKU item of a v4 call: exactly one Color and one Size, their attributes, and the SKU's keys (fact sheet 4.7)."""

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.brand import JoorSku, JoorStyle
from sandbox.joor_reference import COLOR, SIZE, trait_name
from sandbox.joor_v4_items import Item, Refusal, objects, text, whole


@dataclass
class TraitDraft:
    """What an item says of its colour or its size; None where it says nothing. Size names are case-sensitive."""

    value: str
    code: str
    order_minimum: int | None = None
    order_nbr: int | None = None
    active: bool | None = None


@dataclass
class SkuDraft:
    style: JoorStyle
    color: TraitDraft
    size: TraitDraft
    external_id: str | None
    sku_identifier: str | None
    upc: str | None
    identifiers: list[dict[str, str]]


def read_draft(style: JoorStyle, item: Item, *, color_code_required: bool, updates: JoorSku | None = None) -> SkuDraft:
    """Raises Refusal. An update of `updates` need not name a colour's code, and cannot move the SKU to another colour or size (ASSUMED)."""
    color, size = _traits(item)
    if not color.code:
        if color_code_required:
            raise Refusal("The Color of a SKU needs an external_id, its colour code")
        color.code = updates.color_code if updates else color.value
    if updates and (color.code, size.value) != (updates.color_code, updates.size):
        raise Refusal(f"SKU {updates.sku_id} is {updates.color_code} {updates.size} and cannot become {color.code} {size.value}")
    upc, others = identifiers(objects(item, "identifiers"))
    external_id = text(item, "external_id") if "external_id" in item else None
    sku_identifier = text(item, "sku_identifier") if "sku_identifier" in item else None
    return SkuDraft(style, color, size, external_id, sku_identifier, upc, others)


def _traits(item: Item) -> tuple[TraitDraft, TraitDraft]:
    found: dict[str, list[TraitDraft]] = {COLOR: [], SIZE: []}
    for row in objects(item, "trait_values"):
        name = trait_name("sku", text(row, "trait_id"), text(row, "trait_name"))
        if not name:
            raise Refusal(f"Trait {text(row, 'trait_id') or text(row, 'trait_name') or '(none)'} is no SKU trait")
        status = row.get("status")
        if status not in (None, "ACTIVE", "INACTIVE"):
            raise Refusal("status must be ACTIVE or INACTIVE")
        active = None if status is None else status == "ACTIVE"
        found[name].append(
            TraitDraft(
                text(row, "value", required=True), text(row, "external_id"), whole(row, "order_minimum"), whole(row, "order_nbr"), active
            )
        )
    if len(found[COLOR]) != 1 or len(found[SIZE]) != 1:
        raise Refusal("A SKU has exactly one Color and one Size in trait_values")
    return found[COLOR][0], found[SIZE][0]


def identifiers(rows: Iterable[Item]) -> tuple[str | None, list[dict[str, str]]]:
    """The UPC, and the identifiers of other types."""
    upc, others = None, []
    for row in rows:
        kind, value = text(row, "type", required=True), text(row, "value", required=True)
        if kind.lower() == "upc":
            upc = value
        else:
            others.append({"type": kind, "value": value})
    return upc, others


def take_over(sku: JoorSku, draft: SkuDraft) -> None:
    """The colour's and the size's attributes other than their status."""
    sku.color_name = draft.color.value
    if draft.size.code:
        sku.size_code = draft.size.code
    for name in ("order_minimum", "order_nbr"):
        for kind, trait in (("color", draft.color), ("size", draft.size)):
            value = getattr(trait, name)
            if value is not None:
                setattr(sku, f"{kind}_{'minimum' if name == 'order_minimum' else 'order'}", value)

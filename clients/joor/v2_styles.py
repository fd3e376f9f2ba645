"""A style card as v2 is told it: one whole record with prices, colours, sizes, SKUs and, for linesheets, a delivery (facts 4.3, 4.4)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from clients.joor.contract import JoorContract
from clients.joor.types import LinesheetDraft, LinesheetEntry, Part, PriceDraft, SkuDraft, StyleDraft

#: `delivery_overwrite` (facts 4.4). Left out it is 1, which strips linesheets; 2 strips those of ours that a record does not list.
ADD_ONLY, REMOVE_LISTED = 3, 4
_LONGEST = {"identifier": 100, "number": 45, "name": 100, "description": 500}  # facts 4.3
_TRAITS = "v2_traits."
_MATERIALS = "materials"  # a list of its own (facts 4.3)


def unsendable(draft: StyleDraft, contract: JoorContract) -> dict[Part, str]:
    """What v2 cannot be told of this card, in words by part; empty when it can be sent. A bulk job would drop the record without a word."""
    refused: dict[Part, str] = {}
    skus = active(draft)
    if trouble := [*_too_long(draft), *_strange_traits(draft, contract)]:
        refused["product"] = "Not sent: " + "; ".join(trouble)
    if not skus:
        refused["skus"] = (
            "Not sent: every colour and size is inactive, and v2 has no style without any. To take it off JOOR: joorsync styles remove"
        )
    elif packs := _several_packs(skus):
        refused["skus"] = f"Not sent: size {packs} has another number of units per pack in another colour, which JOOR keeps per style"
    if different := _different_prices(skus):
        refused["prices"] = (
            f"Not sent: the price {different} is not the same for all colours and sizes. Over JOOR's v2 API a price belongs to the whole "
            "style, so this style needs a card per colour (style settings: card = style_color, or different_prices = split)"
        )
    return refused


def record_of(draft: StyleDraft, contract: JoorContract, before: StyleDraft | None = None) -> dict[str, Any]:
    """The whole record: whether JOOR keeps what a record leaves out is UNKNOWN. Active SKUs only. What `before` had and the draft has not
    is sent empty, so that it goes away. Puts the card on no linesheet and takes it off none. `draft` is sendable."""
    skus = active(draft)
    record: dict[str, Any] = {
        "style_name": draft.name,
        "style_number": draft.number,
        "style_identifier": draft.identifier,
        "style_description": draft.description,
        "delivery_overwrite": ADD_ONLY,
        **_fields(draft, contract, before),
        "prices": [_price(price) for price in prices_of(draft).values()],
        "colors": [{"color_name": sku.color_name or sku.color_code, "color_code": sku.color_code} for sku in _colors(skus)],
        "sizes": [{"size_name": sku.size, **({"size_multiplier": sku.multiplier} if sku.multiplier > 1 else {})} for sku in _sizes(skus)],
        contract["v2_styles.skus_node"]: [_sku(sku) for sku in skus],
    }
    if draft.order_minimum is not None or (before and before.order_minimum is not None):
        record["minimum"] = "" if draft.order_minimum is None else draft.order_minimum
    if draft.categories or (before and before.categories):
        record["categories"] = [{"category_id": category} for category in draft.categories]
    if draft.tags or (before and before.tags):
        record["tags"] = [
            {"tag_group": tag.group, "tag_name": tag.name, "tag_value": tag.value, **({"tag_value_code": tag.code} if tag.code else {})}
            for tag in draft.tags
        ]
    return record


def on_linesheet(record: dict[str, Any], linesheet: LinesheetDraft, entry: LinesheetEntry) -> dict[str, Any]:
    """The record with this one delivery, only added. Colours left out are named each time, so that one let in again comes back."""
    row: dict[str, Any] = {
        **_head(linesheet),
        "public": int(linesheet.public),
        "color_exclusions": [{"color_name": name or code, "color_code": code} for code, name in entry.excluded],
    }
    if entry.order_number is not None:
        row["style_display_order"] = entry.order_number
    return {**record, "deliveries": [row]}


def off_linesheet(record: dict[str, Any], linesheet: LinesheetDraft) -> dict[str, Any]:
    """The record that takes its card off this one linesheet; it stays on every other."""
    return {**record, "delivery_overwrite": REMOVE_LISTED, "deliveries": [_head(linesheet)]}


def active(draft: StyleDraft) -> list[SkuDraft]:
    return [sku for sku in draft.skus if sku.active]


def prices_of(draft: StyleDraft) -> dict[tuple[str, str], PriceDraft]:
    """The card's prices by (label, currency): those of its SKUs, which all agree."""
    return {(price.label, price.currency): price for sku in active(draft) for price in sku.prices}


def _too_long(draft: StyleDraft) -> list[str]:
    texts = {name: str(getattr(draft, name)) for name in _LONGEST}
    return [f"{name} has {len(text)} characters, JOOR takes {_LONGEST[name]}" for name, text in texts.items() if len(text) > _LONGEST[name]]


def _several_packs(skus: Iterable[SkuDraft]) -> str:
    """A size whose case pack differs from colour to colour, or ""."""
    packs: dict[str, int] = {}
    return next((sku.size for sku in skus if packs.setdefault(sku.size, sku.multiplier) != sku.multiplier), "")


def _different_prices(skus: list[SkuDraft]) -> str:
    """The first (label, currency) that the SKUs do not agree on, as text, or "". One SKU without it is a difference, too."""
    tables = [{(price.label, price.currency): (price.wholesale, price.retail) for price in sku.prices} for sku in skus]
    for key in dict.fromkeys(key for table in tables for key in table):
        if len({table.get(key) for table in tables}) > 1:
            return f"{key[0]!r} ({key[1]})"
    return ""


def _strange_traits(draft: StyleDraft, contract: JoorContract) -> list[str]:
    known = _trait_fields(contract)
    strange = [trait.name for trait in draft.traits if _slug(trait.name) not in known]
    return [f"v2 has no field for the trait {name!r} (it has {', '.join(sorted(known))})" for name in dict.fromkeys(strange)]


def _fields(draft: StyleDraft, contract: JoorContract, before: StyleDraft | None) -> dict[str, Any]:
    """Traits as the style's own fields: {"division": "Main", "division_code": "01"}."""
    known = _trait_fields(contract)
    fields: dict[str, Any] = {}
    for trait in before.traits if before else ():
        fields.update(dict.fromkeys(known.get(_slug(trait.name), ()), ""))
    materials = [{"material": trait.value} for trait in draft.traits if _slug(trait.name) == _MATERIALS]
    if materials or _MATERIALS in fields:
        fields[_MATERIALS] = materials
    for trait in draft.traits:
        names = known[_slug(trait.name)]
        if _slug(trait.name) != _MATERIALS:
            fields.update(zip(names, (trait.value, trait.code), strict=False))
    return {name: value for name, value in fields.items() if value != "" or before is not None}


def _trait_fields(contract: JoorContract) -> dict[str, tuple[str, ...]]:
    """By the trait's name as JOOR has it, and by v2's own name of the field."""
    by_trait = {entry.key.removeprefix(_TRAITS): contract.names(entry.key) for entry in contract.entries if entry.key.startswith(_TRAITS)}
    return {**{names[0]: names for names in by_trait.values()}, **by_trait, _MATERIALS: (_MATERIALS,)}


def _slug(name: str) -> str:
    return "_".join(name.lower().split())


def _colors(skus: Iterable[SkuDraft]) -> list[SkuDraft]:
    """One SKU per colour, in display order."""
    return sorted({sku.color_code: sku for sku in reversed(list(skus))}.values(), key=lambda sku: (sku.color_order, sku.color_code))


def _sizes(skus: Iterable[SkuDraft]) -> list[SkuDraft]:
    return sorted({sku.size: sku for sku in reversed(list(skus))}.values(), key=lambda sku: (sku.size_order, sku.size))


def _sku(sku: SkuDraft) -> dict[str, Any]:
    return {"sku_color_code": sku.color_code, "sku_size": sku.size, **({"upc": sku.upc} if sku.upc else {})}


def _price(price: PriceDraft) -> dict[str, str]:
    row = {"price_label": price.label, "price_currency": price.currency, "price_wholesale": _amount(price.wholesale)}
    return row if price.retail is None else {**row, "price_retail": _amount(price.retail)}


def _amount(value: Decimal) -> str:
    """At least two decimals, none cut off."""
    exponent = value.as_tuple().exponent
    return format(value if isinstance(exponent, int) and exponent <= -2 else value.quantize(Decimal("0.01")), "f")


def _head(linesheet: LinesheetDraft) -> dict[str, Any]:
    """The linesheet itself. Without dates it is immediate (facts 5.2 for v4; ASSUMED for v2). v2 has no minimum shipping window."""
    row: dict[str, Any] = {
        "delivery_name": linesheet.name,
        "delivery_code": linesheet.code,
        "season_name": linesheet.season_name,
        "season_code": linesheet.season_code,
        "season_year": linesheet.season_year,
        "date_delivery_start": linesheet.start and linesheet.start.isoformat(),
        "date_delivery_end": linesheet.complete and linesheet.complete.isoformat(),
        "date_cancel": linesheet.cancel and linesheet.cancel.isoformat(),
    }
    return {name: value for name, value in row.items() if value not in (None, "")}

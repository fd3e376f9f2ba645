"""A style as v2 shows it: read into a card, and compared with what it was told, since bulk jobs report nothing (facts 4.3, 4.6)."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from clients.joor.contract import JoorContract
from clients.joor.parse import count, day, moment, money, rows, text
from clients.joor.types import JoorLinesheet, JoorSku, JoorStyleCard, LinesheetDraft, LinesheetEntry, Part, StyleDraft
from clients.joor.v2_styles import active, prices_of
from clients.jsontext import storable

Row = dict[str, Any]


def card_of(row: Any, contract: JoorContract) -> JoorStyleCard:
    """Raises ValueError naming the field that cannot be read."""
    if not isinstance(row, dict):
        raise ValueError(f"a style must be an object, not {type(row).__name__}")
    return JoorStyleCard(
        joor_id=text(row, "style_id").strip(),
        identifier=text(row, "style_identifier"),
        number=text(row, "style_number"),
        name=text(row, "style_name"),
        skus=_skus(row, contract),
        deliveries=tuple((text(item, "delivery_code"), text(item, "delivery_name")) for item in rows(row, "deliveries", "delivery")),
        raw=storable(row),
    )


def _skus(row: Row, contract: JoorContract) -> tuple[JoorSku, ...]:
    """From the list of SKUs; where JOOR shows none, every colour in every size."""
    names = {text(color, "color_code"): text(color, "color_name") for color in rows(row, "colors", "color")}
    listed = [
        (text(sku, "sku_color_code"), text(sku, "sku_size"), text(sku, "upc")) for sku in rows(row, contract["v2_styles.skus_node"], "sku")
    ]
    if not listed:
        listed = [(code, text(size, "size_name"), "") for code in names for size in rows(row, "sizes", "size")]
    return tuple(JoorSku(code, names.get(code, ""), size, upc) for code, size, upc in listed)


def created_of(row: Row, contract: JoorContract) -> datetime | None:
    """Aware UTC; None where JOOR does not tell (the field is ASSUMED)."""
    try:
        return moment(row, contract["v2_styles.created"])
    except ValueError:
        return None


def differences(draft: StyleDraft, card: JoorStyleCard) -> dict[Part, str]:
    """Where JOOR shows something else than it was told, in words by part. More colours, sizes and prices than were sent are none.

    Looked at is what a record that was dropped would not show: number, name, categories and tags; SKUs with their UPCs; prices. Texts that
    JOOR may write its own way (description, country, division) are not. Raises ValueError for what cannot be read.
    """
    found: dict[Part, list[str]] = {
        "product": _product(draft, card),
        "skus": _missing_skus(draft, card),
        "prices": _prices(draft, card.raw),
    }
    return {part: "; ".join(words) for part, words in found.items() if words}


def lingering(draft: StyleDraft, card: JoorStyleCard) -> list[tuple[str | None, str | None]]:
    """What the draft has inactive and JOOR shows, as (colour, size): whole colours (size None), whole sizes (colour None), single SKUs."""
    colors, sizes = {sku.color_code for sku in active(draft)}, {sku.size for sku in active(draft)}
    shown = {(sku.color_code, sku.size) for sku in card.skus}
    found: dict[tuple[str | None, str | None], None] = {}
    for sku in draft.skus:
        if not sku.active and (sku.color_code, sku.size) in shown:
            whole_color, whole_size = sku.color_code not in colors, sku.color_code in colors and sku.size not in sizes
            found[(None if whole_size else sku.color_code, None if whole_color else sku.size)] = None
    return list(found)


def _product(draft: StyleDraft, card: JoorStyleCard) -> list[str]:
    told = {"number": (draft.number, card.number), "name": (draft.name, card.name)}
    words = [f"the {name} is {shown!r} there, not {sent!r}" for name, (sent, shown) in told.items() if _plain(sent) != _plain(shown)]
    if "categories" in card.raw:
        shown_ids = {text(row, "category_id") for row in rows(card.raw, "categories", "category")}
        words += [f"category {category} is not there" for category in draft.categories if category not in shown_ids]
    if "tags" in card.raw:
        tags = {(text(row, "tag_name").casefold(), text(row, "tag_value").casefold()) for row in rows(card.raw, "tags", "tag")}
        words += [
            f"tag {tag.name}={tag.value} is not there" for tag in draft.tags if (tag.name.casefold(), tag.value.casefold()) not in tags
        ]
    return words


def _missing_skus(draft: StyleDraft, card: JoorStyleCard) -> list[str]:
    shown = {(sku.color_code, sku.size): sku.upc for sku in card.skus}
    missing = [sku.key for sku in active(draft) if (sku.color_code, sku.size) not in shown]
    others = [(sku, shown.get((sku.color_code, sku.size), "")) for sku in active(draft) if sku.upc and sku.key not in missing]
    upcs = [f"{sku.key} has UPC {upc or '(none)'} there, not {sku.upc}" for sku, upc in others if upc != sku.upc]
    return ([f"no {_several(missing)}"] if missing else []) + ([_several(upcs)] if upcs else [])


def _prices(draft: StyleDraft, row: Row) -> list[str]:
    shown = {(text(price, "price_label"), text(price, "price_currency")): price for price in rows(row, "prices", "price")}
    words = []
    for (label, currency), price in prices_of(draft).items():
        there = shown.get((label, currency))
        if there is None:
            words.append(f"no price {label!r} ({currency}); the label and currency must exist in JOOR's settings to the letter")
            continue
        for kind, sent in (("wholesale", price.wholesale), ("retail", price.retail)):
            amount = money(there, f"price_{kind}")
            if sent is not None and (amount or Decimal(0)) != sent:
                words.append(f"{kind} {label!r} is {currency} {amount if amount is not None else '(none)'} there, not {sent}")
    return words


def delivery_trouble(linesheet: LinesheetDraft, entry: LinesheetEntry, card: JoorStyleCard) -> str | None:
    """Why the card is not on the linesheet as it was told, or None. Raises ValueError."""
    row = delivery_row(card, linesheet.code)
    if row is None:
        return f"the style is not on linesheet {linesheet.code}"
    left_out = {text(color, "color_code") for color in rows(row, "color_exclusions", "color_exclusion")}
    wanted = {code for code, _ in entry.excluded}
    words = [f"colours left out are {_several(sorted(left_out)) or 'none'} there, not {_several(sorted(wanted)) or 'none'}"]
    words = [] if left_out == wanted else words
    for name, told in (("date_delivery_start", linesheet.start), ("date_delivery_end", linesheet.complete)):
        shown: date | None = day(row, name)
        if told is not None and shown != told:
            words.append(f"{name} is {shown or '(none)'} there, not {told}")
    return "; ".join(words) or None


def delivery_row(card: JoorStyleCard, code: str) -> Row | None:
    """What the card says of that linesheet, by code; None when it is not on it. Raises ValueError."""
    return next((row for row in rows(card.raw, "deliveries", "delivery") if text(row, "delivery_code") == code), None)


def linesheets_of(cards: Sequence[JoorStyleCard]) -> list[JoorLinesheet]:
    """Every linesheet that has a card. One without a code (made by hand) is known as "name:" and its name, so that it is nobody else's.

    `items` have no SKU ids in v2; colours left out are in `raw["excluded"]` and display orders in `raw["order"]`, by JOOR id of the card.
    """
    found: dict[str, JoorLinesheet] = {}
    for card in cards:
        for row in rows(card.raw, "deliveries", "delivery"):
            code, name = text(row, "delivery_code"), text(row, "delivery_name")
            key = code or f"name:{name}"
            if key not in found:
                head = {
                    name: value for name, value in row.items() if name not in ("color_exclusions", "style_display_order", "style_comments")
                }
                found[key] = JoorLinesheet(key, code, name, text(row, "season_code"), {}, {**head, "excluded": {}, "order": {}})
            sheet = found[key]
            sheet.items[card.joor_id] = ()
            excluded = [text(color, "color_code") for color in rows(row, "color_exclusions", "color_exclusion")]
            if excluded:
                sheet.raw["excluded"][card.joor_id] = excluded
            if (order := count(row, "style_display_order")) is not None:
                sheet.raw["order"][card.joor_id] = order
    return list(found.values())


def _several(things: Sequence[str]) -> str:
    return ", ".join(things[:8]) + (f" and {len(things) - 8} more" if len(things) > 8 else "")


def _plain(value: str) -> str:
    return " ".join(value.split())

"""What a card's draft changes on JOOR, counted and in words: for notes, counts and previews."""

from dataclasses import dataclass, field
from typing import Any

from clients.joor.types import SkuDraft, StyleDraft
from rules.style_parts import parts_of
from workers.style_tasks import CardTask

_SHOWN = 50


@dataclass(frozen=True)
class CardChanges:
    """`product`: {"field", "before", "after"}. `skus` and `prices` count those that differ; the rows are the first of them."""

    identifier: str
    number: str
    new: bool
    product: tuple[dict[str, Any], ...] = ()
    skus: int = 0
    prices: int = 0
    sku_rows: dict[str, list[str]] = field(default_factory=dict)  # added | deactivated | put back | changed -> COLOUR|SIZE
    price_rows: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "identifier": self.identifier,
            "number": self.number,
            "new": self.new,
            "product": list(self.product),
            "skus": {kind: keys[:_SHOWN] for kind, keys in self.sku_rows.items()},
            "prices": list(self.price_rows[:_SHOWN]),
        }


def changes_of(card: CardTask) -> CardChanges:
    """Against what JOOR was last told; everything where that is not known, or all is sent again."""
    before = None if card.whole else card.before
    prices = _prices(before, card.draft) if "prices" in card.needed else []
    skus = _skus(before, card.draft) if "skus" in card.needed else {}
    return CardChanges(
        identifier=card.identifier,
        number=card.draft.number,
        new=card.is_new,
        product=tuple(_product(before, card.draft)) if "product" in card.needed else (),
        skus=sum(len(keys) for keys in skus.values()),
        prices=len(prices),
        sku_rows=skus,
        price_rows=tuple(prices),
    )


def _product(before: StyleDraft | None, after: StyleDraft) -> list[dict[str, Any]]:
    old = parts_of(before)["product"] if before else {}
    new = parts_of(after)["product"]
    return [{"field": name, "before": old.get(name), "after": value} for name, value in new.items() if old.get(name) != value]


def _skus(before: StyleDraft | None, after: StyleDraft) -> dict[str, list[str]]:
    old = {sku.key: sku for sku in before.skus} if before else {}
    found: dict[str, list[str]] = {}
    for sku in after.skus:
        kind = _kind(old.get(sku.key), sku)
        if kind:
            found.setdefault(kind, []).append(sku.key)
    return found


def _kind(was: SkuDraft | None, sku: SkuDraft) -> str:
    if was is None:
        return "added"
    if was.active != sku.active:
        return "put back" if sku.active else "deactivated"
    plain = ("color_name", "upc", "color_order", "size_order", "multiplier")
    return "changed" if any(getattr(was, name) != getattr(sku, name) for name in plain) else ""


def _prices(before: StyleDraft | None, after: StyleDraft) -> list[dict[str, Any]]:
    old = {(sku.key, price.label, price.currency): price for sku in before.skus for price in sku.prices} if before else {}
    rows = []
    for sku in after.skus:
        for price in sku.prices:
            was = old.get((sku.key, price.label, price.currency))
            if was != price:
                amounts = {"before": _amounts(was), "after": _amounts(price)}
                rows.append({"sku": sku.key, "label": price.label, "currency": price.currency, **amounts})
    return rows


def _amounts(price: Any) -> list[str | None] | None:
    """[wholesale, retail]"""
    return None if price is None else [str(price.wholesale), None if price.retail is None else str(price.retail)]

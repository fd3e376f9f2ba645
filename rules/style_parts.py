"""A card's draft as the three parts that are sent and remembered apart: product, SKUs, prices. JSON, and fingerprints of it. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from clients.joor.types import Part, PriceDraft, SkuDraft, StyleDraft, TagDraft, TraitDraft

Parts = dict[str, Any]  # "product" -> dict, "skus" -> list, "prices" -> dict; keys are `Part` values


def parts_of(draft: StyleDraft) -> Parts:
    """JSON-storable; money as text. A draft that is put together again from it is equal."""
    product = {name: value for name, value in asdict(draft).items() if name != "skus"}
    skus = [{name: value for name, value in asdict(sku).items() if name != "prices"} for sku in draft.skus]
    prices = {sku.key: [_price(price) for price in sku.prices] for sku in draft.skus if sku.prices}
    return {"product": _plain(product), "skus": _plain(skus), "prices": prices}


def draft_from(parts: Mapping[str, Any]) -> StyleDraft:
    """The draft of stored parts; a part that is missing is empty. Raises KeyError without the product part."""
    product = dict(parts["product"])
    prices = parts.get("prices") or {}
    skus = tuple(
        SkuDraft(**row, prices=tuple(_price_draft(item) for item in prices.get(f"{row['color_code']}|{row['size']}", ())))
        for row in parts.get("skus") or ()
    )
    return StyleDraft(
        **{name: product[name] for name in ("identifier", "number", "name", "description", "order_minimum")},
        traits=tuple(TraitDraft(**row) for row in product.get("traits") or ()),
        categories=tuple(product.get("categories") or ()),
        tags=tuple(TagDraft(**row) for row in product.get("tags") or ()),
        skus=skus,
    )


def fingerprint(part: Any) -> str:
    """SHA-256 of a part's JSON; equal means that JOOR has it already."""
    text = json.dumps(part, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprints(parts: Parts) -> dict[Part, str]:
    return {"product": fingerprint(parts["product"]), "skus": fingerprint(parts["skus"]), "prices": fingerprint(parts["prices"])}


def _price(price: PriceDraft) -> dict[str, str | None]:
    return {
        "label": price.label,
        "currency": price.currency,
        "wholesale": str(price.wholesale),
        "retail": None if price.retail is None else str(price.retail),
    }


def _price_draft(row: Mapping[str, Any]) -> PriceDraft:
    retail = row.get("retail")
    return PriceDraft(row["label"], row["currency"], Decimal(row["wholesale"]), None if retail is None else Decimal(retail))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value

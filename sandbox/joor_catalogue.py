"""One account's cards, SKUs and prices with every index a call looks through, so that 100,000 SKUs are found and not searched.

Only this module adds, changes or removes a card, a SKU, a UPC or a price; whoever calls it notes the effect.
"""

import base64
import itertools
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sandbox.brand import JoorAccount, JoorSku, JoorStyle
from sandbox.joor_records import JoorPrice, JoorPriceType

SkuKey = tuple[str, str, str]  # style identifier, colour code, size: always present, unlike the UPC


@dataclass
class Priced:
    """What a price id stands for."""

    style: JoorStyle
    sku: JoorSku
    price_type: JoorPriceType
    price: JoorPrice


class Catalogue:
    """Indexes over `record.styles`; a deleted card is in none of them but stays in the record, since orders still name it."""

    def __init__(self, record: JoorAccount, now: datetime) -> None:
        self.record = record
        self.skus: dict[SkuKey, tuple[JoorStyle, JoorSku]] = {}
        self.by_upc: dict[str, SkuKey] = {}
        self.by_style_id: dict[str, JoorStyle] = {}
        self.by_sku_id: dict[str, tuple[JoorStyle, JoorSku]] = {}
        self.by_external_id: dict[str, str] = {}  # a SKU's external id -> its id; the last one to take it has it
        self.prices: dict[str, Priced] = {}
        self._size_ids: dict[str, int] = {}
        self._style_ids = itertools.count(max((style.style_id for style in record.styles.values()), default=100_000) + 1)
        self._others = itertools.count(1)
        if not record.price_types:
            record.price_types = [JoorPriceType(opaque("PriceType:1"), record.price_label, record.currency, record.currency)]
        self.price_types = {price_type.id: price_type for price_type in record.price_types}
        for style in record.styles.values():
            style.created, style.modified = style.created or now, style.modified or now
            skus, style.skus = style.skus, []
            self.by_style_id[str(style.style_id)] = style
            self.stock_up(style, skus)
            if style.deleted:
                self.remove_style(style)

    def stock_up(self, style: JoorStyle, skus: list[JoorSku]) -> None:
        """Give a card SKUs that no API call made, each at the card's one price."""
        main = self.price_type(self.record.price_label, self.record.currency)
        for sku in skus:
            self.add_sku(style, sku)
            if main is not None and not sku.prices:
                self.set_price(style, sku, main, style.price, style.retail)

    # --- cards

    def style(self, identifier: str) -> JoorStyle | None:
        """The card of that identifier, unless it is deleted."""
        style = self.record.styles.get(identifier)
        return None if style is None or style.deleted else style

    def styles(self) -> list[JoorStyle]:
        """Every card that is not deleted, in the order they were made."""
        return list(self.by_style_id.values())

    def new_style_id(self) -> int:
        return next(self._style_ids)

    def new_number(self) -> int:
        """For the ids of seasons, linesheets, assets and jobs."""
        return next(self._others)

    def add_style(self, style: JoorStyle) -> None:
        """ASSUMED: the identifier of a deleted card is free again; its record then gives way to the new one."""
        self.record.styles[style.style_identifier] = style
        self.by_style_id[str(style.style_id)] = style

    def remove_style(self, style: JoorStyle) -> None:
        for sku in style.skus:
            self._unindex(style, sku)
        self.by_style_id.pop(str(style.style_id), None)
        style.deleted = True

    # --- SKUs

    def add_sku(self, style: JoorStyle, sku: JoorSku) -> None:
        color_id = style.color_ids.setdefault(sku.color_code, style.style_id * 100 + len(style.color_ids) + 1)
        size_id = self._size_ids.setdefault(sku.size, len(self._size_ids) + 1)
        sku.sku_id = sku.sku_id or opaque(f"0|{color_id}|{size_id}")
        style.skus.append(sku)
        key = (style.style_identifier, sku.color_code, sku.size)
        self.skus[key] = self.by_sku_id[sku.sku_id] = (style, sku)
        if sku.upc:
            self.by_upc[sku.upc] = key
        if sku.external_id:
            self.by_external_id[sku.external_id] = sku.sku_id

    def remove_skus(self, style: JoorStyle, gone: list[JoorSku]) -> None:
        for sku in gone:
            self._unindex(style, sku)
        ids = {sku.sku_id for sku in gone}
        style.skus = [sku for sku in style.skus if sku.sku_id not in ids]

    def _unindex(self, style: JoorStyle, sku: JoorSku) -> None:
        key = (style.style_identifier, sku.color_code, sku.size)
        self.skus.pop(key, None)
        self.by_sku_id.pop(sku.sku_id, None)
        if sku.upc and self.by_upc.get(sku.upc) == key:
            del self.by_upc[sku.upc]
        if sku.external_id and self.by_external_id.get(sku.external_id) == sku.sku_id:
            del self.by_external_id[sku.external_id]
        for price in sku.prices.values():
            self.prices.pop(price.id, None)

    def set_upc(self, style: JoorStyle, sku: JoorSku, upc: str | None) -> None:
        key = (style.style_identifier, sku.color_code, sku.size)
        if sku.upc and self.by_upc.get(sku.upc) == key:
            del self.by_upc[sku.upc]
        sku.upc = upc or None
        if sku.upc:
            self.by_upc[sku.upc] = key

    def set_external_id(self, sku: JoorSku, external_id: str) -> None:
        if self.by_external_id.get(sku.external_id) == sku.sku_id:
            del self.by_external_id[sku.external_id]
        sku.external_id = external_id
        if external_id:
            self.by_external_id[external_id] = sku.sku_id

    # --- prices

    def price_type(self, label: str, currency: str) -> JoorPriceType | None:
        """Label and currency must match to the letter (10, pitfall 12)."""
        rows = self.record.price_types
        return next((row for row in rows if (row.label, row.currency) == (label, currency)), None)

    def set_price(self, style: JoorStyle, sku: JoorSku, price_type: JoorPriceType, wholesale: Decimal, retail: Decimal | None) -> str:
        """Returns what that was: "price_created", "price_updated", or "" for the price it had already."""
        price = sku.prices.get(price_type.id)
        if price is not None and (price.wholesale, price.retail) == (wholesale, retail):
            return ""
        if price_type.label == self.record.price_label and price_type.currency == self.record.currency:
            style.price = wholesale
        if price is not None:
            price.wholesale, price.retail = wholesale, retail
            return "price_updated"
        price = JoorPrice(opaque(f"Price:{sku.sku_id}:{price_type.id}"), wholesale, retail)
        sku.prices[price_type.id] = price
        self.prices[price.id] = Priced(style, sku, price_type, price)
        return "price_created"


def opaque(text: str) -> str:
    """An id as JOOR writes them: it decodes to something, which is nobody's business (4.7)."""
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


def money(amount: Decimal | None) -> str:
    """Two decimals, more when there are more; "" for no price. How JOOR writes them is ASSUMED."""
    if amount is None:
        return ""
    exponent = amount.as_tuple().exponent
    return str(amount if isinstance(exponent, int) and exponent <= -2 else amount.quantize(Decimal("0.01")))

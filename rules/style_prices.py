"""The prices of a style-colour on JOOR: one price label per currency, only labels that are mapped, never 0 by accident. Pure.

AIMS360 allows one price label per currency (joor-api facts 3.6, module facts 5.7). Price levels and other currencies are A-13.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from clients.aims360.types import PriceRow, StyleColor
from clients.joor.types import PriceDraft
from models.errors import Missing, NeedsMapping, NotPossible
from models.settings import StyleSettings

_CENT = Decimal("0.01")
_PAIR = re.compile(r"([A-Za-z]{3})(?:/(.+))?")


@dataclass(frozen=True)
class PriceLabel:
    """JOOR's price label with the currency and price level of AIMS360 that it shows. `level` "": the level of the settings."""

    label: str
    currency: str
    level: str = ""


@dataclass(frozen=True)
class PriceTable:
    """The labels that are sent, in the order of currencies; `base` is the currency of AIMS360's wholesalePrice."""

    labels: tuple[PriceLabel, ...]
    base: str
    settings: StyleSettings
    site_key: str = ""

    def of(self, row: StyleColor, prices: Sequence[PriceRow] = ()) -> tuple[PriceDraft, ...]:
        """Every wanted price of one style-colour. `prices` are rows of its price levels (of others too). Raises NotPossible naming style,
        colour and currency where AIMS360 has no usable wholesale price."""
        own = [price for price in prices if price.style_color_id.lower() == row.id.lower()]
        return tuple(self._price(label, row, own) for label in self.labels)

    def knows(self, price: PriceDraft) -> bool:
        return any((label.label, label.currency) == (price.label, price.currency) for label in self.labels)

    def _price(self, label: PriceLabel, row: StyleColor, own: Sequence[PriceRow]) -> PriceDraft:
        where = f"Style {row.style}, colour {row.color}, {label.currency}"
        if self.settings.price_source == "style_color":
            if label.currency != self.base:
                raise self._no_source(where)
            amounts = {(row.wholesale_price, row.retail_price)}
        else:
            level = (label.level or self.settings.price_level).strip()
            amounts = {
                (price.wholesale, price.retail)
                for price in own
                if price.currency.strip().upper() == label.currency and price.level.strip().casefold() == level.casefold()
            }
            where += f", level {level}"
        if len(amounts) > 1:
            raise NotPossible(f"{where}: AIMS360 has several prices", fix=["Keep one of them in AIMS360, then export the style again"])
        wholesale, retail = amounts.pop() if amounts else (None, None)
        if wholesale is None or wholesale <= 0:
            found = "no wholesale price" if wholesale is None else f"a wholesale price of {wholesale}"
            raise NotPossible(
                f"{where}: AIMS360 has {found}, so nothing is sent (a price of 0 would be an offer)",
                fix=[f"Set the price of {row.style} in AIMS360; the next scan finds it", *self._other_sources()],
                field="wholesale",
            )
        if retail is not None and retail < 0:
            raise NotPossible(f"{where}: AIMS360 has a retail price of {retail}", fix=["Correct it in AIMS360"], field="retail")
        shown = _money(retail) if retail and self.settings.retail else None
        return PriceDraft(label.label, label.currency, _money(wholesale), shown)

    def _no_source(self, where: str) -> NotPossible:
        return NotPossible(
            f"{where}: the style-colours of AIMS360 have prices in {self.base} only",
            fix=[
                f'Read AIMS360\'s price levels: joorsync sites set {self.site_key} --style "price_source=price_list"',
                f'Or send {self.base} only: joorsync sites set {self.site_key} --style "currencies={self.base}"',
            ],
            field="price_source",
        )

    def _other_sources(self) -> list[str]:
        if self.settings.price_source != "price_list":
            return []
        return [f'Is the price level right? joorsync sites set {self.site_key} --style "price_level=LEVEL"']


def price_table(pairs: Iterable[tuple[str, str]], settings: StyleSettings, site_key: str) -> PriceTable:
    """From the site's price label pairs (JOOR label, CURRENCY[/LEVEL]).

    Raises NeedsMapping for a wanted currency without a label or with two, NotPossible for a pair or setting that cannot be used.
    """
    labels = sorted((_label(label, target, site_key) for label, target in pairs), key=lambda found: (found.currency, found.label))
    currencies = [found.currency for found in labels]
    base = (settings.base_currency or "").strip().upper()
    wanted = [currency.strip().upper() for currency in settings.currencies or sorted(set(currencies)) or [base or "USD"]]
    missing = [_missing(currency, site_key) for currency in wanted if currency not in currencies]
    missing += [_twice(currency, labels, site_key) for currency in sorted(set(wanted)) if currencies.count(currency) > 1]
    if missing:
        raise NeedsMapping(missing, _summary(missing))
    sent = tuple(found for found in labels if found.currency in wanted)
    if not base and len(sent) > 1 and settings.price_source == "style_color":
        raise NotPossible(
            f"There are prices in {' and '.join(found.currency for found in sent)}, and no setting says which of them AIMS360's "
            "wholesalePrice is in",
            fix=[f'Say it: joorsync sites set {site_key} --style "base_currency={sent[0].currency}"'],
            field="base_currency",
        )
    return PriceTable(sent, base or sent[0].currency, settings, site_key)


def _label(label: str, target: str, site_key: str) -> PriceLabel:
    found = _PAIR.fullmatch(target.strip())
    if not found or not label.strip():
        raise NotPossible(
            f"Price label {label!r} is mapped to {target!r}, which is not CURRENCY or CURRENCY/LEVEL",
            fix=[f'joorsync map set price-label "{label}" --aims USD --site {site_key}'],
            field="price_label",
        )
    return PriceLabel(label, found[1].upper(), (found[2] or "").strip())


def _missing(currency: str, site_key: str) -> Missing:
    fix = f'joorsync map set price-label "LABEL ON JOOR" --aims {currency} --site {site_key}'
    return Missing(kind="price_label", value=currency, where=f"prices in {currency}", fix=fix)


def _twice(currency: str, labels: Sequence[PriceLabel], site_key: str) -> Missing:
    names = [found.label for found in labels if found.currency == currency]
    words = f"{' and '.join(map(repr, names))} are both {currency}; AIMS360 allows one label per currency"
    return Missing("price_label", currency, words, f'joorsync map remove price-label "{names[-1]}" --site {site_key}')


def _summary(missing: Sequence[Missing]) -> str | None:
    both = next((item.where for item in missing if " both " in item.where), None)
    return f"Price labels {both}" if both else None


def _money(amount: Decimal) -> Decimal:
    """Cents always, more digits where there are some: 85.0 and 85.00 are one price."""
    cents = amount.quantize(_CENT)
    return cents if cents == amount else amount.normalize()

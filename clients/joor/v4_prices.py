"""v4 prices: one per SKU and price type (facts 4.7). Price types are settings of the JOOR account, found by label and currency to the
letter (facts 4.8, 10); prices of other price types are never touched."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from clients.joor.parse import money
from clients.joor.types import PriceDraft, PriceType, SkuDraft
from clients.joor.v4_answers import SILENT, Names, Row, named, text, told
from clients.joor.v4_calls import V4Calls
from clients.joor.v4_cards import AboutTo, Card, calls_of
from models.errors import Rejected


@dataclass(frozen=True)
class _Line:
    """One price of one SKU. `key` is COLOUR|SIZE|LABEL|CURRENCY."""

    sku: SkuDraft
    price: PriceDraft
    before: PriceDraft | None
    key: str

    @property
    def title(self) -> str:
        return f"{self.sku.color_code} {self.sku.size} {self.price.label} {self.price.currency}"


_Refused = dict[Card, list[tuple[_Line, str]]]


class PriceTypes:
    """Read once; once more when one is asked for that was not among them (a person may have added it since)."""

    def __init__(self, calls: V4Calls) -> None:
        self._calls = calls
        self._types: list[PriceType] | None = None

    def all(self) -> list[PriceType]:
        if self._types is None:
            self._types = [_price_type(row) for row in self._calls.rows("path.price_types", "reading price types")]
        return self._types

    def ids(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
        """By (label, currency); what JOOR has not got is not in it."""
        wanted, old = set(wanted), self._types is not None
        found = {(row.label, row.currency): row.id for row in self.all()}
        if old and not wanted <= found.keys():
            self._types = None
            found = {(row.label, row.currency): row.id for row in self.all()}
        return found

    def shown(self, row: Row) -> PriceDraft:
        """A price as JOOR lists it (facts 4.7). Raises Rejected for an amount that cannot be read."""
        found = row.get("price_type")
        names = found if isinstance(found, dict) else {}
        kept = next((kind for kind in self.all() if kind.id == (text(names, "id") or text(row, "price_type_id"))), None)
        label, currency = (kept.label, kept.currency) if kept else (text(names, "name"), text(names, "currency_code"))
        try:
            return PriceDraft(label, currency, money(row, "wholesale_value") or Decimal(0), money(row, "retail_value"))
        except ValueError as exc:
            raise Rejected(f"JOOR, reading prices: {exc}", remote_message=str(exc)) from None

    def listed(self) -> str:
        return ", ".join(f"{row.label!r} in {row.currency}" for row in self.all()) or "none"


class PriceSaver:
    """`save` for the cards of one pass; their SKU ids are known by then."""

    def __init__(self, calls: V4Calls, types: PriceTypes) -> None:
        self._calls = calls
        self._types = types
        self._most = calls.number("v4.items_per_call")

    def save(self, cards: Sequence[Card], about_to: AboutTo) -> Iterator[None]:
        """Pauses after every remote write, and at the end. A card with a price type that JOOR has not got is refused, none of its prices
        sent."""
        cards = [card for card in cards if card.alive and card.wants("prices")]
        lines = {card: _lines(card) for card in cards}
        new = {card: [line for line in lines[card] if line.key not in card.prices] for card in cards}
        ids = self._resolve(new)
        self._find([(card, new[card]) for card in cards if card.alive and card.looks], ids)
        changed = {card: [line for line in lines[card] if line.key in card.prices and line.price != line.before] for card in cards}
        new = {card: [line for line in new[card] if line.key not in card.prices] for card in cards}
        for call in calls_of([(card, new[card]) for card in cards if card.alive], self._most):
            about_to([card.identifier for card, _ in call])
            unclear = self._create(call, ids)
            _done(card for card, _ in call if not unclear.get(card) and not changed[card])
            yield
            for card, found in self._cleared(unclear, ids).items():
                changed[card] += found
        for updates in calls_of([(card, changed[card]) for card in cards if card.alive], self._most):
            self._update(updates)
            _done(card for card, _ in updates)
            yield
        _done(cards)
        yield

    def _resolve(self, new: dict[Card, list[_Line]]) -> dict[tuple[str, str], str]:
        wanted = {card: dict.fromkeys((line.price.label, line.price.currency) for line in lines) for card, lines in new.items()}
        every = {pair for pairs in wanted.values() for pair in pairs}
        ids = self._types.ids(every) if every else {}
        for card, pairs in wanted.items():
            if unknown := [f"{label!r} in {currency}" for label, currency in pairs if (label, currency) not in ids]:
                card.refuse("prices", f"JOOR has no price type {', '.join(unknown)}; it has {self._types.listed()}")
        return ids

    def _find(self, groups: Sequence[tuple[Card, Sequence[_Line]]], ids: dict[tuple[str, str], str]) -> None:
        """Fill in the ids of prices that are on JOOR already; reading ends when none is lacking."""
        waiting = {(card.skus[line.sku.key], _type_of(line, ids)): (card, line.key) for card, lines in groups for line in lines}
        sku_ids = list(dict.fromkeys(sku_id for sku_id, _ in waiting))
        size = self._calls.number("v4.ids_per_read")
        for start in range(0, len(sku_ids), size):
            chunk = sku_ids[start : start + size]
            lacking = {pair for sku_id in chunk for type_id in ids.values() if (pair := (sku_id, type_id)) in waiting}
            for row in self._calls.rows_of("path.prices", "sku_ids", chunk, f"looking up prices of {len(chunk)} SKU(s)"):
                pair = (text(row, "sku_id"), self._type_id(row, ids))
                if pair in lacking and text(row, "id"):
                    card, key = waiting[pair]
                    card.prices[key] = text(row, "id")
                    lacking.discard(pair)
                if not lacking:
                    break

    def _create(self, call: Sequence[tuple[Card, Sequence[_Line]]], ids: dict[tuple[str, str], str]) -> _Refused:
        """Returns those that may be there already, with JOOR's words."""
        sent = [(card, line) for card, lines in call for line in lines]
        rows: list[Row] = [
            {"sku_id": card.skus[line.sku.key], "price_type_id": _type_of(line, ids), **_values(line.price, None)} for card, line in sent
        ]
        names: list[Names] = [{"place": f"{row['sku_id']}|{row['price_type_id']}", "sku_id": row["sku_id"]} for row in rows]
        what = f"creating {len(rows)} price(s)"
        said = self._calls.bulk("path.prices_create", rows, names, lambda row: self._names(row, ids), what, "create")
        unclear: _Refused = {}
        refused: _Refused = {}
        for place, (card, line) in enumerate(sent):
            row, words = said.rows[place], said.words[place]
            if words is None and row is not None and text(row, "id"):
                card.prices[line.key] = text(row, "id")
            elif words in (None, SILENT) or place in said.duplicated:
                unclear.setdefault(card, []).append((line, words or SILENT))
            else:
                refused.setdefault(card, []).append((line, words or SILENT))
        _refuse(refused)
        return unclear

    def _cleared(self, unclear: _Refused, ids: dict[tuple[str, str], str]) -> dict[Card, list[_Line]]:
        """The prices that turned out to be there, their ids known by now: to be updated. The others are refused."""
        self._find([(card, [line for line, _ in found]) for card, found in unclear.items()], ids)
        _refuse({card: [(line, words) for line, words in found if line.key not in card.prices] for card, found in unclear.items()})
        return {card: [line for line, _ in found if line.key in card.prices] for card, found in unclear.items()}

    def _update(self, call: Sequence[tuple[Card, Sequence[_Line]]]) -> None:
        sent = [(card, line) for card, lines in call for line in lines]
        rows: list[Row] = [{"id": card.prices[line.key], **_values(line.price, line.before)} for card, line in sent]
        names: list[Names] = [
            {"id": card.prices[line.key], **({"sku_id": sku_id} if (sku_id := card.skus.get(line.sku.key)) else {})} for card, line in sent
        ]
        said = self._calls.bulk("path.prices_update", rows, names, lambda row: named(row, "id"), f"updating {len(rows)} price(s)", "write")
        refused: _Refused = {}
        for (card, line), words in zip(sent, said.words, strict=True):
            if words is not None:
                refused.setdefault(card, []).append((line, words))
        _refuse(refused)

    def _names(self, row: Row, ids: dict[tuple[str, str], str]) -> Names:
        return {"place": f"{text(row, 'sku_id')}|{self._type_id(row, ids)}"}

    def _type_id(self, row: Row, ids: dict[tuple[str, str], str]) -> str:
        """A price shows its type as an object, or (as it is sent) as `price_type_id`."""
        found = row.get("price_type")
        if not isinstance(found, dict):
            return text(row, "price_type_id")
        return text(found, "id") or ids.get((text(found, "name"), text(found, "currency_code")), "")


def _lines(card: Card) -> list[_Line]:
    told = {} if card.before is None else {_key(sku, price): price for sku in card.before.skus for price in sku.prices}
    return [_Line(sku, price, told.get(key), key) for sku in card.draft.skus for price in sku.prices if (key := _key(sku, price))]


def _key(sku: SkuDraft, price: PriceDraft) -> str:
    return f"{sku.key}|{price.label}|{price.currency}"


def _type_of(line: _Line, ids: dict[tuple[str, str], str]) -> str:
    return ids[line.price.label, line.price.currency]


def _values(price: PriceDraft, before: PriceDraft | None) -> Row:
    """Money as text (facts 4.7). A retail price that JOOR was told and that is no more is taken back with null (ASSUMED)."""
    values: Row = {"wholesale_value": _money(price.wholesale)}
    if price.retail is not None:
        values["retail_value"] = _money(price.retail)
    elif before is not None and before.retail is not None:
        values["retail_value"] = None
    return values


def _money(amount: Decimal) -> str:
    return format(amount, "f")


def _done(cards: Iterable[Card]) -> None:
    for card in cards:
        card.done("prices")


def _refuse(refused: _Refused) -> None:
    for card, found in refused.items():
        if found:
            card.refuse("prices", told((line.title, words) for line, words in found))


def _price_type(row: Row) -> PriceType:
    """Keys as those inside a price (facts 4.7)."""
    return PriceType(text(row, "id"), text(row, "name"), text(row, "currency_code"), text(row, "retail_currency_code"))

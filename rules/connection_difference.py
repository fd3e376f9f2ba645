"""What of a connection that was sent JOOR does not show. A job tells nothing of its records (joor-api facts 3.4): this does. Pure.

Only parts that the draft has are compared, in any order; what JOOR shows besides is not ours to judge. A field that is written in another
manner is no difference: phones, postal codes and countries have many.
"""

import re
from collections.abc import Iterator, Sequence

from clients.joor.types.customers import CodeName, ConnectionAddress, ConnectionDraft, PriceTypeName

_ISO_TWO = 2
_A_PHONE = 7  # digits without area and country
_TEXTS = {
    "customer_code": "customer code",
    "customer_name": "name",
    "alias": "alias",
    "email": "e-mail",
    "contact_name": "contact",
    "sales_rep_code": "sales rep",
}
_PLACE = {
    "name": "name",
    "phone": "phone",
    "email": "e-mail",
    "address_1": "address 1",
    "address_2": "address 2",
    "city": "city",
    "state": "state",
    "postal_code": "postal code",
    "country": "country",
}


def differences(draft: ConnectionDraft, shown: ConnectionDraft) -> list[str]:
    """`PART: 'sent' was sent, JOOR shows 'shown'`, one for each; empty when all that was sent is there."""
    return [
        *_texts(draft, shown),
        *_codes("customer group", _one(draft.group), _one(shown.group)),
        *_codes("company number", _one(draft.company_number), _one(shown.company_number)),
        *_codes("warehouse", draft.warehouses, shown.warehouses),
        *_buyers(draft.buyers, shown.buyers),
        *_addresses("bill-to", draft.billing, shown.billing),
        *_codes("payment method", draft.payment_methods, shown.payment_methods),
        *_addresses("ship-to", draft.shipping, shown.shipping),
        *_codes("shipping method", draft.shipping_methods, shown.shipping_methods),
        *_price_types(draft.price_types, shown.price_types),
    ]


def _texts(draft: ConnectionDraft, shown: ConnectionDraft) -> Iterator[str]:
    for name, part in _TEXTS.items():
        sent, there = getattr(draft, name), getattr(shown, name)
        if sent.strip() and not _same_field(name, sent, there):
            yield _said(part, sent, there)


def _one(row: CodeName | None) -> tuple[CodeName, ...]:
    return (row,) if row else ()


def _codes(part: str, sent: Sequence[CodeName], shown: Sequence[CodeName]) -> Iterator[str]:
    """By code, to the letter; by name where one side has no code."""
    for row in sent:
        if (row.code or row.name) and not any(_same_code(row, other) for other in shown):
            yield _said(part, row.code or row.name, ", ".join(other.code or other.name for other in shown))


def _same_code(one: CodeName, other: CodeName) -> bool:
    if one.code and other.code:
        return one.code.strip() == other.code.strip()
    return bool(_plain(one.name)) and _plain(one.name) == _plain(other.name)


def _buyers(sent: Sequence[tuple[str, str]], shown: Sequence[tuple[str, str]]) -> Iterator[str]:
    """By e-mail; by name where there is none."""
    known = {_plain(text) for buyer in shown for text in buyer}
    for name, email in sent:
        if (email or name) and _plain(email or name) not in known:
            yield _said("buyer", email or name, ", ".join(other_email or other for other, other_email in shown))


def _price_types(sent: Sequence[PriceTypeName], shown: Sequence[PriceTypeName]) -> Iterator[str]:
    """Label and currency to the letter (facts 3.1); the retail currency where JOOR shows one."""
    for row in sent:
        there = [other for other in shown if (other.label, other.currency) == (row.label, row.currency)]
        if not there:
            yield _said("price type", f"{row.label} ({row.currency})", ", ".join(f"{other.label} ({other.currency})" for other in shown))
            continue
        retail = [other.retail_currency for other in there if other.retail_currency]
        if row.retail_currency and retail and row.retail_currency not in retail:
            yield _said(f"retail currency of price type {row.label}", row.retail_currency, ", ".join(retail))


# ---- addresses ----------------------------------------------------------------------------------------------------------------------


def _addresses(part: str, sent: Sequence[ConnectionAddress], shown: Sequence[ConnectionAddress]) -> Iterator[str]:
    """By code, then field by field; by content where JOOR shows no code for it."""
    for address in sent:
        name = f"{part} {address.code or address.name}".strip()
        coded = [other for other in shown if address.code and other.code.strip() == address.code.strip()]
        if coded:
            yield from min((_unlike(name, address, other) for other in coded), key=len)
            continue
        alike = [other for other in shown if not _unlike(name, address, other)]
        if any(not (address.code and other.code) for other in alike):
            continue
        yield _said(name, _line(address), "; ".join(f"{other.code} {_line(other)}".strip() for other in shown))


def _unlike(name: str, sent: ConnectionAddress, shown: ConnectionAddress) -> list[str]:
    pairs = ((part, field, getattr(sent, field), getattr(shown, field)) for field, part in _PLACE.items())
    return [_said(f"{name}, {part}", one, other) for part, field, one, other in pairs if one.strip() and not _same_field(field, one, other)]


def _line(address: ConnectionAddress) -> str:
    parts = (address.name, address.address_1, address.city, address.state, address.postal_code, address.country)
    return ", ".join(part for part in parts if part)


# ---- one field ----------------------------------------------------------------------------------------------------------------------


def _same_field(field: str, sent: str, shown: str) -> bool:
    if field == "phone":
        return _same_phone(sent, shown)
    if field == "country":
        return _same_country(sent, shown)
    if field == "postal_code":
        return re.sub(r"[\W_]+", "", sent).casefold() == re.sub(r"[\W_]+", "", shown).casefold()
    if field in ("email", "city", "state"):
        return _plain(sent) == _plain(shown)
    return " ".join(sent.split()) == " ".join(shown.split())


def _same_phone(one: str, other: str) -> bool:
    """Digits alone; a country code that one side leaves out is no difference. Without any digit, as text."""
    digits = sorted((re.sub(r"\D+", "", text).lstrip("0") for text in (one, other)), key=len)
    if not digits[1]:
        return _plain(one) == _plain(other)
    return digits[0] == digits[1] or (len(digits[0]) >= _A_PHONE and digits[1].endswith(digits[0]))


def _same_country(one: str, other: str) -> bool:
    """A code of two letters and a longer name cannot be compared here: no difference."""
    plain = sorted((_plain(text) for text in (one, other)), key=len)
    return plain[0] == plain[1] or (len(plain[0]) == _ISO_TWO < len(plain[1]))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _said(part: str, sent: str, shown: str) -> str:
    return f"{part}: {sent!r} was sent, JOOR shows {shown!r}" if shown.strip() else f"{part}: {sent!r} was sent, JOOR shows none"

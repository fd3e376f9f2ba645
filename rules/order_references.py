"""How JOOR's names for things are compared with AIMS360's: by code, by stored pair, by UPC, by whole address; never by name alone. Pure."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from clients.aims360.types import Store, StyleColor
from clients.joor.types import Address, Connection, JoorOrder, OrderLine
from models.accounts import account_of, retailer_key
from models.settings import OrderSettings, StyleSettings

#: A shipping code of 0 means none (AIMS360's JOOR module facts 4.12, a parallel product).
NO_CODE = ("", "0")


@dataclass(frozen=True)
class SkuMatch:
    """`size` is None when the style-colour has no such size. `conflict` says why the codes and the UPC (or the size pairs) disagree."""

    style_color: StyleColor
    size: str | None
    conflict: str = ""
    about: Literal["upc", "size"] = "upc"


def shipping_code(order: JoorOrder) -> str:
    code = order.shipping.code.strip()
    return "" if code in NO_CODE else code


def customer_keys(order: JoorOrder) -> list[str]:
    """JOOR codes of a customer pair, best first: the customer code, then `shipping:CODE`. A retailer who connected on JOOR by himself has
    neither; then `retailer:NAME/POSTAL CODE` (a pair under that key was stored by a person or with a customer we made)."""
    keys = [order.customer_code.strip()] if order.customer_code.strip() else []
    if shipping_code(order):
        keys.append(f"shipping:{shipping_code(order)}")
    if not order.customer_code.strip():
        keys.append(retailer_key(order.customer_name, postal_code(order)))
    return keys


def postal_code(order: JoorOrder) -> str:
    """The retailer's: of the bill-to, else of the ship-to."""
    return order.billing.postal_code.strip() or order.shipping.postal_code.strip()


def new_account(order: JoorOrder, settings: OrderSettings) -> str:
    """The AIMS360 account of a customer made for this order, the same every time (the rule in words: `models.accounts`)."""
    return account_of(order.customer_code, order.customer_name, postal_code(order), settings)


def is_retailer(connection: Connection, name: str, postal: str) -> bool:
    """Same name AND same postal code, of the bill-to or of any ship-to. Without a postal code nobody is: a name alone says nothing."""
    shown = connection.shown
    codes = [address.postal_code for address in (*shown.billing, *shown.shipping)] if shown else []
    return same_text(connection.customer_name, name) and any(same_postal_code(code, postal) for code in codes)


def same_postal_code(one: str, other: str) -> bool:
    """Without regard to case, spaces and dashes; an empty one is no one's."""
    plain = [re.sub(r"[\W_]+", "", text).casefold() for text in (one, other)]
    return bool(plain[0]) and plain[0] == plain[1]


def same_text(one: str, other: str) -> bool:
    """Names and parts of addresses, however they are written; an empty one is no name."""
    return bool(_plain(one)) and _plain(one) == _plain(other)


def style_keys(line: OrderLine, settings: StyleSettings) -> list[tuple[str, str]]:
    """(AIMS360 style, AIMS360 colour) this line may mean, best first: by the brand's identifier, then by the style number.
    With one card per style and colour the identifier is style + separator + colour."""
    color = line.color_code.strip()
    identifier, number = line.style_identifier.strip(), line.style_number.strip()
    tail = settings.identifier_separator + color
    if settings.card == "style_color" and color and identifier.endswith(tail) and len(identifier) > len(tail):
        identifier = identifier[: -len(tail)]
    return [(style, color) for style in dict.fromkeys((identifier, number)) if style]


def pair_keys(line: OrderLine) -> list[str]:
    """JOOR codes of a style pair, narrowest first: the UPC (-> STYLE|COLOUR|SIZE), `IDENTIFIER|COLOUR` (-> STYLE|COLOUR), `IDENTIFIER`
    (-> STYLE); identifier first, then style number."""
    names = [name for name in dict.fromkeys((line.style_identifier.strip(), line.style_number.strip())) if name]
    color = line.color_code.strip()
    return [line.upc.strip()] * bool(line.upc.strip()) + [f"{name}|{color}" for name in names] + names


def match_sku(found: StyleColor, size_names: Sequence[str], line: OrderLine, siblings: Iterable[StyleColor]) -> SkuMatch:
    """`found` came by code; `size_names` are the AIMS360 sizes that JOOR's size may mean, best first. Size names are case-sensitive.

    A UPC that is missing on one side says nothing. One that differs is a conflict: the codes and the UPC mean different goods.
    """
    sizes = {size.name: size for size in found.sizes}
    by_upc = sku_by_upc(line.upc, siblings)
    names = [name for name in size_names if name in sizes]
    if not names:
        same_color = by_upc is not None and by_upc[0].id == found.id
        return SkuMatch(found, by_upc[1] if by_upc and same_color else None)
    if len(set(names)) > 1:
        return SkuMatch(found, None, f"size {line.size!r} is mapped to several sizes of {found.style} {found.color}", "size")
    size = sizes[names[0]]
    if line.upc.strip() and size.upc and not same_upc(line.upc, size.upc):
        other = f"belongs to {by_upc[0].style} {by_upc[0].color} {by_upc[1]}" if by_upc else "is not known for that style"
        return SkuMatch(
            found, None, f"UPC {line.upc} {other}, but style, colour and size say {found.style} {found.color} {size.name} (UPC {size.upc})"
        )
    if by_upc and (by_upc[0].id, by_upc[1]) != (found.id, size.name):
        return SkuMatch(
            found,
            None,
            f"UPC {line.upc} belongs to {by_upc[0].style} {by_upc[0].color} {by_upc[1]}, but style, colour and size say "
            f"{found.style} {found.color} {size.name}",
        )
    return SkuMatch(found, size.name)


def sku_by_upc(upc: str, style_colors: Iterable[StyleColor]) -> tuple[StyleColor, str] | None:
    """The one SKU with this UPC; None when there is none or more than one."""
    if not upc.strip():
        return None
    found = [(row, size.name) for row in style_colors for size in row.sizes if size.upc and same_upc(upc, size.upc)]
    return found[0] if len(found) == 1 else None


def same_upc(one: str, other: str) -> bool:
    """UPC-A and its EAN-13 spelling (leading zeros) are the same number."""
    return one.strip().lstrip("0") == other.strip().lstrip("0")


def has_address(address: Address) -> bool:
    return bool(address.address_1.strip() or address.city.strip() or address.postal_code.strip())


def same_place(address: Address, store: Store, country_id: str | None) -> bool:
    """Every part equal after normalising. A country that is unknown on one side does not speak against it."""
    ours = [address.address_1, address.address_2, address.city, address.region, address.postal_code]
    theirs = [store.address1, store.address2, store.city, store.state, store.zip_code]
    countries_differ = bool(country_id and store.country_id and country_id != store.country_id)
    return not countries_differ and [_plain(part) for part in ours] == [_plain(part) for part in theirs]


def store_at(address: Address, stores: Sequence[Store], country_id: str | None) -> Store | None:
    """The one store at this address; of several at one address the one with the same name; None when that is not one either."""
    here = [store for store in stores if same_place(address, store, country_id)]
    if len(here) > 1:
        here = [store for store in here if _plain(store.name) == _plain(address.name)]
    return here[0] if len(here) == 1 else None


def address_digest(address: Address) -> str:
    """Short and stable, for "this address was already offered"."""
    parts = [address.name, address.address_1, address.address_2, address.city, address.region, address.postal_code, address.country_iso_two]
    return hashlib.sha256("|".join(_plain(part) for part in parts).encode()).hexdigest()[:16]


def _plain(text: str) -> str:
    """Case, accents' composition, spaces and punctuation do not make another address."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.sub(r"[^\w]+", " ", folded).split())

"""Who orders and where the goods go. A customer is found by code or stored pair; a new ship-to travels with the order, once."""

from dataclasses import dataclass

from clients.aims360.types import Customer, NewCustomer, OneTimeAddress, Store
from clients.joor.types import Address, JoorOrder
from rules.order_references import customer_keys, has_address, new_account, same_place, shipping_code, store_at
from workers.order_lookups import AimsLookups
from workers.order_pairs import Gaps, Pairs, fetch_again_command, map_command
from workers.sync import Context


@dataclass(frozen=True)
class Buyer:
    """`customer_id` is "" for one that is to be created (`new`). `key` is the JOOR code the pair is kept under."""

    key: str
    account: str
    customer_id: str
    customer: Customer | None = None
    new: NewCustomer | None = None


@dataclass(frozen=True)
class ShipTo:
    """Exactly one of the two: a store of the customer, or an address for this order only."""

    store_id: str | None = None
    one_time: OneTimeAddress | None = None
    remarks: tuple[str, ...] = ()


def find_buyer(ctx: Context, order: JoorOrder, lookups: AimsLookups, pairs: Pairs, gaps: Gaps) -> Buyer | None:
    """By customer code (pair, else equal account), else by a pair of the shipping code; else by the site's policy a new one or a gap."""
    for key in customer_keys(order):
        targets = list(dict.fromkeys(pair.aims_code for pair in pairs.of("customer", key) if pair.aims_code and not pair.ignored))
        if len(targets) > 1:
            gaps.pair("customer", key, f"customer (mapped to {' and '.join(targets)}: mark one as primary)", "ACCOUNT")
            return None
        account = targets[0] if targets else key if key == order.customer_code.strip() else None
        found = lookups.customer(account) if account else None
        if found is not None:
            return _orderable(ctx, order, key, found, gaps)
        if targets:
            gaps.pair("customer", key, f"customer (mapped to {targets[0]}, which AIMS360 does not have)", "ACCOUNT")
            return None
    if ctx.site.orders.new_customer == "create":
        return _new_buyer(ctx, order, lookups, pairs, gaps)
    gaps.pair("customer", _own_key(order), f"customer {order.customer_name}", "ACCOUNT")
    return None


def _own_key(order: JoorOrder) -> str:
    """Where a new pair belongs. Never under a shipping code: STORE1 may be everybody's, so such a pair is a person's free decision."""
    return next(key for key in customer_keys(order) if not key.startswith("shipping:"))


def _orderable(ctx: Context, order: JoorOrder, key: str, found: Customer, gaps: Gaps) -> Buyer | None:
    if found.status.strip().casefold() == "active":
        return Buyer(key, found.account, found.id, found)
    fix = (
        f"Set customer {found.account} to Active in AIMS360, then: {fetch_again_command(order.order_id, ctx.site.key)}; "
        f"or name another: {map_command('customer', key, ctx.site.key, 'ACCOUNT')}"
    )
    gaps.add("decision", f"customer:{found.account}", f"customer {found.account} is {found.status or 'of unknown status'} in AIMS360", fix)
    return None


def _new_buyer(ctx: Context, order: JoorOrder, lookups: AimsLookups, pairs: Pairs, gaps: Gaps) -> Buyer | None:
    """The account is derived the same way every time, so a customer made by an earlier try is found again instead of made twice."""
    key, account = _own_key(order), new_account(order)
    made = lookups.customer(account) if account != order.customer_code.strip() else None
    if made is not None:
        if made.name.strip().casefold() == order.customer_name.strip().casefold():
            return _orderable(ctx, order, key, made, gaps)
        gaps.pair("customer", key, f"customer {order.customer_name} (AIMS360's {account} is {made.name})", "ACCOUNT")
        return None
    where = order.billing if has_address(order.billing) else order.shipping
    country_id = _country(where, lookups, pairs, gaps, "bill-to country")
    address = _one_time(where, order.customer_name, country_id) if has_address(where) else None
    new = NewCustomer(
        account=account,
        name=order.customer_name.strip() or account,
        email=order.shipping.email,
        phone=order.billing.phone or order.shipping.phone,
        address=address,
    )
    return Buyer(key, account, "", new=new)


def find_ship_to(ctx: Context, order: JoorOrder, buyer: Buyer, lookups: AimsLookups, pairs: Pairs, gaps: Gaps) -> ShipTo | None:
    """A store by pair or equal code, else the store at exactly that address, else the address itself for this order only."""
    code = shipping_code(order)
    country_id = _country(order.shipping, lookups, pairs, gaps, "ship-to country")
    stores = lookups.stores(buyer.customer) if buyer.customer else []
    paired = [pair.aims_code.split("|", 1)[-1] for pair in pairs.of("store", f"{buyer.key}|{code}") if pair.aims_code] if code else []
    wanted = paired[0] if paired else code
    by_code = _with_code(wanted, stores)
    if wanted and by_code is None and buyer.customer and not store_at(order.shipping, _open(stores), country_id):
        stores = lookups.stores(buyer.customer, again=True)
        by_code = _with_code(wanted, stores)
    if by_code is not None:
        return _store(ctx, order, buyer, by_code, country_id, gaps)
    at_address = store_at(order.shipping, _open(stores), country_id) if has_address(order.shipping) else None
    if at_address is not None:
        return ShipTo(store_id=at_address.id)
    if not has_address(order.shipping):
        named = f"store {code!r}, which customer {buyer.account} does not have, and no address" if code else "no ship-to"
        fix = f"Type the ship-to into JOOR order {order.order_id}; it is read again by itself."
        gaps.add("decision", f"ship_to:{order.order_id}", f"JOOR's order has {named}", fix)
        return None
    return ShipTo(one_time=_one_time(order.shipping, order.customer_name, country_id))


def _with_code(code: str, stores: list[Store]) -> Store | None:
    return next((store for store in stores if code and store.code == code), None)


def _open(stores: list[Store]) -> list[Store]:
    return [store for store in stores if store.active and not store.no_shipment]


def _store(ctx: Context, order: JoorOrder, buyer: Buyer, store: Store, country_id: str | None, gaps: Gaps) -> ShipTo | None:
    if not _open([store]):
        state = "No Shipment" if store.no_shipment else "inactive"
        value = f"store:{buyer.account}|{store.code}"
        again = fetch_again_command(order.order_id, ctx.site.key)
        fix = f"Open store {store.code} of customer {buyer.account} in AIMS360, then: {again}"
        gaps.add("decision", value, f"ship-to {store.code} of {buyer.account} is {state} in AIMS360", fix)
        return None
    if has_address(order.shipping) and not same_place(order.shipping, store, country_id):
        ours = ", ".join(filter(None, (order.shipping.address_1, order.shipping.city, order.shipping.postal_code)))
        theirs = ", ".join(filter(None, (store.address1, store.city, store.zip_code)))
        return ShipTo(store_id=store.id, remarks=(f"ship-to {store.code}: JOOR writes {ours}; AIMS360 ships to {theirs}",))
    return ShipTo(store_id=store.id)


def _one_time(address: Address, customer_name: str, country_id: str | None) -> OneTimeAddress:
    return OneTimeAddress(
        name=address.name.strip() or customer_name.strip(),
        address1=address.address_1,
        address2=address.address_2,
        city=address.city,
        state=address.region,
        zip_code=address.postal_code,
        country_id=country_id,
    )


def _country(address: Address, lookups: AimsLookups, pairs: Pairs, gaps: Gaps, where: str) -> str | None:
    """By pair, else AIMS360's code equal to the ISO code (two or three letters; which one AIMS360 uses is UNKNOWN)."""
    keys = [key for key in (address.country_iso_two.strip(), address.country_iso_three.strip(), address.country.strip()) if key]
    for key in keys:
        for pair in pairs.of("country", key):
            row = lookups.code("country", pair.aims_code) if pair.aims_code else None
            if row is not None:
                return row.aims_id
    for key in keys[: 2 if address.country_iso_two else 1]:
        row = lookups.code("country", key)
        if row is not None:
            return row.aims_id
    if keys:
        gaps.pair("country", keys[0], where)
    return None

"""Where the goods go: a store of the customer, or an address that travels with this order alone."""

from dataclasses import dataclass

from clients.aims360.types import OneTimeAddress, Store
from clients.joor.types import JoorOrder
from rules.order_references import has_address, same_place, shipping_code, store_at
from workers.order_addresses import country_of, one_time_address
from workers.order_buyer import Buyer
from workers.order_lookups import AimsLookups
from workers.order_pairs import Gaps, Pairs, fetch_again_command
from workers.sync import Context


@dataclass(frozen=True)
class ShipTo:
    """Exactly one of the two: a store of the customer, or an address for this order only."""

    store_id: str | None = None
    one_time: OneTimeAddress | None = None
    remarks: tuple[str, ...] = ()


def find_ship_to(ctx: Context, order: JoorOrder, buyer: Buyer, lookups: AimsLookups, pairs: Pairs, gaps: Gaps) -> ShipTo | None:
    """A store by pair or equal code, else the store at exactly that address, else the address itself for this order only."""
    code = shipping_code(order)
    country_id = country_of(order.shipping, lookups, pairs, gaps, "ship-to country")
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
    return ShipTo(one_time=one_time_address(order.shipping, order.customer_name, country_id))


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

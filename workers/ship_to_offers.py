"""Ship-tos that came with orders and that the customer does not have in AIMS360: offered to a person, never added by themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from clients.aims360.types import OneTimeAddress
from clients.joor.types import Address, JoorOrder
from models.customers import ShipToOffer
from rules.order_references import address_digest, shipping_code
from workers.order_pairs import quoted
from workers.order_records import find_task, put_task
from workers.order_ship_to import ShipTo
from workers.sync import Context

TASK = "ship_to"
OPEN, ACCEPTED, ADDED, REFUSED = "open", "accepted", "added", "refused"


def offer_ship_to(session: Session, ctx: Context, order: JoorOrder, account: str, ship_to: ShipTo, now: datetime) -> None:
    """Once per customer and address, with every order that went there. One that AIMS360 has by now is not offered any more."""
    digest = address_digest(order.shipping)
    query = select(ShipToOffer).where(ShipToOffer.site_id == ctx.site.id, ShipToOffer.account == account, ShipToOffer.digest == digest)
    offer = session.exec(query).first()
    if ship_to.one_time is None:
        if offer is not None and offer.state in (OPEN, ACCEPTED):
            settle(session, offer, ADDED, "found in AIMS360", now)
        return
    if offer is None:
        offer = ShipToOffer(site_id=ctx.site.id, account=account, digest=digest, address=_plain(ship_to.one_time), created_at=now)
    offer.joor_code = shipping_code(order)[:60]
    offer.orders = list(dict.fromkeys([*offer.orders, order.order_id]))
    session.add(offer)
    session.flush()
    if offer.state == OPEN:
        put_offer_task(session, offer, _choices(ctx.site.key, offer), now)


def address_of(offer: ShipToOffer) -> OneTimeAddress:
    given = {name: str(value or "") for name, value in offer.address.items()}
    country_id = given.pop("country_id", "") or None
    return OneTimeAddress(**given, country_id=country_id)


def joor_address_of(offer: ShipToOffer) -> Address:
    """As the order had it, for comparing with AIMS360's stores."""
    given = address_of(offer)
    return Address(
        name=given.name,
        address_1=given.address1,
        address_2=given.address2,
        city=given.city,
        region=given.state,
        postal_code=given.zip_code,
    )


def in_a_line(offer: ShipToOffer) -> str:
    return ", ".join(value for name, value in offer.address.items() if value and name != "country_id")


def put_offer_task(session: Session, offer: ShipToOffer, steps: Sequence[str], now: datetime) -> None:
    summary = f"Customer {offer.account} has no store at: {in_a_line(offer)}"
    put_task(session, offer.site_id, TASK, _key(offer), summary, [*steps], offer.address, now)


def settle(session: Session, offer: ShipToOffer, state: str, words: str, now: datetime) -> None:
    """The offer has come to an end, and so has its task."""
    offer.state, offer.words = state, words
    session.add(offer)
    task = find_task(session, offer.site_id, TASK, _key(offer))
    if task is not None and task.done_at is None:
        task.done_at, task.done_by = now, f"joorsync (ship-to {state}: {words})"[:100]
        session.add(task)


def by_hand_steps(site: str, offer: ShipToOffer) -> list[str]:
    """The clicks, for an accepted one."""
    return [
        f"Open customer {offer.account} in AIMS360 and add store {offer.store_code}: {in_a_line(offer)}.",
        f"Then: joorsync ship-tos accept {offer.id} --code {quoted(offer.store_code)} --site {site} (it is looked up and noted)",
    ]


def _choices(site: str, offer: ShipToOffer) -> list[str]:
    code = quoted(offer.joor_code) if offer.joor_code else "CODE"
    free = "" if offer.joor_code else " (without --code it gets the next free number)"
    return [
        f"To add it to the customer: joorsync ship-tos accept {offer.id} --code {code} --site {site}{free}",
        f"If the address was meant for one order only: joorsync ship-tos refuse {offer.id} --site {site}",
    ]


def _key(offer: ShipToOffer) -> str:
    return f"{offer.account}|{offer.digest}"


def _plain(address: OneTimeAddress) -> dict[str, Any]:
    return {name: str(value or "") for name, value in vars(address).items()}

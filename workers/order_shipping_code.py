"""An order without a customer code, whose shipping code is one customer's alone (joor-api facts 3.6): code first, this second."""

from sqlmodel import Session, col, select

from clients.aims360.types import Customer
from clients.joor.parse import parse_connection
from clients.joor.types import JoorOrder
from models.customers import CustomerSource, JoorConnection
from rules.order_references import same_postal_code, same_text, shipping_code
from workers.customer_pairs import joor_code_of
from workers.order_lookups import AimsLookups
from workers.sync import Context


def only_customer_with(ctx: Context, order: JoorOrder, lookups: AimsLookups) -> Customer | None:
    """The one AIMS360 customer that has an open store of the order's shipping code, when that store's postal code is the ship-to's too
    and no other retailer of the brand on JOOR has the code. Works from what was last read of both sides; the store itself is looked up."""
    code = shipping_code(order)
    if not code:
        return None
    with ctx.session() as session:
        accounts = _accounts_with(session, ctx.site.id, code)
        if len(accounts) != 1 or _others_with(session, ctx.site.id, code, accounts[0], order.customer_name):
            return None
    found = lookups.customer(accounts[0])
    stores = lookups.stores(found) if found else []
    here = [
        store
        for store in stores
        if store.code == code and store.active and not store.no_shipment and same_postal_code(store.zip_code, order.shipping.postal_code)
    ]
    return found if here else None


def _accounts_with(session: Session, site_id: int, code: str) -> list[str]:
    query = select(CustomerSource.account, CustomerSource.stores).where(
        CustomerSource.site_id == site_id, col(CustomerSource.gone).is_(False)
    )
    return [account for account, stores in session.exec(query) if any(_is_open(store, code) for store in stores or [])]


def _is_open(store: dict[str, object], code: str) -> bool:
    return store.get("code") == code and bool(store.get("active", True)) and not store.get("no_shipment", False)


def _others_with(session: Session, site_id: int, code: str, account: str, name: str) -> bool:
    """Whether a retailer on JOOR that is another customer, or has no code and another name, ships under that code too."""
    own = joor_code_of(session, site_id, account)
    query = select(JoorConnection).where(JoorConnection.site_id == site_id, col(JoorConnection.gone).is_(False))
    others = [row for row in session.exec(query) if (row.customer_code != own if row.customer_code else not same_text(row.name, name))]
    return any(code in parse_connection(row.raw).shipping_codes for row in others)

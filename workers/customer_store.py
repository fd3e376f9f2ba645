"""An accepted ship-to, added to its AIMS360 customer: looked for first, created where AIMS360 has a route for it, else left to a person.

No route is known (aims360-api facts 7, 9.2): contract `path.store_create` is empty until a tenant proves one. A create whose answer was
lost is looked up before anything else is sent.
"""

from collections.abc import Sequence

from sqlalchemy import delete
from sqlmodel import Session, col, select

from clients.aims360.types import Customer, NewStore, Store
from models.customers import ShipToOffer
from models.errors import AccessDenied, NotPossible, Outcome, Rejected, Synced, Unavailable, Unchanged, WaitUntil
from models.jobs import JobKind
from models.lookups import Lookup
from models.mappings import Mapping, MappingKind
from models.outbox import release_blocked
from rules.order_references import same_place
from workers.customer_pairs import joor_code_of
from workers.ship_to_offers import ACCEPTED, ADDED, OPEN, address_of, by_hand_steps, joor_address_of, put_offer_task, settle
from workers.sync import Context, FlowSpec, JobView

#: `ShipToOffer.words` from before a create until its answer is recorded: a store of that code is then ours, however AIMS360 writes it.
SENT = "sent to AIMS360; no answer yet"


def add_store(job: JobView, ctx: Context) -> Outcome:
    """`job.key` is the offer's number."""
    offer = _offer(job, ctx)
    if offer.state != ACCEPTED:
        return Unchanged(f"ship-to {job.key} is {offer.state}" + (f": {offer.words}" if offer.words else ""))
    customer = ctx.aims.customer(offer.account)
    if customer is None:
        raise _left(ctx, offer, f"AIMS360 has no customer {offer.account}", [f"Make customer {offer.account} in AIMS360 first."])
    found = _there(ctx, offer, ctx.aims.stores(customer.id))
    if job.dry_run:
        return Unchanged(f"dry run: {_preview(ctx, offer, found)}")
    if found is not None:
        _record(ctx, offer, found, f"it is store {found.code} in AIMS360")
        return Unchanged(f"customer {offer.account} has that address already, as store {found.code}")
    return _create(ctx, offer, customer)


def _offer(job: JobView, ctx: Context) -> ShipToOffer:
    with ctx.session() as session:
        offer = session.get(ShipToOffer, int(job.key)) if job.key.isdecimal() else None
    if offer is None or offer.site_id != ctx.site.id:
        raise NotPossible(f"There is no ship-to {job.key}", fix=[f"List them: joorsync ship-tos --site {ctx.site.key}"])
    return offer


# ---- looking ------------------------------------------------------------------------------------------------------------------------


def _there(ctx: Context, offer: ShipToOffer, stores: Sequence[Store]) -> Store | None:
    """The store this offer is: at the same address, or of the chosen code where a create of ours may have made it or AIMS360 shows no
    address. Raises NotPossible for a closed one, and for a code that another address has."""
    here = [store for store in stores if _is_here(offer, store)]
    here.sort(key=lambda store: (not _is_open(store), store.code != offer.store_code))
    if here and not _is_open(here[0]):
        words = f"AIMS360 has that address as store {here[0].code} of {offer.account}, which is closed"
        raise _left(ctx, offer, words, [f"Open store {here[0].code} of customer {offer.account} in AIMS360.", _again(ctx, offer)])
    if here:
        return here[0]
    named = next((store for store in stores if store.code == offer.store_code), None)
    if named is None or offer.words == SENT or not (named.address1 or named.city or named.zip_code):
        return named
    raise _taken(ctx, offer, named)


def _is_here(offer: ShipToOffer, store: Store) -> bool:
    return same_place(joor_address_of(offer), store, address_of(offer).country_id)


def _is_open(store: Store) -> bool:
    return store.active and not store.no_shipment


def _preview(ctx: Context, offer: ShipToOffer, found: Store | None) -> str:
    if found is not None:
        return f"customer {offer.account} has that address already, as store {found.code}"
    who = "would be added" if ctx.aims.can_add_stores else "would be left to a person to add"
    return f"store {offer.store_code} of customer {offer.account} {who}"


# ---- creating -----------------------------------------------------------------------------------------------------------------------


def _create(ctx: Context, offer: ShipToOffer, customer: Customer) -> Outcome:
    if not ctx.aims.can_add_stores:
        raise _left(ctx, offer, f"AIMS360 has no known route to add store {offer.store_code} to customer {offer.account}")
    ctx.beat()
    _claim(ctx, offer)
    try:
        store_id = ctx.aims.create_store(NewStore(customer.id, offer.store_code, address_of(offer)))
    except Rejected as refusal:
        words = f"AIMS360 refuses store {offer.store_code} of customer {offer.account}: {refusal.remote_message or refusal.summary}"
        raise _left(ctx, offer, words) from refusal
    except NotPossible as error:
        raise _left(ctx, offer, error.summary) from error
    except (WaitUntil, AccessDenied, Unavailable):
        _say(ctx, offer, "")  # clients raise these only when nothing was created
        raise
    ctx.hit("after_http_before_record")
    _record(ctx, offer, Store(store_id, customer.id, offer.store_code), f"store {offer.store_code} was added in AIMS360 ({store_id})")
    return Synced(note=f"Store {offer.store_code} was added to customer {offer.account} in AIMS360")


def _claim(ctx: Context, offer: ShipToOffer) -> None:
    """Committed before the POST. Raises NotPossible when a person has decided otherwise meanwhile."""
    with ctx.session() as session:
        row = session.get_one(ShipToOffer, offer.id)
        if row.state != ACCEPTED or row.store_code != offer.store_code:
            raise NotPossible(f"Ship-to {offer.id} was decided anew meanwhile: it is {row.state}", fix=["Nothing has to be done."])
        row.words = SENT
        session.add(row)


# ---- recording ----------------------------------------------------------------------------------------------------------------------


def _record(ctx: Context, offer: ShipToOffer, store: Store, words: str) -> None:
    """At once. What is remembered of the customer's stores is forgotten, so that the next order finds the new one."""
    now = ctx.clock.now()
    with ctx.session() as session:
        row = session.get_one(ShipToOffer, offer.id)
        row.store_code = store.code
        settle(session, row, ADDED, words, now)
        prefix = col(Lookup.code).startswith(f"{row.account}|", autoescape=True)
        session.execute(delete(Lookup).where(col(Lookup.tenant) == ctx.site.aims_tenant, col(Lookup.kind) == "store", prefix))
        if row.joor_code and row.joor_code != store.code:
            _pair(session, ctx, row)


def _pair(session: Session, ctx: Context, offer: ShipToOffer) -> None:
    """JOOR's shipping code names another store code: CUSTOMERCODE|SHIPPINGCODE -> ACCOUNT|STORE, unless a pair says something already."""
    now, code = ctx.clock.now(), f"{joor_code_of(session, ctx.site.id, offer.account)}|{offer.joor_code}"
    kind = MappingKind.STORE.value
    known = select(Mapping.id).where(Mapping.site_id == ctx.site.id, Mapping.kind == kind, Mapping.joor_code == code)
    if session.exec(known).first() is not None:
        return
    session.add(
        Mapping(
            site_id=ctx.site.id,
            kind=kind,
            joor_code=code,
            joor_name=offer.address.get("name", "")[:200],
            aims_code=f"{offer.account}|{offer.store_code}",
            created_by=JobKind.CUSTOMERS_STORE.value,
            created_at=now,
            updated_at=now,
        )
    )
    release_blocked(session, ctx.site.id, kind, code, now=now)


def _say(ctx: Context, offer: ShipToOffer, words: str) -> None:
    with ctx.session() as session:
        row = session.get_one(ShipToOffer, offer.id)
        row.words = words
        session.add(row)


def _left(ctx: Context, offer: ShipToOffer, words: str, steps: Sequence[str] = ()) -> NotPossible:
    """It stays accepted, and a person has the clicks: in the task, and in the error that is returned."""
    with ctx.session() as session:
        row = session.get_one(ShipToOffer, offer.id)
        row.words = words
        session.add(row)
        fix = [*steps] or by_hand_steps(ctx.site.key, row)
        put_offer_task(session, row, fix, ctx.clock.now())
    return NotPossible(words, fix=fix)


def _taken(ctx: Context, offer: ShipToOffer, store: Store) -> NotPossible:
    """Another address has the code: a person chooses another one."""
    words = f"Store {store.code} of customer {offer.account} is another address: {store.address1}, {store.city}"
    fix = [f"Choose another code: joorsync ship-tos accept {offer.id} --code CODE --site {ctx.site.key}"]
    with ctx.session() as session:
        row = session.get_one(ShipToOffer, offer.id)
        row.state, row.words = OPEN, words
        session.add(row)
        put_offer_task(session, row, fix, ctx.clock.now())
    return NotPossible(words, fix=fix)


def _again(ctx: Context, offer: ShipToOffer) -> str:
    return by_hand_steps(ctx.site.key, offer)[-1]


STORE = FlowSpec(kind=JobKind.CUSTOMERS_STORE, run=add_store, lease_seconds=120, endpoints=("aims360.customers",))

"""Deciding on ship-tos that came with orders: add one to its AIMS360 customer, or not.

Everything here works in the caller's transaction and only on our own tables; nothing is sent before the caller commits.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, select

from models.audit import AuditEntry
from models.customers import CustomerSource, ShipToOffer
from models.errors import NotPossible
from models.jobs import PENDING, DataType, Job, JobKind, JobState, Run
from models.ledgers import ManualTask
from models.outbox import Ask
from models.sites import Site
from producers.requests import ask_for, resolve_site
from runtime.clock import Clock, SystemClock

_LONGEST_CODE = 40


def listing(session: Session, site: str, everything: bool) -> Sequence[ShipToOffer]:
    """Those that wait for a decision or for AIMS360, oldest first; with `everything` all. Raises NotPossible for an unknown site."""
    query = select(ShipToOffer).order_by(col(ShipToOffer.id))
    if site:
        query = query.where(ShipToOffer.site_id == resolve_site(session, site).id)
    if not everything:
        query = query.where(col(ShipToOffer.state).in_(("open", "accepted")))
    return session.exec(query).all()


def accept(
    session: Session,
    site: Site | str,
    offer_id: int,
    by: str,
    *,
    store_code: str = "",
    reason: str = "",
    clock: Clock | None = None,
) -> Run:
    """Have the ship-to added to its customer, as store `store_code`; without one as JOOR's shipping code, or the next free number of four
    digits where the customer has such a store. An accepted one is looked up again. Raises NotPossible for a code that is taken."""
    clock = clock or SystemClock()
    found, offer = resolve_site(session, site), _offer(session, site, offer_id)
    if offer.state == "added":
        raise NotPossible(
            f"Ship-to {offer_id} is store {offer.store_code} of customer {offer.account} already", fix=["Nothing has to be done."]
        )
    before = {"state": offer.state, "store_code": offer.store_code}
    code = _code(session, found, offer, store_code.strip())
    if before != {"state": "accepted", "store_code": code}:
        _refuse_while_sent(session, offer)
        offer.words = ""
    offer.state, offer.store_code, offer.decided_at, offer.decided_by = "accepted", code, clock.now(), by
    session.add(offer)
    _audit(session, offer, "ship_tos.accept", before, reason)
    asks = [Ask(JobKind.CUSTOMERS_STORE, str(offer_id), {"account": offer.account, "store": offer.store_code}, revive=True)]
    words = reason or f"store {offer.store_code} of {offer.account}"
    return ask_for(session, found, DataType.CUSTOMERS, asks, reason=words, requested_by=by, clock=clock)


def refuse(session: Session, site: Site | str, offer_id: int, by: str, *, reason: str = "", clock: Clock | None = None) -> ShipToOffer:
    """The address stays with its orders alone, and is not offered again. Raises NotPossible for one that is added already."""
    now, offer = (clock or SystemClock()).now(), _offer(session, site, offer_id)
    if offer.state == "added":
        raise NotPossible(
            f"Ship-to {offer_id} is store {offer.store_code} of customer {offer.account} already",
            fix=[f"Close store {offer.store_code} of customer {offer.account} in AIMS360."],
        )
    _refuse_while_sent(session, offer)
    before = {"state": offer.state, "store_code": offer.store_code}
    offer.state, offer.words, offer.decided_at, offer.decided_by = "refused", reason, now, by
    session.add(offer)
    _cancel(session, offer, by, now)
    task = session.exec(
        select(ManualTask).where(
            ManualTask.site_id == offer.site_id, ManualTask.kind == "ship_to", ManualTask.key == f"{offer.account}|{offer.digest}"
        )
    ).first()
    if task is not None and task.done_at is None:
        task.done_at, task.done_by = now, by
        session.add(task)
    _audit(session, offer, "ship_tos.refuse", before, reason)
    return offer


def _offer(session: Session, site: Site | str, offer_id: int) -> ShipToOffer:
    found, offer = resolve_site(session, site), session.get(ShipToOffer, offer_id, with_for_update=True)
    if offer is None or offer.site_id != found.id:
        raise NotPossible(
            f"Site {found.key} has no ship-to {offer_id}", fix=[f"List them: joorsync ship-tos --site {found.key}"], field="id"
        )
    return offer


# ---- store codes --------------------------------------------------------------------------------------------------------------------


def _code(session: Session, site: Site, offer: ShipToOffer, given: str) -> str:
    """Free, as far as we know; AIMS360 is asked again before anything is sent."""
    if offer.state == "accepted" and given in ("", offer.store_code):
        return offer.store_code
    taken = _taken(session, site, offer)
    if not given:
        return offer.joor_code if offer.joor_code and offer.joor_code not in taken else _next_number(taken)
    if len(given) > _LONGEST_CODE or not given.isprintable():
        raise NotPossible(f"{given[:60]!r} is not a store code", fix=[f"Give 1 to {_LONGEST_CODE} printable characters."], field="code")
    if given in taken:
        raise NotPossible(
            f"Customer {offer.account} has a store {given} already",
            fix=[f"Choose another, for example: joorsync ship-tos accept {offer.id} --code {_next_number(taken)} --site {site.key}"],
            field="code",
        )
    return given


def _taken(session: Session, site: Site, offer: ShipToOffer) -> set[str]:
    """Of the customer as last read, and of other ship-tos that were accepted for it."""
    source = session.get(CustomerSource, (site.id, offer.account))
    codes = {str(store.get("code", "")) for store in (source.stores if source else [])}
    others = select(ShipToOffer.store_code).where(
        ShipToOffer.site_id == site.id,
        ShipToOffer.account == offer.account,
        ShipToOffer.id != offer.id,
        col(ShipToOffer.state).in_(("accepted", "added")),
    )
    return (codes | set(session.exec(others).all())) - {""}


def _next_number(taken: set[str]) -> str:
    """Raises NotPossible when all four digits are used."""
    for number in range(1, 10_000):
        if f"{number:04d}" not in taken:
            return f"{number:04d}"
    raise NotPossible("Every store number of four digits is taken", fix=["Give a code of your own: --code CODE"], field="code")


# ---- the rest of a decision -----------------------------------------------------------------------------------------------------------


def _refuse_while_sent(session: Session, offer: ShipToOffer) -> None:
    """A store that may be in AIMS360 already is settled first."""
    running = select(Job.id).where(*_jobs(offer), col(Job.state).in_([JobState.RUNNING.value, JobState.UNKNOWN.value]))
    if session.exec(running).first() is not None:
        raise NotPossible(f"Ship-to {offer.id} is being added to AIMS360 now", fix=["Try again in a minute."])


def _cancel(session: Session, offer: ShipToOffer, by: str, now: datetime) -> None:
    pending = update(Job).where(*_jobs(offer), col(Job.state).in_([state.value for state in PENDING]))
    note = f"the ship-to was refused by {by}"
    session.execute(pending.values(state=JobState.CANCELLED, finished_at=now, note=note).execution_options(synchronize_session=False))


def _jobs(offer: ShipToOffer) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Job.site_id) == offer.site_id,
        col(Job.kind) == JobKind.CUSTOMERS_STORE.value,
        col(Job.key) == str(offer.id),
        col(Job.dry_run).is_(False),
    )


def _audit(session: Session, offer: ShipToOffer, action: str, before: dict[str, str], reason: str) -> None:
    after = {"state": offer.state, "store_code": offer.store_code}
    subject = f"ship-to {offer.id} of customer {offer.account}"
    at = offer.decided_at or offer.created_at
    session.add(AuditEntry(at=at, actor=offer.decided_by, action=action, subject=subject, before=before, after=after, reason=reason))

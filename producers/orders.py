"""Asking for orders: a scan of a site, or single JOOR orders; and what a person may do with a downloaded order.

Everything here works in the caller's transaction and only on our own tables; nothing is sent before the caller commits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from models.audit import AuditEntry
from models.cursors import Cursor
from models.errors import NotPossible
from models.jobs import PENDING, DataType, Job, JobKind, JobState, Run
from models.ledgers import ManualTask, OrderImport, OrderPart, OrderState, PartState
from models.outbox import Ask, release_blocked
from models.sites import Site
from producers.requests import ask_for, clean_keys, resolve_site
from runtime.clock import Clock, SystemClock

#: The scan's cursor (the same name as in workers.order_scan; the two sides meet in the table).
CURSOR = "orders.modified"
_LONGEST_ID = 40
Change = dict[str, Any] | None


def request(
    session: Session,
    site: Site | str,
    *,
    keys: Sequence[str] = (),
    everything: bool = False,
    dry_run: bool = False,
    reason: str = "",
    requested_by: str = "",
    clock: Clock | None = None,
) -> Run:
    """Add a run with one scan job, or with one import job per JOOR order id in `keys` (each is read from JOOR again first).

    `everything` makes the scan look for edits and cancellations since the oldest order we hold. `dry_run` shows what would be done (the
    job's `result`) and writes nothing to either system. Raises NotPossible for an unknown site.

        with sessions() as session:
            run = request(session, "us", keys=["7700123"], reason="customer calls", requested_by="anna")
    """
    found = resolve_site(session, site)
    order_ids = clean_keys(keys, longest=_LONGEST_ID)
    if order_ids:
        asks = [Ask(JobKind.ORDERS_IMPORT, order_id, {"fetch": True}, revive=True) for order_id in order_ids]
    else:
        asks = [Ask(JobKind.ORDERS_SCAN)]
    if everything and not dry_run:
        session.execute(delete(Cursor).where(col(Cursor.site_id) == found.id, col(Cursor.name) == CURSOR))
    return ask_for(session, found, DataType.ORDERS, asks, dry_run=dry_run, reason=reason, requested_by=requested_by, clock=clock)


def remove(session: Session, site: Site | str, order_id: str, by: str, *, reason: str = "", clock: Clock | None = None) -> OrderImport:
    """Take a downloaded order out before its import; it stays out until it is fetched again. Raises NotPossible in words otherwise."""
    now = (clock or SystemClock()).now()
    order = _order(session, site, order_id)
    _refuse_if_sent(session, order, "removed")
    pending = update(Job).where(
        col(Job.site_id) == order.site_id,
        col(Job.kind) == JobKind.ORDERS_IMPORT.value,
        col(Job.key) == order_id,
        col(Job.dry_run).is_(False),
        col(Job.state).in_([state.value for state in PENDING]),
    )
    note = f"the order was removed by {by}"
    session.execute(pending.values(state=JobState.CANCELLED, finished_at=now, note=note).execution_options(synchronize_session=False))
    _audit(session, order, "orders.remove", by, now, reason, {"state": order.state}, {"state": OrderState.REMOVED.value})
    order.state = OrderState.REMOVED
    session.add(order)
    return order


def fetch_again(session: Session, site: Site | str, order_id: str, by: str, *, reason: str = "", clock: Clock | None = None) -> Run:
    """Read one order from JOOR again and import it, removed or refused as it may be. Raises NotPossible when it is in AIMS360 already."""
    order = _order(session, site, order_id)
    if order.state == OrderState.IMPORTED:
        raise NotPossible(
            f"JOOR order {order_id} is in AIMS360 already, as order {' and '.join(_numbers(session, order))}",
            fix=["Edit it in AIMS360; what changed on JOOR since is shown with the order."],
        )
    clock = clock or SystemClock()
    _audit(session, order, "orders.fetch_again", by, clock.now(), reason, {"state": order.state}, None)
    if order.state in (OrderState.REMOVED, OrderState.REFUSED, OrderState.IGNORED) and order.imported_raw is None:
        order.state, order.problems = OrderState.DOWNLOADED, None
        session.add(order)
    return request(session, site, keys=[order_id], reason=reason or "fetch again", requested_by=by, clock=clock)


def accept_total(session: Session, site: Site | str, order_id: str, by: str, *, reason: str = "", clock: Clock | None = None) -> int:
    """Import the order although its AIMS360 total differs: exactly this difference, no other. Returns how many jobs go on."""
    now = (clock or SystemClock()).now()
    order = _order(session, site, order_id)
    task = _task(session, order.site_id, "order_total", order_id)
    if task is None or task.done_at is not None or order.state != OrderState.BLOCKED:
        raise NotPossible(
            f"JOOR order {order_id} does not wait for its total", fix=[f"See what it waits for: joorsync orders show {order_id}"]
        )
    task.done_at, task.done_by = now, by
    session.add(task)
    _audit(session, order, "orders.accept_total", by, now, reason, None, task.detail)
    return release_blocked(session, order.site_id, "decision", f"total:{order_id}", now=now)


def adopt(
    session: Session,
    site: Site | str,
    order_id: str,
    reference: str,
    aims_order: str,
    by: str,
    *,
    reason: str = "",
    clock: Clock | None = None,
) -> Run:
    """A person has found the AIMS360 order that carries `reference` (or was typed in for it): it is taken as ours and never made again."""
    clock = clock or SystemClock()
    order, part = _part(session, site, order_id, reference)
    number = aims_order.strip()
    taken = session.exec(select(OrderPart).where(OrderPart.site_id == order.site_id, OrderPart.aims_order == number)).first()
    if not number or taken is not None:
        who = f"it belongs to {taken.reference}" if taken else "it is empty"
        raise NotPossible(f"AIMS360 order {number!r} cannot be taken for {reference}: {who}", fix=["Check the number in AIMS360."])
    before = {"state": part.state, "aims_order": part.aims_order}
    part.state, part.aims_order, part.created_at = PartState.ADOPTED, number, clock.now()
    order.imported_raw = order.imported_raw or order.raw
    session.add_all([part, order])
    _audit(session, order, "orders.adopt", by, clock.now(), reason, before, {"reference": reference, "aims_order": number})
    return _go_on(session, order, f"{reference} is AIMS360 order {number}", by, clock)


def not_ours(
    session: Session,
    site: Site | str,
    order_id: str,
    reference: str,
    aims_order: str,
    by: str,
    *,
    reason: str = "",
    clock: Clock | None = None,
) -> Run:
    """A person has seen that this AIMS360 order is another one: it stands no longer in the way of `reference`."""
    clock = clock or SystemClock()
    order, _ = _part(session, site, order_id, reference)
    key, now = f"{reference}|{aims_order.strip()}", clock.now()
    task = _task(session, order.site_id, "order_duplicate", key)
    task = task or ManualTask(site_id=order.site_id, data_type="orders", kind="order_duplicate", key=key, summary="", created_at=now)
    task.summary = f"AIMS360 order {aims_order.strip()} is not {reference}"
    task.done_at, task.done_by = now, by
    session.add(task)
    _audit(session, order, "orders.not_ours", by, now, reason, None, {"reference": reference, "aims_order": aims_order.strip()})
    return _go_on(session, order, task.summary, by, clock)


def _go_on(session: Session, order: OrderImport, reason: str, by: str, clock: Clock) -> Run:
    site = session.get_one(Site, order.site_id)
    asks = [Ask(JobKind.ORDERS_IMPORT, order.joor_order_id, revive=True)]
    return ask_for(session, site, DataType.ORDERS, asks, reason=reason, requested_by=by, clock=clock)


def _order(session: Session, site: Site | str, order_id: str) -> OrderImport:
    found = resolve_site(session, site)
    order = session.exec(select(OrderImport).where(OrderImport.site_id == found.id, OrderImport.joor_order_id == order_id)).first()
    if order is None:
        raise NotPossible(
            f"JOOR order {order_id} is not stored for site {found.key}",
            fix=[f"Fetch it: joorsync enqueue orders --site {found.key} --key {order_id}"],
            field="order_id",
        )
    return order


def _part(session: Session, site: Site | str, order_id: str, reference: str) -> tuple[OrderImport, OrderPart]:
    order = _order(session, site, order_id)
    parts = session.exec(select(OrderPart).where(OrderPart.order_import_id == order.id)).all()
    part = next((part for part in parts if part.reference == reference), None)
    if part is None:
        known = ", ".join(part.reference for part in parts) or "none yet"
        raise NotPossible(f"JOOR order {order_id} has no part {reference!r}", fix=[f"Its parts: {known}"], field="part")
    if part.state in (PartState.CREATED, PartState.ADOPTED):
        raise NotPossible(f"{reference} is AIMS360 order {part.aims_order} already", fix=["Nothing has to be done."], field="part")
    return order, part


def _refuse_if_sent(session: Session, order: OrderImport, what: str) -> None:
    numbers = _numbers(session, order)
    if order.state == OrderState.IMPORTED or numbers:
        raise NotPossible(
            f"JOOR order {order.joor_order_id} cannot be {what}: it is in AIMS360, as order {' and '.join(numbers)}",
            fix=["Edit or cancel it in AIMS360."],
        )
    if order.imported_raw is not None:
        raise NotPossible(
            f"JOOR order {order.joor_order_id} cannot be {what}: a create was sent to AIMS360 and its outcome is not settled",
            fix=[f"Wait for its import job to settle it, or look at the job: joorsync jobs --key {order.joor_order_id}"],
        )
    running = select(Job.id).where(
        Job.site_id == order.site_id,
        Job.kind == JobKind.ORDERS_IMPORT.value,
        Job.key == order.joor_order_id,
        Job.state == JobState.RUNNING,
        col(Job.dry_run).is_(False),
    )
    if session.exec(running).first() is not None:
        raise NotPossible(f"JOOR order {order.joor_order_id} cannot be {what}: it is being imported now", fix=["Try again in a minute."])


def _numbers(session: Session, order: OrderImport) -> list[str]:
    found = session.exec(select(OrderPart.aims_order).where(OrderPart.order_import_id == order.id).order_by(col(OrderPart.id))).all()
    return [number for number in found if number]


def _task(session: Session, site_id: int, kind: str, key: str) -> ManualTask | None:
    return session.exec(select(ManualTask).where(ManualTask.site_id == site_id, ManualTask.kind == kind, ManualTask.key == key)).first()


def _audit(session: Session, order: OrderImport, action: str, by: str, now: datetime, reason: str, before: Change, after: Change) -> None:
    subject = f"JOOR order {order.joor_order_id}"
    session.add(AuditEntry(at=now, actor=by, action=action, subject=subject, before=before, after=after, reason=reason))

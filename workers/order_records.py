"""What is remembered of JOOR orders: storing what JOOR sent, what that asks for, what JOOR should be told. No remote call.

A stored order's `imported_raw` is set when the first AIMS360 order of its plan is about to be sent: from then on the plan is frozen,
and later changes on JOOR are a difference for a person, never sent.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel import Session, col, select

from clients.joor.parse import parse_order
from clients.joor.types import JoorOrder
from models.errors import Missing
from models.jobs import Job, JobKind
from models.ledgers import ManualTask, OrderImport, OrderPart, OrderState
from models.outbox import Ask, add_jobs
from rules.order_difference import cancel_steps, change_steps, difference, unreadable
from rules.orders import why_not
from workers.sync import SiteView

_LONGEST_ID = 40
_TOO_MUCH = Decimal(10) ** 14  # the money column's limit
#: Rows that JOOR knows under no id of its own; JOOR is told nothing about them.
NO_ID = "broken-"
#: States in which an import is still to come.
OPEN = (OrderState.DOWNLOADED, OrderState.CHECKED, OrderState.BLOCKED, OrderState.SENDING, OrderState.UNKNOWN, OrderState.REFUSED)


@dataclass(frozen=True)
class Incoming:
    """One row as JOOR sent it; `order` is None when it cannot be read, for the reason in `words`."""

    order_id: str
    raw: dict[str, Any]
    digest: str
    order: JoorOrder | None
    words: str = ""


def incoming(order: JoorOrder) -> Incoming:
    raw, digest = order.raw, _digest(order.raw)
    if order.total is not None and abs(order.total) >= _TOO_MUCH:
        return Incoming(order.order_id, raw, digest, None, f"order_total {order.total} is out of range")
    return Incoming(_key(order.order_id, digest), raw, digest, order)


def incoming_broken(raw: dict[str, Any], words: str) -> Incoming:
    digest = _digest(raw)
    return Incoming(_key(str(raw.get("order_id") or ""), digest), raw, digest, None, words)


def _key(order_id: str, digest: str) -> str:
    return order_id.strip() if 0 < len(order_id.strip()) <= _LONGEST_ID else NO_ID + digest[:24]


def _digest(raw: dict[str, Any]) -> str:
    """Of the row's canonical JSON."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()


def store(
    session: Session,
    site: SiteView,
    rows: Iterable[Incoming],
    *,
    now: datetime,
    run_id: int | None,
    only_held: bool = False,
    ask: bool = True,
) -> Counter[str]:
    """Upsert on (site, order id) and ask for the imports that follow, in the caller's transaction. Unchanged rows write nothing.

    `only_held`: rows of orders that are not stored are passed over (a reading of everything that was modified, whatever its status).
    Counts: new, changed, ignored, edited (after import), broken, unchanged.
    """
    unique = {row.order_id: row for row in rows}
    held = {order_id: (row_id, state, digest) for row_id, order_id, state, digest in _light(session, site.id, list(unique))}
    without_job = _without_job(session, site.id, [key for key, (_, state, _) in held.items() if state in OPEN])
    counts: Counter[str] = Counter()
    asks = []
    for order_id, row in unique.items():
        known = held.get(order_id)
        if known is None and only_held:
            continue
        wakes = known is not None and known[1] == OrderState.IGNORED and row.order is not None and not why_not(row.order, site.orders)
        if known is not None and known[2] == row.digest and not wakes:
            counts["unchanged"] += 1
            wanted = order_id in without_job
        else:
            kept = session.get_one(OrderImport, known[0]) if known else None
            what, wanted = _keep(session, site, kept, row, now)
            counts[what] += 1
        if wanted and ask:
            asks.append(Ask(JobKind.ORDERS_IMPORT, order_id, revive=True))
    if asks:
        session.flush()
        add_jobs(session, site.id, asks, now=now, run_id=run_id)
    return counts


def _light(session: Session, site_id: int, order_ids: list[str]) -> list[tuple[int, str, str, str]]:
    columns = select(OrderImport.id, OrderImport.joor_order_id, OrderImport.state, OrderImport.raw_digest)
    found = session.exec(columns.where(OrderImport.site_id == site_id, col(OrderImport.joor_order_id).in_(order_ids))).all()
    return [(row_id or 0, order_id, state, digest) for row_id, order_id, state, digest in found]


def _without_job(session: Session, site_id: int, order_ids: list[str]) -> set[str]:
    """Orders no import job was ever asked for. A failed, dismissed or cancelled one is a person's business."""
    asked = select(Job.key).where(
        Job.site_id == site_id, Job.kind == JobKind.ORDERS_IMPORT.value, col(Job.dry_run).is_(False), col(Job.key).in_(order_ids)
    )
    return set(order_ids) - set(session.exec(asked).all()) if order_ids else set()


def _keep(session: Session, site: SiteView, kept: OrderImport | None, row: Incoming, now: datetime) -> tuple[str, bool]:
    """Write one new or changed row; what it was, and whether an import job is wanted."""
    if kept is None:
        kept = OrderImport(site_id=site.id, joor_order_id=row.order_id, raw=row.raw, raw_digest=row.digest, downloaded_at=now)
        before = None
    else:
        before = kept.state
    _take_facts(kept, row, now)
    session.add(kept)
    if before == OrderState.IMPORTED:
        session.flush()
        compare_with_import(session, kept, now)
        return "edited" if kept.difference else "changed", False
    if before == OrderState.REMOVED:
        return "changed", False
    if kept.imported_raw is not None:
        return "changed", True
    why = why_not(row.order, site.orders) if row.order else None
    if why is not None:
        set_ignored(kept, why)
        return "ignored", before not in (None, OrderState.IGNORED)  # a waiting job comes to see that there is nothing to do
    kept.state, kept.problems = OrderState.DOWNLOADED, None
    if row.order is None:
        return "broken", True
    return "new" if before is None else "changed", True


def _take_facts(kept: OrderImport, row: Incoming, now: datetime) -> None:
    kept.raw, kept.raw_digest, kept.downloaded_at = row.raw, row.digest, now
    order = row.order
    if order is None:
        kept.joor_status = "unreadable"
        return
    kept.joor_status, kept.customer_name, kept.currency = order.status, order.customer_name[:200], order.currency[:3]
    kept.joor_modified_at, kept.joor_total = order.date_modified, order.total


def set_ignored(kept: OrderImport, why: str) -> None:
    kept.state, kept.problems = OrderState.IGNORED, [asdict(Missing("ignored", why))]


def compare_with_import(session: Session, kept: OrderImport, now: datetime) -> None:
    """Fill `difference` of an imported order and list what a person has to do in AIMS360; taken back on JOOR, the task closes by itself."""
    try:
        order: JoorOrder | None = parse_order(kept.raw)
        rows = difference(parse_order(kept.imported_raw), order) if order else []
    except ValueError as error:
        order, rows = None, unreadable(str(error))
    cancelled = order is not None and order.status == "cancelled"
    kept.difference = rows or None
    kept.changed_at = (kept.changed_at or now) if rows and not cancelled else None
    kept.cancelled_at = (kept.cancelled_at or now) if cancelled else None
    numbers = aims_orders(session, kept)
    edits = change_steps(kept.joor_order_id, numbers, rows)
    _task_if(session, kept, "order_changed", bool(rows) and not cancelled, "was changed on JOOR after its import", edits, now)
    ends = cancel_steps(kept.joor_order_id, numbers)
    _task_if(session, kept, "order_cancelled", cancelled, "was cancelled on JOOR after its import", ends, now)


def aims_orders(session: Session, kept: OrderImport) -> list[str]:
    parts = session.exec(select(OrderPart).where(OrderPart.order_import_id == kept.id).order_by(col(OrderPart.id))).all()
    return [part.aims_order for part in parts if part.aims_order]


def _task_if(session: Session, kept: OrderImport, kind: str, wanted: bool, what: str, steps: list[str], now: datetime) -> None:
    if wanted:
        summary = f"JOOR order {kept.joor_order_id} {what}"
        put_task(session, kept.site_id, kind, kept.joor_order_id, summary, steps, {"difference": kept.difference}, now)
        return
    task = find_task(session, kept.site_id, kind, kept.joor_order_id)
    if task is not None and task.done_at is None:
        task.done_at, task.done_by = now, "joorsync (taken back on JOOR)"
        session.add(task)


def find_task(session: Session, site_id: int, kind: str, key: str) -> ManualTask | None:
    return session.exec(select(ManualTask).where(ManualTask.site_id == site_id, ManualTask.kind == kind, ManualTask.key == key)).first()


def put_task(
    session: Session, site_id: int, kind: str, key: str, summary: str, steps: list[str], detail: dict[str, Any] | None, now: datetime
) -> None:
    """Once per (site, kind, key). One that says something new is open again; one that says the same is left as it is, done or not."""
    task = find_task(session, site_id, kind, key[:250])
    if task is None:
        task = ManualTask(site_id=site_id, data_type="orders", kind=kind, key=key[:250], summary=summary, created_at=now)
    elif (task.summary, task.steps, task.detail) == (summary, steps, detail):
        return
    task.summary, task.steps, task.detail, task.done_at, task.done_by = summary, steps, detail, None, None
    session.add(task)


def want_export(session: Session, site: SiteView, kept: OrderImport, wanted: str, words: str, *, now: datetime, run_id: int | None) -> None:
    """JOOR shall be told `wanted` (SUCCESS or FAILED) with these words; the same as before asks for nothing.
    `export_at` None: not told yet."""
    if kept.joor_order_id.startswith(NO_ID) or (kept.export_wanted, kept.export_description) == (wanted, words):
        return
    kept.export_wanted, kept.export_description, kept.export_at = wanted, words, None
    session.add(kept)
    if site.orders.confirm_export:
        add_jobs(session, site.id, [Ask(JobKind.ORDERS_CONFIRM)], now=now, run_id=run_id)

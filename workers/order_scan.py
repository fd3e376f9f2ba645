"""Finding JOOR orders: two cheap readings per poll, each page stored before the next is asked for. Reading never marks an order exported.

(a) Every order of the wanted statuses that was never exported, failed, or changed since (JOOR facts 8.2: export_status 5), without a date.
(b) Everything modified since the last poll, cancelled orders included, for the orders we hold: edits and cancellations.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, func, select

from clients.joor.types import OrdersPage
from models.cursors import Cursor
from models.errors import Outcome, Synced, Unavailable, Unchanged
from models.jobs import JobKind
from models.ledgers import OrderImport
from models.outbox import Ask, add_jobs
from workers.order_records import Incoming, incoming, incoming_broken, store
from workers.sync import Context, FlowSpec, JobView

CURSOR = "orders.modified"
#: The REQUEST filter codes (facts 8.3); the codes inside an order are others.
REQUESTED = {"approved": 6, "shipped": 7, "both": 2}
EVERYTHING = 8
UNEXPORTED_OR_CHANGED = 5
ANY_EXPORT_STATE = 1
#: New orders of a dry run that are looked into one by one.
SAMPLES = 5
_SHOWN = 50


def scan(job: JobView, ctx: Context) -> Outcome:
    """The cursor moves in the last transaction; whatever happens before, the next scan reads the same again."""
    if job.dry_run:
        return _preview(job, ctx)
    started = ctx.clock.now()
    counts: Counter[str] = Counter()

    def keep(rows: list[Incoming], only_held: bool) -> None:
        with ctx.session() as session:
            counts.update(store(session, ctx.site, rows, now=ctx.clock.now(), run_id=job.run_id, only_held=only_held))

    for rows in _pages(ctx, _unexported(ctx)):
        keep(rows, only_held=False)
    since = _since(ctx)
    if since is not None:
        for rows in _pages(ctx, lambda start: _modified(ctx, start, since, started)):
            keep(rows, only_held=True)
    with ctx.session() as session:
        session.merge(Cursor(site_id=ctx.site.id, name=CURSOR, at=started))
    found = {name: number for name, number in counts.items() if name != "unchanged"}
    if not found:
        return Unchanged("no new or changed orders", counts=dict(counts))
    words = ", ".join(f"{number} {name}" for name, number in sorted(found.items()))
    return Synced(sent=0, note=f"JOOR orders: {words}", counts=dict(counts))


def _since(ctx: Context) -> datetime | None:
    """The cursor less the overlap; without a cursor the oldest order we hold; None when we hold none."""
    with ctx.session() as session:
        cursor = session.get(Cursor, (ctx.site.id, CURSOR))
        oldest = session.exec(select(func.min(col(OrderImport.downloaded_at))).where(OrderImport.site_id == ctx.site.id)).one()
    if oldest is None:
        return None
    at = cursor.at if cursor and cursor.at else oldest
    return at - timedelta(minutes=ctx.site.orders.overlap_minutes)


def _unexported(ctx: Context) -> Callable[[int], OrdersPage]:
    settings = ctx.site.orders
    return lambda start: ctx.joor.orders_page(
        order_type=REQUESTED[settings.statuses], export_status=UNEXPORTED_OR_CHANGED, start_from=start, count=settings.page_size
    )


def _modified(ctx: Context, start: int, since: datetime, until: datetime) -> OrdersPage:
    return ctx.joor.orders_page(
        order_type=EVERYTHING,
        export_status=ANY_EXPORT_STATE,
        start_from=start,
        count=ctx.site.orders.page_size,
        modified_from=since,
        modified_to=until,
    )


def _pages(ctx: Context, read: Callable[[int], OrdersPage]) -> Iterator[list[Incoming]]:
    """Raises Unavailable when JOOR's paging does not move on: better a visible failure than a loop that spends every credit."""
    start: int | None = 0
    while start is not None:
        ctx.beat()
        page = read(start)
        ctx.hit("after_http_before_record")
        yield [incoming(order) for order in page.orders] + [incoming_broken(raw, words) for raw, words in page.broken]
        if page.next_start is not None and page.next_start <= start:
            raise Unavailable(f"JOOR's order list does not move on: after {start} it says to go on at {page.next_start}")
        start = page.next_start


def _preview(job: JobView, ctx: Context) -> Outcome:
    """What waits on JOOR; the first new ones get a dry run of their own, which shows the AIMS360 orders they would make."""
    waiting = {row.order_id: row for rows in _pages(ctx, _unexported(ctx)) for row in rows}
    found = list(waiting)
    with ctx.session() as session:
        known = select(OrderImport.joor_order_id).where(OrderImport.site_id == ctx.site.id, col(OrderImport.joor_order_id).in_(found))
        held = set(session.exec(known).all())
        new = [order_id for order_id in found if order_id not in held]
        samples = [Ask(JobKind.ORDERS_IMPORT, order_id) for order_id in new[:SAMPLES]]
        add_jobs(session, ctx.site.id, samples, now=ctx.clock.now(), run_id=job.run_id, dry_run=True)
    first = [_sample(waiting[order_id]) for order_id in new[:_SHOWN]]
    result: dict[str, Any] = {"orders": found, "new": new, "first": first}
    counts = {"orders": len(found), "new": len(new)}
    return Unchanged(f"dry run: {len(found)} orders wait on JOOR, {len(new)} of them new", counts, result)


def _sample(row: Incoming) -> dict[str, Any]:
    if row.order is None:
        return {"order": row.order_id, "unreadable": row.words}
    order = row.order
    total = "" if order.total is None else f"{order.total} {order.currency}".strip()
    return {"order": row.order_id, "status": order.status, "customer": order.customer_name, "total": total, "lines": len(order.lines)}


SCAN = FlowSpec(kind=JobKind.ORDERS_SCAN, run=scan, lease_seconds=300, endpoints=("joor.orders",), writes=False)

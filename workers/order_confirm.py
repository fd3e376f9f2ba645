"""Telling JOOR what became of its orders: SUCCESS with the AIMS360 number, FAILED with the reason. One coalesced job per site.

With v4 credentials: `orders/bulk_update`, 100 orders a call (5 credits), each order's own answer recorded at once. With v2 only, SUCCESS
can be told by a `sync=1` reading of a window of one second around the order's modification (JOOR facts 8.2), after everything in that
window has been read with `sync=0` and stored, so that nothing a lost answer marks is lost. FAILED cannot be told with v2: such rows keep
`export_wanted` FAILED beside what JOOR was last told.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, or_, select

from clients.joor.parse import parse_order
from clients.joor.types import ExportState, JoorOrder
from models.errors import Outcome, Rejected, Synced, Unchanged, Waiting
from models.jobs import JobKind
from models.ledgers import OrderImport
from workers.order_records import NO_ID, Incoming, incoming, incoming_broken, store
from workers.order_scan import REQUESTED, UNEXPORTED_OR_CHANGED
from workers.sync import Context, FlowSpec, JobView

BATCH = 100
#: JOOR's limit for `export_description` is UNKNOWN; ASSUMED at least this.
LONGEST_WORDS = 500
REFUSED_AGAIN = timedelta(minutes=15)
WINDOW = timedelta(seconds=1)
#: A window is touched only when it lies so far back that nothing new can fall into it, clocks being what they are.
SETTLED = timedelta(seconds=60)


def confirm(job: JobView, ctx: Context) -> Outcome:
    """Raises Rejected, after recording everything else, when JOOR refused some orders."""
    if not ctx.site.orders.confirm_export:
        return Unchanged("this site does not write export states to JOOR")
    rows = _untold(ctx)
    if job.dry_run:
        wanted = [{"order": row.joor_order_id, "state": row.export_wanted, "description": row.export_description} for row in rows]
        return Unchanged(f"dry run: JOOR would be told about {len(rows)} orders", result={"export_states": wanted})
    if ctx.joor.can_set_export_states:
        return _with_v4(ctx, rows)
    return _with_v2(job, ctx, rows)


def _untold(ctx: Context) -> Sequence[OrderImport]:
    """Never told, or told otherwise; one that JOOR refused is tried again after a while."""
    again = ctx.clock.now() - REFUSED_AGAIN
    with ctx.session() as session:
        return session.exec(
            select(OrderImport)
            .where(OrderImport.site_id == ctx.site.id, OrderImport.export_wanted != "UNDEFINED")
            .where(~col(OrderImport.joor_order_id).startswith(NO_ID, autoescape=True))
            .where(
                or_(
                    col(OrderImport.export_at).is_(None),
                    (col(OrderImport.export_wanted) != col(OrderImport.export_state)) & (col(OrderImport.export_at) < again),
                )
            )
            .order_by(col(OrderImport.id))
        ).all()


# ---- v4 -----------------------------------------------------------------------------------------------------------------------------


def _with_v4(ctx: Context, rows: Sequence[OrderImport]) -> Outcome:
    told, refused = 0, dict[str, str]()
    for start in range(0, len(rows), BATCH):
        ctx.beat()
        batch = rows[start : start + BATCH]
        answers = ctx.joor.set_export_states([_state(row) for row in batch])
        ctx.hit("after_http_before_record")
        words = {row.joor_order_id: answers.get(row.joor_order_id, "JOOR's answer does not name the order") for row in batch}
        _record(ctx, batch, words)
        refused |= {order_id: said for order_id, said in words.items() if said is not None}
        told += sum(said is None for said in words.values())
        ctx.hit("mid_batch")
    if refused:
        raise _refusal(refused, told)
    return Synced(sent=told, note=f"JOOR was told about {told} orders") if told else Unchanged("JOOR knows about every order")


def _state(row: OrderImport) -> ExportState:
    return ExportState(row.joor_order_id, "SUCCESS" if row.export_wanted == "SUCCESS" else "FAILED", row.export_description[:LONGEST_WORDS])


def _record(ctx: Context, batch: Sequence[OrderImport], words: dict[str, str | None]) -> None:
    """What changed while JOOR was being told stays untold."""
    now = ctx.clock.now()
    with ctx.session() as session:
        for told in batch:
            row = session.get_one(OrderImport, told.id)
            if words[told.joor_order_id] is None:
                row.export_state = told.export_wanted
            if (row.export_wanted, row.export_description) == (told.export_wanted, told.export_description):
                row.export_at = now
            session.add(row)


def _refusal(refused: dict[str, str], told: int) -> Rejected:
    first = "; ".join(f"order {order_id}: {words}" for order_id, words in list(refused.items())[:3])
    return Rejected(
        f"JOOR refused the export state of {len(refused)} order(s) ({told} others were taken): {first}",
        fix=[
            "Open the named orders on JOOR: a deleted or reopened order takes no export state.",
            "They are tried again with the next order that is confirmed, not sooner than a quarter of an hour from now.",
        ],
        remote_message=next(iter(refused.values())),
    )


# ---- v2 only ------------------------------------------------------------------------------------------------------------------------


def _with_v2(job: JobView, ctx: Context, rows: Sequence[OrderImport]) -> Outcome:
    done = [row for row in rows if row.export_wanted == "SUCCESS" and row.joor_modified_at is not None]
    untellable = len(rows) - len(done)
    newest = ctx.clock.now() - SETTLED - WINDOW
    told, fresh = 0, None
    for start, group in _by_second(done).items():
        if start > newest:
            fresh = start + SETTLED + 2 * WINDOW
            continue
        ctx.beat()
        told += _mark(job, ctx, start, group)
    note = f"JOOR was told about {told} orders"
    if untellable:
        note += f"; {untellable} cannot be told with the v2 token alone (FAILED needs v4 credentials)"
    if fresh is not None:
        return Waiting(fresh, f"{note}; an order that JOOR modified a moment ago is confirmed a little later")
    return Synced(sent=told, note=note) if told else Unchanged(note)


def _by_second(rows: Sequence[OrderImport]) -> dict[datetime, list[OrderImport]]:
    groups: dict[datetime, list[OrderImport]] = {}
    for row in rows:
        if row.joor_modified_at is not None:
            groups.setdefault(row.joor_modified_at.replace(microsecond=0), []).append(row)
    return dict(sorted(groups.items()))


def _mark(job: JobView, ctx: Context, start: datetime, group: Sequence[OrderImport]) -> int:
    """Store what the window holds, then mark it. Returns how many of `group` JOOR now counts as exported."""
    order_type = REQUESTED[ctx.site.orders.statuses]
    _keep(job, ctx, _waiting_in(ctx, start, order_type))
    marked = ctx.joor.mark_exported(start, start + WINDOW, order_type)
    ctx.hit("after_http_before_record")
    _keep(job, ctx, [_readable(order) for order in marked])
    names = {order.order_id for order in marked}
    for row in group:
        if row.joor_order_id not in names and _exported_before(job, ctx, row):
            names.add(row.joor_order_id)
    now = ctx.clock.now()
    with ctx.session() as session:
        found = session.exec(
            select(OrderImport).where(OrderImport.site_id == ctx.site.id, col(OrderImport.joor_order_id).in_(sorted(names)))
        )
        for row in found.all():
            row.export_state, row.export_at = "SUCCESS", now
            session.add(row)
    return sum(row.joor_order_id in names for row in group)


def _waiting_in(ctx: Context, start: datetime, order_type: int) -> list[Incoming]:
    found: list[Incoming] = []
    place: int | None = 0
    while place is not None:
        page = ctx.joor.orders_page(
            order_type=order_type,
            export_status=UNEXPORTED_OR_CHANGED,
            start_from=place,
            count=ctx.site.orders.page_size,
            modified_from=start,
            modified_to=start + WINDOW,
        )
        found += [incoming(order) for order in page.orders] + [incoming_broken(raw, words) for raw, words in page.broken]
        place = page.next_start if page.next_start is not None and page.next_start > place else None
    return found


def _readable(order: JoorOrder) -> Incoming:
    """A marked order that could not be parsed comes without lines; its raw row says why."""
    try:
        return incoming(parse_order(order.raw))
    except ValueError as error:
        return incoming_broken(order.raw, str(error))


def _exported_before(job: JobView, ctx: Context, row: OrderImport) -> bool:
    """Not among the marked: exported already (by whom ever), or modified since, and then the newer row is stored and told about later."""
    order = ctx.joor.order(row.joor_order_id)
    if order is None:
        return False
    _keep(job, ctx, [incoming(order)])
    return order.date_modified == row.joor_modified_at


def _keep(job: JobView, ctx: Context, rows: Sequence[Incoming]) -> None:
    if rows:
        with ctx.session() as session:
            store(session, ctx.site, rows, now=ctx.clock.now(), run_id=job.run_id)


CONFIRM = FlowSpec(kind=JobKind.ORDERS_CONFIRM, run=confirm, lease_seconds=300, endpoints=("joor.orders",))

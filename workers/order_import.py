"""One JOOR order into AIMS360, in the same steps for every order.

1. read   2. already done?   3. settle what an earlier life left in doubt   4. may it be imported?   5. resolve every reference
6. decide and compare totals   7. write the plan   8. send part by part   9. remember, and have JOOR told

The stored JOOR row is what gets imported; the scan keeps it fresh. It is read again (1 credit) when the job asks for it, when it was never
stored, and when no scan has run for a quarter of an hour, so that an order cancelled meanwhile is not imported.
"""

from dataclasses import asdict
from datetime import timedelta

from sqlmodel import select

from clients.joor.parse import parse_order
from clients.joor.types import JoorOrder
from models.cursors import Cursor
from models.errors import Missing, NeedsMapping, NotPossible, Outcome, Rejected, Synced, SyncError, Unchanged
from models.jobs import JobKind
from models.ledgers import OrderImport, OrderPart, OrderState, PartState
from rules.order_difference import cancel_steps
from rules.orders import why_not
from workers.order_parts import DONE, parts_of, send, settle_doubts, write_plan
from workers.order_prepare import Prepared, new_customer, prepare, preview
from workers.order_records import aims_orders, compare_with_import, incoming, put_task, set_ignored, store, want_export
from workers.order_resolve import resolve
from workers.order_scan import CURSOR
from workers.sync import Context, FlowSpec, JobView

SCAN_IS_OLD = timedelta(minutes=15)


def import_order(job: JobView, ctx: Context) -> Outcome:
    """`job.key` is the JOOR order id; payload {"fetch": true} reads that order from JOOR first. Raises what models.errors names."""
    if job.dry_run:
        return preview(ctx, job.key, _held(ctx, job.key))
    kept = _read(job, ctx)
    if kept.state == OrderState.REMOVED:
        return Unchanged("it was removed here by a person", result={"fix": f"joorsync orders fetch-again {job.key} --site {ctx.site.key}"})
    with ctx.session() as session:
        parts, numbers = parts_of(session, kept.id or 0), aims_orders(session, kept)
    if kept.state == OrderState.IMPORTED:
        return Unchanged(f"it is in AIMS360 already, as order {' and '.join(numbers)}; edit it there")
    cleared: set[int] = set()
    remarks: list[str] = []
    if kept.imported_raw is not None:
        cleared = settle_doubts(job, ctx, kept, parts)
        if (stopped := _stop_if_cancelled(ctx, kept, parts)) is not None:
            return stopped
    else:
        order = _readable(job, ctx, kept)
        why = why_not(order, ctx.site.orders)
        if why is not None:
            _set_aside(ctx, kept, why)
            return Unchanged(why)
        parts, remarks = _plan(job, ctx, kept, order)
    created = _send_all(job, ctx, kept, parts, cleared)
    return _finish(job, ctx, kept, parts, created, remarks)


# ---- read ---------------------------------------------------------------------------------------------------------------------------


def _held(ctx: Context, order_id: str) -> OrderImport | None:
    with ctx.session() as session:
        return session.exec(select(OrderImport).where(OrderImport.site_id == ctx.site.id, OrderImport.joor_order_id == order_id)).first()


def _read(job: JobView, ctx: Context) -> OrderImport:
    kept = _held(ctx, job.key)
    if kept is not None and not job.payload.get("fetch") and not (_unwatched(ctx, kept) and kept.joor_status != "unreadable"):
        return kept
    fetched = ctx.joor.order(job.key)
    if fetched is None:
        raise NotPossible(
            f"JOOR has no order {job.key}",
            fix=["Check the order number on JOOR.", f"If it is gone for good: joorsync orders remove {job.key} --site {ctx.site.key}"],
        )
    with ctx.session() as session:
        store(session, ctx.site, [incoming(fetched)], now=ctx.clock.now(), run_id=job.run_id, ask=False)
    kept = _held(ctx, job.key)
    if kept is None:
        raise NotPossible(f"JOOR answered with order {fetched.order_id} instead of {job.key}", fix=[f"Ask for {fetched.order_id} instead."])
    return kept


def _unwatched(ctx: Context, kept: OrderImport) -> bool:
    """No scan has looked for edits and cancellations for some time, and the row is not a fresh one."""
    now = ctx.clock.now()
    with ctx.session() as session:
        cursor = session.get(Cursor, (ctx.site.id, CURSOR))
    watched = max(kept.downloaded_at, cursor.at) if cursor and cursor.at else kept.downloaded_at
    return now - watched > SCAN_IS_OLD and kept.state != OrderState.IMPORTED


def _readable(job: JobView, ctx: Context, kept: OrderImport) -> JoorOrder:
    """Raises Rejected, after telling JOOR, for a row that cannot be read or has a status nobody knows."""
    try:
        order = parse_order(kept.raw)
        if order.status == "unknown":
            raise ValueError(f"order_type {kept.raw.get('order_type')!r} is no status we know")
    except ValueError as error:
        refusal = Rejected(
            f"JOOR order {kept.joor_order_id} cannot be read: {error}",
            fix=[
                "Put the order right on JOOR; it is read again by itself.",
                f"If it looks right there, report job {job.id}: our reading is wrong.",
            ],
            field=str(error).split(" ", 1)[0],
            remote_message=str(error),
        )
        _refuse(job, ctx, kept, refusal)
        raise refusal from None
    return order


# ---- check and plan -----------------------------------------------------------------------------------------------------------------


def _plan(job: JobView, ctx: Context, kept: OrderImport, order: JoorOrder) -> tuple[list[OrderPart], list[str]]:
    """Everything resolved, decided and compared, then written; an order that waits or is refused says so on its row and to JOOR."""
    resolution = resolve(ctx, order)
    try:
        prepared = prepare(ctx, kept, order, resolution)
        if prepared.resolution.new_customer is not None:
            prepared = new_customer(ctx, order, prepared)
    except NeedsMapping as error:
        _block(job, ctx, kept, error)
        raise
    except (NotPossible, Rejected) as error:
        _refuse(job, ctx, kept, error)
        raise
    return _write(ctx, kept, prepared), prepared.remarks


def _write(ctx: Context, kept: OrderImport, prepared: Prepared) -> list[OrderPart]:
    now = ctx.clock.now()
    with ctx.session() as session:
        row = session.get_one(OrderImport, kept.id)
        parts = write_plan(session, ctx, row, prepared.plan, prepared.account)
        row.state, row.checked_at, row.problems = OrderState.CHECKED, now, None
        row.joor_total, row.aims_total = prepared.plan.totals.joor, prepared.plan.totals.aims
        session.add(row)
        prepared.remember(session, ctx, now)
    return parts


def _block(job: JobView, ctx: Context, kept: OrderImport, error: NeedsMapping) -> None:
    _say_no(job, ctx, kept, OrderState.BLOCKED, error.missing, error)


def _refuse(job: JobView, ctx: Context, kept: OrderImport, error: SyncError) -> None:
    words = error.remote_message or error.summary
    _say_no(job, ctx, kept, OrderState.REFUSED, [Missing(error.kind, words, fix="; ".join(error.fix))], error)


def _say_no(job: JobView, ctx: Context, kept: OrderImport, state: OrderState, problems: list[Missing], error: SyncError) -> None:
    """An order of which something was sent keeps its state: it is neither waiting nor refused as a whole."""
    with ctx.session() as session:
        row = session.get_one(OrderImport, kept.id)
        row.problems = [asdict(problem) for problem in problems]
        if row.imported_raw is None:
            row.state = state
        session.add(row)
        words = (
            f"{error.summary}. AIMS360 says: {error.remote_message}"
            if isinstance(error, Rejected) and error.remote_message
            else error.summary
        )
        want_export(session, ctx.site, row, "FAILED", f"Not in AIMS360: {words}", now=ctx.clock.now(), run_id=job.run_id)


def _set_aside(ctx: Context, kept: OrderImport, why: str) -> None:
    with ctx.session() as session:
        row = session.get_one(OrderImport, kept.id)
        set_ignored(row, why)
        session.add(row)


def _stop_if_cancelled(ctx: Context, kept: OrderImport, parts: list[OrderPart]) -> Outcome | None:
    """Nothing more of an order that was cancelled on JOOR goes to AIMS360; what is there already a person cancels."""
    open_parts = [part for part in parts if part.state not in DONE]
    if kept.joor_status != "cancelled" or not open_parts:
        return None
    made = [part.aims_order for part in parts if part.aims_order]
    if not made:
        _set_aside(ctx, kept, "it was cancelled on JOOR before AIMS360 had it")
        return Unchanged("it was cancelled on JOOR before AIMS360 had it")
    steps = cancel_steps(kept.joor_order_id, made)
    with ctx.session() as session:
        row = session.get_one(OrderImport, kept.id)
        row.cancelled_at = row.cancelled_at or ctx.clock.now()
        session.add(row)
        summary = f"JOOR order {kept.joor_order_id} was cancelled on JOOR when a part of it was in AIMS360"
        put_task(session, ctx.site.id, "order_cancelled", kept.joor_order_id, summary, steps, None, ctx.clock.now())
    raise NotPossible(
        f"JOOR order {kept.joor_order_id} was cancelled on JOOR; AIMS360 has a part of it as order {' and '.join(made)}", fix=steps
    )


# ---- send and finish ----------------------------------------------------------------------------------------------------------------


def _send_all(job: JobView, ctx: Context, kept: OrderImport, parts: list[OrderPart], cleared: set[int]) -> int:
    created = 0
    for part in parts:
        if part.state in DONE:
            continue
        try:
            created += send(ctx, kept, part, looked_up=part.id in cleared)
        except NeedsMapping as error:
            _block(job, ctx, kept, error)
            raise
        except Rejected as error:
            if part.state == PartState.PLANNED:
                _refuse(job, ctx, kept, error)
            raise _with_steps(error, kept, part, ctx) from error
    return created


def _with_steps(error: Rejected, kept: OrderImport, part: OrderPart, ctx: Context) -> Rejected:
    steps = [
        f"Read AIMS360's words: {error.remote_message or error.summary}",
        f"Put it right where it is wrong: in AIMS360, on JOOR order {kept.joor_order_id}, or in the stored pairs.",
        f"Then: joorsync orders fetch-again {kept.joor_order_id} --site {ctx.site.key}",
        f"Or enter it in AIMS360 by hand with third-party order id {part.reference}, and fetch again: it is found and adopted.",
    ]
    return Rejected(
        f"AIMS360 refuses {part.reference}: {error.summary}",
        fix=[*error.fix, *steps],
        field=error.field,
        remote_message=error.remote_message,
        retry_after=error.retry_after,
    )


def _finish(job: JobView, ctx: Context, kept: OrderImport, parts: list[OrderPart], created: int, remarks: list[str]) -> Outcome:
    now = ctx.clock.now()
    numbers = [part.aims_order or "" for part in parts]
    words = f"AIMS360 order {' and '.join(numbers)}"
    with ctx.session() as session:
        row = session.get_one(OrderImport, kept.id)
        row.state, row.imported_at, row.problems = OrderState.IMPORTED, now, None
        row.imported_raw = row.imported_raw or row.raw
        session.add(row)
        session.flush()
        want_export(session, ctx.site, row, "SUCCESS", words, now=now, run_id=job.run_id)
        compare_with_import(session, row, now)
    adopted = len(parts) - created
    note = f"JOOR order {kept.joor_order_id} is {words}" + (f" ({adopted} found there, not made again)" if adopted else "")
    note = "; ".join([note, *remarks])
    result = {"aims_orders": numbers, "references": [part.reference for part in parts], "remarks": remarks}
    return Synced(sent=created, note=note, counts={"created": created, "adopted": adopted}, result=result)


IMPORT = FlowSpec(kind=JobKind.ORDERS_IMPORT, run=import_order, lease_seconds=180, endpoints=("aims360.orders",))

"""Customers that JOOR has in work: is the bulk job finished, does JOOR show the customer, and is that what was sent (facts 3.2, 3.4)?

A job tells progress, never results. What is new to JOOR is matched there by hand, in business days: it is looked for at set times of the
business day, all that wait together, and nothing is sent for it meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, func, select

from clients.joor.types import Connection
from models.customers import CustomerCard, CustomerState
from models.errors import Outcome, SyncError, Waiting
from rules.business_days import add_business_days, business_days_for, hours_of, next_look
from rules.connection_difference import differences
from rules.customers import connection_from
from workers.customer_looking import Looked, look
from workers.customer_people import ask_about_job, escalate, job_finished, settle_matched
from workers.customer_tasks import CustomerTask
from workers.customer_words import job_failed, not_updated
from workers.sync import Context

Answers = dict[int, Outcome | SyncError]
#: A job that JOOR has not finished for so long is told to a person.
JOB_PATIENCE = timedelta(days=1)
_LONGEST_PAUSE = timedelta(hours=1)
#: Ends of a job that are no success; only "finished" is documented (facts 3.4).
_FAILED = ("failed", "error")
_NEW = (CustomerState.SENDING.value, CustomerState.SENT.value, CustomerState.AWAITING.value)


def settle(ctx: Context, tasks: Sequence[CustomerTask], answers: Answers) -> None:
    """`tasks` are in flight. Each gets its answer, but for those that JOOR now shows as they were sent: they go on (`arrived`)."""
    due = _finished(ctx, [task for task in tasks if _job(task)], answers) + [task for task in tasks if not _job(task)]
    looked = look(ctx, [task.code.code for task in due])
    ctx.hit("after_http_before_record")
    _record(ctx, due, looked, answers)


def sent_until(ctx: Context, since: datetime, now: datetime) -> datetime:
    """When to look at a job again: soon at first, then at growing pauses."""
    first = timedelta(seconds=float(ctx.joor.contract["bulk_connection.poll_seconds"]))
    return now + max(first, min((now - since) / 4, _LONGEST_PAUSE))


# ---- the bulk job ----------------------------------------------------------------------------------------------------------------------


def _finished(ctx: Context, tasks: Sequence[CustomerTask], answers: Answers) -> list[CustomerTask]:
    """Those whose job is done; one question per job, however many customers it has."""
    by_job: dict[str, list[CustomerTask]] = {}
    for task in tasks:
        by_job.setdefault(str(_job(task)["id"]), []).append(task)
    done: list[CustomerTask] = []
    for job, group in by_job.items():
        ctx.beat()
        try:
            found = ctx.joor.connections_job(job)
        except SyncError as error:
            answers |= {task.job.id: error for task in group}
            continue
        now, since = ctx.clock.now(), datetime.fromisoformat(str(_job(group[0])["since"]))
        with ctx.session() as session:
            if found.finished:
                job_finished(session, ctx.site.id, job, now)
            elif now - since >= JOB_PATIENCE:
                ask_about_job(session, ctx, job, since, now)
        if found.finished:
            done += group
            for task in group if found.status.strip().casefold() in _FAILED else ():
                task.failed_job = found.status
            continue
        progress = f", {found.done} of {found.records}" if found.done is not None and found.records is not None else ""
        words = f"JOOR works on job {job} ({found.status}{progress})"
        answers |= {task.job.id: Waiting(sent_until(ctx, since, now), words) for task in group}
    return done


def _job(task: CustomerTask) -> dict[str, Any]:
    return (task.card.job if task.card is not None and task.card.state == CustomerState.SENT else None) or {}


# ---- what JOOR shows -------------------------------------------------------------------------------------------------------------------


def _record(ctx: Context, tasks: Sequence[CustomerTask], looked: Looked, answers: Answers) -> None:
    now = ctx.clock.now()
    with ctx.session() as session:
        overdue: list[CustomerCard] = []
        for task in sorted(tasks, key=lambda task: task.code.code):
            code = task.code.code
            if code in looked.errors:
                answers[task.job.id] = looked.errors[code]
                continue
            card = session.get_one(CustomerCard, (ctx.site.id, code), with_for_update=True, populate_existing=True)
            connection = looked.found.get(code)
            if connection is None and task.failed_job:
                answers[task.job.id] = job_failed(ctx, task, str((card.job or {}).get("id", "")), task.failed_job)
                card.state, card.job = CustomerState.SENDING, None  # sent again when a person says so
            elif connection is None:
                answers[task.job.id] = _awaiting(session, ctx, task, card, now)
                overdue += [card] if card.escalated_at is None and card.due_at is not None and card.due_at <= now else []
            else:
                _visible(ctx, task, card, connection, answers, now)
            session.add(card)
            task.card = card
        escalate(session, ctx, overdue, now)
        session.flush()
        settle_matched(session, ctx, now)


def _visible(ctx: Context, task: CustomerTask, card: CustomerCard, connection: Connection, answers: Answers, now: datetime) -> None:
    """`arrived` when JOOR shows what it was told; else the answer says what differs."""
    task.connection = connection
    card.connection_id, card.job, card.awaiting_since, card.due_at, card.escalated_at = connection.connection_id, None, None, None, None
    different = _differences(card, connection)
    if different:
        card.state, card.digest = CustomerState.VISIBLE, None
        answers[task.job.id] = not_updated(ctx, task, different)
        return
    card.state, card.digest, card.active_at = CustomerState.ACTIVE, card.sent_digest, now
    task.arrived = True


def _differences(card: CustomerCard, connection: Connection) -> list[str]:
    if card.sent is None or connection.shown is None:
        return ["JOOR's answer cannot be compared with what was sent"]
    return differences(connection_from(card.sent), connection.shown)


def _awaiting(session: Session, ctx: Context, task: CustomerTask, card: CustomerCard, now: datetime) -> Waiting:
    settings = ctx.site.customers
    hours = hours_of(settings)
    if card.state != CustomerState.AWAITING or card.awaiting_since is None or card.due_at is None:
        volume = session.exec(
            select(func.count()).where(CustomerCard.site_id == ctx.site.id, col(CustomerCard.is_new), col(CustomerCard.state).in_(_NEW))
        ).one()
        start = card.sent_at or now
        card.state, card.job, card.is_new, card.awaiting_since = CustomerState.AWAITING, None, True, start
        card.due_at = add_business_days(start, business_days_for(volume, settings.match_days), hours)
    late = ", longer than stated" if card.due_at <= now else ""
    due = f"expected by {card.due_at:%Y-%m-%d %H:%M} UTC{late}"
    return Waiting(
        next_look(now, settings.look_hours, hours), f"JOOR matches {task.name} by hand since {card.awaiting_since:%Y-%m-%d}; {due}"
    )

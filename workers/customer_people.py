"""What a person does about customers: close one on JOOR, ask JOOR about those that it does not match in time. Tasks close by themselves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from models.customers import CustomerCard, CustomerState
from models.jobs import DataType
from models.ledgers import ManualTask
from workers.customer_tasks import CustomerTask
from workers.sync import Context

CLOSED, MATCH, JOB = "customer_closed", "customer_match", "customer_job"  # kinds of ManualTask
BY_ITSELF = "joorsync"
_SHOWN = 10


def ask_to_close(session: Session, ctx: Context, task: CustomerTask, now: datetime) -> None:
    """JOOR has a customer that is not orderable any more; no call is known that closes one (facts 3.3)."""
    why = "AIMS360 does not have it any more" if task.source and task.source.gone else f"it is {task.customer.status} in AIMS360"
    asked = task.card is not None and task.card.state == CustomerState.AWAITING
    steps = [
        f"In JOOR, open the connection of {task.name}, customer code {task.code.code}",
        "Close the connection there, so that nobody orders for it; a program cannot do that",
        "Mark this task as done",
    ]
    if asked:
        steps = [f"Tell your JOOR Integrations Manager that customer code {task.code.code} shall not be added", "Mark this task as done"]
    summary = f"JOOR {'was asked to add' if asked else 'has'} {task.name}, but {why}"
    put(session, ctx.site.id, CLOSED, task.account, summary, steps, {"code": task.code.code}, now)


def open_again(session: Session, site_id: int, accounts: Sequence[str], now: datetime) -> None:
    """AIMS360 has them orderable: there is nothing to close."""
    _finish(session, _open(session, site_id, CLOSED, accounts), now)


def ask_about_job(session: Session, ctx: Context, job: str, since: datetime, now: datetime) -> None:
    summary = f"JOOR has worked on its job {job} (customers) since {since:%Y-%m-%d %H:%M} UTC and has not finished it"
    steps = [f"Ask your JOOR Integrations Manager about bulk-connection job {job}", "joorsync goes on looking; nothing is sent twice"]
    put(session, ctx.site.id, JOB, job, summary, steps, {"job": job}, now)


def job_finished(session: Session, site_id: int, job: str, now: datetime) -> None:
    _finish(session, _open(session, site_id, JOB, [job]), now)


def escalate(session: Session, ctx: Context, cards: Sequence[CustomerCard], now: datetime) -> None:
    """Once per customer; one task per site and day for all whose time has passed."""
    if not cards:
        return
    for card in cards:
        card.escalated_at = now
        session.add(card)
    day = now.astimezone(ZoneInfo(ctx.site.customers.time_zone)).date().isoformat()
    task = _find(session, ctx.site.id, MATCH, day)
    codes = {card.code for card in cards} | set((task.detail or {}).get("codes", []) if task is not None and task.done_at is None else [])
    put(session, ctx.site.id, MATCH, day, *_match_words(ctx, sorted(codes)), now)


def settle_matched(session: Session, ctx: Context, now: datetime) -> None:
    """Open tasks name only those that JOOR still matches, and close with the last of them."""
    for task in _open(session, ctx.site.id, MATCH):
        codes = (task.detail or {}).get("codes", [])
        waiting = select(CustomerCard.code).where(
            CustomerCard.site_id == ctx.site.id, CustomerCard.state == CustomerState.AWAITING, col(CustomerCard.code).in_(codes)
        )
        left = sorted(session.exec(waiting))
        if not left:
            _finish(session, [task], now)
        elif len(left) < len(codes):
            task.summary, task.steps, task.detail = _match_words(ctx, left)
            session.add(task)


def _match_words(ctx: Context, codes: Sequence[str]) -> tuple[str, list[str], dict[str, Any]]:
    shown = ", ".join(codes[:_SHOWN]) + (f" and {len(codes) - _SHOWN} more" if len(codes) > _SHOWN else "")
    tell = "Tell your JOOR Integrations Manager: in a JOOR sandbox new customers are connected by hand, when asked"
    write = "Write to your JOOR Integrations Manager and name the customer codes"
    steps = [
        tell if ctx.site.is_sandbox else write,
        f"The codes: joorsync customers --state awaiting --site {ctx.site.key}",
        "joorsync goes on looking and closes this by itself; nothing is sent again meanwhile",
    ]
    return f"JOOR has not matched {len(codes)} new customer(s) in the stated time: {shown}", steps, {"codes": list(codes)}


# ---- tasks ---------------------------------------------------------------------------------------------------------------------------


def put(session: Session, site_id: int, kind: str, key: str, summary: str, steps: list[str], detail: dict[str, Any], now: datetime) -> None:
    """Once per (site, kind, key). What a person has marked as done opens again only for something new."""
    task = _find(session, site_id, kind, key)
    if task is None:
        task = ManualTask(site_id=site_id, data_type=DataType.CUSTOMERS, kind=kind, key=key[:250], summary=summary, created_at=now)
    elif (task.summary, task.detail) == (summary, detail) and task.done_by != BY_ITSELF:
        return
    task.summary, task.steps, task.detail, task.done_at, task.done_by = summary, steps, detail, None, None
    session.add(task)
    session.flush()


def _find(session: Session, site_id: int, kind: str, key: str) -> ManualTask | None:
    query = select(ManualTask).where(ManualTask.site_id == site_id, ManualTask.kind == kind, ManualTask.key == key[:250])
    return session.exec(query).first()


def _open(session: Session, site_id: int, kind: str, keys: Sequence[str] | None = None) -> Sequence[ManualTask]:
    query = select(ManualTask).where(ManualTask.site_id == site_id, ManualTask.kind == kind, col(ManualTask.done_at).is_(None))
    if keys is not None:
        query = query.where(col(ManualTask.key).in_(keys))
    return session.exec(query).all()


def _finish(session: Session, tasks: Sequence[ManualTask], now: datetime) -> None:
    for task in tasks:
        task.done_at, task.done_by = now, BY_ITSELF
        session.add(task)

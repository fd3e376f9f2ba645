"""Customers to JOOR: mark what may be sent (commit) -> one bulk call, no transaction open -> store the job's number at once (commit).

A crash in between leaves customers marked: they are sent again, as JOOR updates by customer code (facts 3.6).
"""

from collections.abc import Sequence

from sqlmodel import Session

from models.customers import CustomerCard, CustomerState
from models.errors import AccessDenied, NotPossible, Outcome, Rejected, SyncError, Waiting, WaitUntil
from rules.customers import connection_json
from workers.customer_tasks import CustomerTask
from workers.customer_waiting import Answers, sent_until
from workers.order_pairs import note_use
from workers.sync import Context

#: A call that JOOR refuses as a whole is halved to find the customer it means; so many times in a run.
MOST_HALVINGS = 24


def send(ctx: Context, tasks: Sequence[CustomerTask]) -> Answers:
    """`batch_size` customers per call; every task gets its answer."""
    answers: Answers = {}
    size, halvings = ctx.site.customers.batch_size, 0
    waiting = [list(tasks[start : start + size]) for start in range(0, len(tasks), size)]
    while waiting:
        group = waiting.pop(0)
        try:
            answers |= _call(ctx, group)
        except Rejected as error:
            if len(group) > 1 and halvings < MOST_HALVINGS:
                halvings += 1
                middle = len(group) // 2
                waiting[:0] = [group[:middle], group[middle:]]
            else:
                answers |= {task.job.id: error for task in group}
        except SyncError as error:
            return answers | {task.job.id: error for some in [group, *waiting] for task in some}
    return answers


def _call(ctx: Context, group: Sequence[CustomerTask]) -> dict[int, Outcome]:
    ctx.beat()
    before = _mark(ctx, group)
    try:
        job = ctx.joor.send_connections([task.plan.draft for task in group if task.plan is not None])
    except (WaitUntil, Rejected, NotPossible, AccessDenied):
        _take_back(ctx, group, before)  # no call was made, or JOOR refused it: nothing is in doubt
        raise
    ctx.hit("after_http_before_record")
    return _record(ctx, group, job)


def _mark(ctx: Context, group: Sequence[CustomerTask]) -> dict[str, str | None]:
    """The state before by code, None for a customer that had no card."""
    before: dict[str, str | None] = {}
    with ctx.session() as session:
        for task in _ordered(group):
            card = _locked(session, ctx, task)
            before[task.code.code] = card.state if card is not None else None
            if card is None:
                card = CustomerCard(site_id=ctx.site.id, code=task.code.code, account=task.account, state="", is_new=task.is_new)
            card.state, card.account = CustomerState.SENDING, task.account
            session.add(card)
    return before


def _take_back(ctx: Context, group: Sequence[CustomerTask], before: dict[str, str | None]) -> None:
    with ctx.session() as session:
        for task in _ordered(group):
            card, state = _locked(session, ctx, task), before[task.code.code]
            if card is None:
                continue
            if state is None:
                session.delete(card)
            else:
                card.state = state
                session.add(card)


def _record(ctx: Context, group: Sequence[CustomerTask], job: str) -> dict[int, Outcome]:
    now = ctx.clock.now()
    with ctx.session() as session:
        used: set[int] = set()
        for task in _ordered(group):
            card = _locked(session, ctx, task)
            if card is None or task.plan is None:
                raise ValueError(f"customer {task.account} was not marked before it was sent")
            card.state, card.job, card.is_new = CustomerState.SENT, {"id": job, "since": now.isoformat()}, task.is_new
            card.sent, card.sent_digest, card.sent_at, card.digest = connection_json(task.plan.draft), task.digest, now, None
            card.awaiting_since, card.due_at, card.escalated_at = None, None, None
            session.add(card)
            used |= task.plan.pairs
        if used:
            note_use(session, used, now)
    until = sent_until(ctx, now, now)
    return {task.job.id: Waiting(until, f"{task.name} was sent to JOOR, which works on it (job {job})") for task in group}


def _ordered(group: Sequence[CustomerTask]) -> list[CustomerTask]:
    """Always in the same order: two workers that lock the same rows in different orders would deadlock."""
    return sorted(group, key=lambda task: task.code.code)


def _locked(session: Session, ctx: Context, task: CustomerTask) -> CustomerCard | None:
    return session.get(CustomerCard, (ctx.site.id, task.code.code), with_for_update=True, populate_existing=True)

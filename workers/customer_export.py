"""AIMS360 customers to their JOOR connections, many jobs in one run: what JOOR has in work is looked at, what differs is sent.

1. the site's rules, what is stored     2. customers in flight: job, match, what JOOR shows     3. sources, read again where asked
4. closed ones                          5. what is missing, who is new                          6. bulk calls (customer_sending)
"""

from collections.abc import Sequence

from clients.joor.connections import unsendable
from models.customers import CustomerState
from models.errors import Missing, NeedsMapping, NotPossible, Outcome, Rejected, Synced, SyncError, Unchanged
from models.golive import CUSTOMERS_REVIEWED, Confirmation
from rules.connection_difference import differences
from rules.customers import CustomerFrame, meets
from workers.customer_asking import known_codes
from workers.customer_frame import load_frame
from workers.customer_looking import look
from workers.customer_people import ask_to_close, open_again
from workers.customer_reading import read_customer
from workers.customer_sending import send
from workers.customer_sources import ROWS, stored
from workers.customer_tasks import CustomerTask, cards_of
from workers.customer_waiting import Answers, settle
from workers.customer_words import in_work, no_code_yet, not_in_aims360, not_sendable, only_named, previewed, refuse_code, review_missing
from workers.sync import Context, JobView


def export(jobs: Sequence[JobView], ctx: Context) -> Answers:
    """Key ACCOUNT. Payload: fresh: read AIMS360 again first; named: a person wants it, new or not; full: send it, changed or not. Raises
    only what concerns every job."""
    frame, answers = load_frame(ctx), Answers()
    tasks = _tasks(ctx, frame, jobs, answers)
    flying = [task for task in tasks if task.in_flight and not _called_off(task)]
    if jobs[0].dry_run:
        answers |= {task.job.id: in_work(task) for task in flying}
    elif flying:
        settle(ctx, flying, answers)
    _read_again(ctx, _left(tasks, answers), answers)
    for task in _left(tasks, answers):
        task.make(frame)
    _closed(ctx, _left(tasks, answers), answers)
    _same(ctx, _left(tasks, answers), answers)
    _find_new(ctx, _left(tasks, answers), answers)
    wanted = _wanted(ctx, _left(tasks, answers), answers)
    return answers | (send(ctx, wanted) if wanted else {})


def _left(tasks: Sequence[CustomerTask], answers: Answers) -> list[CustomerTask]:
    return [task for task in tasks if task.job.id not in answers]


# ---- 1: what is stored -----------------------------------------------------------------------------------------------------------------


def _tasks(ctx: Context, frame: CustomerFrame, jobs: Sequence[JobView], answers: Answers) -> list[CustomerTask]:
    codes = {job.key: frame.customers.of(job.key) for job in jobs}
    with ctx.session() as session:
        sources = stored(session, ctx.site.id, codes.keys())
        cards = cards_of(session, ctx.site.id, {code.code for code in codes.values()})
    tasks = []
    for job in jobs:
        code = codes[job.key]
        try:
            refuse_code(ctx, code)
        except NotPossible as error:
            answers[job.id] = error
            continue
        if code.left_out:
            answers[job.id] = Unchanged(f"{job.key} is left out on purpose: a pair says so")
            continue
        tasks.append(CustomerTask(job, code, cards.get(code.code), sources.get(job.key)))
    return tasks


def _called_off(task: CustomerTask) -> bool:
    """JOOR still matches somebody who is not wanted any more."""
    return task.closed and task.card is not None and task.card.state == CustomerState.AWAITING


# ---- 3: sources ------------------------------------------------------------------------------------------------------------------------


def _read_again(ctx: Context, tasks: Sequence[CustomerTask], answers: Answers) -> None:
    """An error of AIMS360 that is not about one customer ends the reading for all the rest."""
    stopped: SyncError | None = None
    for task in tasks:
        if task.source is not None and not task.job.payload.get("fresh"):
            continue
        if stopped is not None:
            answers[task.job.id] = stopped
            continue
        try:
            ctx.beat()
            _read_one(ctx, task)
        except (NotPossible, Rejected) as error:
            answers[task.job.id] = error
        except SyncError as error:
            answers[task.job.id] = stopped = error


def _read_one(ctx: Context, task: CustomerTask) -> None:
    now = ctx.clock.now()
    found, old = read_customer(ctx, task.account), task.source
    if found is None and old is None:
        raise not_in_aims360(ctx, task.account)
    if found is None and old is not None:
        found = type(old)(**{**old.model_dump(), "gone": True, "read_at": now})
    if found is not None:
        found.exported_digest = old.exported_digest if old is not None else None
        task.source = found
        if not task.job.dry_run:
            with ctx.session() as session:
                ROWS.write(session, [found])


# ---- 4: closed, and as it was ----------------------------------------------------------------------------------------------------------


def _closed(ctx: Context, tasks: Sequence[CustomerTask], answers: Answers) -> None:
    """Never sent as orderable. Where JOOR has one, a person closes it there."""
    now = ctx.clock.now()
    closed = [task for task in tasks if task.closed]
    with ctx.session() as session:
        known = known_codes(session, ctx.site.id, {task.code.code for task in closed})
        for task in closed:
            there = task.code.paired or bool(task.code.retailer) or task.code.code in known
            why = "gone from AIMS360" if task.source and task.source.gone else f"{task.customer.status} in AIMS360"
            told = "; JOOR has it: close it there (joorsync tasks)" if there else ""
            answers[task.job.id] = Unchanged(f"{task.name} is not sent: it is {why}{told}")
            if task.job.dry_run:
                continue
            if there:
                ask_to_close(session, ctx, task, now)
            ROWS.set_exported(session, ctx.site.id, task.account, task.expected)
        orderable = [task.account for task in tasks if not task.closed and not task.job.dry_run]
        if orderable:
            open_again(session, ctx.site.id, orderable, now)


def _same(ctx: Context, tasks: Sequence[CustomerTask], answers: Answers) -> None:
    """What JOOR was seen to have is not sent again."""
    with ctx.session() as session:
        for task in tasks:
            card = task.card
            known = card is not None and card.state == CustomerState.ACTIVE and card.digest == task.digest
            if not known or (task.plan and task.plan.gaps) or (task.job.payload.get("full") and not task.arrived):
                continue
            notes = "".join(f"; {note}" for note in (task.plan.notes if task.plan else ()))
            answers[task.job.id] = _there(task, notes)
            if not task.job.dry_run:
                ROWS.set_exported(session, ctx.site.id, task.account, task.expected)


def _there(task: CustomerTask, notes: str) -> Outcome:
    if task.arrived:
        is_new = task.card is not None and task.card.is_new
        return Synced(1, f"{task.name} is on JOOR{notes}", {"new": int(is_new), "updated": int(not is_new)})
    return Unchanged(f"JOOR has {task.name} as AIMS360 has it{notes}")


# ---- 5: what is missing, who is new ----------------------------------------------------------------------------------------------------


def _find_new(ctx: Context, tasks: Sequence[CustomerTask], answers: Answers) -> None:
    """New: no card, no connection with that code as last read, no pair, and JOOR itself does not know the code."""
    with ctx.session() as session:
        known = known_codes(session, ctx.site.id, {task.code.code for task in tasks})
    doubtful = [task for task in tasks if not task.code.paired and not task.code.several and _unseen(task, known)]
    looked = look(ctx, [task.code.code for task in doubtful], store=not any(task.job.dry_run for task in tasks))
    for task in doubtful:
        if task.code.code in looked.errors:
            answers[task.job.id] = looked.errors[task.code.code]
            continue
        task.connection = looked.found.get(task.code.code)
        task.is_new = task.connection is None


def _unseen(task: CustomerTask, known: set[str]) -> bool:
    """A card that says new and was never seen on JOOR: a crash while it was sent for the first time."""
    if task.card is not None:
        return task.card.is_new and task.card.connection_id is None
    return task.code.code not in known


def _wanted(ctx: Context, tasks: Sequence[CustomerTask], answers: Answers) -> list[CustomerTask]:
    """Those that can be sent now; of a dry run none."""
    with ctx.session() as session:
        reviewed = session.get(Confirmation, (ctx.site.id, CUSTOMERS_REVIEWED)) is not None
    wanted = []
    for task in tasks:
        if task.is_new and task.code.retailer:
            answers[task.job.id] = no_code_yet(ctx, task)
            continue
        if task.is_new and not _may_be_new(ctx, task):
            answers[task.job.id] = only_named(ctx, task)
            continue
        gaps = [*(task.plan.gaps if task.plan else ()), *([review_missing(ctx, task)] if task.is_new and not reviewed else [])]
        if task.job.dry_run:
            answers[task.job.id] = previewed(task, gaps, _changes(task))
        elif gaps:
            answers[task.job.id] = NeedsMapping(gaps, summary=_summary(gaps))
        elif task.plan is not None and (why := unsendable(task.plan.draft)):
            answers[task.job.id] = not_sendable(ctx, task, why)
        else:
            wanted.append(task)
    return wanted


def _may_be_new(ctx: Context, task: CustomerTask) -> bool:
    """A person named it, its sending was begun, or the site sends all of its customers."""
    if task.job.payload.get("named") or task.card is not None or task.job.dry_run:
        return True
    return ctx.site.customers.new == "all" and meets(task.customer, ctx.site.customers)


def _changes(task: CustomerTask) -> list[str]:
    shown = task.connection.shown if task.connection is not None else None
    shown = shown or task.sent()
    return differences(task.plan.draft, shown) if task.plan is not None and shown is not None else []


def _summary(gaps: Sequence[Missing]) -> str:
    first = gaps[0]
    more = f" (and {len(gaps) - 1} more)" if len(gaps) > 1 else ""
    what = first.where if first.kind == "decision" else f"{first.where}: {first.kind.replace('_', ' ')} {first.value!r} is not mapped"
    return what + more

"""When a retailer's customer code is to be written into JOOR: the job that does it, or the task of a person who types it in."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from models.jobs import Job, JobKind
from models.outbox import Ask, add_jobs
from workers.order_records import find_task, put_task
from workers.sync import Context

TASK = "customer_code"
#: Until another order of the same retailer asks again.
AGAIN = timedelta(days=1)
_LONGEST_KEY = 200


def ask_for_code(session: Session, ctx: Context, key: str, name: str, account: str, order_id: str, *, new: bool) -> None:
    """After an order of a retailer without a code: a job writes it, or (where the site does not write codes) a person is told, of a `new`
    customer once. Not again within a day of the last try."""
    now = ctx.clock.now()
    if not (ctx.site.customers.write_code and ctx.site.syncs(JobKind.CUSTOMERS_CODE.data_type)) or len(key) > _LONGEST_KEY:
        if new or find_task(session, ctx.site.id, TASK, key[:250]) is not None:
            put_code_task(session, ctx.site.id, key, name, account, order_id, now=now)
        return
    if not _tried_since(session, ctx.site.id, key, now - AGAIN):
        ask = Ask(JobKind.CUSTOMERS_CODE, key, {"account": account, "order_id": order_id})
        add_jobs(session, ctx.site.id, [ask], now=now)


def _tried_since(session: Session, site_id: int, key: str, moment: datetime) -> bool:
    tried = select(Job.id).where(
        Job.site_id == site_id,
        Job.kind == JobKind.CUSTOMERS_CODE.value,
        Job.key == key,
        col(Job.dry_run).is_(False),
        col(Job.finished_at) > moment,
    )
    return session.exec(tried.limit(1)).first() is not None


def put_code_task(
    session: Session,
    site_id: int,
    key: str,
    name: str,
    code: str,
    order_id: str,
    *,
    why: str = "",
    steps: Sequence[str] = (),
    now: datetime,
) -> None:
    """The clicks. The order that was first named stays, so that a later one does not open a task that is done."""
    task = find_task(session, site_id, TASK, key[:250])
    first = (task.detail or {}).get("order") if task is not None else None
    order_id = str(first or order_id)
    summary = f"Type customer code {code} into JOOR for {name}" + (f": {why}" if why else "")
    clicks = [
        f"On JOOR, open the connection of {name} (it ordered {order_id}).",
        f"Enter {code} as its customer code and save: later orders then name the AIMS360 customer.",
    ]
    put_task(session, site_id, TASK, key, summary, [*steps] or clicks, {"account": code, "order": order_id}, now)

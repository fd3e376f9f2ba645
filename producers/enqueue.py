"""Ask for work and put its messages into RabbitMQ at once, for commands and scripts that end right after."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from models.errors import Unavailable
from models.jobs import DataType, Job, JobState, Run
from producers import customers, images, inventory, linesheets, orders, styles
from producers.relay import AmqpPublisher, Publisher, Relay
from runtime.clock import Clock
from runtime.db import Sessions

REQUESTS: dict[DataType, Callable[..., Run]] = {
    DataType.CUSTOMERS: customers.request,
    DataType.STYLES: styles.request,
    DataType.LINESHEETS: linesheets.request,
    DataType.IMAGES: images.request,
    DataType.INVENTORY: inventory.request,
    DataType.ORDERS: orders.request,
}
#: A job in one of these moves on by itself; in the others it has ended or waits for a person.
MOVING = (JobState.QUEUED, JobState.PUBLISHED, JobState.RUNNING, JobState.RETRYING, JobState.WAITING, JobState.UNKNOWN)


@dataclass(frozen=True)
class Enqueued:
    """`delayed` says why the messages are not in RabbitMQ yet; they follow by themselves. `dry_run`: nothing will be sent; also where more
    was asked for, as long as nobody has confirmed the first production run of the data type."""

    run_id: int
    jobs: int
    published: int
    delayed: str | None
    dry_run: bool = False


def enqueue(
    sessions: Sessions,
    clock: Clock,
    amqp_url: str | None,
    data_type: DataType,
    site_key: str,
    *,
    keys: Sequence[str] = (),
    everything: bool = False,
    dry_run: bool = False,
    reason: str = "",
    publisher: Publisher | None = None,
    options: Mapping[str, Any] | None = None,
) -> Enqueued:
    """Store the request, then relay it. `options` are those of the data type's own `request` (styles: divisions, seasons; images: level;
    inventory: allow_empty). Raises NotPossible for an unknown site; never raises because RabbitMQ is down."""
    with sessions() as session:
        run = REQUESTS[data_type](
            session,
            site_key,
            keys=keys,
            everything=everything,
            dry_run=dry_run,
            reason=reason or "by hand",
            requested_by=os.environ.get("USER", "") or "script",
            clock=clock,
            **(options or {}),
        )
        run_id, dry_run = run.id or 0, run.dry_run
        jobs = count(session, run_id)
    if amqp_url is None and publisher is None:
        return Enqueued(run_id, jobs, 0, None, dry_run)
    sender = publisher or AmqpPublisher(amqp_url or "")
    try:
        return Enqueued(run_id, jobs, Relay(sessions, sender, clock).publish_due(run_id=run_id), None, dry_run)
    except Unavailable as error:
        return Enqueued(run_id, jobs, 0, error.summary, dry_run)
    finally:
        if publisher is None:
            sender.close()


def count(session: Session, run_id: int, states: Sequence[JobState] = ()) -> int:
    query = select(func.count()).select_from(Job).where(Job.run_id == run_id)
    if states:
        query = query.where(col(Job.state).in_([state.value for state in states]))
    return session.exec(query).one()


def wait_for(sessions: Sessions, run_id: int, *, timeout: float | None = None, poll: float = 0.3) -> bool:
    """Until no job of the run moves by itself any more. False when `timeout` seconds passed first."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        with sessions() as session:
            if count(session, run_id, MOVING) == 0:
                return True
        if deadline is not None and time.monotonic() > deadline:
            return False
        time.sleep(poll)


def failures(session: Session, run_id: int) -> Sequence[Job]:
    """Jobs of a run that ended badly or wait for a person."""
    bad = [JobState.FAILED.value, JobState.BLOCKED.value]
    return session.exec(select(Job).where(Job.run_id == run_id, col(Job.state).in_(bad)).order_by(col(Job.id))).all()

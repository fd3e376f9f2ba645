"""What keeps a job from being claimed now, and how it goes back to the outbox until then."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from models.jobs import CLAIMABLE, Job, JobState
from models.limits import LanePause
from models.sites import Site
from runtime import breakers
from workers.sync import FlowSpec

#: How long a job waits when another one of the same record runs: seldom, after a lost connection or an ask while a job runs.
RECORD_IN_WORK = timedelta(seconds=5)


@dataclass(frozen=True)
class Hold:
    """`until`: the time to come back; now, when only a person ends it. `whole_lane`: nothing else of the lane can run before that."""

    until: datetime
    whole_lane: bool = False


def held_until(session: Session, job: Job, spec: FlowSpec, now: datetime) -> Hold | None:
    """None: go ahead. Else a pause, an open breaker or another job of the same record is in the way."""
    site = session.get_one(Site, job.site_id)
    if site.paused_at is not None:
        return Hold(now)
    pause = session.exec(select(LanePause).where(LanePause.site_id == job.site_id, LanePause.data_type == job.data_type)).first()
    if pause is not None and pause.until is None:
        return Hold(now)
    if pause is not None and pause.until is not None and pause.until > now:
        return Hold(pause.until, whole_lane=True)
    if session.exec(select(Job.id).where(Job.id == job.id, record_in_work())).first() is not None:
        return Hold(now + RECORD_IN_WORK)
    until = breakers.open_until(session, job.site_id, spec.endpoints, now)
    return None if until is None else Hold(until)


def hand_back(session: Session, job: Job, hold: Hold) -> None:
    """Back to the outbox: the relay publishes it again once the hold has ended. Of a lane that is held as a whole everything goes back at
    once, so that its other messages find nothing to write."""
    mine: ColumnElement[bool] = col(Job.id) == job.id
    if hold.whole_lane:
        lane = (col(Job.site_id) == job.site_id, col(Job.data_type) == job.data_type, col(Job.available_at) < hold.until)
        mine = mine | col(Job.id).in_(
            select(col(Job.id)).where(*lane, _claimable()).order_by(col(Job.id)).with_for_update(skip_locked=True)
        )
    session.execute(
        update(Job)
        .where(mine, _claimable())
        .values(state=JobState.QUEUED, published_at=None, relay_token=None, relay_until=None, available_at=hold.until)
        .execution_options(synchronize_session=False)
    )


def record_in_work() -> ColumnElement[bool]:
    """Another job of the same record runs. It had left the waiting ones, committed, before this row could join them, so a claim sees it."""
    other = aliased(Job)
    return (
        select(col(other.id))
        .where(
            col(other.site_id) == col(Job.site_id),
            col(other.data_type) == col(Job.data_type),
            col(other.state) == JobState.RUNNING,
            col(other.kind) == col(Job.kind),
            col(other.key) == col(Job.key),
            col(other.dry_run) == col(Job.dry_run),
            col(other.id) != col(Job.id),
        )
        .exists()
    )


def _claimable() -> ColumnElement[bool]:
    return col(Job.state).in_([state.value for state in CLAIMABLE])

"""Every lane at a glance: messages in the broker, backlog in the table, what holds it, credits left."""

from typing import Any

from sqlmodel import Session, col, func, select

from console.output import ago
from console.process import Process
from models.errors import Unavailable
from models.jobs import ENDED, Job, JobState
from models.limits import Breaker, LanePause
from models.sites import Site
from runtime.accounts import joor_account
from runtime.broker import LANE_TYPES, LaneDepth, connect, lane_depths, lane_name, lanes_of
from runtime.joor_credits import window_state


def lanes(process: Process) -> tuple[list[dict[str, Any]], str | None]:
    """One row per lane, and why the broker could not be asked (None when it answered, or there is none)."""
    with process.reading() as session:
        found = session.exec(select(Site).order_by(col(Site.key))).all()
        rows = [_lane(session, process, site, data_type.value) for site in found for data_type in LANE_TYPES]
    depths: dict[str, LaneDepth] = {}
    trouble = None
    if process.settings.amqp_url is not None:
        try:
            depths = _depths(process.settings.amqp_url, [site.key for site in found])
        except Unavailable as error:
            trouble = error.summary
    for row in rows:
        depth = depths.get(row["lane"], LaneDepth(None, None, None))
        row.update(ready=depth.ready, delayed=depth.delayed, dead=depth.dead)
    return rows, trouble


def _depths(url: str, keys: list[str]) -> dict[str, LaneDepth]:
    connection = connect(url)
    try:
        return lane_depths(connection, lanes_of(keys))
    finally:
        connection.close()


def _lane(session: Session, process: Process, site: Site, data_type: str) -> dict[str, Any]:
    now = process.clock.now()
    open_states = [state.value for state in JobState if state not in ENDED]
    mine = (Job.site_id == site.id, Job.data_type == data_type)
    backlog = dict(
        session.exec(select(Job.state, func.count()).where(*mine, col(Job.state).in_(open_states)).group_by(col(Job.state))).all()
    )
    moving = [state for state in open_states if state != JobState.BLOCKED]
    oldest = session.exec(select(func.min(col(Job.created_at))).where(*mine, col(Job.state).in_(moving))).one()
    failed = session.exec(select(func.count()).where(*mine, Job.state == JobState.FAILED, col(Job.dismissed_at).is_(None))).one()
    credits = window_state(session, joor_account(site), now)
    return {
        "lane": lane_name(data_type, site.key),
        "backlog": backlog,
        "open_failures": failed,
        "oldest_at": oldest,
        "oldest_age": ago(now - oldest) if oldest else None,
        "credits_left": credits["left"],
        "credits_refilled_at": credits["refills_at"],
        "held": _held(session, site, data_type, now),
    }


def _held(session: Session, site: Site, data_type: str, now: Any) -> str | None:
    """What keeps this lane from working, in words."""
    if site.paused_at is not None:
        return f"site paused: {site.paused_reason or 'by hand'}; joorsync sites resume {site.key}"
    pause = session.exec(select(LanePause).where(LanePause.site_id == site.id, LanePause.data_type == data_type)).first()
    if pause is not None and (pause.until is None or pause.until > now):
        return f"until {pause.until:%H:%M:%S} UTC: {pause.reason}" if pause.until else f"paused by {pause.paused_by}: {pause.reason}"
    breaker = session.exec(
        select(Breaker).where(Breaker.site_id == site.id, col(Breaker.open_until) > now).order_by(col(Breaker.open_until))
    ).all()
    if breaker:
        last = breaker[-1]
        return f"{last.endpoint} keeps failing; next try {last.open_until:%H:%M:%S} UTC ({last.last_summary or ''})"
    return None

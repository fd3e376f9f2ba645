"""What became of runs: progress while they last, the table of outcomes, the problems with their fixes. Every number comes from the rows."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlmodel import Session, col, func, select

from console.jobs import site_keys
from console.output import err, note, say, steps, table
from console.process import Process
from models.jobs import ENDED, Attempt, Job, JobKind, JobState
from models.sites import Site
from producers.enqueue import MOVING
from runtime.logs import REDACTOR

#: A job whose next try is further away than this is not waited for; it goes on by itself.
PATIENCE = timedelta(minutes=10)
POLL_SECONDS = 0.3
LINE_SECONDS = 5.0
#: With services somebody else does the work; after so many seconds without any of it done a person is told where to look.
IDLE_SECONDS = 30.0
_COLUMNS = ("site", "step", "jobs", "sent", "unchanged", "blocked", "failed", "waiting", "calls", "credits", "seconds")
_PROBLEM_STATES = (JobState.FAILED.value, JobState.BLOCKED.value)


@dataclass(frozen=True)
class Standing:
    """How many jobs of some runs there are, are done, and move by themselves soon."""

    jobs: int
    done: int
    moving: int


def standing(session: Session, process: Process, run_ids: Sequence[int]) -> Standing:
    by_state = dict(session.exec(select(Job.state, func.count()).where(col(Job.run_id).in_(run_ids)).group_by(col(Job.state))).all())
    soon = process.clock.now() + PATIENCE
    late = session.exec(
        select(func.count())
        .select_from(Job)
        .where(col(Job.run_id).in_(run_ids), col(Job.state).in_([state.value for state in MOVING]), col(Job.available_at) > soon)
    ).one()
    resting = {JobState.BLOCKED.value, *(state.value for state in ENDED)}
    jobs = sum(by_state.values())
    done = sum(count for state, count in by_state.items() if state in resting)
    return Standing(jobs, done, jobs - done - late - _held(session, run_ids))


def _held(session: Session, run_ids: Sequence[int]) -> int:
    """Jobs that a paused site keeps in the queue: nothing moves before a person resumes it."""
    waiting = [state.value for state in MOVING if state is not JobState.RUNNING]
    return session.exec(
        select(func.count())
        .select_from(Job)
        .join(Site, col(Site.id) == col(Job.site_id))
        .where(col(Job.run_id).in_(run_ids), col(Job.state).in_(waiting), col(Site.paused_at).is_not(None))
    ).one()


def wait(process: Process, run_ids: Sequence[int], *, alive: Callable[[], bool] = lambda: True) -> bool:
    """Until nothing of the runs moves by itself any more. A bar on a terminal, else a line now and then. False when work died."""
    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=err(), transient=True)
    on_terminal = err().is_terminal
    task = bar.add_task("jobs", total=None)
    last, spoken, began, warned = None, 0.0, time.monotonic(), process.settings.embedded
    if on_terminal:
        bar.start()
    try:
        while alive():
            with process.reading() as session:
                now = standing(session, process, run_ids)
            bar.update(task, total=now.jobs, completed=now.done)
            if not on_terminal and now != last and time.monotonic() - spoken > LINE_SECONDS:
                note(f"{now.done} of {now.jobs} jobs done")
                spoken = time.monotonic()
            last = now
            if now.moving <= 0:
                return True
            if not warned and now.done == 0 and time.monotonic() - began > IDLE_SECONDS:
                note("Nothing is done yet: are `joorsync workers` and `joorsync producers` running? See: joorsync queues")
                warned = True
            time.sleep(POLL_SECONDS)
        return False
    finally:
        if on_terminal:
            bar.stop()


def outcome(session: Session, run_ids: Sequence[int]) -> list[dict[str, Any]]:
    """One row per site and step: jobs by what became of them, records sent and found unchanged, calls, JOOR credits, wall time."""
    jobs = session.exec(select(Job).where(col(Job.run_id).in_(run_ids)).order_by(col(Job.id))).all()
    costs = {
        job_id: (calls or 0, credits or 0)
        for job_id, calls, credits in session.execute(
            select(col(Attempt.job_id), func.sum(col(Attempt.calls)), func.sum(col(Attempt.credits)))
            .join(Job, col(Job.id) == col(Attempt.job_id))
            .where(col(Job.run_id).in_(run_ids))
            .group_by(col(Attempt.job_id))
        ).all()
    }
    keys = site_keys(session)
    groups: dict[tuple[str, str], list[Job]] = {}
    for job in jobs:
        groups.setdefault((keys.get(job.site_id, str(job.site_id)), job.kind), []).append(job)
    order = [kind.value for kind in JobKind]
    return [_line(site, kind, groups[site, kind], costs) for site, kind in sorted(groups, key=lambda key: (order.index(key[1]), key[0]))]


def _line(site: str, kind: str, jobs: Sequence[Job], costs: dict[int, tuple[int, int]]) -> dict[str, Any]:
    data_type, _, step = kind.partition(".")
    ends = [job.finished_at for job in jobs if job.finished_at]
    seconds = (max(ends) - min(job.started_at or job.created_at for job in jobs)).total_seconds() if ends else None
    return {
        "data_type": data_type,
        "site": site,
        "step": step,
        "jobs": len(jobs),
        "sent": sum(job.sent for job in jobs),
        "unchanged": sum(_unchanged(job) for job in jobs),
        "blocked": _in(jobs, JobState.BLOCKED),
        "failed": _in(jobs, JobState.FAILED),
        "waiting": _in(jobs, *MOVING),
        "calls": sum(costs.get(job.id or 0, (0, 0))[0] for job in jobs),
        "credits": sum(costs.get(job.id or 0, (0, 0))[1] for job in jobs),
        "seconds": round(seconds, 1) if seconds is not None else None,
    }


def _unchanged(job: Job) -> int:
    """Records found unchanged, where the flow counted them; a scan that found all of its positions in place; else the job itself."""
    counts = job.counts or {}
    if "unchanged" in counts:
        return counts["unchanged"]
    if job.state != JobState.UNCHANGED:
        return 0
    return counts.get("positions", 0) if job.kind.endswith(".scan") else 1


def _in(jobs: Iterable[Job], *states: JobState) -> int:
    return sum(1 for job in jobs if job.state in states)


def show_outcome(rows: Sequence[dict[str, Any]]) -> None:
    """One table per data type."""
    for data_type in dict.fromkeys(row["data_type"] for row in rows):
        table([row for row in rows if row["data_type"] == data_type], _COLUMNS, title=data_type)


def problems(session: Session, run_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Failed and blocked jobs of these runs."""
    keys = site_keys(session)
    found = session.exec(
        select(Job)
        .where(col(Job.run_id).in_(run_ids), col(Job.state).in_(_PROBLEM_STATES), col(Job.dismissed_at).is_(None))
        .order_by(col(Job.id))
    ).all()
    return [
        {
            "job": job.id,
            "state": job.state,
            "site": keys.get(job.site_id, ""),
            "kind": job.kind,
            "key": job.key,
            "whose": job.error_whose,
            "error": job.error_kind,
            "summary": REDACTOR.text(job.error_summary or job.note),
            "fix": [REDACTOR.text(step) for step in job.error_fix or []],
            "remote_message": REDACTOR.text(job.remote_message) if job.remote_message else None,
        }
        for job in found
    ]


def show_problems(rows: Sequence[dict[str, Any]], limit: int) -> None:
    """The first `limit` with their steps, and how many more there are."""
    for row in rows[:limit]:
        say(f"job {row['job']}  {row['state']}  {row['site']} {row['kind']} {row['key']}: {row['summary']}")
        if row["remote_message"] and row["remote_message"] not in row["summary"]:
            say(f"  they said: {row['remote_message']}")
        for line in steps(row["fix"]):
            say(line)
    if len(rows) > limit:
        say(f"... and {len(rows) - limit} more: joorsync jobs --state failed --state blocked")


def previews(session: Session, run_id: int) -> list[dict[str, Any]]:
    """What a dry run would do, job by job."""
    found = session.exec(select(Job).where(Job.run_id == run_id, col(Job.dry_run).is_(True)).order_by(col(Job.id))).all()
    return [{"job": job.id, "kind": job.kind, "key": job.key, "note": job.note, "result": REDACTOR.clean(job.result)} for job in found]

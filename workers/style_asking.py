"""Which styles are asked for: those whose source or configuration is not what their last complete export saw."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from models.jobs import Job, JobKind, JobState
from models.outbox import Ask
from rules.style_frame import StyleFrame
from workers.style_sources import Light
from workers.sync import Context, JobView


def differing(session: Session, job: JobView, ctx: Context, frame: StyleFrame, rows: Sequence[Light]) -> tuple[list[Ask], int, int]:
    """(exports to ask for, styles compared, styles that failed or wait for a person and are as they were then)."""
    asks, compared, held = [], 0, 0
    before = _earlier(session, ctx, [row.style for row in rows])
    for row in rows:
        if not meant(job, ctx, row):
            continue
        compared += 1
        expected = frame.expected(row.style, row.digest, row.division, row.season)
        full = bool(job.payload.get("full"))
        if expected == row.exported_digest and not full:
            continue
        earlier = before.get(row.style)
        if earlier is not None and earlier == expected[:16] and not full:
            held += 1
            continue
        payload = {"seen": expected[:16]} | ({"full": True} if full else {})
        asks.append(Ask(JobKind.STYLES_EXPORT, row.style, payload, revive=earlier is not None))
    return asks, compared, held


def _earlier(session: Session, ctx: Context, styles: Sequence[str]) -> dict[str, str]:
    """What exports that failed, or that wait for a person, had seen. A question that no longer needs an answer does not count."""
    query = select(Job).where(
        Job.site_id == ctx.site.id,
        Job.kind == JobKind.STYLES_EXPORT.value,
        col(Job.state).in_([JobState.FAILED.value, JobState.BLOCKED.value]),
        col(Job.dismissed_at).is_(None),
        col(Job.dry_run).is_(False),
        col(Job.key).in_(styles),
    )
    found = {}
    for row in session.exec(query.order_by(col(Job.id))):
        answered = row.state == JobState.BLOCKED and all(_answered(ctx, item) for item in row.blocked_on or [])
        found[row.key] = "" if answered else str((row.payload or {}).get("seen", ""))
    return found


def _answered(ctx: Context, item: dict[str, str]) -> bool:
    """A decision that the settings have made since."""
    question, settings = item.get("value", "").partition(":")[0], ctx.site.styles
    asked = item.get("kind") == "decision"
    return asked and ((question == "rekey" and settings.rekey == "go") or (question == "remove" and settings.deactivate == "go"))


def meant(job: JobView, ctx: Context, row: Light) -> bool:
    """Whether an export of this style is wanted at all. Gone and inactive styles are settled apart, except when they are asked for."""
    chosen = {name: job.payload.get(name) for name in ("divisions", "seasons")}
    if chosen["divisions"] and row.division not in chosen["divisions"]:
        return False
    if chosen["seasons"] and row.season not in chosen["seasons"]:
        return False
    status = job.payload.get("status") or ("all" if ctx.site.styles.include_inactive else "active")
    if row.gone or (not row.active and not ctx.site.styles.include_inactive):
        return False
    return status == "all" or row.active == (status == "active")

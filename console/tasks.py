"""Things that only a person can do, with the clicks: a stale WIP date on JOOR, a new ship-to, an order changed after import."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from console.jobs import site_keys
from console.process import Process
from models.errors import NotPossible
from models.ledgers import ManualTask
from producers.requests import resolve_site


def listing(session: Session, site: str, kind: str, done: bool) -> list[dict[str, Any]]:
    """Open ones, oldest first; with `done` all. Raises NotPossible for an unknown site."""
    query = select(ManualTask).order_by(col(ManualTask.id))
    if site:
        query = query.where(ManualTask.site_id == resolve_site(session, site).id)
    if kind:
        query = query.where(ManualTask.kind == kind)
    if not done:
        query = query.where(col(ManualTask.done_at).is_(None))
    keys = site_keys(session)
    return [{**task.model_dump(exclude={"site_id"}), "site": keys.get(task.site_id, str(task.site_id))} for task in session.exec(query)]


def finish(session: Session, process: Process, ids: Sequence[int], reason: str) -> int:
    """Mark tasks done; returns how many were open. Does not commit. Raises NotPossible for an unknown number."""
    count = 0
    for task_id in ids:
        task = session.get(ManualTask, task_id)
        if task is None:
            raise NotPossible(f"There is no task {task_id}", fix=["List tasks: joorsync tasks"])
        if task.done_at is None:
            task.done_at, task.done_by, count = process.clock.now(), process.actor, count + 1
            session.add(task)
            session.add(process.audit("task.done", f"task {task_id} {task.kind} {task.key}", reason=reason))
    return count

"""What only a person can do about inventory: delete dates on JOOR, map a warehouse. The tasks follow the state of the ledger;
they open and close by themselves, and one that a person has closed opens again only for something new."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.errors import Missing
from models.jobs import DataType
from models.ledgers import IMMEDIATE, ManualTask
from workers.inventory_ledger import LEDGER

WIP_DATE, WAREHOUSE = "wip_date", "warehouse"
BY_ITSELF = "joorsync"
_c = LEDGER.c


class Wanted(NamedTuple):
    """A task that should be open. `since` is when its newest reason came up; a task closed after that stays closed."""

    summary: str
    steps: list[str]
    detail: dict[str, Any]
    since: datetime | None


def sync_date_tasks(session: Session, site_id: int, now: datetime) -> None:
    """One task per JOOR warehouse and date that JOOR was told about and AIMS360 no longer has."""
    gone = and_(_c.site_id == site_id, _c.vanished, _c.bucket != IMMEDIATE, _c.sent_version.is_not(None))
    groups = session.execute(
        select(_c.warehouse, _c.bucket, func.count(), func.max(_c.wanted_at), func.min(_c.style), func.max(_c.style))
        .where(gone)
        .group_by(_c.warehouse, _c.bucket)
    )
    wanted = {f"{warehouse}|{bucket}": _date_task(warehouse, bucket, *rest) for warehouse, bucket, *rest in groups}
    _sync(session, site_id, WIP_DATE, wanted, now)


def sync_warehouse_tasks(session: Session, site_id: int, missing: Sequence[Missing], now: datetime) -> None:
    """One task per AIMS360 warehouse with stock that is not in the map; gone once it is mapped or ignored."""
    wanted = {
        item.value: Wanted(
            summary=f"AIMS360 warehouse {item.value!r} is not mapped: its stock is not sent to JOOR",
            steps=[item.fix],
            detail={"warehouse": item.value},
            since=None,
        )
        for item in missing
    }
    _sync(session, site_id, WAREHOUSE, wanted, now)


def _date_task(warehouse: str, bucket: str, count: int, newest: datetime, first: str, last: str) -> Wanted:
    styles = first if first == last else f"{first} to {last}"
    return Wanted(
        summary=f"JOOR still lists {bucket} for warehouse {warehouse}: {count} SKU(s), style {styles}. AIMS360 has no arrival on that date",
        steps=[
            "Nothing can be bought against it: zero was sent, or is being sent, for each of these SKUs",
            f"In JOOR, open the inventory of the styles ({styles}), warehouse {warehouse}",
            f"Check the inventory of date {bucket} and remove that date by hand: JOOR does not let a program remove it",
            "Mark this task as done",
        ],
        detail={"warehouse": warehouse, "date": bucket, "positions": count, "first_style": first, "last_style": last},
        since=newest,
    )


def _sync(session: Session, site_id: int, kind: str, wanted: dict[str, Wanted], now: datetime) -> None:
    query = select_rows(ManualTask).where(ManualTask.site_id == site_id, ManualTask.kind == kind)
    if not wanted:
        query = query.where(col(ManualTask.done_at).is_(None))
    tasks = {task.key: task for task in session.exec(query)}
    for key, task in tasks.items():
        if key not in wanted and task.done_at is None:
            task.done_at, task.done_by = now, BY_ITSELF
            session.add(task)
    for key, want in wanted.items():
        _open(session, tasks.get(key), site_id, kind, key, want, now)


def _open(session: Session, task: ManualTask | None, site_id: int, kind: str, key: str, want: Wanted, now: datetime) -> None:
    if task is None:
        task = ManualTask(site_id=site_id, data_type=DataType.INVENTORY, kind=kind, key=key, summary=want.summary, created_at=now)
    elif task.done_at is not None:
        if task.done_by != BY_ITSELF and (want.since is None or want.since <= task.done_at):
            return
        task.done_at, task.done_by, task.created_at = None, None, now
    elif (task.summary, task.detail) == (want.summary, want.detail):
        return
    task.summary, task.steps, task.detail = want.summary, want.steps, want.detail
    session.add(task)

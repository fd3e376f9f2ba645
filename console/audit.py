"""Who changed what, when and why: the audit rows, newest first."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from models.audit import AuditEntry
from models.customers import ShipToOffer
from models.errors import NotPossible
from models.jobs import Job
from models.ledgers import ManualTask, OrderImport
from models.sites import Site

_AGES = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE = re.compile(r"(\d{1,6})\s*(min|h|d|w)")
_CHUNK = 500


def listing(
    session: Session, *, site: Site | None = None, action: str = "", since: datetime | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """`action`: as stored ("mapping.set") or its beginning ("mapping"). With `site` only what was decided for that site: changes that
    concern no single site are left out."""
    found = []
    for entry in _entries(session, action.strip(), since):
        if site is None or _is_of(session, entry.subject, site):
            found.append(_row(entry))
        if len(found) == limit:
            break
    return found


def _entries(session: Session, action: str, since: datetime | None) -> Iterator[AuditEntry]:
    """Newest first, page by page."""
    last: int | None = None
    while True:
        query = select(AuditEntry).order_by(col(AuditEntry.id).desc()).limit(_CHUNK)
        if action:
            query = query.where((col(AuditEntry.action) == action) | col(AuditEntry.action).startswith(f"{action}.", autoescape=True))
        if since is not None:
            query = query.where(col(AuditEntry.at) >= since)
        rows = session.exec(query if last is None else query.where(col(AuditEntry.id) < last)).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
    }


def _is_of(session: Session, subject: str, site: Site) -> bool:
    """Most subjects begin with the site's key; jobs, orders, tasks and ship-tos are looked up."""
    if subject == site.key or subject.startswith(f"{site.key} "):
        return True
    if found := re.match(r"job (\d+)", subject):
        return _has(session, Job, site, Job.id == int(found[1]))
    if found := re.match(r"JOOR order (\S+)", subject):
        return _has(session, OrderImport, site, OrderImport.joor_order_id == found[1])
    if found := re.match(r"task (\d+)", subject):
        return _has(session, ManualTask, site, ManualTask.id == int(found[1]))
    if found := re.match(r"ship-to (\d+)", subject):
        return _has(session, ShipToOffer, site, ShipToOffer.id == int(found[1]))
    return False


def _has(session: Session, table: Any, site: Site, condition: Any) -> bool:
    return session.exec(select(table.site_id).where(table.site_id == site.id, condition).limit(1)).first() is not None


def moment(text: str, now: datetime) -> datetime:
    """ "7d", "12h", "30min", a day or a time (UTC where it names no zone). Raises NotPossible."""
    text = text.strip()
    if age := _AGE.fullmatch(text):
        return now - timedelta(**{_AGES[age[2]]: int(age[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise NotPossible(
            f"{text!r} is no time", fix=["Give for example 7d, 12h, 2031-03-01 or 2031-03-01T09:00."], field="since"
        ) from None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def summary(row: dict[str, Any], longest: int = 160) -> str:
    """One line on what changed, for a table."""
    before, after = row["before"] or {}, row["after"] or {}
    parts = [f"{name}: {_short(before.get(name))} -> {_short(after.get(name))}" for name in {**before, **after} if _differs(name, row)]
    text = "; ".join(parts)
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def _differs(name: str, row: dict[str, Any]) -> bool:
    return (row["before"] or {}).get(name) != (row["after"] or {}).get(name)


def _short(value: Any) -> str:
    """Pairs as JOOR -> AIMS360; everything else as it is."""
    if isinstance(value, list):
        return ", ".join(map(_short, value)) or "none"
    if isinstance(value, dict):
        joor, aims = value.get("joor_code", value.get("joor")), value.get("aims_code", value.get("aims360"))
        if joor is not None or aims is not None:
            return f"{joor} = {aims}"
        return ", ".join(f"{key} {_short(inner)}" for key, inner in value.items())
    return "none" if value in (None, "") else str(value)

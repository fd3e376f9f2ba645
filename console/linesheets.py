"""Looking at linesheets: what is defined, what is on them and who put it there. What a person may change is in `producers.linesheets`."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, col, select

from console.jobs import site_keys
from console.process import Process
from models.catalogue import Linesheet, LinesheetItem, StyleCard
from models.jobs import Job, JobKind
from models.settings import LinesheetRule
from models.ship_window import ShipWindow
from models.sites import Site
from producers import linesheets as asking
from producers.linesheets import Change
from producers.requests import resolve_site

US, HAND, SENDING = "joorsync", "by hand", "being sent"
_JOBS_SHOWN = 5


def listing(session: Session, site: str) -> list[dict[str, Any]]:
    """By site and code. Raises NotPossible for an unknown site."""
    query = select(Linesheet).order_by(col(Linesheet.site_id), col(Linesheet.code))
    if site:
        query = query.where(Linesheet.site_id == resolve_site(session, site).id)
    keys, rows = site_keys(session), session.exec(query).all()
    ids = [row.id for row in rows]
    items = session.exec(select(LinesheetItem.linesheet_id, LinesheetItem.by_hand).where(col(LinesheetItem.linesheet_id).in_(ids))).all()
    ours, hands = (Counter(sheet for sheet, by_hand in items if by_hand is which) for which in (False, True))
    return [
        {
            "code": row.code,
            "site": keys.get(row.site_id, ""),
            "name": row.name,
            "season": season_of(row),
            "window": window_of(row),
            "styles": ours[row.id or 0],
            "by_hand": hands[row.id or 0],
            "on_joor": row.joor_id is not None,
            "active": row.active,
            "synced_at": row.synced_at,
        }
        for row in rows
    ]


def window_of(row: Linesheet) -> str:
    """ "immediate", or for example "2031-08-01 to 2031-08-31, cancel 2031-09-15"."""
    cancel = f", cancel {row.cancel_date}" if row.cancel_date else ""
    if not (row.ship_start or row.ship_complete):
        return str(ShipWindow()) + cancel
    return f"{row.ship_start} to {row.ship_complete}{cancel}"


def season_of(row: Linesheet) -> str:
    return " ".join(str(part) for part in (row.season_name or row.season_code, row.season_year) if part)


def details(session: Session, site: str, code: str) -> dict[str, Any]:
    """One linesheet with its rule, its items in display order, and its latest jobs. Raises NotPossible."""
    row = asking.find(session, site, code)
    cards = dict(
        session.exec(
            select(StyleCard.identifier, StyleCard.style)
            .join(LinesheetItem, col(LinesheetItem.identifier) == col(StyleCard.identifier))
            .where(StyleCard.site_id == row.site_id, LinesheetItem.linesheet_id == row.id)
        ).all()
    )
    items = session.exec(select(LinesheetItem).where(LinesheetItem.linesheet_id == row.id)).all()
    jobs = session.exec(
        select(Job)
        .where(Job.site_id == row.site_id, Job.kind == JobKind.LINESHEETS_SYNC, Job.key == row.code)
        .order_by(col(Job.id).desc())
        .limit(_JOBS_SHOWN)
    ).all()
    shown = {"code", "name", "season_code", "season_name", "season_year", "ship_start", "ship_complete", "cancel_date", "minimum_window"}
    return {
        "site": site_keys(session).get(row.site_id, ""),
        **row.model_dump(include=shown | {"rule", "dropped", "active", "joor_id", "created_by", "synced_at"}),
        "season": season_of(row),
        "window": window_of(row),
        "items": [_item(item, cards) for item in sorted(items, key=_place)],
        "jobs": [{"job": job.id, "state": job.state, "dry_run": job.dry_run, "note": job.note or job.error_summary or ""} for job in jobs],
    }


def _place(item: LinesheetItem) -> tuple[bool, int, str]:
    """Those without a place of ours, put there by hand, come last."""
    return item.order_number is None, item.order_number or 0, item.identifier


def _item(item: LinesheetItem, cards: Mapping[str, str]) -> dict[str, Any]:
    return {
        "order": item.order_number,
        "identifier": item.identifier,
        "style": cards.get(item.identifier, ""),
        "without_colors": item.excluded,
        "put_there": HAND if item.by_hand else US if item.joor_id else SENDING,
        "added_at": item.added_at,
    }


def define(session: Session, process: Process, site: Site, code: str, changes: Mapping[str, Any], *, reason: str = "") -> Change:
    """Make it or change it, by the person at this terminal; see `producers.linesheets.define`."""
    return asking.define(session, site, code, changes, process.actor, reason=reason, clock=process.clock)


def rule_of(session: Session, site: Site, code: str) -> LinesheetRule:
    """The stored rule; an empty one for a linesheet that is not there yet."""
    row = session.exec(select(Linesheet).where(Linesheet.site_id == site.id, Linesheet.code == code.strip())).first()
    return LinesheetRule.model_validate(row.rule) if row is not None else LinesheetRule()


def in_words(rule: LinesheetRule) -> str:
    """For example "season FA31, FA32 and userCode1 A; and the styles D410, D411"."""
    conditions = [
        f"{name} {', '.join(values) or '(none)'}"
        for name, values in (("season", rule.seasons), ("division", rule.divisions))
        if values is not None
    ]
    conditions += [f"{name} {' or '.join(values)}" for name, values in rule.fields.items()]
    parts = [" and ".join(conditions)] if conditions else []
    if rule.styles:
        shown = ", ".join(rule.styles[:5]) + (f" and {len(rule.styles) - 5} more" if len(rule.styles) > 5 else "")
        parts.append(f"the style{'s' if len(rule.styles) > 1 else ''} {shown}")
    words = "; and ".join(parts) or "no style yet"
    return words + (f"; without {', '.join(rule.exclude)}" if rule.exclude else "")

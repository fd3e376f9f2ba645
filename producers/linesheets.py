"""Asking for linesheets: one job each; and what a person may say of one: define, drop, restore, retire. Every change asks for a sync.

Everything here works in the caller's transaction and only on our own tables; nothing is sent before the caller commits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlmodel import Session, col, select

from models.audit import AuditEntry
from models.catalogue import Linesheet, LinesheetItem, StyleCard, StyleSource
from models.errors import NotPossible
from models.jobs import DataType, JobKind, Run
from models.outbox import Ask
from models.settings import LinesheetRule
from models.ship_window import ShipWindow
from models.sites import Site
from producers.requests import ask_for, clean_keys, is_on, resolve_site
from runtime.clock import Clock, SystemClock

LONGEST = {"code": 50, "name": 100, "season_code": 40, "season_name": 100}
DATES = {"ship_start": "start", "ship_complete": "complete", "cancel_date": "cancel", "minimum_window": "minimum_window"}
#: What `define` may set.
FIELDS = ("name", "season_code", "season_name", "season_year", *DATES, "rule")
_HISTORY = {*FIELDS, "dropped", "active"}


@dataclass(frozen=True)
class Change:
    """`run_id`: the sync that was asked for; None when nothing had to change. `hint`: what a person has to know besides."""

    code: str
    created: bool = False
    run_id: int | None = None
    hint: str = ""


def request(
    session: Session,
    site: Site | str,
    *,
    keys: Sequence[str] = (),
    everything: bool = False,
    dry_run: bool = False,
    reason: str = "",
    requested_by: str = "",
    clock: Clock | None = None,
    allow_none: bool = False,
    revive: bool = False,
) -> Run:
    """Add a run with one job per linesheet in `keys` (codes), or per active linesheet of the site, in the caller's transaction.

    `everything` looks at JOOR and sends all again, changed or not. `dry_run` only shows the difference (the job's `result`). `revive`
    starts a job that waits or retries at once. `allow_none`: a site without linesheets gets a run without jobs (for schedules).
    Raises NotPossible for an unknown site or code, and for a site without linesheets.

        with sessions() as session:
            run = request(session, "us", keys=["F1"], reason="fall is complete", requested_by="anna")
    """
    found = resolve_site(session, site)
    codes = _codes(session, found, clean_keys(keys, longest=LONGEST["code"]), allow_none)
    payload = {"full": True} if everything else None
    asks = [Ask(JobKind.LINESHEETS_SYNC, code, payload, revive=revive) for code in codes]
    return ask_for(session, found, DataType.LINESHEETS, asks, dry_run=dry_run, reason=reason, requested_by=requested_by, clock=clock)


def _codes(session: Session, site: Site, named: list[str], allow_none: bool) -> list[str]:
    rows = dict(
        session.exec(select(Linesheet.code, Linesheet.active).where(Linesheet.site_id == site.id).order_by(col(Linesheet.code))).all()
    )
    unknown = [code for code in named if code not in rows]
    if unknown:
        raise _unknown(site, ", ".join(unknown), list(rows))
    if named:
        return named
    active = [code for code, is_active in rows.items() if is_active]
    if not active and not allow_none:
        raise NotPossible(
            f"Site {site.key} has no linesheets to sync",
            fix=[f'Define one: joorsync linesheets define F1 --name "Fall 1" --rule-season SEASON --site {site.key}'],
        )
    return active


def _unknown(site: Site, what: str, codes: Sequence[str]) -> NotPossible:
    known = f"Linesheets there: {', '.join(codes)}" if codes else f"There is none yet: joorsync linesheets define CODE --site {site.key}"
    return NotPossible(f"Site {site.key} has no linesheet {what}", fix=[known], field="linesheet")


def find(session: Session, site: Site | str, code: str) -> Linesheet:
    """Raises NotPossible, listing the codes there are."""
    at = resolve_site(session, site)
    row = session.exec(select(Linesheet).where(Linesheet.site_id == at.id, Linesheet.code == code.strip())).first()
    if row is None:
        raise _unknown(at, repr(code), session.exec(select(Linesheet.code).where(Linesheet.site_id == at.id)).all())
    return row


# ---- define ------------------------------------------------------------------------------------------------------------------------------


def define(
    session: Session,
    site: Site | str,
    code: str,
    changes: Mapping[str, Any],
    by: str,
    *,
    reason: str = "",
    clock: Clock | None = None,
    ask: bool = True,
) -> Change:
    """Make a linesheet or change it; a retired one comes back. `changes` holds some of FIELDS: texts, whole numbers, dates as YYYY-MM-DD or
    None, `rule` a LinesheetRule. Without `ask` it is stored and nothing is synced. Raises NotPossible naming everything that is wrong; then
    nothing is changed."""
    clock = clock or SystemClock()
    at, code = resolve_site(session, site), code.strip()
    row = session.exec(select(Linesheet).where(Linesheet.site_id == at.id, Linesheet.code == code)).first()
    wrong = [f"there is no {name}" for name in changes if name not in FIELDS]
    before = _history(row) if row is not None else None
    wanted = {**(before or {"name": ""}), **changes, "active": True}
    if isinstance(wanted.get("rule"), LinesheetRule):
        wanted["rule"] = wanted["rule"].model_dump(mode="json")
    wrong += _wrong_texts({**wanted, "code": code}) + _wrong_dates(wanted) + _wrong_rule(wanted.get("rule") or {})
    if wrong:
        raise NotPossible(f"Linesheet {code} is not stored: {'; '.join(wrong)}", fix=["joorsync linesheets define --help"], field=code)
    if row is None:
        row = Linesheet(site_id=at.id or 0, code=code, name="", created_at=clock.now(), created_by=by)
    for name in _HISTORY & set(wanted):
        setattr(row, name, str(wanted[name]) if name in DATES and name != "minimum_window" and wanted[name] else wanted[name])
    if before is not None and before["season_code"] != row.season_code:
        row.season_id = None  # it was JOOR's id of the other season
    session.add(row)
    session.flush()
    after = _history(row)
    if after == before:
        return Change(code)
    return _changed(session, at, row, "linesheet.define", by, reason, clock, before, after, created=before is None, ask=ask)


def _wrong_texts(wanted: Mapping[str, Any]) -> list[str]:
    wrong = []
    for name, limit in LONGEST.items():
        value = str(wanted.get(name) or "")
        if name in ("code", "name") and not value.strip():
            wrong.append(f"it has no {name}" + (" (--name)" if name == "name" else ""))
        if len(value) > limit:
            wrong.append(f"{name} is longer than {limit} characters")
        if not value.isprintable():
            wrong.append(f"{name} contains a control character")
    year = wanted.get("season_year")
    if year is not None and not 1900 <= year <= 2999:
        wrong.append(f"{year} is not a year")
    return wrong


def _wrong_dates(wanted: Mapping[str, Any]) -> list[str]:
    try:
        ShipWindow.model_validate({field: wanted.get(name) or None for name, field in DATES.items()})
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        return [": ".join([*map(str, item["loc"]), item["msg"].removeprefix("Value error, ")]) for item in found]
    return []


def _wrong_rule(rule: Mapping[str, Any]) -> list[str]:
    wrong = [
        f"{entry!r} is no colour to leave out: write STYLE|COLOUR, or |COLOUR for all styles"
        for entry in rule.get("exclude") or ()
        if entry.count("|") != 1 or not entry.partition("|")[2].strip()
    ]
    return wrong + [f"{style!r} is no style number" for style in rule.get("styles") or () if "|" in style or not style.strip()]


def _history(row: Linesheet) -> dict[str, Any]:
    return row.model_dump(mode="json", include=_HISTORY)


# ---- drop, restore, retire ---------------------------------------------------------------------------------------------------------------


def drop(session: Session, site: Site | str, code: str, what: str, by: str, *, reason: str = "", clock: Clock | None = None) -> Change:
    """Take a STYLE or STYLE|COLOUR off although the rule has it. Raises NotPossible for one that nobody knows."""
    at, row, what = resolve_site(session, site), find(session, site, code), what.strip()
    if what in row.dropped:
        return Change(row.code)
    style, _, color = what.partition("|")
    _refuse_unknown(session, at, row, style, color if "|" in what else None)
    before = _history(row)
    row.dropped = sorted({*row.dropped, what})
    done = _changed(session, at, row, "linesheet.drop", by, reason, clock or SystemClock(), before)
    return Change(done.code, run_id=done.run_id, hint=_hands(session, at, row, style))


def restore(session: Session, site: Site | str, code: str, what: str, by: str, *, reason: str = "", clock: Clock | None = None) -> Change:
    """Let the rule have a dropped STYLE or STYLE|COLOUR again. Raises NotPossible, listing what is dropped."""
    at, row, what = resolve_site(session, site), find(session, site, code), what.strip()
    if what not in row.dropped:
        dropped = f"Dropped are: {', '.join(row.dropped)}" if row.dropped else "Nothing was dropped from it"
        steps = [dropped, f"To put a style on it: joorsync linesheets define {row.code} --style STYLE --site {at.key}"]
        raise NotPossible(f"{what} was not dropped from linesheet {row.code}", fix=steps)
    before = _history(row)
    row.dropped = [entry for entry in row.dropped if entry != what]
    return _changed(session, at, row, "linesheet.restore", by, reason, clock or SystemClock(), before)


def retire(session: Session, site: Site | str, code: str, by: str, *, reason: str = "", clock: Clock | None = None) -> Change:
    """Take what is ours off it; the linesheet itself stays on JOOR, with all that people put there. `define` brings it back."""
    at, row = resolve_site(session, site), find(session, site, code)
    if not row.active:
        return Change(row.code)
    before = _history(row)
    row.active = False
    return _changed(session, at, row, "linesheet.retire", by, reason, clock or SystemClock(), before)


def _refuse_unknown(session: Session, site: Site, row: Linesheet, style: str, color: str | None) -> None:
    source = session.get(StyleSource, (site.id, style))
    cards = session.exec(select(StyleCard).where(StyleCard.site_id == site.id, StyleCard.style == style)).all()
    if source is None and not cards and style not in LinesheetRule.model_validate(row.rule).styles:
        raise NotPossible(
            f"Neither AIMS360 nor JOOR has a style {style!r}, as far as was read",
            fix=[
                "Write the AIMS360 style number to the letter",
                f"See what is on it: joorsync linesheets show {row.code} --site {site.key}",
            ],
            field="style",
        )
    colors = {str(each.get("color")) for each in (source.rows if source else ())} | {card.color for card in cards if card.color}
    colors |= {key.partition("|")[0] for card in cards for key in (card.ids or {}).get("skus") or ()}
    if color is not None and color not in colors:
        known = f"Its colours are: {', '.join(sorted(colors))}" if colors else "No colour of it is known yet"
        raise NotPossible(f"Style {style} has no colour {color!r}", fix=[known], field="colour")


def _hands(session: Session, site: Site, row: Linesheet, style: str) -> str:
    """joorsync takes nothing off that a person put there."""
    items = session.exec(
        select(LinesheetItem.identifier)
        .join(StyleCard, col(StyleCard.identifier) == col(LinesheetItem.identifier))
        .where(LinesheetItem.linesheet_id == row.id, col(LinesheetItem.by_hand), StyleCard.site_id == site.id, StyleCard.style == style)
    ).all()
    return f"{', '.join(items)} was put there by hand in JOOR and stays: take it off there." if items else ""


def _changed(
    session: Session,
    site: Site,
    row: Linesheet,
    action: str,
    by: str,
    reason: str,
    clock: Clock,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None = None,
    *,
    created: bool = False,
    ask: bool = True,
) -> Change:
    """Audit the change and ask for a sync of this linesheet, where the site syncs linesheets."""
    session.add(row)
    session.flush()
    subject = f"{site.key} {row.code}"
    after = after or _history(row)
    session.add(AuditEntry(at=clock.now(), actor=by, action=action, subject=subject, reason=reason, before=before, after=after))
    if not ask:
        return Change(row.code, created)
    if not is_on(site, DataType.LINESHEETS):
        return Change(row.code, created, hint=f"Linesheets are switched off for site {site.key}: JOOR is not told.")
    run = request(session, site, keys=[row.code], reason=reason or action, requested_by=by, clock=clock, revive=True)
    return Change(row.code, created, run.id)

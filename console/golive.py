"""Going live: opening and closing production, what people attest, and the confirmation of each data type's first production run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from console.certifications import digest_of, newest
from console.process import Process
from models.errors import NotPossible
from models.gates import PRODUCTION, confirm_command, confirmations, first_run_decision, first_run_name, production_decision
from models.golive import AIMS_SCHEDULE_OFF, CUSTOMERS_REVIEWED, LICENCE, Certification, Confirmation
from models.jobs import DataType, Job, JobState, Run
from models.outbox import release_blocked
from models.sites import Site
from producers.enqueue import MOVING, count
from producers.requests import resolve_site

#: What `joorsync attest` takes -> the confirmation's name.
ATTESTED = {"licence": LICENCE, "aims-schedule-off": AIMS_SCHEDULE_OFF}
TIERS = ("designer", "luxury")


@dataclass(frozen=True)
class Opened:
    """`released`: jobs that go on. `warnings`: what a person should know although the site is open."""

    released: int
    warnings: Sequence[str]


# ---- production --------------------------------------------------------------------------------------------------------------------------


def open_production(session: Session, process: Process, key: str, *, override: bool = False, reason: str = "") -> Opened:
    """Let jobs write for a production site. Does not commit.

    Raises NotPossible for a sandbox account, and without a passed certification (the newest that has ended) unless `override`, which needs
    a reason.
    """
    site, now = resolve_site(session, key), process.clock.now()
    if site.is_sandbox:
        raise NotPossible(f"Site {site.key} is a sandbox account: it has no production to open", fix=["Nothing has to be done."])
    last = newest(session, site.id or 0)
    if override and not reason.strip():
        steps = [f'joorsync sites open {site.key} --override --reason "..."']
        raise NotPossible("Opening production without a passed certification needs a reason", fix=steps, field="reason")
    if not override and (last is None or not last.passed):
        raise _not_certified(site, last)
    detail = {"certification": last.id if last and last.passed else None, "override": override}
    before = {"production_open": site.production_open}
    site.production_open = True
    session.add(site)
    _confirm(session, process, site, PRODUCTION, reason, detail)
    session.add(process.audit("site.open", site.key, before=before, after={"production_open": True, **detail}, reason=reason))
    session.flush()
    released = release_blocked(session, site.id or 0, "decision", production_decision(site), now=now)
    return Opened(released, _warnings(session, site, last))


def close_production(session: Session, process: Process, key: str, *, reason: str) -> None:
    """Shut a production site: whatever is claimed from now on waits until it is opened again, also the rest of an order of which a part was
    sent (it is looked up then, never sent blind). Jobs that run now are finished. Does not commit. Raises NotPossible."""
    site = resolve_site(session, key)
    if site.is_sandbox or not site.production_open:
        why = "is a sandbox account: it has no production" if site.is_sandbox else "is closed already"
        raise NotPossible(f"Site {site.key} {why}", fix=["Nothing has to be done."])
    if not reason.strip():
        raise NotPossible("Closing production needs a reason", fix=[f'joorsync sites close {site.key} --reason "..."'], field="reason")
    site.production_open = False
    session.add(site)
    row = session.get(Confirmation, (site.id, PRODUCTION))
    if row is not None:
        session.delete(row)
    after = {"production_open": False}
    session.add(process.audit("site.close", site.key, before={"production_open": True}, after=after, reason=reason))


def _not_certified(site: Site, last: Certification | None) -> NotPossible:
    steps = [
        f"Run the test scenarios against its sandbox account: joorsync certify --site {site.key}",
        f'Or open it all the same, for the record: joorsync sites open {site.key} --override --reason "..."',
    ]
    if last is None:
        return NotPossible(f"Site {site.key} has not been certified", fix=steps)
    rows = (last.report or {}).get("scenarios") or []
    failed = ", ".join(row["key"] for row in rows if row.get("outcome") == "failed")
    words = f"failed in: {failed}" if failed else "did not pass what has to pass"
    return NotPossible(
        f"The last certification of site {site.key} ({last.id}, {last.started_at:%Y-%m-%d %H:%M}Z) {words}",
        fix=[f"See why: joorsync certify show {last.id}", *steps],
    )


def _warnings(session: Session, site: Site, last: Certification | None) -> list[str]:
    warnings = []
    if last is not None and last.settings_digest != digest_of(session, site):
        warnings.append(f"Settings or pairs have changed since certification {last.id}: joorsync certify --site {site.key}")
    if not site.order_settings.get("go_live"):
        warnings.append(
            f"No go-live date: every approved order on JOOR will be imported. joorsync sites set {site.key} --order go_live=YYYY-MM-DD"
        )
    have = confirmations(session, site.id or 0)
    open_names = [name for name, stored in ATTESTED.items() if stored not in have]
    if open_names:
        warnings.append("Not attested yet: " + ", ".join(f"joorsync attest {name} --site {site.key}" for name in open_names))
    return warnings


# ---- first runs --------------------------------------------------------------------------------------------------------------------------


def confirm_first_run(session: Session, process: Process, key: str, data_type: DataType, *, reason: str = "") -> str:
    """Store that a person has seen what the first production run of a data type would send, and let it go. Does not commit.

    Returns one sentence. Raises NotPossible while production is closed, and before a dry run of that data type has ended well since it was
    opened.
    """
    site, now = resolve_site(session, key), process.clock.now()
    name = first_run_name(data_type)
    old = session.get(Confirmation, (site.id, name))
    if site.is_sandbox:
        return f"Site {site.key} is a sandbox account: nothing has to be confirmed."
    if old is not None:
        return f"The first production run of {data_type.value} was confirmed by {old.by or 'somebody'} on {old.at:%Y-%m-%d}."
    if not site.production_open:
        raise NotPossible(f"Production of site {site.key} is closed", fix=[f"joorsync sites open {site.key}"])
    run, jobs = _dry_run(session, site, data_type)
    detail = {"run": run.id, "jobs": len(jobs), "counts": _sum(jobs), "notes": [job.note[:200] for job in jobs[:5]]}
    _confirm(session, process, site, name, reason, detail)
    session.add(process.audit("golive.first_run", f"{site.key} {data_type.value}", after=detail, reason=reason))
    session.flush()
    released = release_blocked(session, site.id or 0, "decision", first_run_decision(data_type), now=now)
    more = f"; {released} job(s) that waited for it go on" if released else ""
    return f"The first production run of {data_type.value} for {site.key} is confirmed, as dry run {run.id} showed it{more}."


def _dry_run(session: Session, site: Site, data_type: DataType) -> tuple[Run, Sequence[Job]]:
    """The newest dry run that has ended since production was opened, with the jobs of it that ended well."""
    opened = session.get(Confirmation, (site.id, PRODUCTION))
    query = select(Run).where(Run.site_id == site.id, Run.data_type == data_type.value, col(Run.dry_run).is_(True))
    if opened is not None:
        query = query.where(col(Run.created_at) >= opened.at)
    steps = [f"joorsync enqueue {data_type.value} --site {site.key} --dry-run --wait", f"Then: {confirm_command(site, data_type)}"]
    for run in session.exec(query.order_by(col(Run.id).desc())):
        if count(session, run.id or 0, MOVING):
            continue
        well = [JobState.SUCCEEDED.value, JobState.UNCHANGED.value]
        jobs = session.exec(select(Job).where(Job.run_id == run.id, col(Job.state).in_(well)).order_by(col(Job.id))).all()
        if jobs:
            return run, jobs
    raise NotPossible(
        f"No dry run of {data_type.value} for site {site.key} has ended since production was opened: look at what would be sent first",
        fix=steps,
    )


def _sum(jobs: Sequence[Job]) -> dict[str, int]:
    total: dict[str, int] = {}
    for job in jobs:
        for name, number in (job.counts or {}).items():
            total[name] = total.get(name, 0) + number
    return total


# ---- attesting ---------------------------------------------------------------------------------------------------------------------------


def attest(
    session: Session,
    process: Process,
    key: str,
    name: str,
    *,
    tier: str = "",
    api_access: bool = True,
    reason: str = "",
    undo: bool = False,
) -> str:
    """Store what a person vouches for, or with `undo` take it back. Does not commit. Returns one sentence. Raises NotPossible."""
    site = resolve_site(session, key)
    if name not in ATTESTED:
        raise NotPossible(f"There is nothing called {name!r} to attest", fix=[f"Choose one of: {', '.join(ATTESTED)}."], field="name")
    stored = ATTESTED[name]
    old = session.get(Confirmation, (site.id, stored))
    if undo:
        if old is None:
            raise NotPossible(f"{name} is not attested for site {site.key}", fix=["Nothing has to be done."])
        session.delete(old)
        session.add(process.audit("golive.unattest", f"{site.key} {name}", before=_shown(old), reason=reason))
        return f"{name} of site {site.key} is no longer attested."
    detail = _licence(site, tier, api_access) if stored == LICENCE else {}
    before = _shown(old) if old else None
    _confirm(session, process, site, stored, reason, detail)
    session.add(process.audit("golive.attest", f"{site.key} {name}", before=before, after=detail, reason=reason))
    return f"{name} of site {site.key} is attested by {process.actor}."


def _licence(site: Site, tier: str, api_access: bool) -> dict[str, Any]:
    """The brief: Designer or Luxury tier; the REST API besides needs a licence with API access (aims360-api facts 1)."""
    example = f"joorsync attest licence --tier designer --site {site.key}"
    if tier.strip().lower() not in TIERS:
        raise NotPossible(
            "The licence must be of the Designer or the Luxury tier", fix=[example, "Else ask AIMS360 to change it."], field="tier"
        )
    if not api_access:
        raise NotPossible("Without API access nothing can be synced", fix=["Ask AIMS360 for API access.", f"Then: {example}"])
    return {"tier": tier.strip().lower(), "api_access": True}


def standing(session: Session, site: Site) -> list[dict[str, Any]]:
    """Everything that a person confirms about a site: what is confirmed, by whom and when, and how the rest is."""
    have = confirmations(session, site.id or 0)
    wanted = [(name, stored, f"joorsync attest {name} --site {site.key}") for name, stored in ATTESTED.items()]
    wanted.append(("customers reviewed", CUSTOMERS_REVIEWED, f"joorsync customers review --site {site.key}"))
    if not site.is_sandbox:
        wanted.append(("production open", PRODUCTION, f"joorsync sites open {site.key}"))
        wanted += [(f"first run of {kind.value}", first_run_name(kind), confirm_command(site, kind)) for kind in DataType]
    rows = []
    for what, stored, how in wanted:
        row = have.get(stored)
        done = row is not None or (stored == PRODUCTION and site.production_open)
        rows.append(
            {
                "site": site.key,
                "what": what,
                "confirmed": done,
                "at": row.at if row else None,
                "by": row.by if row else "",
                "reason": row.reason if row else "",
                "detail": row.detail if row else None,
                "how": "" if done else how,
            }
        )
    return rows


def _confirm(session: Session, process: Process, site: Site, name: str, reason: str, detail: dict[str, Any]) -> None:
    now: datetime = process.clock.now()
    row = session.get(Confirmation, (site.id, name)) or Confirmation(site_id=site.id or 0, name=name, at=now)
    row.at, row.by, row.reason, row.detail = now, process.actor, reason, detail
    session.add(row)


def _shown(row: Confirmation) -> dict[str, Any]:
    return {"at": row.at.isoformat(), "by": row.by, "reason": row.reason, "detail": row.detail}

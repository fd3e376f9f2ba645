"""What is told of sites: every setting in force, their accounts, when each data type is due next. Of secrets only the names."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from console.site_settings import GROUPS, shown
from models.jobs import Job, JobState
from models.sites import Credential, Division, Site
from producers.timetable import next_times


def codes(session: Session, site: Site) -> list[str]:
    """AIMS360 division codes; those of the live site for its sandbox account."""
    owner = site.sandbox_of or site.id
    return list(session.exec(select(Division.code).where(Division.site_id == owner).order_by(col(Division.code))).all())


def parent_of(session: Session, site: Site) -> Site | None:
    """The site whose sandbox account this is."""
    return session.get_one(Site, site.sandbox_of) if site.sandbox_of is not None else None


def account_of(session: Session, site: Site) -> Site | None:
    """The sandbox account of a site."""
    return session.exec(select(Site).where(Site.sandbox_of == site.id)).first()


def public(session: Session, site: Site) -> dict[str, Any]:
    """A site without its secrets, of which only the names are told."""
    names = session.exec(select(Credential.name).where(Credential.site_id == site.id).order_by(col(Credential.name))).all()
    data = site.model_dump(mode="json", exclude={"id"} | {column for column, _ in GROUPS.values()})
    parent, account = parent_of(session, site), account_of(session, site)
    data["sandbox_of"] = parent.key if parent else None
    data["sandbox_account"] = account.key if account else None
    data["divisions"] = codes(session, site)
    data["secrets"] = list(names)
    data.update({group: shown(group, getattr(site, column)) for group, (column, _) in GROUPS.items()})
    return data


def due(session: Session, site: Site, now: datetime) -> dict[str, datetime | None]:
    """When each data type is asked for next (aware UTC); None: only when somebody asks. A paused site keeps what falls due."""
    return {data_type.value: at for data_type, at in next_times(session, site, now).items()}


def listing(session: Session) -> list[dict[str, Any]]:
    """One row per site, with what is open."""
    open_states = [JobState.FAILED.value, JobState.BLOCKED.value]
    problems = dict(
        session.exec(
            select(Job.site_id, func.count())
            .where(col(Job.state).in_(open_states), col(Job.dismissed_at).is_(None))
            .group_by(col(Job.site_id))
        ).all()
    )
    found = session.exec(select(Site).order_by(col(Site.key))).all()
    keys = {site.id: site.key for site in found}
    accounts = {site.sandbox_of: site.key for site in found if site.sandbox_of is not None}
    return [
        {
            "site": site.key,
            "name": site.name,
            "divisions": codes(session, site),
            "joor": site.joor_api_url,
            "account": site.joor_account_id,
            "aims360": site.aims_api_url,
            "sandbox": site.is_sandbox,
            "sandbox_of": keys.get(site.sandbox_of) if site.sandbox_of is not None else None,
            "sandbox_account": accounts.get(site.id or 0),
            "paused": site.paused_reason or "by hand" if site.paused_at else None,
            "open_problems": problems.get(site.id or 0, 0),
        }
        for site in found
    ]

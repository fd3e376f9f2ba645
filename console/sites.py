"""Sites: adding, changing, pausing, resuming. Secrets go into encrypted rows and are never read back here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from console.process import Process
from console.site_settings import GROUPS, changed, shown, validated
from models.errors import NotPossible
from models.jobs import DataType, Job, JobState
from models.limits import LanePause
from models.outbox import release_blocked, wake_on_commit
from models.settings import StyleSettings
from models.sites import Credential, Division, Site
from producers.requests import resolve_site
from producers.style_rekey import live_cards
from runtime.secrets import secret_box, store_credential

_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")


@dataclass
class Changes:
    """What to put in place; None leaves a part as it is."""

    name: str | None = None
    joor_api_url: str | None = None
    joor_auth_url: str | None = None
    joor_account_id: str | None = None
    aims_api_url: str | None = None
    is_sandbox: bool | None = None
    divisions: Sequence[str] | None = None
    contract: dict[str, Any] | None = None
    settings: Mapping[str, Sequence[str]] = field(default_factory=dict)  # group -> key=value texts
    secrets: Mapping[str, str] = field(default_factory=dict)


def add(session: Session, process: Process, key: str, given: Changes) -> Site:
    """Does not commit. Raises NotPossible, naming what is wrong, for a bad or used key, an address that may not be called, a taken
    division, unusable settings."""
    if not _KEY.fullmatch(key):
        steps = ["Use up to 30 lower-case letters, digits, - and _, for example us or eu-retail: it names lanes and commands."]
        raise NotPossible(f"{key!r} cannot be a site's key", fix=steps)
    if session.exec(select(Site.id).where(Site.key == key)).first() is not None:
        raise NotPossible(
            f"There already is a site {key!r}", fix=[f"Change it: joorsync sites set {key} ...", f"Look: joorsync sites show {key}"]
        )
    now = process.clock.now()
    site = Site(key=key, name=given.name or key, joor_api_url="", aims_api_url="", created_at=now, updated_at=now)
    for group, (column, _) in GROUPS.items():
        setattr(site, column, validated(group, {}))
    _apply(session, process, site, given)
    session.add(process.audit("site.add", key, after=public(session, site)))
    return site


def change(session: Session, process: Process, key: str, given: Changes) -> Site:
    """Does not commit. `updated_at` moves, so that running workers rebuild their clients. Raises NotPossible as `add` does."""
    site = resolve_site(session, key)
    before = public(session, site)
    _apply(session, process, site, given)
    site.updated_at = max(process.clock.now(), site.updated_at)
    session.add(site)
    session.flush()
    session.add(process.audit("site.set", key, before=before, after=public(session, site)))
    return site


def _apply(session: Session, process: Process, site: Site, given: Changes) -> None:
    if given.name is not None:
        site.name = given.name
    if given.is_sandbox is not None:
        site.is_sandbox = given.is_sandbox
    _addresses(process, site, given)
    for group, assignments in given.settings.items():
        column = GROUPS[group][0]
        if assignments:
            wanted = changed(group, getattr(site, column), assignments)
            if group == "style":
                _refuse_rekey(session, site, wanted)
            setattr(site, column, wanted)
    if given.contract is not None:
        process.work.contract(given.contract)
        site.contract_overrides = given.contract
    session.add(site)
    session.flush()
    if given.divisions is not None:
        _divisions(session, site, given.divisions)
    elif given.aims_api_url is not None:
        _divisions(session, site, codes(session, site.id or 0))
    _secrets(session, process, site, given.secrets)


def _refuse_rekey(session: Session, site: Site, wanted: Mapping[str, Any]) -> None:
    """Another card mode or separator gives every card on JOOR another identifier: seen and confirmed, never by the way."""
    old, new = StyleSettings.model_validate(site.style_settings), StyleSettings.model_validate(wanted)
    same = (old.card, old.identifier_separator) == (new.card, new.identifier_separator)
    if not same and site.id is not None and live_cards(session, site):
        separator = f' --separator "{new.identifier_separator}"' if new.identifier_separator != old.identifier_separator else ""
        raise NotPossible(
            f"Site {site.key} has cards on JOOR: with this setting they would get other identifiers",
            fix=[f"See what would become of them, then confirm: joorsync styles rekey --card {new.card}{separator} --site {site.key}"],
            field="style",
        )


def _addresses(process: Process, site: Site, given: Changes) -> None:
    """Checked again when only the sandbox mark changed: a production site may not keep a private address."""
    site.joor_account_id = given.joor_account_id if given.joor_account_id is not None else site.joor_account_id
    if given.joor_api_url is not None or given.is_sandbox is not None:
        site.joor_api_url = process.work.address(given.joor_api_url or site.joor_api_url, site.is_sandbox)
    if given.aims_api_url is not None or given.is_sandbox is not None:
        site.aims_api_url = process.work.address(given.aims_api_url or site.aims_api_url, site.is_sandbox)
    auth_url = given.joor_auth_url if given.joor_auth_url is not None else site.joor_auth_url
    if auth_url:
        process.work.address(auth_url, site.is_sandbox)
        site.joor_auth_url = auth_url.strip()
    if not (site.joor_api_url and site.aims_api_url):
        raise NotPossible("A site needs both addresses", fix=["Give --joor-api URL and --aims-api URL."])


def _divisions(session: Session, site: Site, wanted: Sequence[str]) -> None:
    """A division belongs to one site of its AIMS360 tenant: its goods and orders must not be synced twice."""
    cleaned = list(dict.fromkeys(code.strip() for code in wanted if code.strip()))
    session.execute(delete(Division).where(col(Division.site_id) == site.id))
    taken = session.exec(
        select(Division, Site)
        .join(Site, col(Site.id) == col(Division.site_id))
        .where(Division.aims_api_url == site.aims_api_url, col(Division.code).in_(cleaned))
    ).all()
    if taken:
        words = ", ".join(f"{division.code} (site {other.key})" for division, other in taken)
        raise NotPossible(
            f"Already taken by another site of this AIMS360: division {words}",
            fix=[f"Take it away there first: joorsync sites set {taken[0][1].key} --division ..., or choose another division."],
        )
    session.add_all(Division(site_id=site.id or 0, aims_api_url=site.aims_api_url, code=code) for code in cleaned)
    session.flush()


def _secrets(session: Session, process: Process, site: Site, secrets: Mapping[str, str]) -> None:
    if not secrets:
        return
    box = secret_box(process.settings)
    for name, value in secrets.items():
        store_credential(session, box, site.id or 0, name, value, process.clock.now())
        session.add(process.audit("site.secret", f"{site.key} {name}"))
    session.flush()


def codes(session: Session, site_id: int) -> list[str]:
    return list(session.exec(select(Division.code).where(Division.site_id == site_id).order_by(col(Division.code))).all())


def public(session: Session, site: Site) -> dict[str, Any]:
    """A site without its secrets, of which only the names are told."""
    names = session.exec(select(Credential.name).where(Credential.site_id == site.id).order_by(col(Credential.name))).all()
    data = site.model_dump(mode="json", exclude={"id"} | {column for column, _ in GROUPS.values()})
    data["divisions"] = codes(session, site.id or 0)
    data["secrets"] = list(names)
    data.update({group: shown(group, getattr(site, column)) for group, (column, _) in GROUPS.items()})
    return data


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
    return [
        {
            "site": site.key,
            "name": site.name,
            "divisions": codes(session, site.id or 0),
            "joor": site.joor_api_url,
            "account": site.joor_account_id,
            "aims360": site.aims_api_url,
            "sandbox": site.is_sandbox,
            "paused": site.paused_reason or "by hand" if site.paused_at else None,
            "open_problems": problems.get(site.id or 0, 0),
        }
        for site in session.exec(select(Site).order_by(col(Site.key)))
    ]


def pause(session: Session, process: Process, key: str, data_type: DataType | None, reason: str) -> None:
    """A whole site, or one of its lanes, until a person resumes it. Does not commit."""
    site, now = resolve_site(session, key), process.clock.now()
    if data_type is None:
        site.paused_at, site.paused_reason = site.paused_at or now, reason or f"paused by {process.actor}"
        session.add(site)
    else:
        lane = _lane(session, site, data_type) or LanePause(site_id=site.id or 0, data_type=data_type.value, paused_at=now)
        lane.until, lane.reason, lane.paused_by = None, reason or f"paused by {process.actor}", process.actor
        session.add(lane)
    session.add(process.audit("site.pause", _subject(key, data_type), reason=reason))


def resume(session: Session, process: Process, key: str, data_type: DataType | None, reason: str) -> int:
    """Lift a pause; for a whole site every job that was blocked on its access goes back to the queue. Returns how many did."""
    site, released = resolve_site(session, key), 0
    if data_type is None:
        site.paused_at, site.paused_reason = None, None
        session.add(site)
        released = release_blocked(session, site.id or 0, "access", str(site.id), now=process.clock.now())
    else:
        lane = _lane(session, site, data_type)
        if lane is not None:
            session.delete(lane)
    wake_on_commit(session)
    session.add(process.audit("site.resume", _subject(key, data_type), reason=reason, after={"released": released}))
    return released


def _lane(session: Session, site: Site, data_type: DataType) -> LanePause | None:
    return session.exec(select(LanePause).where(LanePause.site_id == site.id, LanePause.data_type == data_type.value)).first()


def _subject(key: str, data_type: DataType | None) -> str:
    return key if data_type is None else f"{data_type.value}.{key}"

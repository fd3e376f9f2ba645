"""Sites: adding, changing, pausing, resuming. Secrets go into encrypted rows and are never read back here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from console.process import Process
from console.site_addresses import joor_address
from console.site_checks import misfits, refuse_worse
from console.site_listing import codes, parent_of, public
from console.site_settings import GROUPS, changed, validated
from models.errors import NotPossible
from models.jobs import DataType
from models.limits import LanePause
from models.outbox import release_blocked, wake_on_commit
from models.settings import StyleSettings
from models.sites import Division, Site
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
    division, unusable settings and settings that name what is not stored."""
    site = started(session, process, key)
    apply(session, process, site, given)
    refuse_worse(session, process, site, [])
    session.add(process.audit("site.add", key, after=public(session, site)))
    return site


def started(session: Session, process: Process, key: str) -> Site:
    """A new site with the settings of the beginning, not stored yet. Raises NotPossible for a bad or used key."""
    if not _KEY.fullmatch(key):
        steps = ["Use up to 30 lower-case letters, digits, - and _, for example us or eu-retail: it names lanes and commands."]
        raise NotPossible(f"{key!r} cannot be a site's key", fix=steps)
    if session.exec(select(Site.id).where(Site.key == key)).first() is not None:
        raise NotPossible(
            f"There already is a site {key!r}", fix=[f"Change it: joorsync sites set {key} ...", f"Look: joorsync sites show {key}"]
        )
    now = process.clock.now()
    site = Site(key=key, name=key, joor_api_url="", aims_api_url="", created_at=now, updated_at=now)
    for group, (column, _) in GROUPS.items():
        setattr(site, column, validated(group, {}))
    return site


def change(session: Session, process: Process, key: str, given: Changes) -> Site:
    """Does not commit. `updated_at` moves, so that running workers rebuild their clients. Raises NotPossible as `add` does; settings that
    named what is not stored before the change do not stand in its way."""
    site = resolve_site(session, key)
    before, amiss = public(session, site), misfits(session, process, site)
    apply(session, process, site, given)
    refuse_worse(session, process, site, amiss)
    touch(session, process, site)
    session.add(process.audit("site.set", key, before=before, after=public(session, site)))
    return site


def touch(session: Session, process: Process, site: Site) -> None:
    """Running workers rebuild what they know of the site."""
    site.updated_at = max(process.clock.now(), site.updated_at)
    session.add(site)
    session.flush()


def apply(session: Session, process: Process, site: Site, given: Changes) -> None:
    """Put in place what is given, and store the site; whether it all fits together is for `site_checks`. Raises NotPossible."""
    _refuse_for_account(session, site, given)
    if given.name is not None:
        site.name = given.name
    if given.is_sandbox is not None:
        site.production_open = site.production_open and not site.is_sandbox and not given.is_sandbox
        site.is_sandbox = given.is_sandbox
    before = _where(site)
    _addresses(process, site, given)
    site.production_open = site.production_open and _where(site) == before  # another account: nobody has opened that one
    for group, assignments in given.settings.items():
        column = GROUPS[group][0]
        if assignments:
            wanted = changed(group, getattr(site, column), assignments)
            if group == "style":
                refuse_rekey(session, site, wanted)
            setattr(site, column, wanted)
    if given.contract is not None:
        process.work.contract(given.contract)
        site.contract_overrides = given.contract
    session.add(site)
    session.flush()
    if given.divisions is not None:
        _divisions(session, site, given.divisions)
    elif given.aims_api_url is not None and site.sandbox_of is None:
        _divisions(session, site, codes(session, site))
    _secrets(session, process, site, given.secrets)


def _where(site: Site) -> tuple[str | None, ...]:
    return site.joor_api_url, site.joor_account_id, site.aims_api_url


def _refuse_for_account(session: Session, site: Site, given: Changes) -> None:
    """What a sandbox account has from its site."""
    parent = parent_of(session, site)
    if parent is None:
        return
    if given.divisions:
        raise NotPossible(
            f"Site {site.key} is the sandbox account of {parent.key} and has its divisions",
            fix=[f"Change them there: joorsync sites set {parent.key} --division CODE"],
        )
    if given.is_sandbox is False:
        raise NotPossible(
            f"Site {site.key} is the sandbox account of {parent.key}: it never goes live",
            fix=[f"The live account is site {parent.key}: joorsync sites show {parent.key}"],
        )


def refuse_rekey(session: Session, site: Site, wanted: Mapping[str, Any]) -> None:
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
        site.joor_api_url = joor_address(process, site.key, given.joor_api_url or site.joor_api_url, site.is_sandbox)
    if given.aims_api_url is not None or given.is_sandbox is not None:
        site.aims_api_url = process.work.address(given.aims_api_url or site.aims_api_url, site.is_sandbox)
    auth_url = given.joor_auth_url if given.joor_auth_url is not None else site.joor_auth_url
    if auth_url and (given.joor_auth_url is not None or given.is_sandbox is not None):
        joor_address(process, site.key, auth_url, site.is_sandbox)
        site.joor_auth_url = auth_url.strip()  # to the letter: its trailing slash matters
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

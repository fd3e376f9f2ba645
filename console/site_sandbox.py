"""The sandbox account of a site: addresses, secrets, lanes and ledgers of its own, the divisions of the site, a copy of its settings and
code pairs (those of the site win; what only the account has stays). It is only worked when somebody asks."""

from typing import Any

from sqlmodel import Session

from console import mapping, style_fields
from console.process import Process
from console.site_listing import account_of, parent_of, public
from console.site_settings import GROUPS, validated
from console.sites import Changes, apply, refuse_rekey, started, touch
from models.errors import NotPossible
from models.settings import Schedule
from models.sites import Site
from producers.requests import resolve_site

#: What a refresh copies; reports go to nobody from a sandbox.
COPIED = ("order", "inventory", "style", "linesheet", "image", "customer")
#: Of the schedule only what says how the site works, not when.
_SCHEDULE_COPIED = ("time_zone", "off")


def add(session: Session, process: Process, key: str, of: str, given: Changes) -> Site:
    """Add the sandbox account `key` of site `of`, with its settings and pairs as they stand. Does not commit. Raises NotPossible for a site
    that is itself a sandbox account or has one, for divisions of its own, and as `sites.add` does."""
    parent = resolve_site(session, of)
    refuse_sandbox_of(session, key, parent)
    site = started(session, process, key)
    site.sandbox_of, site.name = parent.id, f"{parent.name} (sandbox)"[:100]
    _copy_settings(site, parent)
    site.schedule = validated("schedule", site.schedule | {name: None for name in Schedule.model_fields if name.endswith("_minutes")})
    given.is_sandbox = True if given.is_sandbox is None else given.is_sandbox
    given.aims_api_url = given.aims_api_url or parent.aims_api_url
    apply(session, process, site, given)
    _copy_rest(session, process, site, parent)
    session.add(process.audit("site.add", key, after=public(session, site)))
    return site


def refresh(session: Session, process: Process, site: Site) -> bool:
    """Bring a sandbox account's settings, contract, style fields and code pairs to those of its site. Returns whether its settings
    differed. Does not commit. Raises NotPossible for a site that is no sandbox account."""
    parent = parent_of(session, site)
    if parent is None:
        raise NotPossible(
            f"Site {site.key} is not the sandbox account of another site",
            fix=[f"Add one: joorsync sites add {site.key}-test --sandbox-of {site.key} --joor-api URL"],
        )
    before = public(session, site)
    refuse_rekey(session, site, parent.style_settings)
    _copy_settings(site, parent)
    session.add(site)
    session.flush()
    _copy_rest(session, process, site, parent)
    after = public(session, site)
    if before == after:
        return False
    touch(session, process, site)
    session.add(process.audit("site.refresh", site.key, before=before, after=after))
    return True


def refuse_sandbox_of(session: Session, key: str, parent: Site) -> None:
    """Raises NotPossible where `parent` cannot have a sandbox account of this key."""
    grandparent, account = parent_of(session, parent), account_of(session, parent)
    if grandparent is not None:
        raise NotPossible(
            f"Site {parent.key} is itself the sandbox account of {grandparent.key}",
            fix=[f"Name the live site: joorsync sites add {key} --sandbox-of {grandparent.key} ..."],
        )
    if account is not None:
        raise NotPossible(
            f"Site {parent.key} has a sandbox account: {account.key}",
            fix=[f"Change that one: joorsync sites set {account.key} ..."],
        )


def _copy_settings(site: Site, parent: Site) -> None:
    for group in COPIED:
        column = GROUPS[group][0]
        setattr(site, column, dict(getattr(parent, column)))
    site.contract_overrides = dict(parent.contract_overrides)
    site.schedule = _schedule(site, parent)


def _schedule(site: Site, parent: Site) -> dict[str, Any]:
    """What a person has set for the account stays."""
    theirs = {name: parent.schedule[name] for name in _SCHEDULE_COPIED if name in parent.schedule}
    own = {name: value for name, value in site.schedule.items() if name not in _SCHEDULE_COPIED}
    return validated("schedule", own | theirs)


def _copy_rest(session: Session, process: Process, site: Site, parent: Site) -> None:
    rows = [style_fields.as_row(row) for row in style_fields.listing(session, parent)]
    style_fields.load(session, process, site, rows, replace=True)
    for kind in mapping.CODES:
        theirs, ours = [mapping.as_pair(row) for row in mapping.listing(session, parent, kind)], mapping.listing(session, site, kind)
        against = [row for row in ours if (own := mapping.as_pair(row)) not in theirs and mapping.twice(kind, [*theirs, own])]
        if against:
            mapping.store(session, process, site, kind, [], against, ours)
    mapping.copy_pairs(session, process, parent, site)

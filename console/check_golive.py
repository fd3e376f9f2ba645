"""The way of a site to production as one list of steps: what is done, and who has to do the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, select

from console.certifications import digest_of, newest
from console.process import Finding
from models.customers import CustomerSource
from models.gates import confirm_command, confirmations, first_run_name
from models.golive import AIMS_SCHEDULE_OFF, CUSTOMERS_REVIEWED, LICENCE, Confirmation
from models.jobs import DataType
from models.mappings import Mapping, MappingKind
from models.settings import Schedule
from models.sites import Credential, Site

#: Who has to act: the brand itself, AIMS360's support, or JOOR's Integrations Manager.
Who = Literal["brand", "AIMS360", "JOOR"]
_TOLD_ELSEWHERE = ("JOOR token", "AIMS360 user", "warehouses")


@dataclass(frozen=True)
class Step:
    """`next` is the command, or what to do. `must`: a production site is not well without it (`joorsync check` fails)."""

    key: str
    title: str
    done: bool
    who: Who
    next: str
    must: bool = False


def checklist(session: Session, site: Site) -> list[Step]:
    """Every step in the order in which it is taken. A sandbox account has fewer: nothing of production is asked of it."""
    have = confirmations(session, site.id or 0)
    steps = [*_set_up(session, site), *_attested(site, have)]
    if site.is_sandbox:
        return steps
    return [*steps, *_production(session, site, have)]


def findings(session: Session, site: Site, area: str) -> list[Finding]:
    """The steps as `joorsync check` tells them: what is left is open, and wrong where a production site must have it. Those that other
    findings tell more about are left out."""
    found = []
    for step in checklist(session, site):
        if step.key in _TOLD_ELSEWHERE:
            continue
        if step.done:
            found.append(Finding(f"{area}, {step.key}", True, step.title))
        else:
            ok = not step.must or site.is_sandbox
            words = f"not yet: {step.title} ({step.who} has to do it)"
            found.append(Finding(f"{area}, {step.key}", ok, words, [step.next], open=ok))
    return found


def _set_up(session: Session, site: Site) -> Iterator[Step]:
    names = set(session.exec(select(Credential.name).where(Credential.site_id == site.id)).all())
    aims = "aims.token" in names or {"aims.client_id", "aims.client_secret", "aims.username", "aims.password"} <= names
    set_joor = f"Ask the JOOR Integrations Manager for the API token, then: joorsync sites set {site.key} --secret joor.token"
    yield Step("JOOR token", "JOOR's API token is stored", "joor.token" in names, "JOOR", set_joor)
    set_aims = f"Ask AIMS360 for API access and an API operator, then: joorsync sites set {site.key} --secret aims.token"
    yield Step("AIMS360 user", "AIMS360's API operator or token is stored", aims, "AIMS360", set_aims)
    warehouse = select(Mapping.id).where(
        Mapping.site_id == site.id, Mapping.kind == MappingKind.WAREHOUSE.value, Mapping.joor_code != "", Mapping.aims_code != ""
    )
    yield Step(
        "warehouses",
        "warehouses are paired",
        session.exec(warehouse).first() is not None,
        "brand",
        f'joorsync map set warehouse "NAME ON JOOR" --aims "NAME IN AIMS360" --site {site.key}',
    )


def _attested(site: Site, have: dict[str, Confirmation]) -> Iterator[Step]:
    yield Step(
        "licence",
        f"AIMS360's licence is of the Designer or Luxury tier and has API access{_by(have.get(LICENCE))}",
        LICENCE in have,
        "AIMS360",
        f"Ask AIMS360, then: joorsync attest licence --tier designer --site {site.key}",
    )
    yield Step(
        "AIMS360's own JOOR schedule",
        f"AIMS360's own JOOR order schedule is off, so that two importers do not race for orders{_by(have.get(AIMS_SCHEDULE_OFF))}",
        AIMS_SCHEDULE_OFF in have,
        "brand",
        f"Turn the schedule of AIMS360's JOOR module off, then: joorsync attest aims-schedule-off --site {site.key}",
        must=True,
    )


def _production(session: Session, site: Site, have: dict[str, Confirmation]) -> Iterator[Step]:
    off = Schedule.model_validate(site.schedule).off
    account = session.exec(select(Site.key).where(Site.sandbox_of == site.id)).first()
    yield Step(
        "sandbox account",
        f"there is a sandbox account to try things on{f' ({account})' if account else ''}",
        account is not None,
        "JOOR",
        f"Ask the JOOR Integrations Manager for one, then: joorsync sites add {site.key}-test --sandbox-of {site.key} --joor-api URL",
    )
    if DataType.CUSTOMERS.value not in off:
        read = session.exec(select(CustomerSource.account).where(CustomerSource.site_id == site.id)).first() is not None
        pair = f"joorsync map auto customers --wait --site {site.key}"
        yield Step(
            "customers reviewed",
            f"the customers that both sides have are paired and reviewed{_by(have.get(CUSTOMERS_REVIEWED))}",
            CUSTOMERS_REVIEWED in have,
            "brand",
            f"joorsync customers review --site {site.key}" if read else pair,
        )
    yield _certified(session, site)
    opened = f"joorsync sites open {site.key}"
    yield Step("production open", "production is open: work may be sent", site.production_open, "brand", opened)
    for kind in DataType:
        if kind.value not in off:
            seen = have.get(first_run_name(kind))
            look = f"joorsync enqueue {kind.value} --site {site.key} --dry-run --wait; when it looks right: {confirm_command(site, kind)}"
            yield Step(
                f"first run of {kind.value}",
                f"a person has seen what the first run of {kind.value} sends{_by(seen)}",
                seen is not None,
                "brand",
                look,
            )


def _certified(session: Session, site: Site) -> Step:
    last = newest(session, site.id or 0)
    passed = last is not None and last.passed
    title = "the test scenarios have passed on the sandbox account"
    if last is not None:
        title += f" (certification {last.id}, {last.started_at:%Y-%m-%d}{'' if passed else ': failed'})"
    if last is not None and passed and last.settings_digest != digest_of(session, site):
        passed, title = False, f"{title}; settings or pairs have changed since"
    return Step("certified", title, passed, "brand", f"joorsync certify --site {site.key}")


def _by(row: Confirmation | None) -> str:
    if row is None:
        return ""
    tier = f"{row.detail['tier']}, " if row.detail and row.detail.get("tier") else ""
    return f" ({tier}{row.by or 'somebody'}, {row.at:%Y-%m-%d})"

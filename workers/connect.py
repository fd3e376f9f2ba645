"""From a site's row to clients that a flow can call: address, credentials, limits, redaction. The one place where these meet."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlmodel import Session, col, select

from clients.aims360.client import AimsClient, AimsCredentials, Contract, tenant_of
from clients.http import Http
from clients.joor.client import JoorClient, JoorContract, V4Credentials
from clients.meter import Meter
from clients.urls import check_url
from models.errors import AccessDenied, NotPossible
from models.jobs import DataType, JobKind
from models.settings import CustomerSettings, ImageSettings, InventorySettings, LinesheetSettings, OrderSettings, Schedule, StyleSettings
from models.sites import Division, Site
from runtime.accounts import joor_account
from runtime.aims_rate import AimsRate
from runtime.clock import Clock
from runtime.db import Sessions
from runtime.joor_credits import JoorCredits
from runtime.secrets import load_credentials, secret_box
from runtime.settings import Settings
from workers.runner import Surroundings
from workers.sync import Context, SiteView

#: Clients kept open per thread; the one used longest ago is closed first.
KEPT_PER_THREAD = 16
_AIMS_GRANT = ("client_id", "client_secret", "username", "password")
_V4 = ("client_id", "client_secret", "username", "password")


@dataclass
class Wired:
    """One site's clients for one data type in one thread, as the site stood at `as_of`."""

    as_of: tuple[datetime, ...]  # of the site, and of the site whose sandbox account it is
    site: SiteView
    joor: JoorClient
    aims: AimsClient

    def close(self) -> None:
        self.joor.close()
        self.aims.close()


class Connections:
    """`connect` is given to the runner. Thread-safe: each thread has clients of its own, rebuilt when `Site.updated_at` changes."""

    def __init__(self, sessions: Sessions, clock: Clock, settings: Settings) -> None:
        self._sessions = sessions
        self._clock = clock
        self._settings = settings
        self._mine = threading.local()

    def connect(self, site_id: int, kind: JobKind) -> Surroundings:
        """Raises AccessDenied naming each missing credential and the command that sets it, NotPossible for an address that may not be
        called, an unusable key or a contract file with unknown entries."""
        wired = self._wired(site_id, kind.data_type)
        meter = Meter()
        wired.joor.http.meter = wired.aims.http.meter = meter
        log: structlog.stdlib.BoundLogger = structlog.get_logger("flow").bind(site=wired.site.key)
        context = Context(
            wired.site, self._clock, self._sessions, wired.joor, wired.aims, log, catalogue=lambda: wired.joor.catalogue(wired.site)
        )
        return Surroundings(context, calls=lambda: meter.calls, credits=lambda: meter.credits, exchanges=meter.as_rows)

    def close(self) -> None:
        """Close the clients of the calling thread."""
        kept = self._kept()
        while kept:
            kept.popitem()[1].close()

    def _kept(self) -> OrderedDict[tuple[int, DataType], Wired]:
        if not hasattr(self._mine, "kept"):
            self._mine.kept = OrderedDict()
        kept: OrderedDict[tuple[int, DataType], Wired] = self._mine.kept
        return kept

    def _wired(self, site_id: int, data_type: DataType) -> Wired:
        kept, key = self._kept(), (site_id, data_type)
        with self._sessions() as session:
            site = session.get_one(Site, site_id)
            owner = session.get_one(Site, site.sandbox_of) if site.sandbox_of is not None else site
            old, as_of = kept.get(key), (site.updated_at, owner.updated_at)
            alone = _is_alone(session, owner)
            if old is not None and (old.as_of, old.site.alone) == (as_of, alone):
                kept.move_to_end(key)
                return old
            secrets = load_credentials(session, secret_box(self._settings), site_id)
            divisions = _division_codes(session, owner.id or 0)
        if old is not None:
            kept.pop(key).close()
        joor, aims = self._clients(site, secrets, data_type)
        kept[key] = made = Wired(as_of, site_view(site, divisions, aims.tenant, alone=alone), joor, aims)
        while len(kept) > KEPT_PER_THREAD:
            kept.popitem(last=False)[1].close()
        return made

    def _clients(self, site: Site, secrets: Mapping[str, str], data_type: DataType) -> tuple[JoorClient, AimsClient]:
        refuse_missing(site.key, secrets)
        joor = self._joor(site, secrets, data_type)
        try:
            return joor, self._aims(site, secrets, data_type)
        except Exception:
            joor.close()
            raise

    def _joor(self, site: Site, secrets: Mapping[str, str], data_type: DataType) -> JoorClient:
        base = check_url(site.joor_api_url, site.is_sandbox)
        auth_url = site.joor_auth_url  # to the letter: its trailing slash matters
        if auth_url:
            check_url(auth_url, site.is_sandbox)
        contract = JoorContract.load(site.contract_overrides)
        size, window = self._settings.joor_credits, self._settings.joor_window_seconds
        gate = JoorCredits(self._sessions, joor_account(site), data_type, self._clock, size=size, window_seconds=window)
        http = Http(base, gate=gate, system="JOOR", site=site.key, secrets=secrets.values(), log=structlog.get_logger("http"))
        v4 = V4Credentials(*(secrets[f"joor.{name}"] for name in _V4)) if f"joor.{_V4[0]}" in secrets else None
        return JoorClient(
            http,
            token=secrets["joor.token"],
            v4=v4,
            account_id=site.joor_account_id,
            auth_url=auth_url,
            clock=self._clock,
            contract=contract,
        )

    def _aims(self, site: Site, secrets: Mapping[str, str], data_type: DataType) -> AimsClient:
        base = check_url(site.aims_api_url, site.is_sandbox)
        credentials = AimsCredentials(**{name: secrets.get(f"aims.{name}", "") for name in (*_AIMS_GRANT, "token")})
        contract = Contract.load(site.contract_overrides)
        pace, together = self._settings.aims_per_second, self._settings.aims_concurrent
        gate = AimsRate(self._sessions, tenant_of(base, credentials), self._clock, per_second=pace, concurrent=together)
        http = Http(base, gate=gate, system="AIMS360", site=site.key, secrets=secrets.values(), log=structlog.get_logger("http"))
        return AimsClient(http, credentials=credentials, contract=contract, clock=self._clock)


def missing_credentials(secrets: Mapping[str, str]) -> list[str]:
    """Names that must be set before the site can work: the JOOR token, one of AIMS360's two ways, and the rest of a begun v4 grant."""
    missing = [] if "joor.token" in secrets else ["joor.token"]
    v4 = [f"joor.{name}" for name in _V4]
    if any(name in secrets for name in v4):
        missing += [name for name in v4 if name not in secrets]
    grant = [f"aims.{name}" for name in _AIMS_GRANT]
    if "aims.token" not in secrets:
        missing += [name for name in grant if name not in secrets]
    return missing


def refuse_missing(site_key: str, secrets: Mapping[str, str]) -> None:
    """Raises AccessDenied, all missing ones at once."""
    missing = missing_credentials(secrets)
    if not missing:
        return
    steps = [f"joorsync sites set {site_key} --secret {name}" for name in missing]
    if any(name.startswith("aims.") for name in missing):
        steps.append(f"Instead of the aims.* user you can store a token made in AIMS360: joorsync sites set {site_key} --secret aims.token")
    steps.append(f"joorsync sites resume {site_key}")
    raise AccessDenied(f"Site {site_key} has no {', '.join(missing)}", fix=steps, field=missing[0])


def site_view(site: Site, divisions: tuple[str, ...], tenant: str, *, alone: bool = True) -> SiteView:
    """Raises NotPossible for stored settings that this version does not understand."""
    try:
        return SiteView(
            id=site.id or 0,
            key=site.key,
            name=site.name,
            aims_tenant=tenant,
            divisions=divisions,
            orders=OrderSettings.model_validate(site.order_settings),
            inventory=InventorySettings.model_validate(site.inventory_settings),
            styles=StyleSettings.model_validate(site.style_settings),
            schedule=Schedule.model_validate(site.schedule),
            linesheets=LinesheetSettings.model_validate(site.linesheet_settings),
            images=ImageSettings.model_validate(site.image_settings),
            customers=CustomerSettings.model_validate(site.customer_settings),
            is_sandbox=site.is_sandbox,
            alone=alone,
        )
    except ValueError as error:
        raise NotPossible(
            f"The stored settings of site {site.key} cannot be used: {error}", fix=[f"Correct them: joorsync sites set {site.key}"]
        ) from None


def _is_alone(session: Session, owner: Site) -> bool:
    """Whether this is the one live site of its AIMS360. Sandbox accounts do not count: each works as its site does."""
    others = select(Site.id).where(Site.aims_api_url == owner.aims_api_url, Site.id != owner.id, col(Site.sandbox_of).is_(None))
    return session.exec(others).first() is None


def _division_codes(session: Session, site_id: int) -> tuple[str, ...]:
    return tuple(session.exec(select(Division.code).where(Division.site_id == site_id).order_by(col(Division.code))).all())

"""Asking both remote systems of a site, read-only, whether it could work: `joorsync check` and `sites add` call this."""

from collections.abc import Iterable, Mapping
from typing import Any

from clients.aims360.client import Contract
from clients.joor.client import JoorContract
from clients.urls import check_url
from models.errors import SyncError
from models.jobs import JobKind
from models.sites import Site
from runtime.clock import Clock
from runtime.db import Sessions
from runtime.secrets import load_credentials, secret_box
from runtime.settings import Settings
from workers.check_contract import contract_probes
from workers.check_lists import AimsLists, order_settings, read_lists
from workers.check_probe import Probe, asked, failed
from workers.check_systems import aims_access, clocks, hosts, joor_v2, joor_v4
from workers.connect import Connections, missing_credentials
from workers.sync import Context

__all__ = ["Probe", "check_address", "check_contract", "probe_site", "still_missing"]

#: Area of the finding whose `detail` carries AIMS360's codes by kind ({"known": {"term": ["N30"]}}), for counting what is equal by code.
CODES = "AIMS360 lists"


def check_address(url: str, sandbox: bool) -> str:
    """Raises NotPossible for an address that may not be called."""
    return check_url(url, sandbox)


def check_contract(overrides: Mapping[str, Any]) -> None:
    """Raises NotPossible for entries that neither system's contract has."""
    Contract.load(overrides)
    JoorContract.load(overrides)


def still_missing(names: Iterable[str]) -> list[str]:
    """Secrets that a site with these names still needs."""
    return missing_credentials(dict.fromkeys(names, ""))


def probe_site(sessions: Sessions, clock: Clock, settings: Settings, site_id: int, *, contract: bool = False) -> list[Probe]:
    """A few reads of each system; with `contract` every list that AIMS360's contract names a path for."""
    with sessions() as session:
        site = session.get_one(Site, site_id)
    connections = Connections(sessions, clock, settings)
    try:
        try:
            context = connections.connect(site_id, JobKind.ORDERS_SCAN).context
            with sessions() as session:
                secrets = load_credentials(session, secret_box(settings), site_id)
        except SyncError as error:
            return [failed("credentials", error), *hosts(site)]
        found = [Probe("credentials", True, "stored, and opened with the key"), *hosts(site)]
        found += [asked("JOOR v2", lambda: joor_v2(context.joor)), joor_v4(context.joor, site, secrets, clock)]
        found += [*_aims(context), *clocks(context.joor, context.aims)]
        return found + (contract_probes(context.aims, context.joor, context.site, site.contract_overrides) if contract else [])
    finally:
        connections.close()


def _aims(context: Context) -> list[Probe]:
    """Nothing more is asked of a system that refuses or does not answer."""
    first = aims_access(context.aims, context.site)
    lists = read_lists(context.aims) if first.reached else AimsLists()
    if not lists.codes:
        return [first]
    known = Probe(CODES, True, _words(lists.known()), detail={"known": lists.known()})
    active = [name for name, (_, usable) in lists.codes.get("warehouse", {}).items() if usable]
    error = lists.failures.get("warehouse")
    warehouses = (
        failed("AIMS360 warehouses", error) if error else Probe("AIMS360 warehouses", True, f"active: {', '.join(active) or 'none'}")
    )
    return [first, known, warehouses, *order_settings(context, lists)]


def _words(known: Mapping[str, list[str]]) -> str:
    return ", ".join(f"{len(codes)} {kind.replace('_', ' ')} code(s)" for kind, codes in known.items())

"""Asking both remote systems of a site, read-only, whether it could work: `joorsync check` and `sites add` call this."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, get_args

from clients.aims360.client import AimsClient, Contract
from clients.aims360.types import CodeKind
from clients.contract import ContractTable
from clients.joor.auth import V4Token
from clients.joor.client import JoorClient, JoorContract, V4Credentials
from clients.urls import check_url
from models.errors import AccessDenied, SyncError, Unavailable, WaitUntil
from models.jobs import JobKind
from models.sites import Site
from runtime.clock import Clock
from runtime.db import Sessions
from runtime.secrets import load_credentials, secret_box
from runtime.settings import Settings
from workers.connect import Connections, missing_credentials
from workers.sync import SiteView

_MANY = 200  # enough rows to know that a path and its names hold


@dataclass(frozen=True)
class Probe:
    """What one question found. `reached` is False when no answer came."""

    area: str
    ok: bool
    summary: str
    fix: Sequence[str] = ()
    reached: bool = True


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
    connections = Connections(sessions, clock, settings)
    try:
        context = connections.connect(site_id, JobKind.ORDERS_SCAN).context
        with sessions() as session:
            site = session.get_one(Site, site_id)
            secrets = load_credentials(session, secret_box(settings), site_id)
    except SyncError as error:
        return [_failed("credentials", error)]
    try:
        found = [_asked("credentials", lambda: "stored, and opened with the key"), _asked("JOOR v2", partial(_joor_v2, context.joor))]
        found += [_joor_v4(context.joor, site, secrets, clock), *_aims(context.aims, context.site)]
        return found + (_contract(context.aims, site.contract_overrides) if contract else [])
    finally:
        connections.close()


def _joor_v2(joor: JoorClient) -> str:
    page = joor.orders_page(order_type=8, export_status=1, start_from=0, count=1)
    return "reads orders" + (f"; one cannot be understood: {page.broken[0][1]}" if page.broken else "")


def _joor_v4(joor: JoorClient, site: Site, secrets: Mapping[str, str], clock: Clock) -> Probe:
    if not joor.can_set_export_states or not site.joor_auth_url:
        words = "no v4 credentials: orders are marked as exported by a narrow v2 read, failures are not written back to JOOR"
        return Probe("JOOR v4", True, words)
    credentials = V4Credentials(*(secrets[f"joor.{name}"] for name in ("client_id", "client_secret", "username", "password")))
    token = V4Token(joor.http, site.joor_auth_url, credentials, clock)
    return _asked("JOOR v4", lambda: "gives a token" if token.header() else "gives no token")


def _aims(aims: AimsClient, site: SiteView) -> list[Probe]:
    def divisions() -> str:
        known = {row.code for row in aims.codes("division")}
        absent = [code for code in site.divisions if code not in known]
        if absent:
            raise SyncError(
                f"AIMS360 has no division {', '.join(absent)} (it has {', '.join(sorted(known))})",
                fix=[f"Correct the site's divisions: joorsync sites set {site.key} --remove-division {absent[0]} --division CODE"],
            )
        return f"reads codes; divisions of the site: {', '.join(site.divisions) or 'all'}"

    def warehouses() -> str:
        active = [row.name for row in aims.warehouses() if row.active]
        return f"active warehouses: {', '.join(active) or 'none'}"

    return [_asked("AIMS360 codes", divisions), _asked("AIMS360 warehouses", warehouses)]


def _contract(aims: AimsClient, overrides: Mapping[str, Any]) -> list[Probe]:
    """Whether the paths and names hold with this tenant, and which entries nobody has proved yet."""
    kinds = get_args(CodeKind)
    questions: list[tuple[str, Callable[[], Iterable[object]]]] = [(f"{kind} codes", partial(aims.codes, kind)) for kind in kinds]
    questions += [("customers", aims.customers), ("style colours", aims.all_style_colors), ("work in process", aims.wip)]
    questions += [("price levels", aims.prices), ("images", aims.images)]
    found = [_asked(f"contract, {name}", partial(_holds, ask)) for name, ask in questions]
    tables: tuple[ContractTable, ...] = (aims.contract, JoorContract.load(overrides))
    for table in tables:
        assumed = [entry.key for entry, _ in table.rows() if entry.assumed]
        found.append(Probe(f"contract, {table.system}", True, f"{len(assumed)} entries are assumed: {', '.join(assumed)}"))
    return found


def _holds(ask: Callable[[], Iterable[object]]) -> str:
    number = sum(1 for _ in islice(ask(), _MANY))
    return f"holds; read {number} row(s){' or more' if number == _MANY else ''}"


def _asked(area: str, question: Callable[[], str]) -> Probe:
    try:
        return Probe(area, True, question())
    except SyncError as error:
        return _failed(area, error)


def _failed(area: str, error: SyncError) -> Probe:
    reached = not isinstance(error, Unavailable | WaitUntil)
    fix = error.fix or (["Look at the credentials."] if isinstance(error, AccessDenied) else [])
    return Probe(area, False, error.summary, fix, reached)

"""Whether both systems can be reached as this site needs it: the right hosts, clocks that agree, tokens, the operator's permission."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

from clients.aims360.client import AimsClient
from clients.aims360.types import CodeRow
from clients.joor.auth import V4Token
from clients.joor.client import JoorClient, V4Credentials
from clients.meter import metered
from models.errors import AccessDenied, SyncError
from models.sites import Site
from runtime.clock import Clock
from workers.check_probe import Probe, asked, failed
from workers.sync import SiteView

#: joor-api facts 1.1.
_PRODUCTION = ("api.jooraccess.com", "atlas.jooraccess.com")
_SANDBOX = ("apisandbox.jooraccess.com", "atlas-sandbox.jooraccess.com")
_DEAD = ("udt-sandbox.jooraccess.com",)
#: aims360-api facts 1: tenants in the West and in the East. No sandbox host is known.
_AIMS = ("apiwest.aims360.rest", "apieast.aims360.rest", "apieast1.aims360.rest")
_NOTICED, _TOO_FAR = timedelta(seconds=60), timedelta(seconds=300)


class Clocked(Protocol):
    """A client that has seen the other side's clock."""

    def clock_offset(self) -> timedelta | None:
        """Their clock minus ours, by the last answer; None when none told a time."""


# ---- hosts ---------------------------------------------------------------------------------------------------------------------------


def hosts(site: Site) -> list[Probe]:
    """Without asking anybody: a production site must have JOOR's production hosts, a test site must not."""
    addresses = [("JOOR host", site.joor_api_url), ("JOOR token host", site.joor_auth_url or "")]
    return [_joor_host(area, url, site) for area, url in addresses if url] + [_aims_host(site)]


def _joor_host(area: str, url: str, site: Site) -> Probe:
    host, test = _host(url), is_test(site)
    option = "--joor-auth" if area == "JOOR token host" else "--joor-api"
    fix = [f"joorsync sites set {site.key} {option} URL; the JOOR Integrations Manager gives URL and tokens together"]
    if host in _DEAD:
        return Probe(area, False, f"{host} is an old sandbox host that is no longer in use", fix)
    if not test and host in _SANDBOX:
        return Probe(area, False, f"{host} is JOOR's sandbox, and {site.key} is a production site", fix)
    if test and host in _PRODUCTION:
        return Probe(area, False, f"{host} is JOOR's production, and {site.key} is a test site", fix)
    if host in (*_PRODUCTION, *_SANDBOX):
        return Probe(area, True, f"{host}: JOOR's {'sandbox' if host in _SANDBOX else 'production'}, {_transport(url)}")
    words = f"{host}: neither JOOR's production nor its sandbox as documented, {_transport(url)}"
    return Probe(area, True, words, [f"Make sure that JOOR gave this address for site {site.key}."], open=not site.is_sandbox)


def _aims_host(site: Site) -> Probe:
    host = _host(site.aims_api_url)
    if host in _AIMS:
        return Probe("AIMS360 host", True, f"{host}: AIMS360, {_transport(site.aims_api_url)}")
    words = f"{host}: none of AIMS360's documented hosts ({', '.join(_AIMS[:2])}), {_transport(site.aims_api_url)}"
    return Probe("AIMS360 host", True, words, ["Ask AIMS360's support which region the tenant is in."], open=not site.is_sandbox)


def is_test(site: Site) -> bool:
    """A site of a test system, or the sandbox account of another site."""
    return site.is_sandbox or site.sandbox_of is not None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def _transport(url: str) -> str:
    return "over TLS" if urlsplit(url).scheme == "https" else "not encrypted"


# ---- clocks --------------------------------------------------------------------------------------------------------------------------


def clocks(joor: Clocked, aims: Clocked) -> list[Probe]:
    """After both were asked something. Order windows and delta reads rest on clocks that agree."""
    return [probe for name, client in (("JOOR", joor), ("AIMS360", aims)) if (probe := _clock(name, client.clock_offset()))]


def _clock(name: str, offset: timedelta | None) -> Probe | None:
    if offset is None:
        return None  # it did not answer, which is told elsewhere, or its answers carry no time
    seconds = round(offset.total_seconds())
    if abs(offset) <= _NOTICED:
        return Probe(f"{name} clock", True, f"agrees with this machine's within {abs(seconds)} s")
    words = f"is {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} this machine's"
    fix = ["Let this machine's clock be set by NTP (timedatectl set-ntp true), then check again."]
    return Probe(f"{name} clock", abs(offset) <= _TOO_FAR, words, fix, open=abs(offset) <= _TOO_FAR)


# ---- JOOR ----------------------------------------------------------------------------------------------------------------------------


def joor_v2(joor: JoorClient) -> str:
    page = joor.orders_page(order_type=8, export_status=1, start_from=0, count=1)
    return "reads orders" + (f"; one cannot be understood: {page.broken[0][1]}" if page.broken else "")


def joor_v4(joor: JoorClient, site: Site, secrets: Mapping[str, str], clock: Clock) -> Probe:
    if not joor.can_set_export_states or not site.joor_auth_url:
        words = "no v4 credentials: orders are marked as exported by a narrow v2 read, failures are not written back to JOOR"
        return Probe("JOOR v4", True, words)
    credentials = V4Credentials(*(secrets[f"joor.{name}"] for name in ("client_id", "client_secret", "username", "password")))
    token = V4Token(joor.http, site.joor_auth_url, credentials, clock)
    return asked("JOOR v4", lambda: "gives a token" if token.header() else "gives no token")


# ---- AIMS360 -------------------------------------------------------------------------------------------------------------------------


def aims_access(aims: AimsClient, site: SiteView) -> Probe:
    """The first question to AIMS360: divisions. A refusal of an accepted user is told from a wrong one."""
    with metered() as meter:
        try:
            return Probe("AIMS360 codes", True, _divisions(aims.codes("division"), site))
        except AccessDenied as error:
            last = meter.exchanges[-1] if meter.exchanges else None
            if last is not None and last.status == 403 and aims.contract["path.token"].lower() not in last.path.lower():
                return _no_permission(site, error)
            return failed("AIMS360 codes", error)
        except SyncError as error:
            return failed("AIMS360 codes", error)


def _divisions(rows: list[CodeRow], site: SiteView) -> str:
    known = {row.code for row in rows}
    absent = [code for code in site.divisions if code not in known]
    if absent:
        raise SyncError(
            f"AIMS360 has no division {', '.join(absent)} (it has {', '.join(sorted(known))})",
            fix=[f"Correct the site's divisions: joorsync sites set {site.key} --remove-division {absent[0]} --division CODE"],
        )
    return f"reads codes; divisions of the site: {', '.join(site.divisions) or 'all'}"


def _no_permission(site: SiteView, error: AccessDenied) -> Probe:
    """aims360-api facts 1 (licence gate), 3.2: the token was given, and every read is forbidden."""
    words = "the operator has no API permission, or the licence no API access: AIMS360 gave a token and then answered 403"
    steps = ["Ask AIMS360's support whether the licence (Designer or Luxury) has API access."]
    steps.append("Give the API operator the API permission in AIMS360 (User Settings, API tab).")
    steps.append(f"If the stored token is an old one, store another: joorsync sites set {site.key} --secret aims.token")
    return Probe("AIMS360 codes", False, f"{words} ({error.remote_message or 'without a word'})", steps)

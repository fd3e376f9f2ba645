"""Which addresses credentials may be sent to."""

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from models.errors import NotPossible

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LOCAL_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


def check_url(url: str, sandbox: bool) -> str:
    """The URL without a trailing slash, or NotPossible with what to do.

    Plain http and private, loopback or link-local addresses are refused unless the site is marked as a sandbox. Names are not looked up:
    the operator configures them, and TLS ties an https name to its owner.
    """
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError as exc:
        raise NotPossible(f"{url!r} is not a URL ({exc})", fix=_FORM) from None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise NotPossible(f"{url!r} is not a full URL", fix=_FORM)
    if parts.username is not None or parts.password is not None:
        raise NotPossible(
            f"The address of {parts.hostname} contains a user name or password",
            fix=["Leave them out of the URL; store them with `joorsync sites set KEY --secret NAME`."],
        )
    if parts.query or parts.fragment:
        raise NotPossible(f"The address of {parts.hostname} contains a query (`?`) or fragment (`#`)", fix=_FORM)
    if not sandbox:
        _refuse_unsafe(parts)
    return url.strip().rstrip("/")


def origin(url: str) -> str:
    """`scheme://host:port`, lower case, port always given."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)}"


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


_FORM = ["Give the full address, for example https://api.jooraccess.com or https://apiwest.aims360.rest."]
_MARK = "If this is a test system, mark the site as one: `joorsync sites set KEY --sandbox`."


def _refuse_unsafe(parts: SplitResult) -> None:
    host = parts.hostname or ""
    if parts.scheme != "https":
        raise NotPossible(
            f"http://{host} is not encrypted: credentials sent there can be read on the way",
            fix=[f"Use https://{host} when the address is a real JOOR or AIMS360 address.", _MARK],
        )
    address = _address(host)
    if address is not None and not address.is_global:
        raise NotPossible(f"{host} is a private, loopback or link-local address", fix=["Give the public address of the system.", _MARK])
    if address is None and ("." not in host.rstrip(".") or host == "localhost" or host.rstrip(".").endswith(_LOCAL_SUFFIXES)):
        raise NotPossible(f"{host} is a name of a local network", fix=["Give the public name of the system.", _MARK])


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        try:
            return ipaddress.IPv4Address(socket.inet_aton(host))  # 127.1, 0x7f000001 and 2130706433 are 127.0.0.1 too
        except OSError:
            return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address

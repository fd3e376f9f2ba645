"""Where a picture may be fetched from: addresses that anybody on the internet can open, on the usual ports."""

import ipaddress
import socket
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from models.errors import NotPossible

PUBLIC_PORTS = frozenset({80, 443, 8080, 8443})
DEFAULT_PORTS = {"http": 80, "https": 443}
HOW_TO_BE_PUBLIC = "Give an address that anybody on the internet can open, or mark a test site: `joorsync sites set KEY --sandbox`."
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Target:
    scheme: str
    host: str  # ASCII
    port: int
    path: str
    shown: str  # for people: without the query, which may hold a signature

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def target_of(url: str, *, allow_private: bool) -> Target:
    """Raises NotPossible, in words, for an address that may not be called."""
    shown = url_shown(url)
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError as error:
        raise NotPossible(f"{shown!r} is not an address of a picture ({error})", fix=["Give the full https:// address."]) from None
    if parts.scheme not in DEFAULT_PORTS or not host:
        raise NotPossible(
            f"{shown!r} is not fetched: pictures come from http:// and https:// addresses",
            fix=["Give the full https:// address.", "For files on this machine use the image source `folder`."],
        )
    if parts.username is not None or parts.password is not None:
        raise NotPossible(f"The address of a picture on {host} contains a user name or password", fix=["Leave it out.", HOW_TO_BE_PUBLIC])
    port = DEFAULT_PORTS[parts.scheme] if port is None else port
    if port not in PUBLIC_PORTS and not (allow_private and port):
        usual = ", ".join(map(str, sorted(PUBLIC_PORTS)))
        raise NotPossible(
            f"{shown} names port {port}; pictures are fetched from ports {usual}", fix=["Serve the pictures on one of those."]
        )
    return Target(parts.scheme, host, port, _path(parts), shown)


def _path(parts: SplitResult) -> str:
    """Blanks and letters beyond ASCII as the wire wants them; what is escaped already stays."""
    safe = "%/:?@!$&'()*+,;=~-._"
    path = quote(parts.path, safe=safe.replace("?", "")) or "/"
    return path + ("?" + quote(parts.query, safe=safe) if parts.query else "")


def addresses(host: str, port: int, wait: float = 10.0) -> list[str]:
    """Every address of a name, in the resolver's order. Raises OSError; TimeoutError after `wait` seconds, which getaddrinfo cannot do."""
    found: list[Any] = []

    def look() -> None:
        try:
            found.append(list(dict.fromkeys(str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))))
        except (OSError, UnicodeError) as error:
            found.append(error)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(wait)
    if not found:
        raise TimeoutError(f"the name {host} was not found in time")
    if isinstance(found[0], Exception):
        raise OSError(f"the name {host} cannot be found") from found[0]
    return list(found[0])


def is_public(address: str) -> bool:
    """Also looks inside IPv6 forms that carry an IPv4 address."""
    parsed = ipaddress.ip_address(address.split("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo[1] if parsed.teredo else None)
        if inner is None and parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFF_FFFF)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return parsed.is_global and not parsed.is_multicast


def url_shown(url: str) -> str:
    """For people and logs: without the query, which may hold a signature."""
    return url.split("?")[0].split("#")[0][:300]

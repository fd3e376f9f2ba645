"""JOOR's own fetching of pictures it is given an address for (fact sheet 6.1, 6.2). Only this machine is reachable from here.

Fetching is done before the listener's lock is taken, so that a slow picture holds up no other call; the call then finds the results in
`World.fetched` under its number.
"""

import http.client
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from sandbox.joor_world import Fetched, World
from sandbox.messages import Request

MAX_BYTES = 15 * 1024 * 1024 + 1  # one more than the largest asset (2.2)
SECONDS = 5.0
AT_ONCE = 8


def prepare(world: World, request: Request) -> None:
    """Fetch what the call names. It changes nothing but the results, and reads no state but a switch; safe without the lock."""
    if request.method == "POST" and world.switches["asset_fetch"] != "no":
        addresses = _addresses(request)
        if addresses:
            with ThreadPoolExecutor(min(AT_ONCE, len(addresses))) as pool:
                world.fetched[request.call] = dict(zip(addresses, pool.map(fetch, addresses), strict=True))


def fetched(world: World, request: Request, address: str) -> Fetched:
    """What came of fetching that address; without a listener's preparation it is fetched now."""
    known = world.fetched.get(request.call, {})
    return known[address] if address in known else fetch(address)


def _addresses(request: Request) -> list[str]:
    match request.segments():
        case ["v2", "style-number", _, _, "image"]:
            found: list[Any] = [request.param("url")]
        case ["v4", "assets", ("products" | "sku_trait_values")]:
            try:
                items = request.json()
            except ValueError:
                return []
            assets = [item.get("asset") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
            found = [asset.get("source_url") for asset in assets if isinstance(asset, dict)]
        case _:
            found = []
    return list(dict.fromkeys(address for address in found if isinstance(address, str) and address))


def fetch(address: str) -> Fetched:
    """GET one address of this machine, following nothing. Never raises."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return Fetched(problem=f"{address} is no address")
    if parts.scheme not in ("http", "https") or not host:
        return Fetched(problem=f"{address} is no address")
    if not (_loopback(host) or host == socket.gethostname().lower()):  # in a container it goes by its name
        return Fetched(problem=f"{address} cannot be reached")
    kind = http.client.HTTPConnection if parts.scheme == "http" else http.client.HTTPSConnection
    connection = kind(host, port, timeout=SECONDS)
    try:
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        response = connection.getresponse()
        body = response.read(MAX_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Fetched(problem=f"{address} cannot be reached: {type(error).__name__}")
    finally:
        connection.close()
    return Fetched(body) if response.status == 200 else Fetched(problem=f"{address} answered {response.status}")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"

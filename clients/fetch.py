"""A picture from an address that somebody typed: fetched so that it cannot be turned against this network (DESIGN 12).

The name is looked up once, every address it has must be public, and exactly one of those is connected to; each redirect passes the same
gate. No credential, cookie or proxy is ever used. Size and time are capped, slow drips included.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from clients.public_address import HOW_TO_BE_PUBLIC, Target, addresses, is_public, target_of, url_shown
from clients.seams import retry_after_seconds
from models.errors import NotPossible, Rejected, SyncError, Unavailable

MAX_REDIRECTS = 3
Resolve = Callable[[str, int], Sequence[str]]
_CHUNK = 64 * 1024


class NothingThere(Rejected):
    """The server knows no such picture (404, 410)."""


@dataclass(frozen=True)
class Fetched:
    """`version` names this content as the server does ("etag:..." or "modified:..."), "" when it does not. `content` is empty when only the
    head was asked for."""

    content: bytes
    content_type: str
    version: str


@dataclass(frozen=True)
class NotModified:
    version: str


@dataclass(frozen=True)
class _Rules:
    allow_private: bool
    max_bytes: int
    timeout: float
    ends: float  # monotonic seconds
    resolve: Resolve
    tls: ssl.SSLContext | None

    def left(self) -> float:
        """Seconds for the next wait. Raises TimeoutError when the time is up."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for one picture is up")
        return min(self.timeout, left)


def fetch(
    url: str,
    *,
    allow_private: bool,
    max_bytes: int = 25 * 1024 * 1024,
    timeout: float = 10.0,
    deadline: float = 60.0,
    version: str = "",
    body: bool = True,
    resolve: Resolve | None = None,
    tls: ssl.SSLContext | None = None,
) -> Fetched | NotModified:
    """GET one picture. `timeout` (seconds) bounds each wait for the other side, `deadline` (seconds) all of it, redirects included.

    `version` is one that an earlier answer gave: NotModified when the server says that it still holds. `body=False` reads only as far as
    the head, where it names a version. Raises NotPossible for an address that may not be called, NothingThere or Rejected when the server
    has no picture there for anybody, Unavailable when it cannot answer now.
    """
    rules = _Rules(allow_private, max_bytes, timeout, time.monotonic() + deadline, resolve or addresses, tls)
    target = target_of(url, allow_private=rules.allow_private)
    for _ in range(MAX_REDIRECTS + 1):
        try:
            answer = _ask(target, rules, version, body)
        except SyncError:
            raise
        except ssl.SSLCertVerificationError as error:
            raise NotPossible(
                f"The certificate of {target.host} is not valid: {error.verify_message}", fix=["Have it put right by its owner."]
            ) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unavailable(f"{target.shown} did not answer in full: {_words(error)}. It is tried again by itself.") from None
        if not isinstance(answer, str):
            return answer
        target = target_of(urljoin(f"{target.scheme}://{target.netloc}{target.path}", answer), allow_private=rules.allow_private)
    raise Rejected(f"{url_shown(url)} leads from one address to the next more than {MAX_REDIRECTS} times", fix=["Give the last one."])


def _connect(target: Target, rules: _Rules) -> socket.socket:
    found = rules.resolve(target.host, target.port)
    if not found:
        raise OSError(f"the name {target.host} has no address")
    private = [address for address in found if not is_public(address)]
    if private and not rules.allow_private:
        raise NotPossible(f"{target.shown} leads to {private[0]}, which is not a public address: it is not fetched", fix=[HOW_TO_BE_PUBLIC])
    last: OSError | None = None
    for address in found:
        try:
            plain = socket.create_connection((address, target.port), timeout=rules.left())
        except OSError as error:
            last = error
            continue
        return _secured(plain, target, rules) if target.scheme == "https" else plain
    raise last or OSError("no connection")


def _secured(plain: socket.socket, target: Target, rules: _Rules) -> socket.socket:
    try:
        plain.settimeout(rules.left())
        return (rules.tls or ssl.create_default_context()).wrap_socket(plain, server_hostname=target.host)
    except BaseException:
        plain.close()
        raise


# ---- the call ---------------------------------------------------------------------------------------------------------------------------


class _Reader(io.RawIOBase):
    """Reads the socket; each wait ends with the time of the whole fetch, so that a drip of single bytes does not go on for ever."""

    def __init__(self, sock: socket.socket, rules: _Rules) -> None:
        self._sock = sock
        self._rules = rules

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._rules.left())
        return self._sock.recv_into(buffer)


class _Socket:
    """What `http.client` asks of a socket. It closes early what it still reads from: the real socket is closed by `_ask`."""

    def __init__(self, sock: socket.socket, rules: _Rules) -> None:
        self._sock = sock
        self._rules = rules

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(self._rules.left())
        self._sock.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self._rules), _CHUNK)

    def close(self) -> None:
        return None


def _ask(target: Target, rules: _Rules, version: str, body: bool) -> Fetched | NotModified | str:
    """The answer, or where a redirect leads."""
    sock = _connect(target, rules)
    connection = http.client.HTTPConnection(target.host, target.port)
    try:
        connection.sock = _Socket(sock, rules)  # has all that http.client uses of a socket
        headers = {"Host": target.netloc, "Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "joorsync"}
        connection.request("GET", target.path, headers=headers | _conditions(version))
        answer = connection.getresponse()
        if answer.status == 304 and version:
            return NotModified(version)
        if answer.status in (301, 302, 303, 307, 308) and answer.headers.get("Location"):
            return str(answer.headers["Location"])
        _refuse(target, answer)
        return _read(target, rules, answer, body)
    finally:
        connection.close()
        sock.close()


def _conditions(version: str) -> dict[str, str]:
    kind, _, value = version.partition(":")
    names = {"etag": "If-None-Match", "modified": "If-Modified-Since"}
    return {names[kind]: value} if kind in names and value else {}


def _version(answer: http.client.HTTPResponse) -> str:
    etag, modified = answer.headers.get("ETag", "").strip(), answer.headers.get("Last-Modified", "").strip()
    if etag and len(etag) <= 150:
        return f"etag:{etag}"
    return f"modified:{modified}" if modified and len(modified) <= 60 else ""


def _refuse(target: Target, answer: http.client.HTTPResponse) -> None:
    status = answer.status
    if status == 200:
        return
    if status in (404, 410):
        raise NothingThere(f"There is no picture at {target.shown} (HTTP {status})", fix=["Put it there, or correct the address."])
    if status in (401, 403, 407):
        raise Rejected(f"{target.shown} is not open to everybody (HTTP {status})", fix=[HOW_TO_BE_PUBLIC])
    if status in (408, 425, 429) or status >= 500:
        wait = retry_after_seconds(answer.headers.get("Retry-After"), time.time())
        raise Unavailable(f"{target.shown} cannot be had now (HTTP {status}). It is tried again by itself.", retry_after=wait)
    raise Rejected(f"{target.shown} answers HTTP {status} instead of a picture", fix=["Open it in a browser and correct the address."])


def _read(target: Target, rules: _Rules, answer: http.client.HTTPResponse, body: bool) -> Fetched:
    sort = answer.headers.get("Content-Type", "").split(";")[0].strip().lower()
    page = Rejected(
        f"A web page came from {target.shown} instead of a picture",
        fix=["Open it in a browser: it may ask for a login, or say what is wrong."],
    )
    if sort in ("text/html", "application/xhtml+xml"):
        raise page
    if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise Rejected(f"{target.shown} comes compressed although that was not asked for", fix=["Serve pictures as they are."])
    version = _version(answer)
    if version and not body:
        return Fetched(b"", sort, version)
    content = _content(target, rules, answer)
    if content[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
        raise page
    return Fetched(content, sort, version)


def _content(target: Target, rules: _Rules, answer: http.client.HTTPResponse) -> bytes:
    too_large = Rejected(
        f"The picture at {target.shown} has more than the {rules.max_bytes:,} bytes that are fetched",
        fix=["Put a smaller one in its place."],
    )
    promised = answer.length
    if promised is not None and promised > rules.max_bytes:
        raise too_large
    parts, size = [], 0
    while part := answer.read1(_CHUNK):
        rules.left()
        size += len(part)
        if size > rules.max_bytes:
            raise too_large
        parts.append(part)
    if promised is not None and size < promised:
        raise OSError(f"it broke off after {size:,} of {promised:,} bytes")
    return b"".join(parts)


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it takes too long"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]

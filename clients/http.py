"""The only module that imports httpx: one call, its limits, its cost, and what its failure means."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

import httpx
import stamina
import structlog

from clients.failures import Intent, Trouble, happening_of, reference_of, refusal
from clients.jsontext import dumps, loads
from clients.meter import Exchange, Meter, credits_of, current_meter, metered
from clients.redact import Redactor
from clients.seams import Answer, Auth, Dated, Gate, NullGate, dated, retry_after_seconds
from clients.urls import check_url, is_loopback, origin
from models.errors import AccessDenied, SyncError, WaitUntil

__all__ = ["Answer", "Auth", "Exchange", "Gate", "Http", "Meter", "NullGate", "check_url", "metered"]

MAX_BODY_BYTES = 8 * 1024 * 1024
_MAX_REDIRECTS = 5


@dataclass
class _Call:
    method: str
    url: str
    intent: Intent
    what: str
    content: bytes | None
    headers: dict[str, str]
    auth: Auth | None
    wanted: frozenset[int]
    cap: int
    deadline: float
    gated: bool
    redirects: int = field(default=0)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


class Http:
    """Calls to one remote system from one site. Thread-safe; one keep-alive connection pool. Close it when done.

    `allowed_hosts` ("host" or "host:port") may be called besides the host of `base_url`; no other host ever is, whatever a link or
    redirect says. `secrets` and whatever clients add by `hide` never appear in a text that leaves this class. `timeout` is seconds per
    connect, read and write; `deadline` seconds for a whole answer. `site` fills the commands in `fix`. `transport` is for tests.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers_provider: Callable[[], Mapping[str, str]] | None = None,
        gate: Gate | None = None,
        allowed_hosts: Iterable[str] = (),
        timeout: float = 30.0,
        deadline: float = 120.0,
        max_body_bytes: int = MAX_BODY_BYTES,
        system: str,
        site: str = "KEY",
        secrets: Iterable[str] = (),
        log: structlog.stdlib.BoundLogger | None = None,
        meter: Meter | None = None,
        retry_wait: float = 0.25,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.system = system
        self.site = site
        self.meter = meter or Meter()
        self.gate: Gate = gate or NullGate()
        self.timeout = timeout
        self.deadline = deadline
        self.max_body_bytes = max_body_bytes
        self.redact = Redactor(secrets)
        self._headers_provider = headers_provider or dict
        self._log = log
        self._retry_wait = retry_wait
        self._lock = threading.Lock()
        self._origins = {origin(self.base_url)}
        self._dated: Dated | None = None
        for host in allowed_hosts:
            self.allow(host)
        local = {"all://127.0.0.1": None, "all://localhost": None, "all://[::1]": None} if is_loopback(self.base_url) else None
        self._client = httpx.Client(
            timeout=timeout,
            follow_redirects=False,
            transport=transport,
            mounts=None if transport else local,
            headers={"User-Agent": "joorsync"},
        )

    def close(self) -> None:
        self._client.close()

    def hide(self, *secrets: str) -> None:
        """Values learnt later (a token) that must not appear in any text."""
        self.redact.add(*secrets)

    def clock_offset(self, now: datetime) -> timedelta | None:
        """The remote clock minus ours (`now`, aware) by the last answer of the base URL's host; None while none told the time."""
        return self._dated.offset(now, time.monotonic()) if self._dated else None

    def allow(self, host: str) -> None:
        """Add a host ("host", "host:port" or a URL) that configuration names. A bare host means the scheme of the base URL."""
        url = host if "://" in host else f"{urlsplit(self.base_url).scheme}://{host}"
        with self._lock:
            self._origins = {*self._origins, origin(url)}

    def allows(self, url: str) -> bool:
        return origin(url) in self._origins

    def call(
        self,
        method: str,
        path: str,
        *,
        intent: Intent,
        what: str,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        auth: Auth | None = None,
        wanted: Iterable[int] = (),
        max_body_bytes: int | None = None,
        deadline: float | None = None,
        gated: bool = True,
    ) -> Answer:
        """One call; a 2xx, or a status in `wanted`, is returned, all else raised as the SyncError of the failure table.

        `path` is a path of the base URL or a full URL on an allowed host. `what` reads like "reading orders". `content` is a body as it
        is, its Content-Type among the headers. Raises what the gate raises.
        """
        call = _Call(
            method=method.upper(),
            url=self._url(path, params),
            intent=intent,
            what=what,
            content=_content(json, form) if content is None else content,
            headers={**_content_headers(json, form), **(headers or {})},
            auth=auth,
            wanted=frozenset(wanted),
            cap=max_body_bytes or self.max_body_bytes,
            deadline=deadline or self.deadline,
            gated=gated,
        )
        try:
            if intent != "read":
                return self._authorised(call)
            for attempt in stamina.retry_context(
                on=_passing,
                attempts=3,
                timeout=None,
                wait_initial=self._retry_wait,
                wait_max=4 * self._retry_wait,
                wait_jitter=self._retry_wait,
            ):
                with attempt:
                    return self._authorised(call)
            raise AssertionError("stamina ended without a result")
        except Trouble as trouble:
            failure = self._failure(trouble, intent, what)
        raise failure  # outside the except block: a chained exception could carry a secret

    def json(self, method: str, path: str, *, intent: Intent, what: str, wanted: Iterable[int] = (), **options: Any) -> tuple[Any, Answer]:
        """Like `call`, for an answer that must be JSON. With a status in `wanted`, data that is not JSON is returned as None."""
        wanted = frozenset(wanted)
        answer = self.call(method, path, intent=intent, what=what, wanted=wanted, **options)
        try:
            data = loads(answer.body)
        except (ValueError, RecursionError) as exc:
            if answer.status in wanted:
                return None, answer
            raise self.unreadable(answer, intent, what, answer.why_not_json(exc)) from None
        self._note_reference(answer, data)
        return data, answer

    def unreadable(self, answer: Answer, intent: Intent, what: str, why: str) -> SyncError:
        """The failure for an answer that arrived but is not what was asked for: says what came instead."""
        return self._failure(Trouble("unreadable", f"{why} {answer.summary()}", remote_message=answer.beginning() or None), intent, what)

    def _failure(self, trouble: Trouble, intent: Intent, what: str) -> SyncError:
        """The one place where a trouble becomes an exception others see: redacted here, whatever it holds."""
        return self._redacted(trouble).failure(intent, self.system, self.redact(what))

    def _redacted(self, trouble: Trouble) -> Trouble:
        trouble.detail = self.redact(trouble.detail)
        trouble.remote_message = trouble.remote_message and self.redact(trouble.remote_message)
        return trouble

    # ---- one call -------------------------------------------------------------------------------------------------------------------

    def _url(self, path: str, params: Mapping[str, str | int] | None) -> str:
        url = path if "://" in path else f"{self.base_url}/{path.lstrip('/')}"
        if not self.allows(url):
            host = urlsplit(url).netloc.rpartition("@")[2]
            raise AccessDenied(
                f"{self.system} points to {host}, which is not an allowed host: nothing was sent there",
                fix=[
                    f"If {host} really belongs to {self.system}, add it to `hosts.extra` in the site's contract file.",
                    f"`joorsync check --site {self.site}`",
                ],
            )
        if params:
            url += ("&" if "?" in url else "?") + urlencode(params, safe="$", quote_via=quote)
        return url

    def _authorised(self, call: _Call) -> Answer:
        """The call, once more with a renewed token when it was refused (401 and 403 alike: AIMS360 facts 3.2)."""
        if call.auth is None:
            return self._once(call)
        header = call.auth.header()
        if not (header.isascii() and header.isprintable()):
            raise Trouble("denied", "the stored credential holds characters that cannot be sent", fix=tuple(call.auth.fix(self.site)))
        try:
            return self._once(call, header)
        except Trouble as trouble:
            if trouble.happening != "denied":
                raise
            denied = trouble
        if call.auth.renew(header):
            try:
                return self._once(call, call.auth.header())
            except Trouble as trouble:
                if trouble.happening != "denied":
                    raise
                denied = trouble
        denied.fix = tuple(call.auth.fix(self.site))
        raise denied

    def _once(self, call: _Call, authorization: str | None = None) -> Answer:
        try:
            return self._attempt(call, authorization)
        except Trouble as trouble:
            self._redacted(trouble)  # already here: stamina logs what it is about to retry
            raise

    def _attempt(self, call: _Call, authorization: str | None) -> Answer:
        if call.gated:
            self.gate.before(call.method, call.path)
        headers = {"Accept": "application/json", **self._headers_provider(), **call.headers}
        if authorization:
            headers["Authorization"] = authorization
        exchange = Exchange(self.system, call.method, self._shown(call.url), None, 0.0)
        started = time.monotonic()
        seen: dict[str, str] = {}
        trouble: Trouble | None = None
        answer: Answer | None = None
        try:
            answer = self._exchange(call, headers, exchange, seen, started + call.deadline)
        except Trouble as exc:
            trouble = exc
        finally:
            exchange.seconds = round(time.monotonic() - started, 4)
            self._finish(call, exchange, seen)
        if answer is None:
            raise trouble or AssertionError("no answer and no trouble")
        return self._judge(call, answer, authorization)

    def _finish(self, call: _Call, exchange: Exchange, headers: Mapping[str, str]) -> None:
        if origin(call.url) == origin(self.base_url):
            self._dated = dated(headers, time.monotonic(), exchange.seconds) or self._dated
        credits = credits_of(self.system, call.method) if call.gated else 0
        current = current_meter()
        for meter in {id(item): item for item in (self.meter, current) if item is not None}.values():
            meter.add(exchange, credits)
        if self._log:
            self._log.debug(
                "remote call", system=self.system, method=call.method, path=exchange.path, status=exchange.status, seconds=exchange.seconds
            )
        if not call.gated:
            return
        try:
            self.gate.after(call.method, call.path, exchange.status, headers, exchange.seconds)
        except WaitUntil:
            if exchange.status == 429:
                raise  # not performed, so nothing is lost by leaving here
        except Exception as exc:
            # The answer of a create must not be lost because our own ledger could not be written.
            if self._log:
                self._log.warning("gate.after failed", system=self.system, error=self.redact(repr(exc)))

    def _exchange(self, call: _Call, headers: Mapping[str, str], exchange: Exchange, seen: dict[str, str], until: float) -> Answer:
        try:
            request = self._client.build_request(call.method, call.url, content=call.content, headers=dict(headers))
        except (httpx.InvalidURL, ValueError) as exc:
            detail = f"the request could not be written ({type(exc).__name__}): look for odd characters in the credentials and the address"
            raise Trouble("not_sent", detail) from None
        try:
            response = self._client.send(request, stream=True)
            try:
                exchange.status = response.status_code
                seen.update({key.lower(): value for key, value in response.headers.items()})
                body = self._body(call, response, until)
            finally:
                response.close()
        except httpx.HTTPError as exc:
            raise self._no_answer(exc, exchange.status) from None
        return Answer(response.status_code, seen, body, call.url, exchange)

    def _body(self, call: _Call, response: httpx.Response, until: float) -> bytes:
        refused = happening_of(response.status_code) == "refused"
        chunks: list[bytes] = []
        size = 0
        try:
            for chunk in response.iter_bytes():
                size += len(chunk)
                if size > call.cap:
                    if happening_of(response.status_code) is not None:
                        break  # an error page: its beginning says enough
                    raise Trouble(
                        "too_large", f"the answer is larger than {call.cap:,} bytes (the cap `max_body_bytes`); reading was stopped"
                    )
                chunks.append(chunk)
                if time.monotonic() > until:
                    raise Trouble("no_answer", f"the answer was not complete after {call.deadline:g} s", passing=True)
        except (httpx.HTTPError, Trouble):
            if not refused:
                raise  # half a refusal is still a refusal
        return b"".join(chunks)

    def _no_answer(self, exc: httpx.HTTPError, status: int | None) -> Trouble:
        words = " ".join(str(exc).split())[:200] or type(exc).__name__
        if isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError | httpx.UnsupportedProtocol):
            if "CERTIFICATE_VERIFY_FAILED" in words:
                return Trouble("not_sent", f"its TLS certificate is not trusted ({words}); nothing was sent")
            return Trouble("not_sent", f"no connection could be made ({words}); nothing was sent", passing=True)
        if isinstance(exc, httpx.LocalProtocolError):
            return Trouble("not_sent", "the request could not be written: look for odd characters in the credentials")
        if isinstance(exc, httpx.TimeoutException):
            return Trouble("no_answer", f"no answer within {self.timeout:g} s ({type(exc).__name__})", passing=True)
        if isinstance(exc, httpx.DecodingError):
            return Trouble("unreadable", f"the answer's compression is broken ({words})")
        half = "the connection broke in the middle of the answer" if status else "the connection broke before an answer came"
        return Trouble("no_answer", f"{half} ({words})", passing=True)

    def _judge(self, call: _Call, answer: Answer, authorization: str | None) -> Answer:
        happening = happening_of(answer.status)
        if happening is None or answer.status in call.wanted:
            return answer
        if happening == "redirected":
            return self._redirected(call, answer, authorization)
        try:
            data = loads(answer.body)
        except (ValueError, RecursionError):
            data = None
        self._note_reference(answer, data)
        wait = retry_after_seconds(answer.headers.get("retry-after"), time.time())
        text = answer.body[:20_000].decode("utf-8", "replace")
        raise refusal(happening, answer.status, data, text, reference=answer.exchange.reference, retry_after=wait)

    def _redirected(self, call: _Call, answer: Answer, authorization: str | None) -> Answer:
        target = urljoin(call.url, answer.headers.get("location", ""))
        host = urlsplit(target).netloc.rpartition("@")[2]
        if call.method != "GET" or not self.allows(target) or call.redirects >= _MAX_REDIRECTS or not answer.headers.get("location"):
            fix = (f"Check the site's address of {self.system}: it answers with a redirect to {host or 'nowhere'}.",)
            raise Trouble("redirected", f"HTTP {answer.status}, a redirect to {host or 'nowhere'} that is not followed", fix=fix)
        same = origin(target) == origin(call.url)
        follow = _Call(**{**call.__dict__, "url": target, "redirects": call.redirects + 1})
        return self._once(follow, authorization if same else None)  # the token stays with the host it was meant for

    def _note_reference(self, answer: Answer, data: Any) -> None:
        if found := reference_of(data):
            answer.exchange.reference = self.redact(found)

    def _shown(self, url: str) -> str:
        parts = urlsplit(url)
        return self.redact(parts.path + (f"?{parts.query}" if parts.query else ""))[:400]


def _passing(exc: Exception) -> bool:
    return isinstance(exc, Trouble) and exc.passing


def _content(json: Any, form: Mapping[str, str] | None) -> bytes | None:
    if form is not None:
        return urlencode(form).encode()
    return None if json is None else dumps(json).encode()


def _content_headers(json: Any, form: Mapping[str, str] | None) -> dict[str, str]:
    if form is not None:
        return {"Content-Type": "application/x-www-form-urlencoded"}
    return {} if json is None else {"Content-Type": "application/json"}

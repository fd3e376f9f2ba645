"""Every row of the failure table, and what may never leave: a secret, a call to a strange host, a lost answer of a create."""

import json
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pytest
import structlog

from clients.http import Http, Meter, metered
from models.errors import AccessDenied, OutcomeUnknown, Rejected, SyncError, Unavailable, WaitUntil
from tests.clients.conftest import CANARY, Remote, answer

REQUEST = httpx.Request("GET", "https://remote.example/x")
HTML = httpx.Response(200, content=b"<html><body><h1>Scheduled maintenance</h1></body></html>", headers={"content-type": "text/html"})


class StubAuth:
    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)

    def header(self) -> str:
        return f"Bearer {self.tokens[0]}"

    def renew(self, refused: str) -> bool:
        if len(self.tokens) > 1:
            self.tokens.pop(0)
        return self.header() != refused

    def fix(self, site: str) -> list[str]:
        return [f"joorsync sites set {site} --secret aims.token"]


class StubGate:
    def __init__(self, before: Exception | None = None, after: Exception | None = None) -> None:
        self.raise_before, self.raise_after = before, after
        self.seen: list[tuple[str, str, int | None]] = []

    def before(self, method: str, path: str) -> None:
        if self.raise_before:
            raise self.raise_before

    def after(self, method: str, path: str, status: int | None, headers: Mapping[str, str], seconds: float) -> None:
        self.seen.append((method, path, status))
        if self.raise_after:
            raise self.raise_after


def fails(http: Http, intent: str, **options: object) -> SyncError:
    with pytest.raises(SyncError) as caught:
        http.json("GET" if intent == "read" else "POST", "/x", intent=intent, what="doing a thing", **options)  # type: ignore[arg-type]
    return caught.value


U, N, R, A = Unavailable, OutcomeUnknown, Rejected, AccessDenied


@pytest.mark.parametrize(
    ("happens", "read", "write", "create"),
    [
        pytest.param(httpx.ConnectError("refused"), U, U, U, id="connection refused"),
        pytest.param(httpx.ConnectTimeout("slow"), U, U, U, id="connect timeout"),
        pytest.param(httpx.PoolTimeout("busy"), U, U, U, id="pool timeout"),
        pytest.param(httpx.ProxyError("403 Forbidden"), U, U, U, id="proxy refuses"),
        pytest.param(httpx.ReadTimeout("slow"), U, U, N, id="read timeout"),
        pytest.param(httpx.WriteTimeout("slow"), U, U, N, id="write timeout"),
        pytest.param(httpx.ReadError("reset"), U, U, N, id="reset while reading"),
        pytest.param(httpx.WriteError("reset"), U, U, N, id="reset while writing"),
        pytest.param(httpx.RemoteProtocolError("Server disconnected without sending a response."), U, U, N, id="disconnect"),
        pytest.param(httpx.DecodingError("bad gzip"), U, U, N, id="broken compression"),
        pytest.param(answer({"error": {"message": "boom"}}, 500), U, U, N, id="500"),
        pytest.param(answer({}, 502), U, U, N, id="502"),
        pytest.param(answer({"error": {"code": "ServerBusy"}}, 503), U, U, N, id="503"),
        pytest.param(answer({}, 504), U, U, N, id="504"),
        pytest.param(answer({}, 408), U, U, N, id="408"),
        pytest.param(HTML, U, U, N, id="html instead of json"),
        pytest.param(httpx.Response(200, content=b""), U, U, N, id="empty body"),
        pytest.param(httpx.Response(204), U, U, N, id="no content"),
        pytest.param(httpx.Response(200, content=b'{"value": [1, 2'), U, U, N, id="broken json"),
        pytest.param(httpx.Response(200, content=b'{"a": NaN}'), U, U, N, id="not a number"),
        pytest.param(httpx.Response(200, content=b"[" * 100_000), U, U, N, id="nested too deep"),
        pytest.param(httpx.Response(200, content=b"\xff\xfe\x00"), U, U, N, id="not utf-8"),
        pytest.param(answer({"a": "x" * 5000}), U, U, N, id="too large"),
        pytest.param(httpx.Response(302, headers={"location": "https://elsewhere.example/"}), U, U, N, id="redirect away"),
        pytest.param(answer({}, 429), U, U, U, id="429"),
        pytest.param(answer({}, 401), A, A, A, id="401"),
        pytest.param(answer({}, 403), A, A, A, id="403"),
        pytest.param(answer({"error": {"message": "no"}}, 400), R, R, R, id="400"),
        pytest.param(answer({}, 404), R, R, R, id="404"),
        pytest.param(answer({}, 409), R, R, R, id="409"),
        pytest.param(answer({}, 413), R, R, R, id="413"),
        pytest.param(answer({}, 422), R, R, R, id="422"),
    ],
)
def test_what_happened_and_the_intent_of_the_call_decide_the_kind_of_failure(make_http, happens, read, write, create):
    for intent, kind in (("read", read), ("write", write), ("create", create)):
        failure = fails(make_http(Remote(happens), max_body_bytes=4000), intent)
        assert type(failure) is kind, intent
        assert failure.summary.startswith("AIMS360, doing a thing: ")
        assert failure.summary.endswith(".")


def test_only_reads_are_tried_again_in_process_and_only_for_what_may_pass(make_http):
    def calls(intent, step):
        remote = Remote(step)
        fails(make_http(remote), intent)
        return len(remote.requests)

    assert calls("read", httpx.ReadTimeout("slow")) == 3
    assert calls("read", answer({}, 503)) == 3
    assert calls("read", answer({}, 500)) == 1
    assert calls("read", answer({}, 400)) == 1
    assert calls("read", answer({}, 429)) == 1
    assert calls("read", answer({}, 503, **{"retry-after": "9"})) == 1
    assert calls("write", httpx.ReadTimeout("slow")) == 1
    assert calls("create", httpx.ConnectError("refused")) == 1
    assert calls("create", answer({}, 503)) == 1


def test_a_read_that_passes_at_the_third_try_is_an_answer(make_http):
    gate = StubGate()
    http = make_http(Remote(httpx.ReadError("reset"), answer({}, 502), answer({"value": [1]})), gate=gate)
    assert http.json("GET", "/x", intent="read", what="reading")[0] == {"value": [1]}
    assert [status for _, _, status in gate.seen] == [None, 502, 200]


def test_retry_after_is_told_in_seconds_from_either_form(make_http):
    assert fails(make_http(Remote(answer({}, 429, **{"retry-after": "17"}))), "create").retry_after == 17
    later = datetime.now(UTC).replace(microsecond=0).timestamp() + 60
    date = datetime.fromtimestamp(later, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert fails(make_http(Remote(answer({}, 503, **{"retry-after": date}))), "read").retry_after == pytest.approx(60, abs=3)
    assert fails(make_http(Remote(answer({}, 429, **{"retry-after": "soon"}))), "read").retry_after is None
    assert fails(make_http(Remote(answer({}, 429, **{"retry-after": "nan"}))), "read").retry_after is None


def test_the_summary_says_what_came_instead_of_json(make_http):
    failure = fails(make_http(Remote(HTML)), "read")
    assert "a web page came instead of JSON (HTTP 200, text/html, 56 bytes, begins" in failure.summary
    assert "Scheduled maintenance" in failure.summary


def test_a_body_over_the_cap_names_the_cap_and_its_setting(make_http):
    failure = fails(make_http(Remote(answer({"a": "x" * 5000})), max_body_bytes=1000), "read")
    assert "1,000 bytes (the cap `max_body_bytes`)" in failure.summary


def test_a_refusal_carries_the_remote_words_and_their_reference(make_http):
    body = {"requestId": "6f0c-1", "error": {"code": "InvalidInput", "message": "term not found"}}
    http = make_http(Remote(answer(body, 400)))
    failure = fails(http, "create")
    assert failure.remote_message == "InvalidInput: term not found"
    assert "6f0c-1" in failure.summary
    assert http.meter.exchanges[0].reference == "6f0c-1"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"orders": {"response": {"code": 3, "comment": "bad range", "log_id": "u-1"}}}, "bad range"),
        ({"data": [], "errors": [{"status": "X", "message": "one"}, {"message": "two"}]}, "one; two"),
        ({"error": "invalid_grant", "error_description": "Invalid user credentials"}, "Invalid user credentials; invalid_grant"),
        ({"Error": {"Message": "mixed case"}}, "mixed case"),
    ],
)
def test_remote_words_are_found_in_every_known_error_body(make_http, body, words):
    assert fails(make_http(Remote(answer(body, 400))), "write").remote_message == words


def test_an_html_error_page_is_quoted_without_its_tags(make_http):
    page = httpx.Response(400, content=b"<html><style>p{}</style><body><p>Request &amp; nothing else</p></body></html>")
    assert fails(make_http(Remote(page)), "write").remote_message == "Request & nothing else"


def test_a_refused_token_is_renewed_once_and_the_call_made_once_more_even_for_a_create(make_http):
    remote = Remote(answer({}, 401), answer({"order": "1"}))
    data, _ = make_http(remote).json("POST", "/x", intent="create", what="creating", json={}, auth=StubAuth("old-token", "new-token"))
    assert data == {"order": "1"}
    assert [request.headers["authorization"] for request in remote.requests] == ["Bearer old-token", "Bearer new-token"]


def test_a_token_that_stays_refused_denies_access_with_the_command_that_repairs_it(make_http):
    remote = Remote(answer({}, 403))
    failure = fails(make_http(remote), "create", auth=StubAuth("old-token", "new-token"))
    assert isinstance(failure, AccessDenied)
    assert failure.fix == ["joorsync sites set us --secret aims.token"]
    assert len(remote.requests) == 2
    remote = Remote(answer({}, 401))
    fails(make_http(remote), "read", auth=StubAuth("only-token"))
    assert len(remote.requests) == 1


def test_no_call_ever_leaves_for_a_host_that_is_not_allowed(make_http):
    remote = Remote(answer({}))
    http = make_http(remote, allowed_hosts=["files.example"])
    for url in (
        "https://evil.example/x",
        "https://remote.example.evil/x",
        "https://remote.example@evil.example/x",
        "http://remote.example/x",
    ):
        with pytest.raises(AccessDenied, match="not an allowed host"):
            http.json("GET", url, intent="read", what="downloading", auth=StubAuth("tok-1234"))
    assert remote.requests == []
    http.json("GET", "https://files.example/x", intent="read", what="downloading", auth=StubAuth("tok-1234"))
    assert len(remote.requests) == 1


def test_a_redirect_is_followed_only_for_reads_within_the_allowed_hosts_and_without_the_token_elsewhere(make_http):
    away = Remote(httpx.Response(302, headers={"location": "https://evil.example/steal"}), answer({}))
    failure = fails(make_http(away), "read", auth=StubAuth("tok-1234"))
    assert isinstance(failure, Unavailable)
    assert "evil.example" in failure.summary
    assert len(away.requests) == 1
    inside = Remote(httpx.Response(302, headers={"location": "/y?z=1"}), answer({"ok": 1}))
    assert make_http(inside).json("GET", "/x", intent="read", what="r", auth=StubAuth("tok-1234"))[0] == {"ok": 1}
    assert inside.requests[1].headers["authorization"] == "Bearer tok-1234"
    other = Remote(httpx.Response(307, headers={"location": "https://files.example/y"}), answer({"ok": 1}))
    http = make_http(other, allowed_hosts=["files.example"])
    http.json("GET", "/x", intent="read", what="r", auth=StubAuth("tok-1234"))
    assert "authorization" not in other.requests[1].headers
    round_and_round = Remote(httpx.Response(302, headers={"location": "/x"}))
    assert isinstance(fails(make_http(round_and_round), "read"), Unavailable)
    assert len(round_and_round.requests) == 6


def test_the_gate_may_hold_a_call_back_before_anything_is_sent(make_http):
    remote = Remote(answer({}))
    gate = StubGate(before=WaitUntil(datetime(2031, 1, 1, tzinfo=UTC), "no credits left"))
    with pytest.raises(WaitUntil, match="no credits left"):
        make_http(remote, gate=gate).json("POST", "/x", intent="create", what="creating")
    assert remote.requests == []


def test_the_answer_of_a_create_survives_a_gate_that_breaks_afterwards(make_http):
    log = structlog.get_logger()
    http = make_http(Remote(answer({"order": "7"})), gate=StubGate(after=RuntimeError("database is locked")), log=log)
    with structlog.testing.capture_logs() as lines:
        assert http.json("POST", "/x", intent="create", what="creating")[0] == {"order": "7"}
    assert any(line["log_level"] == "warning" and "database is locked" in line["error"] for line in lines)
    wait = WaitUntil(datetime(2031, 1, 1, tzinfo=UTC), "window ends")
    assert make_http(Remote(answer({"order": "7"})), gate=StubGate(after=wait)).json("POST", "/x", intent="create", what="c")[0]
    with pytest.raises(WaitUntil):
        make_http(Remote(answer({}, 429)), gate=StubGate(after=wait)).json("POST", "/x", intent="create", what="creating")


def test_every_call_is_metered_with_its_credits_for_this_http_and_for_the_attempt(make_http):
    http = make_http(Remote(answer({"response": {"log_id": "L1"}}), answer({}), httpx.ReadError("x")), system="JOOR")
    with metered() as attempt:
        http.json("GET", "/a", intent="read", what="r", params={"q": "x y"})
        http.json("POST", "/b", intent="write", what="w", json=[])
        with pytest.raises(OutcomeUnknown):
            http.json("PUT", "/c", intent="create", what="c")
    for meter in (http.meter, attempt):
        assert (meter.calls, meter.credits) == (3, 11)
        assert [(e.method, e.path, e.status, e.reference) for e in meter.exchanges] == [
            ("GET", "/a?q=x%20y", 200, "L1"),
            ("POST", "/b", 200, None),
            ("PUT", "/c", None, None),
        ]
    assert json.dumps(attempt.as_rows())
    aims = make_http(Remote(answer({})), system="AIMS360", meter=Meter())
    aims.json("POST", "/b", intent="write", what="w")
    assert aims.meter.credits == 0


def test_money_is_read_and_written_digit_by_digit(make_http):
    remote = Remote(httpx.Response(200, content=b'{"price": 110.10, "n": 3}'))
    data, _ = make_http(remote).json(
        "POST", "/x", intent="write", what="w", json={"price": Decimal("0.10"), "big": Decimal("1E+3"), "n": 3}
    )
    assert data == {"price": Decimal("110.10"), "n": 3}
    assert str(data["price"]) == "110.10"
    assert remote.requests[0].content == b'{"price":0.10,"big":1000,"n":3}'
    assert remote.requests[0].headers["content-type"] == "application/json"


def test_a_secret_is_never_seen_in_a_failure_a_log_line_or_the_meter(make_http):
    echo = f"you sent Bearer {CANARY} and password={CANARY} and {CANARY}"
    steps = [
        answer({"error": {"message": echo}, "requestId": CANARY}, 400),
        answer({"error": {"message": echo}}, 500),
        httpx.Response(200, content=f"<html>{echo}</html>".encode(), headers={"content-type": "text/html"}),
        httpx.ReadError(echo),
        httpx.LocalProtocolError(f"Illegal header value b'Bearer {CANARY}'"),
        httpx.ConnectError(echo),
        answer({}, 401),
        httpx.Response(302, headers={"location": f"https://evil.example/?token={CANARY}"}),
    ]
    log = structlog.get_logger()
    for step in steps:
        for intent in ("read", "write", "create"):
            http = make_http(Remote(step), secrets=[CANARY], log=log, gate=StubGate(after=RuntimeError(echo)))
            method = "GET" if intent == "read" else "POST"
            with structlog.testing.capture_logs() as lines, pytest.raises(SyncError) as caught:
                http.json(method, "/x", intent=intent, what="w", params={"key": CANARY}, auth=StubAuth(CANARY))
            failure = caught.value
            whole = "".join(traceback.format_exception(failure)) + repr(failure.__dict__) + repr(lines) + repr(http.meter)
            assert CANARY not in whole, (step, intent)
            assert "canary" not in whole, (step, intent)


def test_a_credential_with_odd_characters_denies_access_and_nothing_is_sent(make_http):
    for token in ("line\nbreak", "héllo"):
        remote = Remote(answer({}))
        failure = fails(make_http(remote, secrets=[token]), "create", auth=StubAuth(token))
        assert isinstance(failure, AccessDenied)
        assert "characters that cannot be sent" in failure.summary
        assert failure.fix == ["joorsync sites set us --secret aims.token"]
        assert remote.requests == []
        assert token not in repr(failure.__dict__)


def test_half_a_refusal_is_still_a_refusal(make_http):
    class Broken(httpx.SyncByteStream):
        def __iter__(self):
            yield b'{"error": {"mess'
            raise httpx.RemoteProtocolError("peer closed connection")

    assert isinstance(fails(make_http(lambda _: httpx.Response(400, stream=Broken())), "create"), Rejected)
    assert isinstance(fails(make_http(lambda _: httpx.Response(200, stream=Broken())), "create"), OutcomeUnknown)
    failure = fails(make_http(lambda _: httpx.Response(200, stream=Broken())), "read")
    assert "broke in the middle of the answer" in failure.summary


def test_an_answer_that_drips_is_given_up_at_the_deadline(make_http, monkeypatch):
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr("clients.http.time.monotonic", lambda: float(next(clock)))

    class Drip(httpx.SyncByteStream):
        def __iter__(self):
            while True:
                yield b" "

    failure = fails(make_http(lambda _: httpx.Response(200, stream=Drip()), deadline=60), "write")
    assert "not complete after 60 s" in failure.summary

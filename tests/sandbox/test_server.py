"""Faults as a real HTTP client meets them, the control paths, and the listener itself."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest

from sandbox.faults import Memory
from sandbox.joor import Joor
from sandbox.server import Listener
from tests.sandbox.joor_remote import Remote, brand

ITEM = {"warehouse": "NJ", "upc": "840000000010", "inventory": 42}
BULK = {"inventory_items": [ITEM]}


def push(joor: Remote) -> httpx.Response:
    return joor.v2("POST", "bulk-inventory", json=BULK)


def test_a_status_fault_answers_the_given_status_and_performs_nothing(joor: Remote) -> None:
    joor.fault(kind="status", status=503, body={"oops": 1}, headers={"Retry-After": "7"})
    answer = push(joor)
    assert (answer.status_code, answer.json(), answer.headers["Retry-After"]) == (503, {"oops": 1}, "7")
    assert joor.effects() == []
    assert push(joor).status_code == 200  # it struck once


def test_a_status_fault_after_commit_performs_first(joor: Remote) -> None:
    joor.fault(kind="status_after_commit", status=500)
    assert push(joor).status_code == 500
    assert joor.position("840000000010", "NJ") == 42


def test_an_html_fault_answers_a_page_with_200_and_performs_nothing(joor: Remote) -> None:
    joor.fault(kind="html")
    answer = push(joor)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<html>" in answer.text
    assert joor.effects() == []


def test_malformed_json_is_performed_and_cannot_be_parsed(joor: Remote) -> None:
    joor.fault(kind="malformed_json")
    answer = push(joor)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert joor.position("840000000010", "NJ") == 42


def test_half_a_body_is_performed_and_breaks_off(joor: Remote) -> None:
    joor.fault(kind="half_body")
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|peer closed"):
        push(joor)
    assert joor.position("840000000010", "NJ") == 42


def test_a_drop_before_closes_without_an_answer_and_performs_nothing(joor: Remote) -> None:
    joor.fault(kind="drop_before")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        push(joor)
    assert joor.effects() == []
    assert joor.control("GET", "_calls")["calls"][-1]["status"] is None


def test_a_drop_after_commit_performs_and_closes_without_an_answer(joor: Remote) -> None:
    joor.fault(kind="drop_after_commit")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        push(joor)
    assert joor.position("840000000010", "NJ") == 42


def test_a_timeout_after_commit_performs_and_stays_silent(joor: Remote) -> None:
    joor.fault(kind="timeout_after_commit", seconds=30)
    with pytest.raises(httpx.ReadTimeout):
        joor.v2("POST", "bulk-inventory", json=BULK, timeout=0.3)
    assert joor.position("840000000010", "NJ") == 42


def test_a_slow_answer_comes_late_and_whole(joor: Remote) -> None:
    joor.fault(kind="slow", seconds=0.3)
    began = time.monotonic()
    assert push(joor).status_code == 200
    assert time.monotonic() - began >= 0.3
    assert joor.position("840000000010", "NJ") == 42


def test_a_slow_answer_does_not_hold_up_other_calls(joor: Remote) -> None:
    joor.fault(kind="slow", seconds=1.5, path="bulk-inventory")
    late = threading.Thread(target=push, args=(joor,))
    late.start()
    time.sleep(0.1)
    began = time.monotonic()
    assert joor.v2("GET", "orders", params={"sync": "0"}).status_code == 200
    assert time.monotonic() - began < 1
    late.join()


def test_a_huge_body_has_the_size_asked_for(joor: Remote) -> None:
    joor.fault(kind="huge_body", bytes=1_000_003)
    answer = push(joor)
    assert len(answer.content) == 1_000_003
    assert answer.text.startswith('[{"')
    assert joor.effects() == []


def test_an_expired_token_stays_refused_and_a_new_one_works(joor: Remote) -> None:
    token = joor.token()
    joor.fault(kind="token_expired", path="/v4/")
    assert joor.v4("GET", "orders", token).status_code == 401
    assert joor.v4("GET", "orders", token).status_code == 401
    assert joor.v4("GET", "orders", joor.token()).status_code == 200


def test_a_fault_strikes_only_the_method_path_and_account_it_names(joor: Remote) -> None:
    joor.fault(kind="status", status=500, method="GET", path="/orders", account="eu", times=-1)
    assert joor.v2("GET", "orders", "us").status_code == 200
    assert push(joor).status_code == 200
    assert joor.v2("GET", "connection", "eu").status_code == 200
    assert [joor.v2("GET", "orders", "eu").status_code for _ in range(2)] == [500, 500]
    joor.control("DELETE", "_faults")
    assert joor.v2("GET", "orders", "eu").status_code == 200


def test_the_token_call_of_one_account_can_be_struck_alone(joor: Remote) -> None:
    joor.fault(kind="status", status=503, path="/auth", account="eu")
    assert joor.token("us")
    with pytest.raises(json.JSONDecodeError):
        joor.token("eu")


def test_skip_lets_that_many_requests_pass_first(joor: Remote) -> None:
    joor.fault(kind="status", status=502, skip=2)
    assert [push(joor).status_code for _ in range(4)] == [200, 200, 502, 200]


def test_a_fault_that_makes_no_sense_is_refused(joor: Remote) -> None:
    assert "kind is one of" in joor.control("POST", "_faults", json={"kind": "gremlin"})["error"]
    assert "has no colour" in joor.control("POST", "_faults", json={"kind": "status", "colour": 1})["error"]
    assert joor.control("GET", "_faults") == {"faults": []}
    assert "not JSON" in joor.control("POST", "_faults", content=b"{")["error"]


def test_controls_meet_no_faults_no_credits_and_no_log(joor: Remote) -> None:
    joor.fault(kind="drop_before", times=-1)
    assert joor.control("GET", "_calls") == {"calls": []}
    assert joor.control("GET", "_state")["accounts"]["us"]["credits_spent"] == 0


def test_the_call_log_keeps_no_secret(joor: Remote) -> None:
    joor.v4("GET", "orders", joor.token())
    push(joor)
    kept = json.dumps(joor.control("GET", "_calls"))
    calls = joor.control("GET", "_calls", params={"method": "POST", "path": "bulk"})["calls"]
    assert json.loads(calls[0]["body"]) == BULK
    assert (calls[0]["account"], calls[0]["status"]) == ("us", 200)
    for secret in ("client-secret-us", "pass-us", "OAuth2 ", "Bearer "):
        assert secret not in kept


def test_effects_name_the_call_that_made_them(joor: Remote) -> None:
    push(joor)
    push(joor)
    calls = [call["call"] for call in joor.control("GET", "_calls")["calls"]]
    assert [effect["call"] for effect in joor.effects("inventory_set")] == calls


def test_the_ledger_is_filtered_and_counted(joor: Remote) -> None:
    push(joor)
    joor.order_ids()
    ledger = joor.control("GET", "_ledger")
    assert ledger["counts"] == {"joor.inventory_set": 1, "joor.order_marked_exported": 2}
    later = joor.control("GET", "_ledger", params={"since_seq": 1, "effect": "order_marked_exported"})
    assert [row["key"] for row in later["effects"]] == ["3", "4"]
    assert joor.control("GET", "_ledger", params={"key": "4"})["counts"] == {"joor.order_marked_exported": 1}


def test_the_date_header_follows_the_sandbox_clock(joor: Remote) -> None:
    before = parsedate_to_datetime(joor.v2("GET", "orders").headers["Date"])
    now = datetime.fromisoformat(joor.control("POST", "_advance", json={"seconds": 86_400})["now"])
    after = parsedate_to_datetime(joor.v2("GET", "orders").headers["Date"])
    assert 86_400 <= (after - before).total_seconds() < 86_410
    assert abs((now - after).total_seconds()) < 10


def test_an_unknown_switch_is_refused_by_name(joor: Remote) -> None:
    assert "no such switch: nesting" in joor.control("POST", "_switches", json={"nesting": 1})["error"]
    joor.set(numbers="number")
    assert joor.control("GET", "_switches")["numbers"] == "number"


def test_a_switch_set_to_a_value_it_has_not_shows_as_a_bug_of_the_sandbox(joor: Remote) -> None:
    joor.set(list_nesting="sideways")
    answer = joor.v2("GET", "orders", params={"sync": "0"})
    assert (answer.status_code, answer.headers["X-Sandbox-Bug"]) == (500, "1")
    assert "sideways" in answer.text


def test_a_hundred_connections_are_kept_alive_at_once(joor: Remote) -> None:
    joor.set(credit_quota=False)
    clients = [httpx.Client(timeout=20) for _ in range(100)]

    def talk(number: int) -> list[int]:
        remote = Remote(joor.url, clients[number])
        body = {"inventory_items": [{**ITEM, "inventory": number, "inventory_date": f"2031-01-{number % 28 + 1:02d}"}]}
        return [remote.v2("POST", "bulk-inventory", json=body).status_code for _ in range(3)]

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(talk, range(100)))
    pooled = [[str(connection) for connection in client._transport._pool.connections] for client in clients]  # type: ignore[attr-defined]  # httpx shows its pool no other way
    for client in clients:
        client.close()
    assert answers == [[200, 200, 200]] * 100
    assert all(len(connections) == 1 and "Request Count: 3" in connections[0] for connections in pooled)
    assert len(joor.effects("inventory_set")) == 300


def test_a_stopped_listener_cuts_its_connections() -> None:
    memory = Memory()
    listener = Listener(Joor(brand(), memory), memory).start()
    with httpx.Client() as http:
        assert http.get(f"{listener.url}/_state").status_code == 200
        listener.stop()
        with pytest.raises(httpx.TransportError):
            http.get(f"{listener.url}/_state")


def test_the_sandbox_imports_only_itself_and_the_standard_library() -> None:
    code = (
        "import sys, sandbox.server, sandbox.joor; "
        "print([n for n in sys.modules if n.split('.')[0] not in sys.stdlib_module_names | {'sandbox', '__main__'}"
        " and not n.startswith(('_', 'sitecustomize', 'distutils'))])"
    )
    result = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"

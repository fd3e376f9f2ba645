"""`python -m sandbox` as a process: what it prints, what it serves, how it ends."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

SMALL = ["--styles", "12", "--orders", "50", "--customers", "8"]


def launch(*options: str, **more: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "sandbox", *SMALL, *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.PIPE, text=True, **more)


def first_line(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate(timeout=20)[1]
    described = json.loads(line)
    assert isinstance(described, dict)
    return described


@pytest.fixture
def process() -> Iterator["subprocess.Popen[str]"]:
    started = launch("--seed", "7", "--accounts", "us,eu", "--set", "list_nesting=order", "--set", 'required_fields=["customer_code"]')
    yield started
    started.kill()
    started.communicate(timeout=20)


def test_it_prints_one_line_with_all_a_person_needs_and_serves_both_systems(process: "subprocess.Popen[str]") -> None:
    described = first_line(process)
    us = described["accounts"]["us"]
    form = {name: us[name] for name in ("client_id", "client_secret", "username", "password")}
    granted = httpx.post(described["joor_auth"], data={"grant_type": "password", **form}).json()
    orders = httpx.get(
        f"{described['joor']}/v4/orders",
        params={"account": us["account_id"]},
        headers={"Authorization": f"Bearer {granted['access_token']}"},
    )
    assert len(orders.json()["data"]) == 25  # 50 orders, the accounts in turn
    assert httpx.get(f"{described['aims360']}/_switches").status_code == 200
    switches = httpx.get(f"{described['joor']}/_switches").json()
    assert (switches["list_nesting"], switches["required_fields"]) == ("order", ["customer_code"])
    assert set(described["aims"]) == {"client_id", "client_secret", "username", "password"}
    assert described["brand"]["joor"]["us"]["warehouses"]
    assert described["brand"]["warehouses"]
    assert described["brand"]["cases"]["missing_customer_code"]


def test_it_listens_on_the_address_it_is_told_and_on_no_other() -> None:
    process = launch("--host", "127.0.0.2")
    try:
        described = first_line(process)
        assert described["joor"].startswith("http://127.0.0.2:")
        assert httpx.get(f"{described['aims360']}/_switches").status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(described["joor"].replace("127.0.0.2", "127.0.0.1"))
    finally:
        process.kill()
        process.communicate(timeout=20)


def test_both_listeners_share_one_ledger_one_clock_and_one_set_of_faults(process: "subprocess.Popen[str]") -> None:
    described = first_line(process)
    httpx.post(f"{described['joor']}/_faults", json={"system": "aims360", "kind": "status", "status": 503})
    assert httpx.get(f"{described['aims360']}/anything").status_code == 503
    assert httpx.get(f"{described['joor']}/_calls", params={"system": "aims360"}).json()["calls"][0]["status"] == 503
    moved = httpx.post(f"{described['aims360']}/_advance", json={"seconds": 10**7}).json()["now"]
    assert httpx.post(f"{described['joor']}/_advance", json={"seconds": 0}).json()["now"][:10] == moved[:10]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    first_line(process)
    process.send_signal(number)
    assert process.wait(timeout=10) == 0


def test_it_ends_with_its_parent_only_when_asked_to() -> None:
    tied, free = launch("--exit-with-parent"), launch()
    for started in (tied, free):
        first_line(started)
        assert started.stdin is not None
        started.stdin.close()
    assert tied.wait(timeout=10) == 0
    with pytest.raises(subprocess.TimeoutExpired):
        free.wait(timeout=1)
    free.terminate()
    assert free.wait(timeout=10) == 0


def test_a_taken_port_and_an_unknown_switch_end_it_with_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        busy = launch("--joor-port", str(taken.getsockname()[1]))
        assert "cannot listen on 127.0.0.1" in busy.communicate(timeout=20)[1]
    assert busy.returncode == 3
    odd = launch("--set", "gravity=off")
    assert "no such switch: gravity" in odd.communicate(timeout=20)[1]
    assert odd.returncode == 2


def test_the_same_seed_makes_the_same_accounts() -> None:
    lines = []
    for _ in range(2):
        started = launch("--seed", "11")
        lines.append(first_line(started))
        started.terminate()
        started.wait(timeout=10)
    assert lines[0]["accounts"] == lines[1]["accounts"]
    assert lines[0]["brand"] == lines[1]["brand"]

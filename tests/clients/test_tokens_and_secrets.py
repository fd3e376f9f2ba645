"""Tokens under several threads, and the canary: no credential in any text either client raises, logs or keeps."""

import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest
import structlog

from clients.aims360.client import AimsClient, AimsCredentials
from clients.joor.client import JoorClient, V4Credentials
from clients.joor.types import Connection, ConnectionDraft, ExportState, InventoryItem, PriceTypeName
from models.errors import NotPossible, SyncError
from models.settings import InventorySettings
from runtime.clock import FrozenClock
from tests.clients.conftest import Remote, answer

NOW = datetime(2031, 3, 4, 12, tzinfo=UTC)
GRANT = AimsCredentials(username="api@brand.example", password="canary-pass-1", client_id="cid", client_secret="canary-client-1")
V4 = V4Credentials("cid", "canary-client-2", "user", "canary-pass-2")


def test_threads_that_are_refused_together_renew_the_token_once(make_http):
    valid, granted, lock = "tok-0", [], threading.Lock()

    def remote(request: httpx.Request) -> httpx.Response:
        nonlocal valid
        if "token" in request.url.path:
            time.sleep(0.02)
            with lock:
                granted.append(1)
                valid = f"tok-{len(granted)}"
                return answer({"access_token": valid})
        good = request.headers["authorization"] == f"Bearer {valid}"
        return answer({"value": [{"warehouseID": "w", "warehouseName": "W"}]} if good else {}, 200 if good else 401)

    client = AimsClient(make_http(remote), credentials=GRANT, clock=FrozenClock(NOW))
    client.warehouses()
    valid = "tok-revoked"
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: client.warehouses(), range(16)))
    assert all(len(rows) == 1 for rows in found)
    assert len(granted) == 2


def test_the_v4_credentials_can_be_tried_without_spending_credits(make_http):
    remote = Remote(answer({"access_token": "tok", "expires_in": 60}))
    options = {"v4": V4, "account_id": "9001", "auth_url": "https://atlas.example/auth/"}
    client = JoorClient(make_http(remote, system="JOOR"), token="t-oken", clock=FrozenClock(NOW), **options)
    assert client.check_v4() == "the v4 credentials give a token"
    assert (client.http.meter.calls, client.http.meter.credits) == (1, 0)
    with pytest.raises(NotPossible):
        JoorClient(make_http(remote, system="JOOR"), token="t-oken").check_v4()


JOOR_SECRETS = ("canary-pass-2", "canary-client-2", "canary-v2-token", "Y2FuYXJ5LXYyLXRva2Vu")
AIMS_SECRETS = ("canary-pass-1", "canary-client-1")
SECRETS = (*JOOR_SECRETS, *AIMS_SECRETS, "canary-granted")


@pytest.mark.parametrize("status", [200, 400, 401, 403, 409, 429, 500, 503])
def test_a_remote_side_that_echoes_every_credential_reveals_none(make_http, status):
    def remote(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(("/auth/", "/token")):
            return answer({"access_token": "canary-granted", "expires_in": 600})
        own = AIMS_SECRETS if request.url.host == "aims.example" else JOOR_SECRETS
        page = f"<html>{' and '.join(own)} and {request.headers['authorization'].split()[1]}</html>"
        return httpx.Response(status, content=page.encode(), headers={"content-type": "text/html", "x-echo": own[0]})

    log = structlog.get_logger()
    joor_http, aims_http = make_http(remote, system="JOOR", log=log), make_http(remote, log=log, base_url="https://aims.example")
    joor = JoorClient(
        joor_http, token="canary-v2-token", v4=V4, account_id="1", auth_url="https://atlas.example/auth/", clock=FrozenClock(NOW)
    )
    aims = AimsClient(aims_http, credentials=GRANT, clock=FrozenClock(NOW))
    calls = [
        lambda: joor.orders_page(order_type=2, export_status=5, start_from=0, count=5),
        lambda: joor.set_export_states([ExportState("1", "SUCCESS")]),
        lambda: joor.push_inventory([InventoryItem("NJ", 1, upc="1")]),
        lambda: list(joor.connections()),
        lambda: joor.send_connections([ConnectionDraft("C", "Shop", price_types=(PriceTypeName("US Dollars", "USD"),))]),
        lambda: joor.connections_job("1"),
        lambda: joor.write_customer_code(Connection("1", "", "Shop", "", ()), "C"),
        aims.warehouses,
        aims.all_stores,
        lambda: aims.probe("path.customers"),
        lambda: aims.create_order({"a": 1}),
        lambda: aims.find_orders("r", customer_account="A"),
        lambda: list(aims.stock(InventorySettings())),
    ]
    for call in calls:
        with structlog.testing.capture_logs() as lines, pytest.raises(SyncError) as caught:
            call()
        failure = caught.value
        whole = "".join(traceback.format_exception(failure)) + repr(failure.__dict__) + repr(lines)
        whole += repr(joor_http.meter) + repr(aims_http.meter) + repr(GRANT) + repr(V4)
        for secret in SECRETS:
            assert secret not in whole, failure

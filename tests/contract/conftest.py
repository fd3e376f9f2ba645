"""The sandbox as a subprocess, and clients pointed at it over real HTTP. What a test changes there, it resets."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from clients.aims360.client import AimsClient, AimsCredentials, Contract
from clients.http import Http
from clients.joor.client import JoorClient, JoorContract, V4Credentials
from runtime.clock import FrozenClock

COMMAND = [
    sys.executable,
    "-m",
    "sandbox",
    "--styles",
    "12",
    "--orders",
    "60",
    "--customers",
    "8",
    "--accounts",
    "us",
    "--exit-with-parent",
]


@dataclass
class Sandbox:
    """What the process printed, and its control paths."""

    described: dict[str, Any]

    @property
    def account(self) -> dict[str, Any]:
        found: dict[str, Any] = self.described["accounts"]["us"]
        return found

    def url(self, system: str) -> str:
        return str(self.described[system])

    def get(self, system: str, route: str, **params: Any) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.url(system)}{route}", params=params, trust_env=False).raise_for_status().json()
        return found

    def switch(self, system: str, **values: Any) -> None:
        httpx.post(f"{self.url(system)}/_switches", json=values, trust_env=False).raise_for_status()

    def fault(self, system: str, kind: str, **more: Any) -> None:
        body = {"system": system, "kind": kind, **more}
        httpx.post(f"{self.url(system)}/_faults", json=body, trust_env=False).raise_for_status()

    def effects(self, effect: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("aims360", "/_ledger", effect=effect)["effects"]
        return found

    def reset(self, switches: dict[str, dict[str, Any]]) -> None:
        for system, values in switches.items():
            self.switch(system, **values)
            httpx.delete(f"{self.url(system)}/_faults", trust_env=False)


@pytest.fixture(scope="session")
def process() -> Iterator[Sandbox]:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        yield Sandbox(json.loads(started.stdout.readline()))
        started.terminate()


@pytest.fixture
def sandbox(process: Sandbox) -> Iterator[Sandbox]:
    switches = {system: process.get(system, "/_switches") for system in ("joor", "aims360")}
    process.switch("joor", credit_quota=False)
    yield process
    process.reset(switches)


def _http(sandbox: Sandbox, system: str, **options: Any) -> Http:
    name = {"joor": "JOOR", "aims360": "AIMS360"}[system]
    return Http(sandbox.url(system), system=name, site="us", retry_wait=0.01, **{"timeout": 5.0, **options})


@pytest.fixture
def joor(sandbox: Sandbox) -> Iterator[Callable[..., JoorClient]]:
    made: list[JoorClient] = []

    def build(*, token: str | None = None, with_v4: bool = True, contract: dict[str, str] | None = None, **options: Any) -> JoorClient:
        account = sandbox.account
        v4 = V4Credentials(*(account[name] for name in ("client_id", "client_secret", "username", "password")))
        client = JoorClient(
            _http(sandbox, "joor", **options),
            token=account["token"] if token is None else token,
            v4=v4 if with_v4 else None,
            account_id=account["account_id"],
            auth_url=sandbox.url("joor_auth"),
            contract=JoorContract(contract),
        )
        made.append(client)
        return client

    yield build
    for client in made:
        client.close()


@pytest.fixture
def aims(sandbox: Sandbox) -> Iterator[Callable[..., AimsClient]]:
    made: list[AimsClient] = []

    def build(*, contract: dict[str, str] | None = None, credentials: AimsCredentials | None = None, **options: Any) -> AimsClient:
        client = AimsClient(
            _http(sandbox, "aims360", **options),
            credentials=credentials or AimsCredentials(**sandbox.described["aims"]),
            contract=Contract(contract),
            clock=FrozenClock(datetime.now(UTC)),
        )
        made.append(client)
        return client

    yield build
    for client in made:
        client.close()

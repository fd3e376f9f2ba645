"""`joorsync certify` against the pretend systems: it passes, it names what fails, and production opens only after it has passed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from console.demo_sandbox import Sandbox
from tests.console.conftest import AIMS, JOOR, Shell

SMALL = ["--styles", "12", "--orders", "8", "--customers", "12"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SMALL) as running:
        yield running


@pytest.fixture
def town(shell: Shell, sandbox: Sandbox) -> Iterator[Shell]:
    """A live site that nobody reaches, with the pairs of the pretend brand, and its sandbox account at the pretend systems."""
    about, account = sandbox.about, sandbox.about["accounts"]["us"]
    divisions = [option for code in account["division_codes"] for option in ("--division", code)]
    assert shell.add_site("us", *divisions, "--style", "price_source=price_list", "--image", "urls_public=true").code == 0
    for name, kind in (("warehouses", "warehouse"), ("terms", "term"), ("ship_vias", "ship_via")):
        for joor, aims in about["brand"]["counterparts"][f"us.{name}"].items():
            assert shell("map", "set", kind, joor, "--aims", aims, "--site", "us").code == 0
    for row in account["price_types"]:
        assert shell("map", "set", "price_label", row["label"], "--aims", f"{row['currency']}/Wholesale", "--site", "us").code == 0
    lines = [f"joor.{name}={account[name]}" for name in ("token", "client_id", "client_secret", "username", "password")]
    Path("secrets").write_text("\n".join(lines + [f"aims.{name}={value}" for name, value in about["aims"].items()]))
    Path("secrets").chmod(0o600)
    urls = ["--joor-api", about["joor"], "--joor-auth", about["joor_auth"], "--aims-api", about["aims360"]]
    said = shell("sites", "add", "us-test", "--sandbox-of", "us", *urls, "--joor-account", account["account_id"], "--secrets-file", "secrets")
    assert said.code == 0, said.err
    assert (JOOR, AIMS)
    yield shell
    faults(sandbox, "DELETE")


def faults(sandbox: Sandbox, method: str, *rows: dict[str, Any]) -> None:
    for system in ("joor", "aims360"):
        data = json.dumps(list(rows)).encode() if method == "POST" and system == "joor" else None
        if method == "POST" and data is None:
            continue
        request = Request(sandbox.about[system] + "/_faults", data=data, method=method)  # noqa: S310  # its own address
        urlopen(request, timeout=10).close()  # noqa: S310


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {row["key"]: row["outcome"] for row in report["scenarios"]}


def test_it_passes_on_the_pretend_systems_and_lets_production_be_opened(town: Shell, sandbox: Sandbox) -> None:
    created = sandbox.effects().get("aims360.order_created", 0)
    said = town("certify", "--site", "us", "--json")
    print(said.err)
    print(json.dumps(said.json, indent=1) if said.out else "")
    assert said.code == 0, said.err

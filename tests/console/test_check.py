"""`joorsync check` against the pretend systems over HTTP: both systems, lists, clocks, and the contract entry by entry."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from sqlmodel import select

from console.demo_sandbox import Sandbox
from models.customers import JoorCode
from models.sites import Site
from runtime.clock import SystemClock
from tests.console.conftest import Said, Shell

TINY = ["--styles", "10", "--orders", "24"]


@pytest.fixture(scope="module")
def pretend() -> Iterator[Sandbox]:
    with Sandbox(TINY) as running:
        yield running


@pytest.fixture
def sandbox(pretend: Sandbox) -> Iterator[Sandbox]:
    """What a test switches there is as before when it ends."""
    before = json.load(urlopen(f"{pretend.about['aims360']}/_switches", timeout=10))
    yield pretend
    switch(pretend, **{name: before[name] for name in ("absent_routes", "absent_fields", "operators_without_permission")})


def switch(sandbox: Sandbox, **values: Any) -> None:
    headers = {"Content-Type": "application/json"}
    request = Request(f"{sandbox.about['aims360']}/_switches", json.dumps(values).encode(), headers)
    urlopen(request, timeout=10).close()


@pytest.fixture
def town(shell: Shell, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A site of the pretend brand with every secret and no pairs."""
    monkeypatch.setenv("AIMS_PER_SECOND", "1000")
    divisions = sandbox.about["accounts"]["us"]["division_codes"]
    add(shell, sandbox, "us", *(option for code in divisions for option in ("--division", code)))
    return shell


def add(shell: Shell, sandbox: Sandbox, key: str, *more: str) -> None:
    about = sandbox.about
    account = about["accounts"]["us"]
    lines = [f"joor.{name}={account[name]}" for name in ("token", "client_id", "client_secret", "username", "password")]
    lines += [f"aims.{name}={value}" for name, value in about["aims"].items()]
    Path("secrets").write_text("\n".join(lines))
    Path("secrets").chmod(0o600)
    urls = ["--joor-api", about["joor"], "--joor-auth", about["joor_auth"], "--aims-api", about["aims360"]]
    options = ["--joor-account", account["account_id"], "--sandbox", "--secrets-file", "secrets", *more]
    said = shell("sites", "add", key, *urls, *options)
    assert said.code == 0, said.err


def areas(said: Said) -> dict[str, dict[str, Any]]:
    return {item["area"]: item for item in said.json}


def entries(said: Said) -> dict[str, dict[str, Any]]:
    """Contract rows by system and key."""
    return {f"{item['system']} {item['key']}": item for item in said.json if "verdict" in item}


# ---- both systems --------------------------------------------------------------------------------------------------------------------


def test_check_asks_both_systems_and_says_what_is_missing(town: Shell) -> None:
    said = town("check", "--json")
    found = areas(said)
    assert said.code == 1
    assert {area for area, item in found.items() if not item["ok"]} == {"site us, pairs"}
    assert "map set warehouse" in found["site us, pairs"]["fix"][0]
    for area in ("JOOR v2", "JOOR v4", "JOOR clock", "AIMS360 codes", "AIMS360 warehouses", "AIMS360 clock", "JOOR host", "settings"):
        assert found[f"site us, {area}"]["state"] == "ok", found[f"site us, {area}"]
    for area in ("database", "disk", "broker", "delivery", "running jobs", "key"):
        assert found[area]["state"] == "ok", found[area]
    assert "SQLite 3" in found["database"]["summary"]
    assert not any("known" in item for item in said.json), "AIMS360's whole lists are for counting"


def test_what_is_left_for_a_person_is_open_and_fails_nothing(town: Shell, sandbox: Sandbox) -> None:
    for joor, aims in sandbox.about["brand"]["counterparts"]["us.warehouses"].items():
        assert town("map", "set", "warehouse", joor, "--aims", aims, "--site", "us").code == 0
    said = town("check")
    assert said.code == 0, said.out
    assert "open  site us, price labels: paired: none; on JOOR without a pair: US Dollars (USD)" in said.out
    assert '        1. joorsync map set price-label "US Dollars" --aims USD --site us' in said.out
    assert "joorsync attest aims-schedule-off --site us" in said.out
    assert "joorsync attest licence --tier designer --site us" in said.out


def test_a_named_site_is_checked_with_its_sandbox_account(town: Shell, sandbox: Sandbox) -> None:
    add(town, sandbox, "test")
    with town.sessions() as session:
        one, two = session.exec(select(Site).order_by(Site.key)).all()
        assert (one.key, two.key) == ("test", "us")
        one.sandbox_of = two.id
        session.add(one)
    found = areas(town("check", "--site", "us", "--json"))
    assert found["site test, JOOR v2"]["ok"]
    assert not any(area.startswith("site us") for area in areas(town("check", "--site", "test", "--json")))


def test_check_tells_a_wrong_token_from_a_system_that_is_away(town: Shell) -> None:
    town("sites", "set", "us", "--secret", "joor.token", stdin="not-the-token")
    said = town("check")
    assert said.code == 1
    assert "FAIL  site us, JOOR v2" in said.out
    assert "joorsync sites set us --secret joor.token" in said.out
    town("sites", "set", "us", "--joor-api", "http://127.0.0.1:1")
    assert town("check").code == 3


def test_an_operator_without_api_permission_is_told_from_a_wrong_password(town: Shell, sandbox: Sandbox) -> None:
    switch(sandbox, operators_without_permission=[sandbox.about["aims"]["username"]])
    found = areas(town("check", "--json"))["site us, AIMS360 codes"]
    assert not found["ok"]
    assert "the operator has no API permission" in found["summary"]
    switch(sandbox, operators_without_permission=[])
    town("sites", "set", "us", "--secret", "aims.password", stdin="not-the-password")
    found = areas(town("check", "--json"))["site us, AIMS360 codes"]
    assert "refused the credentials" in found["summary"]


def test_a_pair_that_leads_nowhere_is_found(town: Shell) -> None:
    town("map", "set", "term", "NET30", "--aims", "N33", "--site", "us")
    found = areas(town("check", "--json"))["site us, JOOR payment methods"]
    assert not found["ok"]
    assert "NET30 -> N33" in found["summary"]


def test_coverage_counts_what_orders_have_used(town: Shell) -> None:
    with town.sessions() as session:
        site = session.exec(select(Site)).one()
        for code in ("N30", "NET60", "SOMETHING"):
            row = JoorCode(site_id=site.id or 0, kind="term", code=code, origin="order", seen=2, last_seen_at=SystemClock().now())
            session.add(row)
    town("map", "set", "term", "NET60", "--aims", "N60", "--site", "us")
    found = areas(town("check", "--json"))["site us, mapped terms"]
    assert found["summary"] == "terms 66 % (2 of 3): SOMETHING is missing"
    assert (found["paired"], found["equal"], found["missing"], found["state"]) == (1, 1, ["SOMETHING"], "open")
    assert 'joorsync map set term "SOMETHING" --aims CODE --site us' in found["fix"]


# ---- the contract --------------------------------------------------------------------------------------------------------------------


def test_check_contract_gives_every_assumed_entry_a_verdict(town: Shell) -> None:
    found = entries(town("check", "--contract", "--json"))
    assert {item["verdict"] for item in found.values()} <= {"holds", "differs", "not probed"}
    needed = [item for item in found.values() if item["needed_by"]]
    assert {item["verdict"] for item in needed} == {"holds"}, [item for item in needed if item["verdict"] != "holds"]
    for key in (
        "aims360 path.terms",
        "aims360 size.position",
        "aims360 wip.open_quantity",
        "aims360 allocation.quantity",
        "joor path.order",
    ):
        assert found[key]["verdict"] == "holds", found[key]
    assert found["aims360 path.customer_create"]["verdict"] == "not probed"
    row = found["aims360 term.code"]
    assert (row["value"], row["grade"], row["source"], row["toml"]) == ("termCode", "A", "A-02", "")


def test_a_path_that_is_absent_is_missing_with_the_line_to_write(town: Shell, sandbox: Sandbox) -> None:
    switch(sandbox, absent_routes=["GET /codes/v1.0/terms"])
    said = town("check", "--contract")
    assert said.code == 1
    line = next(line for line in said.out.splitlines() if "contract aims360 path.terms" in line)
    assert line.startswith("FAIL  site us, contract aims360 path.terms: missing:")
    assert "needed by orders, customers" in line
    assert '[aims360.path] terms = "..."' in said.out
    assert '# terms = "..."' in said.out.split("# contract file of site us")[1]


def test_a_path_that_no_data_type_needs_is_told_and_fails_nothing(town: Shell, sandbox: Sandbox) -> None:
    switch(sandbox, absent_routes=["GET /codes/v1.0/discountReasons"])
    found = entries(town("check", "--contract", "--json"))["aims360 path.discount_reasons"]
    assert (found["verdict"], found["ok"], found["state"]) == ("missing", True, "open")


def test_a_wrong_name_differs_and_the_printed_file_puts_it_right(town: Shell) -> None:
    wrong = Path("wrong.toml")
    wrong.write_text('[aims360.ship_via]\ncode = "shipvia_Code"\n\n[aims360.season]\nname = "seasonName"\n')
    assert town("sites", "set", "us", "--contract", str(wrong)).code == 0
    found = entries(town("check", "--contract", "--json"))["aims360 ship_via.code"]
    assert (found["verdict"], found["toml"]) == ("differs", '[aims360.ship_via]\ncode = "shipviaCode"')
    printed = town("check", "--contract").out.split("# contract file of site us")[1]
    assert tomllib.loads(printed)["aims360"]["season"] == {"name": "seasonName"}, "what the site has already stays in it"
    right = Path("right.toml")
    right.write_text(printed)
    assert town("sites", "set", "us", "--contract", str(right)).code == 0
    assert entries(town("check", "--contract", "--json"))["aims360 ship_via.code"]["verdict"] == "holds"


def test_a_path_that_joor_does_not_have_is_missing(town: Shell) -> None:
    wrong = Path("wrong.toml")
    wrong.write_text('[joor.path]\norders = "/v2/nothing"\nconnections = "/v2/nobody/"\n')
    assert town("sites", "set", "us", "--contract", str(wrong)).code == 0
    found = entries(town("check", "--contract", "--json"))
    orders = found["joor path.orders"]
    assert (orders["verdict"], orders["needed_by"], orders["state"]) == ("missing", ["orders"], "FAIL")
    assert orders["toml"] == '[joor.path]\norders = "..."'
    assert found["joor path.connections"]["verdict"] == "missing"
    assert found["joor path.order"]["words"] == "orders cannot be read"

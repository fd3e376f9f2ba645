"""`joorsync certify` against the pretend systems: it passes, it names what fails, and production opens only after it has passed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from sqlmodel import select

from console.certify_scenarios import ALL, KEYS, Scenario, chosen, perform
from console.certify_stage import Failed, NotApplicable, Passed, Result, Stage
from console.demo_sandbox import Sandbox
from models.audit import AuditEntry
from models.errors import NotPossible, Rejected
from models.jobs import Job
from models.sites import Site
from tests.console.conftest import Shell

#: Without JOOR's quota, which a whole certification uses up; jobs of both systems are ready at the first look.
SMALL = [
    "--styles",
    "12",
    "--orders",
    "8",
    "--customers",
    "12",
    "--set",
    "credit_quota=false",
    "--set",
    "job_delay=0",
    "--set",
    "job_polls=0",
]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SMALL) as running:
        yield running


@pytest.fixture
def town(shell: Shell, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A live site that nobody reaches, with the pairs of the pretend brand, and its sandbox account at the pretend systems."""
    monkeypatch.setenv("JOOR_CREDITS", "100000")
    monkeypatch.setenv("AIMS_PER_SECOND", "100")
    about, account = sandbox.about, sandbox.about["accounts"]["us"]
    divisions = [option for code in account["division_codes"] for option in ("--division", code)]
    settings = ["--style", "price_source=price_list", "--image", "urls_public=true", "--set", "customer.missing_pair=leave_out"]
    Path("contract.toml").write_text('[joor.bulk_connection]\npoll_seconds = "1"\n')
    shell.add_site("us", *divisions, *settings, "--contract", "contract.toml")
    for name, kind in (("warehouses", "warehouse"), ("terms", "term"), ("ship_vias", "ship_via")):
        for joor, aims in about["brand"]["counterparts"][f"us.{name}"].items():
            assert shell("map", "set", kind, joor, "--aims", aims, "--site", "us").code == 0
    for row in account["price_types"]:
        assert shell("map", "set", "price_label", row["label"], "--aims", f"{row['currency']}/Wholesale", "--site", "us").code == 0
    lines = [f"joor.{name}={account[name]}" for name in ("token", "client_id", "client_secret", "username", "password")]
    Path("secrets").write_text("\n".join(lines + [f"aims.{name}={value}" for name, value in about["aims"].items()]))
    Path("secrets").chmod(0o600)
    urls = ["--joor-api", about["joor"], "--joor-auth", about["joor_auth"], "--aims-api", about["aims360"]]
    more = ["--joor-account", account["account_id"], "--secrets-file", "secrets"]
    said = shell("sites", "add", "us-test", "--sandbox-of", "us", *urls, *more)
    assert said.code == 0, said.err
    yield shell
    fault(sandbox, "DELETE")


def fault(sandbox: Sandbox, method: str = "POST", **about: Any) -> None:
    """Switched on until it is cleared by DELETE."""
    body = json.dumps({"times": -1, **about}).encode() if method == "POST" else None
    request = Request(  # the address that it printed
        sandbox.about["joor"] + "/_faults", data=body, method=method, headers={"Content-Type": "application/json"}
    )
    urlopen(request, timeout=10).close()


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    return {row["key"]: row["outcome"] for row in report["scenarios"]}


def test_it_passes_on_the_pretend_systems_and_lets_production_be_opened(town: Shell, sandbox: Sandbox) -> None:
    before = {name: count for name, count in sandbox.effects().items() if name.startswith("aims360.") and "export" not in name}
    said = town("certify", "--site", "us", "--out", "reports", "--json")
    assert said.code == 0, said.err
    report = said.json
    found = outcomes(report)
    assert tuple(found) == KEYS
    assert {key for key, outcome in found.items() if outcome == "failed"} == set()
    assert {"styles.create", "styles.colour", "linesheets.drop", "inventory.set", "orders.read", "customers.update"} <= {
        key for key, outcome in found.items() if outcome == "passed"
    }
    assert found["customers.new"] == "needs_person", "JOOR's people match by hand"
    create = next(row for row in report["scenarios"] if row["key"] == "styles.create")
    assert create["evidence"]["jobs"]
    assert "US Dollars (USD)" in create["words"]
    after = {name: count for name, count in sandbox.effects().items() if name.startswith("aims360.") and "export" not in name}
    assert after == before, "AIMS360 was only read"
    page = Path(report["files"][0]).read_text()
    assert page.startswith("<!doctype html>")
    assert "styles.create" in page
    assert json.loads(Path(report["files"][1]).read_text())["passed"] is True
    (row,) = town("certify", "list", "--json").json
    assert (row["site"], row["passed"], row["failed"]) == ("us", True, "")
    assert "styles.create" in town("certify", "show", str(row["id"])).out
    with town.sessions() as session:
        keys = {site.id: site.key for site in session.exec(select(Site))}
        assert {keys[job.site_id] for job in session.exec(select(Job))} == {"us-test"}, "the live site was left alone"
    assert town("sites", "open", "us").code == 0


def test_a_fault_fails_the_scenario_names_it_and_keeps_production_closed(town: Shell, sandbox: Sandbox) -> None:
    fault(sandbox, kind="status", status=500, path="/products")
    said = town("certify", "--site", "us", "--json")
    assert said.code == 1
    found = outcomes(said.json)
    assert found["styles.create"] == "failed"
    assert found["inventory.set"] == "not_applicable", "it builds on the style"
    assert found["orders.read"] == "passed", "the others went on"
    assert "failed: styles.create" in said.err
    failed = next(row for row in said.json["scenarios"] if row["key"] == "styles.create")
    assert "500" in failed["words"]
    opened = town("sites", "open", "us")
    assert (opened.code, "failed in: styles.create" in opened.err) == (2, True)
    with town.sessions() as session:
        left = [
            job for job in session.exec(select(Job)) if job.state in ("retrying", "queued", "published") and job.kind == "styles.export"
        ]
    assert left == [], "nothing runs behind"
    assert town("sites", "open", "us", "--override", "--reason", "JOOR's sandbox is down this week").code == 0
    with town.sessions() as session:
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.action == "site.open")).all()
    assert entry.reason == "JOOR's sandbox is down this week"


def test_a_part_certifies_nothing(town: Shell) -> None:
    said = town("certify", "--site", "us", "--only", "images.refused", "--only", "credentials.wrong")
    assert said.code == 0, said.err
    assert "Only a part was run" in said.err
    assert "has not been certified" in town("sites", "open", "us").err


def test_an_inventory_fault_is_told_by_the_scenario_and_the_exit_code(town: Shell, sandbox: Sandbox) -> None:
    fault(sandbox, kind="status", status=500, path="bulk-inventory")
    said = town("certify", "--site", "us", "--only", "inventory.set", "--json")
    assert said.code == 1
    assert outcomes(said.json)["inventory.set"] == "failed"
    assert "failed: inventory.set" in said.err


def test_a_live_site_without_a_sandbox_account_is_never_tried_out(shell: Shell) -> None:
    shell.add_site("us")
    said = shell("certify", "--site", "us")
    assert (said.code, "no sandbox account" in said.err, "--sandbox-of us" in said.err) == (2, True, True)
    assert shell("certify", "list").out.startswith("Nothing was certified")


def test_the_sandbox_account_is_certified_by_its_site(town: Shell) -> None:
    said = town("certify", "--site", "us-test")
    assert (said.code, "joorsync certify --site us" in said.err) == (2, True)


@pytest.mark.parametrize("arguments", [[], ["--site", "us", "--only", "no.such"], ["show", "99"]])
def test_what_cannot_be_certified_is_answered_with_what_can(shell: Shell, arguments: list[str]) -> None:
    shell.add_site("us")
    said = shell("certify", *arguments)
    assert said.code == 2
    assert "1." in said.err


# ---- scenarios by themselves -------------------------------------------------------------------------------------------------------------


def scenario(answer: Result | Exception, needs: tuple[str, ...] = ()) -> Scenario:
    def run(_stage: Any) -> Result:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Scenario("a.scenario", "A scenario", "9.1", run, needs)


NO_STAGE: Any = None


def test_a_crash_or_a_refusal_inside_is_that_scenarios_failure_in_words() -> None:
    crashed = perform(scenario(KeyError("sku")), NO_STAGE, {})
    assert isinstance(crashed, Failed)
    assert "A fault of ours: KeyError" in crashed.words
    refused = perform(scenario(Rejected("JOOR refused it", remote_message="no such season", fix=["Make the season."])), NO_STAGE, {})
    assert refused == Failed("JOOR refused it They said: no such season", ["Make the season."])


def test_a_scenario_whose_ground_did_not_pass_is_not_run() -> None:
    built = scenario(Passed("fine"), needs=("styles.create",))
    assert isinstance(perform(built, NO_STAGE, {"styles.create": Failed("no")}), NotApplicable)
    assert isinstance(perform(built, NO_STAGE, {}), NotApplicable)
    assert perform(built, NO_STAGE, {"styles.create": Passed("yes")}) == Passed("fine")


def test_a_part_brings_what_it_builds_on() -> None:
    assert [one.key for one in chosen(["linesheets.drop"])] == ["styles.read", "styles.create", "linesheets.add", "linesheets.drop"]
    assert chosen([]) == ALL
    order = list(KEYS)
    assert all(order.index(need) < order.index(one.key) for one in ALL for need in one.needs)


def test_a_stage_refuses_a_live_account() -> None:
    live = Site(key="us", joor_api_url="https://j", aims_api_url="https://a")
    with pytest.raises(NotPossible, match="live account"):
        Stage(NO_STAGE, live, None)

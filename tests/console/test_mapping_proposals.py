"""Automatic pairing of every kind by command: what is asked for, what a person accepts and rejects, and what goes on then."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from models.audit import AuditEntry
from models.customers import CustomerSource
from models.jobs import Job, JobKind, JobState
from models.mappings import Mapping, Proposal, ProposalState
from models.outbox import Ask, add_jobs
from runtime.clock import SystemClock
from tests.console.conftest import Shell

NOW = SystemClock().now()


@pytest.fixture
def us(shell: Shell) -> Shell:
    shell.add_site("us")
    return shell


def add(shell: Shell, *rows: Any) -> None:
    with shell.sessions() as session:
        session.add_all(rows)


def propose(joor: str, aims: str, score: int = 95, kind: str = "customer", **more: Any) -> Proposal:
    return Proposal(site_id=1, kind=kind, joor_code=joor, aims_code=aims, score=score, why="same e-mail", created_at=NOW, **more)


def customer(account: str, read_at: Any = NOW, **more: Any) -> CustomerSource:
    return CustomerSource(site_id=1, account=account, aims_id=f"guid-{account}", row={}, digest="d", read_at=read_at, **more)


def pair(joor: str, aims: str, kind: str = "customer", **more: Any) -> Mapping:
    return Mapping(site_id=1, kind=kind, joor_code=joor, aims_code=aims, created_at=NOW, updated_at=NOW, **more)


def jobs(shell: Shell) -> list[tuple[str, str, dict[str, Any] | None]]:
    with shell.sessions() as session:
        return [(job.kind, job.key, job.payload) for job in session.exec(select(Job).order_by(col(Job.id)))]


def pairs(shell: Shell, kind: str = "customer") -> dict[str, str]:
    with shell.sessions() as session:
        return {row.joor_code: row.aims_code for row in session.exec(select(Mapping).where(Mapping.kind == kind))}


def block(shell: Shell, key: str, kind: str, value: str) -> None:
    with shell.sessions() as session:
        (job_id,) = add_jobs(session, 1, [Ask(JobKind.ORDERS_IMPORT, key)], now=NOW)
        job = session.get_one(Job, job_id)
        job.state, job.blocked_on = JobState.BLOCKED, [{"kind": kind, "value": value, "where": "", "fix": ""}]
        session.add(job)


@pytest.mark.parametrize("rows", [[], [customer("HARB", NOW - timedelta(days=2))]], ids=["never read", "read long ago"])
def test_customers_are_read_before_they_are_paired(us: Shell, rows: list[CustomerSource]) -> None:
    add(us, *[CustomerSource(**row.model_dump()) for row in rows])
    said = us("map", "auto", "customers", "--site", "us", "--json")
    assert said.json["jobs"] == 2
    assert jobs(us) == [
        ("customers.scan", "read only", {"full": True, "read_only": True}),
        ("customers.match", "", {"fresh": True}),
    ]


def test_customers_that_were_read_today_are_paired_at_once_unless_told_otherwise(us: Shell) -> None:
    add(us, customer("HARB"))
    assert us("map", "auto", "customer", "--site", "us").code == 0
    assert jobs(us) == [("customers.match", "", None)]
    assert us("map", "auto", "customers", "--fresh", "--site", "us").code == 0
    assert [kind for kind, _, _ in jobs(us)] == ["customers.match", "customers.scan"]


def test_a_dry_run_reads_nothing_into_the_tables(us: Shell) -> None:
    us("map", "auto", "customers", "--dry-run", "--site", "us")
    with us.sessions() as session:
        assert [(job.kind, job.dry_run) for job in session.exec(select(Job))] == [("customers.match", True)]


@pytest.mark.parametrize("kind", ["terms", "ship-vias", "warehouses", "divisions", "seasons", "countries", "sales-reps", "price-labels"])
def test_every_kind_of_code_is_paired_by_one_reading_of_the_lists(us: Shell, kind: str) -> None:
    assert us("map", "auto", kind, "--site", "us").code == 0
    assert jobs(us) == [("customers.lists", "", None)]


@pytest.mark.parametrize("kind", ["sizes", "stores"])
def test_what_no_system_lists_is_paired_by_hand(us: Shell, kind: str) -> None:
    said = us("map", "auto", kind, "--site", "us")
    assert said.code == 2
    assert f"Pair by hand: joorsync map set {kind}" in said.err


def test_accepting_a_customer_releases_its_orders_and_is_audited(us: Shell) -> None:
    add(us, propose("retailer:Casa Luna/10012", "LUNA", joor_name="Casa Luna"), propose("retailer:Casa Luna/10012", "LUNA2", 60))
    block(us, "1", "customer", "retailer:Casa Luna/10012")
    block(us, "2", "customer", "X-9")
    said = us("map", "accept", "customers", "retailer:Casa Luna/10012", "LUNA", "--site", "us")
    assert (said.code, "1 job(s) were blocked on this" in said.out) == (0, True)
    assert "customer 'retailer:Casa Luna/10012' -> 'LUNA'" in said.out
    assert pairs(us) == {"retailer:Casa Luna/10012": "LUNA"}
    with us.sessions() as session:
        assert {job.key: job.state for job in session.exec(select(Job))} == {"1": "queued", "2": "blocked"}
        assert [(row.aims_code, row.state) for row in session.exec(select(Proposal))] == [("LUNA", "accepted")]
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "mapping.set")).one()
    assert (entry.after or {})["pairs"][0]["aims_code"] == "LUNA"


def test_all_good_ones_at_once_leave_the_doubtful_to_a_person(us: Shell) -> None:
    add(us, propose("X-1", "HARB", 97), propose("X-2", "NORD", 80), propose("X-3", "LUNA", 95), propose("X-4", "LUNA", 95))
    add(us, propose("X-5", "OAK", 95), propose("X-5", "ELM", 95), propose("X-6", "PINE", 95), pair("C-1", "PINE"))
    add(us, propose("X-7", "BIRCH", 95), pair("retailer:Birch/1", "BIRCH"))
    found = us("map", "accept", "customers", "--above", "90", "--site", "us", "--json").json
    assert found["pairs"] == [["X-1", "HARB"], ["X-7", "BIRCH"]]
    assert dict(found["left"]) == {
        "X-3": "LUNA is the best for another one, too",
        "X-4": "LUNA is the best for another one, too",
        "X-5": "ELM and OAK are equally good",
        "X-6": "PINE is paired with C-1 already",
    }


def test_a_warehouse_that_belongs_to_another_is_not_accepted(us: Shell) -> None:
    add(us, propose("Two", "NJ", kind="warehouse"), pair("One", "NJ", "warehouse"))
    said = us("map", "accept", "warehouses", "Two", "NJ", "--site", "us")
    assert (said.code, "NJ is paired with One already" in said.err) == (2, True)
    assert pairs(us, "warehouse") == {"One": "NJ"}


def test_a_price_label_releases_what_waited_for_its_currency(us: Shell) -> None:
    add(us, propose("US Dollars", "USD", 90, "price_label"))
    block(us, "1", "price_label", "USD")
    block(us, "2", "price_label", "USD/Wholesale")
    assert "2 job(s) were blocked" in us("map", "accept", "price-labels", "US Dollars", "USD", "--site", "us").out


def test_rejecting_keeps_the_code_listed(us: Shell) -> None:
    add(us, propose("X-1", "HARB"), propose("X-1", "LUNA"))
    assert us("map", "reject", "customers", "X-1", "HARB", "--site", "us").out == "1 proposal(s) rejected.\n"
    assert us("map", "reject", "customers", "X-1", "--site", "us").out == "1 proposal(s) rejected.\n"
    rows = us("map", "proposals", "customers", "--site", "us", "--json").json
    assert [(row["joor"], row["aims360"], row["why"]) for row in rows] == [("X-1", None, "what was proposed was rejected")]
    assert len(us("audit", "--action", "proposals", "--json").json) == 2


def test_proposals_of_all_kinds_are_listed_together(us: Shell) -> None:
    add(us, propose("X-1", "HARB"), propose("30D", "N30", 100, "term"), propose("D1", "D410", 60, "style", state=ProposalState.REJECTED))
    assert [(row["kind"], row["joor"]) for row in us("map", "proposals", "--site", "us", "--json").json] == [
        ("customer", "X-1"),
        ("term", "30D"),
    ]
    assert "joorsync map accept terms JOOR AIMS360 --site us" in us("map", "proposals", "terms", "--site", "us").out
    assert "1 more: --limit 2" in us("map", "proposals", "--site", "us", "--limit", "1").err


@pytest.mark.parametrize(
    "words", [[], ["customers"], ["customers", "X-1"], ["wrong", "X-1", "HARB"], ["customers", "X-1", "--above", "90"]]
)
def test_too_few_or_wrong_words_say_how(us: Shell, words: list[str]) -> None:
    said = us("map", "accept", *words, "--site", "us")
    assert said.code == 2
    assert "Traceback" not in said.err

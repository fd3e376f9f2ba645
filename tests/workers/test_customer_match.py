"""Pairing JOOR's connections with AIMS360's customers: equal codes are stored, doubtful ones wait, nothing is sent."""

import pytest
from sqlmodel import select

from clients.joor.types import Connection
from models.audit import AuditEntry
from models.customers import JoorConnection
from models.jobs import Job, JobKind, JobState
from models.mappings import Mapping, Proposal, ProposalState
from models.outbox import Ask, add_jobs
from tests.workers.orders_cast import Died
from tests.workers.pairing_hands import Bench


@pytest.fixture
def bench(sqlite_url: str) -> Bench:
    made = Bench(sqlite_url)
    made.customer("HARB", "Harbor & Pine", "ada@harborpine.example", postal="04101")
    made.customer("LUNA", "Casa Luna", "luna@casaluna.example", postal="10012")
    return made


def match(bench: Bench, *, dry_run: bool = False) -> Job:
    return bench.ask(JobKind.CUSTOMERS_MATCH, dry_run=dry_run)


def test_equal_codes_are_stored_and_the_rest_is_proposed(bench: Bench) -> None:
    bench.joor.show("HARB", "Harbor")
    bench.joor.show("", "Casa Luna", "luna@casaluna.example", postal="10012")
    job = match(bench)
    words = (
        "1 JOOR connection(s) paired by customer code; 1 wait for a person (1 with a proposal): joorsync map proposals customers --site us"
    )
    assert (job.state, job.note) == (JobState.SUCCEEDED, words)
    assert bench.pairs() == {"HARB": ("HARB", "auto-map")}
    (row,) = bench.all(Proposal)
    assert (row.joor_code, row.joor_name, row.aims_code, row.aims_name) == ("retailer:Casa Luna/10012", "Casa Luna", "LUNA", "Casa Luna")
    assert (row.score, row.why) == (97, "same e-mail, same name, same postal code 10012")
    (entry,) = bench.all(AuditEntry)
    assert (entry.actor, entry.action, entry.subject) == ("auto-map", "mapping.auto", "us customer")
    assert entry.after == {"pairs": [{"joor": "HARB", "aims360": "HARB", "by": "customer code"}]}


def test_connections_are_remembered_and_marked_when_they_are_gone(bench: Bench) -> None:
    bench.joor.show("HARB", "Harbor", "a@b.example", "207 555 0142", "04101")
    bench.joor.show("LUNA", "Casa Luna")
    match(bench)
    first = next(row for row in bench.all(JoorConnection) if row.customer_code == "HARB")
    assert (first.name, first.email, first.phone, first.postal_code) == ("Harbor", "a@b.example", "207 555 0142", "04101")
    assert first.raw == bench.joor.rows[0]
    bench.clock.advance(3600)
    bench.joor.rows.pop()
    match(bench)
    assert {row.customer_code: row.gone for row in bench.all(JoorConnection)} == {"HARB": False, "LUNA": True}


def test_a_joor_that_shows_nobody_has_not_forgotten_everybody(bench: Bench) -> None:
    bench.joor.show("HARB")
    match(bench)
    bench.clock.advance(3600)
    bench.joor.rows.clear()
    assert match(bench).note == "JOOR shows no connection"
    assert [row.gone for row in bench.all(JoorConnection)] == [False]


def test_matching_again_changes_nothing(bench: Bench) -> None:
    bench.joor.show("HARB")
    bench.joor.show("X-9", "Casa Luna", "luna@casaluna.example")
    match(bench)
    before = [(row.id, row.created_at) for row in bench.all(Proposal)]
    bench.clock.advance(3600)
    job = match(bench)
    assert (job.state, job.note.split(";")[0]) == (JobState.UNCHANGED, "no JOOR connection was paired")
    assert [(row.id, row.created_at) for row in bench.all(Proposal)] == before
    assert len(bench.all(Mapping)) == 1


def test_what_a_person_paired_or_left_out_is_no_business_of_a_match(bench: Bench) -> None:
    bench.joor.show("C-1", "Harbor & Pine", "ada@harborpine.example")
    bench.joor.show("SHOWROOM", "Casa Luna")
    bench.joor.show("", "Casa Luna", postal="10012")
    bench.pair("customer", "C-1", "HARB")
    bench.pair("customer", "SHOWROOM", ignored=True)
    bench.pair("customer", "retailer:Casa Luna/10012", "LUNA")
    assert match(bench).note == "no JOOR connection was paired; every connection has its customer"
    assert bench.proposals() == []
    assert len(bench.pairs()) == 3


def test_a_retailer_key_does_not_keep_the_code_from_being_paired(bench: Bench) -> None:
    bench.pair("customer", "retailer:Casa Luna/10012", "LUNA")
    bench.joor.show("LUNA", "Casa Luna", postal="10012")
    match(bench)
    assert bench.pairs()["LUNA"] == ("LUNA", "auto-map")


def test_an_account_that_has_a_code_on_joor_is_proposed_but_not_paired_twice(bench: Bench) -> None:
    bench.pair("customer", "C-1", "HARB")
    bench.joor.show("HARB", "Harbor & Pine")
    match(bench)
    (row,) = bench.all(Proposal)
    assert (row.aims_code, row.score) == ("HARB", 60)
    assert "HARB is on JOOR as C-1 already" in row.why


def test_rejected_ones_are_not_proposed_again_and_the_connection_stays_listed(bench: Bench) -> None:
    bench.joor.show("X-9", "Casa Luna", "luna@casaluna.example")
    match(bench)
    with bench.sessions() as session:
        session.exec(select(Proposal)).one().state = ProposalState.REJECTED
    match(bench)
    match(bench)
    assert bench.proposals() == [("X-9", "", "open"), ("X-9", "LUNA", "rejected")]


def test_an_unknown_code_with_nothing_similar_is_listed_without_a_target(bench: Bench) -> None:
    bench.joor.show("X-9", "Blue Door")
    assert "1 wait for a person (0 with a proposal)" in match(bench).note
    (row,) = bench.all(Proposal)
    assert (row.aims_code, row.score, row.why) == ("", 0, "AIMS360 has no customer X-9: none is similar")


def test_proposals_of_connections_that_are_gone_or_paired_are_taken_back(bench: Bench) -> None:
    bench.joor.show("X-9", "Casa Luna", "luna@casaluna.example")
    bench.joor.show("X-8", "Harbor & Pine")
    match(bench)
    bench.pair("customer", "X-9", "LUNA")
    bench.joor.rows.pop()
    match(bench)
    assert bench.proposals() == []


def test_orders_that_waited_for_the_customer_go_on(bench: Bench) -> None:
    bench.joor.show("HARB")
    order = bench.blocked(JobKind.ORDERS_IMPORT, "7700123", "customer", "HARB")
    other = bench.blocked(JobKind.ORDERS_IMPORT, "7700124", "customer", "LUNA")
    assert (match(bench).counts or {})["released"] == 1
    assert (bench.job(order).state, bench.job(other).state) == (JobState.QUEUED, JobState.BLOCKED)


def test_a_dry_run_shows_everything_and_stores_nothing(bench: Bench) -> None:
    bench.joor.show("HARB", "Harbor")
    bench.joor.show("", "Casa Luna", "luna@casaluna.example", postal="10012")
    job = match(bench, dry_run=True)
    assert job.note == "dry run: of 2 JOOR connections 0 are paired, 1 would be, 1 would wait for a person"
    assert (job.result or {})["pairs"] == [{"joor": "HARB", "name": "Harbor", "aims360": "HARB", "by": "customer code"}]
    assert [(row["joor"], row["aims360"], row["score"]) for row in (job.result or {})["proposals"]] == [
        ("retailer:Casa Luna/10012", "LUNA", 97)
    ]
    assert (bench.pairs(), bench.proposals(), bench.all(JoorConnection), bench.all(AuditEntry)) == ({}, [], [], [])


def test_without_customers_of_aims360_it_says_what_to_do(sqlite_url: str) -> None:
    job = match(Bench(sqlite_url))
    assert (job.state, job.error_kind) == (JobState.FAILED, "not_possible")
    assert (job.error_fix or [""])[0] == "Read and pair them, without sending anything: joorsync map auto customers --wait --site us"


def test_a_customer_that_aims360_no_longer_has_is_not_paired(bench: Bench) -> None:
    bench.customer("GONE", "Gone", gone=True)
    bench.joor.show("GONE", "Gone")
    match(bench)
    assert bench.proposals() == [("GONE", "", "open")]


def test_a_reading_of_aims360_that_was_asked_for_comes_first(bench: Bench) -> None:
    bench.joor.show("HARB")
    with bench.sessions() as session:
        (scan,) = add_jobs(session, 1, [Ask(JobKind.CUSTOMERS_SCAN, "read only")], now=bench.clock.now())
    job = bench.ask(JobKind.CUSTOMERS_MATCH, {"fresh": True})
    assert (job.state, job.note, job.attempts) == (JobState.WAITING, "AIMS360's customers are read first", 0)
    with bench.sessions() as session:
        session.get_one(Job, scan).state = JobState.SUCCEEDED
    assert bench.again(JobKind.CUSTOMERS_MATCH).state == JobState.SUCCEEDED


def test_a_process_that_dies_in_the_middle_goes_on_where_it_was(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.auto_pairs.chunks", lambda items, size=1: ([item] for item in items))
    bench.joor.show("HARB")
    bench.joor.show("LUNA")
    bench.crash = "mid_batch"
    with pytest.raises(Died):
        match(bench)
    assert len(bench.pairs()) == 1
    assert bench.again(JobKind.CUSTOMERS_MATCH).state == JobState.SUCCEEDED
    assert sorted(bench.pairs()) == ["HARB", "LUNA"]


def test_it_is_the_same_on_postgresql(postgres_url: str) -> None:
    bench = Bench(postgres_url)
    bench.customer("HARB", "Harbor & Pine")
    bench.customer("LUNA", "Casa Luna", "luna@casaluna.example")
    bench.joor.show("HARB", billing={"payment_methods": [{"payment_method_code": "N30"}]})
    bench.joor.show("X-9", "Casa Luna", "luna@casaluna.example")
    for _ in range(2):
        match(bench)
        bench.ask(JobKind.CUSTOMERS_LISTS)
        bench.clock.advance(3600)
    assert {job.state for job in bench.all(Job)} == {JobState.SUCCEEDED, JobState.UNCHANGED}
    assert (bench.pairs(), bench.pairs("term")) == ({"HARB": ("HARB", "auto-map")}, {"N30": ("N30", "auto-map")})
    assert bench.proposals() == [("X-9", "LUNA", "open")]


def test_what_a_person_pairs_while_the_match_reads_stays(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.joor.show("HARB")
    bench.joor.show("X-9", "Casa Luna", "luna@casaluna.example")
    connections = bench.joor.connections

    def slowly() -> list[Connection]:
        found = list(connections())
        bench.pair("customer", "HARB", "LUNA")
        bench.pair("customer", "X-9", "LUNA")
        return found

    monkeypatch.setattr(bench.joor, "connections", slowly)
    match(bench)
    assert bench.pairs() == {"HARB": ("LUNA", "anna"), "X-9": ("LUNA", "anna")}
    assert bench.proposals() == []

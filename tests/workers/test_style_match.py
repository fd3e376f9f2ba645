"""Pairing cards that people made on JOOR: sure ones are stored with their card, doubtful ones wait, nothing is sent."""

from pathlib import Path

import pytest
from sqlmodel import col, select

from models.audit import AuditEntry
from models.catalogue import CardState, StyleCard
from models.errors import Missing
from models.jobs import Job, JobKind, JobState
from models.mappings import Mapping, Proposal, ProposalState
from models.outbox import Ask, add_jobs
from tests.workers.style_hands import NOON, Bench, Died, colors, draft


@pytest.fixture
def bench(tmp_path: Path, sqlite_url: str) -> Bench:
    made = Bench(tmp_path).open(sqlite_url)
    made.source("D410", colors("D410", "NVY", "RED", name="Orla Wrap Dress"))
    made.source("S200", colors("S200", "BLK", name="Pleated Midi Skirt"))
    return made


def match(bench: Bench, *, dry_run: bool = False) -> Job:
    return bench.ask(JobKind.STYLES_MATCH, dry_run=dry_run)


def pairs(bench: Bench) -> dict[str, tuple[str, str]]:
    return {row.joor_code: (row.aims_code, row.created_by) for row in bench.all(Mapping)}


def proposals(bench: Bench) -> list[tuple[str, str, str]]:
    return sorted((row.joor_code, row.aims_code, row.state) for row in bench.all(Proposal))


def exports(bench: Bench) -> list[str]:
    return sorted(job.key for job in bench.all(Job, Job.kind == JobKind.STYLES_EXPORT.value))


def test_sure_pairs_are_stored_with_their_cards_and_nothing_is_sent_yet(bench: Bench) -> None:
    joor_id = bench.catalogue.show("HAND-1", "D410", "Wrap", ("NVY", "M", ""))
    bench.catalogue.show("S200", "skirt", "Skirt")
    job = match(bench)
    words = (
        "2 JOOR card(s) paired (1 by style number, 1 by identifier), to be brought up to date by the next styles sync; 0 wait for a person"
    )
    assert job.note == words
    assert pairs(bench) == {"HAND-1": ("D410", "auto-map"), "S200": ("S200", "auto-map")}
    card = bench.stored("HAND-1")
    assert (card.style, card.color, card.state, card.by_hand, card.joor_id) == ("D410", "", CardState.ON_JOOR, True, joor_id)
    assert card.ids == {"skus": {"NVY|M": f"{joor_id}-NVY-M"}, "prices": {}}
    assert (card.product_digest, card.skus_digest, card.sent_at) == (None, None, None)
    assert exports(bench) == [], "a person may look at the preview first"
    (entry,) = bench.all(AuditEntry)
    assert (entry.actor, entry.action) == ("auto-map", "mapping.auto")
    assert {"joor": "HAND-1", "aims360": "D410", "by": "style number"} in entry.after["pairs"]


def test_matching_again_changes_nothing_and_asks_for_no_skus(bench: Bench) -> None:
    bench.catalogue.show("D410")
    match(bench)
    before = bench.catalogue.faults.count("skus_of")
    job = match(bench)
    assert (job.state, job.note) == (JobState.UNCHANGED, "no JOOR card was paired; every card has its style")
    assert bench.catalogue.faults.count("skus_of") == before
    assert len(bench.all(Mapping)) == 1


def test_a_likeness_of_names_only_proposes(bench: Bench) -> None:
    bench.catalogue.show("HAND-1", "900", "Orla Wrap Dress")
    job = match(bench)
    assert "1 wait for a person: joorsync map proposals --site us" in job.note
    assert (pairs(bench), exports(bench), bench.all(StyleCard)) == ({}, [], [])
    (row,) = bench.all(Proposal)
    assert (row.joor_code, row.joor_name, row.aims_code, row.aims_name) == ("HAND-1", "Orla Wrap Dress", "D410", "Orla Wrap Dress")
    assert 50 < row.score < 90


def test_what_was_rejected_is_not_proposed_again_and_the_card_stays_listed(bench: Bench) -> None:
    bench.catalogue.show("HAND-1", "900", "Orla Wrap Dress")
    match(bench)
    with bench.sessions() as session:
        session.exec(select(Proposal)).one().state = ProposalState.REJECTED
    match(bench)
    match(bench)
    assert proposals(bench) == [("HAND-1", "", "open"), ("HAND-1", "D410", "rejected")]


def test_proposals_of_a_card_that_is_gone_or_paired_now_are_taken_back(bench: Bench) -> None:
    bench.catalogue.show("HAND-1", "900", "Orla Wrap Dress")
    bench.catalogue.show("HAND-2", "901", "Zebra")
    match(bench)
    assert proposals(bench) == [("HAND-1", "D410", "open"), ("HAND-2", "", "open")]
    bench.catalogue.shown.pop()
    bench.write(Mapping(site_id=1, kind="style", joor_code="HAND-1", aims_code="D410", created_at=NOON, updated_at=NOON))
    match(bench)
    assert proposals(bench) == []


def test_a_pair_that_a_person_stored_gets_its_card(bench: Bench) -> None:
    bench.catalogue.show("HAND-1", "900", "Zebra")
    bench.write(
        Mapping(site_id=1, kind="style", joor_code="HAND-1", aims_code="D410|RED", created_by="anna", created_at=NOON, updated_at=NOON)
    )
    job = match(bench)
    assert "1 by stored pair" in job.note
    assert (bench.stored("HAND-1").style, bench.stored("HAND-1").color) == ("D410", "RED")
    assert pairs(bench) == {"HAND-1": ("D410|RED", "anna")}
    assert bench.all(AuditEntry) == []


def test_cards_that_we_sent_and_ignored_codes_are_no_business_of_a_match(bench: Bench) -> None:
    bench.card(draft())
    bench.catalogue.show("D410", "D410", joor_id="9")
    bench.catalogue.show("SAMPLES", "S200")
    bench.write(Mapping(site_id=1, kind="style", joor_code="SAMPLES", ignored=True, created_at=NOON, updated_at=NOON))
    assert match(bench).state == JobState.UNCHANGED
    assert (len(bench.all(Mapping)), proposals(bench), len(bench.all(StyleCard))) == (1, [], 1)


def test_a_style_whose_card_we_sent_is_not_paired_with_a_second_one(bench: Bench) -> None:
    bench.card(draft())
    bench.catalogue.show("D410", "D410", joor_id="9")
    bench.catalogue.show("HAND-1", "D410", "Dress")
    match(bench)
    assert pairs(bench) == {}
    assert [code for code, _, _ in proposals(bench)] == ["HAND-1"]


def test_a_card_without_an_identifier_is_paired_by_its_number_for_orders_alone(bench: Bench) -> None:
    bench.catalogue.show("", "D410")
    match(bench)
    assert pairs(bench) == {"D410": ("D410", "auto-map")}
    assert (bench.all(StyleCard), exports(bench)) == ([], [])


def test_jobs_that_waited_for_the_pair_go_on(bench: Bench) -> None:
    bench.catalogue.show("HAND-1", "D410")
    with bench.sessions() as session:
        (job_id,) = add_jobs(session, 1, [Ask(JobKind.ORDERS_IMPORT, "7700123")], now=NOON)
        job = session.get_one(Job, job_id)
        job.state, job.blocked_on = JobState.BLOCKED, [vars(Missing("style", "HAND-1|NVY"))]
    assert (match(bench).counts or {})["released"] == 1
    assert bench.job(job_id).state == JobState.QUEUED


def test_a_dry_run_shows_pairs_and_proposals_and_stores_nothing(bench: Bench) -> None:
    bench.catalogue.show("D410", name="Wrap")
    bench.catalogue.show("HAND-1", "900", "Pleated Midi Skirt")
    job = match(bench, dry_run=True)
    assert job.note == "dry run: of 2 JOOR cards 1 would be paired, 1 would wait for a person"
    assert (job.result or {})["pairs"] == [{"joor": "D410", "name": "Wrap", "aims360": "D410", "by": "identifier"}]
    assert [(row["joor"], row["aims360"]) for row in (job.result or {})["proposals"]] == [("HAND-1", "S200")]
    assert (pairs(bench), proposals(bench), bench.all(StyleCard), exports(bench)) == ({}, [], [], [])


def test_without_styles_of_aims360_it_says_what_to_do(tmp_path: Path, sqlite_url: str) -> None:
    bench = Bench(tmp_path).open(sqlite_url)
    job = match(bench)
    assert (job.state, job.error_kind) == (JobState.FAILED, "not_possible")
    assert (job.error_fix or [""])[0] == "Read them, without sending anything: joorsync styles read --wait --site us"


def test_a_process_that_dies_in_the_middle_goes_on_where_it_was(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.style_match._CHUNK", 1)
    bench.catalogue.show("D410")
    bench.catalogue.show("S200")
    bench.crash = "mid_batch"
    with pytest.raises(Died):
        match(bench)
    assert len(pairs(bench)) == 1
    with bench.sessions() as session:
        job = session.exec(select(Job).where(col(Job.kind) == JobKind.STYLES_MATCH.value)).one()
    assert bench.again(job).state == JobState.SUCCEEDED
    assert sorted(pairs(bench)) == ["D410", "S200"]

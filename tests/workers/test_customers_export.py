"""Customers to JOOR: what is sent, what is seen there, and what a person must do (SQLite and PostgreSQL)."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlmodel import select

from clients.joor.types.customers import CodeName, PriceTypeName
from models.errors import NeedsMapping, NotPossible, Rejected, Synced, Unavailable, Unchanged, Waiting, WaitUntil
from models.mappings import Mapping
from producers import customers as asking
from tests.workers.customers_world import NOW, World
from workers.customer_words import REVIEW


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    made.aims.put("HARB", name="Harbor & Pine")
    made.aims.store("HARB", "S1")
    yield made
    made.close()


@pytest.fixture
def known(world: World) -> World:
    """JOOR has HARB, and it was told what AIMS360 says."""
    world.joor.have("HARB")
    world.shows("HARB")
    world.export("HARB")
    world.later(minutes=1)
    (outcome,) = world.export("HARB")
    assert isinstance(outcome, Synced), outcome
    world.joor.calls.clear()
    world.aims.calls.clear()
    return world


def changed(world: World, **more: object) -> None:
    """In AIMS360, and read."""
    world.later(minutes=1)
    world.aims.put("HARB", **more)
    world.scan()


# ---- known customers -------------------------------------------------------------------------------------------------------------------


def test_a_known_customer_is_sent_and_active_once_joor_shows_it(world: World) -> None:
    world.joor.have("HARB")
    world.shows("HARB")
    (sent,) = world.export("HARB")
    assert isinstance(sent, Waiting)
    assert sent.until == world.clock.now().replace(minute=1)
    assert "(job 71)" in sent.why
    card = world.card("HARB")
    assert (card.state, card.is_new, card.job) == ("sent", False, {"id": "71", "since": world.clock.now().isoformat()})
    world.later(minutes=1)
    (done,) = world.export("HARB")
    assert isinstance(done, Synced)
    assert done.note == "Harbor & Pine (HARB) is on JOOR"
    card = world.card("HARB")
    assert (card.state, card.job, card.connection_id) == ("active", None, "j-HARB")
    assert card.digest == card.sent_digest
    assert world.joor.calls == ["send", "job 71", "connection HARB"]


def test_what_joor_has_already_is_not_sent_again(known: World) -> None:
    (outcome,) = known.export("HARB")
    assert isinstance(outcome, Unchanged)
    assert outcome.why == "JOOR has Harbor & Pine (HARB) as AIMS360 has it"
    assert known.joor.calls == known.aims.calls == []


def test_a_change_is_sent_with_the_whole_customer(known: World) -> None:
    changed(known, email="new@shop.example")
    assert known.jobs() == ["HARB"]
    known.work()
    assert known.joor.sent == [["HARB"], ["HARB"]]
    assert known.joor.there["HARB"].email == "new@shop.example"


def test_everything_again_is_sent_once(known: World) -> None:
    assert isinstance(known.export("HARB", full=True)[0], Waiting)
    known.later(minutes=1)
    assert isinstance(known.export("HARB", full=True)[0], Synced)
    assert known.joor.sent == [["HARB"], ["HARB"]]


def test_a_named_customer_is_read_from_aims360_first(known: World) -> None:
    known.aims.put("HARB", email="fresh@shop.example")
    known.named("HARB", fresh=True)
    assert known.aims.calls == ["customer HARB", "stores of ID-HARB"]
    assert known.joor.there["HARB"].email == "fresh@shop.example"


def test_a_job_that_is_not_finished_is_looked_at_again_ever_more_seldom(world: World) -> None:
    world.joor.have("HARB")
    world.shows("HARB")
    world.joor.polls = 1000
    world.export("HARB")
    pauses = []
    for _ in range(30):
        (answer,) = world.export("HARB")
        assert isinstance(answer, Waiting)
        assert "JOOR works on job 71 (started, 3 of 10)" in answer.why
        pauses.append((answer.until - world.clock.now()).total_seconds())
        world.clock.at = answer.until
    assert pauses[0] == 60
    assert pauses == sorted(pauses)
    assert pauses[-1] == 3600
    assert world.joor.sent == [["HARB"]]


def test_a_job_that_joor_does_not_finish_is_told_to_a_person_until_it_is(world: World) -> None:
    world.joor.have("HARB")
    world.shows("HARB")
    world.joor.polls = 3
    world.export("HARB")
    world.later(days=1)
    world.export("HARB")
    (task,) = world.tasks("customer_job")
    assert "job 71" in task.summary
    world.export("HARB")
    world.export("HARB")
    assert world.tasks("customer_job") == []
    assert world.card("HARB").state == "active"


def test_a_customer_that_joor_shows_otherwise_is_told_with_both_values(world: World) -> None:
    world.joor.have("HARB")
    world.shows("HARB")
    world.joor.changes["HARB"] = lambda draft: replace(draft, price_types=(PriceTypeName("EU Euro", "EUR"),))
    world.export("HARB")
    world.later(minutes=1)
    (refused,) = world.export("HARB")
    assert isinstance(refused, Rejected)
    assert "US Dollars" in refused.summary
    assert "EU Euro" in refused.summary
    assert "joorsync customers export" in refused.fix[-1]
    card = world.card("HARB")
    assert (card.state, card.digest, card.connection_id) == ("visible", None, "j-HARB")
    world.joor.changes.clear()
    assert isinstance(world.export("HARB")[0], Waiting), "a retry sends it again"
    world.later(minutes=1)
    assert isinstance(world.export("HARB")[0], Synced)


def test_a_known_customer_that_joor_did_not_update_is_told_too(known: World) -> None:
    known.joor.ignores.add("HARB")
    changed(known, email="new@shop.example")
    known.work()
    known.later(minutes=1)
    (refused,) = known.work().values()
    assert isinstance(refused, Rejected)
    assert "new@shop.example" in refused.summary
    assert "harb@shop.example" in refused.summary


def test_a_new_customer_of_a_job_that_joor_gave_up_is_not_waited_for(world: World) -> None:
    world.review()
    world.joor.end = "failed"
    world.named("HARB")
    world.later(minutes=1)
    (refused,) = world.named("HARB")
    assert isinstance(refused, Rejected)
    assert "JOOR gave up its job 71" in refused.summary
    world.joor.end = "finished"
    assert isinstance(world.named("HARB")[0], Waiting), "a person sends it again"
    assert world.joor.sent == [["HARB"], ["HARB"]]


def test_what_joor_cannot_take_is_refused_for_that_customer_alone(world: World) -> None:
    for account in ("HARB", "LONG"):
        world.joor.have(account)
        world.shows(account)
    world.aims.put("LONG", name="X" * 101)
    harb, long = world.export("HARB", "LONG")
    assert isinstance(harb, Waiting)
    assert isinstance(long, NotPossible)
    assert "customer_name has 101 characters" in long.summary
    assert world.joor.sent == [["HARB"]]


def test_the_use_of_pairs_is_noted(world: World) -> None:
    world.joor.have("H-1")
    world.map("customer", "H-1", "HARB")
    world.map("sales_rep", "ADA", "AL")
    world.export("HARB")
    with world.session() as session:
        uses = {row.joor_code: row.uses for row in session.exec(select(Mapping))}
    assert uses == {"US Dollars": 1, "N30": 1, "H-1": 1, "ADA": 0}
    assert world.joor.sent == [["H-1"]]


# ---- what is missing -------------------------------------------------------------------------------------------------------------------


def test_everything_that_is_missing_is_told_at_once(world: World) -> None:
    world.unmap("term", "N30")
    world.unmap("price_label", "US Dollars")
    world.aims.put("HARB", sales_rep_id="r1", ship_via_id="v1", country_id="c2")
    (blocked,) = world.named("HARB")
    assert isinstance(blocked, NeedsMapping)
    assert {(gap.kind, gap.value) for gap in blocked.missing} == {
        ("term", "NET30"),
        ("ship_via", "UPS"),
        ("sales_rep", "AL"),
        ("country", "SWE"),
        ("price_label", "USD"),
        ("decision", REVIEW),
    }
    assert world.joor.sent == []
    assert 'joorsync map set term "CODE ON JOOR" --aims "NET30" --site us' in blocked.fix
    assert "joorsync customers review --site us" in blocked.fix


def test_codes_that_joor_was_seen_to_use_need_no_pair(world: World) -> None:
    world.joor.have("HARB")
    world.shows("HARB")
    world.seen("ship_via", "UPS", "UPS Ground")
    world.aims.put("HARB", ship_via_id="V1")
    world.export("HARB")
    assert world.joor.there["HARB"].shipping_methods == (CodeName("UPS", "UPS Ground"),)


def test_terms_are_left_out_where_the_site_says_so_but_price_labels_never(world: World) -> None:
    world.set(missing_pair="leave_out")
    world.joor.have("HARB")
    world.shows("HARB")
    world.unmap("term", "N30")
    world.export("HARB")
    assert world.joor.there["HARB"].payment_methods == ()
    world.later(minutes=1)
    (done,) = world.export("HARB")
    assert isinstance(done, Synced)
    assert "terms NET30 left out" in done.note
    world.unmap("price_label", "US Dollars")
    (blocked,) = world.export("HARB")
    assert isinstance(blocked, NeedsMapping)
    assert [(gap.kind, gap.value) for gap in blocked.missing] == [("price_label", "USD")]


# ---- new customers ---------------------------------------------------------------------------------------------------------------------


def test_a_new_customer_waits_for_the_review_of_existing_ones(world: World) -> None:
    assert REVIEW == asking.REVIEW
    world.scan()
    (blocked,) = world.named("HARB")
    assert isinstance(blocked, NeedsMapping)
    assert [(gap.kind, gap.value) for gap in blocked.missing] == [("decision", "customers:review")]
    assert world.joor.sent == []
    with world.session() as session:
        asking.review(session, "us", "anna", clock=world.clock)
    assert isinstance(world.named("HARB")[0], Waiting)
    assert world.joor.sent == [["HARB"]]
    assert world.card("HARB").is_new


def test_a_code_that_only_joor_knows_is_no_new_customer(world: World) -> None:
    world.joor.have("HARB")
    world.export("HARB")
    assert world.joor.calls == ["connection HARB", "send"]
    assert not world.card("HARB").is_new


def test_a_new_customer_that_nobody_named_is_not_sent_unless_all_are(world: World) -> None:
    world.review()
    (outcome,) = world.export("HARB")
    assert isinstance(outcome, Unchanged)
    assert 'joorsync customers export "HARB" --site us' in outcome.why
    world.set(new="all", fields={"division": ["WOMEN"]})
    assert isinstance(world.export("HARB")[0], Unchanged)
    world.set(fields={})
    assert isinstance(world.export("HARB")[0], Waiting)


def test_who_is_paired_with_a_retailer_without_a_code_would_be_doubled(world: World) -> None:
    world.review()
    world.map("customer", "retailer:Harbor & Pine/04101", "HARB")
    (refused,) = world.named("HARB")
    assert isinstance(refused, NotPossible)
    assert "has no customer code yet" in refused.summary
    assert world.joor.sent == []
    world.joor.have("HARB")
    assert isinstance(world.named("HARB")[0], Waiting)


def test_an_account_whose_name_is_another_ones_code_never_overwrites_it(world: World) -> None:
    world.aims.put("NOIR")
    world.map("customer", "HARB", "NOIR")
    (refused,) = world.named("HARB")
    assert isinstance(refused, NotPossible)
    assert "JOOR's code HARB is mapped to NOIR of AIMS360" in refused.summary
    world.map("customer", "TEST", "", ignored=True)
    (left_out,) = world.named("TEST")
    assert isinstance(left_out, Unchanged)
    assert world.joor.calls == []


def test_an_account_that_several_codes_mean_waits_for_a_person(world: World) -> None:
    world.map("customer", "H-1", "HARB")
    world.map("customer", "H-2", "HARB")
    (blocked,) = world.named("HARB")
    assert isinstance(blocked, NeedsMapping)
    assert [(gap.kind, gap.value) for gap in blocked.missing] == [("customer", "HARB")]


# ---- closed ones -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Inactive", "No Shipment"])
def test_one_that_is_not_orderable_is_never_new(world: World, status: str) -> None:
    world.review()
    world.aims.put("HARB", status=status)
    (outcome,) = world.named("HARB", full=True)
    assert isinstance(outcome, Unchanged)
    assert status in outcome.why
    assert world.joor.calls == []
    assert world.tasks("customer_closed") == []


def test_a_known_one_that_is_not_orderable_any_more_is_closed_by_a_person(known: World) -> None:
    changed(known, status="No Shipment", email="new@shop.example")
    (outcome,) = known.work().values()
    assert isinstance(outcome, Unchanged)
    assert "close it there" in outcome.why
    assert known.joor.sent == [["HARB"]], "JOOR keeps what it has"
    (task,) = known.tasks("customer_closed")
    assert "No Shipment" in task.summary
    assert "customer code HARB" in task.steps[0]
    assert isinstance(known.scan(), Unchanged)
    changed(known, status="Active")
    known.work()
    assert known.tasks("customer_closed") == []
    assert known.joor.there["HARB"].email == "new@shop.example"


def test_a_closed_store_is_no_ship_to(known: World) -> None:
    known.aims.store("HARB", "S2", no_shipment=True)
    known.aims.store("HARB", "S3", active=False)
    known.aims.store("HARB", "S4")
    known.scan()
    known.work()
    assert [address.code for address in known.joor.there["HARB"].shipping] == ["S1", "S4"]


def test_a_customer_that_aims360_does_not_have_is_told(world: World) -> None:
    (refused,) = world.named("NOBODY")
    assert isinstance(refused, NotPossible)
    assert "AIMS360 has no customer NOBODY" in refused.summary


# ---- dry runs --------------------------------------------------------------------------------------------------------------------------


def test_a_dry_run_shows_draft_and_gaps_and_changes_nothing(world: World) -> None:
    world.unmap("term", "N30")
    (outcome,) = world.named("HARB", dry_run=True)
    assert isinstance(outcome, Unchanged)
    assert (
        outcome.why == "dry run: Harbor & Pine (HARB) would be sent as a new customer, but waits for term NET30, decision customers:review"
    )
    assert outcome.result is not None
    assert outcome.result["new"] is True
    assert outcome.result["connection"]["customer_name"] == "Harbor & Pine"
    assert [gap["kind"] for gap in outcome.result["missing"]] == ["term", "decision"]
    assert world.joor.sent == []
    assert world.cards() == {}


def test_a_dry_run_says_what_of_a_known_customer_changes(known: World) -> None:
    changed(known, email="new@shop.example")
    (outcome,) = known.export("HARB", dry_run=True)
    assert isinstance(outcome, Unchanged)
    assert outcome.why == "dry run: Harbor & Pine (HARB) would be updated"
    assert outcome.result is not None
    assert len(outcome.result["changes"]) == 1
    assert "new@shop.example" in outcome.result["changes"][0]
    assert known.joor.sent == [["HARB"]]


# ---- failures and crashes --------------------------------------------------------------------------------------------------------------


def test_a_call_that_joor_refuses_is_halved_until_the_customer_is_found(world: World) -> None:
    accounts = [f"C{number}" for number in range(8)]
    for account in accounts:
        world.aims.put(account)
        world.joor.have(account)
        world.shows(account)
    world.joor.refuses["C5"] = Rejected("JOOR refuses it", remote_message="bad currency")
    answers = world.export(*accounts)
    assert [account for account, answer in zip(accounts, answers, strict=True) if isinstance(answer, Rejected)] == ["C5"]
    assert sum(map(len, world.joor.sent)) == 7
    assert "C5" not in world.cards(), "a refused customer was never told to JOOR"


def test_credits_that_are_used_up_leave_nothing_in_doubt(world: World) -> None:
    world.joor.have("HARB")
    world.shows("HARB")
    world.joor.before_call.append(WaitUntil(NOW, "no credits left"))
    assert isinstance(world.export("HARB")[0], WaitUntil)
    assert world.cards() == {}
    assert isinstance(world.export("HARB")[0], Waiting)


def test_an_answer_that_was_lost_is_made_good_by_sending_again(world: World) -> None:
    world.joor.have("HARB")
    world.shows("HARB")
    world.joor.before_call.append(Unavailable("JOOR answered with a web page"))
    assert isinstance(world.export("HARB")[0], Unavailable)
    assert world.cards() == {"HARB": "sending"}
    world.export("HARB")
    world.later(minutes=1)
    assert isinstance(world.export("HARB")[0], Synced)


def test_a_crash_after_the_call_sends_again_and_no_third_time(world: World) -> None:
    world.review()
    world.dying("after_http_before_record", lambda: world.named("HARB"))
    assert world.cards() == {"HARB": "sending"}
    world.named("HARB")
    assert world.joor.sent == [["HARB"], ["HARB"]]
    world.later(minutes=1)
    world.named("HARB")
    assert world.card("HARB").state == "awaiting"
    world.named("HARB", full=True)
    assert len(world.joor.sent) == 2


def test_a_crash_while_looking_looks_again(world: World) -> None:
    world.joor.have("HARB")
    world.shows("HARB")
    world.export("HARB")
    world.later(minutes=1)
    world.dying("after_http_before_record", lambda: world.export("HARB"))
    assert world.card("HARB").state == "sent"
    assert isinstance(world.export("HARB")[0], Synced)
    assert world.joor.sent == [["HARB"]]


def test_aims360_being_away_stops_only_those_that_need_it(known: World) -> None:
    known.aims.put("NOIR")
    known.aims.broken = Unavailable("AIMS360 is away")
    noir, other = known.export("NOIR", "ELSE")
    assert isinstance(noir, Unavailable)
    assert isinstance(other, Unavailable)
    assert known.aims.calls.count("customer NOIR") == 1
    assert "customer ELSE" not in known.aims.calls
    assert isinstance(known.export("HARB")[0], Unchanged)

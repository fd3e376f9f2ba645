"""A retailer who connected on JOOR by himself: his AIMS360 account is written into his connection, or a person has the clicks."""

import pytest
from sqlmodel import select

from models.customers import CustomerCard, JoorConnection
from models.errors import NotPossible, OutcomeUnknown, Rejected, Unavailable
from models.jobs import JobKind, JobState
from models.mappings import Mapping
from models.outbox import Ask, add_jobs
from models.settings import CustomerSettings, OrderSettings, Schedule
from tests.workers.orders_cast import NOON, Bench, Died, connection, guid, raw_order

ZEST = connection("c-7", "Zest Corner", bill="73301")
KEY = "retailer:Zest Corner/73301"


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path, settings=OrderSettings(new_customer="create"))


def new_retailer(order_id=7700123, **more):
    return raw_order(order_id, **{"customer_code": "", "customer_name": "Zest Corner", "billing_postal_code": "73301"} | more)


def order_of_zest(bench, order_id=7700123, **more):
    """Comes in and is worked off with all it asks for. Returns the account AIMS360 has for Zest."""
    bench.joor.put(new_retailer(order_id, shipping_code="", **more))
    bench.scan()
    (account,) = set(bench.aims.customers) - {"HARB"}
    return account


def code_job(bench):
    return bench.jobs(JobKind.CUSTOMERS_CODE)[-1]


def pairs(bench):
    with bench.sessions() as session:
        return {row.joor_code: row.aims_code for row in session.exec(select(Mapping).where(Mapping.kind == "customer"))}


# ---- the journey --------------------------------------------------------------------------------------------------------------------


def test_a_retailer_without_code_becomes_a_customer_gets_his_code_and_his_second_order_names_it(bench):
    bench.joor.connects(ZEST, connection("c-1", "Harbor & Pine", "HARB", bill="04101"), connection("c-8", "Zest Corner", bill="10001"))
    account = order_of_zest(bench)
    assert bench.order().state == "imported"
    assert bench.joor.retailers["c-7"].customer_code == account
    assert [bench.joor.retailers[other].customer_code for other in ("c-1", "c-8")] == ["HARB", ""]
    assert (code_job(bench).state, code_job(bench).note) == (
        JobState.SUCCEEDED,
        f"Zest Corner has customer code {account} on JOOR now",
    )
    assert pairs(bench) == {KEY: account, account: account}
    with bench.sessions() as session:
        card, row = session.get(CustomerCard, (1, account)), session.get(JoorConnection, (1, "c-7"))
    assert (card.account, card.state, card.digest, card.connection_id, card.is_new) == (account, "active", None, "c-7", False)
    assert (row.customer_code, row.name) == (account, "Zest Corner")
    assert bench.tasks("customer_code") == []

    bench.joor.put(raw_order(7700124, customer_code=account, customer_name="Zest Corner Ltd"))
    bench.scan()
    assert bench.aims.orders[1]["customerID"] == guid(account)
    assert bench.aims.faults.count("create_customer") == 1
    assert len(bench.jobs(JobKind.CUSTOMERS_CODE)) == 1


def test_the_order_says_that_its_customer_is_new_and_the_dry_run_names_the_account_and_its_rule(bench):
    bench.joor.put(new_retailer())
    with bench.sessions() as session:
        add_jobs(session, 1, [Ask(JobKind.ORDERS_IMPORT, "7700123")], now=NOON, dry_run=True)
    bench.work()
    shown = bench.jobs()[0].result["new_customer"]
    account = order_of_zest(bench)
    assert shown["account"] == account
    assert "first 4 letters or digits of the name" in shown["rule"]
    assert f"Zest Corner is new: AIMS360 customer {account}" in bench.jobs()[-1].note


# ---- when a person has to do it -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("retailers", "words"),
    [
        ([], "JOOR shows no connection of that name and postal code 73301"),
        ([connection("c-8", "Zest Corner", bill="10001")], "JOOR shows no connection"),
        ([connection("c-8", "Zest Corner")], "JOOR shows no connection"),
        ([connection("c-8", "Zest Corner Ltd", bill="73301")], "JOOR shows no connection"),
        ([ZEST, connection("c-8", "ZEST CORNER", ship="733 01")], "JOOR shows 2 connections of that name and postal code without a code"),
        ([connection("c-8", "Zest Corner", "OLD", bill="73301")], "it has customer code OLD there"),
    ],
)
def test_unless_exactly_one_connection_has_that_name_and_postal_code_a_person_types_the_code(bench, retailers, words):
    bench.joor.connects(*retailers)
    account = order_of_zest(bench)
    assert (code_job(bench).state, bench.joor.faults.count("write_customer_code")) == (JobState.UNCHANGED, 0)
    assert words in code_job(bench).note
    (task,) = bench.tasks("customer_code")
    assert account in task.summary
    assert words in task.summary
    assert pairs(bench) == {KEY: account}


def test_a_code_that_somebody_else_has_is_not_given_twice(bench):
    account = order_of_zest(bench)
    bench.joor.connects(ZEST, connection("c-9", "Somebody Else", account, bill="73301"))
    bench.clock.advance(90_000)
    order_of_zest(bench, 7700124)
    assert "the code is Somebody Else's there already" in code_job(bench).note
    assert bench.joor.faults.count("write_customer_code") == 0
    assert "merge" in bench.tasks("customer_code")[0].steps[1]


def test_a_code_that_is_paired_with_another_customer_is_not_written(bench):
    account = order_of_zest(bench)
    bench.write(
        lambda session: session.add(
            Mapping(site_id=1, kind="customer", joor_code=account, aims_code="HARB", created_at=NOON, updated_at=NOON)
        )
    )
    bench.joor.connects(ZEST)
    bench.clock.advance(90_000)
    order_of_zest(bench, 7700124)
    assert "paired with AIMS360 customer HARB" in code_job(bench).note
    assert bench.joor.faults.count("write_customer_code") == 0


@pytest.mark.parametrize("without", ["route", "call", "showing"])
def test_where_joor_does_not_take_or_show_it_the_task_has_the_clicks(bench, without):
    bench.joor.connects(ZEST)
    if without == "route":
        bench.joor.can_update_connections = False
    elif without == "call":
        bench.joor.faults.next("write_customer_code", NotPossible("JOOR has no such call (HTTP 405)"))
    else:
        bench.joor.hides = True
    account = order_of_zest(bench)
    (task,) = bench.tasks("customer_code")
    assert code_job(bench).state == JobState.UNCHANGED
    assert task.steps == [
        "On JOOR, open the connection of Zest Corner (it ordered 7700123).",
        f"Enter {account} as its customer code and save: later orders then name the AIMS360 customer.",
    ]
    assert pairs(bench) == {KEY: account}


def test_a_refusal_is_quoted_and_leaves_a_task(bench):
    bench.joor.connects(ZEST)
    bench.joor.faults.next("write_customer_code", Rejected("refused", remote_message="code is locked"))
    order_of_zest(bench)
    assert (code_job(bench).state, code_job(bench).remote_message) == (JobState.FAILED, "code is locked")
    assert "JOOR refuses it: code is locked" in bench.tasks("customer_code")[0].summary


def test_a_code_typed_in_by_a_person_meanwhile_is_noticed_and_closes_the_task(bench):
    account = order_of_zest(bench)
    assert bench.tasks("customer_code")[0].done_at is None
    bench.joor.connects(connection("c-7", "Zest Corner", account, bill="73301"))
    bench.clock.advance(90_000)
    order_of_zest(bench, 7700124)
    assert code_job(bench).note == f"Zest Corner has customer code {account} on JOOR already"
    assert (bench.tasks("customer_code")[0].done_by, pairs(bench)) == (
        "joorsync (JOOR shows the code)",
        {KEY: account, account: account},
    )


# ---- lost answers -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OutcomeUnknown("timed out"), Unavailable("500")])
def test_a_write_whose_answer_is_lost_is_seen_by_reading_and_not_sent_again(bench, error):
    bench.joor.connects(ZEST)
    bench.joor.faults.next("write_customer_code", error, after=True)
    account = order_of_zest(bench)
    assert code_job(bench).state in (JobState.UNKNOWN, JobState.RETRYING)
    bench.later(hours=1)
    assert (code_job(bench).state, bench.joor.faults.count("write_customer_code")) == (JobState.UNCHANGED, 1)
    assert pairs(bench) == {KEY: account, account: account}


def test_dying_after_the_write_loses_nothing(bench):
    bench.joor.connects(ZEST)
    account = order_of_zest(bench)
    bench.write(lambda session: [session.delete(row) for row in session.exec(select(Mapping).where(Mapping.joor_code == account))])
    bench.joor.connects(ZEST)
    bench.crash = "after_http_before_record"
    with bench.sessions() as session:
        add_jobs(session, 1, [Ask(JobKind.CUSTOMERS_CODE, KEY, {"account": account, "order_id": "7700123"})], now=bench.clock.now())
    with pytest.raises(Died):
        bench.work()
    bench.later(hours=1)
    assert bench.joor.retailers["c-7"].customer_code == account
    assert pairs(bench) == {KEY: account, account: account}


def test_a_write_that_never_arrived_is_sent_again(bench):
    bench.joor.connects(ZEST)
    bench.joor.faults.next("write_customer_code", OutcomeUnknown("reset"))
    account = order_of_zest(bench)
    bench.later(hours=1)
    assert (bench.joor.retailers["c-7"].customer_code, code_job(bench).state) == (account, JobState.SUCCEEDED)


def test_several_new_retailers_are_found_in_one_reading_of_joors_connections(bench):
    bench.joor.connects(ZEST, connection("c-9", "Olive Row", bill="60601"))
    bench.joor.put(new_retailer(shipping_code=""))
    bench.joor.put(new_retailer(7700124, customer_name="Olive Row", billing_postal_code="60601", shipping_code=""))
    bench.scan()
    assert all(retailer.customer_code for retailer in bench.joor.retailers.values())
    assert bench.joor.faults.count("connections") == 1


def test_a_retailer_who_is_not_in_the_last_reading_is_looked_for_in_a_new_one(bench):
    bench.joor.connects(connection("c-9", "Olive Row", bill="60601"))
    bench.joor.put(new_retailer(7700124, customer_name="Olive Row", billing_postal_code="60601", shipping_code=""))
    bench.scan()
    bench.joor.connects(ZEST)
    bench.joor.put(new_retailer(shipping_code=""))
    bench.scan()
    assert bench.joor.retailers["c-7"].customer_code
    assert bench.joor.faults.count("connections") == 2


# ---- when it is asked for -------------------------------------------------------------------------------------------------------------


def test_the_pair_of_a_retailer_asks_too_but_not_for_every_order(bench):
    bench.write(
        lambda session: session.add(Mapping(site_id=1, kind="customer", joor_code=KEY, aims_code="HARB", created_at=NOON, updated_at=NOON))
    )
    bench.joor.connects(ZEST)
    for number in (7700123, 7700124):
        bench.joor.put(new_retailer(number))
        bench.scan()
    assert bench.joor.retailers["c-7"].customer_code == "HARB"
    assert len(bench.jobs(JobKind.CUSTOMERS_CODE)) == 1
    assert f"customer HARB by the stored pair of {KEY}" in bench.jobs()[0].note


def test_an_account_that_joor_knows_by_another_code_keeps_that_code(bench):
    for code in (KEY, "C-1"):
        bench.write(
            lambda session, code=code: session.add(
                Mapping(site_id=1, kind="customer", joor_code=code, aims_code="HARB", created_at=NOON, updated_at=NOON)
            )
        )
    bench.joor.connects(ZEST, connection("c-1", "Harbor & Pine", "C-1", bill="04101"))
    bench.joor.put(new_retailer())
    bench.scan()
    assert bench.joor.faults.count("write_customer_code") == 0
    assert "the code is Harbor & Pine's there already" in code_job(bench).note


@pytest.mark.parametrize("off", [{"customers": CustomerSettings(write_code=False)}, {"schedule": Schedule(off=["customers"])}])
def test_a_site_that_writes_no_codes_has_the_task_at_once_and_once(tmp_path, off):
    bench = Bench(tmp_path, settings=OrderSettings(new_customer="create"), **off)
    bench.joor.connects(ZEST)
    account = order_of_zest(bench)
    order_of_zest(bench, 7700124)
    (task,) = bench.tasks("customer_code")
    assert task.summary == f"Type customer code {account} into JOOR for Zest Corner"
    assert "it ordered 7700123" in task.steps[0]
    assert (bench.jobs(JobKind.CUSTOMERS_CODE), bench.joor.faults.count("write_customer_code")) == ([], 0)


def test_a_dry_run_says_what_would_be_written_and_writes_nothing(bench):
    bench.joor.connects(ZEST)
    with bench.sessions() as session:
        add_jobs(session, 1, [Ask(JobKind.CUSTOMERS_CODE, KEY, {"account": "HARB", "order_id": "1"})], now=NOON, dry_run=True)
    bench.work()
    assert code_job(bench).note == "dry run: Zest Corner would get customer code HARB on JOOR"
    assert (bench.joor.faults.count("write_customer_code"), pairs(bench)) == (0, {})

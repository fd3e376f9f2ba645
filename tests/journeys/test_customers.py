"""Customers on JOOR: hundreds of new ones through JOOR's matching, a retailer who came by himself, price labels, kills in the middle."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import func, select

from console import mapping
from console.mapping import Pair
from console.process import Process
from models.customers import CustomerCard, CustomerState
from models.jobs import Attempt, DataType, Job, JobKind, JobState
from models.ledgers import ManualTask, OrderImport, OrderState
from models.mappings import Mapping, MappingKind
from models.settings import CustomerSettings, OrderSettings
from models.sites import Site
from producers import customers as asking
from runtime.settings import Settings
from tests.journeys.test_chaos import QUICK
from tests.journeys.town import Town
from tests.journeys.workshop import Workshop

pytestmark = pytest.mark.journey
SMALL = ["--styles", "10", "--orders", "10", "--accounts", "us"]
ALL_NEW = CustomerSettings(new="all", missing_pair="leave_out")


def open_town(database_url: str, folder: Path, *options: str, **site: Any) -> Town:
    town = Town(database_url, None, folder, sandbox=[*SMALL, *options])
    town.add_site("us", **site)
    return town


@pytest.fixture
def shop(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> Iterator[Workshop]:
    """A workshop over one account; the test's parameter is (sandbox options, site settings)."""
    options, site = getattr(request, "param", ([], {}))
    with open_town(sqlite_url, tmp_path, *options, **site) as town:
        made = Workshop(town)
        yield made
        made.close()


def pair_up(shop: Workshop) -> None:
    """Both sides read, equal codes paired, the rest looked at by a person."""
    with shop.town.sessions() as session:
        asking.request(session, "us", read_only=True, clock=shop.clock)
    shop.work()
    with shop.town.sessions() as session:
        asking.request_match(session, "us", clock=shop.clock)
        asking.request_lists(session, "us", clock=shop.clock)
    shop.work()
    with shop.town.sessions() as session:
        asking.review(session, "us", "anna", anyway=True, reason="the others are nobody we know", clock=shop.clock)


def cards(shop: Workshop) -> dict[str, CustomerCard]:
    with shop.town.sessions() as session:
        return {card.account: card for card in session.exec(select(CustomerCard)).all()}


def on_joor(shop: Workshop) -> dict[str, dict[str, Any]]:
    return {row["customer_code"]: row for row in shop.town.state("connections") if row["customer_code"]}


def sendable(town: Town) -> set[str]:
    """Active customers whose currency and price level the account has a price type for, counted from AIMS360's raw state."""
    currencies = {row["currency"] for row in town.brand["accounts"]["us"]["price_types"]}
    rows = [row for row in town.state("customers", system="aims360") if row["status"] == "Active"]
    return {row["account"] for row in rows if row["currency"] in currencies and row["price_level"] == "Wholesale"}


# ---- 500 new ones --------------------------------------------------------------------------------------------------------------------

MANY = ["--customers", "620", "--empty-connections", "--set", "customer_match=30"]


@pytest.mark.parametrize("shop", [(MANY, {"customers": ALL_NEW})], indirect=True)
def test_five_hundred_new_customers_come_through_joors_matching(shop: Workshop) -> None:
    pair_up(shop)
    wanted = sendable(shop.town)
    assert len(wanted) >= 500
    began = shop.clock.now()
    shop.ask(DataType.CUSTOMERS, "us")
    states: list[Counter[str]] = []

    def look() -> None:
        now = Counter(card.state for card in cards(shop).values())
        if not states or states[-1] != now:
            states.append(now)

    shop.work(look)
    seen = set().union(*states)
    assert {CustomerState.SENT, CustomerState.AWAITING, CustomerState.ACTIVE} <= seen
    done = {account for account, card in cards(shop).items() if card.state == CustomerState.ACTIVE}
    assert wanted <= done, [(job.key, job.state, job.error_summary) for job in shop.town.jobs() if job.key in wanted - done][:5]
    assert wanted <= on_joor(shop).keys()
    sent = shop.town.effects("connection_sent")
    assert Counter(row["key"] for row in sent).most_common(1)[0][1] == 1, "a customer that JOOR still matches is not sent again"
    assert (shop.clock.now() - began).total_seconds() > 29 * 3600
    with shop.town.sessions() as session:
        spent = session.exec(select(func.sum(Attempt.credits)).join(Job).where(Job.kind == JobKind.CUSTOMERS_EXPORT)).one()
    assert spent < 300, "six bulk calls and some looks at the list; one read per customer and look would be thousands"
    again = shop.town.writes()
    shop.sync(DataType.CUSTOMERS, everything=True)
    assert shop.town.writes() == again, "a second run finds nothing to send"


@pytest.mark.parametrize("shop", [([*SMALL, "--customers", "12", "--empty-connections"], {"customers": ALL_NEW})], indirect=True)
def test_a_customer_that_joor_does_not_match_in_time_becomes_a_task_and_goes_on_waiting(shop: Workshop) -> None:
    pair_up(shop)
    shop.ask(DataType.CUSTOMERS, "us")

    shop.work(hours=24)
    assert not any(card.escalated_at for card in cards(shop).values()), "JOOR has two business days"
    shop.work(hours=24 * 6)
    assert all(card.escalated_at for card in cards(shop).values())
    waiting = {account for account, card in cards(shop).items() if card.state == CustomerState.AWAITING}
    assert waiting == sendable(shop.town)
    with shop.town.sessions() as session:
        (task,) = session.exec(select(ManualTask).where(ManualTask.kind == "customer_match", ManualTask.done_at == None)).all()  # noqa: E711
    assert waiting == set((task.detail or {})["codes"])
    shop.town.control("/_joor/us/connections/match", {"all": True})
    shop.work()
    assert {card.state for card in cards(shop).values()} == {CustomerState.ACTIVE}
    with shop.town.sessions() as session:
        assert all(task.done_at for task in session.exec(select(ManualTask).where(ManualTask.kind == "customer_match")).all())


# ---- a retailer who connected by himself ---------------------------------------------------------------------------------------------

LONER = {
    "customer_name": "Lumen & Loom",
    "customer_contact_email": "hello@lumenloom.example",
    "billing": {
        "billing_addresses": [
            {
                "billing_code": "", "billing_name": "Lumen & Loom", "billing_address_1": "4 Mill Lane", "billing_city": "Austin",
                "billing_state": "TX", "billing_postal_code": "78701", "billing_country": "US",
            }
        ]
    },
}  # fmt: skip
HIS_ORDER = {
    "customer_code": "", "customer_name": "Lumen & Loom",
    **{f"billing_{name}": value for name, value in {
        "code": "", "name": "Lumen & Loom", "address_1": "4 Mill Lane", "address_2": "", "city": "Austin", "region": "TX",
        "postal_code": "78701", "country": "US", "country_iso_two": "US"}.items()},
    **{f"shipping_{name}": value for name, value in {
        "code": "", "name": "Lumen & Loom", "address_1": "4 Mill Lane", "address_2": "", "city": "Austin", "region": "TX",
        "postal_code": "78701", "country": "US", "country_iso_two": "US"}.items()},
}  # fmt: skip


@pytest.mark.parametrize("shop", [([], {"orders": OrderSettings(new_customer="create")})], indirect=True)
@pytest.mark.parametrize("put", ["allow", "absent"])
def test_a_retailer_who_connected_by_himself_is_imported_and_gets_his_code(shop: Workshop, put: str) -> None:
    town = shop.town
    town.control("/_switches", {"connection_put": put})
    connection_id = town.control("/_joor/us/connections", LONER)["customer_account_id"]
    first = str(town.control("/_joor/us/orders", HIS_ORDER)["order_id"])
    shop.sync(DataType.ORDERS)
    with town.sessions() as session:
        order = session.exec(select(OrderImport).where(OrderImport.joor_order_id == first)).one()
        pair = session.exec(select(Mapping).where(Mapping.joor_code == "retailer:Lumen & Loom/78701")).one()
        task = session.exec(select(ManualTask).where(ManualTask.kind == "customer_code", ManualTask.key == pair.joor_code)).first()
    assert order.state == OrderState.IMPORTED, order.problems
    made = [row for row in town.state("customers", system="aims360") if row["account"] == pair.aims_code]
    assert [row["name"] for row in made] == ["Lumen & Loom"]
    code = next(row["customer_code"] for row in town.state("connections") if row["customer_account_id"] == connection_id)
    if put == "absent":
        assert code == ""
        assert task is not None
        assert any(pair.aims_code in step for step in task.steps)
        return
    assert code == pair.aims_code
    assert task is None or task.done_at is not None
    second = str(town.control("/_joor/us/orders", {**HIS_ORDER, "customer_code": code})["order_id"])
    shop.sync(DataType.ORDERS)
    with town.sessions() as session:
        assert session.exec(select(OrderImport).where(OrderImport.joor_order_id == second)).one().state == OrderState.IMPORTED
    assert len([row for row in town.state("customers", system="aims360") if row["name"] == "Lumen & Loom"]) == 1


# ---- price labels --------------------------------------------------------------------------------------------------------------------


def by_hand(shop: Workshop) -> Process:
    town = shop.town
    return Process(Settings(DATABASE_URL=town.database_url, JOORSYNC_KEY=town.key), shop.clock, None, "anna")  # type: ignore[arg-type]  # asks nothing remote


def put_pair(shop: Workshop, kind: MappingKind, joor: str, aims: str) -> int:
    with shop.town.sessions() as session:
        site = session.get_one(Site, 1)
        return mapping.put(session, by_hand(shop), site, kind, Pair(joor, aims))


@pytest.mark.parametrize("shop", [(["--customers", "24"], {"customers": ALL_NEW})], indirect=True)
def test_a_customer_without_a_price_label_waits_and_goes_on_once_it_is_mapped(shop: Workshop) -> None:
    pair_up(shop)
    with shop.town.sessions() as session:
        for row in session.exec(select(Mapping).where(Mapping.kind == MappingKind.PRICE_LABEL)).all():
            session.delete(row)
    shop.sync(DataType.CUSTOMERS)
    blocked = shop.town.jobs(JobState.BLOCKED, kind=JobKind.CUSTOMERS_EXPORT)
    assert blocked
    assert all(item["kind"] == "price_label" for job in blocked for item in job.blocked_on or [])
    assert any("joorsync map set price-label" in step.replace("price_label", "price-label") for step in blocked[0].error_fix or [])
    before = shop.town.writes()
    dollars = [job for job in blocked if any(item["value"] in ("USD", "USD/Wholesale") for item in job.blocked_on or [])]
    released = put_pair(shop, MappingKind.PRICE_LABEL, "US Dollars", "USD/Wholesale")
    assert released == len(dollars) > 0
    shop.work(hours=2)
    assert shop.town.writes() > before
    left = {job.key for job in shop.town.jobs(JobState.BLOCKED, kind=JobKind.CUSTOMERS_EXPORT)}
    dear = set(shop.town.brand["brand"]["customer_cases"]["other_price_level"])
    assert left & {job.key for job in dollars} <= dear, "a price level of its own needs a label of its own"


@pytest.mark.parametrize("shop", [(["--customers", "24"], {"customers": ALL_NEW})], indirect=True)
def test_a_label_that_joor_does_not_have_to_the_letter_is_told_after_reading_back(shop: Workshop) -> None:
    pair_up(shop)
    with shop.town.sessions() as session:
        label = session.exec(select(Mapping).where(Mapping.kind == MappingKind.PRICE_LABEL, Mapping.joor_code == "US Dollars")).one()
        label.joor_code = "US Dollar"
    shop.sync(DataType.CUSTOMERS, hours=2)
    failed = shop.town.jobs(JobState.FAILED, kind=JobKind.CUSTOMERS_EXPORT)
    assert failed
    assert "US Dollar" in (failed[0].error_summary or "") + (failed[0].remote_message or "")
    assert all(
        "US Dollar" not in str([row["price_type_label"] for row in shown["price_types"]]).replace("US Dollars", "")
        for shown in on_joor(shop).values()
    )


# ---- what breaks ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("status", {"status": 500}),
        ("status_after_commit", {"status": 500}),
        ("html", {}),
        ("malformed_json", {}),
        ("half_body", {}),
        ("drop_after_commit", {}),
        ("status", {"status": 429}),
    ],
)
@pytest.mark.parametrize("path", ["/v2/bulk-connection", "/v2/connection"])
@pytest.mark.parametrize("shop", [(["--customers", "24", "--set", "customer_match=1"], {"customers": ALL_NEW})], indirect=True)
def test_a_call_that_breaks_is_made_good_without_doubles(shop: Workshop, path: str, kind: str, more: dict[str, Any]) -> None:
    pair_up(shop)
    shop.town.fault("joor", kind, path=path, **more)
    shop.sync(DataType.CUSTOMERS)
    assert shop.town.jobs(JobState.FAILED) == []
    codes = Counter(row["customer_code"] for row in shop.town.state("connections") if row["customer_code"])
    assert max(codes.values()) == 1
    assert sendable(shop.town) <= codes.keys()
    shop.town.control("/_faults", method="DELETE")
    before = shop.town.writes()
    shop.sync(DataType.CUSTOMERS, everything=True)
    assert shop.town.writes() == before


# ---- kills ---------------------------------------------------------------------------------------------------------------------------


def until(town: Town, holds: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        town.restart_dead()
        assert time.monotonic() < deadline, (town.summary(), [job.note or job.error_summary for job in town.jobs()][:5])
        time.sleep(0.3)


def test_a_worker_that_dies_in_the_middle_loses_and_doubles_no_customer(postgres_url: str, amqp_url: str, tmp_path: Path) -> None:
    """kill -9 after the bulk call and while its outcome is recorded, on real services; JOOR's people match afterwards."""
    with Town(postgres_url, amqp_url, tmp_path, sandbox=[*SMALL, "--customers", "40", "--empty-connections"]) as town:
        town.add_site("us", customers=ALL_NEW)
        with town.sessions() as session:
            session.get_one(Site, 1).contract_overrides = {"joor": {"bulk_connection": {"poll_seconds": "1"}}}
            asking.request(session, "us", read_only=True)
        town.start_producers()
        town.start_worker("reader", **QUICK)
        town.until_idle()
        town.kill("reader")
        town.processes.pop("reader")
        with town.sessions() as session:
            asking.review(session, "us", "anna")
        once = tmp_path / "once"
        town.start_worker(
            **QUICK, FAILPOINTS="after_http_before_record:kill:1,after_claim:kill:3,mid_batch:kill:1", FAILPOINTS_ONCE=str(once)
        )
        town.ask(DataType.CUSTOMERS, "us")
        wanted = sendable(town)

        def states() -> dict[str, str]:
            with town.sessions() as session:
                return {card.account: card.state for card in session.exec(select(CustomerCard)).all()}

        until(town, lambda: {account for account, state in states().items() if state == CustomerState.AWAITING} >= wanted)
        assert len(list(once.iterdir())) >= 2, "processes died"
        pending = Counter(row["customer_code"] for row in town.state("pending_connections"))
        assert wanted <= pending.keys()
        assert set(pending.values()) == {1}
        until(town, lambda: len(town.jobs(JobState.WAITING, kind=JobKind.CUSTOMERS_EXPORT)) >= len(wanted))
        town.control("/_joor/us/connections/match", {"all": True})
        with town.sessions() as session:
            waiting = select(Job).where(Job.kind == JobKind.CUSTOMERS_EXPORT, Job.state == JobState.WAITING)
            for job in session.exec(waiting).all():
                job.available_at = job.created_at  # business hours have come
        until(town, lambda: {account for account, state in states().items() if state == CustomerState.ACTIVE} >= wanted)
        shown = Counter(row["customer_code"] for row in town.state("connections") if row["customer_code"])
        assert wanted <= shown.keys()
        assert set(shown.values()) == {1}
        assert town.jobs(JobState.FAILED) == []

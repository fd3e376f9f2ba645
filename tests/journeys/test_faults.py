"""The remote systems misbehave; people see it in words, and money stays where it belongs. One town per test, real services."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, select

from models.audit import AuditEntry
from models.jobs import Attempt, DataType, Job, JobKind, JobState
from models.ledgers import OrderImport, OrderPart
from models.outbox import release_blocked
from models.sites import Site
from runtime.clock import SystemClock
from tests.journeys.order_oracle import check_orders, references
from tests.journeys.test_main_job import FAST, check_inventory
from tests.journeys.town import Town
from tests.services_rabbit import Rabbit

pytestmark = pytest.mark.journey


@pytest.fixture
def town(postgres_url: str, amqp_url: str, tmp_path: Path) -> Iterator[Town]:
    with Town(postgres_url, amqp_url, tmp_path, sandbox=["--styles", "30", "--orders", "44"]) as opened:
        opened.add_site("us")
        opened.start_producers()
        opened.start_worker(**FAST)
        yield opened


def test_creates_whose_answers_are_lost_make_one_order_each_which_is_adopted(town: Town) -> None:
    lost = {"method": "POST", "path": "/orders/v1.0/order"}
    town.fault("aims360", "drop_after_commit", skip=2, **lost)
    town.fault("aims360", "status_after_commit", skip=5, status=500, body='{"error":{"code":"OperationTimedOut","message":"x"}}', **lost)
    town.fault("aims360", "timeout_after_commit", skip=8, seconds=45, **lost)
    town.ask(DataType.ORDERS, "us")
    town.until_idle()
    check_orders(town, "us")
    assert set(references(town).values()) == {1}
    with town.sessions() as session:
        adopted = session.exec(select(OrderPart).where(OrderPart.state == "adopted")).all()
        assert len(adopted) == 3
        assert all(part.aims_order and part.sends == 1 for part in adopted)


def test_a_worker_that_dies_between_reading_joor_and_storing_loses_no_order(postgres_url: str, amqp_url: str, tmp_path: Path) -> None:
    """The first thing that happens after an HTTP call is in the scan: the page is read, nothing is stored, the process is gone."""
    env = {"FAILPOINTS": "after_http_before_record:kill:1", "FAILPOINTS_ONCE": str(tmp_path / "once"), "LEASE_SECONDS": "6"}
    with Town(postgres_url, amqp_url, tmp_path, sandbox=["--styles", "30", "--orders", "44"]) as town:
        town.add_site("us")
        town.start_producers()
        town.start_worker(**FAST, **env)
        town.ask(DataType.ORDERS, "us")
        town.processes["worker"].wait(60)  # dead at the named point
        with town.sessions() as session:
            assert session.exec(select(OrderImport)).all() == [], "read, and not stored"
        assert not town.effects("order_marked_exported"), "reading marked nothing as exported"
        town.until_idle(every=town.restart_dead)
        check_orders(town, "us")


def test_a_second_run_with_nothing_changed_writes_to_neither_system(town: Town) -> None:
    for data_type in (DataType.ORDERS, DataType.INVENTORY):
        town.ask(data_type, "us")
        town.until_idle()
    check_inventory(town, "us")
    before = town.writes()
    for data_type in (DataType.ORDERS, DataType.INVENTORY):
        town.ask(data_type, "us")
        town.until_idle()
    assert town.writes() == before


def test_rabbitmq_down_while_enqueuing_delays_and_loses_nothing(postgres_url: str, private_rabbit: Rabbit, tmp_path: Path) -> None:
    with Town(postgres_url, private_rabbit.url, tmp_path, sandbox=["--styles", "20", "--orders", "22"]) as town:
        town.add_site("us")
        private_rabbit.kill()
        asked = town.ask(DataType.ORDERS, "us")
        assert asked.published == 0
        assert "RabbitMQ" in (asked.delayed or "")
        private_rabbit.start()
        town.start_producers()
        town.start_worker(**FAST)
        town.until_idle()
        check_orders(town, "us")


def test_a_401_pauses_one_site_with_one_report_and_the_other_goes_on(postgres_url: str, amqp_url: str, tmp_path: Path) -> None:
    with Town(postgres_url, amqp_url, tmp_path, sandbox=["--styles", "60", "--orders", "60"]) as town:
        for site in ("us", "eu"):
            town.add_site(site)
        town.fault("joor", "status", account="us", status=401, times=-1, body='{"orders":{"response":{"code":1,"comment":"bad token"}}}')
        town.start_producers()
        town.start_worker(**FAST)
        for site in ("us", "eu"):
            town.ask(DataType.INVENTORY, site)
            town.ask(DataType.ORDERS, site)
        town.until_idle(but="us")
        check_orders(town, "eu")
        check_inventory(town, "eu")
        with town.sessions() as session:
            us = session.exec(select(Site).where(Site.key == "us")).one()
            assert us.paused_reason
            assert "JOOR" in us.paused_reason
            assert len(session.exec(select(AuditEntry).where(AuditEntry.action == "site.pause")).all()) == 1
        assert [job for job in town.jobs(JobState.BLOCKED) if job.error_kind == "access_denied"]
        assert not town.jobs(JobState.FAILED)

        town.control("/_faults", method="DELETE")
        with town.sessions() as session:
            us = session.exec(select(Site).where(Site.key == "us")).one()
            us.paused_at = None
            session.add(us)
            assert release_blocked(session, us.id or 0, "access", str(us.id), now=SystemClock().now()) >= 1
        town.until_idle()
        town.ask(DataType.INVENTORY, "us")
        town.until_idle()
        check_orders(town, "us", "eu")
        check_inventory(town, "us")


def test_bad_answers_are_told_in_words_tried_again_and_lose_nothing(town: Town) -> None:
    # a network error or a 500 on a read is tried three times within one attempt
    expected: dict[str, dict[str, object]] = {
        "a web page came instead of JSON": {"kind": "html", "times": 1},
        "larger than": {"kind": "huge_body", "times": 1, "bytes": 10_500_000},
        "500": {"kind": "status", "times": 3},
        "broke in the middle": {"kind": "half_body", "times": 3},
    }
    told: dict[str, list[str]] = {}
    for words, fault in expected.items():
        town.control("/_faults", {"system": "joor", "path": "/v2/order", **fault})
        town.ask(DataType.ORDERS, "us")
        town.until_idle()
        with town.sessions() as session:
            scan = session.exec(select(Job).where(Job.kind == JobKind.ORDERS_SCAN).order_by(col(Job.id).desc())).first()
            assert scan is not None
            assert scan.state in (JobState.SUCCEEDED, JobState.UNCHANGED)
            told[words] = [a.summary or "" for a in session.exec(select(Attempt).where(Attempt.job_id == scan.id))]
        town.control("/_faults", method="DELETE")
    check_orders(town, "us")
    for words, texts in told.items():
        assert any(words in text for text in texts), texts
        assert not any("Traceback" in text for text in texts)


def test_an_order_edited_after_import_is_shown_and_never_sent(town: Town) -> None:
    town.ask(DataType.ORDERS, "us")
    town.until_idle()
    with town.sessions() as session:
        imported = session.exec(select(OrderImport).where(OrderImport.state == "imported").order_by(OrderImport.joor_order_id)).all()
    edited, cancelled = imported[0].joor_order_id, imported[1].joor_order_id
    created = len(town.effects("order_created"))
    town.control(f"/_joor/us/orders/{edited}", {"customer_purchase_order": "PO-CHANGED"}, method="PATCH")
    town.control(f"/_joor/us/orders/{cancelled}/cancel", {})
    town.ask(DataType.ORDERS, "us")
    town.until_idle()
    with town.sessions() as session:
        rows = {row.joor_order_id: row for row in session.exec(select(OrderImport))}
    assert [(one["field"], one["now"]) for one in rows[edited].difference or []] == [("purchase order", "PO-CHANGED")]
    assert rows[edited].changed_at is not None
    assert rows[cancelled].cancelled_at is not None
    assert len(town.effects("order_created")) == created

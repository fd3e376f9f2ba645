"""The main job on real RabbitMQ and PostgreSQL: orders into AIMS360 and inventory into JOOR, checked against the sandbox's own ledger."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from models.jobs import DataType, JobState
from models.settings import OrderSettings
from tests.journeys.oracle import expected_inventory, joor_inventory
from tests.journeys.town import Town

pytestmark = pytest.mark.journey


def check_inventory(town: Town, *sites: str) -> int:
    """JOOR holds what AIMS360's raw numbers say, position by position. Returns how many positions were compared."""
    compared = 0
    for site in sites:
        expected, held = expected_inventory(town, site), joor_inventory(town, site)
        wrong = {key: (expected.get(key), held.get(key)) for key in expected.keys() | held.keys() if expected.get(key) != held.get(key)}
        assert not wrong, f"{len(wrong)} positions differ, for example {dict(list(wrong.items())[:5])}"
        compared += len(expected)
    return compared


def references(town: Town) -> Counter[str]:
    return Counter(effect["thirdPartyOrderID"] for effect in town.effects("order_created"))


def test_inventory_reaches_joor_position_by_position(postgres_url: str, amqp_url: str, tmp_path: Path) -> None:
    with Town(postgres_url, amqp_url, tmp_path, sandbox=["--styles", "120", "--orders", "40"]) as town:
        for site in ("us", "eu"):
            town.add_site(site)
        town.start_producers()
        town.start_worker()
        for site in ("us", "eu"):
            assert town.ask(DataType.INVENTORY, site).published == 1
        town.until_idle()
        print(town.summary(), [(job.kind, job.state, job.note, job.error_summary, job.counts) for job in town.jobs()])
        print(check_inventory(town, "us", "eu"))


def test_orders(postgres_url: str, amqp_url: str, tmp_path: Path) -> None:
    with Town(postgres_url, amqp_url, tmp_path, sandbox=["--styles", "120", "--orders", "100"]) as town:
        for site in ("us", "eu"):
            town.add_site(site)
        town.start_producers()
        town.start_worker()
        for site in ("us", "eu"):
            assert town.ask(DataType.ORDERS, site).published == 1
        town.until_idle()
        print(town.summary())
        for job in town.jobs():
            if job.state not in ("succeeded", "unchanged"):
                print(job.kind, job.key, job.state, job.error_summary, job.remote_message, [(b["kind"], b["value"], b["fix"]) for b in job.blocked_on or []])
        print(town.brand["brand"]["cases"])
        print(len(references(town)), Counter(references(town).values()))

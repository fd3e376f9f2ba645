"""The main job on real RabbitMQ and PostgreSQL: orders into AIMS360 and inventory into JOOR, checked against the sandbox's own ledger."""

from pathlib import Path

import pytest

from models.jobs import DataType, JobKind, JobState
from tests.journeys.oracle import expected_inventory, joor_inventory
from tests.journeys.order_oracle import check_orders, references
from tests.journeys.town import Town

pytestmark = pytest.mark.journey
FAST = {"AIMS_PER_SECOND": "200", "AIMS_CONCURRENT": "8"}
SITES = ("us", "eu")


def check_inventory(town: Town, *sites: str) -> int:
    """JOOR holds what AIMS360's raw numbers say, position by position. Returns how many positions were compared."""
    compared = 0
    for site in sites:
        expected, held = expected_inventory(town, site), joor_inventory(town, site)
        wrong = {key: (expected.get(key), held.get(key)) for key in expected.keys() | held.keys() if expected.get(key) != held.get(key)}
        assert not wrong, f"{len(wrong)} positions differ, for example {dict(list(wrong.items())[:5])}"
        compared += len(expected)
    return compared


def sync(town: Town, data_type: DataType, **options: bool) -> None:
    for site in SITES:
        town.ask(data_type, site, **options)
    town.until_idle()


def test_200_orders_and_20_000_positions_arrive_once_and_correctly(postgres_url: str, amqp_url: str, tmp_path: Path) -> None:
    with Town(postgres_url, amqp_url, tmp_path, sandbox=["--styles", "500", "--orders", "200"]) as town:
        for site in SITES:
            town.add_site(site)
        town.start_producers()
        town.start_worker(**FAST)
        sync(town, DataType.ORDERS)
        seen = check_orders(town, *SITES)
        sync(town, DataType.INVENTORY)
        compared = check_inventory(town, *SITES)
        print(f"{sum(seen.values())} orders ({dict(seen)}), {compared} positions")
        assert seen["plain"] > 100
        assert compared >= 15_000
        positions = sum((job.counts or {}).get("positions", 0) for job in town.jobs(kind=JobKind.INVENTORY_SCAN))
        assert positions >= 20_000

        before = town.writes()
        sync(town, DataType.ORDERS)
        sync(town, DataType.INVENTORY)
        assert town.writes() == before, "nothing had changed, so nothing was written to either system"
        assert not town.jobs(JobState.FAILED)
        assert set(references(town).values()) == {1}

"""Everything is killed while it works: nothing is lost, nothing is doubled. Judged by the sandbox's own ledger, never by our tables."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from models.jobs import DataType, JobState
from runtime.failpoints import NAMES
from tests.journeys.order_oracle import check_orders, references
from tests.journeys.test_main_job import FAST, SITES, check_inventory
from tests.journeys.town import Town
from tests.services_rabbit import Rabbit

pytestmark = pytest.mark.journey
QUICK = {**FAST, "LEASE_SECONDS": "6"}


def settle_and_count(town: Town) -> str:
    """Let everything end, take one more look at both systems, and compare. Returns the counts."""
    town.until_idle()
    for data_type in (DataType.ORDERS, DataType.INVENTORY):
        for site in SITES:
            town.ask(data_type, site)
        town.until_idle(every=town.restart_dead)
    seen, compared = check_orders(town, *SITES), check_inventory(town, *SITES)
    failed = town.jobs(JobState.FAILED)
    assert not failed, [(job.kind, job.key, job.error_summary, job.remote_message) for job in failed]
    doubled = sum(count - 1 for count in references(town).values())
    return f"orders {sum(seen.values())}, positions {compared}, lost 0, doubled {doubled}"


def monkey(strikes: Iterator[Callable[[], None]], town: Town, pause: float) -> Callable[[], None]:
    """At each look: restart what died, and every `pause` seconds let the next strike happen."""
    last = time.monotonic()

    def act() -> None:
        nonlocal last
        town.restart_dead()
        if time.monotonic() - last >= pause:
            last = time.monotonic()
            next(strikes, lambda: None)()

    return act


def open_town(database_url: str, amqp_url: str, folder: Path, size: list[str]) -> Town:
    town = Town(database_url, amqp_url, folder, sandbox=size)
    for site in SITES:
        town.add_site(site)
    return town


@pytest.mark.parametrize(
    ("size", "rounds"),
    [
        pytest.param(["--styles", "100", "--orders", "60"], 1, id="short"),
        pytest.param(["--styles", "500", "--orders", "200"], 4, id="200-orders-20000-positions", marks=pytest.mark.proof),
    ],
)
def test_kill_9_of_worker_relay_and_rabbitmq_loses_and_doubles_nothing(
    size: list[str], rounds: int, postgres_url: str, private_rabbit: Rabbit, tmp_path: Path
) -> None:
    with open_town(postgres_url, private_rabbit.url, tmp_path, size) as town:
        town.start_producers()
        town.start_worker("worker-1", **QUICK)
        town.start_worker("worker-2", **QUICK)
        for data_type in (DataType.ORDERS, DataType.INVENTORY):
            for site in SITES:
                town.ask(data_type, site)

        def broker_dies() -> None:
            private_rabbit.kill()
            private_rabbit.start()

        strikes = [lambda: town.kill("worker-1"), lambda: town.kill("producers"), lambda: town.kill("worker-2"), broker_dies] * rounds
        left = iter(strikes)
        act = monkey(left, town, pause=2.5)
        town.until_idle(400, every=act)
        for strike in left:  # whatever did not strike while there was work strikes now, before the second look
            strike()
            town.restart_dead()
        counts = settle_and_count(town)
        print(f"{len(strikes)} kills: {counts}")


def strike_at(names: Sequence[str], nth: int, town: Town, once: Path) -> str:
    """Processes die by SIGKILL at the named points, once each; what started them starts them again."""
    env = {"FAILPOINTS": ",".join(f"{name}:kill:{nth}" for name in names), "FAILPOINTS_ONCE": str(once)}
    town.start_producers(**env)
    town.start_worker(**QUICK, **env)
    for data_type in (DataType.ORDERS, DataType.INVENTORY):
        for site in SITES:
            town.ask(data_type, site)
    town.until_idle(400, every=town.restart_dead)
    counts = settle_and_count(town)
    assert sorted(os.listdir(once)) == sorted(names), "every failpoint struck"
    return counts


def test_processes_that_die_at_every_named_point_are_made_up_for(postgres_url: str, amqp_url: str, tmp_path: Path) -> None:
    with open_town(postgres_url, amqp_url, tmp_path, ["--styles", "40", "--orders", "44"]) as town:
        print(strike_at(sorted(NAMES), 1, town, tmp_path / "once"))


@pytest.mark.proof
@pytest.mark.parametrize("nth", [1, 3, 8])
@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_named_point_early_and_late(name: str, nth: int, postgres_url: str, amqp_url: str, tmp_path: Path) -> None:
    with open_town(postgres_url, amqp_url, tmp_path, ["--styles", "100", "--orders", "80"]) as town:
        print(f"{name} {nth}: {strike_at([name], nth if name != 'after_publish_before_stamp' else 1, town, tmp_path / 'once')}")

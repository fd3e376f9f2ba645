"""Inventory from AIMS360 to JOOR, both pretend and over real HTTP: the scan and push flows against a loop that sends everything each time.

Three syncs in a row: the first, one with nothing changed, one with 1 % of the stock rows changed. The loop reads and reckons with the same
clients and rules and sends full batches too; it only remembers nothing. Quota and pace are switched off: calls and credits are counted,
not waited for, and the pauses between two looks at AIMS360's export job are skipped (`pauses_skipped_seconds`, the last round's). `credits`
are JOOR's, of which an account has 300 in 300 s.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measuring.report import options, rates, ratio, show, timed
from measuring.servers import Servers, about_database, servers
from sqlmodel import col, func, select

from clients.joor.types import InventoryItem
from models.jobs import ENDED, Attempt, Job, JobKind, JobState
from models.ledgers import IMMEDIATE
from models.settings import InventorySettings
from producers import inventory as producer
from rules.inventory import Wanted
from runtime.clock import SystemClock
from runtime.settings import Settings
from workers.connect import Connections
from workers.flows import SPECS
from workers.inventory_reading import read, warehouse_map
from workers.runner import Runner

if TYPE_CHECKING:
    from tests.journeys.town import Town

SITE = "us"
POSITIONS_PER_STYLE = 62  # of the pretend brand with one account, about
SYNCS = ("first", "unchanged", "one_percent_changed")
UNLIMITED = {"JOOR_CREDITS": 1_000_000, "AIMS_PER_SECOND": 10_000, "AIMS_CONCURRENT": 8}


class Impatient(SystemClock):
    """Does not sleep, and remembers how long it should have."""

    def __init__(self) -> None:
        self.skipped = 0.0

    def sleep(self, seconds: float) -> None:
        self.skipped += seconds


@dataclass
class Seen:
    """One contender's syncs of one kind: seconds of each round, and the last round's counts."""

    seconds: list[float] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


class Contest:
    """One pretend brand, one site, one fresh database."""

    def __init__(self, town: "Town") -> None:
        self.town, self.clock = town, Impatient()
        self.site_id = town.add_site(SITE)
        given: dict[str, Any] = {"DATABASE_URL": town.database_url, "JOORSYNC_KEY": town.key, **UNLIMITED}
        self.connections = Connections(town.sessions, self.clock, Settings(**given))
        self.runner = Runner(town.sessions, self.clock, self.connections.connect, SPECS, worker="bench")

    def flows(self) -> dict[str, int]:
        """Ask as a script would and run what follows, job by job."""
        with self.town.sessions() as session:
            before = session.exec(select(func.coalesce(func.max(Attempt.id), 0))).one()
            producer.request(session, SITE, clock=self.clock)
        while (job_id := self._queued()) is not None:
            self.runner.run(job_id)
        with self.town.sessions() as session:
            stuck = session.exec(select(Job).where(col(Job.state).not_in([state.value for state in ENDED]))).all()
            failed = session.exec(select(Job).where(Job.state == JobState.FAILED)).all()
            spent = session.exec(select(func.sum(Attempt.calls), func.sum(Attempt.credits)).where(col(Attempt.id) > before)).one()
            last = session.exec(select(Job).order_by(col(Job.id).desc())).first()
        if stuck or failed or last is None:
            raise AssertionError(f"not done: {[(job.kind, job.state, job.error_summary or job.note) for job in (*stuck, *failed)]}")
        return {"positions": (last.counts or {}).get("positions", 0), "sent": last.sent, "calls": spent[0], "credits": spent[1]}

    def _queued(self) -> int | None:
        with self.town.sessions() as session:
            return session.exec(select(Job.id).where(Job.state == JobState.QUEUED).order_by(col(Job.id))).first()

    def loop(self) -> dict[str, int]:
        """The peer: read everything, send everything."""
        around = self.connections.connect(self.site_id, JobKind.INVENTORY_PUSH)
        with self.town.sessions() as session:
            warehouses = warehouse_map(session, self.site_id)
        wanted = read(around.context, warehouses, None).book.positions()
        sent = 0
        while batch := list(islice(wanted, InventorySettings().batch_size)):
            around.context.joor.push_inventory([_item(position) for position in batch])
            sent += len(batch)
        return {"positions": sent, "sent": sent, "calls": around.calls(), "credits": around.credits()}

    def change_one_percent(self) -> None:
        """Fifty pieces more for every hundredth stock row of AIMS360."""
        for row in self.town.state("stock", system="aims360")[::100]:
            changed = {name: row[name] for name in ("style", "color", "size", "warehouse")} | {"on_hand": max(0, row["on_hand"]) + 50}
            self.town.control("/_aims/stock", changed, system="aims360")

    def close(self) -> None:
        self.connections.close()


def _item(position: Wanted) -> InventoryItem:
    sku = position.sku
    return InventoryItem(
        warehouse=position.warehouse,
        quantity=position.quantity,
        bucket=None if position.bucket == IMMEDIATE else date.fromisoformat(position.bucket),
        upc=sku.upc,
        style_number=sku.style,
        style_identifier=sku.identifier,
        color_code=sku.color,
        size=sku.size,
    )


@contextmanager
def contest(have: Servers, size: int) -> Iterator[Contest]:
    from tests.journeys.town import Town  # found once `servers()` has said where the tests are

    sandbox = ["--styles", str(max(1, size // POSITIONS_PER_STYLE)), "--orders", "0", "--accounts", SITE, "--set", "credit_quota=false"]
    with (
        tempfile.TemporaryDirectory(prefix="joorsync-bench-") as folder,
        have.database("postgresql") as url,
        Town(url, None, Path(folder), sandbox=sandbox) as town,
    ):
        found = Contest(town)
        try:
            yield found
        finally:
            found.close()


def one_round(contest: Contest, number: int, seen: dict[str, dict[str, Seen]]) -> None:
    contenders = [("flows", contest.flows), ("loop", contest.loop)]
    for sync in SYNCS:
        if sync == "one_percent_changed":
            contest.change_one_percent()
        for name, work in contenders if number % 2 == 0 else reversed(contenders):
            here, contest.clock.skipped = seen[sync][name], 0.0
            here.seconds.append(timed(lambda work=work, here=here: here.counts.update(work())))  # type: ignore[misc]  # bound at once
            here.counts["pauses_skipped_seconds"] = round(contest.clock.skipped)


def main() -> None:
    given = options(__doc__.splitlines()[0], size=10_000, of="inventory positions, about", repeat=3)
    seen = {sync: {name: Seen() for name in ("flows", "loop")} for sync in SYNCS}
    with servers() as have:
        for number in range(given.repeat):
            with contest(have, given.size) as here:
                one_round(here, number, seen)
                about = about_database(here.town.sessions)
    syncs = {}
    for sync, sides in seen.items():
        speed = rates({name: side.seconds for name, side in sides.items()}, sides["loop"].counts["positions"])
        syncs[sync] = {
            "contenders": {name: {**side.counts, **speed[name]} for name, side in sides.items()},
            "times_as_fast": ratio(sides["flows"].seconds, sides["loop"].seconds),
            "credits_saved": sides["loop"].counts["credits"] - sides["flows"].counts["credits"],
        }
    show("inventory", given, unit="positions", postgresql=about, syncs=syncs)


if __name__ == "__main__":
    main()

"""`joorsync demo`: customers, the catalogue, orders and inventory of a built-in brand with two JOOR accounts; again; and after changes.

Every number printed comes from the tables or the pretend systems. JOOR's quota holds; where work has to wait (for credits, for
JOOR's people, between looks at an AIMS360 export), the pretend systems' clock and ours are moved on together instead.
"""

import secrets
import shlex
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, func, select

from console import demo_brand, demo_catalogue, demo_customers, runs
from console.demo_sandbox import RunningSandbox, Sandbox
from console.embedded import Inline
from console.output import FAILED, WELL, ago, note, say
from console.process import Process, WorkerSide
from models.jobs import DataType, Job, JobState, Run
from models.sites import Site
from producers.enqueue import MOVING, REQUESTS
from runtime.clock import MovableClock
from runtime.migrate import upgrade
from runtime.settings import Settings

FOLDER = Path("var/demo")
#: One after the other: pictures and linesheets need cards, imported orders lower the stock.
ALL = (DataType.CUSTOMERS, DataType.STYLES, DataType.LINESHEETS, DataType.IMAGES, DataType.ORDERS, DataType.INVENTORY)
CATALOGUE = (DataType.STYLES, DataType.LINESHEETS, DataType.IMAGES)
#: The pretend AIMS360 has no limit; towards a real one the pace is a setting (AIMS_PER_SECOND, 5 unless told).
PACE = {"aims_per_second": 100.0, "aims_concurrent": 8}
_PROBLEMS_SHOWN = 5
_WORTH_MOVING = 1.0  # seconds; shorter pauses are let pass


@dataclass(frozen=True)
class Size:
    """Of the pretend brand; with `file` the pretend systems run already and said there where they are."""

    styles: int
    orders: int
    seed: int
    file: Path | None = None

    def sandbox(self) -> Sandbox | RunningSandbox:
        if self.file is not None:
            return RunningSandbox(self.file)
        sizes = ["--styles", str(self.styles), "--orders", str(self.orders), "--seed", str(self.seed)]
        return Sandbox([*sizes, "--empty-catalogue"])


class DemoClock(MovableClock):
    """Sleeping a while moves the pretend systems' clock and ours on instead, once there are pretend systems whose clock is ours alone."""

    sandbox: Sandbox | RunningSandbox | None = None

    def sleep(self, seconds: float) -> None:
        if self.sandbox is None or seconds < _WORTH_MOVING:
            super().sleep(seconds)
        else:
            self.jump(seconds)

    def jump(self, seconds: float) -> None:
        if self.sandbox is not None:
            self.sandbox.advance(seconds)
            self.advance(seconds)


def run(settings: Settings, work: WorkerSide, size: Size) -> int:
    """Returns the exit code: 0 when everything is done but the awkward orders that need a person."""
    started = time.monotonic()
    process = _process(settings, work)
    try:
        upgrade(process.engine)
        with size.sandbox() as sandbox:
            code = _show(process, sandbox)
        _goodbye(process, time.monotonic() - started)
        return code
    finally:
        process.close()


def _process(settings: Settings, work: WorkerSide) -> Process:
    """Embedded: a fresh file. With services: the database that was given, unless it has real sites."""
    if settings.embedded:
        FOLDER.mkdir(parents=True, exist_ok=True)
        name = time.strftime("%Y%m%d-%H%M%S") + f"-{secrets.token_hex(2)}.db"
        settings = settings.model_copy(update={"database_url": f"sqlite:///{FOLDER / name}"})
    elif settings.key is None and settings.key_file is None:
        settings = settings.model_copy(update={"key_file": _key_file()})
    return Process(settings.model_copy(update=PACE), DemoClock(), work, "demo")


def _key_file() -> Path:
    """For services without a key: the pretend secrets are encrypted like real ones."""
    file = FOLDER / "joorsync.key"
    if not file.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(urlsafe_b64encode(secrets.token_bytes(32)).decode() + "\n", encoding="ascii")
    return file


def _show(process: Process, sandbox: Sandbox | RunningSandbox) -> int:
    if process.settings.embedded and isinstance(process.clock, DemoClock):
        process.clock.sandbox = sandbox
    keys = demo_brand.set_up(process, sandbox)
    with Inline(process) as inline:
        stage = Stage(process, sandbox, inline, keys)
        demo_customers.pair_up(process, keys, stage.ask)
        run_ids = stage.sync("First run", ALL)
        run_ids += stage.sync("Again, with nothing changed", ALL)
        well = _loner(stage, process, sandbox, keys)
        say(demo_catalogue.change(process, sandbox, keys) + ".")
        run_ids += stage.sync("After these changes", CATALOGUE)
    with process.reading() as session:
        _problems(session, run_ids)
        return max(_verdict(session, sandbox.about, run_ids), WELL if well else FAILED)


def _loner(stage: "Stage", process: Process, sandbox: Sandbox | RunningSandbox, keys: dict[str, str]) -> bool:
    account, key = next(iter(keys.items()))
    order_id = demo_customers.connect_by_himself(sandbox, account)
    stage.sync("After a retailer connected by himself and ordered", (DataType.ORDERS,))
    return demo_customers.what_became(process, sandbox, account, key, order_id)


class Stage:
    """Asks for work, waits for it, and says what came of it."""

    def __init__(self, process: Process, sandbox: Sandbox | RunningSandbox, inline: Inline, keys: dict[str, str]) -> None:
        self._process, self._sandbox, self._inline, self._keys = process, sandbox, inline, keys
        self._jumped = 0.0

    def ask(self, request: Callable[[Session, str], Run], words: str) -> None:
        """One request per site, and wait."""
        note(f"{words} ...")
        with self._process.sessions() as session:
            run_ids = [run_id for key in self._keys.values() if (run_id := request(session, key).id) is not None]
        self._inline.wake()
        runs.wait(self._process, run_ids, alive=self._alive)

    def sync(self, words: str, data_types: tuple[DataType, ...]) -> list[int]:
        """Every data type of every site, one after the other. Returns the runs."""
        before, self._jumped = self._sandbox.effects(), 0.0
        all_ids: list[int] = []
        for data_type in data_types:
            note(f"{words}: {data_type.value} of {', '.join(self._keys.values())}")
            with self._process.sessions() as session:
                asks = (self._ask(session, data_type, key, words) for key in self._keys.values())
                run_ids = [run_id for run_id in asks if run_id is not None]
            self._inline.wake()
            if not runs.wait(self._process, run_ids, alive=self._alive):
                note("A thread of the worker died; what follows is not complete.")
            all_ids += run_ids
        self._report(words, all_ids, _difference(self._sandbox.effects(), before))
        return all_ids

    def _ask(self, session: Session, data_type: DataType, key: str, words: str) -> int | None:
        run = REQUESTS[data_type](session, key, reason=words, requested_by=self._process.actor, clock=self._process.clock)
        return run.id

    def _report(self, words: str, run_ids: list[int], wrote: dict[str, int]) -> None:
        say(f"{words}:")
        with self._process.reading() as session:
            rows = runs.outcome(session, run_ids)
        runs.show_outcome(rows)
        mine = [row for row in rows if row["data_type"] in {kind.value for kind in CATALOGUE}]
        calls, credits = (sum(row[name] for row in mine) for name in ("calls", "credits"))
        say(f"The catalogue took {calls:,} calls to both systems and {credits:,} JOOR credits.")
        if self._jumped:
            say(f"Work had to wait for JOOR's credits or people: the clock was moved on by {ago(timedelta(seconds=self._jumped))} in all.")
        say(f"The pretend systems counted: {_counted(wrote)}")
        say()

    def _alive(self) -> bool:
        self._jump()
        return self._inline.alive()

    def _jump(self) -> None:
        """When everything that is left waits for a time, make it that time, for both sides. Only where all clocks are ours."""
        clock = self._process.clock
        if not isinstance(clock, DemoClock) or clock.sandbox is None:
            return
        with self._process.reading() as session:
            until = _all_wait_until(session, clock.now())
        if until is None or (seconds := (until - clock.now()).total_seconds()) < 2:
            return
        clock.jump(seconds)
        self._jumped += seconds
        self._inline.wake()


def _all_wait_until(session: Session, now: datetime) -> datetime | None:
    """The earliest time a job waits for; None when one runs or could run now."""
    moving = [state.value for state in MOVING]
    ready = (col(Job.state) == JobState.RUNNING) | (col(Job.available_at) <= now)
    if session.exec(select(Job.id).where(col(Job.state).in_(moving), ready).limit(1)).first() is not None:
        return None
    return session.exec(select(func.min(Job.available_at)).where(col(Job.state).in_(moving))).first()


def _counted(effects: dict[str, int]) -> str:
    """An export is how AIMS360 is read, so it does not count as a write."""
    written = {name: count for name, count in effects.items() if not name.endswith(".export_requested")}
    return ", ".join(f"{name} {count:,}" for name, count in sorted(written.items())) or "no writes at all"


def _difference(now: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    return {name: count - before.get(name, 0) for name, count in now.items() if count != before.get(name, 0)}


def _problems(session: Session, run_ids: list[int]) -> None:
    found = runs.problems(session, run_ids)
    if not found:
        say("No open problems.")
        return
    say(f"{len(found)} open problems, each with what a person can do; the first {min(len(found), _PROBLEMS_SHOWN)}:")
    runs.show_problems(found, _PROBLEMS_SHOWN)
    say()


def _verdict(session: Session, about: dict[str, Any], run_ids: list[int]) -> int:
    """Awkward orders that need a person are meant to be left over; anything else is not."""
    awkward = {str(order_id) for ids in about["brand"]["cases"].values() for order_id in ids}
    awkward |= {account for accounts in about["brand"]["customer_cases"].values() for account in accounts}
    done = (JobState.SUCCEEDED.value, JobState.UNCHANGED.value)
    left = session.exec(select(Job).where(col(Job.run_id).in_(run_ids), col(Job.state).not_in(done))).all()
    odd = [job for job in left if not (job.state in (JobState.BLOCKED, JobState.FAILED) and job.key in awkward)]
    if not odd:
        say(f"All done but {len(left)} awkward orders and customers that wait for a person.")
        return WELL
    for job in odd[:10]:
        say(f"Not done: job {job.id} {job.kind} {job.key} is {job.state}: {job.error_summary or job.note}")
    say(f"{len(odd)} job(s) should have been done and are not.")
    return FAILED


def _goodbye(process: Process, seconds: float) -> None:
    say(f"Database: {process.where}   ({seconds:.0f} s)")
    with process.reading() as session:
        blocked = session.exec(select(Job).where(Job.state == JobState.BLOCKED).order_by(col(Job.id).desc())).first()
        last = session.exec(select(Site.key).order_by(col(Site.id).desc())).first()
    say("Look around:")
    if process.settings.embedded:
        say(f"  export DATABASE_URL={shlex.quote(process.settings.database_url)}")
    one = [f"jobs show {blocked.id}", f"{blocked.data_type} show {blocked.key}"] if blocked else []
    for command in (
        "jobs --state blocked",
        *one,
        "orders",
        "styles",
        f"linesheets --site {last}",
        f"map unmapped --site {last}",
        "tasks",
        "queues",
    ):
        say(f"  {shlex.quote(sys.argv[0])} {command}")

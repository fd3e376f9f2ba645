"""A whole installation for a test: the sandbox, a database, a broker, producers and workers as processes of their own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from cryptography.fernet import Fernet
from sqlmodel import col, func, select

from models.jobs import DataType, Job, JobState
from models.mappings import Mapping, MappingKind
from models.settings import CustomerSettings, ImageSettings, InventorySettings, OrderSettings, Schedule, StyleSettings
from models.sites import Division, Site
from producers.enqueue import MOVING, Enqueued, enqueue
from runtime.clock import SystemClock
from runtime.db import Sessions, make_engine, session_factory
from runtime.secrets import SecretBox, store_credential

ROOT = Path(__file__).parents[2]
PRODUCERS = [sys.executable, "-c", "from console.cli import main; raise SystemExit(main())", "producers"]
WORKERS = [sys.executable, "-m", "workers"]


class Town:
    """Use as a context manager. `sites` are sandbox account keys; their mappings are those a person would make, unless `mapped` is off."""

    def __init__(self, database_url: str, amqp_url: str | None, folder: Path, *, sandbox: Sequence[str] = (), seed: int = 7) -> None:
        self.database_url, self.amqp_url, self.folder = database_url, amqp_url, folder
        self.key = Fernet.generate_key().decode()
        self.sessions: Sessions = session_factory(make_engine(database_url))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, tuple[list[str], dict[str, str]]] = {}
        self.brand = self._start_sandbox(["--seed", str(seed), *sandbox])

    def __enter__(self) -> "Town":
        return self

    def __exit__(self, _type: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None) -> None:
        for process in self.processes.values():
            process.kill()
        self._sandbox.kill()
        if error is not None:
            for log in sorted(self.folder.glob("*.log")):
                print(f"---- {log.name}\n{log.read_text()[-6000:]}")

    # ---- the pretend systems --------------------------------------------------------------------------------------------------------

    def _start_sandbox(self, options: list[str]) -> dict[str, Any]:
        command = [sys.executable, "-m", "sandbox", "--joor-port", "0", "--aims-port", "0", "--exit-with-parent", *options]
        self._sandbox = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._sandbox.stdout is not None
        described: dict[str, Any] = json.loads(self._sandbox.stdout.readline())
        return described

    def control(self, path: str, body: Any = None, *, system: str = "joor", method: str | None = None) -> Any:
        """A control call on the sandbox, for example control("/_faults", {...}, system="aims360")."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.brand[system] + path, data=data, method=method or ("POST" if data else "GET"))
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def state(self, what: str, *, system: str = "joor", account: str = "") -> Any:
        return self.control(f"/_state?what={what}" + (f"&account={account}" if account else ""), system=system)[what]

    def effects(self, effect: str) -> list[dict[str, Any]]:
        return list(self.control(f"/_ledger?effect={effect}")["effects"])

    def writes(self) -> int:
        """Every effect on either system so far; exports that only read stock are none."""
        counts = self.control("/_ledger")["counts"]
        return sum(count for name, count in counts.items() if "export_requested" not in name and "export_rerun" not in name)

    def fault(self, system: str, kind: str, **options: Any) -> None:
        self.control("/_faults", {"system": system, "kind": kind, **options})

    # ---- our side -------------------------------------------------------------------------------------------------------------------

    def add_site(
        self,
        key: str,
        *,
        mapped: bool = True,
        orders: OrderSettings | None = None,
        inventory: InventorySettings | None = None,
        schedule: Schedule | None = None,
        styles: StyleSettings | None = None,
        images: ImageSettings | None = None,
        customers: CustomerSettings | None = None,
        with_v4: bool = True,
    ) -> int:
        """With price labels of both currencies, AIMS360's price levels and pictures that JOOR can reach, unless told otherwise."""
        account, now = self.brand["accounts"][key], datetime.now(UTC)
        off = Schedule(orders_minutes=None, inventory_minutes=None)
        with self.sessions() as session:
            site = Site(
                key=key,
                name=account["name"],
                is_sandbox=True,
                joor_api_url=self.brand["joor"],
                joor_auth_url=self.brand["joor_auth"],
                joor_account_id=account["account_id"],
                aims_api_url=self.brand["aims360"],
                order_settings=(orders or OrderSettings()).model_dump(mode="json"),
                inventory_settings=(inventory or InventorySettings()).model_dump(mode="json"),
                schedule=(schedule or off).model_dump(mode="json"),
                style_settings=(styles or StyleSettings(price_source="price_list")).model_dump(mode="json"),
                image_settings=(images or ImageSettings(urls_public=True, after_styles=False)).model_dump(mode="json"),
                customer_settings=(customers or CustomerSettings()).model_dump(mode="json"),
                created_at=now,
                updated_at=now,
            )
            session.add(site)
            session.flush()
            site_id = site.id or 0
            for code in account["division_codes"]:
                session.add(Division(site_id=site_id, aims_api_url=self.brand["aims360"], code=code))
            box = SecretBox([self.key], "the test")
            for name in ("token", "client_id", "client_secret", "username", "password") if with_v4 else ("token",):
                store_credential(session, box, site_id, f"joor.{name}", account[name], now)
            for name, value in self.brand["aims"].items():
                store_credential(session, box, site_id, f"aims.{name}", value, now)
            if mapped:
                session.add_all(self._pairs(site_id, key, now))
        return site_id

    def _pairs(self, site_id: int, key: str, now: datetime) -> Iterable[Mapping]:
        counterparts = self.brand["brand"]["counterparts"]
        kinds = {"warehouses": MappingKind.WAREHOUSE, "terms": MappingKind.TERM, "ship_vias": MappingKind.SHIP_VIA}
        kinds["sales_reps"] = MappingKind.SALES_REP
        for name, kind in kinds.items():
            for joor, aims in counterparts.get(f"{key}.{name}", {}).items():
                yield Mapping(site_id=site_id, kind=kind, joor_code=joor, aims_code=aims, created_at=now, updated_at=now)
        for price_type in self.brand["accounts"][key]["price_types"]:
            label, level = price_type["label"], f"{price_type['currency']}/Wholesale"
            yield Mapping(site_id=site_id, kind=MappingKind.PRICE_LABEL, joor_code=label, aims_code=level, created_at=now, updated_at=now)

    def env(self, **more: str) -> dict[str, str]:
        given = {"DATABASE_URL": self.database_url, "JOORSYNC_KEY": self.key, "LOG_LEVEL": "INFO", "PYTHONPATH": str(ROOT)}
        if self.amqp_url:
            given["AMQP_URL"] = self.amqp_url
        return {**{name: value for name, value in os.environ.items() if name not in ("AMQP_URL", "DATABASE_URL")}, **given, **more}

    def start(self, name: str, command: list[str], **env: str) -> None:
        """Start a process under a name; its log is `<name>.log`."""
        self._commands[name] = (command, env)
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(command, cwd=ROOT, env=self.env(**env), stdout=log, stderr=log)

    def start_producers(self, name: str = "producers", **env: str) -> None:
        self.start(name, PRODUCERS, **env)

    def start_worker(self, name: str = "worker", **env: str) -> None:
        self.start(name, WORKERS, **env)

    def kill(self, name: str) -> None:
        """kill -9, and wait until it is gone."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait(20)

    def restart_dead(self) -> list[str]:
        """What a supervisor does. Returns the names that had died."""
        dead = [name for name, process in self.processes.items() if process.poll() is not None]
        for name in dead:
            command, env = self._commands[name]
            self.start(name, command, **env)
        return dead

    def ask(self, data_type: DataType, site: str, **options: Any) -> Enqueued:
        return enqueue(self.sessions, SystemClock(), self.amqp_url, data_type, site, **options)

    def jobs(self, *states: JobState, kind: str | None = None) -> Sequence[Job]:
        with self.sessions() as session:
            query = select(Job).order_by(col(Job.id))
            if states:
                query = query.where(col(Job.state).in_([state.value for state in states]))
            if kind:
                query = query.where(Job.kind == kind)
            return session.exec(query).all()

    def until_idle(self, seconds: float = 240.0, *, every: Callable[[], object] | None = None, but: str = "") -> None:
        """Until no job moves by itself any more. `every` is called at each look (a chaos monkey); without one, nothing may die."""
        deadline = time.monotonic() + seconds
        quiet = 0
        while quiet < 2:
            (every or self._all_alive)()
            with self.sessions() as session:
                query = select(func.count()).select_from(Job).join(Site, col(Site.id) == col(Job.site_id))
                query = query.where(col(Job.state).in_([state.value for state in MOVING]), Site.key != but)
                moving = session.exec(query).one()
            quiet = quiet + 1 if moving == 0 else 0
            if time.monotonic() > deadline:
                raise AssertionError(f"still {moving} jobs after {seconds} s: {self.summary()}")
            time.sleep(0.4)

    def _all_alive(self) -> None:
        for name, process in self.processes.items():
            if process.poll() is not None:
                raise AssertionError(f"{name} ended with {process.returncode}: {(self.folder / f'{name}.log').read_text()[-3000:]}")

    def summary(self) -> dict[str, int]:
        with self.sessions() as session:
            rows = session.execute(select(Job.kind, Job.state, func.count()).group_by(Job.kind, Job.state))
            return {f"{kind} {state}": count for kind, state, count in rows}

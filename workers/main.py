"""A worker process: its composition root, and the lanes of the sites it serves."""

import os
import socket
import sys
import threading
from dataclasses import replace

import dramatiq
import structlog
from sqlmodel import select

from models.sites import Site
from runtime.broker import LaneWorker, lanes_of, make_broker
from runtime.clock import Clock, SystemClock
from runtime.db import Sessions, make_engine, session_factory
from runtime.failpoints import Failpoints
from runtime.settings import Settings
from workers import actors
from workers.connect import Connections
from workers.flows import SPECS
from workers.runner import Runner
from workers.supervisor import STOP_TIMEOUT_MS, supervise, until_signalled

LANE_LOOK_SECONDS = 2.0


def worker_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


def make_runner(settings: Settings, sessions: Sessions, clock: Clock, stop: threading.Event) -> Runner:
    failpoints = Failpoints(settings.failpoints, settings.failpoints_once)
    connections = Connections(sessions, clock, settings)
    specs = SPECS
    if settings.lease_seconds is not None:
        specs = {kind: replace(spec, lease_seconds=settings.lease_seconds) for kind, spec in SPECS.items()}
    return Runner(sessions, clock, connections.connect, specs, worker=worker_name(), hit=failpoints.hit, stop=stop)


def served_lanes(sessions: Sessions, served: frozenset[str]) -> list[str]:
    with sessions() as session:
        keys = session.exec(select(Site.key).order_by(Site.key)).all()
    return lanes_of(key for key in keys if not served or key in served)


class Lanes:
    """Keeps a running worker's lanes equal to the sites that exist: a new site is served without a restart."""

    def __init__(self, broker: dramatiq.Broker, sessions: Sessions, served: frozenset[str]) -> None:
        self._broker = broker
        self._sessions = sessions
        self._served = served

    def look(self) -> list[str]:
        """Declare what is new. Returns the new lanes."""
        known = self._broker.get_declared_queues()
        new = [lane for lane in served_lanes(self._sessions, self._served) if lane not in known]
        for lane in new:
            self._broker.declare_queue(lane)
        return new

    def run(self, stop: threading.Event, interval: float = LANE_LOOK_SECONDS) -> None:
        log = structlog.get_logger("lanes")
        while not stop.wait(interval):
            try:
                new = self.look()
                if new:
                    log.info("new lanes", lanes=new)
            except Exception as error:
                log.warning("could not look for new sites", reason=str(error)[:200])


def start_worker(settings: Settings, broker: dramatiq.Broker, sessions: Sessions, clock: Clock, stop: threading.Event) -> LaneWorker:
    """Worker threads, consumers and the lane watcher of one process. `stop` makes long jobs hand themselves back."""
    actors.declare(broker, make_runner(settings, sessions, clock, stop))
    lanes = Lanes(broker, sessions, settings.served_sites)
    lanes.look()
    worker = LaneWorker(broker, settings.worker_threads)
    worker.start()
    threading.Thread(target=lanes.run, args=(stop,), name="lanes", daemon=True).start()
    return worker


def serve(settings: Settings, stop: threading.Event) -> int:
    """One worker process until `stop`. Exit code 1 when a thread of it died: whoever started it starts another."""
    engine = make_engine(settings.database_url, pool_size=settings.worker_threads + 4)
    sessions, clock = session_factory(engine), SystemClock()
    broker = make_broker(settings.amqp_url)
    worker = start_worker(settings, broker, sessions, clock, stop)
    log = structlog.get_logger("worker")
    log.info("worker started", threads=settings.worker_threads, lanes=sorted(broker.get_declared_queues()))
    code = 0
    while not stop.wait(1.0):
        if not worker.alive():
            log.critical("a thread of this worker died; leaving so that a fresh one takes over")
            code = 1
            stop.set()
    worker.stop(timeout=STOP_TIMEOUT_MS)
    broker.close()
    engine.dispose()
    return code


def main(settings: Settings, processes: int) -> int:
    """`joorsync workers [--processes N]`."""
    stop = until_signalled()
    if processes > 1:
        return supervise([sys.executable, "-m", "workers"], processes, stop)
    return serve(settings, stop)

"""The known traps of dramatiq 2.2: each test shows the stock behaviour, then ours."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.common import dq_name, xq_name
from dramatiq.middleware import Middleware, MiddlewareError, Retries, TimeLimit
from dramatiq.worker import Worker

from models.errors import Unavailable
from producers.relay import AmqpPublisher, Outgoing
from runtime.broker import (
    MAX_DELAY_MS,
    TIME_LIMIT_MS,
    LaneBroker,
    LaneWorker,
    MemoryLaneBroker,
    SafeRetries,
    connect,
    connection_parameters,
    declare_lane,
    lane_depths,
    lane_middleware,
)
from tests.services_rabbit import Rabbit

LANE = "orders.us"
RABBIT_TAKES_BACK_MS = 30 * 60 * 1000  # RabbitMQ's default consumer_timeout


def eventually(check: Callable[[], Any], seconds: float = 20.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = check()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


class BreaksReEnqueue(Middleware):
    """The broker cannot take the retry: a dead connection, a full disk."""

    def before_enqueue(self, broker: Any, message: Any, delay: int | None) -> None:
        if delay is not None:
            raise MiddlewareError("the re-enqueue failed")


def run_a_failing_message(broker: LaneBroker | RabbitmqBroker, retries: Retries) -> None:
    broker.add_middleware(retries)
    broker.add_middleware(BreaksReEnqueue())

    @dramatiq.actor(broker=broker, queue_name=LANE, actor_name="fails")
    def fails(job_id: int) -> None:
        raise RuntimeError("the database is down")

    broker.declare_queue(LANE, ensure=True)
    broker.enqueue(fails.message(1))
    worker = Worker(broker, worker_threads=1, worker_timeout=100)
    worker.start()
    try:
        eventually(lambda: sum(broker.get_queue_message_counts(LANE)[:2]) == 0)
        worker.join()
        time.sleep(0.3)
    finally:
        worker.stop()


def stock_broker(url: str) -> RabbitmqBroker:
    return RabbitmqBroker(url=url, middleware=[], confirm_delivery=True)


class OursWithoutMiddleware(LaneBroker):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.middleware.clear()

    def get_queue_message_counts(self, queue_name: str) -> tuple[int, int, int]:
        connection = connect(self.url)
        depth = lane_depths(connection, [queue_name])[queue_name]
        connection.close()
        return depth.ready or 0, depth.delayed or 0, depth.dead or 0

    url = ""


def test_a_retry_whose_re_enqueue_fails_is_lost_by_stock_and_dead_lettered_by_ours(rabbit: Rabbit, amqp_url: str) -> None:
    stock = stock_broker(amqp_url)
    run_a_failing_message(stock, Retries(max_retries=3, min_backoff=10))
    assert stock.get_queue_message_counts(LANE) == (0, 0, 0), "stock: acknowledged and gone"
    for queue in (LANE, dq_name(LANE), xq_name(LANE)):
        stock.channel.queue_delete(queue)
    stock.close()

    ours = OursWithoutMiddleware(amqp_url)
    ours.url = amqp_url
    run_a_failing_message(ours, SafeRetries(max_retries=3, min_backoff=10))
    assert eventually(lambda: ours.get_queue_message_counts(LANE) == (0, 0, 1)), "ours: kept in the dead-letter queue"
    ours.close()


def test_stock_publishes_into_the_void_without_a_word_and_ours_is_told(amqp_url: str) -> None:
    """A queue that refuses (here: full, reject-publish): without confirms nobody learns of it."""
    connection = connect(amqp_url)
    channel = connection.channel()
    channel.queue_declare("full", durable=True, arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    stock_style = connection.channel()
    for number in range(3):
        stock_style.basic_publish("", "full", f"{number}".encode())  # RabbitmqBroker's default: confirm_delivery=False
    eventually(lambda: channel.queue_declare("full", passive=True).method.message_count == 1)
    connection.close()

    assert RabbitmqBroker(url=amqp_url, middleware=[]).confirm_delivery is False
    assert LaneBroker(amqp_url).confirm_delivery is True
    publisher = AmqpPublisher(amqp_url)
    confirmed = publisher.publish([Outgoing(7, "full", "orders.scan")])
    publisher.close()
    assert confirmed == set(), "a refused message is not stamped as published"


def test_ours_is_told_when_a_lane_does_not_exist_and_makes_it(amqp_url: str) -> None:
    publisher = AmqpPublisher(amqp_url)
    assert publisher.publish([Outgoing(1, LANE, "orders.scan"), Outgoing(2, LANE, "orders.scan")]) == {1, 2}
    publisher.close()
    connection = connect(amqp_url)
    assert lane_depths(connection, [LANE])[LANE].ready == 2
    connection.close()


def test_stock_blocks_for_ever_under_a_memory_alarm_and_ours_gives_up_with_words(
    private_rabbit: Rabbit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("producers.relay.CONFIRM_SECONDS", 3.0)
    connection = connect(private_rabbit.url)
    declare_lane(connection, LANE)
    connection.close()
    private_rabbit.ctl("set_vm_memory_high_watermark", "absolute", "1")
    try:
        stock = RabbitmqBroker(url=private_rabbit.url, middleware=[], confirm_delivery=True)
        message: Any = dramatiq.Message(queue_name=LANE, actor_name="orders.scan", args=(1,), kwargs={}, options={})
        stuck = threading.Thread(target=lambda: stock.channel.basic_publish("", LANE, message.encode()), daemon=True)
        stuck.start()
        stuck.join(6.0)
        assert stuck.is_alive(), "stock: still blocked"

        publisher = AmqpPublisher(private_rabbit.url)
        with pytest.raises(Unavailable) as refused:
            publisher.publish([Outgoing(1, LANE, "orders.scan")])
        assert "follows by itself" in " ".join(refused.value.fix)
        publisher.close()
    finally:
        private_rabbit.ctl("set_vm_memory_high_watermark", "0.6")
    assert connection_parameters(private_rabbit.url).blocked_connection_timeout == 30


def test_stock_holds_an_hour_in_a_workers_memory_and_ours_refuses_to(amqp_url: str) -> None:
    message: Any = dramatiq.Message(queue_name=LANE, actor_name="orders.scan", args=(1,), kwargs={}, options={})
    stock = stock_broker(amqp_url)
    stock.enqueue(message, delay=3_600_000)
    assert stock.get_queue_message_counts(LANE)[1] == 1
    for queue in (LANE, dq_name(LANE), xq_name(LANE)):
        stock.channel.queue_delete(queue)
    stock.close()
    for ours in (LaneBroker(amqp_url), MemoryLaneBroker()):
        with pytest.raises(ValueError, match="available_at"):
            ours.enqueue(message, delay=3_600_000)
        ours.enqueue(message, delay=MAX_DELAY_MS)


def test_time_limits_and_delays_stay_below_the_time_after_which_rabbitmq_takes_a_delivery_back() -> None:
    stock_limit = TimeLimit().time_limit + Retries().max_backoff
    assert stock_limit > RABBIT_TAKES_BACK_MS
    (ours,) = [middleware for middleware in lane_middleware() if isinstance(middleware, TimeLimit)]
    assert ours.time_limit == TIME_LIMIT_MS < RABBIT_TAKES_BACK_MS
    assert MAX_DELAY_MS < RABBIT_TAKES_BACK_MS


def test_an_error_in_middleware_is_swallowed_so_no_job_state_lives_there(caplog: pytest.LogCaptureFixture) -> None:
    class RecordsTheOutcome(Middleware):
        def after_process_message(self, broker: Any, message: Any, *, result: Any = None, exception: Any = None) -> None:
            raise RuntimeError("could not write the row")

    def acknowledged(broker: Any) -> bool:
        done = threading.Event()

        class Watch(Middleware):
            def after_ack(self, broker: Any, message: Any) -> None:
                done.set()

        broker.add_middleware(Watch())
        broker.declare_queue(LANE)
        message: Any = dramatiq.Message(queue_name=LANE, actor_name="work", args=(1,), kwargs={}, options={})
        broker.enqueue(message)
        worker = LaneWorker(broker, 1)
        worker.start()
        try:
            return done.wait(3.0)
        finally:
            worker.stop()

    stock_way = MemoryLaneBroker()
    stock_way.add_middleware(RecordsTheOutcome())
    dramatiq.actor(lambda _job_id: None, broker=stock_way, actor_name="work", queue_name=LANE)
    assert acknowledged(stock_way), "the row was not written, yet the message is gone"

    def fails_to_record(_job_id: int) -> None:
        raise RuntimeError("could not write the row")  # the runner records inside the actor

    ours = MemoryLaneBroker()
    dramatiq.actor(fails_to_record, broker=ours, actor_name="work", queue_name=LANE)
    ours.declare_queue(LANE)
    kept: list[int | None] = []

    class Kept(Middleware):
        def after_enqueue(self, broker: Any, message: Any, delay: int | None) -> None:
            kept.append(delay)

    ours.add_middleware(Kept())
    acknowledged(ours)
    assert any(delay is not None for delay in kept), "ours: the message comes again"


def test_tracebacks_never_travel_in_message_options() -> None:
    class Sees(Middleware):
        def __init__(self) -> None:
            self.options: list[dict[str, Any]] = []

        def before_enqueue(self, broker: Any, message: Any, delay: int | None) -> None:
            if delay is not None:
                self.options.append(dict(message.options))

    def boom(_job_id: int) -> None:
        raise RuntimeError("token=canary-secret")

    def options_of_a_retry(broker: Any) -> dict[str, Any]:
        sees = Sees()
        broker.add_middleware(sees)
        dramatiq.actor(boom, broker=broker, actor_name="boom", queue_name=LANE)
        broker.declare_queue(LANE)
        message: Any = dramatiq.Message(queue_name=LANE, actor_name="boom", args=(1,), kwargs={}, options={})
        broker.enqueue(message)
        worker = Worker(broker, worker_threads=1, worker_timeout=100)
        worker.start()
        try:
            return dict(eventually(lambda: sees.options)[0])
        finally:
            worker.stop()

    assert "canary-secret" in json.dumps(options_of_a_retry(StubBroker(middleware=[Retries(min_backoff=10)])))
    assert "canary-secret" not in json.dumps(options_of_a_retry(MemoryLaneBroker()))


NOTES_ITS_PID = "import os, pathlib; pathlib.Path({here!r}, str(os.getpid())).touch()"
STOCK_APP = """
import dramatiq
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import Middleware

class Boot(Middleware):
    def after_process_boot(self, broker):
        {note}

dramatiq.set_broker(StubBroker(middleware=[Boot()]))
"""
OUR_SUPERVISOR = """
import sys
from workers.supervisor import supervise, until_signalled
sys.exit(supervise([sys.executable, "-c", {child!r}], 2, until_signalled()))
"""


def kill_one_of_two(master: "subprocess.Popen[bytes]", here: Path) -> None:
    pids = eventually(lambda: len(list(here.iterdir())) == 2 and [int(path.name) for path in here.iterdir()])
    os.kill(pids[0], signal.SIGKILL)


def test_a_worker_process_that_dies_takes_stock_down_and_is_replaced_by_ours(tmp_path: Path) -> None:
    app, stock_pids, our_pids = tmp_path / "app", tmp_path / "stock", tmp_path / "ours"
    for folder in (app, stock_pids, our_pids):
        folder.mkdir()
    (app / "stock_app.py").write_text(STOCK_APP.format(note=NOTES_ITS_PID.format(here=str(stock_pids))))
    stock = subprocess.Popen([sys.executable, "-m", "dramatiq", "stock_app", "--processes", "2", "--threads", "1", "--path", str(app)])
    try:
        kill_one_of_two(stock, stock_pids)
        assert stock.wait(30) != 0, "stock: the master leaves and takes the healthy process with it"
    finally:
        stock.kill()

    child = NOTES_ITS_PID.format(here=str(our_pids)) + "; import time; time.sleep(60)"
    ours = subprocess.Popen([sys.executable, "-c", OUR_SUPERVISOR.format(child=child)])
    try:
        kill_one_of_two(ours, our_pids)
        eventually(lambda: len(list(our_pids.iterdir())) == 3)
        assert ours.poll() is None, "ours: still there, with a new process"
    finally:
        ours.terminate()
        assert ours.wait(30) == 0


class Watch:
    """Counts how many deliveries are worked on at the same time."""

    def __init__(self) -> None:
        self.together = self.most = self.done = 0
        self._lock = threading.Lock()

    def work(self, _job_id: int) -> None:
        with self._lock:
            self.together += 1
            self.most = max(self.most, self.together)
        time.sleep(0.02)
        with self._lock:
            self.together -= 1
            self.done += 1


def most_at_a_time(broker: Any, worker_class: Callable[..., Worker]) -> int:
    watch = Watch()
    dramatiq.actor(watch.work, broker=broker, actor_name="orders.import", queue_name=LANE)
    broker.declare_queue(LANE)
    for number in range(20):
        message: Any = dramatiq.Message(queue_name=LANE, actor_name="orders.import", args=(number,), kwargs={}, options={})
        broker.enqueue(message)
    worker = worker_class(broker)
    worker.start()
    eventually(lambda: watch.done == 20)
    worker.stop()
    broker.close()
    return watch.most


def test_one_delivery_is_in_flight_per_lane_on_both_brokers(amqp_url: str) -> None:
    assert most_at_a_time(MemoryLaneBroker(), lambda broker: Worker(broker, worker_threads=8)) > 1
    assert most_at_a_time(MemoryLaneBroker(), lambda broker: LaneWorker(broker, 8)) == 1
    assert most_at_a_time(LaneBroker(amqp_url), lambda broker: LaneWorker(broker, 8)) == 1


def test_a_broker_that_is_not_there_is_told_in_words() -> None:
    with pytest.raises(Unavailable, match="RabbitMQ"):
        AmqpPublisher("amqp://guest:guest@127.0.0.1:1/").publish([Outgoing(1, LANE, "orders.scan")])

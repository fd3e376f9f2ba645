"""From row to message: what is stamped, what is given back, and what several relays and a dead broker do to it."""

import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from models.errors import Unavailable
from models.jobs import Job, JobKind, JobState
from models.limits import LanePause
from models.outbox import Ask, add_jobs
from models.sites import Site
from producers.relay import AmqpPublisher, MemoryPublisher, Outgoing, Relay, declare_topology
from producers.rescue import Rescue, lost_messages, note_dead_letter
from runtime.broker import MemoryLaneBroker, connect, lane_depths, lanes_of
from runtime.clock import FrozenClock
from runtime.db import Sessions, make_engine, session_factory
from tests.services_rabbit import Rabbit

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class Pocket:
    """A publisher that keeps what it was given and confirms what it is told to."""

    def __init__(self, *, refuse: Sequence[int] = (), dead: bool = False) -> None:
        self.messages: list[Outgoing] = []
        self.refuse, self.dead = set(refuse), dead

    def publish(self, messages: Sequence[Outgoing]) -> set[int]:
        if self.dead:
            raise Unavailable("RabbitMQ cannot be reached")
        self.messages.extend(messages)
        return {message.job_id for message in messages} - self.refuse

    def close(self) -> None: ...


class Desk:
    def __init__(self, url: str) -> None:
        self.sessions: Sessions = session_factory(make_engine(url))
        self.clock = FrozenClock(NOON)
        with self.sessions() as session:
            site = Site(key="us", is_sandbox=True, joor_api_url="https://j", aims_api_url="https://a", created_at=NOON, updated_at=NOON)
            session.add(site)
            session.flush()
            self.site_id = site.id or 0

    def ask(self, *keys: str, **options: Any) -> list[int]:
        with self.sessions() as session:
            asks = [Ask(JobKind.ORDERS_IMPORT, key) for key in keys]
            return add_jobs(session, self.site_id, asks, now=self.clock.now(), **options)

    def relay(self, publisher: Any, **options: Any) -> Relay:
        return Relay(self.sessions, publisher, self.clock, **options)

    def states(self) -> dict[str, str]:
        with self.sessions() as session:
            return {job.key: job.state for job in session.exec(select(Job).order_by(col(Job.id)))}

    def change(self, job_id: int, **values: Any) -> None:
        with self.sessions() as session:
            job = session.get_one(Job, job_id)
            for name, value in values.items():
                setattr(job, name, value)
            session.add(job)


@pytest.fixture
def desk(database_url: str) -> Desk:
    return Desk(database_url)


def test_a_message_carries_only_the_job_id_and_goes_to_its_lane(desk: Desk) -> None:
    (job_id,) = desk.ask("7001")
    pocket = Pocket()
    assert desk.relay(pocket).publish_due() == 1
    (message,) = pocket.messages
    body = json.loads(message.encode())
    assert (message.lane, body["actor_name"], body["args"], body["kwargs"], body["options"]) == (
        "orders.us",
        "orders.import",
        [job_id],
        {},
        {},
    )
    assert desk.states() == {"7001": JobState.PUBLISHED}
    assert desk.relay(pocket).publish_due() == 0


def test_an_unconfirmed_message_is_sent_again(desk: Desk) -> None:
    first, second = desk.ask("a", "b")
    assert desk.relay(Pocket(refuse=[second])).publish_due() == 1
    assert desk.states() == {"a": JobState.PUBLISHED, "b": JobState.QUEUED}
    pocket = Pocket()
    desk.relay(pocket).publish_due()
    assert [message.job_id for message in pocket.messages] == [second]
    assert first != second


def test_a_dead_broker_gives_the_rows_back_at_once(desk: Desk) -> None:
    desk.ask("a")
    with pytest.raises(Unavailable):
        desk.relay(Pocket(dead=True)).publish_due()
    assert desk.relay(Pocket()).publish_due() == 1


def test_a_crash_between_publish_and_stamp_publishes_twice_and_loses_nothing(desk: Desk) -> None:
    desk.ask("a")

    def die() -> None:
        raise KeyboardInterrupt

    pocket = Pocket()
    with pytest.raises(KeyboardInterrupt):
        desk.relay(pocket, after_publish=die).publish_due()
    assert desk.relay(pocket).publish_due() == 0, "somebody has it in hand"
    desk.clock.advance(61)
    assert desk.relay(pocket).publish_due() == 1
    assert len(pocket.messages) == 2


def test_rows_whose_time_has_not_come_stay(desk: Desk) -> None:
    waits, unknown, blocked = desk.ask("waits", "unknown", "blocked")
    desk.change(waits, state=JobState.WAITING, available_at=NOON + timedelta(hours=1))
    desk.change(unknown, state=JobState.UNKNOWN, available_at=NOON + timedelta(minutes=1))
    desk.change(blocked, state=JobState.BLOCKED)
    assert desk.relay(Pocket()).publish_due() == 0
    desk.clock.advance(90)
    assert desk.relay(Pocket()).publish_due() == 1
    assert desk.states() == {"waits": JobState.WAITING, "unknown": JobState.PUBLISHED, "blocked": JobState.BLOCKED}


def test_a_paused_site_and_a_held_lane_are_not_published(desk: Desk) -> None:
    desk.ask("a")
    with desk.sessions() as session:
        site = session.get_one(Site, desk.site_id)
        site.paused_at = NOON
        session.add(site)
    assert desk.relay(Pocket()).publish_due() == 0
    with desk.sessions() as session:
        site = session.get_one(Site, desk.site_id)
        site.paused_at = None
        session.add(site)
        session.add(
            LanePause(
                site_id=desk.site_id, data_type="orders", until=NOON + timedelta(minutes=5), reason="429", paused_by="x", paused_at=NOON
            )
        )
    assert desk.relay(Pocket()).publish_due() == 0
    desk.clock.advance(301)
    assert desk.relay(Pocket()).publish_due() == 1


def test_two_relays_at_once_share_the_rows(desk: Desk) -> None:
    desk.ask(*[str(number) for number in range(400)])
    pocket, start = Pocket(), threading.Barrier(4)

    def work() -> None:
        relay = desk.relay(pocket)
        start.wait()
        while relay.publish_due(limit=50):
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(message.job_id for message in pocket.messages) == sorted({message.job_id for message in pocket.messages})
    assert set(desk.states().values()) == {JobState.PUBLISHED}


def test_a_job_claimed_before_the_stamp_is_not_stamped_over(desk: Desk) -> None:
    (job_id,) = desk.ask("a")
    desk.relay(Pocket(), after_publish=lambda: desk.change(job_id, state=JobState.RUNNING, relay_token=None)).publish_due()
    assert desk.states() == {"a": JobState.RUNNING}


def test_500_messages_are_confirmed_by_rabbitmq_in_one_round(postgres_url: str, amqp_url: str) -> None:
    desk = Desk(postgres_url)
    desk.ask(*[str(number) for number in range(500)])
    assert declare_topology(amqp_url, ["us"]) == lanes_of(["us"])
    publisher = AmqpPublisher(amqp_url)
    assert desk.relay(publisher).publish_due() == 500
    publisher.close()
    connection = connect(amqp_url)
    assert lane_depths(connection, ["orders.us"])["orders.us"].ready == 500
    connection.close()


def test_rabbitmq_down_while_publishing_and_back_again(postgres_url: str, private_rabbit: Rabbit) -> None:
    desk = Desk(postgres_url)
    publisher = AmqpPublisher(private_rabbit.url)
    desk.ask("before")
    assert desk.relay(publisher).publish_due() == 1, "the first message finds no lane and makes it"
    private_rabbit.kill()
    desk.ask("during")
    with pytest.raises(Unavailable, match="RabbitMQ"):
        desk.relay(publisher).publish_due()
    assert desk.states()["during"] == JobState.QUEUED
    private_rabbit.start()
    assert desk.relay(publisher).publish_due() == 1
    publisher.close()


def test_messages_of_an_embedded_process_that_ended_are_published_again(sqlite_url: str) -> None:
    desk = Desk(sqlite_url)
    desk.ask("a")
    desk.relay(MemoryPublisher(MemoryLaneBroker())).publish_due()
    with desk.sessions() as session:
        assert lost_messages(session, NOON, [], every=True) == 1
    assert desk.states() == {"a": JobState.QUEUED}


def test_a_message_that_vanished_from_rabbitmq_is_published_again(postgres_url: str, amqp_url: str) -> None:
    desk = Desk(postgres_url)
    (lost,) = desk.ask("lost")
    declare_topology(amqp_url, ["us"])
    desk.change(lost, state=JobState.PUBLISHED, published_at=NOON)
    rescue = Rescue(desk.sessions, desk.clock, amqp_url)
    assert rescue.once() == 0, "it may be on its way"
    desk.clock.advance(61)
    assert rescue.once() == 1
    assert desk.states() == {"lost": JobState.QUEUED}


def test_a_message_still_in_its_queue_is_left_alone(postgres_url: str, amqp_url: str) -> None:
    desk = Desk(postgres_url)
    desk.ask("a")
    declare_topology(amqp_url, ["us"])
    publisher = AmqpPublisher(amqp_url)
    desk.relay(publisher).publish_due()
    publisher.close()
    desk.clock.advance(3600)
    assert Rescue(desk.sessions, desk.clock, amqp_url).once() == 0


def test_a_dead_letter_is_read_into_its_row_and_queued_again(postgres_url: str, amqp_url: str) -> None:
    desk = Desk(postgres_url)
    (job_id,) = desk.ask("a")
    declare_topology(amqp_url, ["us"])
    publisher = AmqpPublisher(amqp_url)
    desk.relay(publisher).publish_due()
    publisher.close()
    connection = connect(amqp_url)
    channel = connection.channel()
    for method, _, _ in channel.consume("orders.us", inactivity_timeout=10):
        channel.basic_nack(method.delivery_tag, requeue=False)
        break
    channel.cancel()
    connection.sleep(0.5)
    assert Rescue(desk.sessions, desk.clock, amqp_url).once() == 1
    assert lane_depths(connection, ["orders.us"])["orders.us"].dead == 0
    connection.close()
    with desk.sessions() as session:
        job = session.get_one(Job, job_id)
    assert (job.state, job.attempts) == (JobState.QUEUED, 1)
    assert "died in the broker" in job.note
    assert job.available_at == NOON + timedelta(seconds=30)


def test_a_dead_letter_of_a_finished_job_or_a_stranger_changes_nothing(desk: Desk) -> None:
    (job_id,) = desk.ask("a")
    desk.change(job_id, state=JobState.SUCCEEDED)
    with desk.sessions() as session:
        assert note_dead_letter(session, Outgoing(job_id, "orders.us", "orders.import").encode(), NOON) == job_id
        assert note_dead_letter(session, b"not json", NOON) is None
    assert desk.states() == {"a": JobState.SUCCEEDED}

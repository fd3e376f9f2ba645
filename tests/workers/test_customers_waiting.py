"""New customers while JOOR matches them by hand: cheap looks at set times, stated times in business days, one word to a person, never a
second sending (SQLite and PostgreSQL)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models.errors import Rejected, Synced, Unavailable, Unchanged, Waiting, WaitUntil
from models.jobs import JobState
from tests.workers.customers_world import NOW, World

#: The next look after NOW, 9 o'clock in New York.
FIRST_LOOK = datetime(2031, 9, 8, 13, 0, tzinfo=UTC)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url, new="all")
    made.review()
    yield made
    made.close()


@pytest.fixture
def awaiting(world: World) -> World:
    """HARB was sent, the job is finished, JOOR's people have it."""
    world.aims.put("HARB", name="Harbor & Pine")
    world.scan()
    world.work()
    world.later(minutes=2)
    world.work()
    assert world.cards() == {"HARB": "awaiting"}
    world.joor.calls.clear()
    return world


def test_a_finished_job_is_not_a_customer_that_is_there(awaiting: World) -> None:
    card = awaiting.card("HARB")
    assert card.is_new
    assert card.job is None
    assert card.awaiting_since == card.sent_at
    assert card.due_at == datetime(2031, 9, 10, 13, 0, tzinfo=UTC), "two business days from Monday 9 o'clock in New York"
    (answer,) = awaiting.export("HARB")
    assert isinstance(answer, Waiting)
    assert answer.until == FIRST_LOOK
    assert answer.why == "JOOR matches Harbor & Pine (HARB) by hand since 2031-09-08; expected by 2031-09-10 13:00 UTC"


def test_it_is_active_once_joor_has_matched_it(awaiting: World) -> None:
    awaiting.pass_time(until=FIRST_LOOK + timedelta(hours=1))
    awaiting.joor.match()
    awaiting.pass_time(until=FIRST_LOOK + timedelta(hours=5))
    assert awaiting.cards() == {"HARB": "active"}
    assert awaiting.jobs(JobState.SUCCEEDED) == ["HARB"]
    assert awaiting.joor.calls == ["connection HARB", "connection HARB"]
    assert isinstance(awaiting.scan(), Unchanged)
    card = awaiting.card("HARB")
    assert (card.awaiting_since, card.due_at, card.connection_id) == (None, None, "j-HARB")


def test_nothing_is_sent_for_it_meanwhile_and_what_changed_goes_out_then(awaiting: World) -> None:
    awaiting.aims.put("HARB", email="new@shop.example")
    awaiting.scan()
    awaiting.named("HARB", fresh=True, full=True)
    awaiting.pass_time(until=FIRST_LOOK + timedelta(days=3))
    assert awaiting.joor.sent == [["HARB"]]
    awaiting.joor.match()
    awaiting.pass_time(until=FIRST_LOOK + timedelta(days=4))
    assert awaiting.joor.sent == [["HARB"], ["HARB"]]
    assert awaiting.joor.there["HARB"].email == "new@shop.example"
    assert awaiting.cards() == {"HARB": "active"}
    assert not awaiting.card("HARB").is_new


def test_a_named_one_is_read_again_only_once_joor_shows_it(awaiting: World) -> None:
    awaiting.aims.put("HARB", email="new@shop.example")
    awaiting.aims.calls.clear()
    awaiting.named("HARB", fresh=True)
    assert awaiting.aims.calls == []
    awaiting.joor.match()
    (answer,) = awaiting.named("HARB", fresh=True)
    assert isinstance(answer, Waiting)
    assert awaiting.aims.calls == ["customer HARB", "stores of ID-HARB"]
    assert awaiting.joor.there["HARB"].email == "new@shop.example"


def test_one_that_joor_shows_otherwise_than_sent_is_told(awaiting: World) -> None:
    awaiting.joor.match()
    awaiting.joor.changes["HARB"] = lambda draft: replace(draft, price_types=())
    (answer,) = awaiting.export("HARB")
    assert isinstance(answer, Rejected)
    assert awaiting.card("HARB").state == "visible"


def test_after_the_stated_time_a_person_is_told_once_and_looking_goes_on(awaiting: World) -> None:
    due = awaiting.card("HARB").due_at
    assert due is not None
    awaiting.pass_time(until=due - timedelta(minutes=1))
    assert awaiting.tasks("customer_match") == []
    awaiting.pass_time(until=due + timedelta(days=3))
    (task,) = awaiting.tasks("customer_match")
    assert task.summary == "JOOR has not matched 1 new customer(s) in the stated time: HARB"
    assert task.key == "2031-09-10"
    assert "Write to your JOOR Integrations Manager" in task.steps[0]
    escalated = awaiting.card("HARB").escalated_at
    assert escalated == due
    assert awaiting.jobs(JobState.WAITING) == ["HARB"]
    awaiting.joor.match()
    awaiting.pass_time(until=due + timedelta(days=6))
    assert awaiting.cards() == {"HARB": "active"}
    assert awaiting.tasks("customer_match") == []
    assert [task.done_by for task in awaiting.tasks("customer_match", done=True)] == ["joorsync"]


def test_on_a_sandbox_joor_is_told_to_connect_them(awaiting: World) -> None:
    awaiting.is_sandbox = True
    awaiting.pass_time(until=FIRST_LOOK + timedelta(days=3))
    (task,) = awaiting.tasks("customer_match")
    assert "by hand, when asked" in task.steps[0]


def test_a_person_who_has_written_to_joor_is_not_asked_again(awaiting: World) -> None:
    awaiting.pass_time(until=FIRST_LOOK + timedelta(days=2, hours=1))
    with awaiting.session() as session:
        (task,) = awaiting.tasks("customer_match")
        task.done_at, task.done_by = awaiting.clock.now(), "anna"
        session.merge(task)
    awaiting.pass_time(until=FIRST_LOOK + timedelta(days=9))
    assert awaiting.tasks("customer_match") == []


def test_one_that_is_not_wanted_any_more_is_called_off_by_a_person(awaiting: World) -> None:
    awaiting.aims.put("HARB", status="Inactive")
    awaiting.scan()
    (answer,) = awaiting.export("HARB")
    assert isinstance(answer, Unchanged)
    (task,) = awaiting.tasks("customer_closed")
    assert "shall not be added" in task.steps[0]
    assert awaiting.joor.calls == []
    awaiting.aims.put("HARB", status="Active")
    awaiting.scan()
    awaiting.joor.match()
    assert isinstance(awaiting.export("HARB")[0], Synced)
    assert awaiting.tasks("customer_closed") == []
    assert awaiting.joor.sent == [["HARB"]]


def test_joor_being_away_while_looked_at_changes_nothing(awaiting: World) -> None:
    awaiting.joor.broken = Unavailable("JOOR answered 503")
    assert isinstance(awaiting.export("HARB")[0], Unavailable)
    awaiting.joor.broken = WaitUntil(NOW, "no credits left")
    assert isinstance(awaiting.export("HARB")[0], WaitUntil)
    awaiting.joor.broken = None
    assert awaiting.cards() == {"HARB": "awaiting"}
    assert isinstance(awaiting.export("HARB")[0], Waiting)


def test_a_dry_run_does_not_look(awaiting: World) -> None:
    (answer,) = awaiting.export("HARB", dry_run=True)
    assert isinstance(answer, Unchanged)
    assert "in work (awaiting since 2031-09-08)" in answer.why
    assert awaiting.joor.calls == []


def test_a_few_that_wait_are_looked_at_one_by_one_and_credits_that_end_let_the_rest_come_again(world: World) -> None:
    for number in range(5):
        world.aims.put(f"C{number}")
    world.scan()
    world.work()
    world.later(minutes=2)
    world.work()
    world.joor.match("C0", "C1")
    world.joor.calls.clear()
    plain, count = world.joor.connection, 0

    def until_credits_end(code: str):  # type: ignore[no-untyped-def]
        nonlocal count
        count += 1
        if count == 3:
            raise WaitUntil(NOW, "no credits left")
        return plain(code)

    world.joor.connection = until_credits_end  # type: ignore[method-assign]
    answers = world.export(*(f"C{number}" for number in range(5)))
    assert [type(answer) for answer in answers] == [Synced, Synced, WaitUntil, WaitUntil, WaitUntil]
    assert count == 3


def test_five_hundred_new_customers_cost_five_calls_and_looks_by_pages(world: World) -> None:
    for number in range(500):
        world.aims.put(f"C{number:03}")
    for number in range(40):
        world.joor.have(f"OLD{number}")
    world.scan()
    assert len(world.jobs()) == 500
    world.work()
    assert [len(call) for call in world.joor.sent] == [100] * 5
    assert world.joor.calls.count("page") == 1, "who is new is seen on the list, not asked one by one"
    world.joor.calls.clear()
    world.pass_time(until=NOW + timedelta(minutes=10))
    assert set(world.cards().values()) == {"awaiting"}
    assert [call for call in world.joor.calls if call.startswith("job")] == [f"job {number}" for number in range(71, 76)]
    assert world.card("C000").due_at == datetime(2031, 9, 11, 13, 0, tzinfo=UTC), "three business days for up to 500"
    world.joor.calls.clear()
    world.pass_time(until=FIRST_LOOK)
    assert world.joor.calls == ["page"], "all that wait are looked at together"
    world.joor.match(*(f"C{number:03}" for number in range(460)))
    world.joor.calls.clear()
    world.pass_time(until=FIRST_LOOK + timedelta(hours=4))
    assert world.joor.calls == ["page"] * 10
    states = list(world.cards().values())
    assert (states.count("active"), states.count("awaiting")) == (460, 40)
    world.pass_time(until=FIRST_LOOK + timedelta(days=4))
    (task,) = world.tasks("customer_match")
    assert len((task.detail or {})["codes"]) == 40
    world.joor.match()
    world.pass_time(until=FIRST_LOOK + timedelta(days=7))
    assert set(world.cards().values()) == {"active"}
    assert world.tasks("customer_match") == []
    assert len(world.joor.sent) == 5


def test_many_known_customers_of_whom_nothing_changed_ask_for_nothing(world: World) -> None:
    for number in range(600):
        world.aims.put(f"C{number:04}")
        world.joor.have(f"C{number:04}")
        world.shows(f"C{number:04}")
    world.scan()
    world.pass_time(until=NOW + timedelta(minutes=10))
    assert set(world.cards().values()) == {"active"}
    assert len(world.joor.sent) == 6
    world.joor.calls.clear()
    outcome = world.scan(full=True)
    assert isinstance(outcome, Unchanged)
    assert outcome.why == "nothing differs in 600 customers"
    world.aims.put("C0500", email="new@shop.example")
    world.scan()
    assert world.jobs() == ["C0500"]
    assert world.joor.calls == []

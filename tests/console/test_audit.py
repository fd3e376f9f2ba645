"""Who changed what: newest first, by site, family of actions and time."""

from datetime import UTC, datetime, timedelta

import pytest

from console.audit import moment
from models.audit import AuditEntry
from models.errors import NotPossible
from models.jobs import JobKind
from models.outbox import Ask, add_jobs
from runtime.clock import SystemClock
from tests.console.conftest import Shell

NOON = datetime(2031, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def us(shell: Shell) -> Shell:
    shell.add_site("us")
    shell.add_site("us2")
    return shell


def actions(shell: Shell, *arguments: str) -> list[tuple[str, str]]:
    return [(row["action"], row["subject"]) for row in shell("audit", "--json", *arguments).json]


def test_a_change_is_shown_with_before_and_after_and_who(us: Shell) -> None:
    us("map", "set", "term", "N30", "--aims", "30", "--site", "us")
    us("map", "set", "term", "N30", "--aims", "NET30", "--site", "us")
    row = us("audit", "--json", "--limit", "1").json[0]
    assert (row["action"], row["subject"], row["before"]["pairs"][0]["aims_code"]) == ("mapping.set", "us term", "30")
    assert row["actor"]
    assert "pairs: N30 = 30 -> N30 = NET30" in " ".join(us("audit", "--limit", "1").out.split())


def test_of_one_site_alone(us: Shell) -> None:
    us("map", "set", "term", "N30", "--aims", "30", "--site", "us")
    us("map", "set", "term", "N30", "--aims", "30", "--site", "us2")
    with us.sessions() as session:
        (job_id,) = add_jobs(session, 1, [Ask(JobKind.ORDERS_SCAN)], now=SystemClock().now())
        session.add(AuditEntry(at=SystemClock().now(), actor="anna", action="jobs.retry", subject=f"job {job_id}"))
        session.add(AuditEntry(at=SystemClock().now(), actor="anna", action="keys.rotate", subject="3 credentials"))
    found = actions(us, "--site", "us")
    assert found[:2] == [("jobs.retry", f"job {job_id}"), ("mapping.set", "us term")]
    assert {subject.split()[0] for _, subject in found} == {"us", "job"}
    assert ("keys.rotate", "3 credentials") in actions(us)
    assert us("audit", "--site", "nowhere").code == 2


def test_of_one_family_and_since_a_time(us: Shell) -> None:
    us("map", "set", "term", "N30", "--aims", "30", "--site", "us")
    us("map", "remove", "term", "N30", "--site", "us")
    with us.sessions() as session:
        session.add(AuditEntry(at=SystemClock().now() - timedelta(days=9), actor="anna", action="mapping.old", subject="us term"))
    assert actions(us, "--action", "mapping", "--since", "1d") == [("mapping.remove", "us term"), ("mapping.set", "us term")]
    assert len(actions(us, "--action", "mapping")) == 3
    assert actions(us, "--action", "map") == []


def test_more_than_one_page_is_looked_through(us: Shell) -> None:
    with us.sessions() as session:
        session.add(AuditEntry(at=NOON, actor="anna", action="first", subject="us"))
    with us.sessions() as session:
        session.add_all(AuditEntry(at=NOON, actor="anna", action="x", subject="us2") for _ in range(1100))
    assert actions(us, "--site", "us", "--action", "first") == [("first", "us")]
    assert ("first", "us") in actions(us, "--site", "us")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7d", NOON - timedelta(days=7)),
        ("12h", NOON - timedelta(hours=12)),
        ("30min", NOON - timedelta(minutes=30)),
        ("2031-03-01", datetime(2031, 3, 1, tzinfo=UTC)),
        ("2031-03-01T09:00+02:00", datetime(2031, 3, 1, 7, tzinfo=UTC)),
    ],
)
def test_times_are_understood_as_people_write_them(text: str, expected: datetime) -> None:
    assert moment(text, NOON) == expected


def test_what_is_no_time_is_refused_with_examples() -> None:
    with pytest.raises(NotPossible, match="is no time"):
        moment("yesterday", NOON)

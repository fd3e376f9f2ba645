"""Asking for linesheets, and what a person may say of one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from models import Job, Site
from models.audit import AuditEntry
from models.catalogue import Linesheet, LinesheetItem, StyleCard, StyleSource
from models.errors import NotPossible
from models.jobs import JobKind, JobState
from models.settings import LinesheetRule
from producers.linesheets import Change, define, drop, request, restore, retire
from runtime.clock import FrozenClock
from runtime.db import Sessions, make_engine, session_factory

NOW = datetime(2031, 9, 1, tzinfo=UTC)
CLOCK = FrozenClock(NOW)


@pytest.fixture
def sessions(sqlite_url: str) -> Iterator[Sessions]:
    """Site us with F1 and F2 in use and OLD retired, style D410 in navy and red; site eu with nothing."""
    engine = make_engine(sqlite_url)
    made = session_factory(engine)
    with made() as session:
        for key in ("us", "eu"):
            session.add(
                Site(
                    key=key,
                    is_sandbox=True,
                    joor_api_url="https://joor.test",
                    aims_api_url="https://aims.test",
                    created_at=NOW,
                    updated_at=NOW,
                )
            )
        session.flush()
        for code, active in (("F1", True), ("F2", True), ("OLD", False)):
            session.add(Linesheet(site_id=1, code=code, name=f"Sheet {code}", active=active, created_at=NOW, rule={}, season_code="FA31"))
        rows = [{"color": color} for color in ("NVY", "RED")]
        session.add(StyleSource(site_id=1, style="D410", rows=rows, digest="", read_at=NOW))
    yield made
    engine.dispose()


def jobs(sessions: Sessions) -> list[Job]:
    with sessions() as session:
        return list(session.exec(select(Job).order_by(Job.key)))


def stored(sessions: Sessions, code: str) -> Linesheet:
    with sessions() as session:
        return session.exec(select(Linesheet).where(Linesheet.code == code)).one()


def audits(sessions: Sessions) -> list[AuditEntry]:
    with sessions() as session:
        return list(session.exec(select(AuditEntry)))


def put(sessions: Sessions, code: str, **changes: Any) -> Change:
    with sessions() as session:
        return define(session, "us", code, changes, "anna", clock=CLOCK)


# ---- asking ------------------------------------------------------------------------------------------------------------------------------


def test_the_example_of_the_docstring(sessions: Sessions) -> None:
    with sessions() as session:
        run = request(session, "us", keys=["F1"], reason="fall is complete", requested_by="anna")
    assert (run.reason, run.requested_by, run.data_type) == ("fall is complete", "anna", "linesheets")
    (job,) = jobs(sessions)
    assert (job.kind, job.key, job.run_id, job.state, job.payload) == (JobKind.LINESHEETS_SYNC, "F1", run.id, JobState.QUEUED, None)


def test_without_codes_every_linesheet_in_use_has_a_job(sessions: Sessions) -> None:
    with sessions() as session:
        request(session, "us", everything=True, clock=CLOCK)
    assert [(job.key, job.payload) for job in jobs(sessions)] == [("F1", {"full": True}), ("F2", {"full": True})]


def test_a_retired_one_can_be_named(sessions: Sessions) -> None:
    with sessions() as session:
        request(session, "us", keys=["OLD"], dry_run=True, clock=CLOCK)
    assert [(job.key, job.dry_run) for job in jobs(sessions)] == [("OLD", True)]


def test_an_unknown_code_is_refused_and_the_known_ones_are_listed(sessions: Sessions) -> None:
    with pytest.raises(NotPossible, match="no linesheet F9, f1") as caught, sessions() as session:
        request(session, "us", keys=["F1", "F9", "f1"], clock=CLOCK)
    assert caught.value.fix == ["Linesheets there: F1, F2, OLD"]
    assert jobs(sessions) == []


def test_a_site_without_linesheets_says_how_to_define_one_unless_a_schedule_asks(sessions: Sessions) -> None:
    with pytest.raises(NotPossible, match="no linesheets to sync") as caught, sessions() as session:
        request(session, "eu", clock=CLOCK)
    assert "joorsync linesheets define" in caught.value.fix[0]
    with sessions() as session:
        assert request(session, "eu", clock=CLOCK, allow_none=True).id is not None
    assert jobs(sessions) == []


def test_one_string_for_keys_is_a_mistake_of_the_caller(sessions: Sessions) -> None:
    with pytest.raises(TypeError), sessions() as session:
        request(session, "us", keys="F1", clock=CLOCK)


# ---- define ------------------------------------------------------------------------------------------------------------------------------


def test_a_new_linesheet_is_stored_audited_and_asked_for(sessions: Sessions) -> None:
    done = put(sessions, "SP1", name="Spring 1", ship_start="2032-02-01", ship_complete="2032-02-28", rule=LinesheetRule(seasons=["SP32"]))
    assert (done.created, done.run_id is not None) == (True, True)
    row = stored(sessions, "SP1")
    assert (row.name, row.ship_start, row.ship_complete, row.created_by, row.active) == (
        "Spring 1",
        "2032-02-01",
        "2032-02-28",
        "anna",
        True,
    )
    assert LinesheetRule.model_validate(row.rule).seasons == ["SP32"]
    (entry,) = audits(sessions)
    assert (entry.action, entry.subject, entry.actor, entry.before) == ("linesheet.define", "us SP1", "anna", None)
    assert entry.after is not None
    assert entry.after["name"] == "Spring 1"
    assert [job.key for job in jobs(sessions)] == ["SP1"]


def test_what_is_not_named_stays_and_the_same_again_changes_nothing(sessions: Sessions) -> None:
    put(sessions, "F1", ship_start="2031-08-01", ship_complete="2031-08-31")
    row = stored(sessions, "F1")
    assert (row.name, row.season_code) == ("Sheet F1", "FA31")
    assert put(sessions, "F1", ship_start="2031-08-01").run_id is None
    assert len(audits(sessions)) == 1


def test_dates_are_judged_together_with_those_that_are_stored(sessions: Sessions) -> None:
    put(sessions, "F1", ship_start="2031-08-01", ship_complete="2031-08-31")
    with pytest.raises(NotPossible, match="complete ship date 2031-08-31 is before the start ship date 2031-09-01"):
        put(sessions, "F1", ship_start="2031-09-01")
    assert stored(sessions, "F1").ship_start == "2031-08-01"


def test_everything_that_is_wrong_is_named_at_once(sessions: Sessions) -> None:
    with pytest.raises(NotPossible) as caught:
        put(sessions, "X1", name="", ship_start="2031-08-01", season_year=31, rule=LinesheetRule(exclude=["RED"], styles=["D410|RED"]))
    for words in (
        "it has no name",
        "no complete ship date",
        "31 is not a year",
        "'RED' is no colour to leave out",
        "'D410|RED' is no style",
    ):
        assert words in caught.value.summary
    with pytest.raises(NotPossible, match="valid date"):
        put(sessions, "F1", ship_start="soon", ship_complete="2031-08-31")
    with pytest.raises(NotPossible, match="code is longer than 50"):
        put(sessions, "X" * 51, name="X")
    assert jobs(sessions) == []


def test_another_season_forgets_joors_id_of_the_old_one(sessions: Sessions) -> None:
    with sessions() as session:
        row = session.exec(select(Linesheet).where(Linesheet.code == "F1")).one()
        row.season_id = "season-1"
    put(sessions, "F1", name="Fall")
    assert stored(sessions, "F1").season_id == "season-1"
    put(sessions, "F1", season_code="SP32")
    assert stored(sessions, "F1").season_id is None


def test_a_retired_one_comes_back(sessions: Sessions) -> None:
    assert put(sessions, "OLD").run_id is not None
    assert stored(sessions, "OLD").active


# ---- drop, restore, retire ---------------------------------------------------------------------------------------------------------------


def test_dropping_and_restoring_a_style_and_a_colour(sessions: Sessions) -> None:
    with sessions() as session:
        first = drop(session, "us", "F1", "D410|RED", "anna", reason="sold out", clock=CLOCK)
        drop(session, "us", "F1", " D410 ", "anna", clock=CLOCK)
    assert stored(sessions, "F1").dropped == ["D410", "D410|RED"]
    assert [(job.key, job.run_id) for job in jobs(sessions)] == [("F1", (first.run_id or 0) + 1)]
    with sessions() as session:
        restore(session, "us", "F1", "D410", "anna", clock=CLOCK)
    assert stored(sessions, "F1").dropped == ["D410|RED"]
    assert [(entry.action, entry.reason) for entry in audits(sessions)] == [
        ("linesheet.drop", "sold out"),
        ("linesheet.drop", ""),
        ("linesheet.restore", ""),
    ]


def test_dropping_twice_asks_once(sessions: Sessions) -> None:
    with sessions() as session:
        drop(session, "us", "F1", "D410", "anna", clock=CLOCK)
        assert drop(session, "us", "F1", "D410", "anna", clock=CLOCK).run_id is None
    assert len(audits(sessions)) == 1


@pytest.mark.parametrize(
    ("what", "words", "fix"),
    [
        ("D41O", "Neither AIMS360 nor JOOR has a style 'D41O'", "to the letter"),
        ("D410|GRN", "Style D410 has no colour 'GRN'", "NVY, RED"),
        ("D410|", "Style D410 has no colour ''", "NVY, RED"),
        ("", "has a style ''", "to the letter"),
    ],
)
def test_what_nobody_knows_is_not_dropped(sessions: Sessions, what: str, words: str, fix: str) -> None:
    with pytest.raises(NotPossible, match=words) as caught, sessions() as session:
        drop(session, "us", "F1", what, "anna", clock=CLOCK)
    assert any(fix in step for step in caught.value.fix)
    assert stored(sessions, "F1").dropped == []


def test_a_named_style_that_aims360_does_not_have_may_be_dropped(sessions: Sessions) -> None:
    put(sessions, "F1", rule=LinesheetRule(styles=["GONE"]))
    with sessions() as session:
        assert drop(session, "us", "F1", "GONE", "anna", clock=CLOCK).run_id is not None


def test_a_style_that_a_person_put_there_is_for_that_person(sessions: Sessions) -> None:
    with sessions() as session:
        session.add(StyleCard(site_id=1, identifier="D410", style="D410", joor_id="p1", created_at=NOW))
        session.add(LinesheetItem(linesheet_id=1, identifier="D410", joor_id="p1", by_hand=True, added_at=NOW))
    with sessions() as session:
        done = drop(session, "us", "F1", "D410", "anna", clock=CLOCK)
    assert done.hint == "D410 was put there by hand in JOOR and stays: take it off there."


def test_what_was_not_dropped_cannot_be_restored(sessions: Sessions) -> None:
    with sessions() as session:
        drop(session, "us", "F1", "D410|RED", "anna", clock=CLOCK)
    with pytest.raises(NotPossible, match="D410 was not dropped from linesheet F1") as caught, sessions() as session:
        restore(session, "us", "F1", "D410", "anna", clock=CLOCK)
    assert caught.value.fix[0] == "Dropped are: D410|RED"


def test_retiring_asks_for_the_last_sync_once(sessions: Sessions) -> None:
    with sessions() as session:
        assert retire(session, "us", "F1", "anna", clock=CLOCK).run_id is not None
        assert retire(session, "us", "OLD", "anna", clock=CLOCK).run_id is None
    assert not stored(sessions, "F1").active
    assert [job.key for job in jobs(sessions)] == ["F1"]
